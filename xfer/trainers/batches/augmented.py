"""Rows changed anew each time they are drawn into a batch: the units of a batch, read again from the changed rows.

What becomes of a row follows from (seed, task, language, id, number of the batch, how often the batch has it), and from
neither processes nor the order of calls.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import numpy as np
import torch

from xfer.core.seeds import derive_seed, seeded_random
from xfer.forms.base import Columns, Form, Tensors, encode_texts
from xfer.forms.pieces import UnitSelection, join_units, select_units
from xfer.trainers.augmenting import Augment
from xfer.trainers.batches.alignment import AlignmentUnit, EditRecords, compose_places, stack_places, unit_aligner
from xfer.trainers.batches.views import as_view
from xfer.trainers.distributed import Processes
from xfer.trainers.losses.consistency import Consistency

TrainingRow = dict[str, Any]


class Augmentation(NamedTuple):
    """What changes the rows of a task: steps with what each attacker knows, and the language that queries have.

    With ``consistency`` the rows stay as they are, and what they would become is a view beside them.
    """

    steps: tuple[tuple[Augment, Any], ...]
    spoken: str | None = None
    consistency: Consistency | None = None


class AugmentedRow(NamedTuple):
    """One row as it is drawn now: its text changed, its subwords drawn from ``cut`` if that is set."""

    row: TrainingRow
    edits: tuple[EditRecords, ...]  # of each step that changed the text
    cut: tuple[Any, ...] | None  # settings and names of the draw


class BatchView(NamedTuple):
    """The units of a batch from changed rows, in order, and where the parts of the rows' own units stand in each."""

    piece: UnitSelection
    places: list[np.ndarray]
    sizes: list[int]  # how many parts each unit has

    @property
    def aligned(self) -> int:
        """How many parts of the batch have a counterpart."""
        return sum(int((places >= 0).sum()) for places in self.places)


