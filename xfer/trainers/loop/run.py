"""The live state of one fit, and one step of it: forward, backward, update.

Everything that a step draws is derived from (seed, step), so that 10 steps, a kill and 10 more equal 20.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState

from xfer.core.errors import XferError
from xfer.forms.base import Columns, Tensors, by_language, graded_predictions
from xfer.models.domain.form import DomainForm
from xfer.models.network import Network
from xfer.models.predictor import predict_encoded
from xfer.trainers import distributed
from xfer.trainers.adversaries.base import Plain
from xfer.trainers.adversaries.micro_batch import MicroBatch
from xfer.trainers.batches.feed import Feed, TaskData
from xfer.trainers.distributed import Processes, total_units
from xfer.trainers.loop import averaging, sharding
from xfer.trainers.loop import optimizer as setting
from xfer.trainers.losses.base import LossContext, Teacher
from xfer.trainers.losses.objective import build_objectives
from xfer.trainers.settings import FinetuneSettings

COPY_NUMBERS = 1 << 20  # from here on micro-batches of augmented copies are numbered, whose dropout is their own


class Context(NamedTuple):
    """Where a run stands: folder, seed, cap on steps, mixer, progress callback, teacher, name, and the processes that
    fit together (None: this one alone)."""

    folder: Path
    seed: int
    limit: int | None
    mixer: Any
    progress: Callable[..., None]
    teacher: Teacher | None = None
    name: str = ""
    processes: Processes | None = None


class Run:
    """The live state of one fit: the feed, the network, its optimiser and counters. ``step`` does one update."""

    def __init__(
        self, settings: FinetuneSettings, network: Network, tasks: Sequence[TaskData], context: Context
    ) -> None:
        self.settings, self.tasks, self.context = settings, {task.name: task for task in tasks}, context
        self.processes = context.processes or Processes()
        AcceleratorState._reset_state(reset_partial_state=True)  # one process runs stages of different precision
        self.precision = setting.mixed_precision(settings.precision, network)
        self.accelerator = Accelerator(mixed_precision=self.precision)
        self.max_length = setting.input_length(settings.max_length, network)
        context.progress(0, sum(len(task.train["id"]) for task in tasks), doing="encoding")
        self.feed = Feed(settings, network, tasks, context.seed, self.max_length)
        self.heads = {name: form.head for name, form in network.forms.items() if isinstance(form, DomainForm)}
        self.steps = self._planned_steps()
        self.shards = sharding.shard_network(network, settings, self.processes, self.accelerator.device)
        self.processes.parted = self.shards is not None
        network = self.shards.parts if self.shards else network
        self.thaw = setting.configure_network(network, settings, context.seed, self.steps)
        optimizer = setting.build_optimizer(network, settings)
        self.network = self.accelerator.prepare_model(network, evaluation_mode=True)  # no wrapper: see distributed
        self.optimizer = self.accelerator.prepare(optimizer)
        self.inner: Network = self.accelerator.unwrap_model(self.network)
        self.adversary = settings.adversary
        self.kept = self.adversary.initial_state(self.inner)
        self.moving = averaging.start_average(settings.average, self.inner)
        views = {name: view.about.consistency for name, view in self.feed.views.items() if view.about.consistency}
        loss_context = LossContext(context.seed, self.accelerator, context.teacher)
        self.objectives = build_objectives(settings, self.inner, views, loss_context)
        self.state: dict[str, Any] = {"step": 0, "best": None, "oracle": None, "since": 0, "counts": {}, "curve": []}

    def _planned_steps(self) -> int:
        settings = self.settings
        if settings.steps:
            planned = settings.steps
        else:
            mixer, sizes, samplers = self.context.mixer, self.feed.sizes, self.feed.samplers
            trained_tasks = [name for name in sizes if name not in self.heads]
            # a share of 1 times a number of batches is that number, to the bit
            batches = {
                name: len(samplers[name].epoch_batches(0)) * (mixer.counted_rows(sizes[name]) / sizes[name])
                for name in trained_tasks
            }
            planned = max(1, math.ceil(float(settings.epochs or 1) * mixer.epoch_steps(batches) / settings.accumulate))
        return min(planned, self.context.limit or planned)

    def learning_rate(self, step: int) -> float:
        """The learning rate of a step (counted from 0)."""
        peak, warm = float(self.settings.learning_rate or 0), round(self.steps * float(self.settings.warmup or 0))
        if step < warm:
            return peak * (step + 1) / warm
        remaining = (self.steps - step) / max(1, self.steps - warm)
        decay = {"linear": remaining, "cosine": 0.5 * (1 + math.cos(math.pi * (1 - remaining))), "constant": 1.0}
        return peak * decay[self.settings.schedule]

    def task_batch(self, task: str, number: int) -> Tensors:
        """Batch ``number`` of a task, ``input_ids`` [sequences, length], with what its loss needs beside it.

        Shapes are those of the form's ``build_batch``.
        """
        return self._to_device(task, number, *self.feed.task_batch(task, number, self.processes))

    def attacked_batch(self, task: str, number: int) -> Tensors:
        """The changed rows that go with that batch, ``input_ids`` [sequences, length], and their loss's ``factor`` [].

        Empty where there are none.
        """
        tensors = self._to_device(task, -1 - number, *self.feed.attacked_batch(task, number, self.processes))
        return tensors and tensors | {"factor": torch.tensor(self.feed.changed[task].about.weight)}

    def copied_batch(self, task: str, number: int) -> Tensors:
        """The augmented copies that go with that batch, ``input_ids`` [sequences, length]; empty where it has none."""
        return self._to_device(task, f"copies {number}", *self.feed.copied_batch(task, number, self.processes))

    def _to_device(self, task: str, number: int | str, tensors: Tensors, context: Tensors) -> Tensors:
        """A batch on the run's device, ``input_ids`` [sequences, length], with what its loss needs.

        ``context`` alone where no row is this process's.
        """
        if not tensors:
            return context
        placed = {name: tensor.to(self.accelerator.device) for name, tensor in tensors.items()} | context
        return self.objectives[task].prepare_batch(number, placed)

    def train_step(self, step: int) -> tuple[float, int]:
        """One optimiser step (some adversaries make several of it); returns its mean loss and the rows it saw."""
        mixer, tasks = self.context.mixer, tuple(self.tasks)
        if len(tasks) > 1:
            tasks = mixer.step_tasks(step, self.context.seed, self.feed.sizes, step / self.steps)
        train_critics(self, [task for task in tasks if task in self.heads], step)
        micros: list[MicroBatch] = []
        rows, count = 0, self.settings.accumulate
        for task_index, task in enumerate(tasks):
            batches = self.next_batches(task, count, step)
            micros += self._micro_batches(task, batches, step, task_index * count)
            rows += sum(map(distributed.total_rows, batches))
        for _ in range(self.adversary.replay_count):
            losses = dict.fromkeys(tasks, 0.0)
            for micro in micros:
                losses[micro.task] += float(self.objectives[micro.task].backward(self.adversary, micro))
            losses = dict(zip(losses, self.processes.total(list(losses.values())), strict=True))
            for task, loss in losses.items():
                if not math.isfinite(loss):
                    what = f"the loss of {task} is not a number at step {step + 1}"
                    raise XferError(f"{what}; lower trainer.learning_rate, or set trainer.precision: fp32")
            self._update(step)
        total_loss = sum(self.tasks[task].weight * loss for task, loss in losses.items()) if mixer.together else loss
        return total_loss, rows

    def next_batches(self, task: str, count: int, step: int) -> list[Tensors]:
        """The next batches of a task, ``input_ids`` [sequences, length] each, with the values of ``step``, [] each."""
        first = self.state["counts"].get(task, 0)
        self.state["counts"][task] = first + count
        makes = self.task_batch, self.copied_batch, self.attacked_batch
        tensors = [make(task, first + i) for make in makes for i in range(count)]
        tensors = [batch for batch in tensors if batch]
        values = self.objectives[task].step_values(step / self.steps)
        placed = {name: torch.tensor(value, device=self.accelerator.device) for name, value in values.items()}
        return [batch | placed for batch in tensors]

    def _micro_batches(self, task: str, batches: list[Tensors], step: int, first: int = 0) -> list[MicroBatch]:
        """The batches of a step, ``input_ids`` [sequences, length] each, as micro-batches.

        Those of which other processes have all rows are left out.
        """
        units, weight = sum(map(distributed.total_units, batches)) or 1, self.tasks[task].weight
        batches = with_taught_share(batches, units)
        model_inputs = self.network, self.accelerator, task
        micros = []
        for i, batch in enumerate(batches):
            if "labels" not in batch:  # other processes have all of its rows
                continue
            number, factor = (
                (-1 - first - i, weight * float(batch["factor"])) if "factor" in batch else (first + i, weight)
            )
            number += COPY_NUMBERS if batch.get("copy") else 0
            names = self.context.seed, step, number
            micros.append(MicroBatch(*model_inputs, batch, units, factor, names, self.kept, self.objectives[task]))
        return micros

    def _update(self, step: int) -> None:
        self.thaw.drop(step)
        self.processes.add_up(list(self.inner.parameters()))
        if self.settings.clip:  # a discriminator's gradient must not shorten that of the encoder
            for module in (self.inner.heads, *self.inner.judges.values()):
                self.accelerator.clip_grad_norm_(module.parameters(), self.settings.clip)
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate(step) * group.get("scale", 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.adversary.after_update(self.inner, self.kept, (step + 1) / self.steps)
        averaging.update_average(self.settings.average, self.moving, self.inner, step)

    def dev_scores(self) -> dict[str, dict[str, float]]:
        """The selecting metric of each task in each language of its dev set."""
        scores: dict[str, dict[str, float]] = {}
        for task in self.tasks.values():
            if task.dev is None or task.name in self.heads:
                continue
            form, decoded = self.inner.forms[task.name], self.dev_predictions(task.name, task.dev)
            scores[task.name] = {
                language: next(iter(form.score(predictions).values()))
                for language, predictions in by_language(decoded).items()
            }
        return scores

    def dev_predictions(self, task: str, dev: Columns) -> Columns:
        """The predictions for dev rows, without those that cannot be judged."""
        form = self.inner.forms[task]
        encoded = form.encode(dev, self.inner.tokenizer, self.max_length)
        return graded_predictions(form.decode(predict_encoded(self.inner, task, encoded, dev), dev))


def with_taught_share(batches: list[Tensors], units: int) -> list[Tensors]:
    """The batches of a step, with ``taught`` [], which makes a mean over its ``units`` one over those taught."""
    if not any("copy" in batch for batch in batches):
        return batches
    taught = sum(total_units(batch) for batch in batches if batch.get("copy", True))
    return [batch | {"taught": torch.tensor(units / max(1, taught))} for batch in batches]


def train_critics(run: Run, tasks: Sequence[str], step: int) -> None:
    """The updates of the discriminators alone that precede ``step``, each on the next batch of its task."""
    for task in tasks:
        head, judge = run.heads[task], run.inner.judges[task]
        for number in range(head.critic_steps):
            (batch,) = run.next_batches(task, 1, step)
            critic = {"critic": torch.ones((), device=run.accelerator.device)}
            name = (run.context.seed, step, -1 - number)  # the micro-batches of the step itself count from 0
            loss = 0.0
            if "labels" in batch:  # another process may have all of its rows
                micro_inputs = task, batch | critic, total_units(batch), 1.0, name
                loss = float(Plain().backward(MicroBatch(run.network, run.accelerator, *micro_inputs, {})))
            run.processes.add_up(list(judge.parameters()))
            if not math.isfinite(run.processes.total([loss])[0]):
                what = f"the loss of the critic of {task} is not a number at step {step + 1}"
                raise XferError(f"{what}; lower the learning_rate of its head")
            for group in run.optimizer.param_groups:
                group["lr"] = run.learning_rate(step) * group.get("scale", 1.0)
            run.optimizer.step()  # parameters without a gradient stay as they are, decay included
            run.optimizer.zero_grad(set_to_none=True)
            head.constrain_weights(judge)
