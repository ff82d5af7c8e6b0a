"""Live views of a run: each is fed what ``log.jsonl`` gets. Named by ``$XFER_TRACK``; no part of any identity.

A view is shown, and never decides: what fails in it after it was opened is noted once, and the training goes on.
"""

from __future__ import annotations

import importlib.util
import json
import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from xfer.core.errors import MissingPart, UsageError, suggest_name
from xfer.core.jsonl import read_whole_lines

TRACK_VARIABLE = "XFER_TRACK"  # names, separated by commas
TRACK_FOLDER_VARIABLE = "XFER_TRACK_DIR"  # of those that write files


class Listener(Protocol):
    """Where numbers go. ``name`` is the stage's, ``key`` stays the same when a run is continued."""

    def log_values(self, step: int, values: Mapping[str, float]) -> None: ...
    def close(self) -> None: ...


class TensorBoard:
    """Event files in ``<folder>/<name>``; points after the step that a run goes on from are taken back."""

    def __init__(self, name: str, key: str, folder: Path, step: int) -> None:
        from torch.utils.tensorboard import SummaryWriter  # late: an extra

        self.writer: Any = SummaryWriter(str(folder / f"{name} {key[:6]}"), purge_step=step + 1)

    def log_values(self, step: int, values: Mapping[str, float]) -> None:
        for label, value in values.items():
            self.writer.add_scalar(label, value, step)
        self.writer.flush()

    def close(self) -> None:
        self.writer.close()


class Wandb:
    """A run of Weights & Biases, whose own settings (WANDB_PROJECT, WANDB_MODE) hold."""

    def __init__(self, name: str, key: str, folder: Path, step: int) -> None:
        import wandb  # late: an extra

        folder.mkdir(parents=True, exist_ok=True)
        project = os.environ.get("WANDB_PROJECT", "xfer")
        self.run: Any = wandb.init(project=project, id=key, name=name, resume="allow", dir=str(folder))

    def log_values(self, step: int, values: Mapping[str, float]) -> None:
        self.run.log(dict(values), step=step)

    def close(self) -> None:
        self.run.finish()


class Mlflow:
    """A run of MLflow, where its own settings (MLFLOW_TRACKING_URI, MLFLOW_EXPERIMENT_NAME) say; else a database file.

    Since MLflow 3 a plain folder is refused, and the default is a database in whatever folder one stands in.
    """

    def __init__(self, name: str, key: str, folder: Path, step: int) -> None:
        from mlflow.tracking import MlflowClient  # late: an extra

        folder.mkdir(parents=True, exist_ok=True)
        where = os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{folder.resolve() / 'mlflow.db'}"
        self.client: Any = MlflowClient(where)
        title = os.environ.get("MLFLOW_EXPERIMENT_NAME", "xfer")
        existing = self.client.get_experiment_by_name(title)
        experiment = existing.experiment_id if existing else self.client.create_experiment(title)
        before = self.client.search_runs([experiment], filter_string=f"tags.xfer_key = '{key}'", max_results=1)
        run = before[0] if before else self.client.create_run(experiment, run_name=name, tags={"xfer_key": key})
        self.id = run.info.run_id
        if before:
            self.client.set_terminated(self.id, status="RUNNING")

    def log_values(self, step: int, values: Mapping[str, float]) -> None:
        for label, value in values.items():
            self.client.log_metric(self.id, label, value, step=step)

    def close(self) -> None:
        self.client.set_terminated(self.id)


TRACKERS: dict[str, Callable[[str, str, Path, int], Listener]] = {
    "mlflow": Mlflow,
    "tensorboard": TensorBoard,
    "wandb": Wandb,
}


class Listeners:
    """All that were asked for, as one."""

    def __init__(self, listeners: Mapping[str, Listener]) -> None:
        self.found = dict(listeners)

    def log_record(self, record: Mapping[str, Any]) -> None:
        """A line of the log. Numbers only; what lies deeper is named by its path, as ``dev/nli/de``."""
        self._each(lambda one: one.log_values(int(record["step"]), finite_numbers(record)))

    def close(self) -> None:
        self._each(lambda one: one.close())

    def _each(self, call: Callable[[Listener], None]) -> None:
        for name, listener in list(self.found.items()):
            try:
                call(listener)
            except Exception as error:
                del self.found[name]
                what = " ".join(str(error).split()) or type(error).__name__
                sys.stderr.write(f"note: {name} is told no more of this run: {what}\n")


def tracker_names() -> list[str]:
    """The names in $XFER_TRACK. Raises UsageError for one that is not known, MissingPart where a package is missing."""
    names = [name.strip() for name in os.environ.get(TRACK_VARIABLE, "").split(",") if name.strip()]
    for name in names:
        if name not in TRACKERS:
            raise UsageError(
                f"there is no live view '{name}' (--track, ${TRACK_VARIABLE}); {suggest_name(name, TRACKERS)}"
            )
        if importlib.util.find_spec(name) is None:
            raise MissingPart(f"the live view {name} needs the package {name}; run: pip install 'xfer[{name}]'")
    return sorted(set(names))


def open_listeners(name: str, key: str, step: int) -> Listeners:
    """Opens what was asked for, for a stage that stands at ``step``. Raises as ``asked`` does."""
    folder, listeners = Path(os.environ.get(TRACK_FOLDER_VARIABLE) or "runs/track"), {}
    for kind in tracker_names():
        try:
            listeners[kind] = TRACKERS[kind](name.replace("/", "-"), key, folder, step)
        except Exception as error:  # whatever these packages raise where nobody answers
            what = " ".join(str(error).split())
            raise MissingPart(f"the live view {kind} cannot be opened: {what}; leave it out of --track") from None
    return Listeners(listeners)


def finite_numbers(record: Mapping[str, Any]) -> dict[str, float]:
    """All finite numbers of a line but its step, by path."""
    return {label: value for label, value in _flat_numbers(record, "") if label != "step" and math.isfinite(value)}


def _flat_numbers(record: Mapping[str, Any], before: str) -> Iterator[tuple[str, float]]:
    for name, value in record.items():
        if isinstance(value, Mapping):
            yield from _flat_numbers(value, f"{before}{name}/")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield f"{before}{name}", float(value)


class RunLog:
    """One JSON object a line; lines after the step a run resumes from are dropped first. Live views get the same."""

    def __init__(self, folder: Path, name: str, step: int) -> None:
        key = folder.name.removeprefix("train-")
        self.listeners = open_listeners(name or folder.name, key, step)
        self.path = path = folder / "log.jsonl"
        lines = [record for record in read_whole_lines(path) if isinstance(record.get("step"), int)]
        kept = [record for record in lines if record["step"] <= step]
        path.write_text("".join(json.dumps(record, sort_keys=True) + "\n" for record in kept))

    def write(self, record: dict[str, Any]) -> None:
        with self.path.open("a") as file:
            file.write(json.dumps(record, sort_keys=True) + "\n")
        self.listeners.log_record(record)

    def close(self) -> None:
        self.listeners.close()