class Augmenter:
    """Makes the views of one task's batches. ``encoded`` are its units as the form's ``training`` gave them."""

    def __init__(
        self,
        name: str,
        form: Form,
        rows: Columns,
        units: UnitSelection,
        tokenizer: Any,
        max_length: int,
        augmentation: Augmentation,
        seed: int,
    ) -> None:
        self.name, self.form, self.rows, self.units, self.seed = name, form, rows, units, seed
        self.tokenizer, self.longest, self.about = tokenizer, max_length, augmentation
        kept = units.encoded.kept
        self.row_of: np.ndarray = kept.get("row", np.arange(len(units.encoded.lengths)))
        firsts = np.unique(self.row_of, return_index=True)
        self.first = dict(zip(firsts[0].tolist(), firsts[1].tolist(), strict=True))
        self.texts = _distinct_texts(rows) if form.facts.searches_pool else []
        self.cutter: Any = None
        if any(step.subwords for step, _ in augmentation.steps):
            from xfer.models.subwords import Cutter  # late: only this option needs it

            self.cutter = Cutter(tokenizer)

    def batch(self, number: int, index: np.ndarray, processes: Processes, batchwise: bool) -> tuple[Tensors, Tensors]:
        """This process's part of batch ``number``, units ``index`` [n], and what it must know of the whole of it.

        Shapes are those of the form's ``build_batch``.
        """
        drawn = self.draw(number, index)
        if self.about.consistency is None:
            return self._share(number, index, drawn.piece, None, processes, batchwise)
        rows = select_units(self.units.encoded, self.units.targets, index)
        return self._share(number, index, rows, drawn, processes, batchwise)

    def copy_batch(
        self, number: int, index: np.ndarray, processes: Processes, batchwise: bool
    ) -> tuple[Tensors, Tensors]:
        """The same as ``batch`` of augmented copies of the units ``index`` [units]: ``input_ids`` [sequences, length].

        The view of a copy is another draw from the row itself.
        """
        copies, views = self.draw(number, index, "copy"), self.draw(number, index, "view of copy")
        pairs = zip(copies.places, views.places, copies.sizes, strict=True) if copies.places else ()
        views = views._replace(places=[compose_places(*pair) for pair in pairs])
        return self._share(number, index, copies.piece, views, processes, batchwise)

    def _share(
        self,
        number: int,
        index: np.ndarray,
        piece: UnitSelection,
        view: BatchView | None,
        processes: Processes,
        batchwise: bool,
    ) -> tuple[Tensors, Tensors]:
        """This process's part of the units ``piece`` of a batch ``index`` [units], with their view if there is one.

        ``input_ids`` is [sequences, length]; of tagged words ``aligned`` [] counts those that stand in both.
        """
        form = self.form

        def make(positions: np.ndarray) -> Tensors:
            seeds = (
                [derive_seed("mask", self.seed, number, int(i)) for i in index[positions]]
                if form.facts.masks_text
                else None
            )
            tensors = form.build_batch(piece.encoded, piece.targets, positions, self.tokenizer, seeds)
            return tensors | (self._view_tensors(view, positions, tensors) if view else {})

        tensors, context = processes.share(make, piece.encoded, np.arange(len(index)), number if batchwise else None)
        words = form.facts.tags_words and view  # a batch's mean is over the words that have a counterpart
        return tensors, context | ({"aligned": torch.tensor(words.aligned)} if words else {})

    def _view_tensors(self, view: BatchView, positions: np.ndarray, rows: Tensors) -> Tensors:
        """The view of the units at ``positions`` [units], under a view's names: ``input_ids`` [sequences, length].

        ``places`` is what ``stack_places`` gives: [words], or [units, 2, subwords].
        """
        tensors = self.form.build_batch(view.piece.encoded, view.piece.targets, positions, self.tokenizer)
        if view.places:
            tensors["places"] = stack_places([view.places[i] for i in positions], tensors, rows)
        return as_view(tensors)

    def draw(self, number: int, index: np.ndarray, *role: str) -> BatchView:
        """The units ``index`` [units] of batch ``number``, and where their parts stand there if a view needs to know.

        Each ``role`` is a draw of its own.
        """
        draw_counts: Counter[int] = Counter()
        pieces: list[UnitSelection] = []
        places: list[np.ndarray] = []
        sizes: list[int] = []
        for unit in index.tolist():
            change = self.change(int(self.row_of[unit]), number, draw_counts[unit], *role)
            draw_counts[unit] += 1
            piece, view = self._read(unit, change)
            pieces.append(piece)
            if self.about.consistency and (align := unit_aligner(self.form.facts)):
                row = {name: values[int(self.row_of[unit])] for name, values in self.rows.items()}
                places.append(align(row, change.row, change.edits, self._own(unit)[1], view))
                sizes.append(len(view.unit.ids if view.words is None else view.words))
        return BatchView(join_units(pieces), places, sizes)

    def change(self, number: int, batch: int, turn: int, *role: str) -> AugmentedRow:
        """Row ``number`` as batch ``batch`` has it for the ``turn``-th time."""
        row = {name: values[number] for name, values in self.rows.items()}
        names = ("augment", self.seed, self.name, row["language"], row["id"], batch, turn, *role)
        edits, sampling = list[EditRecords](), None
        for step_index, (step, knowledge) in enumerate(self.about.steps):
            if seeded_random(*names, step_index).random() >= step.share:
                continue
            if step.subwords:
                sampling = (step.subwords, *names, step_index)
            else:
                row, step_edits = self._attacked(row, step, knowledge, derive_seed(*names, step_index, "text"))
                edits += [step_edits] if step_edits else []
        return AugmentedRow(row, tuple(edits), sampling)

    def _attacked(self, row: TrainingRow, step: Augment, knowledge: Any, seed: int) -> tuple[TrainingRow, EditRecords]:
        configured: Any = step.attacker
        attacker = configured.model_copy(update={"seed": derive_seed(configured.seed, seed)})
        query_row = row | {"language": self.about.spoken or row["language"]}
        changed, edits = attacker.change(query_row, self.form.name, knowledge)
        if changed is None or not edits:  # a label that cannot follow leaves the row as it was
            return row, []
        return changed | {"language": row["language"]}, edits

    def _own(self, unit: int) -> tuple[UnitSelection, AlignmentUnit]:
        """A unit as it is."""
        encoded = self.units.encoded
        piece = select_units(encoded, self.units.targets, np.array([unit]))
        begin = encoded.kept.get("begin")
        if begin is None:
            return piece, AlignmentUnit(piece.encoded)
        word, first = encoded.kept["word"], begin[self.first[int(self.row_of[unit])]]
        return piece, AlignmentUnit(piece.encoded, word[begin[unit] : begin[unit + 1]] - word[first])

    def _read(self, unit: int, change: AugmentedRow) -> tuple[UnitSelection, AlignmentUnit]:
        """The unit from the changed row: of several windows the one of the same number, or the last."""
        if not (change.edits or change.cut):
            return self._own(unit)
        tokenizer = self.tokenizer
        if change.cut:
            from xfer.models.subwords import SamplingTokenizer  # late: only this option needs it

            tokenizer = SamplingTokenizer(self.cutter, *change.cut)
        if self.form.facts.searches_pool:
            piece = self._pair(unit, change.row, tokenizer)
            return piece, AlignmentUnit(piece.encoded)
        rows = {name: [value] for name, value in change.row.items()}
        encoded = self.form.encode_training(rows, tokenizer, self.longest)
        window = min(unit - self.first[int(self.row_of[unit])], len(encoded.lengths) - 1)
        piece, begin = (
            select_units(encoded, self.form.loss_targets(rows), np.array([window])),
            encoded.kept.get("begin"),
        )
        words = None if begin is None else encoded.kept["word"][begin[window] : begin[window + 1]]
        return piece, AlignmentUnit(piece.encoded, words)

    def _pair(self, unit: int, row: TrainingRow, tokenizer: Any) -> UnitSelection:
        """A query as it is now, and its candidate; that it is the same query is known by the numbers of the texts."""
        clean_unit = select_units(self.units.encoded, self.units.targets, np.array([unit]))
        text, pair = self.texts[int(clean_unit.encoded.kept["candidate"][0])]
        encoded = encode_texts(tokenizer, [row["text"], text], [row["pair"], pair], self.longest)
        return UnitSelection(
            encoded._replace(kept=clean_unit.encoded.kept, groups=np.array([0, 2])), clean_unit.targets
        )


def _distinct_texts(rows: Columns) -> list[tuple[str, Any]]:
    """The different texts of retrieval in the order in which ``Retrieve.training`` numbers them."""
    return list(dict.fromkeys(zip(rows["text"], rows["pair"], strict=True)))
