"""Training rows that are attacked anew while a stage trains, with the network in training as the victim.

A2T (Yoo and Qi 2021, section 3, algorithm 1), by steps in place of epochs: every ``refresh`` steps a share of the rows
that come up until the next time is attacked, so that no search is made for a row that is not trained on. Changed rows
stay until the next time. What is attacked is a function of the weights, the seed and the step: a checkpoint is
written first, and outcomes are appended to a file beside it, so that a killed attack goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from xfer.attackers.search.base import Setting
from xfer.core.errors import XferError
from xfer.core.jsonl import add_line, whole_lines
from xfer.models.victims.build import victim
from xfer.trainers.attacked import Attacked, drawn
from xfer.trainers.batches.attacked import Changes, row_of, used
from xfer.trainers.loop.run import Run

Line = dict[str, Any]


class Refreshed:
    """The tasks of a run whose rows are attacked anew, and the steps at which that was done last."""

    def __init__(self, run: Run, folder: Path) -> None:
        self.run, self.folder = run, folder
        self.tasks = {name: t.changes for name, t in run.tasks.items() if t.changes and t.changes.refresh}
        self.last = dict.fromkeys(self.tasks, 0)

    def before(self, save: Callable[[], None]) -> None:
        """What precedes a step: the attacks that are due, or after a resume what the last ones left."""
        for name, changes in self.tasks.items():
            assert changes.refresh
            step, every = self.run.state["step"], distance(changes.refresh, self.run.steps)
            at = step // every * every
            if at > self.last[name]:
                self._renew(name, changes, at, every, save)
                self.last[name] = at

    def _renew(self, name: str, changes: Changes, at: int, every: int, save: Callable[[], None]) -> None:
        run, path = self.run, self.folder / f"attacked-{name}-{at}.jsonl"

        def find() -> list[Line]:
            if run.state["step"] == at:
                if not (self.folder / f"step-{at}").exists():
                    save()
                attacked(run, name, changes, every, path)
            for old in self.folder.glob(f"attacked-{name}-*.jsonl"):
                if old != path:
                    old.unlink()
            return whole_lines(path)

        lines = sorted(run.ranks.told(find), key=lambda line: line["place"])
        rows = run.tasks[name].train
        found = [({column: line["row"][column] for column in rows}, line["status"]) for line in lines]
        about = {"weight": changes.weight, "beside": changes.beside, "keep": changes.refresh and changes.refresh.keep}
        made = used(run.inner.forms[name].name, rows, [line["place"] for line in lines], found, about)
        run.feed.change(name, made)
        if run.state["step"] == at:
            queries = sum(line["queries"] for line in lines)
            told = {"task": name, "step": at, "rows": len(lines), "trained": len(made.origins), "queries": queries}
            run.state["attacked"] = [*run.state.get("attacked", ()), told]


def distance(refresh: Attacked, steps: int) -> int:
    """Steps from one attack to the next."""
    every = float(refresh.refresh or 1)
    return int(every) if every >= 1 else max(1, round(every * steps))


def upcoming(run: Run, task: str, every: int) -> list[int]:
    """The rows of a task that the next ``every`` steps train on, sorted."""
    step, several = run.state["step"], len(run.tasks) > 1
    steps = range(step, min(step + every, run.steps))
    mixer, seed, sizes = run.context.mixer, run.context.seed, run.feed.sizes
    times = sum(not several or task in mixer.tasks(s, seed, sizes, s / run.steps) for s in steps)
    first = run.state["counts"].get(task, 0)
    sampler = run.feed.samplers[task]
    units = [sampler.batch(first + i) for i in range(times * run.settings.accumulate)]
    rows = row_of(run.feed.encoded[task])[np.concatenate(units)] if units else np.zeros(0, dtype=np.int64)
    return [int(row) for row in np.unique(rows)]


def attacked(run: Run, task: str, changes: Changes, every: int, path: Path) -> None:
    """Attacks a share of the rows that come up; one line each, those that ``path`` has already left out."""
    about, rows = changes.refresh, run.tasks[task].train
    assert about
    places = upcoming(run, task, every)
    asked = [{name: column[place] for name, column in rows.items()} for place in places]
    chosen = drawn(asked, about.share, run.context.seed, task, run.state["step"])
    done = {line["place"] for line in whole_lines(path)}
    left = {(asked[i]["language"], asked[i]["id"]): (places[i], asked[i]) for i in chosen if places[i] not in done}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    for number, found in enumerate(_searched(run, task, changes, [row for _, row in left.values()]), 1):
        place, row = left[found["language"], found["id"]]
        line = {name: found[name] for name in ("status", "queries", "message")}
        add_line(path, {"place": place} | line | {"row": {name: found[name] for name in row}})
        run.context.progress(number, len(left), doing=f"attacking rows of {task}")
    lines = whole_lines(path)
    if lines and all(line["status"] == "error" for line in lines):
        raise XferError(f"every attacked row of {task} failed, the first with: {lines[0]['message']}")


def _searched(run: Run, task: str, changes: Changes, rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    if not rows or not changes.refresh:
        return
    form = run.inner.forms[task]
    attacker: Any = changes.refresh.attacker
    wanted = attacker.aim(form.name, form.labels, changes.options)
    # a new victim each time: no answer of earlier weights is kept
    oracles = {"victim": victim(run.inner, task, run.max_length)} | attacker.constraints.oracles()
    tables = run.context.folder / "tables"
    about = Setting(form.name, tuple(form.labels), wanted, oracles, known=changes.known, cache=tables)
    yield from attacker.search(rows, about)


def told(run: Run) -> dict[str, Any]:
    """What a stage says of its attacked rows: how many were attacked and trained on, and when; nothing without any."""
    found = [
        {"task": name, "step": 0, "trained": len(task.changes.origins)}
        for name, task in run.tasks.items()
        if task.changes and not task.changes.refresh
    ]
    found += run.state.get("attacked", ())
    return {"attacked": found} if found else {}
