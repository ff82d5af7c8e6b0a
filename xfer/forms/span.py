"""``span``: the answer to a question is a piece of a context (Rajpurkar et al. 2016, 2018).

Long contexts are read in windows that overlap. A unit is a window; ``decode`` puts the windows of a row together
(Devlin et al. 2019, section 4.2; windows and maximal context as in their ``run_squad.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch
from scipy.special import softmax

from xfer.core.errors import BadRow, MissingPart
from xfer.forms.base import (
    Columns,
    EncodedUnits,
    Form,
    MetricRatios,
    Tensors,
    TextTokenizer,
    UnitSeeds,
    by_language,
    pad_batch,
)
from xfer.forms.sheet import SPAN, FormFacts
from xfer.forms.windows import ContextWindow, PairFrame, context_subwords, cut_windows, first_answer
from xfer.metrics import qa

LOWEST = torch.finfo(torch.float32).min


class SpanForm(Form):
    """Columns id, language, text (the context), pair (the question), answers, starts (in code points).

    Any of ``answers`` is right. Both lists empty: the context holds no answer; None: the answer is withheld.
    Stride and question are cut down where ``max_length`` has no room for them. The credit of a row is its F1.
    """

    facts: ClassVar[FormFacts] = SPAN
    auto: ClassVar[str] = "AutoModelForQuestionAnswering"
    credited: ClassVar[str] = "f1"

    def __init__(
        self,
        labels: Sequence[str] = (),
        rules: str = "squad",  # of scoring: squad, squad_v2 (which lets the system answer nothing) or mlqa
        stride: int = 128,  # subwords from one window to the next
        question: int = 64,  # longest question in subwords
        longest: int = 30,  # longest answer in subwords
        best: int = 20,  # answers that are kept of each window
        threshold: float = 0.0,  # how far the score of no answer must lie above the best answer's
    ) -> None:
        super().__init__(labels)
        self.rules, self.stride, self.question = rules, stride, question
        self.longest, self.best, self.threshold = longest, best, threshold

    def head_config(self) -> dict[str, Any]:
        return {"num_labels": 2, "id2label": {0: "start", 1: "end"}, "label2id": {"start": 0, "end": 1}}

    def check_row(self, row: dict[str, Any], source: str, number: int) -> None:
        super().check_row(row, source, number)
        if not isinstance(row["pair"], str) or not row["pair"].strip():
            raise BadRow(source, number, f"row {row['id']} has no question")
        answers, starts = row["answers"], row["starts"]
        if (answers is None) != (starts is None) or (answers is not None and len(answers) != len(starts)):
            raise BadRow(source, number, f"row {row['id']} has not one start for each answer")
        for answer, start in zip(answers or (), starts or (), strict=True):
            if start < 0 or not answer or not row["text"].startswith(answer, start):
                raise BadRow(source, number, f"row {row['id']}: the answer '{answer}' does not stand at {start}")

    def encode(self, rows: Columns, tokenizer: TextTokenizer, max_length: int) -> EncodedUnits:
        """Windows of all rows. ``kept``: each window's ``row``, its ``offsets`` (characters of its context's
        subwords, [subwords, 2]), its ``places`` (context from, to; from, to of the subwords that have more context
        here than in any other window) and its ``targets`` (first and last subword of the answer, or 0, 0)."""
        frame = PairFrame.from_tokenizer(tokenizer)
        room = max_length - frame.special_count
        if room < 2:
            raise MissingPart(f"max_length is {max_length}, which leaves no room for a question and a context")
        questions = [ids[: min(self.question, room // 2)] for ids, _ in context_subwords(tokenizer, rows["pair"])]
        contexts = context_subwords(tokenizer, rows["text"])
        parts: list[ContextWindow] = []
        for row, (question, (ids, offsets)) in enumerate(zip(questions, contexts, strict=True)):
            answer = first_answer(rows, row, offsets)
            parts += cut_windows(row, frame, question, ids, offsets, answer, room - len(question), self.stride)
        lengths = [len(window.ids) for window in parts]
        starts = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int64)
        types = (
            [frame.segment_ids(window.places[0], window.places[1], len(window.ids)) for window in parts]
            if frame.segments
            else []
        )
        kept = {
            "row": np.array([window.row for window in parts], dtype=np.int64),
            "offsets": [window.offsets for window in parts],
            "places": np.array([window.places for window in parts], dtype=np.int64).reshape(-1, 4),
            "targets": np.array([window.target for window in parts], dtype=np.int64).reshape(-1, 2),
        }
        joined = np.concatenate([window.ids for window in parts]) if parts else np.zeros(0, dtype=np.int32)
        return EncodedUnits(joined, starts, np.concatenate(types) if types else None, kept)

    def build_batch(
        self,
        encoded: EncodedUnits,
        targets: np.ndarray,
        index: np.ndarray,
        tokenizer: TextTokenizer,
        seeds: UnitSeeds = None,
    ) -> Tensors:
        """``input_ids`` [windows, length], ``labels`` [windows, 2], ``places`` [windows, 4]."""
        arrays = pad_batch(encoded, index, tokenizer.pad_token_id)
        arrays |= {"labels": encoded.kept["targets"][index], "places": encoded.kept["places"][index]}
        return {name: torch.from_numpy(array) for name, array in arrays.items()}

    def unit_losses(self, logits: torch.Tensor, batch: Tensors) -> torch.Tensor:
        """The mean cross-entropy of both ends of the answer, from logits [windows, subwords, 2], shape [windows]."""
        scores = _unpadded(logits, batch)
        both = torch.nn.functional.cross_entropy(scores, batch["labels"], reduction="none")
        return both.mean(1)

    def log_probabilities(self, logits: torch.Tensor, batch: Tensors) -> torch.Tensor:
        """Of the first and the last subword, [windows, 2, subwords]."""
        return _unpadded(logits, batch).transpose(1, 2).log_softmax(-1)

    def unit_answers(self, logits: torch.Tensor, batch: Tensors) -> dict[str, np.ndarray]:
        """The best (first, last) subwords of each window [windows, best, 2] with their scores [windows, best], and the
        score of no answer [windows], from logits [windows, subwords, 2].

        All pairs are compared, not only those of the best starts with the best ends.
        """
        start, end = logits.float().unbind(-1)
        width = min(self.longest, start.shape[1])
        position = torch.arange(start.shape[1], device=start.device)
        first, past, own_first, own_past = (column.unsqueeze(1) for column in batch["places"].unbind(1))
        start_ok, end_ok = (position >= own_first) & (position < own_past), (position >= first) & (position < past)
        ends = torch.nn.functional.pad(end.masked_fill(~end_ok, LOWEST), (0, width - 1), value=LOWEST)
        scores = start.masked_fill(~start_ok, LOWEST).unsqueeze(2) + ends.unfold(1, width, 1)
        scores = scores.flatten(1)
        value, where = scores.topk(min(self.best, scores.shape[1]), dim=1)
        spans = torch.stack([where // width, where // width + where % width], 2)
        spans = torch.nn.functional.pad(spans, (0, 0, 0, self.best - spans.shape[1]))
        value = torch.nn.functional.pad(value, (0, self.best - value.shape[1]), value=LOWEST)
        null = start[:, 0] + end[:, 0]
        arrays = {"spans": spans.int(), "scores": value.clamp(min=LOWEST), "null": null}
        return {name: tensor.cpu().numpy() for name, tensor in arrays.items()}

    def decode(self, answers: dict[str, Any], rows: Columns) -> Columns:
        windows: list[list[int]] = [[] for _ in rows["id"]]
        for unit, row in enumerate(answers["row"]):
            windows[row].append(unit)
        best_answers = [self._row(answers, units, rows["text"][row]) for row, units in enumerate(windows)]
        kept = {"id": rows["id"], "language": rows["language"], "gold": rows["answers"]}
        kept["predicted"] = [answer.text for answer in best_answers]
        kept |= {"score": [answer.probability for answer in best_answers]}
        if self.rules == "squad_v2":
            kept["null"] = [answer.null for answer in best_answers]
        return kept | {"credit": self._credit(kept)}

    def _row(self, answers: dict[str, Any], units: list[int], text: str) -> _Answer:
        """The best answer over all windows of a row. The score of no answer is the lowest of any window."""
        candidates = []
        for unit in units:
            offsets, first = answers["offsets"][unit], int(answers["places"][unit][0])
            for (start, end), score in zip(answers["spans"][unit], answers["scores"][unit], strict=True):
                if score > LOWEST / 2:  # a sum with a place that may not be chosen
                    candidates.append((float(score), int(offsets[start - first, 0]), int(offsets[end - first, 1])))
        null = float(min(answers["null"][units]))
        candidates = sorted(candidates, key=lambda found: (-found[0], found[1:]))[: self.best]
        nothing = self.rules == "squad_v2"
        if not candidates:
            return _Answer("", 1.0 if nothing else 0.0, 0.0)
        scores = np.array([score for score, _, _ in candidates] + ([null] if nothing else []))
        shares = softmax(scores)
        best, start, end = candidates[0]
        if nothing and null - best > self.threshold:
            return _Answer("", float(shares[-1]), null - best)
        return _Answer(text[start:end].strip(), float(shares[0]), null - best)

    def score(self, predictions: Columns) -> dict[str, float]:
        gold, predicted = predictions["gold"], predictions["predicted"]
        if self.rules == "mlqa":
            return qa.score_mlqa(gold, predicted, predictions["language"][0])
        return qa.score_squad_v2(gold, predicted) if self.rules == "squad_v2" else qa.score_squad(gold, predicted)

    def metric_ratios(self, predictions: Columns) -> MetricRatios:
        marks = self._marks(predictions["gold"], predictions["predicted"], predictions["language"][0])
        ones = [1.0] * len(marks)
        return {"f1": ([mark.f1 for mark in marks], ones), "exact": ([mark.exact for mark in marks], ones)}

    def _credit(self, predictions: Columns) -> list[float | None]:
        marked: dict[tuple[str, int], float] = {}
        columns = {name: predictions[name] for name in ("language", "gold", "predicted")}
        for language, language_rows in by_language(columns | {"place": list(range(len(columns["gold"])))}).items():
            gold = [answers or [] for answers in language_rows["gold"]]
            marks = self._marks(gold, language_rows["predicted"], language)
            marked |= {(language, index): mark.f1 for index, mark in zip(language_rows["place"], marks, strict=True)}
        return [
            None if gold is None else marked[language, index]
            for index, (language, gold) in enumerate(zip(columns["language"], columns["gold"], strict=True))
        ]

    def _marks(self, gold: qa.AnswerSets, predicted: qa.PredictedAnswers, language: str) -> list[qa.QuestionMarks]:
        if self.rules == "mlqa":
            return qa.mlqa_marks(gold, predicted, language)
        return (qa.squad_v2_marks if self.rules == "squad_v2" else qa.squad_marks)(gold, predicted)


def _unpadded(logits: torch.Tensor, batch: Tensors) -> torch.Tensor:
    """Logits [windows, subwords, 2] in float32, lowest on padding: else a loss would depend on the longest
    neighbour."""
    return logits.float().masked_fill(batch["attention_mask"].unsqueeze(-1) == 0, LOWEST)


class _Answer(NamedTuple):
    text: str
    probability: float
    null: float  # score of no answer minus the best answer's
