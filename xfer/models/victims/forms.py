"""What a search asks of the network under test, for each form: items in, answers out, in any order and company.

An item's answer never depends on the others that are asked with it (``canonical``). May import: canonical, predictor,
forms, metrics.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from xfer.forms.base import EncodedUnits
from xfer.models.victims.base import NetworkVictim, label_probabilities, unlabelled_rows


class ClassVictim(NetworkVictim):
    """(text) or (text, pair) -> the classes' probabilities, float32 [labels]."""

    def answers(self, items: list[Any]) -> list[Any]:
        text_columns = {
            "text": [item[0] for item in items],
            "pair": [item[1] if len(item) > 1 else None for item in items],
        }
        return [label_probabilities(row) for row in self.kept(unlabelled_rows(len(items), **text_columns))["logits"]]


class ChoiceVictim(NetworkVictim):
    """(text, question or None, options) -> the options' probabilities, float32 [options]."""

    def answers(self, items: list[Any]) -> list[Any]:
        text_columns = {name: [item[i] for item in items] for i, name in enumerate(("text", "question", "options"))}
        return [label_probabilities(row) for row in self.kept(unlabelled_rows(len(items), **text_columns))["logits"]]


class TagVictim(NetworkVictim):
    """(words, gold numbers; -1 does not count) -> of the words that count p(gold), and whether gold is the best."""

    def answers(self, items: list[Any]) -> list[Any]:
        answerable = [i for i, (words, gold) in enumerate(items) if words and any(number >= 0 for number in gold)]
        word_answers: list[Any] = [(np.zeros(0), np.zeros(0, dtype=bool))] * len(items)
        if not answerable:
            return word_answers
        words = [list(items[i][0]) for i in answerable]
        tags = [[None] * len(sentence) for sentence in words]
        kept = self.kept(unlabelled_rows(len(answerable), words=words, tags=tags), _of_words)
        ends = np.cumsum([len(sentence) for sentence in words])
        logits = np.zeros((ends[-1], len(self.form.labels)), dtype=np.float32)
        logits[kept["word"]] = np.concatenate(list(kept["logits"]))
        for i, word_logits in zip(answerable, np.split(logits, ends[:-1]), strict=True):
            gold = np.array(items[i][1])
            word_logits, gold = word_logits[gold >= 0], gold[gold >= 0]
            gold_chances = label_probabilities(word_logits)[np.arange(len(gold)), gold]
            word_answers[i] = gold_chances, word_logits.argmax(1) == gold
        return word_answers


class TaggerVictim(NetworkVictim):
    """(words) -> the tag of each, as a tuple."""

    def answers(self, items: list[Any]) -> list[Any]:
        sentences = [list(words) for words in items if words]
        tags = [[None] * len(words) for words in sentences]
        kept = self.kept(unlabelled_rows(len(sentences), words=sentences, tags=tags)) if sentences else {}
        best = np.zeros(sum(map(len, sentences)), dtype=np.int64)
        if sentences:
            best[kept["word"]] = np.concatenate(list(kept["best"]))
        tagged, start = [], 0
        for words in items:
            tagged.append(tuple(self.form.labels[i] for i in best[start : start + len(words)]))
            start += len(words)
        return tagged


