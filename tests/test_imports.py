"""Light commands stay light: what a fresh process has imported after each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from xfer.catalog import COMMANDS

ROOT = Path(__file__).parents[1]
HEAVY = {
    "torch",
    "transformers",
    "datasets",
    "textattack",
    "tokenizers",
    "accelerate",
    "pandas",
    "sklearn",
    "peft",
    "nltk",
}
ARRAYS = {"numpy", "pyarrow"}
RECIPE = str(ROOT / "recipes" / "mnli_to_xnli.yaml")
STUDY = str(ROOT / "recipes" / "studies" / "adversarial_intermediate.yaml")

PROGRAM = """
    import contextlib, io, json, os, sys
    words = json.loads(sys.argv[1])
    sys.argv = ["xfer", *words]
    from xfer.cli import main
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as err:
        try:
            main()
        except SystemExit as left:
            code = left.code
    print(json.dumps([code, err.getvalue(), sorted({name.partition(".")[0] for name in sys.modules})]))
"""


def imported(program: str, *words: str) -> tuple[int, set[str]]:
    """The exit code of a command and the packages its process has imported."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("XFER_")}
    command = [sys.executable, "-c", dedent(program), json.dumps(words)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=ROOT, env=clean | {"PYTHONPATH": str(ROOT)}
    )
    code, err, modules = json.loads(done.stdout)
    assert "Traceback" not in err
    return code, set(modules)


COMMANDS_THAT_ARE_LIGHT = {
    "help": (["--help"], HEAVY | ARRAYS | {"pydantic", "yaml", "omegaconf"}),
    "version": (["--version"], HEAVY | ARRAYS | {"pydantic", "yaml", "omegaconf"}),
    "help of a command": (["train", "--help"], HEAVY | ARRAYS | {"pydantic", "yaml", "omegaconf"}),
    "check": (["check", RECIPE], HEAVY | ARRAYS | {"omegaconf"}),
    "check in miniature": (["check", RECIPE, "--scale", "miniature"], HEAVY | ARRAYS),
    "check of a study": (["check", STUDY, "--scale", "miniature"], HEAVY | ARRAYS | {"omegaconf"}),
    "list": (["list"], HEAVY),
    "schema": (["schema"], HEAVY),
    "show reader": (["show", "reader", "xnli"], HEAVY),
    "show model": (["show", "model", "pretrained"], HEAVY),
    "show trainer": (["show", "trainer", "finetune"], HEAVY),
    "show attacker": (["show", "attacker", "textattack"], HEAVY),
}


@pytest.mark.parametrize("name", COMMANDS_THAT_ARE_LIGHT)
def test_a_light_command_imports_nothing_heavy(name: str) -> None:
    words, forbidden = COMMANDS_THAT_ARE_LIGHT[name]
    code, modules = imported(PROGRAM, *words)
    assert code == 0
    assert "click" in modules
    assert modules & forbidden == set()


def test_a_dry_run_imports_nothing_heavy(tmp_path: Path) -> None:
    words = ["train", RECIPE, "--scale", "miniature", "--dry-run", "--store", str(tmp_path)]
    code, modules = imported(PROGRAM, *words)
    assert code == 0
    assert modules & HEAVY == set()


def test_the_modules_of_all_commands_import_click_alone() -> None:
    program = """
        import json, sys
        from importlib import import_module
        for target in json.loads(sys.argv[1]):
            import_module(target.partition(":")[0])
        print(json.dumps([0, "", sorted({name.partition(".")[0] for name in sys.modules})]))
    """
    _, modules = imported(program, "xfer.cli", *COMMANDS.values())
    assert modules & (HEAVY | ARRAYS | {"pydantic", "yaml", "omegaconf", "rich"}) == set()
    assert "click" in modules


def test_import_xfer_imports_only_xfer() -> None:
    program = "import json, sys; before = {n.partition('.')[0] for n in sys.modules}; import xfer\n"
    program += "print(json.dumps([0, '', sorted({n.partition('.')[0] for n in sys.modules} - before)]))"
    assert imported(program)[1] - sys.stdlib_module_names == {"xfer"}


def test_this_guard_can_fail() -> None:
    program = "import json, sys, numpy\nprint(json.dumps([0, '', sorted({n.partition('.')[0] for n in sys.modules})]))"
    assert imported(program)[1] & ARRAYS == {"numpy"}
