"""Processes that xfer starts take nothing out of the working folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from xfer.core.children import child_command, child_environment


@pytest.mark.parametrize("name", ["click", "xfer", "json"])
def test_a_module_beside_the_recipe_is_not_imported(name: str, folder: Path) -> None:
    (folder / f"{name}.py").write_text(f"open({str(folder / 'mark')!r}, 'w')\n")
    command, environment = child_command("xfer", "--version"), child_environment({})
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("xfer, version") and not (folder / "mark").exists()


def test_the_same_interpreter_is_run_and_variables_are_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XFER_INCLUDE", "mine")
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    environment = child_environment({"OMP_NUM_THREADS": "1"})
    assert child_command("xfer")[0] == sys.executable
    assert (environment["XFER_INCLUDE"], environment["OMP_NUM_THREADS"]) == ("mine", "1")
    assert environment["PYTHONPATH"].endswith("elsewhere")
