"""``xfer new`` writes files that work as they are: their own tests pass, and a changed one fails."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def ran_in(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=os.environ | {"PYTHONPATH": "."})


def test_what_it_writes_passes_its_own_tests(xfer: Callable[..., Any], folder: Path) -> None:
    for kind in ("recipe", "study", "reader", "attacker"):
        done = xfer("new", kind, f"my_{kind}", "--folder", "mine")
        assert done.code == 0, done.err
        assert f"wrote mine/test_my_{kind}.py" in done.out
    ran = ran_in(folder / "mine")
    assert ran.returncode == 0, ran.stdout
    attacker = folder / "mine" / "my_attacker.py"
    attacker.write_text(attacker.read_text().replace("round(self.rate * len(found))", "len(found)"))
    assert "1 failed" in ran_in(folder / "mine").stdout


def test_nothing_is_overwritten(xfer: Callable[..., Any], write: Any, folder: Path) -> None:
    write("test_mine.py", "kept")
    done = xfer("new", "recipe", "mine")
    assert (done.code, "test_mine.py is there already" in done.err) == (2, True)
    assert [path.name for path in folder.iterdir()] == ["test_mine.py"]
    assert (folder / "test_mine.py").read_text() == "kept"


def test_a_study_is_not_written_twice(xfer: Callable[..., Any], write: Any, folder: Path) -> None:
    assert xfer("new", "study", "mine", "--folder", "here").code == 0
    write("here/mine.yaml", "kept")
    done = xfer("new", "study", "mine", "--folder", "here")
    assert (done.code, (folder / "here/mine.yaml").read_text()) == (2, "kept")
    assert xfer("new", "study", "other", "--folder", "here/mine.yaml").code == 2


@pytest.mark.parametrize("name", ["Mine", "my-recipe", "class", "../mine", ""])
def test_a_bad_name_is_one_line(xfer: Callable[..., Any], folder: Path, name: str) -> None:
    done = xfer("new", "reader", name)
    assert (done.code, len(done.err.splitlines())) == (2, 1)
    assert not list(folder.iterdir())
