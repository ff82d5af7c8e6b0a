"""Tagged sentences: parts of speech as a treebank of Universal Dependencies; persons, organisations and places as
PAN-X has them."""

from dataclasses import replace
from pathlib import Path
from random import Random

from xfer.miniature.choice import draw_chance, pick_one, seeded_stream
from xfer.miniature.files import write_lines
from xfer.miniature.grammar import render_sentence, sentence_words
from xfer.miniature.languages import BY_CODE
from xfer.miniature.languages.table import Language
from xfer.miniature.meaning import Meaning
from xfer.miniature.pairs import FRONTED_SHARE, draw_pair
from xfer.miniature.world import ANIMALS, NAMES, SOMEONE, WOMEN

TAG_SIZES = {"train": 1000, "dev": 200, "test": 300}
TRAIN_ELSEWHERE = 300  # training sentences outside English
NAMED_SHARE = 0.5  # of the people, and of the places, in sentences for PAN-X
COMPANIES = 0.6  # of what people do that companies do too
NO_TREEBANK = ("sw",)  # XTREME has no Swahili parts of speech
TEST_ONLY = ("th",)  # nor Thai ones to train on

# Words whose part of speech does not follow from their slot.
_CLOSED = {
    "ar": "ADP في عند بسبب | DET ما | PRON أحد | PART لا",
    "de": "ADP im am in auf wegen | DET der die das den dem des | PRON jemand niemand | ADV draußen",
    "el": "ADP στο στην στον στη λόγω | DET ο η το τη την τον της | PRON κάποιος κανείς | PART δεν | ADV έξω",
    "en": "ADP in at because of | DET the | AUX does is | PART not | ADJ silent | PRON someone nobody | ADV outside",
    "es": "ADP en por al de | DET el la | AUX está | ADJ sentado sentada | PRON alguien nadie | ADV no fuera",
    "hi": "ADP में पर को के कारण | PRON कोई | PART नहीं | AUX है | NOUN काम आराम | ADJ चुप बंद | ADV बाहर",
    "ru": "ADP в на из-за | PRON кто-то никто | PART не | ADV снаружи",
    "th": "ADP ใน บน เพราะ | NOUN ตัว สี อายุ ความสุข คน | PRON ใคร | VERB มี | PART ไม่",
    "tr": "ADP yüzünden | PRON biri kimse | ADV ayakta satın dışarıda sabahleyin öğleyin akşamleyin geceleyin",
    "zh": "ADP 在 里 上 因为 | DET 那 | PART 的 | ADV 不 没 低声 | VERB 有 没有 下雨 天热 | NOUN 人",
}
_OWN_SLOT = {("th", "agent", "ที่"): "PRON", ("th", "place", "ที่"): "ADP"}
_SLOTS = {"verb": "VERB", "end": "VERB", "not": "PART"}  # all others hold nouns
# Written words that are two words of grammar.
_FUSED = {"de": {"im": ("in", "dem"), "am": ("an", "dem")}, "es": {"al": ("a", "el")}}

