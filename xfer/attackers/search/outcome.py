"""What becomes of one example under a search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class SearchOutcome:
    """What a search made of one row.

    ``status``: ``succeeded``, ``failed`` (``row`` has the text that hurt most), ``skipped`` (wrong before any change,
    or nothing to search) or ``error``; ``row`` of the last two is the original one. ``queries`` counts as the search
    does, with repetitions; ``score`` is the aim's, from 0 to 1.
    """

    status: str
    row: dict[str, Any]
    queries: int
    score: float
    message: str = ""


class SearchRefused(Exception):
    """Why an example cannot be searched, in one line, and the status that says so."""

    def __init__(self, message: str, status: str = "error") -> None:
        super().__init__(message)
        self.status = status


def error_line(error: Exception) -> str:
    """An exception as one line that any file can hold."""
    text = str(error) if isinstance(error, SearchRefused) else f"{type(error).__name__}: {error}"
    return " ".join(text.split()).encode("utf-8", "backslashreplace").decode("utf-8")
