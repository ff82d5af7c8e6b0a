"""Means of a run's weights: over the last dev scores, or a moving average over the steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors.torch import load_file

from xfer.models.network import Network
from xfer.trainers.loop import checkpoint
from xfer.trainers.options import Average

Weights = dict[str, torch.Tensor]
RECENT = "recent"  # weights at a dev score, kept under this name


def start_average(average: Average | None, network: Network) -> Weights:
    """The moving average at the start of a run, or nothing: tensors that ``follow`` changes in place."""
    if not average or average.decay is None:
        return {}
    return {f"average/{name}": tensor.clone() for name, tensor in network.named_weights().items()}


def update_average(average: Average | None, moving: Weights, network: Network, step: int) -> None:
    """One step of the moving average. Early steps, which know little, keep less: at most (1 + step) / (10 + step)."""
    if not moving or average is None or average.decay is None:
        return
    kept = min(average.decay, (1 + step) / (10 + step))
    for name, tensor in network.named_weights().items():
        moving_tensor = moving[f"average/{name}"]
        if moving_tensor.is_floating_point():
            moving_tensor.lerp_(tensor, 1 - kept)
        else:
            moving_tensor.copy_(tensor)


@contextmanager
def averaged_weights(
    average: Average | None, moving: Weights, network: Network, folder: Path, steps: Sequence[int]
) -> Iterator[None]:
    """Inside, the network has the mean; outside, its own weights. ``steps``: those of all dev scores, this one last."""
    if not average:
        yield
        return
    run_weights = {name: tensor.clone() for name, tensor in network.named_weights().items()}
    if moving:
        network.load_weights({name.removeprefix("average/"): tensor for name, tensor in moving.items()})
    elif average.last:
        checkpoint.keep_weights(folder, RECENT, steps[-1], network)
        network.load_weights(mean_weights([_read_recent(folder, step) for step in steps[-average.last :]]))
    try:
        yield
    finally:
        network.load_weights(run_weights)


def mean_weights(weight_sets: Sequence[Weights]) -> Weights:
    """The mean of several networks' weights, added up in double precision: that of equal ones is each of them."""
    averages = {}
    for name, first in weight_sets[0].items():
        if first.is_floating_point():
            total = torch.stack([weights[name].double() for weights in weight_sets]).sum(0)
            averages[name] = (total / len(weight_sets)).to(first.dtype)
        else:
            averages[name] = weight_sets[-1][name]
    return averages


def forget_recent(average: Average | None, folder: Path, steps: Sequence[int]) -> None:
    """Removes kept weights that no later mean needs. To be called when a checkpoint of the latest step stands."""
    if average and average.last:
        needed = {f"{RECENT}-{step}.safetensors" for step in steps[-average.last :]}
        for old in folder.glob(f"{RECENT}-*.safetensors"):
            if old.name not in needed:
                old.unlink()


def _read_recent(folder: Path, step: int) -> Weights:
    return load_file(folder / f"{RECENT}-{step}.safetensors")