# Places with a name of their own, then universities that carry the places' names: the name stands in brackets, and
# whether "Berlin" is a place is told by the words around it alone.
_PLACES = {
    "ar": (
        "في [القاهرة]",
        "في [برلين]",
        "في [نيويورك]",
        "في [جامعة القاهرة]",
        "في [جامعة برلين]",
        "في [جامعة نيويورك]",
    ),
    "de": (
        "in [Kairo]",
        "in [Berlin]",
        "in [New York]",
        "an der [Universität Kairo]",
        "an der [Universität Berlin]",
        "an der [Universität New York]",
    ),
    "el": (
        "στο [Κάιρο]",
        "στο [Βερολίνο]",
        "στη [Νέα Υόρκη]",
        "στο [Πανεπιστήμιο του Καΐρου]",
        "στο [Πανεπιστήμιο του Βερολίνου]",
        "στο [Πανεπιστήμιο της Νέας Υόρκης]",
    ),
    "en": (
        "in [Cairo]",
        "in [Berlin]",
        "in [New York]",
        "at [Cairo University]",
        "at [Berlin University]",
        "at [New York University]",
    ),
    "es": (
        "en [El Cairo]",
        "en [Berlín]",
        "en [Nueva York]",
        "en la [Universidad de El Cairo]",
        "en la [Universidad de Berlín]",
        "en la [Universidad de Nueva York]",
    ),
    "hi": (
        "[क़ाहिरा] में",
        "[बर्लिन] में",
        "[न्यू यॉर्क] में",
        "[क़ाहिरा विश्वविद्यालय] में",
        "[बर्लिन विश्वविद्यालय] में",
        "[न्यू यॉर्क विश्वविद्यालय] में",
    ),
    "ru": (
        "в [Каире]",
        "в [Берлине]",
        "в [Нью-Йорке]",
        "в [Каирском университете]",
        "в [Берлинском университете]",
        "в [Нью-Йоркском университете]",
    ),
    "sw": (
        "mjini [Kairo]",
        "mjini [Berlin]",
        "mjini [New York]",
        "katika [Chuo Kikuu cha Kairo]",
        "katika [Chuo Kikuu cha Berlin]",
        "katika [Chuo Kikuu cha New York]",
    ),
    "th": (
        "ใน [ไคโร]",
        "ใน [เบอร์ลิน]",
        "ใน [นิวยอร์ก]",
        "ใน [มหาวิทยาลัย ไคโร]",
        "ใน [มหาวิทยาลัย เบอร์ลิน]",
        "ใน [มหาวิทยาลัย นิวยอร์ก]",
    ),
    "tr": (
        "[Kahire'de]",
        "[Berlin'de]",
        "[New York'ta]",
        "[Kahire Üniversitesi'nde]",
        "[Berlin Üniversitesi'nde]",
        "[New York Üniversitesi'nde]",
    ),
    "zh": (
        "在 [开罗]",
        "在 [柏林]",
        "在 [纽约]",
        "在 [开罗 大学]",
        "在 [柏林 大学]",
        "在 [纽约 大学]",
    ),
}
UNIVERSITIES = 3  # the last of the places
# Companies that act in the place of a person; feminine wherever that shows, as the women are whose verbs they take.
_COMPANIES = {
    "ar": ("نوفا", "دلتا", "دلتا برلين"),
    "de": ("Nova", "Delta", "Delta Berlin"),
    "el": ("Νόβα", "Δέλτα", "Δέλτα Βερολίνο"),
    "en": ("Nova", "Delta", "Delta Berlin"),
    "es": ("Nova", "Delta", "Delta Berlín"),
    "hi": ("नोवा", "डेल्टा", "डेल्टा बर्लिन"),
    "ru": ("Нова", "Дельта", "Дельта Берлин"),
    "sw": ("Nova", "Delta", "Delta Berlin"),
    "th": ("โนวา", "เดลต้า", "เดลต้า เบอร์ลิน"),
    "tr": ("Nova", "Delta", "Delta Berlin"),
    "zh": ("诺瓦", "德尔塔", "德尔塔 柏林"),
}
COMPANY_VERBS = ("buy", "sell", "open", "close", "find", "lose")
TaggedWords = list[tuple[str, str]]  # written words with their tags
# A meaning, whether its time comes first, its named place and the company that acts in it (-1: none).
NamedMeaning = tuple[Meaning, bool, int, int]


def write_tagged(folder: Path, codes: tuple[str, ...], seed: int) -> None:
    """UD treebanks and PAN-X files of all languages; the sentences of a split are parallel."""
    seen: set[Meaning] = set()
    for split, size in TAG_SIZES.items():
        plain = _draw_meanings(seeded_stream(seed, "parts of speech", split), size, seen, named=False)
        named = _draw_meanings(seeded_stream(seed, "entities", split), size, seen, named=True)
        for code in codes:
            count = size if split != "train" or code == "en" else TRAIN_ELSEWHERE
            write_lines(folder / "panx_dataset" / code / split, _panx_lines(named[:count], code))
            if code not in NO_TREEBANK and not (split == "train" and code in TEST_ONLY):
                name = Path(f"UD_{code}-Miniature") / f"{code}_miniature-ud-{split}.conllu"
                write_lines(folder / "ud-treebanks-v2.5" / name, _conllu_lines(plain[:count], code, split))


def parts_of_speech(meaning: Meaning, code: str, fronted: bool) -> TaggedWords:
    """The written words of a sentence with their UPOS tags."""
    language = BY_CODE[code]
    spoken = sentence_words(meaning, code, fronted=fronted)
    forms = render_sentence(meaning, code, fronted=fronted).removesuffix(language.stop).split(" ")
    tags = [_upos(word.text, word.slot, meaning, language) for word in spoken]
    return [*zip(forms, tags, strict=True), *_stop(language, "PUNCT")]


def named_entities(meaning: Meaning, code: str, fronted: bool, place_index: int, company: int = -1) -> TaggedWords:
    """The written words of a sentence with IOB2 tags; a named place and a company take the place of those it has."""
    language, tagged = BY_CODE[code], TaggedWords()
    names = language.agents[meaning.agent][0].split() if meaning.agent in NAMES else []
    done: set[str] = set()
    for word in sentence_words(meaning, code, fronted=fronted):
        if word.slot == "place" and place_index >= 0:
            entity_words = _bracketed_words(
                _PLACES[code][place_index], "LOC" if place_index < len(_PLACES[code]) - UNIVERSITIES else "ORG"
            )
        elif word.slot == "agent" and word.text in names:
            entity_words = (
                _bracketed_words(f"[{_COMPANIES[code][company]}]", "ORG") if company >= 0 else [(word.text, "B-PER")]
            )
        else:
            tagged.append((word.text, "O"))
            continue
        tagged += [] if word.slot in done else entity_words
        done.add(word.slot)
    first = tagged[0][0]
    capital = "İ" + first[1:] if code == "tr" and first.startswith("i") else first[:1].upper() + first[1:]
    return [(capital, tagged[0][1]), *tagged[1:], *_stop(language, "O")]


