"""Whose code a recipe may name. A recipe comes from anyone, and to import a module is to run it.

Names of the catalogue and of installed packages (entry points) need nothing. A dotted ``package.module:Class`` is read
where the user says so, by ``--include package``, in $XFER_INCLUDE (names with commas) or in a settings file of theirs,
``$XDG_CONFIG_HOME/xfer/settings.yaml``: never by the recipe. Processes that a command starts inherit it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from xfer.core.errors import UsageError

VARIABLE = "XFER_INCLUDE"
Names = tuple[str, ...]


def include_modules(names: Iterable[str]) -> None:
    """Lets recipes of this process, and of those that it starts, name code of these packages or modules."""
    for name in names:
        if not all(part.isidentifier() for part in name.split(".")):
            raise UsageError(f"--include {name}: say the name of a package or module, such as my_package.readers")
    os.environ[VARIABLE] = ",".join(dict.fromkeys((*_named_modules(), *names)))


def is_included(module: str) -> bool:
    """Whether the user lets recipes name what is in a module."""
    allowed = (*_named_modules(), *_settings_modules())
    return any(module == name or module.startswith(f"{name}.") for name in allowed)


def include_hint(module: str) -> str:
    """How to let recipes name what is in a module."""
    package = module.partition(".")[0]
    return f"it runs where you say so: --include {package}, or include: [{package}] in {settings_file()}"


def settings_file() -> Path:
    """The user's own settings."""
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(home) / "xfer" / "settings.yaml"


def _named_modules() -> Names:
    return tuple(name for name in os.environ.get(VARIABLE, "").split(",") if name)


def _settings_modules() -> Names:
    """Those of the settings file. Raises UsageError where it cannot be read."""
    path = settings_file()
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        return ()
    import yaml  # late: few have such a file

    try:
        settings = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise UsageError(f"{path} is no YAML: {str(error).splitlines()[0]}") from None
    names = settings.get("include", []) if isinstance(settings, dict) else None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise UsageError(f"{path}: include must be a list of packages or modules, such as include: [my_package]")
    return tuple(names)
