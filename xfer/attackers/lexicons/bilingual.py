"""Dictionaries from one language to another, out of a folder of files as their makers publish them.

Known layouts: MUSE's ``en-de.txt`` (Lample et al. 2018, also as .tsv), the ``de2.txt`` of CoSDA-ML's and xTune's lists
from MUSE and PanLex, whose words are English first, and ``en-de/yacle.train.freq.5k.en-de.tsv`` (xling-eval, Glavaš et
al. 2019). Two languages without a file of either order go over English.
May import: dictionaries, lexicons, core.errors, the standard library.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from xfer.attackers.lexicons.dictionaries import WordTable, check, read_word_list
from xfer.attackers.lexicons.located import located
from xfer.core.errors import MissingPart

PIVOT = "en"
HELP = (
    "MUSE has dictionaries of English and 45 languages (https://github.com/facebookresearch/MUSE), PanLex of thousands "
    "(https://panlex.org)"
)
_LAYOUTS = ("{0}-{1}.txt", "{0}-{1}.tsv", "{0}-{1}/yacle.train.freq.5k.{0}-{1}.tsv")
_ENGLISH_FIRST = "{0}2.txt"
_CODES = {"ja": "jp", "sv": "sw", "sw": ""}  # of those names, where they are not ISO's: sw2.txt holds Swedish
_NAMED = 8  # pairs that a message names


class Leg(NamedTuple):
    """One file on the way from a language to another; ``turned`` if it is read from its second column to its first."""

    file: Path
    turned: bool


def way(folder: str, language: str, other: str) -> tuple[Leg, ...]:
    """The file from a language to another, or the two over English; empty where there is no way."""
    direct = _leg(folder, language, other)
    if direct:
        return (direct,)
    legs = (_leg(folder, language, PIVOT), _leg(folder, PIVOT, other)) if PIVOT not in (language, other) else ()
    return tuple(leg for leg in legs if leg) if all(legs) else ()


def _leg(folder: str, language: str, other: str) -> Leg | None:
    place = located(folder)
    for one, two in ((language, other), (other, language)):
        for name in _names(one, two):
            if (place / name).is_file():
                return Leg(place / name, (one, two) != (language, other))
    return None


def _names(one: str, two: str) -> Iterator[str]:
    yield from (layout.format(one, two) for layout in _LAYOUTS)
    if one == PIVOT and _CODES.get(two, two):
        yield _ENGLISH_FIRST.format(_CODES.get(two, two))


Pairs = Sequence[tuple[str, str]]


def digests(folder: str, pairs: Pairs, digest: Callable[[Path], str]) -> dict[str, str | list[str]]:
    """``language-other`` -> what decides the dictionary: its file, or the files and how they are read.

    Raises MissingPart with all pairs that have no dictionary, and BadRow for a file that holds no word.
    """
    found: dict[str, str | list[str]] = {}
    missing = []
    for pair in pairs:
        legs = way(folder, *pair)
        if not legs:
            missing.append(pair)
        for leg in legs:
            check(leg.file)
        parts = [f"{digest(leg.file)}{' turned' if leg.turned else ''}" for leg in legs]
        found["-".join(pair)] = parts[0] if len(parts) == 1 else parts
    if missing:
        raise MissingPart(_absent(folder, missing))
    return found


def _absent(folder: str, missing: Pairs) -> str:
    files = _some([f"{one}-{two}.txt" for one, two in missing])
    foreign = [pair for pair in missing if PIVOT not in pair]
    over = f", nor a way over English (such as {foreign[0][0]}-en.txt with en-{foreign[0][1]}.txt)" if foreign else ""
    codes = dict.fromkeys(code for pair in missing for code in pair if code != PIVOT)
    lacking = ", ".join(code for code in codes if not _leg(folder, PIVOT, code))
    alone = f": no list of English and {lacking}" if foreign else ""
    return f"{located(folder)} holds no dictionary {files}{over}{alone}; {HELP}"


def detours(folder: str, pairs: Pairs) -> str:
    """The pairs whose dictionary goes over English, as ``ar-de, ar-es and 3 more``; empty where none does."""
    return _some(["-".join(pair) for pair in pairs if len(way(folder, *pair)) > 1])


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"


def dictionary(folder: str, language: str, other: str) -> Mapping[str, tuple[str, ...]]:
    """The words of a language in small letters, each with its translations. Raises MissingPart, BadRow."""
    legs = way(folder, language, other)
    if not legs:
        raise MissingPart(_absent(folder, [(language, other)]))
    return _along(legs, tuple(leg.file.stat().st_mtime_ns for leg in legs))


@lru_cache(maxsize=256)
def _along(legs: tuple[Leg, ...], changed: tuple[int, ...]) -> Mapping[str, tuple[str, ...]]:
    times = zip(legs, changed, strict=True)
    tables = [_turned(leg.file, time) if leg.turned else read_word_list(leg.file) for leg, time in times]
    return Chain(*tables) if len(tables) == 2 else tables[0]


@lru_cache(maxsize=64)
def _turned(file: Path, changed: int) -> WordTable:
    """A dictionary read from its second column to its first."""
    found: dict[str, dict[str, None]] = {}
    for word, others in read_word_list(file).items():
        for other in others:
            found.setdefault(other.lower(), {})[word] = None
    return {word: tuple(others) for word, others in found.items()}


class Chain(Mapping[str, tuple[str, ...]]):
    """Translations of translations, made when they are asked for; a word is none of its own."""

    def __init__(self, first: Mapping[str, tuple[str, ...]], second: Mapping[str, tuple[str, ...]]) -> None:
        self.first, self.second = first, second
        self.known: dict[str, tuple[str, ...]] = {}

    def __getitem__(self, word: str) -> tuple[str, ...]:
        if word not in self.known:
            every = (other for middle in self.first[word] for other in self.second.get(middle.lower(), ()))
            self.known[word] = tuple(dict.fromkeys(other for other in every if other.lower() != word))
        if not self.known[word]:
            raise KeyError(word)
        return self.known[word]

    def __iter__(self) -> Iterator[str]:
        return (word for word in self.first if word in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)
