"""Checkpoints of a run under way: weights, optimiser state and counters, never a pickle.

No random state is kept: every draw of a step is derived from (seed, step). A checkpoint is written aside
and renamed, so that a kill leaves the last whole one.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from xfer.models.network import Network
from xfer.models.spread import gather_full, shard_like

KeptTensors = dict[str, torch.Tensor]


def save_checkpoint(
    folder: Path,
    step: int,
    network: Network,
    optimizer: torch.optim.Optimizer,
    state: dict[str, Any],
    kept: KeptTensors | None = None,
    writes: bool = True,
) -> None:
    """Writes ``folder/step-<step>`` and removes the ones before it. ``kept``: other tensors that the run changes.

    Processes that hold parts of the tensors call this together, and one ``writes``.
    """
    aside = folder / f".step-{step}"
    tensors = {f"weight/{name}": tensor.contiguous() for name, tensor in network.named_weights().items()}
    tensors |= {f"kept/{name}": tensor.contiguous() for name, tensor in (kept or {}).items()}
    for i, parameter in enumerate(_parameters(optimizer)):
        for name, value in optimizer.state.get(parameter, {}).items():
            tensors[f"optimizer/{i}/{name}"] = torch.as_tensor(value).contiguous()
    gathered = {}
    for name, tensor in tensors.items():  # one by one: the others need not hold what they help to put together
        full = gather_full(tensor)
        if writes:
            gathered[name] = full.cpu().clone()
    if not writes:
        return
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    save_file(gathered, aside / "state.safetensors")
    (aside / "state.json").write_text(json.dumps(state))
    target = folder / f"step-{step}"
    shutil.rmtree(target, ignore_errors=True)
    aside.rename(target)
    for old in folder.glob("step-*"):
        if old != target:
            shutil.rmtree(old)


def restore_checkpoint(
    folder: Path, network: Network, optimizer: torch.optim.Optimizer, kept: KeptTensors | None = None
) -> dict[str, Any] | None:
    """Puts the newest checkpoint back, ``kept`` in place, and returns its counters; None where there is none."""
    checkpoints = sorted(folder.glob("step-*"), key=lambda path: int(path.name.partition("-")[2]))
    if not checkpoints:
        return None
    tensors = load_file(checkpoints[-1] / "state.safetensors")
    network.load_weights({name.partition("/")[2]: t for name, t in tensors.items() if name.startswith("weight/")})
    for name, tensor in (kept or {}).items():
        tensor.copy_(tensors[f"kept/{name}"])
    for i, parameter in enumerate(_parameters(optimizer)):
        prefix = f"optimizer/{i}/"
        optimizer_state = {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}
        optimizer_state = {
            n: shard_like(t, parameter) if t.shape == parameter.shape else t for n, t in optimizer_state.items()
        }
        if optimizer_state:  # AdamW keeps its step count on the CPU unless it is fused on a GPU
            optimizer.state[parameter] = {
                n: t if n == "step" else t.to(parameter.device) for n, t in optimizer_state.items()
            }
            if parameter.is_cuda and "step" in optimizer_state:
                optimizer.state[parameter]["step"] = optimizer_state["step"].to(parameter.device)
    return dict(json.loads((checkpoints[-1] / "state.json").read_text()))


def _parameters(optimizer: torch.optim.Optimizer) -> list[torch.nn.Parameter]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


def keep_weights(folder: Path, name: str, step: int, network: Network) -> None:
    """Writes the weights of ``step`` as ``<name>-<step>.safetensors``."""
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / f".{name}-{step}"
    save_file({key: tensor.cpu().clone() for key, tensor in network.named_weights().items()}, aside)
    aside.rename(folder / f"{name}-{step}.safetensors")


def restore_weights(folder: Path, name: str, step: int, network: Network) -> None:
    """Puts kept weights back."""
    network.load_weights(load_file(folder / f"{name}-{step}.safetensors"))


def forget_weights(folder: Path, name: str, step: int) -> None:
    """Removes kept weights of other steps."""
    for old in folder.glob(f"{name}-*.safetensors"):
        if old.name != f"{name}-{step}.safetensors":
            old.unlink()
