"""``choose``: which of a few options goes with a text.

Each option is read together with the text (and the question, if any) as one pair of sequences, and the head
gives it one number (Devlin et al. 2019, section 4.4). jiant puts context and question of Cosmos QA and Social IQa,
and XTREME-R premise and question of COPA, into the first of the pair, as we do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from scipy.special import softmax

from xfer.core.errors import BadRow
from xfer.forms.base import Columns, EncodedUnits, Form, Tensors, TextTokenizer, UnitSeeds, encode_texts, pad_batch
from xfer.forms.sheet import CHOOSE, FormFacts, Pooling
from xfer.metrics.classification import accuracy

FEWEST_OPTIONS, MOST_OPTIONS = 2, 5


class ChooseForm(Form):
    """Columns id, language, text, question (or None), options (2 to 5 texts), label (index, or None if withheld).

    ``options`` of a batch, [rows, most options], is the sequence of each option, -1 where a row has fewer.
    ``pooling``: how the head is given one vector of a sequence; as its family does if None.
    """

    facts: ClassVar[FormFacts] = CHOOSE
    auto: ClassVar[str] = "AutoModelForMultipleChoice"

    def __init__(self, labels: Sequence[str] = (), pooling: Pooling | None = None) -> None:
        super().__init__(labels)
        self.pooling = pooling

    def check_row(self, row: dict[str, Any], source: str, number: int) -> None:
        super().check_row(row, source, number)
        options, label = row["options"], row.get("label")
        if not isinstance(options, list) or not FEWEST_OPTIONS <= len(options) <= MOST_OPTIONS:
            count = len(options) if isinstance(options, list) else "no"
            raise BadRow(source, number, f"row {row['id']} has {count} options, not {FEWEST_OPTIONS} to {MOST_OPTIONS}")
        if not all(isinstance(option, str) for option in options):
            raise BadRow(source, number, f"row {row['id']} has an option that is not text")
        if empty := [choice for choice, option in enumerate(options, 1) if not option.strip()]:
            raise BadRow(source, number, f"row {row['id']}: option {empty[0]} of {len(options)} is empty")
        if label is not None and (type(label) is not int or not 0 <= label < len(options)):
            raise BadRow(source, number, f"label {label!r} is not one of 0 to {len(options) - 1}")

    def encode(self, rows: Columns, tokenizer: TextTokenizer, max_length: int) -> EncodedUnits:
        """Units are rows, of one sequence an option: starts [options of all rows + 1], groups [rows + 1]."""
        prompts = map(option_prompt, rows["text"], rows["question"])
        pairs = [(text, option) for text, options in zip(prompts, rows["options"], strict=True) for option in options]
        encoded = encode_texts(tokenizer, [text for text, _ in pairs], [option for _, option in pairs], max_length)
        return encoded._replace(groups=np.cumsum([0, *map(len, rows["options"])], dtype=np.int64))

    def loss_targets(self, rows: Columns) -> np.ndarray:
        """The number of the right option, shape [rows]; -100 where it is withheld."""
        return np.array([-100 if label is None else label for label in rows["label"]], dtype=np.int64)

    def build_batch(
        self,
        encoded: EncodedUnits,
        targets: np.ndarray,
        index: np.ndarray,
        tokenizer: TextTokenizer,
        seeds: UnitSeeds = None,
    ) -> Tensors:
        """``input_ids`` [options of all rows, length], ``options`` [rows, most options], ``labels`` [rows]."""
        assert encoded.groups is not None
        firsts = encoded.groups[index]
        counts = encoded.groups[index + 1] - firsts
        inside = np.arange(int(counts.max()))[None, :] < counts[:, None]
        options = np.full(inside.shape, -1, dtype=np.int64)
        options[inside] = np.arange(int(counts.sum()))
        sequences = (firsts[:, None] + np.arange(inside.shape[1])[None, :])[inside]
        arrays = pad_batch(encoded, sequences, tokenizer.pad_token_id)
        arrays |= {"options": options, "labels": targets[index]}
        return {name: torch.from_numpy(array) for name, array in arrays.items()}

    def unit_losses(self, logits: torch.Tensor, batch: Tensors) -> torch.Tensor:
        """Cross-entropy over the options, from logits [rows, most options], shape [rows]."""
        return torch.nn.functional.cross_entropy(logits.float(), batch["labels"], reduction="none", ignore_index=-100)

    def log_probabilities(self, logits: torch.Tensor, batch: Tensors) -> torch.Tensor:
        """Of each option, [rows, most options]: very low, and yet finite, where a row has fewer."""
        # minus infinity, where a row has fewer options, would make a divergence not a number
        return logits.float().clamp(min=torch.finfo(torch.float32).min).log_softmax(-1)

    def unit_answers(self, logits: torch.Tensor, batch: Tensors) -> dict[str, Any]:
        """``logits`` of the options that a row has: one array [options] a row."""
        counts = (batch["options"] >= 0).sum(1).tolist()
        return {"logits": [row[:count] for row, count in zip(logits.float().cpu().numpy(), counts, strict=True)]}

    def decode(self, answers: dict[str, Any], rows: Columns) -> Columns:
        logits: list[np.ndarray] = list(answers["logits"])
        predicted = [int(row.argmax()) for row in logits]
        gold = rows["label"]
        credit = [None if g is None else float(g == p) for g, p in zip(gold, predicted, strict=True)]
        kept = {"id": rows["id"], "language": rows["language"], "gold": gold, "predicted": predicted}
        score = [float(softmax(row).max()) for row in logits]  # the probability of the best
        return kept | {"score": score, "credit": credit, "logits": [row.tolist() for row in logits]}

    def score(self, predictions: Columns) -> dict[str, float]:
        return {"accuracy": accuracy(predictions["gold"], predictions["predicted"])}


def option_prompt(text: str, question: str | None) -> str:
    """What stands before each option."""
    return f"{text} {question}" if question else text
