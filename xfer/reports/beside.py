"""Original and changed text side by side: for terminals, and as Markdown. Plain data in, text out.

What could move text around is shown and not passed on: control characters, the marks that turn the writing direction,
and characters without width inside a change. Right-to-left text is isolated, so that it stays in its column.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import regex

from xfer.text.edits import Edit

OLD, NEW = ("[-", "-]"), ("{+", "+}")
CONTEXT = 60  # code points that are kept around the changes of a long text
_ISOLATE, _END = "\u2068", "\u2069"
_TURNING = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_CLUSTER = regex.compile(r"\X")
_LEAST = 24  # columns that a side needs; else one stands above the other


class Piece(NamedTuple):
    """A part of a text that was changed, or was not."""

    text: str
    changed: bool


Paint = Callable[[str], str]


def pieces(text: str, edits: Sequence[Edit]) -> tuple[list[Piece], list[Piece]]:
    """The original and the changed text, cut where an edit begins and ends, and never within a grapheme cluster.

    ``edits`` are sorted and do not overlap.
    """
    ours, theirs, done = list[Piece](), list[Piece](), 0
    for edit in _whole(text, edits):
        same = Piece(text[done : edit.start], False)
        ours += [same, Piece(text[edit.start : edit.end], True)]
        theirs += [same, Piece(edit.new, True)]
        done = edit.end
    rest = Piece(text[done:], False)
    return _joined([*ours, rest]), _joined([*theirs, rest])


def _whole(text: str, edits: Sequence[Edit]) -> list[Edit]:
    """The edits, widened to the clusters that they cut into; those that meet there are one."""
    if not edits:
        return []
    borders = [0, *(match.end() for match in _CLUSTER.finditer(text))]
    made: list[Edit] = []
    for edit in edits:
        start = borders[bisect_right(borders, edit.start) - 1]
        end = borders[bisect_left(borders, edit.end)]
        if made and start < made[-1].end:
            before = made.pop()
            new = before.new[: len(before.new) - (before.end - edit.start)] if before.end > edit.start else before.new
            new += text[before.end : edit.start] + edit.new + text[edit.end : end]
            made.append(before._replace(end=max(end, before.end), new=new))
        else:
            new = text[start : edit.start] + edit.new + text[edit.end : end]
            made.append(edit._replace(start=start, end=end, new=new))
    return made


def _joined(parts: list[Piece]) -> list[Piece]:
    """Without empty stretches between changes, so that changes side by side are one."""
    made: list[Piece] = []
    for part in parts:
        if not part.text and not part.changed:
            continue
        if made and made[-1].changed == part.changed:
            made[-1] = Piece(made[-1].text + part.text, part.changed)
        else:
            made.append(part)
    return made


def clipped(parts: Sequence[Piece], context: int = CONTEXT) -> list[Piece]:
    """Only ``context`` code points of what is unchanged on each side of a change, and of a change that is long."""
    made = []
    for number, (text, changed) in enumerate(parts):
        ends = changed or number == 0, changed or number == len(parts) - 1
        head, tail = (0 if ends[0] and not changed else context), (0 if ends[1] and not changed else context)
        if len(parts) == 1:
            head, tail = 2 * context, 0
        if len(text) > head + tail + 3:
            text = text[:head] + "…" + (text[-tail:] if tail else "")
        made.append(Piece(text, changed))
    return made


def visible(text: str, changed: bool = False) -> str:
    """``text`` in one line: what has no shape, or acts on a terminal, as its code point."""
    return "".join(_shown(char, changed) for char in text)


def _shown(char: str, changed: bool) -> str:
    kind = unicodedata.category(char)
    if char in "\n\r\t\u2028\u2029":
        return {"\n": "⏎", "\t": "⇥"}.get(char, "␍")
    if kind in ("Cc", "Cs") or char in _TURNING or changed and kind == "Cf":
        return f"<U+{ord(char):04X}>"
    return char


def is_rtl(text: str) -> bool:
    """Whether a text holds letters that are written from right to left."""
    return any(unicodedata.bidirectional(char) in ("R", "AL", "AN") for char in text)


def width(text: str) -> int:
    """Columns of a terminal that ``text`` takes."""
    return sum(map(_wide, _CLUSTER.findall(text)))


def _wide(cluster: str) -> int:
    if cluster in (_ISOLATE, _END):
        return 0
    return 2 if unicodedata.east_asian_width(cluster[0]) in "WF" or "\ufe0f" in cluster else 1


# in a terminal


def side_by_side(text: str, edits: Sequence[Edit], columns: int, paint: tuple[Paint, Paint] | None = None) -> list[str]:
    """Lines no wider than ``columns``: the original on the left and the changed text on the right, changes marked as
    [-old-] and {+new+}, and painted if ``paint`` (of old and of new) is given; one above the other where it is narrow.
    """
    ours, theirs = pieces(text, edits)
    room = (columns - 3) // 2
    if room < _LEAST:
        wide = max(columns, _LEAST)
        above, below = _lines(ours, OLD, wide, paint and paint[0]), _lines(theirs, NEW, wide, paint and paint[1])
        return [line for line, _ in (*above, *below)]
    left, right = _lines(ours, OLD, room, paint and paint[0]), _lines(theirs, NEW, room, paint and paint[1])
    made = []
    for i in range(max(len(left), len(right))):
        one, size = left[i] if i < len(left) else ("", 0)
        made.append(f"{one}{' ' * (room - size)} │ {right[i][0] if i < len(right) else ''}".rstrip())
    return made


def _lines(parts: Sequence[Piece], marks: tuple[str, str], room: int, paint: Paint | None) -> list[tuple[str, int]]:
    """The lines of one side, each with the columns that it takes."""
    tokens = [(cluster, part.changed) for part in parts for cluster in _clusters(part, marks)]
    made = []
    for line in _wrapped(tokens, room):
        taken = sum(_wide(cluster) for cluster, _ in line)
        runs = "".join(paint(text) if paint and changed and text else text for text, changed in _runs(line))
        plain = "".join(cluster for cluster, _ in line)
        made.append((f"{_ISOLATE}{runs}{_END}" if is_rtl(plain) else runs, taken))
    return made


def _clusters(part: Piece, marks: tuple[str, str]) -> list[str]:
    shown = visible(part.text, part.changed)
    return _CLUSTER.findall(f"{marks[0]}{shown}{marks[1]}" if part.changed else shown)


def _wrapped(tokens: list[tuple[str, bool]], room: int) -> Iterator[list[tuple[str, bool]]]:
    """Lines of no more than ``room`` columns, broken after a space where there is one in the last half."""
    line, taken = list[tuple[str, bool]](), 0
    for token in tokens:
        if taken + _wide(token[0]) > room:
            spaces = (i for i in range(len(line) - 1, len(line) // 2, -1) if line[i][0] == " ")
            place = next(spaces, len(line) - 1) + 1
            yield line[:place]
            line = line[place:]
            taken = sum(_wide(cluster) for cluster, _ in line)
        line.append(token)
        taken += _wide(token[0])
    yield line


def _runs(line: Sequence[tuple[str, bool]]) -> Iterator[tuple[str, bool]]:
    text, kind = "", False
    for cluster, changed in line:
        if changed != kind:
            yield text, kind
            text, kind = "", changed
        text += cluster
    yield text, kind


# in Markdown


def markdown_pair(text: str, edits: Sequence[Edit]) -> tuple[str, str]:
    """Original and changed text for the cells of a table, clipped, with changes in bold (∅ where nothing stands)."""
    ours, theirs = pieces(text, edits)
    return markdown_cell(clipped(ours)), markdown_cell(clipped(theirs))


def markdown_cell(parts: Sequence[Piece]) -> str:
    """One text for a cell of a Markdown table, right-to-left text isolated."""
    made = "".join(
        f"<b>{_escaped(part.text, True) or '∅'}</b>" if part.changed else _escaped(part.text) for part in parts
    )
    return f"{_ISOLATE}{made}{_END}" if any(is_rtl(part.text) for part in parts) else made


def _bold(text: str) -> str:
    return f"<b>{_escaped(text, True) or '∅'}</b>"


def _escaped(text: str, changed: bool = False) -> str:
    """Text that Markdown and HTML show as it is, within one cell."""
    shown = visible(text, changed).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return regex.sub(r"[\\`*_{}\[\]#|~$!]", lambda match: f"&#{ord(match.group())};", shown)