class SpanVictim(NetworkVictim):
    """(context, question, places of gold answers) -> (the predicted text, p(gold span)).

    p is that of any gold span, or of no answer, where the places are none and the rules let the system say so: a
    softmax over the scores (start and end added) of all spans that the decoder may choose in all windows of the
    context. A gold span longer than the longest answer has none.
    """

    def answers(self, items: list[Any]) -> list[Any]:
        rows = unlabelled_rows(len(items), text=[item[0] for item in items], pair=[item[1] for item in items])
        rows |= {"answers": [None] * len(items), "starts": [None] * len(items)}
        encoded = self.form.encode(rows, self.machine.network.tokenizer, self.machine.max_length)
        gold = _gold_places(encoded, [item[2] for item in items])
        encoded = encoded._replace(kept=dict(encoded.kept) | {"targets": gold})
        kept = self.kept(rows, self._keep, encoded)
        predicted = self.form.decode(kept, rows)["predicted"]
        nothing = self.form.rules == "squad_v2"
        units: list[list[int]] = [[] for _ in items]
        for unit, row in enumerate(kept["row"]):
            units[row].append(unit)
        chances = [
            _chance(kept, row_units, bool(item[2]), nothing) for row_units, item in zip(units, items, strict=True)
        ]
        return list(zip(predicted, chances, strict=True))

    def _keep(self, logits: torch.Tensor, batch: Mapping[str, torch.Tensor]) -> dict[str, Any]:
        """The decoder's answers; and of each window the logarithm of the summed exponents of all spans' scores
        (``every`` [windows]) and of the gold ones' (``gold`` [windows]). Logits are [windows, subwords, 2]."""
        start, end = logits.double().unbind(-1)
        width = min(self.form.longest, start.shape[1])
        position = torch.arange(start.shape[1], device=start.device)
        first, past, own_first, own_past = (column.unsqueeze(1) for column in batch["places"].unbind(1))
        starts = start.masked_fill((position < own_first) | (position >= own_past), -torch.inf)
        ends = end.masked_fill((position < first) | (position >= past), -torch.inf)
        padded = torch.nn.functional.pad(ends, (0, width - 1), value=-torch.inf)
        every = starts + padded.unfold(1, width, 1).logsumexp(2)
        begun, ended = batch["labels"].clamp(min=0).unbind(-1)
        scores = starts.gather(1, begun) + ends.gather(1, ended)
        void = (batch["labels"][..., 0] < 0) | (ended - begun >= width)
        log_sums = {"every": every.logsumexp(1), "gold": scores.masked_fill(void, -torch.inf).logsumexp(1)}
        kept: dict[str, Any] = self.form.unit_answers(logits, dict(batch))
        return kept | {name: tensor.cpu().numpy() for name, tensor in log_sums.items()}


def _gold_places(encoded: EncodedUnits, answers: Sequence[Sequence[tuple[int, int]]]) -> np.ndarray:
    """First and last subword of each window's gold answers, [windows, most answers, 2]; -1 where one is not whole."""
    most = max([1, *map(len, answers)])
    places = np.full((len(encoded.kept["row"]), most, 2), -1, dtype=np.int64)
    row_of = encoded.kept["row"]
    for unit, row in enumerate(row_of):
        offsets, begin = encoded.kept["offsets"][unit], int(encoded.kept["places"][unit][0])
        head, tail = unit == 0 or row_of[unit - 1] != row, unit + 1 == len(row_of) or row_of[unit + 1] != row
        seen = set[tuple[int, int]]()
        for number, (start, end) in enumerate(answers[row]):
            inside = np.flatnonzero((offsets[:, 1] > start) & (offsets[:, 0] < end))
            # a border of the answer that falls on one of the window counts only if its characters are all there
            whole = len(inside) and (inside[0] > 0 or head or offsets[0, 0] <= start)
            whole = whole and (inside[-1] < len(offsets) - 1 or tail or offsets[-1, 1] >= end)
            span = (begin + int(inside[0]), begin + int(inside[-1])) if whole else (-1, -1)
            if span not in seen:  # two answers of the same subwords are one span
                places[unit, number] = span
            seen.add(span)
    return places


def _chance(kept: Mapping[str, Any], units: Sequence[int], answered: bool, nothing: bool) -> float:
    """p of the gold spans over the windows of one row."""
    scores = [float(kept["every"][unit]) for unit in units]
    null = min(float(kept["null"][unit]) for unit in units)  # as the decoder takes it
    every = np.logaddexp.reduce([*scores, *([null] if nothing else [])])
    gold = np.logaddexp.reduce([float(kept["gold"][unit]) for unit in units]) if answered else null
    return float(np.exp(gold - every)) if np.isfinite(every) and (answered or nothing) else 0.0


def _of_words(logits: torch.Tensor, batch: Mapping[str, torch.Tensor]) -> dict[str, Any]:
    """``logits`` of each unit's words, [words, labels], from those of all chosen subwords, [chosen, labels]."""
    cuts = np.cumsum(batch["counts"].cpu().numpy())[:-1]
    return {"logits": np.split(logits.float().cpu().numpy(), cuts)}
