"""Other spellings that writers of a language use for the same word: letters of Arabic script, signs of Indic ones,
and conventions of a few languages in Latin script.

Every operation is a function from a word to a word, the same word where it does not apply, and leaves every word
with letters. May import: scripts, the standard library.
"""

from __future__ import annotations

from collections.abc import Callable

import regex

from xfer.text.scripts import INDIC_BLOCKS, ZWNJ, script_of

SpellingRule = Callable[[str, str], str]  # (word, language) -> word

_ALEF = str.maketrans("أإآٱ", "اااا")
_HAMZA_ARABIC = str.maketrans("ؤئ", "وي")
_HAMZA_PERSIAN = str.maketrans("ؤئ", "وی")
_GERMAN = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"}
_NORDIC = {"å": "aa", "ø": "oe", "æ": "ae", "Å": "Aa", "Ø": "Oe", "Æ": "Ae"}
_COMMAS = str.maketrans("șțȘȚ", "şţŞŢ")
_LETTER_PAIRS = {
    **dict.fromkeys(("de", "gsw", "lb"), _GERMAN),
    **dict.fromkeys(("da", "nb", "no", "nn"), _NORDIC),
    "sv": {"å": "aa", "ä": "ae", "ö": "oe", "Å": "Aa", "Ä": "Ae", "Ö": "Oe"},
    "eo": {"ĉ": "cx", "ĝ": "gx", "ĥ": "hx", "ĵ": "jx", "ŝ": "sx", "ŭ": "ux"},
}
_NUKTA, _VIRAMA, _CANDRABINDU, _ANUSVARA = 0x3C, 0x4D, 0x01, 0x02
_LENGTH_SIGNS = {0x3F: 0x40, 0x40: 0x3F, 0x41: 0x42, 0x42: 0x41}  # the signs of short and long i and u
_INDIC_LETTER = regex.compile(r"[\u0900-\u0d7f]")
# Precomposed letters with a nukta: NFC takes them apart, data does not always.
_DOTTED = {chr(0x0958 + i): char for i, char in enumerate("कखगजडढफय")}


def plain_alef(word: str, language: str) -> str:
    """Alef without hamza, madda or wasla."""
    return word.translate(_ALEF)


def swap_yeh(word: str, language: str) -> str:
    """A last yeh without its dots and a last alef maqsura with them; Persian and Urdu: the Arabic letter."""
    if language != "ar":
        return word.replace("ی", "ي")
    last = {"ى": "ي", "ي": "ى"}.get(word[-1:])
    return word[:-1] + last if last else word


def plain_teh(word: str, language: str) -> str:
    """A last teh marbuta without its dots."""
    return word[:-1] + "ه" if word.endswith("ة") else word


def drop_hamza(word: str, language: str) -> str:
    """Waw and yeh without the hamza that they carry; no hamza at the end of a word."""
    result = word.translate(_HAMZA_ARABIC if language == "ar" else _HAMZA_PERSIAN)
    return result[:-1] if result.endswith("ء") and len(result) > 2 else result


def arabic_kaf(word: str, language: str) -> str:
    """The Arabic kaf and heh where Persian or Urdu has letters of its own."""
    return word if language == "ar" else word.replace("ک", "ك").replace("ہ", "ه")


def drop_joiner(word: str, language: str) -> str:
    """Without the mark that keeps two parts of a Persian or Urdu word apart."""
    return word.replace(ZWNJ, "") if script_of(word[0]) == "Arabic" else word


def drop_nukta(word: str, language: str) -> str:
    """Letters without the dot below that tells sounds of other languages."""
    plain = "".join(_DOTTED.get(char, char) for char in word)
    return "".join(char for char in plain if not _is_sign(char, _NUKTA))


def dot_nasal(word: str, language: str) -> str:
    """The dot for the crescent and dot above a nasal vowel."""
    return _shifted_signs(word, {_CANDRABINDU: _ANUSVARA})


def swap_length(word: str, language: str) -> str:
    """The first sign of a short i or u as that of the long one, or the other way round."""
    index = next(
        (i for i, char in enumerate(word) if any(_is_sign(char, offset) for offset in _LENGTH_SIGNS)), len(word)
    )
    return word[:index] + _shifted_signs(word[index : index + 1], _LENGTH_SIGNS) + word[index + 1 :]


def drop_virama(word: str, language: str) -> str:
    """Without the first sign within the word that takes the vowel of a letter."""
    index = next((i for i, char in enumerate(word[:-1]) if i and _is_sign(char, _VIRAMA)), len(word))
    return word[:index] + word[index + 1 :]


def expand_umlaut(word: str, language: str) -> str:
    """Two letters for one that a keyboard may lack: ä as ae, å as aa, ĉ as cx."""
    table = _LETTER_PAIRS.get(language, {})
    return "".join(table.get(char, char) for char in word)


def write_cedilla(word: str, language: str) -> str:
    """Romanian s and t with a cedilla for the comma."""
    return word.translate(_COMMAS) if language == "ro" else word


def split_sara_am(word: str, language: str) -> str:
    """The Thai and Lao vowel am as the two signs that it is made of."""
    return word.replace("\u0e33", "\u0e4d\u0e32").replace("\u0eb3", "\u0ecd\u0eb2")


def _is_sign(char: str, offset: int) -> bool:
    return _INDIC_LETTER.match(char) is not None and script_of(char) in INDIC_BLOCKS and ord(char) & 0x7F == offset


def _shifted_signs(word: str, table: dict[int, int]) -> str:
    return "".join(
        chr(ord(char) - (ord(char) & 0x7F) + table[ord(char) & 0x7F])
        if any(_is_sign(char, offset) for offset in table)
        else char
        for char in word
    )


_ARABIC_SCRIPT: dict[str, SpellingRule] = {
    "alef": plain_alef,
    "yeh": swap_yeh,
    "teh": plain_teh,
    "hamza": drop_hamza,
    "kaf": arabic_kaf,
    "joiner": drop_joiner,
}
_INDIC_SCRIPTS: dict[str, SpellingRule] = {
    "nukta": drop_nukta,
    "nasal": dot_nasal,
    "length": swap_length,
    "virama": drop_virama,
}
_LATIN_SCRIPT: dict[str, SpellingRule] = {"umlaut": expand_umlaut, "cedilla": write_cedilla}
BY_SCRIPT: dict[str, dict[str, SpellingRule]] = {
    "Arabic": _ARABIC_SCRIPT,
    "Latin": _LATIN_SCRIPT,
    "Thai": {"sara_am": split_sara_am},
    "Lao": {"sara_am": split_sara_am},
    **dict.fromkeys(INDIC_BLOCKS, _INDIC_SCRIPTS),
}
