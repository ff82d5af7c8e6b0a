"""Rows changed anew each time they are drawn into a batch: the units of a batch, read again from the changed rows.

What becomes of a row follows from (seed, task, language, id, number of the batch, how often the batch has it), and from
neither processes nor the order of calls.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import numpy as np

from xfer.core.seeds import derive, stream
from xfer.forms.base import Form, Rows, Tensors, encode
from xfer.forms.pieces import Piece, join, select
from xfer.trainers.augmenting import Augment, Consistency
from xfer.trainers.batches.alignment import ALIGNED, Edits, Read, places_of
from xfer.trainers.distributed import Ranks
from xfer.trainers.losses.objective import as_view

Row = dict[str, Any]


class Augmented(NamedTuple):
    """What changes the rows of a task: steps with what each attacker knows, and the language that queries have.

    With ``consistency`` the rows stay as they are, and what they would become is a view beside them.
    """

    steps: tuple[tuple[Augment, Any], ...]
    spoken: str | None = None
    consistency: Consistency | None = None


class Change(NamedTuple):
    """One row as it is drawn now: its text changed, its subwords drawn from ``cut`` if that is set."""

    row: Row
    edits: tuple[Edits, ...]  # of each step that changed the text
    cut: tuple[Any, ...] | None  # settings and names of the draw


class View(NamedTuple):
    """The units of a batch from changed rows, in order, and of each the places of its parts (see alignment)."""

    piece: Piece
    places: list[np.ndarray]


class Views:
    """Makes the views of one task's batches. ``encoded`` are its units as the form's ``training`` gave them."""

    def __init__(
        self, name: str, form: Form, rows: Rows, units: Piece, tokenizer: Any, longest: int, about: Augmented, seed: int
    ) -> None:
        self.name, self.form, self.rows, self.units, self.seed = name, form, rows, units, seed
        self.tokenizer, self.longest, self.about = tokenizer, longest, about
        kept = units.encoded.kept
        self.row_of: np.ndarray = kept.get("row", np.arange(len(units.encoded.lengths)))
        firsts = np.unique(self.row_of, return_index=True)
        self.first = dict(zip(firsts[0].tolist(), firsts[1].tolist(), strict=True))
        self.texts = _texts(rows) if form.name == "retrieve" else []
        self.cutter: Any = None
        if any(step.subwords for step, _ in about.steps):
            from xfer.models.subwords import Cutter  # late: only this option needs it

            self.cutter = Cutter(tokenizer)

    def batch(self, number: int, index: np.ndarray, ranks: Ranks, whole: bool) -> tuple[Tensors, Tensors]:
        """This process's part of batch ``number``, units ``index``, and what it must know of the whole of it."""
        form, consistency, view = self.form, self.about.consistency, self.draw(number, index)
        piece = select(self.units.encoded, self.units.targets, index) if consistency else view.piece

        def make(own: np.ndarray) -> Tensors:
            seeds = [derive("mask", self.seed, number, int(i)) for i in index[own]] if form.name == "mask" else None
            made = form.batch(piece.encoded, piece.targets, own, self.tokenizer, seeds)
            return made | (self._beside(view, own, made) if consistency else {})

        return ranks.share(make, piece.encoded, np.arange(len(index)), number if whole else None)

    def _beside(self, view: View, own: np.ndarray, rows: Tensors) -> Tensors:
        made = self.form.batch(view.piece.encoded, view.piece.targets, own, self.tokenizer)
        if view.places:
            made["places"] = places_of([view.places[i] for i in own], made, rows)
        return as_view(made)

    def draw(self, number: int, index: np.ndarray) -> View:
        """The units ``index`` of batch ``number``, and where their parts stand there if a view needs to know."""
        seen: Counter[int] = Counter()
        pieces: list[Piece] = []
        found: list[np.ndarray] = []
        for unit in index.tolist():
            change = self.change(int(self.row_of[unit]), number, seen[unit])
            seen[unit] += 1
            piece, view = self._read(unit, change)
            pieces.append(piece)
            if self.about.consistency and self.form.name in ALIGNED:
                row = {name: values[int(self.row_of[unit])] for name, values in self.rows.items()}
                align = ALIGNED[self.form.name]
                found.append(align(row, change.row, change.edits, self._own(unit)[1], view))
        return View(join(pieces), found)

    def change(self, number: int, batch: int, turn: int) -> Change:
        """Row ``number`` as batch ``batch`` has it for the ``turn``-th time."""
        row = {name: values[number] for name, values in self.rows.items()}
        names = ("augment", self.seed, self.name, row["language"], row["id"], batch, turn)
        edits, cut = list[Edits](), None
        for place, (step, known) in enumerate(self.about.steps):
            if stream(*names, place).random() >= step.share:
                continue
            if step.subwords:
                cut = (step.subwords, *names, place)
            else:
                row, done = self._attacked(row, step, known, derive(*names, place, "text"))
                edits += [done] if done else []
        return Change(row, tuple(edits), cut)

    def _attacked(self, row: Row, step: Augment, known: Any, seed: int) -> tuple[Row, Edits]:
        own: Any = step.attacker
        attacker = own.model_copy(update={"seed": derive(own.seed, seed)})
        spoken = row | {"language": self.about.spoken or row["language"]}
        changed, edits = attacker.change(spoken, self.form.name, known)
        if changed is None or not edits:  # a label that cannot follow leaves the row as it was
            return row, []
        return changed | {"language": row["language"]}, edits

    def _own(self, unit: int) -> tuple[Piece, Read]:
        """A unit as it is."""
        encoded = self.units.encoded
        piece = select(encoded, self.units.targets, np.array([unit]))
        begin = encoded.kept.get("begin")
        if begin is None:
            return piece, Read(piece.encoded)
        word, first = encoded.kept["word"], begin[self.first[int(self.row_of[unit])]]
        return piece, Read(piece.encoded, word[begin[unit] : begin[unit + 1]] - word[first])

    def _read(self, unit: int, change: Change) -> tuple[Piece, Read]:
        """The unit from the changed row: of several windows the one of the same number, or the last."""
        if not (change.edits or change.cut):
            return self._own(unit)
        tokenizer = self.tokenizer
        if change.cut:
            from xfer.models.subwords import Drawn  # late: only this option needs it

            tokenizer = Drawn(self.cutter, *change.cut)
        if self.form.name == "retrieve":
            piece = self._pair(unit, change.row, tokenizer)
            return piece, Read(piece.encoded)
        rows = {name: [value] for name, value in change.row.items()}
        found = self.form.training(rows, tokenizer, self.longest)
        place = min(unit - self.first[int(self.row_of[unit])], len(found.lengths) - 1)
        piece, begin = select(found, self.form.targets(rows), np.array([place])), found.kept.get("begin")
        words = None if begin is None else found.kept["word"][begin[place] : begin[place + 1]]
        return piece, Read(piece.encoded, words)

    def _pair(self, unit: int, row: Row, tokenizer: Any) -> Piece:
        """A query as it is now, and its candidate; that it is the same query is known by the numbers of the texts."""
        own = select(self.units.encoded, self.units.targets, np.array([unit]))
        text, pair = self.texts[int(own.encoded.kept["candidate"][0])]
        found = encode(tokenizer, [row["text"], text], [row["pair"], pair], self.longest)
        return Piece(found._replace(kept=own.encoded.kept, groups=np.array([0, 2])), own.targets)


def _texts(rows: Rows) -> list[tuple[str, Any]]:
    """The different texts of retrieval in the order in which ``Retrieve.training`` numbers them."""
    return list(dict.fromkeys(zip(rows["text"], rows["pair"], strict=True)))
