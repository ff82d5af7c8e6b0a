"""How deep each parameter lies: rates that fall from layer to layer, and layers that are trained later than others."""

from __future__ import annotations

from typing import Any

import torch

from xfer.core.errors import MissingPart
from xfer.models.network import Network
from xfer.trainers.options import Unfreeze

LOWEST_PARTS = frozenset(  # outside the embeddings of their families, and read before or by the lowest layer
    ("embeddings_project", "embedding_hidden_mapping_in", "rel_embeddings", "relative_attention_bias")
)
STAGE_RATE_PREFIXES = "heads.", "aside."  # what has the stage's rate


def parameter_depths(network: Network) -> dict[str, int]:
    """Of each parameter: 0 in the embeddings, 1 to L in the layers, L + 1 in heads and whatever else there is.

    Raises MissingPart for an encoder without one stack of layers.
    """
    stack = network.layer_stack()
    if stack is None:
        raise MissingPart("layer_decay and gradual unfreezing need an encoder with a single stack of layers")
    encoder: Any = network.encoder
    embeddings = encoder.embeddings if hasattr(encoder, "embeddings") else encoder.get_input_embeddings()
    depth_by_id = {id(p): 0 for p in embeddings.parameters()}
    depth_by_id |= {id(p): 0 for name, p in encoder.named_parameters() if not LOWEST_PARTS.isdisjoint(name.split("."))}
    depth_by_id |= {id(p): number for number, layer in enumerate(stack, 1) for p in layer.parameters()}
    return {name: depth_by_id.get(id(p), len(stack) + 1) for name, p in network.named_parameters()}


def parameter_groups(network: Network, weight_decay: float, layer_decay: float) -> list[dict[str, Any]]:
    """What the optimiser is given: biases and layer norms are not decayed, and ``scale`` is a factor of the rate.

    Rates fall by ``layer_decay`` from layer to layer, and twice from the heads, which have the full one, to the top
    layer: ELECTRA's exponents, L + 2 - depth of L layers (Clark et al. 2020, appendix B; google-research/electra,
    ``optimization.py``). Howard and Ruder 2018, section 3.2, fall once there. A pooler counts as a part of the heads.
    With a decay of 1 there are two groups without a scale. Discriminators are left to ``judge_groups``.
    """
    trained = [
        (name, p) for name, p in network.named_parameters() if p.requires_grad and name.startswith(STAGE_RATE_PREFIXES)
    ]
    depth_by_name = parameter_depths(network) if layer_decay != 1 else dict.fromkeys((name for name, _ in trained), 0)
    layers, optimizer_groups = len(network.layer_stack() or ()), []
    for depth in sorted({depth_by_name[name] for name, _ in trained}):
        depth_parameters = [(name, p) for name, p in trained if depth_by_name[name] == depth]
        undecayed = [p for name, p in depth_parameters if name.endswith("bias") or p.ndim == 1]
        decayed = [p for name, p in depth_parameters if not (name.endswith("bias") or p.ndim == 1)]
        exponent = layers + 2 - depth if depth <= layers else 0
        scale = {"scale": layer_decay**exponent} if layer_decay != 1 else {}
        optimizer_groups += [{"params": decayed, "weight_decay": weight_decay} | scale]
        optimizer_groups += [{"params": undecayed, "weight_decay": 0.0} | scale]
    return [group for group in optimizer_groups if group["params"] or layer_decay == 1]


class GradualUnfreezing:
    """Frozen parameters and the steps from which they are trained.

    Until then their gradients are dropped before they are clipped or used. They are made all the same: gradients
    that come and go would not do for several processes, which agree at the start on what there is to add up.
    """

    def __init__(self, network: Network, unfreeze: Unfreeze | None, steps: int) -> None:
        self.due: list[tuple[int, torch.nn.Parameter]] = []
        frozen = [(name, p) for name, p in network.named_parameters() if not p.requires_grad]
        if unfreeze is None or not frozen:
            return
        deep = parameter_depths(network) if unfreeze.gradual else dict.fromkeys((name for name, _ in frozen), 0)
        top = max(deep.values())
        # what lies above the layers (a pooler) goes with the highest of them
        order = sorted({min(deep[name], max(top - 1, 0)) for name, _ in frozen}, reverse=True)
        for name, parameter in frozen:
            turn = order.index(min(deep[name], max(top - 1, 0))) + 1
            self.due.append((round(unfreeze.at * steps * turn / len(order)), parameter))
            parameter.requires_grad_(True)

    def drop(self, step: int) -> None:
        """Takes the gradients away that are not due yet at ``step`` (counted from 0)."""
        for due, parameter in self.due:
            if step < due:
                parameter.grad = None
