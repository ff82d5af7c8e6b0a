"""Live views get what the log gets, and never stand in the way of a run."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tiny_runs import Stop, context, network, rows, settings, stopping, task

from xfer.commands.train import train
from xfer.core.errors import MissingPart, UsageError
from xfer.trainers.loop import logging
from xfer.trainers.loop.fit import fit

RECORD = {"step": 4, "loss": 0.5, "rate": float("nan"), "dev": {"nli": {"en": 1, "de": 0.25}}, "note": "x", "on": True}
FLAT = {"loss": 0.5, "dev/nli/en": 1.0, "dev/nli/de": 0.25}

WANDB = """
import json, os
class Run:
    def __init__(self, about): self.file = open(os.environ["FAKE"], "a"); self.say("init", about)
    def say(self, *what): self.file.write(json.dumps(what) + "\\n"); self.file.flush()
    def log(self, values, step): self.say("log", step, values)
    def finish(self): self.say("finish")
def init(**about): return Run(about)
"""
MLFLOW = """
import json, os
from types import SimpleNamespace as Space
class MlflowClient:
    def __init__(self, where): self.say("open", where)
    def say(self, *what):
        with open(os.environ["FAKE"], "a") as file: file.write(json.dumps(what) + "\\n")
    def get_experiment_by_name(self, name): return None
    def create_experiment(self, name): return "7"
    def search_runs(self, experiments, filter_string, max_results):
        lines = open(os.environ["FAKE"]).read() if os.path.exists(os.environ["FAKE"]) else ""
        found = [json.loads(line) for line in lines.splitlines()]
        known = [each for each in found if each[0] == "create" and filter_string == f"tags.xfer_key = '{each[2]}'"]
        return [Space(info=Space(run_id=known[0][1]))] if known else []
    def create_run(self, experiment, run_name, tags):
        self.say("create", run_name, tags["xfer_key"])
        return Space(info=Space(run_id=run_name))
    def set_terminated(self, run_id, status="FINISHED"): self.say("status", run_id, status)
    def log_metric(self, run_id, label, value, step): self.say("metric", run_id, label, value, step)
"""


@pytest.fixture
def fakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Packages that write down what they are told, in order."""
    for name, text in {"wandb.py": WANDB, "mlflow/__init__.py": "", "mlflow/tracking.py": MLFLOW}.items():
        (tmp_path / "fakes" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "fakes" / name).write_text(text)
    for name in ("wandb", "mlflow", "mlflow.tracking"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(str(tmp_path / "fakes"))
    monkeypatch.setenv("FAKE", str(tmp_path / "told"))
    monkeypatch.setenv(logging.TRACK_FOLDER_VARIABLE, str(tmp_path / "track"))
    yield lambda: [json.loads(line) for line in (tmp_path / "told").read_text().splitlines()]
    for name in ("wandb", "mlflow", "mlflow.tracking"):
        sys.modules.pop(name, None)


def short(folder: Path, *progress: Any) -> list[dict[str, Any]]:
    """Six steps with two dev scores; the lines of the log."""
    about = context(folder, 1, None, *progress)._replace(name="learn seed 1")
    fit(settings(steps=6, evaluate_every=3), network(), [task(dev=rows(8))], about)
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def test_numbers_are_named_by_their_path() -> None:
    assert logging.finite_numbers(RECORD) == FLAT


def test_wandb_is_told_every_line_of_the_log(fakes: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(logging.TRACK_VARIABLE, "wandb")
    lines = short(tmp_path / "train-0123456789")
    first, *told, last = fakes()
    assert first[0] == "init" and last == ["finish"]
    assert (first[1]["id"], first[1]["name"], first[1]["resume"]) == ("0123456789", "learn seed 1", "allow")
    assert told == [["log", line["step"], logging.finite_numbers(line)] for line in lines]
    assert [line[1] for line in told] == [1, 2, 3, 4, 5, 6] and told[2][2].keys() >= {"loss", "rate", "dev/nli/en"}


def test_mlflow_goes_on_in_the_run_that_was_broken_off(
    fakes: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(logging.TRACK_VARIABLE, "mlflow")
    with pytest.raises(Stop):
        short(tmp_path / "train-abc", stopping(4))
    short(tmp_path / "train-abc")
    told = fakes()
    assert [line for line in told if line[0] == "create"] == [["create", "learn seed 1", "abc"]]
    assert [line[1] for line in told if line[0] == "open"] == [f"sqlite:///{tmp_path / 'track' / 'mlflow.db'}"] * 2
    statuses = [line[2] for line in told if line[0] == "status"]
    assert statuses == ["FINISHED", "RUNNING", "FINISHED"]
    assert [line[4] for line in told if line[:3] == ["metric", "learn seed 1", "loss"]] == [1, 2, 3, 4, 5, 6]


def test_a_view_that_fails_is_told_once_and_training_goes_on(
    fakes: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(logging.TRACK_VARIABLE, "wandb,mlflow")
    import wandb

    def broken(*_: Any, **__: Any) -> None:
        raise ConnectionError("nobody\nthere")

    monkeypatch.setattr(wandb.Run, "log", broken)
    assert len(short(tmp_path / "train-x")) == 6
    assert capsys.readouterr().err == "note: wandb is told no more of this run: nobody there\n"
    assert sum(line[0] == "metric" and line[2] == "loss" for line in fakes()) == 6


def test_a_view_that_cannot_be_opened_is_one_line(fakes: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(logging.TRACK_VARIABLE, "wandb")
    import wandb

    def broken(**_: Any) -> None:
        raise RuntimeError("no key\nconfigured")

    monkeypatch.setattr(wandb, "init", broken)
    with pytest.raises(MissingPart, match="wandb cannot be opened: no key configured; leave it out of --track"):
        short(tmp_path / "train-x")


def test_what_is_asked_for_must_be_known_and_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(logging.TRACK_VARIABLE, " tensorbord,")
    with pytest.raises(UsageError, match=r"no live view 'tensorbord'.*did you mean 'tensorboard'"):
        logging.tracker_names()
    monkeypatch.setattr(logging.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv(logging.TRACK_VARIABLE, "wandb")
    with pytest.raises(MissingPart, match=r"needs the package wandb; run: pip install 'xfer\[wandb\]'"):
        logging.tracker_names()
    monkeypatch.setenv(logging.TRACK_VARIABLE, "")
    assert logging.tracker_names() == []


def test_the_option_is_read_before_anything_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(logging.TRACK_VARIABLE, "")
    found = CliRunner().invoke(train, [str(tmp_path / "no.yaml"), "--track", "nothing"])
    assert isinstance(found.exception, UsageError) and "no live view 'nothing'" in str(found.exception)


def test_tensorboard_has_the_curve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tensorboard", reason="the extra tensorboard is not installed")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    monkeypatch.setenv(logging.TRACK_VARIABLE, "tensorboard")
    monkeypatch.setenv(logging.TRACK_FOLDER_VARIABLE, str(tmp_path / "track"))
    with pytest.raises(Stop):
        short(tmp_path / "train-0123456789", stopping(5))
    lines = short(tmp_path / "train-0123456789")
    read = EventAccumulator(str(tmp_path / "track" / "learn seed 1 012345")).Reload()
    losses = read.Scalars("loss")
    assert [event.step for event in losses] == [1, 2, 3, 4, 5, 6]  # steps 4 and 5 once, though run twice
    assert [event.value for event in losses] == pytest.approx([line["loss"] for line in lines], rel=1e-6)
    assert [event.step for event in read.Scalars("dev/nli/en")] == [3, 6]
