"""Changes that a careful reader would not mind (Ribeiro et al. 2020, CheckList): contractions, names, places, numbers.

Importing this module imports TextAttack.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

from xfer.attackers.lexicons.names import MAX_NAME_WORDS, Names, kind_by_name
from xfer.attackers.textattack import load
from xfer.attackers.textattack.text import SpanText

_textattack: Any = load.load_textattack()
_swaps: Any = _textattack.transformations
_EXTENSIONS: dict[str, str] = _textattack.shared.data.EXTENSION_MAP
_CONTRACTIONS = {long: short for short, long in _EXTENSIONS.items()}
VARIANT_COUNT = 3  # new names or numbers for each that is found
_UNITS = {
    name: value
    for value, name in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen".split()
    )
} | {name: 10 * value for value, name in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}


class _WordRuns(_swaps.WordSwap):
    """Runs of neighbouring words of one column that give way to others."""

    def replaced(self, text: SpanText, start: int, count: int, new: str) -> SpanText:
        """``count`` words from ``start`` on give way to ``new``."""
        shorter = text
        for index in range(start + count - 1, start, -1):
            shorter = shorter.delete_word_at_index(index)
        return shorter.replace_word_at_index(start, new)

    def runs(self, text: SpanText, free: Iterable[int], longest: int) -> Iterator[tuple[int, int, str]]:
        """(start, number of words, the words with a space between two), longer ones first."""
        allowed, columns, words = set(map(int, free)), text.word_columns, text.words
        for start in sorted(allowed):
            for count in range(longest, 0, -1):
                inside = range(start, start + count)
                if set(inside) <= allowed and columns[start] == columns[start + count - 1]:
                    yield start, count, " ".join(words[start : start + count])


class Extend(_WordRuns):
    """A contraction is written out (don't -> do not)."""

    def _get_transformations(self, current_text: SpanText, indices_to_modify: Iterable[int]) -> list[SpanText]:
        return [
            self.replaced(current_text, start, 1, _EXTENSIONS[word])
            for start, _, word in self.runs(current_text, indices_to_modify, 1)
            if word in _EXTENSIONS
        ]


class Contract(_WordRuns):
    """Two words are contracted (do not -> don't)."""

    def _get_transformations(self, current_text: SpanText, indices_to_modify: Iterable[int]) -> list[SpanText]:
        return [
            self.replaced(current_text, start, 2, _CONTRACTIONS[words])
            for start, count, words in self.runs(current_text, indices_to_modify, 2)
            if count == 2 and words in _CONTRACTIONS
        ]


class ChangeNames(_WordRuns):
    """A known name gives way to others of its kind, in all places where it stands."""

    deterministic = False

    def __init__(self, names: Names) -> None:
        super().__init__()
        self.names, self.kinds = names, kind_by_name(tuple(sorted(names.items())))

    def _get_transformations(self, current_text: SpanText, indices_to_modify: Iterable[int]) -> list[SpanText]:
        candidates, covered = [], set[int]()
        for start, count, name in self.runs(current_text, indices_to_modify, MAX_NAME_WORDS):
            kind = self.kinds.get(name)
            if kind is None or start in covered or len(self.names[kind]) < 2:
                continue
            covered |= set(range(start, start + count))
            others = random.sample(self.names[kind], min(VARIANT_COUNT + 1, len(self.names[kind])))
            new = [other for other in others if other != name][:VARIANT_COUNT]
            candidates += [self.replaced(current_text, start, count, other) for other in new]
        return candidates


class ChangeNumbers(_WordRuns):
    """A number gives way to others up to twice as large: digits keep their script, English words stay words."""

    deterministic = False

    def _get_transformations(self, current_text: SpanText, indices_to_modify: Iterable[int]) -> list[SpanText]:
        candidates, covered = [], set[int]()
        for start, count, words in self.runs(current_text, indices_to_modify, 6):
            value = _number_value(words)
            if value is None or start in covered:
                continue
            covered |= set(range(start, start + count))
            # 0, 2 and 4 stay, as upstream has it: they stand in words and idioms
            for new in _other_numbers(value) if value not in (0, 2, 4) else ():
                written = _number_digits(new, words) if count == 1 and words[0].isdecimal() else _number_words(new)
                candidates.append(self.replaced(current_text, start, count, written))
        return candidates


def _number_value(words: str) -> int | None:
    """The number that digits, or English number words and nothing else, stand for."""
    if words.isdecimal():
        return int(words)
    total, group, seen = 0, 0, False
    for word in words.lower().replace("-", " ").split():
        if word in _UNITS:
            group, seen = group + _UNITS[word], True
        elif word == "hundred" and seen:
            group *= 100
        elif word in _SCALES and seen:
            total, group = total + group * _SCALES[word], 0
        else:
            return None
    return total + group if seen else None


def _other_numbers(value: int) -> list[int]:
    """Random numbers from 1 to twice the value, none the value itself."""
    drawn = [random.randint(1, 2 * value + 1) for _ in range(VARIANT_COUNT)]
    return list(dict.fromkeys(number for number in drawn if number != value))


def _number_digits(number: int, like: str) -> str:
    """A number in the digits of another."""
    zero = ord(like[0]) - unicodedata.decimal(like[0])
    return "".join(chr(zero + int(digit)) for digit in str(number))


def _number_words(number: int) -> str:
    """An English number in words."""
    names = {value: name for name, value in _UNITS.items()}
    for name, scale in reversed(_SCALES.items()):
        if number >= scale:
            rest = f" {_number_words(number % scale)}" if number % scale else ""
            return f"{_number_words(number // scale)} {name}{rest}"
    if number in names:
        return names[number]
    return f"{names[number // 10 * 10]}-{names[number % 10]}"


def packaged_names() -> Names:
    """The English names that come with TextAttack."""
    people, places = _textattack.shared.data.PERSON_NAMES, _textattack.shared.data.NAMED_ENTITIES
    lists = {"city": places["city"], "country": places["country"], "nationality": places["nationality"]}
    return {kind: tuple(dict.fromkeys(names)) for kind, names in (lists | {"first": people["first"]}).items()}
