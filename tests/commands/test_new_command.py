"""``xfer new`` writes files that work as they are: their own tests pass, and a changed one fails."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xfer.commands.new import ENTRY_POINTS, TEMPLATE_FILES

ROOT = str(Path(__file__).parents[2])


def ran_in(folder: Path, kinds: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-k", kinds]
    paths = os.environ | {"PYTHONPATH": f".{os.pathsep}{ROOT}"}
    return subprocess.run([*command, str(folder)], capture_output=True, text=True, cwd=folder, env=paths)


# what is written -> where it works -> a fault of it that its own test must find
FAULTS = {
    "reader": ("my_reader.py", 'str(line), "language"', '"1", "language"'),
    "attacker": ("my_attacker.py", "round(self.rate * len(found))", "len(found)"),
    "method": ("my_method.py", "delta = norm_balls.project_to_ball(delta", "norm_balls.project_to_ball(delta"),
    "loss": ("my_loss.py", "(1 - (-own).exp())", "(-own).exp()"),
    "form": ("my_form_form.py", "chance > 0.5", "chance < 0.5"),
}


@pytest.fixture
def written(xfer: Callable[..., Any], folder: Path) -> Path:
    """A folder with one of each kind in it."""
    for kind in TEMPLATE_FILES:
        done = xfer("new", kind, f"my_{kind}", "--folder", "mine")
        assert done.code == 0, done.err
        assert f"wrote mine/test_my_{kind}.py" in done.out
    return folder / "mine"


def test_what_it_writes_passes_its_own_tests_and_a_fault_in_it_does_not(written: Path) -> None:
    ran = ran_in(written)
    assert ran.returncode == 0, ran.stdout
    for name, right, wrong in FAULTS.values():
        text = (written / name).read_text()
        assert text.count(right) == 1
        (written / name).write_text(text.replace(right, wrong))
    failed = set(re.findall(r"^FAILED (test_my_\w+)\.py", ran_in(written, " or ".join(FAULTS)).stdout, re.M))
    assert failed == {f"test_my_{kind}" for kind in FAULTS}


def test_what_is_installed_is_listed(written: Path) -> None:
    """By the entry points of the project that stands beside the files."""
    build = [sys.executable, "-c", "import setuptools; setuptools.setup()", "-q", "egg_info"]
    subprocess.run(build, cwd=written, check=True, capture_output=True)
    program = "from xfer.cli import main; main()"
    for kind, (group, _) in ENTRY_POINTS.items():
        command = [sys.executable, "-c", program, "list", group.removeprefix("xfer."), "--json"]
        paths = os.environ | {"PYTHONPATH": ROOT}  # beside the folder that Python is run in
        ran = subprocess.run(command, capture_output=True, text=True, cwd=written, env=paths)
        (lines,) = json.loads(ran.stdout).values()
        (line,) = [line for line in lines if line["name"] == f"my_{kind}"]
        assert line["summary"] and "cannot be imported" not in line["summary"]


def test_a_project_of_somebody_else_stays_as_it_is(xfer: Callable[..., Any], write: Any, folder: Path) -> None:
    write("pyproject.toml", "[project]\nname = 'theirs'\n")
    done = xfer("new", "attacker", "mine")
    assert 'below [project.entry-points."xfer.attackers"]: mine = "mine:Mine"' in done.out
    assert (folder / "pyproject.toml").read_text() == "[project]\nname = 'theirs'\n"


def test_a_project_holds_all_that_was_written_beside_it(written: Path) -> None:
    project = tomllib.loads((written / "pyproject.toml").read_text())
    assert project["project"]["entry-points"]["xfer.forms"] == {"my_form": "my_form:FACTS"}
    assert set(project["project"]["entry-points"]) == {group for group, _ in ENTRY_POINTS.values()}
    modules = {"my_attacker", "my_form", "my_form_form", "my_loss", "my_method", "my_reader"}
    assert set(project["tool"]["setuptools"]["py-modules"]) == modules


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
