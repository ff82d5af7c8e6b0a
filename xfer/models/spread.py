"""Tensors of which each process has a part (torch's DTensor), beside ordinary ones. All call these together."""

from __future__ import annotations

import torch


def gather_full(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor itself, or what the processes' parts make together; any shape."""
    if not hasattr(tensor, "full_tensor"):
        return tensor
    full: torch.Tensor = tensor.full_tensor()
    return full


def shard_like(tensor: torch.Tensor, model: torch.Tensor) -> torch.Tensor:
    """A whole tensor of any shape that every process has, spread as ``model`` is."""
    if not hasattr(model, "full_tensor"):
        return tensor
    from torch.distributed.tensor import distribute_tensor  # late: few runs need it

    mesh, placements = model.device_mesh, model.placements  # type: ignore[attr-defined]
    return distribute_tensor(tensor.to(model.device), mesh, placements, src_data_rank=None)
