"""Every way to fail, as data, and the one printer that turns it into lines for people.

An error class a cause, each with the exit code of the command that meets it:
2 for what the user wrote, 1 for what the world did. Imports nothing of xfer.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable
from difflib import get_close_matches
from typing import NamedTuple

_ACTING = [*range(9), *range(11, 32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
_SHOWN = {code: f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" for code in _ACTING}


def printable(text: str) -> str:
    """Text of others for a terminal: what would act on it (colours, its title, the direction of writing) as a code."""
    return text.translate(_SHOWN)


class Fault(NamedTuple):
    """One mistake in one place of one file (``line`` and ``column`` count from 1)."""

    file: str
    line: int
    column: int
    path: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        position = f"{self.file}:{self.line}:{self.column}: " if self.line else f"{self.file}: "
        path = f"{self.path}: " if self.path else ""
        text = f"{position}{path}{self.message}" + (f"; {self.hint}" if self.hint else "")
        return printable(" ".join(text.splitlines()))  # a value that is quoted may go over several


class XferError(Exception):
    """Base of all errors that are shown as one line and never as a traceback."""

    exit_code = 1

    def message_lines(self) -> list[str]:
        """The text a person sees, without the leading ``xfer:``."""
        return [printable(" ".join(str(self).split("\n")))]


class RecipeError(XferError):
    """All faults of the files and options that make up a recipe."""

    exit_code = 2

    def __init__(self, faults: Iterable[Fault]) -> None:
        first_faults: dict[tuple[object, ...], Fault] = {}
        for fault in faults:  # cells of a study may tell the same fault with other hints
            first_faults.setdefault(fault[:5], fault)
        self.faults = [first_faults[key] for key in sorted(first_faults)]
        super().__init__("\n".join(map(str, self.faults)))

    def message_lines(self) -> list[str]:
        return [str(fault) for fault in self.faults]


class UsageError(XferError):
    """A command was asked for something that cannot be: wrong name, wrong combination of options."""

    exit_code = 2


class MissingData(XferError):
    """A data set is not where it was looked for."""


class BadRow(XferError):
    """A row that its form cannot take, or a file that cannot be read as what it claims to be."""

    def __init__(self, file: str, line: int, message: str) -> None:
        self.file, self.line, self.message = file, line, message
        super().__init__(f"{file}:{line}: {message}" if line else f"{file}: {message}")


class HubUnreachable(XferError):
    """The Hugging Face hub did not answer and nothing usable is cached."""


class MissingPart(XferError):
    """A model, package or file that a component needs is not installed or not a usable format."""


class StoreDamaged(XferError):
    """A finished entry of the store no longer holds what was written."""


class FileChanged(XferError):
    """An outside file changed while a node read it."""


class NodeFailed(XferError):
    """Some nodes of a run failed; what is finished stays finished."""


def suggest_name(name: str, candidates: Iterable[str]) -> str:
    """A hint for a misspelt ``name``: the nearest known name, or the list when none is near."""
    names = sorted(candidates)
    return spelling_hint(name, names) or (f"known: {', '.join(names)}" if names else "")


def spelling_hint(name: str, candidates: Iterable[str]) -> str:
    """A hint for a misspelt ``name``: the nearest known name, or nothing."""
    matches = get_close_matches(name, sorted(candidates), n=1)
    return f"did you mean '{matches[0]}'?" if matches else ""


def error_from_os(error: OSError) -> XferError:
    """An operating-system error as one clear line; a full disk says that nothing finished is lost."""
    target = f" while writing {error.filename}" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return XferError(
            f"the disk is full{target}; free some space and run the same command again: finished work is kept"
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return XferError(f"no permission to use {error.filename}; check its owner, or choose another folder")
    return XferError(str(error))
