"""The augmented view of a batch's rows, which stands in the batch itself under names of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xfer.forms.base import Tensors

VIEW_PREFIX = "view/"


def view_of(batch: Tensors) -> Tensors:
    """What a batch holds of its rows' view, under the names that a batch has; tensors of any shape, which stays."""
    return {name.removeprefix(VIEW_PREFIX): tensor for name, tensor in batch.items() if name.startswith(VIEW_PREFIX)}


def as_view(batch: Tensors) -> Tensors:
    """A batch as part of another, of whose rows it is the view; tensors of any shape, which stays."""
    return {VIEW_PREFIX + name: tensor for name, tensor in batch.items()}
