"""``span``: the answer to a question is a piece of a context (Rajpurkar et al. 2016, 2018).

Long contexts are read in windows that overlap. A unit is a window; ``decode`` puts the windows of a row together
(Devlin et al. 2019, section 4.2; windows and maximal context as in their ``run_squad.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch

from xfer.core.errors import BadRow, MissingPart
from xfer.forms.base import Columns, EncodedUnits, Form, MetricRatios, Tensors, UnitSeeds, by_language, pad_batch
from xfer.forms.sheet import SPAN, FormFacts
from xfer.metrics import qa
from xfer.text.surrogates import masked_surrogates

LOWEST = torch.finfo(torch.float32).min
CHUNK_CONTEXTS = 2_000  # contexts a call of the tokenizer: bounds the memory that its lists take


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

    def encode(self, rows: Columns, tokenizer: Any, max_length: int) -> EncodedUnits:
        """Windows of all rows. ``kept``: each window's ``row``, its ``offsets`` (characters of its context's
        subwords, [subwords, 2]), its ``places`` (context from, to; from, to of the subwords that have more context
        here than in any other window) and its ``targets`` (first and last subword of the answer, or 0, 0)."""
        frame = _Frame.from_tokenizer(tokenizer)
        room = max_length - frame.special_count
        if room < 2:
            raise MissingPart(f"max_length is {max_length}, which leaves no room for a question and a context")
        questions = [ids[: min(self.question, room // 2)] for ids, _ in _context_subwords(tokenizer, rows["pair"])]
        contexts = _context_subwords(tokenizer, rows["text"])
        parts: list[_Window] = []
        for row, (question, (ids, offsets)) in enumerate(zip(questions, contexts, strict=True)):
            answer = _first_answer(rows, row, offsets)
            parts += _cut_windows(row, frame, question, ids, offsets, answer, room - len(question), self.stride)
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
        self, encoded: EncodedUnits, targets: np.ndarray, index: np.ndarray, tokenizer: Any, seeds: UnitSeeds = None
    ) -> Tensors:
        arrays = pad_batch(encoded, index, tokenizer.pad_token_id)
        arrays |= {"labels": encoded.kept["targets"][index], "places": encoded.kept["places"][index]}
        return {name: torch.from_numpy(array) for name, array in arrays.items()}

    def unit_losses(self, logits: torch.Tensor, batch: Tensors) -> torch.Tensor:
        scores = _unpadded(logits, batch)
        both = torch.nn.functional.cross_entropy(scores, batch["labels"], reduction="none")
        return both.mean(1)

    def log_probabilities(self, logits: torch.Tensor, batch: Tensors) -> torch.Tensor:
        """Of the first and the last subword, [windows, 2, subwords]."""
        return _unpadded(logits, batch).transpose(1, 2).log_softmax(-1)

    def unit_answers(self, logits: torch.Tensor, batch: Tensors) -> dict[str, np.ndarray]:
        """The best (first, last) subwords of each window with their scores, and the score of no answer.

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
        shares = np.exp(scores - scores.max())
        shares /= shares.sum()
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
    """Without the mask the loss of a window would depend on how long its neighbours are."""
    return logits.float().masked_fill(batch["attention_mask"].unsqueeze(-1) == 0, LOWEST)


class _Answer(NamedTuple):
    text: str
    probability: float
    null: float  # score of no answer minus the best answer's


class _Window(NamedTuple):
    row: int
    ids: np.ndarray
    offsets: np.ndarray
    places: tuple[int, int, int, int]
    target: tuple[int, int]


class _Frame(NamedTuple):
    """The special subwords around and between two texts, as this tokenizer sets them."""

    before: np.ndarray
    between: np.ndarray
    after: np.ndarray
    segments: list[int] | None  # of: before, question, between, context, after

    @classmethod
    def from_tokenizer(cls, tokenizer: Any) -> _Frame:
        if not tokenizer.is_fast:
            raise MissingPart("form span needs a fast tokenizer, which tells where each subword stands in the text")
        pair = tokenizer("a", "b", return_token_type_ids=True)
        sides, ids = pair.sequence_ids(0), np.array(pair["input_ids"], dtype=np.int32)
        first = [i for i, side in enumerate(sides) if side == 0]
        second = [i for i, side in enumerate(sides) if side == 1]
        segments = None
        if "token_type_ids" in tokenizer.model_input_names:
            types = pair["token_type_ids"]
            ends = (0, first[0], first[-1] + 1, second[0], len(ids) - 1)
            segments = [types[min(position, len(types) - 1)] for position in ends]
        return cls(ids[: first[0]], ids[first[-1] + 1 : second[0]], ids[second[-1] + 1 :], segments)

    @property
    def special_count(self) -> int:
        return len(self.before) + len(self.between) + len(self.after)

    def segment_ids(self, first: int, past: int, length: int) -> np.ndarray:
        assert self.segments is not None
        question = first - len(self.before) - len(self.between)
        sizes = (len(self.before), question, len(self.between), past - first, length - past)
        return np.repeat(np.array(self.segments, dtype=np.int32), sizes)


