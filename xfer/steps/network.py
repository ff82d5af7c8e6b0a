"""The network that a node tests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xfer.core.store import Entry
from xfer.graph.jobs import NetworkJob
from xfer.models.base import Origin

if TYPE_CHECKING:
    from xfer.models.network import Network


def tested_network(job: NetworkJob, stage: Entry | None) -> tuple[Network, int]:
    """The network that is tested, on the best device, and its longest input in subwords.

    ``stage`` is the finished stage that it was trained in; None where the model is tested as it is.
    """
    from xfer.models import threads
    from xfer.models.predictor import default_device

    network, length = _load_tested(job, stage)
    threads.set_threads(network.encoder.config)
    return network.to(default_device()), length


def _load_tested(job: NetworkJob, stage: Entry | None) -> tuple[Network, int]:
    """The network that is tested and its longest input: as it was trained, else as published."""
    from xfer.forms.base import build_form
    from xfer.models.network import build_network, load_network
    from xfer.trainers.loop.optimizer import input_length

    form = build_form(job.form.name, job.form.labels, job.form.options)
    if job.max_length is not None:  # nothing was trained on such rows
        network = build_network(_tested_origin(job, stage), {job.task: form}, 0).eval()
        return network, input_length(job.max_length, network)
    assert stage is not None, f"task {job.task} was never trained"
    network = load_network(_checkpoint_folder(job, stage), job.task, form)
    return network, int(stage.read("training.json")["max_length"])


def _tested_origin(job: NetworkJob, stage: Entry | None) -> Origin:
    """The encoder of a stage, or the model as it is published."""
    if stage is not None:
        return Origin(_checkpoint_folder(job, stage) / job.task)
    assert job.model is not None, f"task {job.task} has neither a stage nor a model"
    return job.model.model.load_origin(lambda: ())


def _checkpoint_folder(job: NetworkJob, stage: Entry) -> Path:
    """The folder of the wanted checkpoint; the selected one where the oracle's is the same."""
    folder = stage.out / job.role
    return folder if folder.is_dir() else stage.out / "selected"
