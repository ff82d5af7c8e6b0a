"""The loop of ``finetune``: forward, backward, step, dev scores, selection, exact resume.

Everything that a step draws is derived from (seed, step), so that 10 steps, a kill and 10 more equal 20.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState

from xfer.core.errors import XferError
from xfer.core.seeds import derive
from xfer.forms.base import Rows, by_language, graded
from xfer.models import adapt, threads
from xfer.models.domain.form import Domain
from xfer.models.network import Network
from xfer.models.predictor import answer
from xfer.trainers import averaging, checkpoint, ranks, savings
from xfer.trainers.adversaries.base import Plain
from xfer.trainers.adversaries.micro import Micro
from xfer.trainers.discriminators import accuracies, judge_groups, told_apart, train_critics
from xfer.trainers.finetune import Finetune
from xfer.trainers.layers import Thaw, groups
from xfer.trainers.listeners import listen
from xfer.trainers.objective import Objective
from xfer.trainers.sampler import Sampler, spoken

PLAIN = Plain()


class TaskData(NamedTuple):
    """One task of a stage: its rows, and the languages of them that select the checkpoint."""

    name: str
    weight: float
    train: Rows
    dev: Rows | None
    languages: tuple[str, ...]
    exponent: float = 1.0  # how often its languages are drawn (see Sampler)


class Context(NamedTuple):
    """Where a run stands: its folder, its seed, its cap on steps, its mixer, who watches, who teaches, its name."""

    folder: Path
    seed: int
    limit: int | None
    mixer: Any
    progress: Callable[..., None]
    teacher: Any = None
    name: str = ""


class Run:
    """The live state of one fit: encoded rows, samplers, optimiser and counters. ``step`` does one update."""

    def __init__(self, settings: Finetune, network: Network, tasks: Sequence[TaskData], context: Context) -> None:
        self.settings, self.tasks, self.context = settings, {task.name: task for task in tasks}, context
        self.ranks = ranks.here()
        AcceleratorState._reset_state(reset_partial_state=True)  # one process runs stages of different precision
        self.precision = _precision(settings.precision, network)
        self.accelerator = Accelerator(mixed_precision=self.precision)
        self.max_length = longest(settings, network)
        context.progress(0, sum(len(task.train["id"]) for task in tasks), doing="encoding")
        self.encoded = {
            t.name: network.forms[t.name].training(t.train, network.tokenizer, self.max_length) for t in tasks
        }
        self.targets = {t.name: network.forms[t.name].targets(t.train) for t in tasks}
        size, tokens = settings.batch_size, settings.batch_tokens
        drawn = {t.name: spoken(self.encoded[t.name], t.train, t.exponent) for t in tasks}
        lengths = {name: encoded.lengths for name, encoded in self.encoded.items()}
        self.samplers = {n: Sampler(n, lengths[n], context.seed, size, tokens, *drawn[n]) for n in lengths}
        self.sizes = {name: len(each) for name, each in lengths.items()}
        self.heads = {name: form.head for name, form in network.forms.items() if isinstance(form, Domain)}
        self.steps = self._steps()
        if settings.dropout is not None:
            network.drop(settings.dropout)
        if settings.adapt:
            adapt.add(network, settings.adapt, context.seed)
        if settings.freeze_encoder:
            network.encoder.requires_grad_(False)
        self.thaw = Thaw(network, settings.unfreeze, self.steps)
        if settings.gradient_checkpointing:
            savings.checkpointed(network)
        if settings.compile:
            savings.compiled(network)
        trained = groups(network, float(settings.weight_decay or 0), settings.layer_decay)
        trained += judge_groups(network, float(settings.learning_rate or 0))
        optimizer = torch.optim.AdamW(trained, lr=0.0, eps=1e-8, fused=True)
        self.network = self.accelerator.prepare_model(network, evaluation_mode=True)  # no wrapper: see ranks
        self.optimizer = self.accelerator.prepare(optimizer)
        self.inner: Network = self.accelerator.unwrap_model(self.network)
        self.adversary = settings.adversary
        self.kept = self.adversary.begin(self.inner)
        self.moving = averaging.begin(settings.average, self.inner)
        smooth, mixup = settings.label_smoothing, settings.mixup
        self.objective = Objective(smooth, mixup, context.teacher, context.seed, self.accelerator)
        self.state: dict[str, Any] = {"step": 0, "best": None, "oracle": None, "since": 0, "counts": {}, "curve": []}

    def _steps(self) -> int:
        settings = self.settings
        if settings.steps:
            planned = settings.steps
        else:
            mixer, sizes = self.context.mixer, self.sizes
            own = [name for name in sizes if name not in self.heads]
            # a share of 1 times a number of batches is that number, to the bit
            batches = [len(self.samplers[name].epoch(0)) * (mixer.counted(sizes[name]) / sizes[name]) for name in own]
            planned = max(1, math.ceil(float(settings.epochs or 1) * mixer.epoch(batches) / settings.accumulate))
        return min(planned, self.context.limit or planned)

    def rate(self, step: int) -> float:
        """The learning rate of a step (counted from 0)."""
        peak, warm = float(self.settings.learning_rate or 0), round(self.steps * float(self.settings.warmup or 0))
        if step < warm:
            return peak * (step + 1) / warm
        left = (self.steps - step) / max(1, self.steps - warm)
        decay = {"linear": left, "cosine": 0.5 * (1 + math.cos(math.pi * (1 - left))), "constant": 1.0}
        return peak * decay[self.settings.schedule]

    def batch(self, task: str, number: int) -> dict[str, torch.Tensor]:
        index = self.samplers[task].batch(number)
        form, tokenizer = self.inner.forms[task], self.inner.tokenizer
        whole = form.whole or bool(self.settings.mixup and form.name == "classify")

        def make(own: np.ndarray) -> dict[str, torch.Tensor]:
            seeds = [derive("mask", self.context.seed, number, int(i)) for i in own] if form.name == "mask" else None
            return form.batch(self.encoded[task], self.targets[task], own, tokenizer, seeds)

        made, about = self.ranks.share(make, self.encoded[task], index, number if whole else None)
        placed = {name: tensor.to(self.accelerator.device) for name, tensor in made.items()}
        return (self.objective.prepared(form, task, number, placed) if placed else {}) | about

    def step(self, step: int) -> tuple[float, int]:
        """One optimiser step (some adversaries make several of it); returns its mean loss and the rows it saw."""
        mixer, tasks = self.context.mixer, tuple(self.tasks)
        if len(tasks) > 1:
            tasks = mixer.tasks(step, self.context.seed, self.sizes, step / self.steps)
        train_critics(self, [task for task in tasks if task in self.heads], step)
        micros: list[Micro] = []
        rows, count = 0, self.settings.accumulate
        for place, task in enumerate(tasks):
            batches = self.batches(task, count, step)
            micros += self._micros(task, batches, step, place * count)
            rows += sum(map(ranks.seen, batches))
        for _ in range(self.adversary.replays):
            losses = dict.fromkeys(tasks, 0.0)
            for micro in micros:
                # an adversary would climb the loss of a discriminator as the encoder does: there is nobody to resist it
                player = PLAIN if micro.task in self.heads else self.adversary
                losses[micro.task] += float(player.backward(micro))
            losses = dict(zip(losses, self.ranks.total(list(losses.values())), strict=True))
            for task, loss in losses.items():
                if not math.isfinite(loss):
                    what = f"the loss of {task} is not a number at step {step + 1}"
                    raise XferError(f"{what}; lower trainer.learning_rate, or set trainer.precision: fp32")
            self._update(step)
        joined = sum(self.tasks[task].weight * loss for task, loss in losses.items()) if mixer.together else loss
        return joined, rows

    def batches(self, task: str, count: int, step: int) -> list[dict[str, torch.Tensor]]:
        """The next batches of a task, for ``step``."""
        first = self.state["counts"].get(task, 0)
        self.state["counts"][task] = first + count
        made = [self.batch(task, first + i) for i in range(count)]
        if task in self.heads:
            strength = torch.tensor(self.heads[task].reverse.at(step / self.steps), device=self.accelerator.device)
            made = [batch | {"strength": strength} for batch in made]
        return made

    def _micros(self, task: str, batches: list[dict[str, torch.Tensor]], step: int, first: int = 0) -> list[Micro]:
        units, weight = sum(map(ranks.units, batches)) or 1, self.tasks[task].weight
        about = self.network, self.accelerator, task
        names = [(self.context.seed, step, first + i) for i in range(len(batches))]
        return [
            Micro(*about, batch, units, weight, name, self.kept, self.objective.losses)
            for name, batch in zip(names, batches, strict=True)
            if "labels" in batch  # other processes may have all of its rows
        ]

    def _update(self, step: int) -> None:
        self.thaw.drop(step)
        self.ranks.add_up(list(self.inner.parameters()))
        if self.settings.clip:  # a discriminator's gradient must not shorten that of the encoder
            for part in (self.inner.heads, *self.inner.judges.values()):
                self.accelerator.clip_grad_norm_(part.parameters(), self.settings.clip)
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate(step) * group.get("scale", 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.adversary.after(self.inner, self.kept, (step + 1) / self.steps)
        averaging.follow(self.settings.average, self.moving, self.inner, step)

    def dev(self) -> dict[str, dict[str, float]]:
        """The selecting metric of each task in each language of its dev set."""
        found: dict[str, dict[str, float]] = {}
        for task in self.tasks.values():
            if task.dev is None or task.name in self.heads:
                continue
            form, decoded = self.inner.forms[task.name], self.decoded(task.name, task.dev)
            found[task.name] = {
                language: next(iter(form.score(part).values())) for language, part in by_language(decoded).items()
            }
        return found

    def decoded(self, task: str, dev: Rows) -> Rows:
        """The predictions for dev rows, without those that cannot be judged."""
        form = self.inner.forms[task]
        encoded = form.encode(dev, self.inner.tokenizer, self.max_length)
        return graded(form.decode(answer(self.inner, task, encoded, dev), dev))


def fit(settings: Finetune, network: Network, tasks: Sequence[TaskData], context: Context) -> dict[str, Any]:
    """Trains ``network`` and leaves it with the selected weights.

    Selection is by the mean over tasks of the mean dev score over the languages trained on; the oracle
    is the step that the other languages' dev sets would choose, kept as ``checkpoint/oracle-<step>``.
    Returns the steps of both, the dev curve and what later nodes must know.
    """
    run = Run(settings, network, tasks, context)
    kept = context.folder / "checkpoint"
    restored = checkpoint.restore(kept, run.inner, run.optimizer.optimizer, run.kept | run.moving)
    run.state = restored or run.state
    log = _Log(context, run.state["step"]) if run.ranks.main else None
    try:
        return _through(run, kept, log)
    finally:
        if log:
            log.close()


def _through(run: Run, kept: Path, log: _Log | None) -> dict[str, Any]:
    """The steps that are left. Only the process with a log writes."""
    settings, context = run.settings, run.context
    every = settings.evaluate_every or max(1, run.steps // 10)
    saved, run_rows, started = time.monotonic(), 0, time.monotonic()
    run.network.train()
    stopped = bool(run.state.get("stopped"))
    while run.state["step"] < run.steps and not stopped:
        loss, rows = run.step(run.state["step"])
        run.state["step"] += 1
        step, run_rows = run.state["step"], run_rows + rows
        speed = run_rows / (time.monotonic() - started)
        context.progress(step, run.steps, loss=loss, rows_per_second=speed)
        if step % every == 0 or step == run.steps:
            stopped = _judge(run, kept)
            if log:
                log.write({"loss": loss, "rate": run.rate(step - 1)} | run.state["curve"][-1])
        elif log and step % max(1, every // 10) == 0:
            log.write({"step": step, "loss": loss, "rate": run.rate(step - 1), "rows_per_second": round(speed, 1)})
        if log and (step % every == 0 or time.monotonic() - saved > settings.checkpoint_seconds):
            _checkpoint(run, kept, stopped)
            saved = time.monotonic()
    return _finish(run, kept)


@contextmanager
def _shown(run: Run, folder: Path) -> Iterator[None]:
    """Inside, the network has the weights that are scored and kept, which may be a mean, or merged."""
    settings, steps = run.settings, [*(point["step"] for point in run.state["curve"]), run.state["step"]]
    mean = averaging.averaged(settings.average, run.moving, run.inner, folder, steps)
    with mean, adapt.merged(run.inner, settings.adapt):
        yield


def _judge(run: Run, kept: Path) -> bool:
    """``_select``, done by the main process for all of them."""

    def find() -> tuple[bool, dict[str, Any]]:
        with _shown(run, kept):
            stopped = _select(run, kept)
        return stopped, {name: run.state[name] for name in ("best", "oracle", "since", "curve")}

    stopped, found = run.ranks.told(find)
    run.state |= found
    return stopped


def _select(run: Run, kept: Path) -> bool:
    """Scores the dev sets, keeps the weights that are best so far, and says whether patience is over."""
    state, scores = run.state, run.dev()
    step = state["step"]
    told = {"domain": accuracies(run)} if run.heads else {}
    state["curve"].append({"step": step, "dev": scores} | told)
    own = _mean(scores, run.tasks, lambda task, language: language in task.languages)
    other = _mean(scores, run.tasks, lambda task, language: language not in task.languages)
    if own is None or state["best"] is None or own > state["best"][1]:
        state["best"], state["since"] = [step, own], 0
        checkpoint.keep(kept, "selected", step, run.inner)
    else:
        state["since"] += 1
    if run.settings.oracle and other is not None and (state["oracle"] is None or other > state["oracle"][1]):
        state["oracle"] = [step, other]
        checkpoint.keep(kept, "oracle", step, run.inner)
    return run.settings.patience is not None and state["since"] >= run.settings.patience


def _checkpoint(run: Run, kept: Path, stopped: bool) -> None:
    step = run.state["step"]
    state = run.state | {"stopped": stopped}
    checkpoint.save(kept, step, run.inner, run.optimizer.optimizer, state, run.kept | run.moving)
    averaging.forget(run.settings.average, kept, [point["step"] for point in state["curve"]])
    for name, best in (("selected", run.state["best"]), ("oracle", run.state["oracle"])):
        if best:
            checkpoint.forget(kept, name, best[0])


def _finish(run: Run, kept: Path) -> dict[str, Any]:
    state = run.state
    if state["best"] is None:  # no step was ever due for a dev score
        _judge(run, kept)
    adapt.remove(run.inner, run.settings.adapt)
    if run.ranks.main:
        checkpoint.take(kept, "selected", state["best"][0], run.inner)
    run.accelerator.free_memory()
    return {
        "steps": state["step"],
        "planned": run.steps,
        "selected": state["best"],
        "oracle": state["oracle"],
        "curve": state["curve"],
        "max_length": run.max_length,
        "precision": run.precision,
        "rows": run.sizes,
        "batches": state["counts"],
    } | told_apart(state["curve"], state["best"][0])


def longest(settings: Finetune, network: Network) -> int:
    """Subwords an input: the setting, or what the encoder has positions for."""
    return min(int(settings.max_length or 128), int(network.tokenizer.model_max_length), _positions(network))


def _positions(network: Network) -> int:
    config: Any = network.encoder.config
    places = getattr(config, "max_position_embeddings", None) or 10**6
    # RoBERTa's family counts positions from pad + 1
    return int(places) - (int(config.pad_token_id) + 1 if "roberta" in config.model_type else 0)


def _mean(scores: dict[str, dict[str, float]], tasks: dict[str, TaskData], chosen: Callable[..., bool]) -> float | None:
    means = []
    for name, found in scores.items():
        values = [value for language, value in found.items() if chosen(tasks[name], language)]
        means += [float(np.mean(values))] if values else []
    return float(np.mean(means)) if means else None


def _precision(wanted: str, network: Network) -> str:
    """Accelerate's name of the precision. auto: bf16 where the device computes in it, and gains by it."""
    if wanted != "auto":
        return {"fp32": "no", "bf16": "bf16"}[wanted]
    if torch.cuda.is_available():
        return "bf16" if torch.cuda.is_bf16_supported() else "no"
    native = torch.cpu.get_capabilities()  # without such units a processor emulates bf16, at a third of the speed
    config: Any = network.encoder.config
    # narrow encoders lose more by changing types than they gain
    return "bf16" if threads.wide(config) and (native.get("avx512_bf16") or native.get("amx_bf16")) else "no"


class _Log:
    """One JSON object a line; lines after the step a run resumes from are dropped first. Live views get the same."""

    def __init__(self, context: Context, step: int) -> None:
        folder = context.folder
        key = folder.name.removeprefix("train-")
        self.listeners = listen(context.name or folder.name, key, step)
        self.path = path = folder / "log.jsonl"
        text = path.read_text() if path.is_file() else ""
        lines = text[: text.rfind("\n") + 1].splitlines()  # a kill may have cut the last one short
        whole = [line for line in lines if json.loads(line)["step"] <= step]
        path.write_text("".join(line + "\n" for line in whole))

    def write(self, record: dict[str, Any]) -> None:
        with self.path.open("a") as file:
            file.write(json.dumps(record, sort_keys=True) + "\n")
        self.listeners.tell(record)

    def close(self) -> None:
        self.listeners.close()
