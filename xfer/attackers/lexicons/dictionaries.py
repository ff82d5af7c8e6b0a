"""Word lists that say what a word may be replaced by, and where their words stand in a text.

A list is a folder of plain files, one a pair of languages (``de-en.txt``, as MUSE has them) or one a language
(``de.txt``): a word, a tab or a space, and what may stand for it; with tabs either side may hold several words.
May import: scripts, segment, lexicons, the standard library, ``regex`` and the tables of the miniature languages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import regex

from xfer.attackers.lexicons.located import located
from xfer.core.errors import BadRow, MissingPart
from xfer.core.files import FileStamp, file_stamp
from xfer.text.edits import Edit
from xfer.text.scripts import UNSPACED, grapheme_spans, script_of
from xfer.text.segment import word_ends

WordTable = dict[str, tuple[str, ...]]
MatchSpan = tuple[int, int]
_RUN = regex.compile(r"[\p{L}\p{M}\p{N}\u200c\u200d]++")
_MAX_PHRASE_WORDS = 3  # longest phrase of a script with spaces that is looked up
_APOSTROPHES = ("'", "’")
_MAX_CLITIC = 2  # longest part after an apostrophe that is no word
_MAX_WORD_CHARACTERS = 8  # longest word of a script without


def word_list_path(folder: str, name: str) -> Path:
    """The file of a list. Raises MissingPart if it is not there."""
    file = located(folder) / f"{name}.txt"
    if not file.is_file():
        raise MissingPart(f"there is no word list {file}; a line of it is a word, a tab, and what may stand for it")
    return file


def checked(folder: str, name: str) -> Path:
    """``path``, of a list that holds a word. Raises MissingPart, BadRow."""
    file = word_list_path(folder, name)
    check(file)
    return file


def read_word_list(file: Path) -> WordTable:
    """The words of a file, small, with what may stand for each, in the order of the file.

    Raises BadRow, also where it holds no word that another may stand for.
    """
    return _parse_word_list(file, file_stamp(file))


def read_names_by_kind(file: Path) -> WordTable:
    """Each name of a list of kinds and names, in small letters, with all names of its kind. Raises BadRow."""
    return _names_by_kind(file, file_stamp(file))


@lru_cache(maxsize=64)
def _names_by_kind(file: Path, stamp: FileStamp) -> WordTable:
    return {name.lower(): names for names in _parse_word_list(file, stamp).values() for name in names}


@lru_cache(maxsize=64)
def _parse_word_list(file: Path, stamp: FileStamp) -> WordTable:
    entries: dict[str, dict[str, None]] = {}
    for word, other in _pairs(file):
        entries.setdefault(word, {})[other] = None
    if not entries:
        raise _empty(file)
    return {word: tuple(others) for word, others in entries.items()}


def check(file: Path) -> None:
    """Raises BadRow where a list holds no word that another may stand for."""
    _check_once(file, file_stamp(file))


@lru_cache(maxsize=256)
def _check_once(file: Path, stamp: FileStamp) -> None:
    if next(_pairs(file), None) is None:
        raise _empty(file)


def _empty(file: Path) -> BadRow:
    return BadRow(str(file), 0, "is an empty list: no line holds a word and another that may stand for it")


def _pairs(file: Path) -> Iterator[tuple[str, str]]:
    """Each word, small, and what may stand for it, line by line; a word does not stand for itself."""
    try:
        lines = file.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise BadRow(str(file), 0, f"is not UTF-8 (byte {error.start})") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        parts = [part.strip() for part in (line.split("\t") if "\t" in line else line.split())]
        if len(parts) != 2 or not all(parts):
            raise BadRow(str(file), number, "is not a word, a tab, and what may stand for it")
        if parts[0].lower() != parts[1].lower():
            yield parts[0].lower(), parts[1]


@lru_cache(maxsize=256)
def miniature_words(language: str, other: str) -> WordTable:
    """The words of the miniature world in ``language`` and in ``other``; empty where it speaks one of them not."""
    from xfer.miniature.languages import BY_CODE  # late: only this list needs its tables

    if language not in BY_CODE or other not in BY_CODE or language == other:
        return {}
    table: dict[str, tuple[str, ...]] = {}
    ours, theirs = BY_CODE[language], BY_CODE[other]
    for name in ("agents", "objects", "qualities", "verbs", "phrases"):
        our_forms, their_forms = getattr(ours, name), getattr(theirs, name)
        for concept in our_forms:
            inflected = name in ("qualities", "verbs")
            forms = our_forms[concept] if inflected else our_forms[concept][:1]
            if name == "verbs" and ours.negative_forms:
                forms = forms[:-1]
            new = _spaced_form(their_forms[concept][0]) if concept in their_forms else ""
            for form in map(_spaced_form, forms):
                if form and new and form.lower() != new.lower():
                    table.setdefault(form.lower(), (new,))
    return table


def miniature_names(language: str) -> WordTable:
    """The first names of the miniature world in ``language``, by gender, in the order of their concepts."""
    from xfer.miniature.languages import BY_CODE  # late: only this list needs its tables
    from xfer.miniature.world import MEN, WOMEN

    kinds: dict[str, tuple[str, ...]] = {}
    if language in BY_CODE:
        agents = BY_CODE[language].agents
        for kind, concepts in (("woman", WOMEN), ("man", MEN)):
            kinds[kind] = tuple(_spaced_form(agents[concept][0]) for concept in concepts if concept in agents)
    return kinds


def _spaced_form(form: str) -> str:
    return " ".join(form.replace("~", " ").split())


def find_words(text: str, is_listed: Callable[[str], object]) -> Iterator[tuple[MatchSpan, str]]:
    """Where words stand that are ``known`` (asked in small letters), the longest first, without overlap, in order."""
    runs = [span for span in (match.span() for match in _RUN.finditer(text)) if not _is_contracted(text, *span)]
    index = 0
    while index < len(runs):
        start, end = runs[index]
        if script_of(text[start]) in UNSPACED and not _phrase_length(text, runs, index, is_listed):
            yield from _unspaced_words(text, start, end, is_listed)
            index += 1
            continue
        size = _phrase_length(text, runs, index, is_listed)
        if size:
            yield (start, runs[index + size - 1][1]), text[start : runs[index + size - 1][1]].lower()
        index += size or 1


def _is_contracted(text: str, start: int, end: int) -> bool:
    """Whether a run is a part of "don't" or "we'll": no word of its own, unlike the parts of "l'eau"."""
    before, after = _RUN.fullmatch(text, start - 2, start - 1), _RUN.match(text, end + 1)
    if text[end : end + 1] in _APOSTROPHES and after and len(after.group()) <= _MAX_CLITIC:
        return True
    return text[start - 1 : start] in _APOSTROPHES and start > 1 and before is not None and end - start <= _MAX_CLITIC


def _phrase_length(text: str, runs: list[MatchSpan], index: int, is_listed: Callable[[str], object]) -> int:
    """How many runs from ``place`` on, with one space between each, are a known phrase."""
    for size in range(min(_MAX_PHRASE_WORDS, len(runs) - index), 0, -1):
        phrase = runs[index : index + size]
        spaced = all(text[left[1] : right[0]] == " " for left, right in pairwise(phrase))
        if spaced and is_listed(text[phrase[0][0] : phrase[-1][1]].lower()):
            return size
    return 0


def _unspaced_words(
    text: str, start: int, end: int, is_listed: Callable[[str], object]
) -> Iterator[tuple[MatchSpan, str]]:
    cuts = word_ends(text[start:end])  # with a segmenter a hit is made of whole words, without one of whole clusters
    borders = {start, *(past for _, past in grapheme_spans(text, start, end))}
    borders &= borders if cuts is None else {start, *(start + cut for cut in cuts)}
    while start < end:
        sizes = range(min(_MAX_WORD_CHARACTERS, end - start), 0, -1) if start in borders else range(0)
        fit = (n for n in sizes if start + n in borders)
        size = next((n for n in fit if is_listed(text[start : start + n])), 0)
        if size:
            yield (start, start + size), text[start : start + size]
        start += size or 1


def fit_replacement(text: str, span: MatchSpan, new: str) -> str:
    """``new`` in the case of what it stands for, with a space where it would touch another word."""
    start, end = span
    old = text[start:end]
    if len(old) > 1 and old.isupper():
        new = new.upper()
    elif old[:1].isupper():
        new = new[:1].upper() + new[1:]
    before, after = text[start - 1 : start], text[end : end + 1]
    return (" " if _would_join(before, new[0]) else "") + new + (" " if _would_join(new[-1], after) else "")


def single_spaced(edits: list[Edit]) -> list[Edit]:
    """Sorted edits, with one space only between two words that are put in side by side."""
    spaced: list[Edit] = []
    for edit in edits:
        if spaced and spaced[-1].end == edit.start and spaced[-1].new.endswith(" "):
            edit = edit._replace(new=edit.new.removeprefix(" "))
        spaced.append(edit)
    return spaced


def _would_join(left: str, right: str) -> bool:
    """Whether two letters side by side would read as one word."""
    letters = [char for char in (left, right) if char and _RUN.match(char)]
    return len(letters) == 2 and any(script_of(char) not in UNSPACED for char in letters)
