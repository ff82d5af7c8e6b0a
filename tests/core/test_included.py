"""Code that a recipe names runs only where the user says so."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import xfer as package
from xfer.core.errors import UsageError
from xfer.core.included import include_modules, is_included

Xfer = Callable[..., Any]
RECIPE = "name: t\nsource: miniature\nmodel: scratch\nstages: {s: {reader: {type: 'stranger.code:Reader'}}}\n"


@pytest.fixture
def stranger(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package beside the recipe that leaves a mark when it is imported; nothing is included."""
    monkeypatch.setenv("XFER_INCLUDE", "")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    monkeypatch.syspath_prepend(str(folder))
    (folder / "stranger").mkdir()
    (folder / "stranger" / "__init__.py").write_text("")
    (folder / "stranger" / "code.py").write_text(f"open({str(folder / 'mark')!r}, 'w')\n")
    (folder / "recipe.yaml").write_text(RECIPE)
    for name in ("stranger", "stranger.code"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return folder


@pytest.mark.parametrize(
    "words",
    [
        ("check", "recipe.yaml"),
        ("train", "recipe.yaml", "--dry-run"),
        ("train", "recipe.yaml"),
        ("diff", "recipe.yaml", "recipe.yaml"),
        ("show", "reader", "stranger.code:Reader"),
        ("read", "stranger.code:Reader"),
        ("count", "stranger.code:Reader"),
    ],
)
def test_no_command_imports_what_only_a_recipe_names(words: tuple[str, ...], stranger: Path, xfer: Xfer) -> None:
    done = xfer(*words)
    assert done.code == 2 and not (stranger / "mark").exists()
    assert "'stranger.code:Reader' is code from outside xfer" in done.err
    assert f"--include stranger, or include: [stranger] in {stranger}/config/xfer/settings.yaml" in done.err


def test_the_option_lets_it(stranger: Path, xfer: Xfer) -> None:
    done = xfer("check", "recipe.yaml", "--include", "stranger")
    assert (stranger / "mark").exists() and "cannot be imported" in done.err  # it holds no class Reader


def test_the_users_settings_let_it(stranger: Path, xfer: Xfer) -> None:
    (stranger / "config" / "xfer").mkdir(parents=True)
    (stranger / "config" / "xfer" / "settings.yaml").write_text("include: [stranger]\n")
    xfer("check", "recipe.yaml")
    assert (stranger / "mark").exists()


@pytest.mark.parametrize("text", ["include: stranger", "[1, 2]", "include: [1]", "include: ["])
def test_settings_that_cannot_be_read_are_one_line(text: str, stranger: Path, xfer: Xfer) -> None:
    (stranger / "config" / "xfer").mkdir(parents=True)
    (stranger / "config" / "xfer" / "settings.yaml").write_text(text)
    done = xfer("check", "recipe.yaml")
    assert done.code == 2 and "settings.yaml" in done.err and not (stranger / "mark").exists()


def test_a_package_lets_in_its_own_modules_and_no_others(stranger: Path) -> None:
    package.include(["mine.readers"])
    assert [is_included(name) for name in ("mine.readers", "mine.readers.deep", "mine", "mine.readers_too")] == [
        True,
        True,
        False,
        False,
    ]
    include_modules(["other", "mine.readers"])
    assert is_included("other.any") and is_included("mine.readers")


@pytest.mark.parametrize("name", ["", "a b", "a:B", "../a", "a..b"])
def test_what_is_no_module_is_told(name: str, stranger: Path) -> None:
    with pytest.raises(UsageError, match="say the name of a package or module"):
        include_modules([name])


def test_xfers_own_modules_are_not_let_in_by_being_xfers(stranger: Path, xfer: Xfer) -> None:
    (stranger / "recipe.yaml").write_text(RECIPE.replace("stranger.code:Reader", "xfer.__main__:Reader"))
    assert "it is no reader of xfer's" in xfer("check", "recipe.yaml").err
    (stranger / "recipe.yaml").write_text(RECIPE.replace("stranger.code:Reader", "xfer.readers.nli:Mnli"))
    assert xfer("check", "recipe.yaml").code == 0
