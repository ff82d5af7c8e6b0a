"""A sentence in each of the 50 languages of XTREME-R, and every attacker that needs no model, ready to use.

``FREE`` comes from the catalog, so that what is newly registered is tested by itself; one that has fields
without a default needs a line in ``FIELDS``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xfer.attackers.base import Attacker
from xfer.catalog import CATALOG
from xfer.text.words import counted_words

TEXTS = {
    "af": "Die ou brug oor die rivier is in 1987 gebou.",
    "ar": "بُني الجسر القديم فوق النهر سنة 1987، وأحبه الناس.",
    "az": "Çayın üstündəki köhnə körpü 1987-ci ildə tikilib.",
    "bg": "Старият мост над реката е построен през 1987 година.",
    "bn": "নদীর উপর পুরোনো সেতুটি ১৯৮৭ সালে তৈরি হয়েছিল।",
    "de": "Die alte Brücke über den Fluss wurde 1987 gebaut, sagt Jörg.",
    "el": "Η παλιά γέφυρα πάνω από το ποτάμι χτίστηκε το 1987.",
    "en": "The old bridge over the river was built in 1987, wasn't it?",
    "es": "El viejo puente sobre el río se construyó en 1987, señor.",
    "et": "Vana sild üle jõe ehitati 1987. aastal.",
    "eu": "Ibaiaren gaineko zubi zaharra 1987an eraiki zuten.",
    "fa": "پل قدیمی روی رودخانه در سال ۱۳۶۶ ساخته شد و می‌ماند.",
    "fi": "Vanha silta joen yli rakennettiin vuonna 1987.",
    "fr": "Le vieux pont sur la rivière a été bâti en 1987 à l'été.",
    "gu": "નદી પરનો જૂનો પુલ 1987 માં બાંધવામાં આવ્યો હતો.",
    "he": "הגשר הישן מעל הנהר נבנה בשנת 1987.",
    "hi": "नदी पर पुराना पुल १९८७ में बना था और ज़रूर टिकेगा।",
    "ht": "Vye pon ki sou rivyè a te bati an 1987.",
    "hu": "A folyó feletti régi híd 1987-ben épült.",
    "id": "Jembatan tua di atas sungai itu dibangun pada 1987.",
    "it": "Il vecchio ponte sul fiume fu costruito nel 1987 perché serviva.",
    "ja": "川にかかる古い橋は1987年にできた。コーヒーも飲めます。",
    "jv": "Kreteg lawas ing ndhuwur kali dibangun taun 1987.",
    "ka": "მდინარეზე ძველი ხიდი 1987 წელს ააშენეს.",
    "kk": "Өзен үстіндегі ескі көпір 1987 жылы салынған.",
    "ko": "강 위의 오래된 다리는 1987년에 지어졌다.",
    "lt": "Senas tiltas per upę pastatytas 1987 metais.",
    "ml": "പുഴയ്ക്ക് മുകളിലെ പഴയ പാലം 1987 ൽ പണിതു.",
    "mr": "नदीवरचा जुना पूल १९८७ मध्ये बांधला गेला.",
    "ms": "Jambatan lama di atas sungai dibina pada tahun 1987.",
    "my": "မြစ်ပေါ်ကတံတားဟောင်းကို ၁၉၈၇ ခုနှစ်မှာ ဆောက်ခဲ့သည်။",
    "nl": "De oude brug over de rivier werd in 1987 gebouwd, zegt Zoë.",
    "pa": "ਨਦੀ ਉੱਤੇ ਪੁਰਾਣਾ ਪੁਲ 1987 ਵਿੱਚ ਬਣਿਆ ਸੀ।",
    "pl": "Stary most nad rzeką zbudowano w 1987 roku, żeby służył.",
    "pt": "A velha ponte sobre o rio foi construída em 1987, não foi?",
    "qu": "Mayu patapi mawk'a chakaqa 1987 watapi ruwasqa karqan.",
    "ro": "Podul vechi de peste râu a fost construit în 1987, știți.",
    "ru": "Старый мост через реку построили ещё в 1987 году.",
    "sw": "Daraja la zamani juu ya mto lilijengwa mwaka 1987.",
    "ta": "ஆற்றின் மேல் உள்ள பழைய பாலம் 1987 இல் கட்டப்பட்டது.",
    "te": "నదిపై ఉన్న పాత వంతెన 1987 లో కట్టారు.",
    "th": "สะพานเก่าข้ามแม่น้ำสร้างเมื่อปี 1987 และน้ำใสมาก",
    "tl": "Ang lumang tulay sa ibabaw ng ilog ay itinayo noong 1987.",
    "tr": "Irmağın üstündeki eski köprü 1987 yılında yapıldı.",
    "uk": "Старий міст через річку збудували ще 1987 року, їй-бо.",
    "ur": "دریا پر پرانا پل 1987 میں بنایا گیا تھا۔",
    "vi": "Cây cầu cũ bắc qua sông được xây năm 1987.",
    "wo": "Pom bu màgget bi ci kaw dex gi lañu tabax ci 1987.",
    "yo": "Wọ́n kọ́ afárá àtijọ́ lórí odò náà ní ọdún 1987.",
    "zh": "河上的旧桥建于1987年，人们在公园里谈论它。",
}
FIELDS: dict[str, dict[str, Any]] = {
    "code_mixing": {"languages": ["de", "zh", "ar"], "rate": 0.5},
    "cross_language": {"other": "en"},
    "phrase_mixing": {"languages": ["de", "fr", "zh"]},
    "synonyms": {"folder": "lists", "rate": 0.5},
    "neighbour_words": {"neighbours": "lists", "draw": "words"},
    "name_swap": {"folder": "lists/names"},
    "tautology": {"phrases": dict.fromkeys(TEXTS, "1 = 1")},
    "negation": {"phrases": dict.fromkeys(TEXTS, "1 ≠ 2")},
}
FREE = tuple(
    name
    for name, leaf in ((name, Attacker.find_class(name)) for name in CATALOG["attacker"])
    if not leaf.searches and "model" not in leaf.model_fields
)
RATED = tuple(name for name in FREE if "rate" in Attacker.find_class(name).model_fields)


def attacker(name: str, **fields: Any) -> Any:
    """An attacker of this name with these fields, and the ones that it cannot do without."""
    return Attacker.model_validate({"type": name, **FIELDS.get(name, {}), **fields})


def lists(folder: Path) -> Path:
    """Word lists for ``synonyms``: every other word of each sentence has one."""
    folder.mkdir(parents=True, exist_ok=True)
    for language, text in TEXTS.items():
        words = [text[word.start : word.end].lower() for word in counted_words(text)[::2]]
        lines = [f"{word}\t{word}{word[0]}" for word in words]
        (folder / f"{language}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        name = text[slice(*counted_words(text)[0][:2])]  # the first word passes for a name
        (folder / "names").mkdir(exist_ok=True)
        (folder / "names" / f"{language}.txt").write_text(f"one\t{name}\none\t{name}{name[0]}\n", encoding="utf-8")
    return folder


def row(form: str, language: str, text: str, name: str = "1") -> dict[str, Any]:
    """A row of a form that is made of ``text``."""
    found: dict[str, Any] = {"id": name, "language": language, "text": text}
    words = text.split()
    if form == "tag":
        tags = [("B-LOC", "I-LOC", "O")[i % 3] for i in range(len(words))]
        return found | {"text": " ".join(words), "words": words, "tags": tags}
    if form == "span":
        answer = words[len(words) // 2]
        others = [word for word in words if answer not in word]
        context = " ".join(reversed(others)) if name == "other" else f"{text}\n{' '.join(others[-2:])}"
        return found | {"text": context, "pair": text, "answers": [answer], "starts": [context.find(answer)]}
    if form == "choose":
        return found | {"question": text, "options": [text, text[: len(text) // 2], f"{text} {text}"], "label": 1}
    if form == "retrieve":
        return found | {"pair": None, "side": "query", "part": "test", "gold": ["1"]}
    return found | {"pair": None if form == "mask" else f"{text} {text}", "label": "neutral"}


def further(form: str, name: str = "1") -> list[dict[str, Any]]:
    """Rows of every language beside the one under test, of which one has its id."""
    return [row(form, language, text, other) for language, text in TEXTS.items() for other in (name, "other")]
