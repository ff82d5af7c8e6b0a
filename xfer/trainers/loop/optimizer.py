"""What a run settles before its first step: precision, lengths, the network's options, its optimiser."""

from __future__ import annotations

from typing import Any

import torch

from xfer.models import adapt, threads
from xfer.models.network import Network
from xfer.models.positions import position_limit
from xfer.trainers.loop import memory
from xfer.trainers.loop.layers import GradualUnfreezing, parameter_groups
from xfer.trainers.settings import FinetuneSettings


def configure_network(network: Network, settings: FinetuneSettings, seed: int, steps: int) -> GradualUnfreezing:
    """Makes the network what the settings say, in place; returns what thaws it later."""
    if settings.dropout is not None:
        network.set_dropout(settings.dropout)
    if settings.adapt:
        adapt.inject_adapters(network, settings.adapt, seed)
    if settings.freeze_encoder:
        network.encoder.requires_grad_(False)
    settings.adversary.attach_modules(network, seed)
    thaw = GradualUnfreezing(network, settings.unfreeze, steps)
    if settings.gradient_checkpointing:
        memory.enable_checkpointing(network)
    if settings.compile:
        memory.compile_layers(network)
    return thaw


def build_optimizer(network: Network, settings: FinetuneSettings) -> torch.optim.AdamW:
    """AdamW over what is trained, at rates that each step sets."""
    trained = parameter_groups(network, float(settings.weight_decay or 0), settings.layer_decay)
    trained += judge_groups(network, float(settings.learning_rate or 0))
    return torch.optim.AdamW(trained, lr=0.0, eps=1e-8, fused=True)


def input_length(max_length: int | None, network: Network) -> int:
    """Subwords an input: the setting, 128 if there is none, or what the encoder has positions for."""
    room = position_limit(network.encoder.config, default=10**6)
    return min(int(max_length or 128), int(network.tokenizer.model_max_length), room)


def mixed_precision(setting: str, network: Network) -> str:
    """Accelerate's name of the precision. auto: bf16 where the device computes in it, and gains by it."""
    if setting != "auto":
        return {"fp32": "no", "bf16": "bf16"}[setting]
    if torch.cuda.is_available():
        return "bf16" if torch.cuda.is_bf16_supported() else "no"
    native = torch.cpu.get_capabilities()  # without such units a processor emulates bf16, at a third of the speed
    config: Any = network.encoder.config
    # narrow encoders lose more by changing types than they gain
    return "bf16" if threads.is_wide(config) and (native.get("avx512_bf16") or native.get("amx_bf16")) else "no"


def judge_groups(network: Network, peak: float) -> list[dict[str, Any]]:
    """The optimiser's groups of discriminators; ``scale`` is the ratio of their rate to the stage's ``peak``."""
    groups = []
    for task, judge in network.judges.items():
        form: Any = network.forms[task]
        head_rate = form.head.learning_rate
        scale = head_rate / peak if head_rate and peak else 1.0
        groups.append({"params": list(judge.parameters()), "weight_decay": 0.0, "scale": scale})
    return groups
