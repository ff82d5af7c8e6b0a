"""Checkpoints of a run under way: weights, optimiser state and counters, never a pickle.

No random state is kept: every draw of a step is derived from (seed, step). A checkpoint is written aside
and renamed, so that a kill leaves the last whole one.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

from xfer.core.store import flush_to_disk
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
    for path in (aside / "state.safetensors", aside / "state.json", aside):
        flush_to_disk(path)
    target = folder / f"step-{step}"
    shutil.rmtree(target, ignore_errors=True)
    aside.rename(target)
    flush_to_disk(folder)
    for old in _checkpoint_folders(folder):
        if old != target:
            shutil.rmtree(old)


def restore_checkpoint(
    folder: Path, network: Network, optimizer: torch.optim.Optimizer, kept: KeptTensors | None = None
) -> dict[str, Any] | None:
    """Puts the newest whole checkpoint back, ``kept`` in place, and returns its counters; None where there is none.

    One that cannot be read, or whose chosen weights cannot, is said and passed over: the run begins before it.
    """
    tensors, state = next(_whole_checkpoints(folder), (None, None))
    if tensors is None or state is None:
        return None
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
    return state


def _checkpoint_folders(folder: Path) -> list[Path]:
    """The checkpoints, newest first; what only looks like one is none."""
    steps = {path: path.name.removeprefix("step-") for path in folder.glob("step-*")}
    return sorted((path for path, step in steps.items() if step.isdigit()), key=lambda path: -int(steps[path]))


def _whole_checkpoints(folder: Path) -> Iterator[tuple[KeptTensors, dict[str, Any]]]:
    """Tensors and counters of each checkpoint that can be read, newest first. Says which cannot."""
    for path in _checkpoint_folders(folder):
        try:
            tensors = load_file(path / "state.safetensors")
            state = json.loads((path / "state.json").read_text())
            if not isinstance(state, dict) or "step" not in state:
                raise ValueError("state.json holds no counters")
            for name, best in (("selected", state.get("best")), ("oracle", state.get("oracle"))):
                if best:
                    with safe_open(folder / f"{name}-{best[0]}.safetensors", "pt") as file:
                        file.keys()
        except (OSError, ValueError, TypeError, SafetensorError) as error:
            what = " ".join(str(error).split())
            sys.stderr.write(f"note: checkpoint {path} cannot be used ({what}); training begins before it\n")
            continue
        yield tensors, state


def _parameters(optimizer: torch.optim.Optimizer) -> list[torch.nn.Parameter]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


def keep_weights(folder: Path, name: str, step: int, network: Network) -> None:
    """Writes the weights of ``step`` as ``<name>-<step>.safetensors``."""
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / f".{name}-{step}"
    save_file({key: tensor.cpu().clone() for key, tensor in network.named_weights().items()}, aside)
    flush_to_disk(aside)
    aside.rename(folder / f"{name}-{step}.safetensors")


def restore_weights(folder: Path, name: str, step: int, network: Network) -> None:
    """Puts kept weights back."""
    network.load_weights(load_file(folder / f"{name}-{step}.safetensors"))


def forget_weights(folder: Path, name: str, step: int) -> None:
    """Removes kept weights of other steps."""
    for old in folder.glob(f"{name}-*.safetensors"):
        if old.name != f"{name}-{step}.safetensors":
            old.unlink()
