"""What a search asks of the network under test, for each form: items in, answers out, in any order and company.

An item's answer never depends on the others that are asked with it (``canonical``). May import: canonical, predictor,
forms, metrics.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from xfer.forms.base import Encoded
from xfer.models.victims.base import Asked, _chances, columns


class Classes(Asked):
    """(text) or (text, pair) -> the classes' probabilities, float32 [labels]."""

    def answers(self, items: list[Any]) -> list[Any]:
        known = {"text": [item[0] for item in items], "pair": [item[1] if len(item) > 1 else None for item in items]}
        return [_chances(row) for row in self.kept(columns(len(items), **known))["logits"]]


class Choices(Asked):
    """(text, question or None, options) -> the options' probabilities, float32 [options]."""

    def answers(self, items: list[Any]) -> list[Any]:
        known = {name: [item[i] for item in items] for i, name in enumerate(("text", "question", "options"))}
        return [_chances(row) for row in self.kept(columns(len(items), **known))["logits"]]


class Tags(Asked):
    """(words, gold numbers; -1 does not count) -> of the words that count p(gold), and whether gold is the best."""

    def answers(self, items: list[Any]) -> list[Any]:
        asked = [i for i, (words, gold) in enumerate(items) if words and any(number >= 0 for number in gold)]
        found: list[Any] = [(np.zeros(0), np.zeros(0, dtype=bool))] * len(items)
        if not asked:
            return found
        words = [list(items[i][0]) for i in asked]
        tags = [[None] * len(sentence) for sentence in words]
        kept = self.kept(columns(len(asked), words=words, tags=tags), _of_words)
        ends = np.cumsum([len(sentence) for sentence in words])
        logits = np.zeros((ends[-1], len(self.form.labels)), dtype=np.float32)
        logits[kept["word"]] = np.concatenate(list(kept["logits"]))
        for i, part in zip(asked, np.split(logits, ends[:-1]), strict=True):
            gold = np.array(items[i][1])
            part, gold = part[gold >= 0], gold[gold >= 0]
            found[i] = _chances(part)[np.arange(len(gold)), gold], part.argmax(1) == gold
        return found


class Tagger(Asked):
    """(words) -> the tag of each, as a tuple."""

    def answers(self, items: list[Any]) -> list[Any]:
        asked = [list(words) for words in items if words]
        tags = [[None] * len(words) for words in asked]
        kept = self.kept(columns(len(asked), words=asked, tags=tags)) if asked else {}
        best = np.zeros(sum(map(len, asked)), dtype=np.int64)
        if asked:
            best[kept["word"]] = np.concatenate(list(kept["best"]))
        found, start = [], 0
        for words in items:
            found.append(tuple(self.form.labels[i] for i in best[start : start + len(words)]))
            start += len(words)
        return found


class Spans(Asked):
    """(context, question, places of gold answers) -> (the predicted text, p(gold span)).

    p is that of any gold span, or of no answer, where the places are none and the rules let the system say so: a
    softmax over the scores (start and end added) of all spans that the decoder may choose in all windows of the
    context. A gold span longer than the longest answer has none.
    """

    def answers(self, items: list[Any]) -> list[Any]:
        rows = columns(len(items), text=[item[0] for item in items], pair=[item[1] for item in items])
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
        chances = [_chance(kept, own, bool(item[2]), nothing) for own, item in zip(units, items, strict=True)]
        return list(zip(predicted, chances, strict=True))

    def _keep(self, logits: torch.Tensor, batch: Mapping[str, torch.Tensor]) -> dict[str, Any]:
        """The decoder's answers; and of each window the logarithm of the summed exponents of all spans' scores
        (``every``) and of the gold ones' (``gold``)."""
        start, end = logits.double().unbind(-1)
        width = min(self.form.longest, start.shape[1])
        place = torch.arange(start.shape[1], device=start.device)
        first, past, own, own_past = (column.unsqueeze(1) for column in batch["places"].unbind(1))
        starts = start.masked_fill((place < own) | (place >= own_past), -torch.inf)
        ends = end.masked_fill((place < first) | (place >= past), -torch.inf)
        padded = torch.nn.functional.pad(ends, (0, width - 1), value=-torch.inf)
        every = starts + padded.unfold(1, width, 1).logsumexp(2)
        begun, ended = batch["labels"].clamp(min=0).unbind(-1)
        scores = starts.gather(1, begun) + ends.gather(1, ended)
        void = (batch["labels"][..., 0] < 0) | (ended - begun >= width)
        found = {"every": every.logsumexp(1), "gold": scores.masked_fill(void, -torch.inf).logsumexp(1)}
        kept: dict[str, Any] = self.form.answers(logits, dict(batch))
        return kept | {name: tensor.cpu().numpy() for name, tensor in found.items()}


def _gold_places(encoded: Encoded, answers: Sequence[Sequence[tuple[int, int]]]) -> np.ndarray:
    """First and last subword of each window's gold answers, [windows, most answers, 2]; -1 where one is not whole."""
    most = max([1, *map(len, answers)])
    found = np.full((len(encoded.kept["row"]), most, 2), -1, dtype=np.int64)
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
            place = (begin + int(inside[0]), begin + int(inside[-1])) if whole else (-1, -1)
            if place not in seen:  # two answers of the same subwords are one span
                found[unit, number] = place
            seen.add(place)
    return found


def _chance(kept: Mapping[str, Any], units: Sequence[int], answered: bool, nothing: bool) -> float:
    """p of the gold spans over the windows of one row."""
    scores = [float(kept["every"][unit]) for unit in units]
    null = min(float(kept["null"][unit]) for unit in units)  # as the decoder takes it
    every = np.logaddexp.reduce([*scores, *([null] if nothing else [])])
    gold = np.logaddexp.reduce([float(kept["gold"][unit]) for unit in units]) if answered else null
    return float(np.exp(gold - every)) if np.isfinite(every) and (answered or nothing) else 0.0


def _of_words(logits: torch.Tensor, batch: Mapping[str, torch.Tensor]) -> dict[str, Any]:
    cuts = np.cumsum(batch["counts"].cpu().numpy())[:-1]
    return {"logits": np.split(logits.float().cpu().numpy(), cuts)}
