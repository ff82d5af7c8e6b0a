"""``tag``: one label for every word of a sentence."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from operator import eq
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
import torch

from xfer.core.errors import BadRow
from xfer.forms.base import (
    Columns,
    EncodedUnits,
    Form,
    MetricRatios,
    Tensors,
    TextTokenizer,
    UnitSeeds,
    encode_texts,
    pad_batch,
)
from xfer.forms.sheet import TAG, FormFacts
from xfer.metrics.tagging import entity_counts, entity_f1, token_accuracy


class TagForm(Form):
    """Columns id, language, text (the words with spaces between), words, tags (or None where withheld).

    The first subword of a word carries its label (Devlin et al. 2019, section 5.3). A sentence that is longer
    than an input is read in overlapping windows; each word belongs to the one in which it has most context,
    so that every word is trained on, answered and scored exactly once. ``metric`` names the score to select by.
    """

    facts: ClassVar[FormFacts] = TAG
    auto: ClassVar[str] = "AutoModelForTokenClassification"

    def __init__(self, labels: Sequence[str] = (), metric: Literal["f1", "accuracy"] = "f1") -> None:
        super().__init__(labels)
        self.metric = metric

    def check_row(self, row: dict[str, Any], source: str, number: int) -> None:
        words, tags = row.get("words"), row.get("tags")
        if not words or not all(isinstance(word, str) for word in words):
            raise BadRow(source, number, f"row {row['id']} has no words")
        if tags is None:
            return
        if len(tags) != len(words):
            raise BadRow(source, number, f"row {row['id']} has {len(words)} words and {len(tags)} tags")
        for tag in tags:
            if tag not in self.labels:
                shown = ", ".join(self.labels) if len(self.labels) < 20 else f"the {len(self.labels)} known ones"
                raise BadRow(source, number, f"tag '{tag}' is not one of {shown}")

    def head_config(self) -> dict[str, Any]:
        return {
            "num_labels": len(self.labels),
            "id2label": dict(enumerate(self.labels)),
            "label2id": {label: i for i, label in enumerate(self.labels)},
        }

    def encode(self, rows: Columns, tokenizer: TextTokenizer, max_length: int) -> EncodedUnits:
        """Units are windows. Kept: ``row`` of each; ``begin`` [n + 1], where its words begin in the flat arrays
        ``word`` (number of the word in all rows) and ``place`` (of its first subword in the unit)."""
        frame = _sentence_frame(tokenizer)
        pieces, segments = _word_pieces(rows["words"], frame, tokenizer, max_length)
        room = max(1, max_length - len(frame.before) - len(frame.after))
        ids: list[int] = []
        starts, begin, row_of, word, first_subword, base = [0], [0], [], [], [], 0
        for row, sentence in enumerate(rows["words"]):
            parts = [pieces[text] for text in sentence]
            for first, end, own_first, stop in word_windows([len(piece) for piece in parts], room):
                ids += frame.before
                for number in range(first, end):
                    if own_first <= number < stop:
                        word.append(base + number)
                        first_subword.append(len(ids) - starts[-1] + frame.blanks)
                    ids += parts[number]
                ids += frame.after
                starts.append(len(ids))
                begin.append(len(word))
                row_of.append(row)
            base += len(sentence)
        kept = {"row": np.array(row_of, dtype=np.int64), "begin": np.array(begin, dtype=np.int64)}
        kept |= {"word": np.array(word, dtype=np.int64), "place": np.array(first_subword, dtype=np.int64)}
        types = np.zeros(len(ids), dtype=np.int32) if segments else None
        return EncodedUnits(np.array(ids, dtype=np.int32), np.array(starts, dtype=np.int64), types, kept)

    def loss_targets(self, rows: Columns) -> np.ndarray:
        """The label of every word of all rows, shape [words]."""
        number = {label: i for i, label in enumerate(self.labels)}
        label_numbers = [
            number[tag] if tag is not None else -100
            for words, tags in zip(rows["words"], rows["tags"], strict=True)
            for tag in (tags if tags is not None else [None] * len(words))
        ]
        return np.array(label_numbers, dtype=np.int64)

    def build_batch(
        self,
        encoded: EncodedUnits,
        targets: np.ndarray,
        index: np.ndarray,
        tokenizer: TextTokenizer,
        seeds: UnitSeeds = None,
    ) -> Tensors:
        """``input_ids`` [windows, length], ``positions`` [words] in the flat batch, ``labels`` [words], ``counts``
        [windows]."""
        arrays = pad_batch(encoded, index, tokenizer.pad_token_id)
        begin = encoded.kept["begin"]
        counts = begin[index + 1] - begin[index]
        chosen = np.concatenate([np.arange(begin[unit], begin[unit + 1]) for unit in index])
        line = np.repeat(np.arange(len(index)), counts) * arrays["input_ids"].shape[1]
        arrays["positions"] = line + encoded.kept["place"][chosen]
        arrays |= {"labels": targets[encoded.kept["word"][chosen]], "counts": counts}
        return {name: torch.from_numpy(array) for name, array in arrays.items()}

    def unit_losses(self, logits: torch.Tensor, batch: Tensors) -> torch.Tensor:
        """Cross-entropy over the tags, from logits [words, labels], shape [words]."""
        return torch.nn.functional.cross_entropy(logits.float(), batch["labels"], reduction="none", ignore_index=-100)

    def unit_answers(self, logits: torch.Tensor, batch: Tensors) -> dict[str, Any]:
        """Of each window the ``best`` tags [words of it] and how ``sure`` they are [words of it], from logits
        [words, labels]."""
        confidence, best = logits.float().softmax(-1).max(-1)
        cuts = np.cumsum(batch["counts"].cpu().numpy())[:-1]
        return {"best": np.split(best.cpu().numpy(), cuts), "sure": np.split(confidence.cpu().numpy(), cuts)}

    def decode(self, answers: dict[str, Any], rows: Columns) -> Columns:
        """One prediction a sentence: credit is the share of its words that are right, score the mean probability
        of the predicted tags, counts its entities: right, predicted, gold (a corpus' F1 follows from their sums)."""
        ends = np.cumsum([len(words) for words in rows["words"]])
        best, confidence = np.zeros(ends[-1], dtype=np.int64), np.zeros(ends[-1])
        best[answers["word"]] = np.concatenate(answers["best"])
        confidence[answers["word"]] = np.concatenate(answers["sure"])
        predicted = [[self.labels[i] for i in sentence] for sentence in np.split(best, ends[:-1])]
        score = [float(sentence.mean()) for sentence in np.split(confidence, ends[:-1])]
        gold = rows["tags"]
        pairs = list(zip(gold, predicted, strict=True))
        credit = [None if g is None else token_accuracy([g], [p]) for g, p in pairs]
        counts = [None if g is None else entity_counts([g], [p])[0].tolist() for g, p in pairs]
        kept = {"id": rows["id"], "language": rows["language"], "words": rows["words"], "gold": gold}
        return kept | {"predicted": predicted, "score": score, "credit": credit, "counts": counts}

    def score(self, predictions: Columns) -> dict[str, float]:
        gold, predicted = predictions["gold"], predictions["predicted"]
        accuracy = {"accuracy": token_accuracy(gold, predicted)}
        return accuracy if self.metric == "accuracy" else entity_f1(gold, predicted) | accuracy

    def metric_ratios(self, predictions: Columns) -> MetricRatios:
        pairs = list(zip(predictions["gold"], predictions["predicted"], strict=True))
        right = [float(sum(map(eq, gold, predicted))) for gold, predicted in pairs]
        accuracy: MetricRatios = {"accuracy": (right, [float(len(gold)) for gold, _ in pairs])}
        return accuracy if self.metric == "accuracy" else super().metric_ratios(predictions) | accuracy


def word_windows(lengths: Sequence[int], room: int) -> Iterator[tuple[int, int, int, int]]:
    """Windows over words of these lengths, none longer than ``room``: first and end word, first and end of its own.

    Own words partition the sentence: where two windows overlap, the words nearer to the end of the first
    than to the beginning of the second belong to the second.
    """
    offsets = [0, *accumulate(lengths)]
    own_first, spans = 0, list(_window_spans(offsets, room))
    for (first, end), following in zip(spans, [*spans[1:], None], strict=True):
        stop = end
        if following:
            shared = range(following[0], end)
            stop = next((k for k in shared if offsets[k] - offsets[following[0]] > offsets[end] - offsets[k + 1]), end)
        yield first, end, own_first, stop
        own_first = stop


def _window_spans(offsets: list[int], room: int) -> Iterator[tuple[int, int]]:
    """Each window begins half a window after the one before; the last begins as early as it can."""
    first, last = 0, len(offsets) - 1
    while True:
        end = bisect_right(offsets, offsets[first] + room) - 1
        yield first, end
        if end == last:
            return
        first = min(max(first + 1, bisect_left(offsets, offsets[first] + room // 2)), end)
        if offsets[last] - offsets[first] <= room:
            first = bisect_left(offsets, offsets[last] - room)


class SentenceFrame(NamedTuple):
    """What stands before and after a sentence, and what makes a word look like one within a text."""

    before: list[int]
    after: list[int]
    glue: str  # stands before each word
    blanks: int  # subwords that it adds of its own, before the word's first


def _word_pieces(
    sentences: list[list[str]], frame: SentenceFrame, tokenizer: TextTokenizer, longest: int
) -> tuple[dict[str, list[int]], bool]:
    """Subwords of each different word, and whether there are segments.

    A word is tokenised by itself, as XTREME does; one that leaves no subword is the unknown token, so that it
    still has a place to be answered at.
    """
    words = sorted({word for sentence in sentences for word in sentence})
    encoded = encode_texts(tokenizer, [frame.glue + word for word in words], None, longest)
    nothing = tokenizer.unk_token_id if tokenizer.unk_token_id is not None else tokenizer.pad_token_id
    flat, starts = encoded.ids.tolist(), encoded.starts.tolist()
    pieces = {}
    for i, word in enumerate(words):
        inside = flat[starts[i] + len(frame.before) : starts[i + 1] - len(frame.after)]
        pieces[word] = inside if len(inside) > frame.blanks else [*inside, nothing]
    return pieces, encoded.types is not None


def _sentence_frame(tokenizer: TextTokenizer) -> SentenceFrame:
    """Byte-level vocabularies mark the blank before a word and not the word, those of characters have it as one."""
    bare, glued, twice = (tokenizer(text, add_special_tokens=False)["input_ids"] for text in ("a", " a", "a a"))
    whole = tokenizer("a")["input_ids"]
    start = next(i for i in range(len(whole)) if whole[i : i + len(bare)] == bare)
    before, after = whole[:start], whole[start + len(bare) :]
    if twice == bare * 2:
        return SentenceFrame(before, after, "", 0)
    return SentenceFrame(before, after, " ", len(glued) - len(bare))
