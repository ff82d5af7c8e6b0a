"""What a form must do, and how encoded rows are kept.

Encoded rows are flat arrays with offsets: 100,000 pairs are three arrays and not 100,000 lists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

import numpy as np

from xfer.core.errors import BadRow
from xfer.forms.sheet import FormFacts, form_facts, load_target
from xfer.text.surrogates import without_surrogates

if TYPE_CHECKING:
    import torch

Columns = dict[str, list[Any]]  # columns of equal length
Tensors = dict[str, "torch.Tensor"]
UnitSeeds = Sequence[int] | None
MetricRatios = dict[str, tuple[list[float], list[float]]]  # metric -> of each row: numerator, denominator


class TextTokenizer(Protocol):
    """What forms ask of a tokenizer: the part of Hugging Face's that they use."""

    all_special_ids: list[int]
    is_fast: bool
    mask_token_id: int
    model_input_names: list[str]
    pad_token_id: int
    unk_token_id: int | None

    def __call__(self, text: Any, text_pair: Any = None, **options: Any) -> Any:
        """Subwords of a text or of many, or of pairs of them."""

    def __len__(self) -> int:
        """Subwords of the vocabulary."""


class EncodedUnits(NamedTuple):
    """Subwords of n units: unit i is ``ids[starts[i]:starts[i + 1]]``; ``types`` where the encoder has segments.

    A unit is a row, or a window of one; ``kept`` holds arrays of n that ``decode`` finds among the answers.
    With ``groups`` a unit is several sequences: unit i is the sequences ``groups[i]`` to ``groups[i + 1]``.
    Batches are padded to ``padded`` subwords, or to their longest sequence if that is more.
    """

    ids: np.ndarray
    starts: np.ndarray
    types: np.ndarray | None
    kept: Mapping[str, Any] = MappingProxyType({})
    groups: np.ndarray | None = None
    padded: int = 0

    @property
    def lengths(self) -> np.ndarray:
        """Subwords that each unit costs, shape [n]: the sequences of one unit are padded to their longest."""
        lengths = np.diff(self.starts)
        if self.groups is None or not len(lengths):
            return lengths
        longest: np.ndarray = np.maximum.reduceat(lengths, self.groups[:-1])
        return longest * np.diff(self.groups)


class Form:
    """One shape of a task. ``labels`` are the head's outputs in order (empty where it has none)."""

    facts: ClassVar[FormFacts]
    auto: ClassVar[str]  # the transformers Auto class whose head answers
    credited: ClassVar[str] = "accuracy"  # the metric that is the mean of the rows' credit

    batchwise_loss: bool = False  # whether the loss of a row depends on the other rows of its batch
    decodes_by_language: bool = (
        False  # whether languages are predicted one by one, as the answers of all would be too large
    )

    def __init__(self, labels: Sequence[str] = ()) -> None:
        self.labels = list(labels)

    @property
    def name(self) -> str:
        """The form's name."""
        return self.facts.name

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of its rows."""
        return self.facts.columns

    def check_row(self, row: dict[str, Any], source: str, number: int) -> None:
        """Raises BadRow for a row that this form cannot take."""
        if not isinstance(row["text"], str) or not row["text"].strip():
            raise BadRow(source, number, f"row {row['id']} has no text")

    def head_config(self) -> dict[str, Any]:
        """Settings of the encoder's config that the head needs."""
        return {}

    def encode(self, rows: Columns, tokenizer: TextTokenizer, max_length: int) -> EncodedUnits:
        """Subwords of all rows, each sequence cut to ``max_length``: ids [subwords], starts [sequences + 1]."""
        return encode_texts(tokenizer, rows["text"], rows.get("pair"), max_length)

    def encode_training(self, rows: Columns, tokenizer: TextTokenizer, max_length: int) -> EncodedUnits:
        """The units to train on, where they are others than those to predict on: shapes as of ``encode``."""
        return self.encode(rows, tokenizer, max_length)

    def loss_targets(self, rows: Columns) -> np.ndarray:
        """What the loss compares with, shape [n]."""
        return np.zeros(len(rows["id"]), dtype=np.int64)

    def build_batch(
        self,
        encoded: EncodedUnits,
        targets: np.ndarray,
        index: np.ndarray,
        tokenizer: TextTokenizer,
        seeds: UnitSeeds = None,
    ) -> Tensors:
        """The units ``index`` [units] as padded tensors [sequences, length]; ``seeds`` (one a unit) drive what is
        drawn."""
        raise NotImplementedError

    def unit_losses(self, logits: torch.Tensor, batch: Tensors) -> torch.Tensor:
        """The loss of each unit (row, masked subword), shape [units]."""
        raise NotImplementedError

    def log_probabilities(self, logits: torch.Tensor, batch: Tensors) -> torch.Tensor:
        """Log-probabilities, all finite: [units, answers], or [units, parts, answers] of a unit with several parts."""
        return logits.float().log_softmax(-1)

    def unit_answers(self, logits: torch.Tensor, batch: Tensors) -> dict[str, np.ndarray]:
        """What is kept of each unit of a batch: arrays of shape [units, ...], or lists of one array a unit."""
        raise NotImplementedError

    def decode(self, answers: dict[str, np.ndarray], rows: Columns) -> Columns:
        """One prediction a row from arrays [units, ...]: id, language, gold, predicted, score, credit (0 to 1)."""
        raise NotImplementedError

    def score(self, predictions: Columns) -> dict[str, float]:
        """The metrics over rows of one language. The first is the one to select by."""
        raise NotImplementedError

    def metric_ratios(self, predictions: Columns) -> MetricRatios:
        """What resampling needs: each metric of ``score`` that is a ratio of sums over rows, the main one first.

        Rows with ``counts`` (right, predicted, gold) make up an F1; else the metric is the mean credit.
        """
        if "counts" in predictions:
            return {"f1": f1_ratio(predictions["counts"])}
        return {self.credited: (predictions["credit"], [1.0] * len(predictions["credit"]))}


