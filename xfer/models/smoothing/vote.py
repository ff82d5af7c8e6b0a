"""The vote itself: many passes over each batch, every one with other noise on the word embeddings."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from xfer.core.seeds import derive_seed
from xfer.forms.base import Columns, Tensors
from xfer.models.embeddings import embedding_width, shifted_embeddings
from xfer.models.network import Network
from xfer.models.predictor import ProgressCallback, prediction_batches
from xfer.models.smoothing.settings import Vote

SMALLEST_SHARE = 1e-6  # the share that stands for no votes where a logarithm is taken


def predict_by_vote(
    network: Network, task: str, rows: Columns, max_length: int, settings: Vote, progress: ProgressCallback
) -> Columns:
    """The form's predictions with the vote's shares for probabilities, and ``radius``, what each row is certified for.

    The noise of a row is drawn from its own name, so that it does not depend on the rows beside it.
    """
    form, target = network.forms[task], next(network.parameters()).device
    encoded, targets = form.encode(rows, network.tokenizer, max_length), form.loss_targets(rows)
    logits: list[Any] = [None] * len(rows["id"])
    radii, done = [0.0] * len(rows["id"]), 0
    network.eval()
    for index in prediction_batches(network, encoded):
        batch = form.build_batch(encoded, targets, index, network.tokenizer)
        batch = {name: tensor.to(target) for name, tensor in batch.items()}
        names = [derive_seed("vote", rows["language"][i], rows["id"][i]) for i in index]
        for i, (shares, radius) in zip(index, batch_votes(network, task, batch, names, settings), strict=True):
            logits[i], radii[i] = np.log(np.maximum(shares, SMALLEST_SHARE)).astype(np.float32), radius
        done += len(index)
        progress(done, len(logits))
    same = len({len(row) for row in logits}) == 1
    answers: dict[str, Any] = {"logits": np.stack(logits) if same else logits}
    return form.decode(answers, rows) | {"radius": radii}


def batch_votes(
    network: Network, task: str, batch: Tensors, names: list[int], settings: Vote
) -> list[tuple[np.ndarray, float]]:
    """Of each row of a batch: the share of each answer, [answers], and the certified radius."""
    generators = [torch.Generator().manual_seed(name) for name in names]
    inside, size = batch["attention_mask"].bool(), embedding_width(network)
    counts = _subword_counts(batch)
    chosen, votes = (
        np.sum([_ballot(network, task, batch, _noise(generators, counts, inside, size, settings)) for _ in range(n)], 0)
        for n in (max(1, settings.copies // 10), settings.copies)
    )
    options = (batch["options"] >= 0).sum(1).tolist() if "options" in batch else [votes.shape[1]] * len(names)
    best = chosen.argmax(1)
    return [
        (votes[i, : options[i]] / settings.copies, settings.certified_radius(int(votes[i, best[i]]), counts[i] * size))
        for i in range(len(names))
    ]


def _subword_counts(batch: Tensors) -> list[int]:
    """Subwords of each row, over all its sequences. The mask in ``batch`` is [sequences, subwords]."""
    lengths = batch["attention_mask"].sum(1).tolist()
    if "options" not in batch:
        return [int(length) for length in lengths]
    return [sum(int(lengths[i]) for i in row if i >= 0) for row in batch["options"].tolist()]


def _noise(
    generators: list[torch.Generator], counts: list[int], inside: torch.Tensor, size: int, settings: Vote
) -> torch.Tensor:
    """One perturbation [sequences, subwords, width]; the sequences of a row stand one after the other."""
    drawn = [
        draw_from_ball(generator, count * size, settings) for generator, count in zip(generators, counts, strict=True)
    ]
    delta = torch.zeros(*inside.shape, size, device=inside.device)
    delta[inside] = torch.cat(drawn).view(-1, size).to(inside.device)
    return delta


def draw_from_ball(generator: torch.Generator, dimensions: int, settings: Vote) -> torch.Tensor:
    """A point of the ball, uniform, [dimensions]."""
    if settings.norm == "linf":
        return (torch.rand(dimensions, generator=generator) * 2 - 1) * settings.radius
    direction = torch.randn(dimensions, generator=generator)
    length = settings.radius * float(torch.rand((), generator=generator)) ** (1 / dimensions)
    return direction * (length / direction.norm())


def _ballot(network: Network, task: str, batch: Tensors, delta: torch.Tensor) -> np.ndarray:
    """1 for the best answer of each row under one perturbation, [rows, answers]."""
    with torch.inference_mode(), shifted_embeddings(network, delta):
        logits = network(task, batch)
    best: np.ndarray = torch.nn.functional.one_hot(logits.argmax(1), logits.shape[1]).cpu().numpy()
    return best
