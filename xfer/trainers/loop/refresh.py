"""Training rows that are attacked anew while a stage trains, with the network in training as the victim.

A2T (Yoo and Qi 2021, section 3, algorithm 1), by steps in place of epochs: every ``refresh`` steps a share of the rows
that come up until the next time is attacked, so that no search is made for a row that is not trained on. Changed rows
stay until the next time. What is attacked is a function of the weights, the seed and the step: a checkpoint is
written first, and outcomes are appended to a file beside it, so that a killed attack goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from xfer.attackers.search.base import Setting
from xfer.core.errors import XferError
from xfer.core.jsonl import add_line, read_whole_lines
from xfer.models.victims.build import build_victim
from xfer.trainers.attacked import SUCCEEDED, AttackedTraining, draw_row_order, draw_row_share
from xfer.trainers.batches.attacked import AttackedData, row_of, usable_attacks
from xfer.trainers.loop.run import Run

OutcomeLine = dict[str, Any]


class RefreshedTasks:
    """The tasks of a run whose rows are attacked anew, and the steps at which that was done last."""

    def __init__(self, run: Run, folder: Path) -> None:
        self.run, self.folder = run, folder
        self.tasks = {name: t.attacked for name, t in run.tasks.items() if t.attacked and t.attacked.refresh}
        self.last = dict.fromkeys(self.tasks, 0)

    def before(self, save: Callable[[], None]) -> None:
        """What precedes a step: the attacks that are due, or after a resume what the last ones left."""
        for name, changes in self.tasks.items():
            assert changes.refresh
            step, every = self.run.state["step"], refresh_interval(changes.refresh, self.run.steps)
            attack_step = step // every * every
            if attack_step > self.last[name]:
                self._renew(name, changes, attack_step, every, save)
                self.last[name] = attack_step

    def _renew(self, name: str, changes: AttackedData, attack_step: int, every: int, save: Callable[[], None]) -> None:
        run, path = self.run, self.folder / f"attacked-{name}-{attack_step}.jsonl"

        def find() -> list[OutcomeLine]:
            if run.state["step"] == attack_step:
                if not (self.folder / f"step-{attack_step}").exists():
                    save()
                attack_rows(run, name, changes, every, path)
            for old in self.folder.glob(f"attacked-{name}-*.jsonl"):
                if old != path:
                    old.unlink()
            return read_whole_lines(path)

        lines = sorted(run.processes.broadcast_result(find), key=lambda line: line["place"])
        rows = run.tasks[name].train
        outcomes = [({column: line["row"][column] for column in rows}, line["status"]) for line in lines]
        assert changes.refresh
        attacked_data = usable_attacks(
            run.inner.forms[name].name, rows, [line["place"] for line in lines], outcomes, changes.refresh
        )
        run.feed.set_attacked(name, attacked_data)
        if run.state["step"] == attack_step:
            queries = sum(line["queries"] for line in lines)
            summary = {
                "task": name,
                "step": attack_step,
                "rows": len(lines),
                "trained": len(attacked_data.origins),
                "queries": queries,
            }
            run.state["attacked"] = [*run.state.get("attacked", ()), summary]


def refresh_interval(refresh: AttackedTraining, steps: int) -> int:
    """Steps from one attack to the next."""
    every = float(refresh.refresh or 1)
    return int(every) if every >= 1 else max(1, round(every * steps))


def upcoming_rows(run: Run, task: str, every: int) -> list[int]:
    """The rows of a task that the next ``every`` steps train on, sorted."""
    step, multitask = run.state["step"], len(run.tasks) > 1
    steps = range(step, min(step + every, run.steps))
    mixer, seed, sizes = run.context.mixer, run.context.seed, run.feed.sizes
    times = sum(not multitask or task in mixer.step_tasks(s, seed, sizes, s / run.steps) for s in steps)
    first = run.state["counts"].get(task, 0)
    sampler = run.feed.samplers[task]
    units = [sampler.batch_rows(first + i) for i in range(times * run.settings.accumulate)]
    rows = row_of(run.feed.encoded[task])[np.concatenate(units)] if units else np.zeros(0, dtype=np.int64)
    return [int(row) for row in np.unique(rows)]


def attack_rows(run: Run, task: str, changes: AttackedData, every: int, path: Path) -> None:
    """Attacks a share of the rows that come up; one line each, those that ``path`` has already left out."""
    settings, rows = changes.refresh, run.tasks[task].train
    assert settings
    indices = upcoming_rows(run, task, every)
    candidates = [{name: column[index] for name, column in rows.items()} for index in indices]
    names = run.context.seed, task, run.state["step"]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    if settings.count == "attacked":
        chosen = draw_row_share(candidates, settings.share, *names)
        _attack_places(run, task, changes, path, {indices[i]: candidates[i] for i in chosen})
    else:
        for language in dict.fromkeys(row["language"] for row in candidates):
            drawn = draw_row_order(
                [i for i, row in enumerate(candidates) if row["language"] == language], candidates, *names
            )
            _attack_until(run, task, changes, path, [(indices[i], candidates[i]) for i in drawn])
    lines = read_whole_lines(path)
    if lines and all(line["status"] == "error" for line in lines):
        raise XferError(f"every attacked row of {task} failed, the first with: {lines[0]['message']}")


def _attack_until(
    run: Run, task: str, changes: AttackedData, path: Path, drawn: Sequence[tuple[int, dict[str, Any]]]
) -> None:
    """Attacks rows in the order in which they were drawn, until a share of them has an attack that succeeded.

    They are attacked in lots as large as what is still missing, so that a run that was killed comes to the same rows.
    """
    settings = changes.refresh
    assert settings
    wanted, start = max(1, round(settings.share * len(drawn))), 0
    while start < len(drawn):
        before = dict(drawn[:start])
        lines = (line for line in read_whole_lines(path) if line["place"] in before)
        missing = wanted - sum(line["status"] == SUCCEEDED for line in lines)
        if missing <= 0:
            return
        _attack_places(run, task, changes, path, dict(drawn[start : start + missing]))
        start += missing


def _attack_places(
    run: Run, task: str, changes: AttackedData, path: Path, chosen: Mapping[int, dict[str, Any]]
) -> None:
    """Attacks rows, by their places; one line each, those that ``path`` has already left out."""
    done = {line["place"] for line in read_whole_lines(path)}
    remaining = {(row["language"], row["id"]): (place, row) for place, row in chosen.items() if place not in done}
    for number, outcome in enumerate(_search_outcomes(run, task, changes, [row for _, row in remaining.values()]), 1):
        place, row = remaining[outcome["language"], outcome["id"]]
        line = {name: outcome[name] for name in ("status", "queries", "message")}
        add_line(path, {"place": place} | line | {"row": {name: outcome[name] for name in row}})
        run.context.progress(number, len(remaining), doing=f"attacking rows of {task}")


def _search_outcomes(
    run: Run, task: str, changes: AttackedData, rows: list[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    if not rows or not changes.refresh:
        return
    form = run.inner.forms[task]
    attacker: Any = changes.refresh.attacker
    wanted = attacker.task_aim(form.name, form.labels, changes.options)
    # a new victim each time: no answer of earlier weights is kept
    oracles = {"victim": build_victim(run.inner, task, run.max_length)} | attacker.constraints.constraint_oracles()
    tables = run.context.folder / "tables"
    setting = Setting(form.name, tuple(form.labels), wanted, oracles, prepared=changes.known, cache=tables)
    yield from attacker.search_rows(rows, setting)


def attacked_summary(run: Run) -> dict[str, Any]:
    """What a stage says of its attacked rows: how many were attacked and trained on, and when; nothing without any."""
    summaries = [
        {"task": name, "step": 0, "trained": len(task.attacked.origins)}
        for name, task in run.tasks.items()
        if task.attacked and not task.attacked.refresh
    ]
    summaries += run.state.get("attacked", ())
    return {"attacked": summaries} if summaries else {}
