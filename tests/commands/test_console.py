"""What a run says where nobody watches: sparse lines with the loss, rows a second and the time that is left."""

from __future__ import annotations

from types import SimpleNamespace as Space

import pytest

from xfer.commands import console

NODE = Space(kind="train", label="learn seed 1", key="0123456789")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock to set by hand."""
    now = [100.0]
    monkeypatch.setattr(console.time, "monotonic", lambda: now[0])
    return now


def test_lines_are_sparse_and_tell_what_is_left(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    told = console.Console()
    told.on_started(NODE)
    clock[0] += 50
    told.on_progress(NODE, 0, 640, doing="encoding")
    for step, seconds in ((200, 10.0), (210, 5.0), (230, 35.0)):  # goes on from a checkpoint at step 200
        clock[0] += seconds
        told.on_progress(NODE, step, 400, loss=0.51234, rows_per_second=1234.5)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "● train   learn seed 1"
    assert lines[1] == "● train   learn seed 1  0/640  encoding"
    # 30 steps in 40 seconds leave 170 steps: 227 seconds
    assert lines[2] == "● train   learn seed 1  230/400  loss 0.512  1,234 rows/s  4 min left"
    assert len(lines) == 3


def test_the_end_is_told_with_its_time(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    told = console.Console()
    told.on_started(NODE)
    told.on_finished(NODE, {"steps": 1200, "dev": 0.75, "none": None}, 95.0)
    told.on_failed(NODE, "no luck")
    told.on_waiting(NODE, "host 12 34")
    assert capsys.readouterr().err.splitlines()[1:] == [
        "✓ train   learn seed 1  steps 1,200  dev 0.750  2 min",
        "✗ train   learn seed 1  no luck",
        "… train   learn seed 1  process 12 on host works on it",
    ]


def test_a_terminal_has_a_bar_with_the_same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console.sys.stderr, "isatty", lambda: True, raising=False)
    told = console.Console()
    told.on_started(NODE)
    told.on_progress(NODE, 30, 400, loss=0.5, rows_per_second=99.6)
    (task,) = told.bar.tasks
    assert (task.completed, task.total, task.fields["values"]) == (30, 400, "loss 0.500  100 rows/s")
    told.on_finished(NODE, {}, 1.0)
    assert not told.bar.tasks


def test_work_of_another_process_is_shown_too(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    told = console.Console()
    for step in (10, 20, 30):
        clock[0] += 20
        told.on_remote_progress(NODE, step, 400, loss=0.5)
    assert capsys.readouterr().err.splitlines() == [
        "… train   learn seed 1  10/400  loss 0.500",
        "… train   learn seed 1  30/400  loss 0.500",
    ]