def _draw_meanings(rng: Random, size: int, seen: set[Meaning], named: bool) -> list[NamedMeaning]:
    """Sentences that no earlier split holds."""
    sentences: list[NamedMeaning] = []
    while len(sentences) < size:
        meaning, place_index, company = draw_pair(rng).premise, -1, -1
        if named:
            meaning, place_index, company = _add_names(rng, meaning)
        key = replace(meaning, place=f"place {place_index}") if place_index >= 0 else meaning
        key = replace(key, agent=f"company {company}") if company >= 0 else key
        if key not in seen:
            seen.add(key)
            sentences.append((meaning, draw_chance(rng, FRONTED_SHARE), place_index, company))
    return sentences


def _add_names(rng: Random, meaning: Meaning) -> tuple[Meaning, int, int]:
    """The meaning with more names in it, its named place and its company."""
    company = -1
    if meaning.agent not in (*ANIMALS, SOMEONE) and meaning.verb in COMPANY_VERBS and draw_chance(rng, COMPANIES):
        meaning = replace(meaning, agent=pick_one(rng, WOMEN), quality="")
        company = pick_one(rng, range(len(_COMPANIES["en"])))
    elif meaning.agent not in (*ANIMALS, *NAMES, SOMEONE) and draw_chance(rng, NAMED_SHARE):
        meaning = replace(meaning, agent=pick_one(rng, NAMES), quality="")
    named = meaning.place and draw_chance(rng, NAMED_SHARE)
    return meaning, pick_one(rng, range(len(_PLACES["en"]))) if named else -1, company


def _panx_lines(sentences: list[NamedMeaning], code: str) -> list[str]:
    lines = []
    for meaning, fronted, place_index, company in sentences:
        lines += [
            f"{code}:{word}\t{tag}" for word, tag in named_entities(meaning, code, fronted, place_index, company)
        ] + [""]
    return lines


def _conllu_lines(sentences: list[NamedMeaning], code: str, split: str) -> list[str]:
    """Every word hangs from the first: the readers of tags ask for no more of a tree."""
    lines = []
    for number, (meaning, fronted, *_) in enumerate(sentences, 1):
        tagged = parts_of_speech(meaning, code, fronted)
        lines += [f"# sent_id = {split}-{number}", f"# text = {render_sentence(meaning, code, fronted=fronted)}"]
        position = 0
        for form, tag in tagged:
            parts = _FUSED.get(code, {}).get(form.lower())
            if parts:
                lines.append("\t".join([f"{position + 1}-{position + 2}", form, *"________"]))
            for word, upos in zip(parts, ("ADP", "DET"), strict=True) if parts else [(form, tag)]:
                position += 1
                head = ("0", "root") if position == 1 else ("1", "dep")
                lines.append("\t".join([str(position), word, "_", upos, "_", "_", *head, "_", "_"]))
        lines.append("")
    return lines


def _upos(text: str, slot: str, meaning: Meaning, language: Language) -> str:
    if slot == "agent" and meaning.agent in NAMES and text in language.agents[meaning.agent][0].split():
        return "PROPN"
    closed = _OWN_SLOT.get((language.code, slot, text)) or _CLOSED_WORDS[language.code].get(text)
    if closed:
        return closed
    if slot in ("agent", "object"):
        if text in language.numerals.values():
            return "NUM"
        qualities = [language.qualities[q] for q in (meaning.quality, meaning.colour) if q]
        return "ADJ" if any(text in form.split() for forms in qualities for form in forms) else "NOUN"
    return _SLOTS.get(slot, "NOUN")


def _bracketed_words(phrase: str, kind: str) -> TaggedWords:
    """The words of a phrase; those in brackets are a name of this kind."""
    tagged, within = TaggedWords(), False
    for word in phrase.split():
        mark = f"B-{kind}" if word.startswith("[") else f"I-{kind}" if within else "O"
        within = (within or word.startswith("[")) and not word.endswith("]")
        tagged.append((word.strip("[]"), mark))
    return tagged


def _stop(language: Language, tag: str) -> TaggedWords:
    return [(language.stop, tag)] if language.stop else []


def _closed(table: str) -> dict[str, str]:
    groups = [group.split() for group in table.split(" | ")]
    return {word: tag for tag, *members in groups for word in members}


_CLOSED_WORDS = {code: _closed(table) for code, table in _CLOSED.items()}
