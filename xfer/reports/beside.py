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
from rich.cells import cell_len

from xfer.text.edits import Edit

OLD_MARKS, NEW_MARKS = ("[-", "-]"), ("{+", "+}")
CONTEXT_CHARS = 60  # code points that are kept around the changes of a long text
_ISOLATE, _END = "\u2068", "\u2069"
_TURNING = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_CLUSTER = regex.compile(r"\X")
_EMOJI = regex.compile(r"\p{Extended_Pictographic}")
_LEAST_COLUMNS = 24  # columns that a side needs; else one stands above the other


class EditPiece(NamedTuple):
    """A part of a text that was changed, or was not."""

    text: str
    changed: bool


Paint = Callable[[str], str]


def split_at_edits(text: str, edits: Sequence[Edit]) -> tuple[list[EditPiece], list[EditPiece]]:
    """The original and the changed text, cut where an edit begins and ends, and never within a grapheme cluster.

    ``edits`` are sorted and do not overlap.
    """
    original, changed, position = list[EditPiece](), list[EditPiece](), 0
    for edit in _widened_edits(text, edits):
        unchanged = EditPiece(text[position : edit.start], False)
        original += [unchanged, EditPiece(text[edit.start : edit.end], True)]
        changed += [unchanged, EditPiece(edit.new, True)]
        position = edit.end
    rest = EditPiece(text[position:], False)
    return _merged_pieces([*original, rest]), _merged_pieces([*changed, rest])


def _widened_edits(text: str, edits: Sequence[Edit]) -> list[Edit]:
    """The edits, widened to the clusters that they cut into; those that meet there are one."""
    if not edits:
        return []
    borders = [0, *(match.end() for match in _CLUSTER.finditer(text))]
    widened: list[Edit] = []
    for edit in edits:
        start = borders[bisect_right(borders, edit.start) - 1]
        end = borders[bisect_left(borders, edit.end)]
        if widened and start < widened[-1].end:
            before = widened.pop()
            new = before.new[: len(before.new) - (before.end - edit.start)] if before.end > edit.start else before.new
            new += text[before.end : edit.start] + edit.new + text[edit.end : end]
            widened.append(before._replace(end=max(end, before.end), new=new))
        else:
            new = text[start : edit.start] + edit.new + text[edit.end : end]
            widened.append(edit._replace(start=start, end=end, new=new))
    return widened


def _merged_pieces(parts: list[EditPiece]) -> list[EditPiece]:
    """Without empty stretches between changes, so that changes side by side are one."""
    merged: list[EditPiece] = []
    for piece in parts:
        if not piece.text and not piece.changed:
            continue
        if merged and merged[-1].changed == piece.changed:
            merged[-1] = EditPiece(merged[-1].text + piece.text, piece.changed)
        else:
            merged.append(piece)
    return merged


def clip_pieces(parts: Sequence[EditPiece], context: int = CONTEXT_CHARS) -> list[EditPiece]:
    """Only ``context`` code points of what is unchanged on each side of a change, and of a change that is long."""
    clips = []
    for number, (text, changed) in enumerate(parts):
        outer = changed or number == 0, changed or number == len(parts) - 1
        head, tail = (0 if outer[0] and not changed else context), (0 if outer[1] and not changed else context)
        if len(parts) == 1:
            head, tail = 2 * context, 0
        if len(text) > head + tail + 3:
            text = text[:head] + "…" + (text[-tail:] if tail else "")
        clips.append(EditPiece(text, changed))
    return clips


def escape_invisible(text: str, changed: bool = False) -> str:
    """``text`` in one line: what has no shape, or acts on a terminal, as its code point."""
    return "".join(_visible_char(char, changed) for char in text)


def _visible_char(char: str, changed: bool) -> str:
    category = unicodedata.category(char)
    if char in "\n\r\t\u2028\u2029":
        return {"\n": "⏎", "\t": "⇥"}.get(char, "␍")
    if category in ("Cc", "Cs") or char in _TURNING or changed and category == "Cf":
        return f"<U+{ord(char):04X}>"
    return char


def is_rtl(text: str) -> bool:
    """Whether a text holds letters that are written from right to left."""
    return any(unicodedata.bidirectional(char) in ("R", "AL", "AN") for char in text)


