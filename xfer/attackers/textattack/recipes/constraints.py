"""What fixed recipes keep of a text: sentence vectors, parts of speech, the fluency of a language model.

Importing this module imports TextAttack.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from xfer.attackers.search.scheduler import ask_oracle
from xfer.attackers.textattack import load
from xfer.attackers.textattack.recipes.resources import RECIPE_ENCODER, RECIPE_TAGGER
from xfer.attackers.textattack.text import SpanText
from xfer.text.scripts import grapheme_clusters

if TYPE_CHECKING:  # names for readers: importing TextAttack is left to ``load``
    from textattack.shared import AttackedText
    from textattack.transformations import Transformation

    from xfer.attackers.lexicons.vectors import Vectors

_textattack: Any = load.load_textattack()
_constraints: Any = _textattack.constraints
WORDS_BEFORE, WORDS_AFTER = 4, 3  # words that a tagger sees beside the changed one, as in TextFooler's own code
SCORE_ROUNDING = 1e-6  # of a similarity: what another processor may change must not decide


class SentenceSimilarity(_constraints.Constraint):
    """The edited column means the same: cosine or angular similarity of its sentence vectors (queue ``ENCODER``).

    ``window`` words around the edit are compared, all where it is None; texts of fewer words pass unasked.
    """

    def __init__(self, least: float, metric: str = "cosine", window: int | None = None, original: bool = True) -> None:
        super().__init__(compare_against_original=original)
        self.least, self.metric, self.window = least, metric, window

    def _check_constraint_many(self, transformed_texts: Sequence[SpanText], reference_text: SpanText) -> list[SpanText]:
        pairs = [self._parts(text, reference_text) for text in transformed_texts]
        questions = list(dict.fromkeys(sentence for pair in pairs if pair for sentence in pair))
        vectors = dict(zip(questions, ask_oracle(RECIPE_ENCODER, questions), strict=True))
        kept = []
        for text, pair in zip(transformed_texts, pairs, strict=True):
            score = self.score(vectors[pair[0]], vectors[pair[1]]) if pair else 1.0
            text.attack_attrs["similarity_score"] = score
            if score >= self.least - SCORE_ROUNDING:
                kept.append(text)
        return kept

    def _check_constraint(self, transformed_text: SpanText, reference_text: SpanText) -> bool:
        return bool(self._check_constraint_many([transformed_text], reference_text))

    def score(self, first: np.ndarray, second: np.ndarray) -> float:
        """The similarity of two vectors [width] of Euclidean length 1."""
        cosine = float(np.clip(np.dot(first.astype(np.float64), second.astype(np.float64)), -1.0, 1.0))
        return cosine if self.metric == "cosine" else 1.0 - math.acos(cosine) / math.pi

    def _parts(self, new: SpanText, old: SpanText) -> tuple[str, str] | None:
        """What is compared of both texts; None where a text is too short to be."""
        index = min(new.attack_attrs["newly_modified_indices"], default=0)
        if not new.num_words:
            return None
        column = new.word_columns[min(index, new.num_words - 1)]
        if self.window is None:
            return old.fields[column], new.fields[column]
        if new.word_columns.count(column) < self.window:
            return None
        return _window(old, _source_index(new, old, index), column, self.window), _window(
            new, index, column, self.window
        )


def _source_index(new: SpanText, old: SpanText, index: int) -> int:
    """The word of ``old`` from which the word ``index`` of ``new`` came, or the one before it."""
    if len(new.origin) != old.num_words:  # compared with the step before, where words may have come and gone
        return min(index, max(old.num_words - 1, 0))
    came = np.flatnonzero((new.origin <= index) & (new.origin >= 0))
    return int(came[-1]) if len(came) else 0


def _window(text: SpanText, index: int, column: int, size: int) -> str:
    """``size`` words of a column around a word, with what stands between them."""
    placed = [(i, word) for i, word in enumerate(text.placed()) if word.column == column]
    if not placed:
        return text.fields[column]
    center = min(range(len(placed)), key=lambda i: abs(placed[i][0] - index))
    start = max(0, min(center - size // 2, len(placed) - size))
    chosen = placed[start : start + size]
    return text.fields[column][chosen[0][1].start : chosen[-1][1].end]


class SamePartOfSpeech(_constraints.Constraint):
    """Swapped words keep their part of speech (queue ``TAGGER``), each read at its own place."""

    def __init__(self, nouns_for_verbs: bool = True) -> None:
        super().__init__(compare_against_original=True)
        self.nouns_for_verbs = nouns_for_verbs

    def _check_constraint_many(self, transformed_texts: Sequence[SpanText], reference_text: SpanText) -> list[SpanText]:
        pairs = [self._contexts(text, reference_text) for text in transformed_texts]
        questions = list(dict.fromkeys(words for swaps in pairs for old, new, _ in swaps for words in (old, new)))
        tags = dict(zip(questions, ask_oracle(RECIPE_TAGGER, questions), strict=True))
        return [
            text
            for text, swaps in zip(transformed_texts, pairs, strict=True)
            if all(self._same(tags[old][at], tags[new][at]) for old, new, at in swaps)
        ]

    def _check_constraint(self, transformed_text: SpanText, reference_text: SpanText) -> bool:
        return bool(self._check_constraint_many([transformed_text], reference_text))

    def check_compatibility(self, transformation: Transformation) -> bool:
        return bool(_textattack.shared.validators.transformation_consists_of_word_swaps(transformation))

    def _contexts(self, new: SpanText, old: SpanText) -> list[tuple[tuple[str, ...], tuple[str, ...], int]]:
        """For each swapped word its neighbourhood before and after, and its place there."""
        swaps = []
        for index in sorted(new.attack_attrs["newly_modified_indices"]):
            if index < old.num_words:
                start, old_context = word_context(old, index)
                new_context = (*old_context[: index - start], new.words[index], *old_context[index - start + 1 :])
                swaps.append((old_context, new_context, index - start))
        return swaps

    def _same(self, old_tag: str, new_tag: str) -> bool:
        return old_tag == new_tag or (self.nouns_for_verbs and {old_tag, new_tag} <= {"NOUN", "VERB"})


def word_context(text: AttackedText, index: int) -> tuple[int, tuple[str, ...]]:
    """The first of the words around a word, and these words, of its column alone."""
    columns = text.word_columns
    start = next(i for i in range(max(0, index - WORDS_BEFORE), index + 1) if columns[i] == columns[index])
    end = min(index + WORDS_AFTER + 1, len(columns))
    return start, tuple(text.words[i] for i in range(start, end) if columns[i] == columns[index])


def tags_of(text: AttackedText) -> list[str]:
    """The parts of speech of all words of a text, column by column (queue ``TAGGER``)."""
    columns: dict[int, list[str]] = {}
    places = text.word_columns if isinstance(text, SpanText) else [0] * text.num_words
    for column, word in zip(places, text.words, strict=True):
        columns.setdefault(column, []).append(word)
    answers = ask_oracle(RECIPE_TAGGER, [tuple(words) for words in columns.values()])
    return [tag for tags in answers for tag in tags]


class Fluent(_constraints.Constraint):
    """No swapped word is less likely than the word it replaces by more than ``most`` nats (queue ``language_model``).

    With a ``window``, that many words around it are read instead of all that stands before (Jia et al. 2019, A.3).
    """

    def __init__(self, most: float, window: int | None = None) -> None:
        super().__init__(compare_against_original=True)
        self.most, self.window = most, window

    def _check_constraint_many(self, transformed_texts: Sequence[SpanText], reference_text: SpanText) -> list[SpanText]:
        pairs = [self._readings(text, reference_text) for text in transformed_texts]
        questions = list(
            dict.fromkeys(reading for reading_pairs in pairs for pair in reading_pairs for reading in pair)
        )
        logs = dict(zip(questions, ask_oracle("language_model", questions), strict=True))
        return [
            text
            for text, reading_pairs in zip(transformed_texts, pairs, strict=True)
            if all(logs[new] > logs[old] - self.most for old, new in reading_pairs)
        ]

    def _check_constraint(self, transformed_text: SpanText, reference_text: SpanText) -> bool:
        return bool(self._check_constraint_many([transformed_text], reference_text))

    def _readings(self, new: SpanText, old: SpanText) -> list[tuple[tuple[str, str], tuple[str, str]]]:
        reading_pairs = []
        for index in sorted(new.attack_attrs["newly_modified_indices"]):
            if self.window is not None:
                column = new.word_columns[index]
                texts = (_window(text, index, column, self.window) for text in (old, new))
                before, after = (("", text) for text in texts)
            else:
                prefix = old.fields[old.word_columns[index]][: int(old.starts[index])]
                before, after = (prefix, old.words[index]), (prefix, new.words[index])
            reading_pairs.append((before, after))
        return reading_pairs


class Likeliest(_constraints.Constraint):
    """Of the swaps at each word the ``most`` likeliest after what stands before it (Alzantot et al. 2018, perturb)."""

    def __init__(self, most: int) -> None:
        super().__init__(compare_against_original=False)
        self.most = most

    def _check_constraint_many(self, transformed_texts: Sequence[SpanText], reference_text: SpanText) -> list[SpanText]:
        readings_by_index: dict[int, list[tuple[int, tuple[str, str]]]] = {}
        for number, text in enumerate(transformed_texts):
            for index in sorted(text.attack_attrs["newly_modified_indices"])[:1]:
                prefix = text.fields[text.word_columns[index]][: int(text.starts[index])]
                readings_by_index.setdefault(index, []).append((number, (prefix, text.words[index])))
        logs = iter(
            ask_oracle("language_model", [reading for items in readings_by_index.values() for _, reading in items])
        )
        kept: set[int] = set()
        for items in readings_by_index.values():
            ranked = sorted(((-next(logs), number) for number, _ in items))
            kept.update(number for _, number in ranked[: self.most])
        return [text for number, text in enumerate(transformed_texts) if number in kept]

    def _check_constraint(self, transformed_text: SpanText, reference_text: SpanText) -> bool:
        return bool(self._check_constraint_many([transformed_text], reference_text))


class NearWords(_constraints.Constraint):
    """The mean vectors of the words of two texts are near: their squared distance is at most ``most`` (Kuleshov)."""

    def __init__(self, vectors: Vectors, most: float) -> None:
        super().__init__(compare_against_original=True)
        self.vectors, self.most = vectors, most

    def _check_constraint(self, transformed_text: SpanText, reference_text: SpanText) -> bool:
        gap = self._mean(transformed_text) - self._mean(reference_text)
        return float(gap @ gap) <= self.most

    def _mean(self, text: SpanText) -> np.ndarray:
        """The mean vector of the words that have one, [width]."""
        rows = [self.vectors.numbers[word] for word in text.words if word in self.vectors.numbers]
        width = self.vectors.matrix.shape[1]
        return self.vectors.matrix[rows].astype(np.float64).mean(0) if rows else np.zeros(width)


class LongWords(_constraints.PreTransformationConstraint):
    """Words of at least so many grapheme clusters."""

    def __init__(self, least: int) -> None:
        self.least = least

    def _get_modifiable_indices(self, current_text: SpanText) -> set[int]:
        return {i for i, word in enumerate(current_text.words) if len(grapheme_clusters(word)) >= self.least}


class SecondOnly(_constraints.PreTransformationConstraint):
    """Of several columns the first stays."""

    def _get_modifiable_indices(self, current_text: SpanText) -> set[int]:
        columns = current_text.word_columns
        return {i for i, column in enumerate(columns) if column or len(current_text.fields) == 1}
