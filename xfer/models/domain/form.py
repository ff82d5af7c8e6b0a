"""Rows of any form as a discriminator sees them: sequences, each with the value of a column as its label."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import torch
from transformers import PreTrainedTokenizerBase

from xfer.core.errors import MissingPart, XferError
from xfer.forms.base import Columns, EncodedUnits, Form, Tensors, UnitSeeds, pad_batch
from xfer.forms.sheet import FormFacts
from xfer.models.domain.base import Head
from xfer.models.domain.judge import Judge


class DomainForm(Form):
    """The rows of another form, encoded as that form does. A unit is a sequence: a row may have several.

    ``labels`` are the values of the column ``head.of``; ``conditions`` names the task whose probabilities are seen.
    """

    facts: ClassVar[FormFacts] = FormFacts(name="domain", summary="the value of a column")

    def __init__(self, inner: Form, head: Head, values: list[str], conditions: str | None = None) -> None:
        super().__init__(values)
        self.inner, self.head, self.conditions = inner, head, conditions
        self.batchwise_loss = head.batchwise_loss

    def judge(self, width: int, classes: int) -> Judge:
        """A fresh discriminator over states of ``width`` numbers (and ``classes`` probabilities, or 1)."""
        return Judge(self.head, width * classes, width, len(self.labels))

    def hidden(self, layers: int) -> int:
        """The number of the hidden state that is judged. Raises MissingPart."""
        if self.head.layer is not None and self.head.layer > layers:
            what = f"head.layer is {self.head.layer}, but the encoder has {layers} layers"
            raise MissingPart(f"{what} (0 is its embeddings)")
        return layers if self.head.layer is None else self.head.layer

    def encode(self, rows: Columns, tokenizer: PreTrainedTokenizerBase, max_length: int) -> EncodedUnits:
        """Kept: the ``row`` of each sequence."""
        encoded = self.inner.encode(rows, tokenizer, max_length)
        if encoded.groups is not None:
            row = np.repeat(np.arange(len(encoded.groups) - 1), np.diff(encoded.groups))
        else:
            row = encoded.kept.get("row", np.arange(len(encoded.starts) - 1))
        return EncodedUnits(encoded.ids, encoded.starts, encoded.types, {"row": row})

    def loss_targets(self, rows: Columns) -> np.ndarray:
        """The number of each row's value, [rows]; -100 where the discriminator does not know it."""
        number = {value: i for i, value in enumerate(self.labels)}
        return np.array([number.get(value, -100) for value in rows[self.head.of]], dtype=np.int64)

    def build_batch(
        self,
        encoded: EncodedUnits,
        targets: np.ndarray,
        index: np.ndarray,
        tokenizer: PreTrainedTokenizerBase,
        seeds: UnitSeeds = None,
    ) -> Tensors:
        """With ``places`` [units], the flat place of each subword that is judged, where subwords are."""
        arrays = pad_batch(encoded, index, tokenizer.pad_token_id)
        labels = targets[encoded.kept["row"][index]]
        if self.head.states == "tokens":
            inside = arrays["attention_mask"]
            arrays["places"] = np.flatnonzero(inside)
            labels = np.repeat(labels, inside.sum(1))
        arrays["labels"] = labels
        return {name: torch.from_numpy(array) for name, array in arrays.items()}

    def features(self, states: torch.Tensor, batch: Tensors) -> torch.Tensor:
        """Hidden states [sequences, subwords, width] as what is judged, [units, width]: never padding."""
        states, inside = states.float(), batch["attention_mask"].bool().unsqueeze(-1)
        if self.head.states == "tokens":
            return states.flatten(0, 1)[batch["places"]]
        return states[:, 0] if self.head.states == "first" else states.masked_fill(~inside, 0).sum(1) / inside.sum(1)

    def condition_probabilities(self, logits: torch.Tensor, batch: Tensors) -> torch.Tensor:
        """The other task's probabilities of each unit, [units, classes], from its logits [sequences, classes] or
        [sequences, subwords, classes].
        """
        probabilities = logits.float().softmax(-1)
        if self.head.states != "tokens":
            return probabilities
        if probabilities.ndim == 3:
            return probabilities.flatten(0, 1)[batch["places"]]
        return probabilities[batch["places"] // batch["attention_mask"].shape[1]]

    def unit_losses(self, logits: Any, batch: Tensors) -> torch.Tensor:
        """The loss of each unit, [units], from what the head's ``judge_features`` gave."""
        return self.head.unit_losses(logits, batch)

    def unit_answers(self, logits: Any, batch: Tensors) -> dict[str, np.ndarray]:
        """``scores`` [sequences, values]: the evidence for each value, a mean where subwords are judged."""
        scores = self.head.value_scores(logits["logits"].float())
        if self.head.states == "tokens":
            sequence = batch["places"] // batch["attention_mask"].shape[1]
            total = scores.new_zeros(len(batch["input_ids"]), scores.shape[1]).index_add_(0, sequence, scores)
            scores = total / batch["attention_mask"].sum(1, keepdim=True)
        return {"scores": scores.cpu().numpy()}

    def decode(self, answers: dict[str, np.ndarray], rows: Columns) -> Columns:
        """The value that a row's sequences speak for in the mean; no credit where its own is not known.

        ``answers`` holds ``scores`` [sequences, values] and ``row`` [sequences].
        """
        count, gold = len(rows["id"]), self.loss_targets(rows)
        total = np.zeros((count, len(self.labels)))
        np.add.at(total, answers["row"], answers["scores"])
        scores = self.head.centre_scores(total / np.bincount(answers["row"], minlength=count)[:, None], gold)
        best = scores.argmax(1)
        credit = [None if g < 0 else float(g == b) for g, b in zip(gold, best, strict=True)]
        kept = {"id": rows["id"], "language": rows["language"], "gold": rows[self.head.of]}
        return kept | {"predicted": [self.labels[b] for b in best], "credit": credit}

    def score(self, predictions: Columns) -> dict[str, float]:
        """``accuracy``: the mean over values of the share of their rows that is recognised, so that chance is
        1 / values however many rows each has."""
        recalls = self.shares(predictions)
        return {"accuracy": sum(recalls.values()) / len(recalls)}

    def shares(self, predictions: Columns) -> dict[str, float]:
        """Of each value: the share of its rows that is recognised."""
        rows: dict[str, list[float]] = {}
        for gold, credit in zip(predictions["gold"], predictions["credit"], strict=True):
            if credit is not None:
                rows.setdefault(gold, []).append(credit)
        return {value: sum(rows[value]) / len(rows[value]) for value in sorted(rows)}


def build_domain_form(task: str, inner: Form, head: Head, conditions: str | None, rows: Columns) -> DomainForm:
    """The form of a task with a discriminator: its values are those in the training rows. Raises XferError."""
    values = sorted({value for value in rows[head.of] if value is not None})
    if len(values) < 2:
        held = f"only '{values[0]}'" if values else "nothing"
        raise XferError(
            f"task {task}: column {head.of} holds {held} in the training rows; a head tells two or more apart"
        )
    return DomainForm(inner, head, values, conditions)
