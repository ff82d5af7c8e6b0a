"""How the states of a text's subwords become one vector."""

from __future__ import annotations

import torch


def pooled_states(states: torch.Tensor, mask: torch.Tensor, pooling: str) -> torch.Tensor:
    """One vector of each text, [texts, width], of states [texts, subwords, width] and ``mask`` [texts, subwords].

    ``cls`` is the first state, ``last`` the last that is no padding, ``mean`` and ``max`` are over all that are none.
    """
    inside = mask[:, :, None].bool()
    if pooling == "cls":
        return states[:, 0]
    if pooling == "last":
        last = (mask.long() * torch.arange(mask.shape[1], device=mask.device)).argmax(1)
        return states[torch.arange(len(states), device=states.device), last]
    if pooling == "max":
        return states.masked_fill(~inside, -torch.inf).amax(1)
    return states.masked_fill(~inside, 0).sum(1) / inside.sum(1)
