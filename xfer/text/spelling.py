"""Other spellings that writers of a language use for the same word: letters of Arabic script, signs of Indic ones,
and conventions of a few languages in Latin script.

Every operation is a function from a word to a word, the same word where it does not apply, and leaves every word
with letters. May import: keyboards, scripts, the standard library.
"""

from __future__ import annotations

from collections.abc import Callable

import regex

from xfer.text.keyboards import INDIC_BLOCKS
from xfer.text.scripts import ZWNJ, script_of

Spelling = Callable[[str, str], str]  # (word, language) -> word

_ALEF = str.maketrans("أإآٱ", "اااا")
_HAMZA_ARABIC = str.maketrans("ؤئ", "وي")
_HAMZA_PERSIAN = str.maketrans("ؤئ", "وی")
_GERMAN = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"}
_NORDIC = {"å": "aa", "ø": "oe", "æ": "ae", "Å": "Aa", "Ø": "Oe", "Æ": "Ae"}
_COMMAS = str.maketrans("șțȘȚ", "şţŞŢ")
_LATIN = {
    **dict.fromkeys(("de", "gsw", "lb"), _GERMAN),
    **dict.fromkeys(("da", "nb", "no", "nn"), _NORDIC),
    "sv": {"å": "aa", "ä": "ae", "ö": "oe", "Å": "Aa", "Ä": "Ae", "Ö": "Oe"},
    "eo": {"ĉ": "cx", "ĝ": "gx", "ĥ": "hx", "ĵ": "jx", "ŝ": "sx", "ŭ": "ux"},
}
_NUKTA, _VIRAMA, _CANDRABINDU, _ANUSVARA = 0x3C, 0x4D, 0x01, 0x02
_LENGTH = {0x3F: 0x40, 0x40: 0x3F, 0x41: 0x42, 0x42: 0x41}  # the signs of short and long i and u
_INDIC = regex.compile(r"[\u0900-\u0d7f]")
# Precomposed letters with a nukta: NFC takes them apart, data does not always.
_DOTTED = {chr(0x0958 + i): char for i, char in enumerate("कखगजडढफय")}


def alef(word: str, language: str) -> str:
    """Alef without hamza, madda or wasla."""
    return word.translate(_ALEF)


def yeh(word: str, language: str) -> str:
    """A last yeh without its dots and a last alef maqsura with them; Persian and Urdu: the Arabic letter."""
    if language != "ar":
        return word.replace("ی", "ي")
    last = {"ى": "ي", "ي": "ى"}.get(word[-1:])
    return word[:-1] + last if last else word


def teh(word: str, language: str) -> str:
    """A last teh marbuta without its dots."""
    return word[:-1] + "ه" if word.endswith("ة") else word


def hamza(word: str, language: str) -> str:
    """Waw and yeh without the hamza that they carry; no hamza at the end of a word."""
    found = word.translate(_HAMZA_ARABIC if language == "ar" else _HAMZA_PERSIAN)
    return found[:-1] if found.endswith("ء") and len(found) > 2 else found


def kaf(word: str, language: str) -> str:
    """The Arabic kaf and heh where Persian or Urdu has letters of its own."""
    return word if language == "ar" else word.replace("ک", "ك").replace("ہ", "ه")


def joiner(word: str, language: str) -> str:
    """Without the mark that keeps two parts of a Persian or Urdu word apart."""
    return word.replace(ZWNJ, "") if script_of(word[0]) == "Arabic" else word


def nukta(word: str, language: str) -> str:
    """Letters without the dot below that tells sounds of other languages."""
    plain = "".join(_DOTTED.get(char, char) for char in word)
    return "".join(char for char in plain if not _sign(char, _NUKTA))


def nasal(word: str, language: str) -> str:
    """The dot for the crescent and dot above a nasal vowel."""
    return _moved(word, {_CANDRABINDU: _ANUSVARA})


def length(word: str, language: str) -> str:
    """The first sign of a short i or u as that of the long one, or the other way round."""
    place = next((i for i, char in enumerate(word) if any(_sign(char, offset) for offset in _LENGTH)), len(word))
    return word[:place] + _moved(word[place : place + 1], _LENGTH) + word[place + 1 :]


def virama(word: str, language: str) -> str:
    """Without the first sign within the word that takes the vowel of a letter."""
    place = next((i for i, char in enumerate(word[:-1]) if i and _sign(char, _VIRAMA)), len(word))
    return word[:place] + word[place + 1 :]


def umlaut(word: str, language: str) -> str:
    """Two letters for one that a keyboard may lack: ä as ae, å as aa, ĉ as cx."""
    table = _LATIN.get(language, {})
    return "".join(table.get(char, char) for char in word)


def cedilla(word: str, language: str) -> str:
    """Romanian s and t with a cedilla for the comma."""
    return word.translate(_COMMAS) if language == "ro" else word


def sara_am(word: str, language: str) -> str:
    """The Thai and Lao vowel am as the two signs that it is made of."""
    return word.replace("\u0e33", "\u0e4d\u0e32").replace("\u0eb3", "\u0ecd\u0eb2")


def _sign(char: str, offset: int) -> bool:
    return _INDIC.match(char) is not None and script_of(char) in INDIC_BLOCKS and ord(char) & 0x7F == offset


def _moved(word: str, table: dict[int, int]) -> str:
    return "".join(
        chr(ord(char) - (ord(char) & 0x7F) + table[ord(char) & 0x7F])
        if any(_sign(char, offset) for offset in table)
        else char
        for char in word
    )


_ARABIC_SCRIPT: dict[str, Spelling] = {
    "alef": alef,
    "yeh": yeh,
    "teh": teh,
    "hamza": hamza,
    "kaf": kaf,
    "joiner": joiner,
}
_INDIC_SCRIPTS: dict[str, Spelling] = {"nukta": nukta, "nasal": nasal, "length": length, "virama": virama}
_LATIN_SCRIPT: dict[str, Spelling] = {"umlaut": umlaut, "cedilla": cedilla}
BY_SCRIPT: dict[str, dict[str, Spelling]] = {
    "Arabic": _ARABIC_SCRIPT,
    "Latin": _LATIN_SCRIPT,
    "Thai": {"sara_am": sara_am},
    "Lao": {"sara_am": sara_am},
    **dict.fromkeys(INDIC_BLOCKS, _INDIC_SCRIPTS),
}
