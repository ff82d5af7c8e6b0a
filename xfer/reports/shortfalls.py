"""What attackers changed beside what they were asked to change: where it is less than half, a report says so.

A portion is plain data: ``what`` was done, ``of`` what it is a share (words, entities), the share that was ``asked``,
and the ``shares`` of each language that were really changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Portion = Mapping[str, Any]
_NAMED = 8  # languages that a note names


def is_short(asked: float, changed: float) -> bool:
    """Whether less than half was changed of what was asked."""
    return changed < asked / 2


def shortfalls(portions: Iterable[Portion]) -> list[str]:
    """A sentence for each portion of which some language falls short."""
    return list(dict.fromkeys(note for portion in portions for note in _shortfall(portion)))


def _shortfall(portion: Portion) -> list[str]:
    asked, of = portion["asked"], portion["of"]
    short = {code: share for code, share in sorted(portion["shares"].items()) if is_short(asked, share)}
    if not short:
        return []
    named = [f"{100 * share:.1f}% of the {of} in {code}" for code, share in list(short.items())[:_NAMED]]
    more = f" and less than half in {len(short) - _NAMED} more languages" if len(short) > _NAMED else ""
    asked_for = f"where {100 * asked:.4g}% were asked for: its lists or rules hardly fit this text"
    return [f"{portion['what']} changed {', '.join(named)}{more}, {asked_for}"]
