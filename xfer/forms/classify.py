"""``classify``: one label for a text or a pair of texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from scipy.special import softmax

from xfer.core.errors import BadRow
from xfer.forms.base import (
    Columns,
    EncodedUnits,
    Form,
    MetricRatios,
    Tensors,
    TextTokenizer,
    UnitSeeds,
    f1_ratio,
    pad_batch,
)
from xfer.forms.sheet import CLASSIFY, FormFacts, Pooling
from xfer.metrics.classification import accuracy, binary_f1, macro_f1


class ClassifyForm(Form):
    """Columns id, language, text, pair (or None), label (or None where it is withheld).

    F1 is that of the label ``positive`` where the data set has one (QQP's: duplicate), else the mean over labels.
    ``blind``: the rows of one language have one label, so that chance is a blind guess among all.
    ``pooling``: how the head is given one vector of a text; as its family does if None.
    """

    facts: ClassVar[FormFacts] = CLASSIFY
    auto: ClassVar[str] = "AutoModelForSequenceClassification"

    def __init__(
        self,
        labels: Sequence[str] = (),
        positive: str | None = None,
        blind: bool = False,
        pooling: Pooling | None = None,
    ) -> None:
        super().__init__(labels)
        self.blind, self.pooling = blind, pooling
        if positive is not None and positive not in self.labels:
            raise ValueError(f"positive label '{positive}' is not one of {', '.join(self.labels)}")
        self.positive = positive

    def check_row(self, row: dict[str, Any], source: str, number: int) -> None:
        super().check_row(row, source, number)
        if row.get("label") is not None and row["label"] not in self.labels:
            raise BadRow(source, number, f"label '{row['label']}' is not one of {', '.join(self.labels)}")

    def head_config(self) -> dict[str, Any]:
        return {
            "num_labels": len(self.labels),
            "id2label": dict(enumerate(self.labels)),
            "label2id": {label: i for i, label in enumerate(self.labels)},
            "problem_type": "single_label_classification",
        }

    def loss_targets(self, rows: Columns) -> np.ndarray:
        """The number of the right label, shape [rows]; -100 where it is withheld."""
        number = {label: i for i, label in enumerate(self.labels)} | {None: -100}
        return np.array([number[label] for label in rows["label"]], dtype=np.int64)

    def build_batch(
        self,
        encoded: EncodedUnits,
        targets: np.ndarray,
        index: np.ndarray,
        tokenizer: TextTokenizer,
        seeds: UnitSeeds = None,
    ) -> Tensors:
        """``input_ids`` [rows, length], ``labels`` [rows]."""
        arrays = pad_batch(encoded, index, tokenizer.pad_token_id)
        tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
        return tensors | {"labels": torch.from_numpy(targets[index])}

    def unit_losses(self, logits: torch.Tensor, batch: Tensors) -> torch.Tensor:
        """Cross-entropy over the labels, from logits [rows, labels], shape [rows]."""
        return torch.nn.functional.cross_entropy(logits.float(), batch["labels"], reduction="none", ignore_index=-100)

    def unit_answers(self, logits: torch.Tensor, batch: Tensors) -> dict[str, np.ndarray]:
        """``logits`` [rows, labels]."""
        return {"logits": logits.float().cpu().numpy()}

    def decode(self, answers: dict[str, np.ndarray], rows: Columns) -> Columns:
        """The best label of each row with its probability, from ``logits`` [rows, labels]."""
        logits = answers["logits"]
        best = logits.argmax(1)
        probability = softmax(logits, axis=1)[np.arange(len(best)), best]
        predicted = [self.labels[i] for i in best]
        gold = rows["label"]
        credit = [None if g is None else float(g == p) for g, p in zip(gold, predicted, strict=True)]
        kept = {"id": rows["id"], "language": rows["language"], "gold": gold, "predicted": predicted}
        return kept | {"score": [float(p) for p in probability], "credit": credit, "logits": logits.tolist()}

    def score(self, predictions: Columns) -> dict[str, float]:
        gold, predicted = predictions["gold"], predictions["predicted"]
        if self.positive is not None:
            return {"accuracy": accuracy(gold, predicted), "f1": binary_f1(gold, predicted, self.positive)}
        return {"accuracy": accuracy(gold, predicted), "macro_f1": macro_f1(gold, predicted, self.labels)}

    def metric_ratios(self, predictions: Columns) -> MetricRatios:
        ratios, positive = super().metric_ratios(predictions), self.positive
        if positive is None:
            return ratios
        pairs = zip(predictions["gold"], predictions["predicted"], strict=True)
        return ratios | {"f1": f1_ratio([(g == p == positive, p == positive, g == positive) for g, p in pairs])}
