"""Attackers on the contexts of questions: a sentence that distracts, and sentences in another order."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field

from xfer.attackers.base import AttackRow, ModelFree
from xfer.forms.texts import ColumnEdits, column_of_side
from xfer.readers.labels import LabelBreaker
from xfer.text.edits import Edit

_COMMON_SHARE = 0.05  # a word that stands in a larger share of the sentences tells nothing of a question
_MAX_CANDIDATES = 50  # sentences looked at for a row before it is left without a distractor


class _SentencePool:
    """The sentences of all contexts of one language, and where their words stand."""

    def __init__(self, contexts: Sequence[str]) -> None:
        from xfer.text.sentences import sentence_bounds

        unique = {context[start:end].strip() for context in contexts for start, end in sentence_bounds(context)}
        self.sentences = sorted(sentence for sentence in unique if sentence)
        self.words: dict[str, list[int]] = {}
        for i, sentence in enumerate(self.sentences):
            for word in sorted(_word_set(sentence)):
                self.words.setdefault(word, []).append(i)

    def near(self, question: str) -> list[int]:
        """Sentences that share words with a question, those with the rarest and most words first."""
        count, weights = len(self.sentences), Counter[int]()
        for word in sorted(_word_set(question)):
            indices = self.words.get(word, ())
            if len(indices) <= max(2, _COMMON_SHARE * count):
                for i in indices:
                    weights[i] += round(
                        1000 * math.log(1 + count / len(indices))
                    )  # whole, so that no order changes sums
        return sorted(weights, key=lambda i: (-weights[i], i))[:_MAX_CANDIDATES]


def _word_set(text: str) -> set[str]:
    from xfer.text.words import counted_words

    return {text[word.start : word.end].lower() for word in counted_words(text)}


@ModelFree.register("distractor")
class Distractor(ModelFree):
    """A sentence of another context of the same language, at the end or the start of the context (after AddSent and
    AddOneSent of Jia and Liang 2017, without a model): one that shares words with the question and holds no right
    answer. A row for which there is none stays as it is."""

    forms: ClassVar[tuple[str, ...]] = ("span",)
    label_breaker: ClassVar[LabelBreaker | None] = "added_sentence"
    needs: ClassVar[str] = "all rows of the split under test in the language"
    example: ClassVar[str] = "[context] -> [context] The river Elbe flows through Dresden."

    choice: Literal["near", "random"] = Field("near", description="most words shared with the question, or any")
    place: Literal["end", "start"] = Field("end", description="where it goes")

    def further_split(self, split: str, languages: Sequence[str]) -> tuple[str, tuple[str, ...]] | None:
        return split, tuple(languages)

    def prepare_state(self, further_rows: Sequence[AttackRow]) -> Any:
        contexts: dict[str, set[str]] = {}
        for row in further_rows:
            contexts.setdefault(row["language"], set()).add(row["text"])
        return {language: _SentencePool(sorted(texts)) for language, texts in sorted(contexts.items())}

    def row_edits(self, side_texts: dict[str, str], row: AttackRow, prepared: Any) -> ColumnEdits:
        from xfer.text.sentences import is_unspaced

        sentence = self.pick_sentence(row, prepared[row["language"]]) if "text" in side_texts else None
        if sentence is None:
            return {}
        text = row["text"]
        gap = "" if is_unspaced(sentence) and is_unspaced(text) and sentence[-1] in "。！？｡" else " "
        if self.place == "start":
            return {"text": [Edit(0, 0, sentence + gap, "distractor")]}
        gap = "" if text[-1:].isspace() else gap
        return {"text": [Edit(len(text), len(text), gap + sentence, "distractor")]}

    def pick_sentence(self, row: AttackRow, pool: _SentencePool) -> str | None:
        """The sentence to add to a row, None where there is none."""
        from xfer.text.draws import random_below

        if self.choice == "near":
            candidates = pool.near(row["pair"])
        else:
            rng = self.random_stream(row)
            candidates = [
                random_below(rng, len(pool.sentences)) for _ in range(_MAX_CANDIDATES if pool.sentences else 0)
            ]
        answers = [answer.lower() for answer in row["answers"] or ()]
        for i in candidates:
            sentence = pool.sentences[i]
            if sentence not in row["text"] and not any(answer in sentence.lower() for answer in answers):
                return sentence
        return None


@ModelFree.register("context_shuffle")
class ContextShuffle(ModelFree):
    """The sentences of a context in another order. An answer stays whole in its sentence; sentences that an answer
    joins stay together. What refers back to a sentence before may come too early."""

    by_words: ClassVar[bool] = False
    forms: ClassVar[tuple[str, ...]] = ("span",)
    example: ClassVar[str] = "One. Two. Three. -> Three. One. Two."

    def change(
        self, row: AttackRow, form: str = "span", prepared: Any = None
    ) -> tuple[AttackRow | None, list[dict[str, Any]]]:
        from xfer.text.draws import shuffle_items

        if any(column_of_side(name, form) == "text" for name in self.protect):
            return row, []
        pieces = self.shuffle_pieces(row)
        order = shuffle_items(self.random_stream(row), range(len(pieces)))
        if order == list(range(len(pieces))):
            return row, []
        text, piece_starts = _join_pieces(row["text"], [pieces[i] for i in order])
        new_starts = dict(zip(order, piece_starts, strict=True))
        starts = row["starts"]
        if starts is not None:
            answer_pieces = [next(i for i, (_, end) in enumerate(pieces) if start < end) for start in starts]
            starts = [start - pieces[i][0] + new_starts[i] for i, start in zip(answer_pieces, starts, strict=True)]
        edit = Edit(0, len(row["text"]), text, "context_shuffle")
        return row | {"text": text, "starts": starts}, [{"column": "text", **edit._asdict()}]

    def shuffle_pieces(self, row: AttackRow) -> list[tuple[int, int]]:
        """Spans of sentences; those that an answer crosses are one."""
        from xfer.text.sentences import sentence_bounds

        blocks: list[tuple[int, int]] = []
        spans = [(s, s + len(a)) for a, s in zip(row["answers"] or (), row["starts"] or (), strict=True)]
        for start, end in sentence_bounds(row["text"]):
            if blocks and any(first < start < past for first, past in spans):
                blocks[-1] = (blocks[-1][0], end)
            else:
                blocks.append((start, end))
        return blocks


def _join_pieces(text: str, pieces: Sequence[tuple[int, int]]) -> tuple[str, list[int]]:
    """The pieces one after another, and where each begins: the last of the text had no space after it."""
    from xfer.text.sentences import is_unspaced

    joined, starts = "", []
    for start, end in pieces:
        if joined and not joined[-1].isspace() and not is_unspaced(text):
            joined += " "
        starts.append(len(joined))
        joined += text[start:end]
    return joined.rstrip() if not text[-1:].isspace() else joined, starts
