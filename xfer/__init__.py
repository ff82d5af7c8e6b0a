"""xfer: cross-lingual transfer and robustness, one recipe at a time.

This module stays light: the names below are resolved on first use (PEP 562), so that
``import xfer`` costs nothing and no command pays for what it does not need.
"""

from typing import Any

__version__ = "0.1.0"
__all__ = ["__version__", "include", "load", "results", "run"]

_LAZY = {
    "include": ("xfer.core.included", "include_modules"),
    "load": ("xfer.recipe.load", "load_recipe"),
    "results": ("xfer.reports.results", "results"),
    "run": ("xfer.execution.walk", "run_recipe"),
}


def __getattr__(name: str) -> Any:
    """``xfer.load(path)`` checks a recipe, ``xfer.run(recipe)`` runs it, ``xfer.results()`` has all numbers.

    ``xfer.include(["my_package"])`` lets recipes name code of that package.
    """
    if name not in _LAZY:
        raise AttributeError(f"module 'xfer' has no attribute {name!r}")
    from importlib import import_module  # late: start-up of every command

    module, attribute = _LAZY[name]
    return getattr(import_module(module), attribute)
