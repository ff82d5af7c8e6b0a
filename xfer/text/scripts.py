"""Facts about characters: their script, their grapheme clusters, their place in the syllable.

The only module of the letter attacks that imports ``regex``; nothing here knows about words,
keyboards or randomness. May import: the standard library and ``regex``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

import regex

_SCRIPT_NAMES = """
    Latin Cyrillic Greek Arabic Hebrew Devanagari Bengali Gurmukhi Gujarati Oriya Tamil Telugu Kannada
    Malayalam Sinhala Thai Lao Khmer Myanmar Tibetan Han Hiragana Katakana Bopomofo Hangul Georgian
    Armenian Ethiopic Syriac Thaana Mongolian
"""

#: Scripts written without spaces, with the number of clusters that stand for one word.
UNSPACED = {
    **dict.fromkeys(("Han", "Hiragana", "Katakana", "Bopomofo"), 2),
    **dict.fromkeys(("Thai", "Lao", "Khmer", "Myanmar"), 4),
}

ZWNJ, ZWJ = "\u200c", "\u200d"

# The first code points of the Indic blocks, which are laid out in parallel.
INDIC_BLOCKS = {
    "Devanagari": 0x0900,
    "Bengali": 0x0980,
    "Gurmukhi": 0x0A00,
    "Gujarati": 0x0A80,
    "Oriya": 0x0B00,
    "Tamil": 0x0B80,
    "Telugu": 0x0C00,
    "Kannada": 0x0C80,
    "Malayalam": 0x0D00,
}
KATAKANA_OFFSET = 0x60  # from a hiragana to its katakana

_LETTER = regex.compile(r"\p{L}")
_SCRIPT = regex.compile("|".join(rf"(?P<{name}>\p{{{name}}})" for name in _SCRIPT_NAMES.split()))

# \X alone would cut after Khmer coeng and Burmese virama (no conjunct rule for those scripts in
# some Unicode versions) and before the Burmese marks that Unicode calls self-standing.
_GRAPHEME = regex.compile(r"\X(?:(?=\p{M})\X|(?<=[\u17d2\u1039])(?=\p{L})\X)*")

# Characters that are always a cluster of their own when next to each other: spares the slow pattern.
_SINGLE_CLUSTERS = regex.compile(r"[ -~\p{Ll}\p{Lu}\u0620-\u064a\u3041-\u3096\u4e00-\u9fff\uac00-\ud7a3]*+")

_JAMO_VOWELS = range(0x314F, 0x3164)
_JAMO_POINTS = range(0x3131, 0x3164)
_INDIC_POINTS = range(0x0900, 0x0D80)
_THAI = {
    **dict.fromkeys("เแโใไ", "vowel before"),
    **dict.fromkeys("ะาำ", "vowel after"),
    **dict.fromkeys("\u0e31\u0e34\u0e35\u0e36\u0e37\u0e38\u0e39", "vowel above or below"),
    **dict.fromkeys("\u0e48\u0e49\u0e4a\u0e4b", "tone"),
    **dict.fromkeys("\u0e45\u0e46\u0e47\u0e4c\u0e4d\u0e3a", "sign"),
}


@lru_cache(maxsize=1 << 16)
def script_of(char: str) -> str:
    """The Unicode script of a character among those listed here; "" for common, inherited and other ones."""
    match = _SCRIPT.match(char)
    return str(match.lastgroup) if match else ""


@lru_cache(maxsize=1 << 16)
def is_letter(char: str) -> bool:
    """True for the characters that begin an editable cluster: letters, not digits and not marks."""
    return unicodedata.category(char)[0] == "L"


def word_script(word: str) -> str:
    """The script of a word's first letter; "" for a number, and for a letter of a script that is not listed here."""
    first = _LETTER.search(word)
    return script_of(first.group()) if first else ""


def script_alphabet(words: Iterable[str]) -> Mapping[str, str]:
    """For each script the letters seen in ``words``, sorted, each once.

    These are what an edit may insert. A letter that would melt into the one before it (Thai sara am) is no
    candidate: at the start of a word it would belong to the word before.
    """
    seen: dict[str, set[str]] = {}
    for letter in set("".join(words)):
        if is_letter(letter) and count_graphemes("a" + letter) == 2:
            seen.setdefault(script_of(letter), set()).add(letter)
    return {name: "".join(sorted(letters)) for name, letters in seen.items()}


def is_mark(char: str) -> bool:
    """True for combining marks, spacing ones included."""
    return unicodedata.category(char)[0] == "M"


def is_virama(char: str) -> bool:
    """True for the sign that kills the inherent vowel (canonical combining class 9)."""
    return unicodedata.combining(char) == 9


def grapheme_spans(text: str, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
    """The spans of the grapheme clusters of ``text[start:end]``."""
    stop = len(text) if end is None else end
    return (match.span() for match in _GRAPHEME.finditer(text, start, stop))


def grapheme_clusters(text: str) -> list[str]:
    """User-perceived characters (Unicode UAX 29, section 3): a base with its marks, a Hindi conjunct whole."""
    return [text[start:end] for start, end in grapheme_spans(text)]


def count_graphemes(text: str) -> int:
    """The number of grapheme clusters."""
    return len(text) if _SINGLE_CLUSTERS.fullmatch(text) else len(_GRAPHEME.findall(text))


def letter_class(char: str) -> str:
    """The slot that a character fills in its syllable: only characters of one class are exchangeable."""
    point = ord(char)
    if point in _INDIC_POINTS:
        return _indic_class(point & 0x7F)
    if point in _JAMO_POINTS:
        return "vowel" if point in _JAMO_VOWELS else "consonant"
    if char in _THAI:
        return _THAI[char]
    return "mark" if is_mark(char) else "letter"


def _indic_class(offset: int) -> str:
    # The Indic blocks are 128 code points each and laid out in parallel.
    if offset <= 0x03:
        return "nasal"
    if offset <= 0x14:
        return "vowel"
    if offset <= 0x39 or 0x58 <= offset <= 0x5F:
        return "consonant"
    return "vowel sign" if 0x3E <= offset <= 0x4C else f"sign {offset:x}"


def language_of(tag: str) -> str:
    """The primary subtag of a language tag: "pt" for "pt-BR" and "PT_br"."""
    return tag.replace("_", "-").split("-")[0].lower()
