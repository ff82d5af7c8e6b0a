"""The network that a node tests."""

from __future__ import annotations

from typing import Any

from xfer.graph.compile import Node
from xfer.steps.rows import Parents


def tested_network(node: Node, parents: Parents) -> tuple[Any, int]:
    """The network that is tested, on the best device, and its longest input."""
    from xfer.models import threads
    from xfer.models.predictor import default_device

    network, length = _load_tested(node, parents)
    threads.set_threads(network.encoder.config)
    return network.to(default_device()), length


def _load_tested(node: Node, parents: Parents) -> tuple[Any, int]:
    """The network that is tested and its longest input: as it was trained, else as published."""
    from xfer.forms.base import build_form
    from xfer.models.base import Origin
    from xfer.models.network import build_network, load_network
    from xfer.trainers.finetune import Finetune
    from xfer.trainers.loop.fit import input_length

    job, kind = node.job, build_form(node.job["form"], node.job["labels"], node.job["options"])
    if "train" not in parents:
        network = build_network(node.spec["model"].load_origin(lambda: ()), {job["task"]: kind}, 0).eval()
        return network, input_length(Finetune(max_length=job["max_length"]), network)
    trained, role = parents["train"], job.get("role", "selected")
    folder = trained.out / role if (trained.out / role).is_dir() else trained.out / "selected"
    if "max_length" in job:
        network = build_network(Origin(folder / job["task"]), {job["task"]: kind}, 0).eval()
        return network, input_length(Finetune(max_length=job["max_length"]), network)
    network = load_network(folder, job["task"], kind)
    return network, int(trained.read("training.json")["max_length"])
