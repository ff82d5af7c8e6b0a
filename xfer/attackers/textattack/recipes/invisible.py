"""Changes that no reader sees (Boucher et al. 2022, section 3): look-alikes, letters of no width, deletions that
undo themselves, letters put in another order and back.

Each is a function of a field, a place and a choice; what a search moves is a vector of places and choices over all
letters of the columns that may change. Importing this module imports TextAttack.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from xfer.attackers.textattack import load
from xfer.attackers.textattack.text import SpanText
from xfer.text.lookalikes import homoglyph_table

_swaps: Any = load.load_textattack().transformations
_ZERO_WIDTH = ("\u200b", "\u200c", "\u200d")
_BACKSPACE = "\b"
_PRINTABLE = (ord("!"), ord("~"))
# The two letters inside these stand on the screen in the reverse order (Boucher et al. 2022, appendix A).
_LRO, _RLO, _PDF, _LRI, _PDI = "\u202d", "\u202e", "\u202c", "\u2066", "\u2069"
LetterPlace = tuple[int, int]  # column, character
EditLocation = tuple[Any, ...]  # a LetterPlace, and what a kind of change adds


class _Unseen(_swaps.word_swaps.word_swap_differential_evolution.WordSwapDifferentialEvolution):
    """A vector of a place (-1: leave it) and, in some, a choice for each change."""

    choices: tuple[int, int] | None = None  # bounds of a choice, both included

    def __init__(self, protected: Collection[int] = ()) -> None:
        super().__init__()
        self.protected = frozenset(protected)

    def edit_places(self, text: SpanText) -> list[EditLocation]:
        """Where a change can be: the letters of all words that no one has frozen."""
        frozen = text.frozen
        placed = enumerate(text.placed())
        free = [word for i, word in placed if i not in frozen and word.column not in self.protected]
        return [(word.column, position) for word in free for position in range(word.start, word.end)]

    def place_edit(self, location: EditLocation, choice: int, field: str) -> tuple[int, int, str]:
        """The stretch of the field that gives way, and to what."""
        raise NotImplementedError

    def get_bounds_and_precomputed(
        self, current_text: SpanText, max_perturbs: int
    ) -> tuple[list[tuple[int, int]], list[EditLocation]]:
        """The bounds of the vector, none where no letter can change, and the places."""
        places = self.edit_places(current_text)
        bounds = [(-1, len(places) - 1)] + ([self.choices] if self.choices else [])
        return (bounds * max_perturbs if places else []), places

    def apply_perturbation(
        self, current_text: SpanText, perturbation_vector: Sequence[float], precomputed: Sequence[EditLocation]
    ) -> SpanText:
        """The text with all changes made; of two at one place the first counts."""
        numbers = np.rint(np.asarray(perturbation_vector, dtype=np.float64)).astype(int)
        step = 2 if self.choices else 1
        edits: dict[LetterPlace, tuple[int, int, str]] = {}
        for number, choice in zip(numbers[::step], numbers[1::2] if self.choices else numbers, strict=True):
            if number >= 0:
                location = precomputed[number]
                new = self.place_edit(location, int(choice), current_text.fields[location[0]])
                if not any(_edits_clash(location[0], new, column, edit) for (column, _), edit in edits.items()):
                    edits[location[0], new[0]] = new
        return _apply_edits(current_text, edits, self)


def _edits_clash(column: int, edit: tuple[int, int, str], other_column: int, other: tuple[int, int, str]) -> bool:
    """If two edits fall on the same letters, or begin at the same place."""
    return column == other_column and (edit[0] == other[0] or (edit[0] < other[1] and other[0] < edit[1]))


def _apply_edits(text: SpanText, edits: dict[LetterPlace, tuple[int, int, str]], by: Any) -> SpanText:
    """A text with stretches of its words replaced, each word as a whole."""
    words: dict[int, str] = {}
    for number, word in enumerate(text.placed()):
        word_edits = {at: edit for at, edit in edits.items() if at[0] == word.column and word.start <= at[1] < word.end}
        new, field = text.words[number], text.fields[word.column]
        for _, (start, end, put) in sorted(word_edits.items(), reverse=True):
            end = min(end, word.end)
            new = new[: start - word.start] + put + new[end - word.start :]
        if new != field[word.start : word.end]:
            words[number] = new
    changed = text.replace_words_at_indices(list(words), list(words.values()))
    changed.attack_attrs["last_transformation"] = by
    return changed


class HomoglyphSwap(_Unseen):
    """A letter gives way to one of the same shape."""

    def edit_places(self, text: SpanText) -> list[EditLocation]:
        same = homoglyph_table()
        return [
            (column, position, other)
            for column, position in super().edit_places(text)
            for other in same.get(text.fields[column][position], "")
        ]

    def place_edit(self, location: EditLocation, choice: int, field: str) -> tuple[int, int, str]:
        return location[1], location[1] + 1, location[2]


class ZeroWidth(_Unseen):
    """A letter of no width comes before a letter."""

    choices = (0, len(_ZERO_WIDTH) - 1)

    def place_edit(self, location: EditLocation, choice: int, field: str) -> tuple[int, int, str]:
        return location[1], location[1], _ZERO_WIDTH[choice]


class Deletions(_Unseen):
    """A letter comes before a letter, and a backspace that takes it away."""

    choices = _PRINTABLE

    def place_edit(self, location: EditLocation, choice: int, field: str) -> tuple[int, int, str]:
        return location[1], location[1], f"{chr(choice)}{_BACKSPACE}"


class Reorderings(_Unseen):
    """Two neighbouring letters of a word are swapped, and signs of direction that show them as they were."""

    def edit_places(self, text: SpanText) -> list[EditLocation]:
        free = set(super().edit_places(text))
        return [(column, position) for column, position in sorted(free) if (column, position + 1) in free]

    def place_edit(self, location: EditLocation, choice: int, field: str) -> tuple[int, int, str]:
        first, second = field[location[1] + 1], field[location[1]]
        shown = f"{_LRI}{first}{_PDI}{_LRI}{second}{_PDI}"
        return location[1], location[1] + 2, f"{_LRO}{_LRI}{_RLO}{shown}{_PDF}{_PDI}{_PDF}"


PERTURBATIONS: dict[str, Any] = {
    "homoglyphs": HomoglyphSwap,
    "invisible": ZeroWidth,
    "deletions": Deletions,
    "reorderings": Reorderings,
}
