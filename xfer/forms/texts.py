"""The texts of a row of each form, and how its labels follow when they are edited.

Plain data, and no form class: what changes a text need not load what scores it. A text is named by its column;
one of several options by column and number (``options/0``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xfer.forms.sheet import form_facts
from xfer.text.edits import Edit, length_growth, splice_edits

TextRow = dict[str, Any]
ColumnEdits = dict[str, list[Edit]]
Mention = tuple[int, int, str]  # first word, past the last, type

_SIDE_COLUMNS = {"premise": "text", "context": "text", "words": "text", "query": "text", "hypothesis": "pair"}


def column_of_side(name: str, form: str) -> str:
    """The column that a recipe's name for a side of a row means: the premise is ``text``."""
    return form_facts(form).sides.get(name, _SIDE_COLUMNS.get(name, name))


def editable_texts(form: str, row: TextRow, protect: Sequence[str] = ()) -> dict[str, str]:
    """The texts of ``row`` that may be changed, by name, without the sides named in ``protect``.

    Of retrieval these are the queries under test: candidates stay, and so do rows that only set a threshold.
    """
    facts = form_facts(form)
    if facts.searches_pool and (row["side"], row["part"]) != ("query", "test"):
        return {}
    kept = {column_of_side(name, form) for name in protect}
    named_texts: dict[str, str] = {}
    for name in facts.text_columns:
        value = " ".join(row["words"]) if facts.tags_words else row.get(name)
        if name in kept or value is None:
            continue
        named_texts |= (
            {name: value} if isinstance(value, str) else {f"{name}/{i}": text for i, text in enumerate(value)}
        )
    return named_texts


def apply_edits(
    form: str, row: TextRow, edits: ColumnEdits, answers: bool = False
) -> tuple[TextRow | None, ColumnEdits]:
    """The row with ``edits`` of its texts applied and its labels moved along, and the edits that were applied.

    Left out are edits that the labels cannot follow: across words, of blank ones or into two words of a tagged
    sentence (other than entities, whose tags go on), across the border of an answer, and within one unless
    ``answers`` is true: then the answer is what it became. The row is None where an answer is lost.
    """
    facts = form_facts(form)
    if facts.tags_words:
        return _edit_tagged(row, edits.get("text", []))
    changed, done = dict(row), dict(edits)
    if facts.locates_answers and row.get("answers") is not None and edits.get("text"):
        answer_columns, done["text"] = _edit_answers(row, edits["text"], answers)
        if answer_columns is None:
            return None, edits
        changed |= answer_columns
    for name, column_edits in done.items():
        if column_edits:
            head, _, number = name.partition("/")
            if number:
                value = list(changed[head])
                value[int(number)] = splice_edits(value[int(number)], column_edits)
                changed[head] = value
            else:
                changed[head] = splice_edits(row[head], column_edits)
    return changed, {name: column_edits for name, column_edits in done.items() if column_edits}


def _edit_tagged(row: TextRow, edits: list[Edit]) -> tuple[TextRow, ColumnEdits]:
    """Every word keeps its tag. A word of an entity may become several: B- goes on with I-."""
    words: list[str] = []
    tags: list[str] | None = None if row["tags"] is None else []
    kept: list[Edit] = []
    start, edit_index, names = 0, 0, row["tags"] or [None] * len(row["words"])
    splits = tags is not None and is_entity_tag(row["tags"])
    for word, tag in zip(row["words"], names, strict=True):
        end, inner = start + len(word), list[Edit]()
        while edit_index < len(edits) and edits[edit_index].start <= end:
            inner += [edits[edit_index]] if start <= edits[edit_index].start and edits[edit_index].end <= end else []
            edit_index += 1
        moved = [edit._replace(start=edit.start - start, end=edit.end - start) for edit in inner]
        whole = not inner or word.split() != [word]  # a word that holds a space was one before and stays one
        pieces = [splice_edits(word, moved)] if whole else splice_edits(word, moved).split()
        if not pieces or len(pieces) > 1 and not splits or is_blank(word):
            pieces, inner = [word], []
        words += pieces
        if tags is not None:
            tags += [tag, *[tag.replace("B-", "I-", 1)] * (len(pieces) - 1)]
        kept += inner
        start = end + 1
    return row | {"text": " ".join(words), "words": words, "tags": tags}, {"text": kept} if kept else {}


def is_blank(word: str) -> bool:
    """Whether a word of a tagged sentence is empty or white space alone, as a no-break space is in PAN-X: it holds
    nothing to change, and stays as it is under every attack."""
    return not word.strip()


def is_entity_tag(tags: Sequence[str]) -> bool:
    """Whether tags are those of entities (B-, I- and O), so that one word may become several."""
    return all(tag == "O" or tag[:2] in ("B-", "I-") for tag in tags)


def mentions(tags: Sequence[str]) -> list[Mention]:
    """The entities of a tagged sentence; an I- that continues nothing begins one."""
    found: list[Mention] = []
    for i, tag in enumerate(tags):
        kind = tag[2:]
        if tag.startswith("I-") and found and found[-1][1:] == (i, kind):
            found[-1] = (found[-1][0], i + 1, kind)
        elif tag != "O":
            found.append((i, i + 1, kind))
    return found


def _edit_answers(row: TextRow, edits: list[Edit], inside: bool) -> tuple[TextRow | None, list[Edit]]:
    spans = [(start, start + len(answer)) for answer, start in zip(row["answers"], row["starts"], strict=True)]
    kept = [edit for edit in edits if all(_allowed(edit, *span, inside) for span in spans)]
    text = splice_edits(row["text"], kept)
    answers, starts = [], []
    for start, end in spans:
        inner = [edit for edit in kept if start <= edit.start and edit.end <= end and not _outside(edit, start, end)]
        outer = [edit for edit in kept if not (start <= edit.start and edit.end <= end) or _outside(edit, start, end)]
        begin = start + length_growth(outer, start)
        answers.append(text[begin : begin + (end - start) + length_growth(inner, end)])
        starts.append(begin)
    if not all(answer.strip() for answer in answers):
        return None, kept
    return {"answers": answers, "starts": starts}, kept


def _outside(edit: Edit, start: int, end: int) -> bool:
    return edit.end <= start or edit.start >= end


def _allowed(edit: Edit, start: int, end: int, inside: bool) -> bool:
    return _outside(edit, start, end) or inside and start <= edit.start and edit.end <= end
