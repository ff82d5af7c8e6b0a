"""Parameter-efficient parts of an encoder: by the package peft, and merged into plain weights; or our bottlenecks."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import torch

from xfer.core.errors import MissingPart
from xfer.core.seeds import derive_seed
from xfer.models import bottleneck
from xfer.models.needs import PEFT
from xfer.models.network import Network, seeded_torch

IA3_TARGETS = ("key", "value", "output.dense")  # peft's choice for RoBERTa; it has none for XLM-R
IA3_ATTENTION = ("query", "key", "value")  # IA3 scales what comes out of these, and what goes into others


def inject_adapters(network: Network, adapt: Any, seed: int) -> None:
    """Puts the parts into the encoder, in place; of the encoder only they are trained then, and the heads as before.

    With ``houlsby`` its layer norms are trained as well.

    Raises MissingPart where peft is not there, or the encoder has no such layers.
    """
    if adapt.bottleneck:
        network.encoder.requires_grad_(False)
        with seeded_torch(derive_seed("adapt", seed)):
            bottleneck.add_bottlenecks(network.encoder, network.layer_stack(), adapt.method, adapt.rank)
        if adapt.method == "houlsby":
            bottleneck.train_norms(network.encoder)
        return
    try:
        import peft  # late: an extra, and heavy
    except ImportError:
        raise MissingPart(PEFT) from None
    encoder: Any = network.encoder
    encoder.requires_grad_(False)
    try:
        config = _config(peft, adapt, encoder)
        with seeded_torch(derive_seed("adapt", seed)):
            peft.inject_adapter_in_model(config, encoder)
    except ValueError as error:
        raise MissingPart(f"trainer.adapt: {' '.join(str(error).split())}") from None


def _config(peft: ModuleType, adapt: Any, encoder: Any) -> Any:
    linear = sorted({name.split(".")[-1] for name, m in encoder.named_modules() if isinstance(m, torch.nn.Linear)})
    targets: Any = linear if adapt.targets == "all" else adapt.targets
    if adapt.method == "ia3":
        targets = list(targets or IA3_TARGETS)
        inner = [name for name in targets if name not in IA3_ATTENTION]
        return peft.IA3Config(target_modules=targets, feedforward_modules=inner)
    sizes: dict[str, Any] = {"r": adapt.rank, "lora_alpha": adapt.alpha, "lora_dropout": adapt.dropout}
    if not targets and encoder.config.model_type not in peft.utils.TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING:
        targets = linear  # peft names none for this family: all linear layers, as QLoRA has them
    return peft.LoraConfig(target_modules=targets and list(targets), use_dora=adapt.method == "dora", **sizes)


def _wrapped_layers(network: Network) -> list[tuple[torch.nn.Module, str, Any]]:
    """Each layer that peft has wrapped: its parent, its name there, itself."""
    from peft.tuners.tuners_utils import BaseTunerLayer  # late: an extra, and heavy

    return [
        (parent, name, child)
        for parent in network.encoder.modules()
        if not isinstance(parent, BaseTunerLayer)
        for name, child in parent.named_children()
        if isinstance(child, BaseTunerLayer)
    ]


@contextmanager
def merged_adapters(network: Network, adapt: Any) -> Iterator[None]:
    """Inside, the network is the plain one that will be saved; outside, the parts are what they were."""
    parts = _wrapped_layers(network) if adapt and not adapt.bottleneck else []
    for parent, name, wrapped in parts:
        merged_layer = copy.deepcopy(wrapped)
        merged_layer.merge()
        setattr(parent, name, merged_layer.get_base_layer())
    try:
        yield
    finally:
        for parent, name, wrapped in parts:
            setattr(parent, name, wrapped)


def remove_adapters(network: Network, adapt: Any) -> None:
    """Takes the parts out again without merging: the weights to use are read back after this. Bottlenecks stay."""
    for parent, name, wrapped in _wrapped_layers(network) if adapt and not adapt.bottleneck else []:
        setattr(parent, name, wrapped.get_base_layer())
