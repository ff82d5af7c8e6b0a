"""A small network in double precision, and the same network written as one formula of its weights."""

from __future__ import annotations

from typing import Any

import torch
from accelerate import Accelerator

from xfer.models.network import Network
from xfer.trainers.adversaries.micro_batch import MicroBatch

IDS = torch.tensor([[1, 3, 2, 4, 1], [2, 2, 5, 0, 0], [4, 1, 0, 0, 0]])  # 0 is padding
LABELS = torch.tensor([2, 0, 1])
WIDTH, CLASSES = 4, 3
Weights = dict[str, torch.Tensor]


class Embeddings(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words, self.positions = torch.nn.Embedding(6, WIDTH), torch.nn.Parameter(torch.randn(5, WIDTH))

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return torch.tanh(self.words(ids) + self.positions[: ids.shape[1]])


class Encoder(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embeddings, self.layer = Embeddings(), torch.nn.Linear(WIDTH, WIDTH)

    def get_input_embeddings(self) -> torch.nn.Embedding:
        return self.embeddings.words

    def forward(self, ids: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"last_hidden_state": torch.tanh(self.layer(self.embeddings(ids)))}


class Classes:
    """A form with cross-entropy, [rows]."""

    def unit_losses(self, logits: torch.Tensor, batch: Any) -> torch.Tensor:
        return torch.nn.functional.cross_entropy(logits, batch["labels"], reduction="none")

    def log_probabilities(self, logits: torch.Tensor, batch: Any) -> torch.Tensor:
        return logits.log_softmax(-1)


class Toy(torch.nn.Module):
    """Logits [rows, classes] of the mean of the states that are no padding."""

    named_weights, weight_places = Network.named_weights, Network.weight_places

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(5)
        self.encoder, head = Encoder(), torch.nn.Linear(WIDTH, CLASSES)
        self.heads, self.forms = torch.nn.ModuleDict({"toy": head}), {"toy": Classes()}
        self.double()

    def forward(self, task: str, batch: Any) -> torch.Tensor:
        mask = batch["attention_mask"].unsqueeze(-1)
        states = self.encoder(batch["input_ids"])["last_hidden_state"]
        logits: torch.Tensor = self.heads["toy"]((states * mask).sum(1) / mask.sum(1))
        return logits


def toy_micro(network: Any, kept: Weights | None = None) -> MicroBatch:
    batch = {"input_ids": IDS, "attention_mask": (IDS != 0).long(), "labels": LABELS}
    return MicroBatch(network, Accelerator(cpu=True), "toy", batch, len(IDS), 1.0, (1, 0, 0), kept or {})


def toy_weights(network: torch.nn.Module) -> Weights:
    """Copies of its weights by name, that a gradient can be taken in."""
    return {name: p.detach().clone().requires_grad_() for name, p in network.named_parameters()}


MASK = (IDS != 0).unsqueeze(-1).double()


def formula(
    weights: Weights, words: Any = 0.0, layer: Any = 0.0, constant: bool = False, singular: Any = 1.0
) -> torch.Tensor:
    """Log-probabilities [rows, classes] with ``words`` added to the word embeddings, ``layer`` to what follows."""
    looked_up = weights["encoder.embeddings.words.weight"][IDS]
    looked_up = (looked_up.detach() if constant else looked_up) + words
    embedded = torch.tanh(looked_up + weights["encoder.embeddings.positions"]) + layer
    states = torch.tanh(embedded @ weights["encoder.layer.weight"].T + weights["encoder.layer.bias"])
    pooled = (states * MASK).sum(1) / MASK.sum(1)
    logits = pooled @ (weights["heads.toy.weight"] / singular).T + weights["heads.toy.bias"]
    return logits - logits.exp().sum(-1, keepdim=True).log()


def cross_entropy(answers: torch.Tensor) -> torch.Tensor:
    return -answers[torch.arange(len(LABELS)), LABELS].mean()