def _context_subwords(tokenizer: Any, texts: Sequence[str]) -> list[tuple[np.ndarray, np.ndarray]]:
    """(ids, character offsets) of each text without special subwords. Equal texts are read once."""
    different = list(dict.fromkeys(texts))
    encoded_texts: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    options = {"add_special_tokens": False, "return_offsets_mapping": True, "return_attention_mask": False}
    for start in range(0, len(different), CHUNK_CONTEXTS):
        chunk = different[start : start + CHUNK_CONTEXTS]
        try:
            tokens = tokenizer(chunk, **options, truncation=False, verbose=False)
        except (UnicodeEncodeError, TypeError):  # unpaired surrogates have no UTF-8; offsets must not move
            tokens = tokenizer([*map(masked_surrogates, chunk)], **options, truncation=False, verbose=False)
        for text, ids, offsets in zip(chunk, tokens["input_ids"], tokens["offset_mapping"], strict=True):
            encoded_texts[text] = (
                np.array(ids, dtype=np.int32),
                _absorb_marks(text, np.array(offsets, dtype=np.int32).reshape(-1, 2)),
            )
    return [encoded_texts[text] for text in texts]


def _absorb_marks(text: str, offsets: np.ndarray) -> np.ndarray:
    """The offsets, where a mark that the tokenizer composed with its letter goes with it: else it is in no subword."""
    following = np.append(offsets[1:, 0], len(text))
    for i in np.flatnonzero(following > offsets[:, 1]) if len(offsets) else ():
        gap = text[offsets[i, 1] : following[i]].rstrip()
        if gap and not gap[0].isspace():
            offsets[i, 1] += len(gap)
    return offsets


def _first_answer(rows: Columns, row: int, offsets: np.ndarray) -> tuple[int, int] | None:
    """First and last subword of the first gold answer; None where there is none to train on."""
    if not rows["answers"][row]:
        return None
    start = rows["starts"][row][0]
    inside = np.flatnonzero((offsets[:, 1] > start) & (offsets[:, 0] < start + len(rows["answers"][row][0])))
    return (int(inside[0]), int(inside[-1])) if len(inside) else None


def _cut_windows(
    row: int,
    frame: _Frame,
    question: np.ndarray,
    context: np.ndarray,
    offsets: np.ndarray,
    answer: tuple[int, int] | None,
    room: int,
    stride: int,
) -> list[_Window]:
    step = max(1, min(stride, room // 2))  # a stride above the room would skip subwords
    cuts = [(0, min(room, len(context)))]
    while cuts[-1][1] < len(context):
        start = cuts[-1][0] + step
        cuts.append((start, min(start + room, len(context))))
    head = np.concatenate([frame.before, question, frame.between])
    first, windows = len(head), []
    for (start, end), (own_first, own_past) in zip(cuts, _own_subwords(cuts), strict=True):
        ids = np.concatenate([head, context[start:end], frame.after]).astype(np.int32)
        target = (0, 0)
        if answer and start <= answer[0] and answer[1] < end:
            target = (answer[0] - start + first, answer[1] - start + first)
        places = (first, first + end - start, first + own_first - start, first + own_past - start)
        windows.append(_Window(row, ids, offsets[start:end], places, target))
    return windows


def _own_subwords(cuts: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Of each window the subwords for which it has the most context on the poorer side; the first one wins a tie.

    A window's length adds a hundredth of itself, so that a longer window wins where the rest is equal.
    """
    if len(cuts) == 1:
        return cuts
    positions = np.arange(cuts[-1][1])
    context = np.full((len(cuts), len(positions)), -1.0)
    for i, (start, end) in enumerate(cuts):
        inside = positions[start:end]
        context[i, start:end] = np.minimum(inside - start, end - 1 - inside) + 0.01 * (end - start)
    best = context.argmax(0)
    owned = [np.flatnonzero(best == i) for i in range(len(cuts))]
    return [(int(subwords[0]), int(subwords[-1]) + 1) if len(subwords) else (0, 0) for subwords in owned]