def cluster_width(cluster: str) -> int:
    """Columns of one grapheme cluster, as rich counts them.

    rich leaves out the character after each zero-width joiner, as is right for emoji; in Indic conjuncts it is shown.
    """
    return cell_len(cluster if _EMOJI.match(cluster) else cluster.replace("\u200d", ""))


# in a terminal


def side_by_side(text: str, edits: Sequence[Edit], columns: int, paint: tuple[Paint, Paint] | None = None) -> list[str]:
    """Lines no wider than ``columns``: the original on the left and the changed text on the right, changes marked as
    [-old-] and {+new+}, and painted if ``paint`` (of old and of new) is given; one above the other where it is narrow.
    """
    original, changed = split_at_edits(text, edits)
    side_width = (columns - 3) // 2
    if side_width < _LEAST_COLUMNS:
        full_width = max(columns, _LEAST_COLUMNS)
        above, below = (
            _side_lines(original, OLD_MARKS, full_width, paint and paint[0]),
            _side_lines(changed, NEW_MARKS, full_width, paint and paint[1]),
        )
        return [line for line, _ in (*above, *below)]
    left, right = (
        _side_lines(original, OLD_MARKS, side_width, paint and paint[0]),
        _side_lines(changed, NEW_MARKS, side_width, paint and paint[1]),
    )
    rows = []
    for i in range(max(len(left), len(right))):
        left_text, left_width = left[i] if i < len(left) else ("", 0)
        rows.append(f"{left_text}{' ' * (side_width - left_width)} │ {right[i][0] if i < len(right) else ''}".rstrip())
    return rows


def _side_lines(
    parts: Sequence[EditPiece], marks: tuple[str, str], side_width: int, paint: Paint | None
) -> list[tuple[str, int]]:
    """The lines of one side, each with the columns that it takes."""
    tokens = [(cluster, piece.changed) for piece in parts for cluster in _marked_clusters(piece, marks)]
    rendered = []
    for line in _wrapped_lines(tokens, side_width):
        line_width = sum(cluster_width(cluster) for cluster, _ in line)
        runs = "".join(paint(text) if paint and changed and text else text for text, changed in _change_runs(line))
        plain = "".join(cluster for cluster, _ in line)
        rendered.append((f"{_ISOLATE}{runs}{_END}" if is_rtl(plain) else runs, line_width))
    return rendered


def _marked_clusters(piece: EditPiece, marks: tuple[str, str]) -> list[str]:
    shown = escape_invisible(piece.text, piece.changed)
    return _CLUSTER.findall(f"{marks[0]}{shown}{marks[1]}" if piece.changed else shown)


def _wrapped_lines(tokens: list[tuple[str, bool]], side_width: int) -> Iterator[list[tuple[str, bool]]]:
    """Lines of no more than ``room`` columns, broken after a space where there is one in the last half."""
    line, line_width = list[tuple[str, bool]](), 0
    for token in tokens:
        if line_width + cluster_width(token[0]) > side_width:
            spaces = (i for i in range(len(line) - 1, len(line) // 2, -1) if line[i][0] == " ")
            break_index = next(spaces, len(line) - 1) + 1
            yield line[:break_index]
            line = line[break_index:]
            line_width = sum(cluster_width(cluster) for cluster, _ in line)
        line.append(token)
        line_width += cluster_width(token[0])
    yield line


def _change_runs(line: Sequence[tuple[str, bool]]) -> Iterator[tuple[str, bool]]:
    text, run_changed = "", False
    for cluster, changed in line:
        if changed != run_changed:
            yield text, run_changed
            text, run_changed = "", changed
        text += cluster
    yield text, run_changed


# in Markdown


def markdown_cell(parts: Sequence[EditPiece]) -> str:
    """One text for a cell of a Markdown table, right-to-left text isolated."""
    marked = "".join(
        f"<b>{_escaped_text(piece.text, True) or '∅'}</b>" if piece.changed else _escaped_text(piece.text)
        for piece in parts
    )
    return f"{_ISOLATE}{marked}{_END}" if any(is_rtl(piece.text) for piece in parts) else marked


def _escaped_text(text: str, changed: bool = False) -> str:
    """Text that Markdown and HTML show as it is, within one cell."""
    shown = escape_invisible(text, changed).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return regex.sub(r"[\\`*_{}\[\]#|~$!]", lambda match: f"&#{ord(match.group())};", shown)
