"""``retrieve``: which of many candidates belongs to a query, by the vectors of an encoder.

Query and candidate are read apart by one encoder; the vector of each is one of its layers, pooled. Training is a
dual encoder's: every other candidate of a batch is a wrong one (Ruder et al. 2021, third_party/bert.py of XTREME-R).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np
import torch

from xfer.core.errors import BadRow, MissingPart
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
    take_sequences,
)
from xfer.forms.pooling import pooled_states
from xfer.forms.search import SEARCHES
from xfer.forms.sheet import RETRIEVE, FormFacts, Pooling
from xfer.metrics.retrieval import MARGIN_NEIGHBOURS, RANK_CUTOFF, mean_average_precision, mean_reciprocal_rank

# XTREME counts the outputs of the layers from 0 without the embeddings: its 7 of mBERT and XLM-R base and its 13 of
# XLM-R large (scripts/run_tatoeba.sh) are these of all hidden states; jiant takes 14 of the large one as well.
XTREME_LAYERS = {12: 8, 24: 14}
EXCLUDED_LOGIT = 1e4  # below every cosine by so much that its probability is 0, and yet finite
LayerChoice = int | Literal["xtreme"] | None


class RetrieveForm(Form):
    """Columns id, language, side (query or candidate), text, pair (read after the text, or None), gold, part.

    ``gold`` of a query lists the ids of its right candidates (None where withheld); ``part`` is "test", or "tune" for
    rows that only set a threshold. Ids are unique within language, side and part. Queries search the candidates of
    their own language and part, or with ``pool: shared`` those of all languages, whose ids must then differ.
    ``task`` is what is scored: "nearest" (accuracy), "mining" (F1 of extracted pairs) or "ranking" (mAP@20).
    ``layer`` numbers the hidden states, 0 being the embeddings; None is the last, "xtreme" the one that XTREME takes.
    ``scale`` multiplies the cosines in the training loss (the initial value of XTREME-R, kept fixed here).
    """

    facts: ClassVar[FormFacts] = RETRIEVE
    auto: ClassVar[str] = "AutoModel"
    batchwise_loss = True  # the others of a batch are the wrong candidates

    def __init__(
        self,
        labels: Sequence[str] = (),
        layer: LayerChoice = None,
        pooling: Pooling = "mean",
        task: Literal["nearest", "mining", "ranking"] = "nearest",
        neighbours: int = MARGIN_NEIGHBOURS,
        pool: Literal["own", "shared"] = "own",
        scale: float = 100.0,
    ) -> None:
        super().__init__(labels)
        self.layer, self.pooling, self.scale = layer, pooling, scale
        self.task, self.neighbours, self.pool = task, neighbours, pool
        self.decodes_by_language = pool == "own"

    def check_row(self, row: dict[str, Any], source: str, number: int) -> None:
        super().check_row(row, source, number)
        side, split, gold = row.get("side"), row.get("part"), row.get("gold")
        if side not in ("query", "candidate"):
            raise BadRow(source, number, f"row {row['id']}: side '{side}' is not query or candidate")
        if split not in ("test", "tune"):
            raise BadRow(source, number, f"row {row['id']}: part '{split}' is not test or tune")
        if side == "candidate" and gold is not None:
            raise BadRow(source, number, f"candidate {row['id']} has right candidates of its own")
        if gold is not None and not (isinstance(gold, list) and all(isinstance(name, str) for name in gold)):
            raise BadRow(source, number, f"row {row['id']}: gold is not a list of ids")

    def hidden(self, layers: int) -> int:
        """The number of the hidden state to take from an encoder of ``layers`` layers. Raises MissingPart."""
        if self.layer == "xtreme":
            return XTREME_LAYERS.get(layers, layers)
        if self.layer is not None and self.layer > layers:
            raise MissingPart(f"layer is {self.layer}, but the encoder has {layers} layers (0 is its embeddings)")
        return layers if self.layer is None else int(self.layer)

    def vectors(self, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Hidden states [n, subwords, width], pooled over what ``mask`` [n, subwords] leaves, [n, width] in float32."""
        return pooled_states(states.float(), mask, self.pooling)

    def encode_training(self, rows: Columns, tokenizer: TextTokenizer, max_length: int) -> EncodedUnits:
        """A unit for each query and each of its right candidates: the sequences of both, groups [units + 1].

        Kept: ``row`` of the query; ``query`` and ``candidate``, the numbers of their texts (equal texts have one); and
        ``pairs``, query x texts + candidate of all that belong together, so that a batch knows which others are right.
        """
        queries, candidates = self._units(rows)
        encoded = encode_texts(tokenizer, rows["text"], rows["pair"], max_length)
        texts: dict[tuple[str, Any], int] = {}
        number = np.array([texts.setdefault(text, len(texts)) for text in zip(rows["text"], rows["pair"], strict=True)])
        kept = {"query": number[queries], "candidate": number[candidates]}
        kept["pairs"] = np.unique(kept["query"] * len(texts) + kept["candidate"])
        kept |= {"texts": np.array(len(texts)), "row": queries}
        pair_rows = np.stack([queries, candidates], 1).reshape(-1)
        return take_sequences(encoded, pair_rows)._replace(kept=kept, groups=np.arange(0, len(pair_rows) + 1, 2))

    def _units(self, rows: Columns) -> tuple[np.ndarray, np.ndarray]:
        """The rows of each query [pairs] and right candidate [pairs]. Raises BadRow where a right candidate is not
        there."""
        places = {self._name(rows, row): row for row, side in enumerate(rows["side"]) if side == "candidate"}
        pairs = []
        for row, (side, gold) in enumerate(zip(rows["side"], rows["gold"], strict=True)):
            for name in (gold or ()) if side == "query" else ():
                candidate = places.get((*self._name(rows, row)[:-1], name))
                if candidate is None:
                    raise BadRow("training data", row + 1, f"query {rows['id'][row]} has no candidate {name}")
                pairs.append((row, candidate))
        if not pairs:
            raise BadRow("training data", 0, "no query has a right candidate")
        pair_rows = np.array(pairs, dtype=np.int64)
        return pair_rows[:, 0], pair_rows[:, 1]

    def _name(self, rows: Columns, row: int) -> tuple[Any, ...]:
        """What a row is known by where candidates are looked up."""
        return ("" if self.pool == "shared" else rows["language"][row], rows["part"][row], rows["id"][row])

    def build_batch(
        self,
        encoded: EncodedUnits,
        targets: np.ndarray,
        index: np.ndarray,
        tokenizer: TextTokenizer,
        seeds: UnitSeeds = None,
    ) -> Tensors:
        """Sequences of the units; in training also ``labels`` (of each query, its place among the candidates) and
        ``others`` [units, units]: candidates that are right as well, and so are no wrong ones."""
        if encoded.groups is None:
            arrays = pad_batch(encoded, index, tokenizer.pad_token_id)
            return {name: torch.from_numpy(array) for name, array in arrays.items()}
        sequences = (encoded.groups[index][:, None] + np.arange(2)[None, :]).reshape(-1)
        arrays = pad_batch(encoded, sequences, tokenizer.pad_token_id)
        kept = encoded.kept
        pair_numbers = kept["query"][index][:, None] * int(kept["texts"]) + kept["candidate"][index][None, :]
        arrays["others"] = np.isin(pair_numbers, kept["pairs"]) & ~np.eye(len(index), dtype=bool)
        arrays["labels"] = np.arange(len(index))
        return {name: torch.from_numpy(array) for name, array in arrays.items()}

    def unit_losses(self, logits: torch.Tensor, batch: Tensors) -> torch.Tensor:
        """Cross-entropy of each query over the batch's candidates, from vectors [2 x units, width], shape [units]."""
        return torch.nn.functional.nll_loss(self.log_probabilities(logits, batch), batch["labels"], reduction="none")

    def log_probabilities(self, logits: torch.Tensor, batch: Tensors) -> torch.Tensor:
        """Log-probabilities of the batch's candidates for each query, [units, units]."""
        vectors = torch.nn.functional.normalize(logits.float(), dim=1)
        cosines = self.scale * vectors[0::2] @ vectors[1::2].T
        return cosines.masked_fill(batch["others"], -EXCLUDED_LOGIT).log_softmax(-1)

    def unit_answers(self, logits: torch.Tensor, batch: Tensors) -> dict[str, np.ndarray]:
        """``vectors`` [sequences, width]."""
        return {"vectors": logits.float().cpu().numpy()}

    def decode(self, answers: dict[str, np.ndarray], rows: Columns) -> Columns:
        """One prediction a query of part test: id, language, gold, predicted (ids, best first), score and credit.

        nearest, ranking: the best 20; the score is the best cosine; the credit is whether the first is right, or the
        average precision. mining: the extracted candidate, if any, and its margin; the credit is whether that is right,
        or rightly nothing, and ``counts`` is [right, predicted, gold], from whose sums the F1 follows.
        """
        return SEARCHES[self.task](answers["vectors"], rows, self.pool == "shared", self.neighbours)

    def score(self, predictions: Columns) -> dict[str, float]:
        if self.task == "mining":
            right, predicted, gold = np.array(predictions["counts"]).sum(0).tolist()
            f1 = 2 * right / max(predicted + gold, 1)
            return {"f1": f1, "precision": right / max(predicted, 1), "recall": right / max(gold, 1)}
        if self.task == "nearest":
            return {"accuracy": sum(predictions["credit"]) / len(predictions["credit"])}
        queries = [str(number) for number in range(len(predictions["id"]))]  # ids are unique within a language only
        gold, ranked = (dict(zip(queries, predictions[name], strict=True)) for name in ("gold", "predicted"))
        metrics = {"map": mean_average_precision(gold, ranked), "mrr": mean_reciprocal_rank(gold, ranked)}
        return {f"{name}@{RANK_CUTOFF}": value for name, value in metrics.items()}

    def metric_ratios(self, predictions: Columns) -> MetricRatios:
        if self.task == "mining":
            return super().metric_ratios(predictions)
        name = "accuracy" if self.task == "nearest" else f"map@{RANK_CUTOFF}"
        return {name: (predictions["credit"], [1.0] * len(predictions["credit"]))}
