"""Tagged sentences: parts of speech as a treebank of Universal Dependencies, persons and places as PAN-X."""

from dataclasses import replace
from pathlib import Path
from random import Random

from xfer.miniature.choice import chance, pick, stream
from xfer.miniature.files import write_lines
from xfer.miniature.grammar import render, words
from xfer.miniature.languages import BY_CODE
from xfer.miniature.languages.table import Language
from xfer.miniature.meaning import Meaning
from xfer.miniature.pairs import FRONTED, single
from xfer.miniature.world import ANIMALS, NAMES, SOMEONE

SIZES = {"train": 1000, "dev": 200, "test": 300}
TRAIN_ELSEWHERE = 300  # training sentences outside English
NAMED = 0.5  # of the people, and of the places, in sentences for PAN-X
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

# Places with a name of their own; the name stands in brackets.
_CITIES = {
    "ar": ("في [القاهرة]", "في [برلين]", "في [نيويورك]"),
    "de": ("in [Kairo]", "in [Berlin]", "in [New York]"),
    "el": ("στο [Κάιρο]", "στο [Βερολίνο]", "στη [Νέα Υόρκη]"),
    "en": ("in [Cairo]", "in [Berlin]", "in [New York]"),
    "es": ("en [El Cairo]", "en [Berlín]", "en [Nueva York]"),
    "hi": ("[क़ाहिरा] में", "[बर्लिन] में", "[न्यू यॉर्क] में"),
    "ru": ("в [Каире]", "в [Берлине]", "в [Нью-Йорке]"),
    "sw": ("mjini [Kairo]", "mjini [Berlin]", "mjini [New York]"),
    "th": ("ใน [ไคโร]", "ใน [เบอร์ลิน]", "ใน [นิวยอร์ก]"),
    "tr": ("[Kahire'de]", "[Berlin'de]", "[New York'ta]"),
    "zh": ("在 [开罗]", "在 [柏林]", "在 [纽约]"),
}
Tagged = list[tuple[str, str]]  # written words with their tags
Said = tuple[Meaning, bool, int]  # a meaning, whether its time comes first, and its city (-1: none)


def write_tagged(folder: Path, codes: tuple[str, ...], seed: int) -> None:
    """UD treebanks and PAN-X files of all languages; the sentences of a split are parallel."""
    seen: set[Meaning] = set()
    for split, size in SIZES.items():
        plain = _draw(stream(seed, "parts of speech", split), size, seen, named=False)
        named = _draw(stream(seed, "entities", split), size, seen, named=True)
        for code in codes:
            count = size if split != "train" or code == "en" else TRAIN_ELSEWHERE
            write_lines(folder / "panx_dataset" / code / split, _panx(named[:count], code))
            if code not in NO_TREEBANK and not (split == "train" and code in TEST_ONLY):
                name = Path(f"UD_{code}-Miniature") / f"{code}_miniature-ud-{split}.conllu"
                write_lines(folder / "ud-treebanks-v2.5" / name, _conllu(plain[:count], code, split))


def parts_of_speech(meaning: Meaning, code: str, fronted: bool) -> Tagged:
    """The written words of a sentence with their UPOS tags."""
    language = BY_CODE[code]
    spoken = words(meaning, code, fronted=fronted)
    forms = render(meaning, code, fronted=fronted).removesuffix(language.stop).split(" ")
    tags = [_upos(word.text, word.slot, meaning, language) for word in spoken]
    return [*zip(forms, tags, strict=True), *_stop(language, "PUNCT")]


def named_entities(meaning: Meaning, code: str, fronted: bool, city: int) -> Tagged:
    """The written words of a sentence with IOB2 tags; ``city`` takes the place of the place where it is not -1."""
    language, tagged = BY_CODE[code], Tagged()
    names = language.agents[meaning.agent][0].split() if meaning.agent in NAMES else []
    placed = city < 0
    for word in words(meaning, code, fronted=fronted):
        if word.slot != "place" or city < 0:
            tagged.append((word.text, "B-PER" if word.slot == "agent" and word.text in names else "O"))
        elif not placed:
            tagged += _city(_CITIES[code][city])
            placed = True
    first = tagged[0][0]
    capital = "İ" + first[1:] if code == "tr" and first.startswith("i") else first[:1].upper() + first[1:]
    return [(capital, tagged[0][1]), *tagged[1:], *_stop(language, "O")]


def _draw(rng: Random, size: int, seen: set[Meaning], named: bool) -> list[Said]:
    """Sentences that no earlier split holds."""
    found: list[Said] = []
    while len(found) < size:
        meaning = single(rng).premise
        if named and meaning.agent not in (*ANIMALS, *NAMES, SOMEONE) and chance(rng, NAMED):
            meaning = replace(meaning, agent=pick(rng, NAMES), quality="")
        city = pick(rng, (0, 1, 2)) if named and meaning.place and chance(rng, NAMED) else -1
        known = replace(meaning, place=f"city {city}") if city >= 0 else meaning
        if known not in seen:
            seen.add(known)
            found.append((meaning, chance(rng, FRONTED), city))
    return found


def _panx(said: list[Said], code: str) -> list[str]:
    lines = []
    for meaning, fronted, city in said:
        lines += [f"{code}:{word}\t{tag}" for word, tag in named_entities(meaning, code, fronted, city)] + [""]
    return lines


def _conllu(said: list[Said], code: str, split: str) -> list[str]:
    """Every word hangs from the first: the readers of tags ask for no more of a tree."""
    lines = []
    for number, (meaning, fronted, _) in enumerate(said, 1):
        tagged = parts_of_speech(meaning, code, fronted)
        lines += [f"# sent_id = {split}-{number}", f"# text = {render(meaning, code, fronted=fronted)}"]
        place = 0
        for form, tag in tagged:
            parts = _FUSED.get(code, {}).get(form.lower())
            if parts:
                lines.append("\t".join([f"{place + 1}-{place + 2}", form, *"________"]))
            for word, upos in zip(parts, ("ADP", "DET"), strict=True) if parts else [(form, tag)]:
                place += 1
                head = ("0", "root") if place == 1 else ("1", "dep")
                lines.append("\t".join([str(place), word, "_", upos, "_", "_", *head, "_", "_"]))
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


def _city(phrase: str) -> Tagged:
    tagged, within = Tagged(), False
    for word in phrase.split():
        mark = "B-LOC" if word.startswith("[") else "I-LOC" if within else "O"
        within = (within or word.startswith("[")) and not word.endswith("]")
        tagged.append((word.strip("[]"), mark))
    return tagged


def _stop(language: Language, tag: str) -> Tagged:
    return [(language.stop, tag)] if language.stop else []


def _closed(table: str) -> dict[str, str]:
    groups = [group.split() for group in table.split(" | ")]
    return {word: tag for tag, *members in groups for word in members}


_CLOSED_WORDS = {code: _closed(table) for code, table in _CLOSED.items()}
