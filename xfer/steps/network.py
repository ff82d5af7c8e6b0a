"""The network that a node tests."""

from __future__ import annotations

from typing import Any

from xfer.graph.compile import Node
from xfer.steps.rows import Parents


def tested(node: Node, parents: Parents) -> tuple[Any, int]:
    """The network that is tested, on the best device, and its longest input."""
    from xfer.models import threads
    from xfer.models.predictor import device

    network, length = _loaded(node, parents)
    threads.settle(network.encoder.config)
    return network.to(device()), length


def _loaded(node: Node, parents: Parents) -> tuple[Any, int]:
    """The network that is tested and its longest input: as it was trained, else as published."""
    from xfer.forms.base import form
    from xfer.models.base import Origin
    from xfer.models.network import build, load
    from xfer.trainers.finetune import Finetune
    from xfer.trainers.loop.fit import longest

    job, kind = node.job, form(node.job["form"], node.job["labels"], node.job["options"])
    if "train" not in parents:
        network = build(node.spec["model"].origin(lambda: ()), {job["task"]: kind}, 0).eval()
        return network, longest(Finetune(max_length=job["max_length"]), network)
    trained, role = parents["train"], job.get("role", "selected")
    folder = trained.out / role if (trained.out / role).is_dir() else trained.out / "selected"
    if "max_length" in job:
        network = build(Origin(folder / job["task"]), {job["task"]: kind}, 0).eval()
        return network, longest(Finetune(max_length=job["max_length"]), network)
    network = load(folder, job["task"], kind)
    return network, int(trained.read("training.json")["max_length"])
