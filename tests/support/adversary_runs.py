"""Tiny networks of every form, and looks into single steps, that the tests of this folder share."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import torch
from tiny_runs import TEXTS, WORDS, context, settings

from xfer.forms.base import build_form
from xfer.models.base import Origin
from xfer.models.network import Network, build_network
from xfer.models.scratch import Scratch
from xfer.trainers.adversaries.base import Adversary
from xfer.trainers.adversaries.micro_batch import MicroBatch
from xfer.trainers.loop.fit import Run, TaskData

NAMES = Adversary.known_names()
FORMS: dict[str, tuple[str, ...]] = {
    "classify": ("no", "yes"),
    "choose": (),
    "tag": ("O", "B-LOC"),
    "span": (),
    "mask": (),
    "retrieve": (),
}
Tensors = dict[str, torch.Tensor]


def make(name: str, **fields: Any) -> Adversary:
    return Adversary.model_validate({"type": name, **fields})


def rows(kind: str, count: int = 24) -> dict[str, list[Any]]:
    """Rows of a form over the same texts, whose answer the text says."""
    texts = [text for text in TEXTS if len(text.split()) > 2][:count]
    made: dict[str, list[Any]] = {"id": [str(i) for i in range(len(texts))], "language": ["en"] * len(texts)}
    made["text"] = texts
    if kind == "classify":
        made |= {"pair": [None] * len(texts), "label": [("no", "yes")[text.endswith("sun")] for text in texts]}
    if kind == "choose":
        made["question"] = [None] * len(texts)
        made["options"] = [["rain", "sun", "cat"][: 2 + i % 2] for i in range(len(texts))]
        made["label"] = [int(text.endswith("sun")) for text in texts]
    if kind == "tag":
        made["words"] = [text.split() for text in texts]
        made["tags"] = [[("O", "B-LOC")[len(word) > 4] for word in words] for words in made["words"]]
    if kind == "span":
        words = [text.split() for text in texts]
        made |= {"pair": ["what ?"] * len(texts), "answers": [[found[-1]] for found in words]}
        made["starts"] = [[len(text) - len(found[-1])] for text, found in zip(texts, words, strict=True)]
    return _sides(made) if kind == "retrieve" else made


def _sides(made: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Each text as a query; the candidate that is right says it in other words, one for one."""
    other = dict(zip(WORDS, WORDS[5:] + WORDS[:5], strict=True))
    back = [" ".join(other.get(word, word) for word in text.split()[:-1]) for text in made["text"]]
    count = len(back)
    return {
        "id": made["id"] * 2,
        "language": made["language"] * 2,
        "side": ["query"] * count + ["candidate"] * count,
        "text": made["text"] + back,
        "pair": [None] * 2 * count,
        "gold": [[name] for name in made["id"]] + [None] * count,
        "part": ["test"] * 2 * count,
    }


@cache
def origin(dropout: float) -> Origin:
    return Scratch(layers=1, width=16, heads=2, vocabulary=300, positions=48, dropout=dropout).load_origin(
        lambda: TEXTS
    )


def network(*kinds: str, dropout: float = 0.0, seed: int = 1) -> Network:
    """A fresh network with one task a form, of the form's name."""
    return build_network(origin(dropout), {kind: build_form(kind, FORMS[kind]) for kind in kinds}, seed)


def run(folder: Path, kind: str, adversary: Adversary, dropout: float = 0.0, **fields: Any) -> Run:
    chosen = settings(**{"clip": 0, "adversary": adversary, **fields})
    task = TaskData(kind, 1.0, rows(kind), None, ("en",))
    return Run(chosen, network(kind, dropout=dropout), [task], context(folder))


def gradients(made: Run) -> list[Tensors]:
    """The gradients that the optimiser sees at each update of the first step."""
    seen: list[Tensors] = []

    def look() -> None:
        seen.append({n: p.grad.clone() for n, p in made.inner.named_parameters() if p.grad is not None})

    made.optimizer.step = look
    made.train_step(0)
    return seen


def close(first: Tensors, second: Tensors, tolerance: float = 1e-6) -> bool:
    assert first.keys() == second.keys() and len(first) > 10
    return all(torch.allclose(first[n], second[n], atol=tolerance, rtol=1e-4) for n in first)


def combine(factors: list[float], found: list[Tensors]) -> Tensors:
    return {n: sum(f * each[n] for f, each in zip(factors, found, strict=True)) for n in found[0]}  # type: ignore[misc]


def micro(made: Run, step: int = 0) -> MicroBatch:
    """The first micro-batch of a run."""
    task = next(iter(made.tasks))
    return made._micro_batches(task, [made.task_batch(task, 0)], step)[0]


def deltas(made: Run, monkeypatch: Any) -> list[tuple[MicroBatch, torch.Tensor]]:
    """Every perturbation under which the network is run in the first step, with its micro-batch."""
    seen: list[tuple[MicroBatch, torch.Tensor]] = []
    real: Callable[..., torch.Tensor] = MicroBatch._pass

    def watched(self: MicroBatch, network: Any, delta: torch.Tensor | None, dropout: int, site: Any) -> torch.Tensor:
        if delta is not None:
            seen.append((self, delta.detach().clone()))
        return real(self, network, delta, dropout, site)

    with monkeypatch.context() as patched:
        patched.setattr(MicroBatch, "_pass", watched)
        made.train_step(0)
    return seen