def build_form(name: str, labels: Sequence[str] = (), options: Mapping[str, Any] | None = None) -> Form:
    """The form of this name with these labels and the options of the reader."""
    built: Form = load_target(form_facts(name).form_class)(labels, **options or {})
    return built


def encode_texts(tokenizer: TextTokenizer, texts: list[str], pairs: list[Any] | None, max_length: int) -> EncodedUnits:
    """Flat subwords of texts, or of text pairs where ``pairs`` holds strings: ids [subwords], starts [texts + 1]."""
    if pairs and any(pair is None for pair in pairs) and any(pair is not None for pair in pairs):
        return _encode_mixed(tokenizer, texts, pairs, max_length)
    second = pairs if pairs and pairs[0] is not None else None
    options = {"truncation": True, "max_length": max_length, "return_attention_mask": False}
    parts: list[np.ndarray] = []
    types: list[np.ndarray] = []
    lengths: list[int] = []
    for start in range(0, len(texts), 10_000):  # bounds the memory that the tokenizer's lists take
        chunk = slice(start, start + 10_000)
        tokens = _tokenise(tokenizer, texts[chunk], second[chunk] if second else None, options)
        lengths += map(len, tokens["input_ids"])
        parts += [np.fromiter((i for ids in tokens["input_ids"] for i in ids), dtype=np.int32)]
        if "token_type_ids" in tokens:
            types += [np.fromiter((i for ids in tokens["token_type_ids"] for i in ids), dtype=np.int32)]
    starts = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int64)
    ids = np.concatenate(parts) if parts else np.zeros(0, dtype=np.int32)
    return EncodedUnits(ids, starts, np.concatenate(types) if types else None)


def _encode_mixed(tokenizer: TextTokenizer, texts: list[str], pairs: list[Any], max_length: int) -> EncodedUnits:
    """Single texts and pairs in one list: those of a kind are encoded together. ids [subwords], starts [texts + 1]."""
    unpaired = np.array([pair is None for pair in pairs])
    kinds = [np.flatnonzero(unpaired), np.flatnonzero(~unpaired)]
    encoded = [
        encode_texts(tokenizer, [texts[i] for i in kind], [pairs[i] for i in kind], max_length) for kind in kinds
    ]
    types = [piece.types for piece in encoded if piece.types is not None]
    starts = np.concatenate([encoded[0].starts, encoded[0].starts[-1] + encoded[1].starts[1:]])
    ids = np.concatenate([piece.ids for piece in encoded])
    whole = EncodedUnits(ids, starts, np.concatenate(types) if types else None)
    return take_sequences(whole, np.argsort(np.concatenate(kinds)))


def take_sequences(encoded: EncodedUnits, chosen: np.ndarray) -> EncodedUnits:
    """The sequences ``chosen`` [n] in this order, which may name one several times: starts [n + 1], and nothing
    kept."""
    lengths = np.diff(encoded.starts)[chosen]
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    places = np.repeat(encoded.starts[chosen] - starts[:-1], lengths) + np.arange(starts[-1])
    return EncodedUnits(encoded.ids[places], starts, None if encoded.types is None else encoded.types[places])


def _tokenise(tokenizer: TextTokenizer, texts: list[str], pairs: list[str] | None, options: dict[str, Any]) -> Any:
    try:
        return tokenizer(texts, pairs, **options)
    except (UnicodeEncodeError, TypeError):  # unpaired surrogates have no UTF-8: the tokenizer sees U+FFFD
        return tokenizer(*([*map(without_surrogates, side)] if side else None for side in (texts, pairs)), **options)


def f1_ratio(counts: Sequence[Sequence[int]]) -> tuple[list[float], list[float]]:
    """F1 as a ratio of sums: 2 right over predicted + gold, of rows of right, predicted, gold."""
    return [2.0 * right for right, _, _ in counts], [float(predicted + gold) for _, predicted, gold in counts]


def by_language(columns: Columns) -> dict[str, Columns]:
    """The same columns, split by language (sorted)."""
    places: dict[str, list[int]] = {}
    for i, language in enumerate(columns["language"]):
        places.setdefault(language, []).append(i)
    return {
        language: {name: [values[i] for i in places[language]] for name, values in columns.items()}
        for language in sorted(places)
    }


def graded_predictions(predictions: Columns) -> Columns:
    """The predictions that can be scored: those with a gold label, or with anything to predict."""
    places = [i for i, credit in enumerate(predictions["credit"]) if credit is not None]
    return {name: [values[i] for i in places] for name, values in predictions.items()}


def pad_batch(encoded: EncodedUnits, index: np.ndarray, pad: int) -> dict[str, np.ndarray]:
    """``input_ids``, ``attention_mask`` (and ``token_type_ids``) of the sequences ``index``, padded, [n, length]."""
    lengths = encoded.starts[index + 1] - encoded.starts[index]
    inside = np.arange(max(int(lengths.max()), encoded.padded))[None, :] < lengths[:, None]
    places = (encoded.starts[index][:, None] + np.arange(inside.shape[1])[None, :])[inside]
    ids = np.full(inside.shape, pad, dtype=np.int64)
    ids[inside] = encoded.ids[places]
    arrays = {"input_ids": ids, "attention_mask": inside.astype(np.int64)}
    if encoded.types is not None:
        types = np.zeros(inside.shape, dtype=np.int64)
        types[inside] = encoded.types[places]
        arrays["token_type_ids"] = types
    return arrays
