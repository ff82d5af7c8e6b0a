"""Rows that nobody wrote on purpose: each attacker gives back a row of the same shape, drops it, or says why not.

That no text costs quadratic time is seen here only in that this file ends: some hold 50,000 characters or 16,000 words.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fifty import FREE, RATED, attacker, lists
from rich.cells import cell_len

from xfer.attackers.changes import changed_share, row_form, side_changes
from xfer.core.errors import XferError
from xfer.forms.base import build_form as form_of
from xfer.reports.beside import markdown_cell, side_by_side, split_at_edits
from xfer.text.edits import splice_edits

LONG = 50_000
TEXTS = {
    "nothing": "",
    "spaces": " \t\n ",
    "one emoji": "🙂",
    "a family": "👩\u200d👩\u200d👧\u200d👦",
    "marks alone": "\u0301\u200d\u200c\u094d",
    "right-to-left marks": "\u200f\u202eabc\u202c \u2067دار\u2069 \u200e12",
    "a lone surrogate": "cold \ud800 water \udfff",
    "separators": "a <SPLIT> b [SEP] c </s> d [MASK] e\tf\ng\x00h",
    "one word": "x" * LONG,
    "words": "ab " * (LONG // 3),
    "no spaces": "水土" * (LONG // 2),
    "thai": "น้ำ" * 1500,
    "marks": "e" + "\u0301" * LONG,
    "figures": "1" * 5000,
    "stops": "." * 5000,
    "sentences": "No. " * 1000,
    "addresses": "a.b@c/" * 800,
}
FORMS = {name: attacker(name).forms for name in FREE}
CASES = [(name, text) for name in FREE for text in TEXTS]


@pytest.fixture(scope="module", autouse=True)
def word_lists(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("words"))
        lists(Path("lists"))
        yield


def row(form: str, text: str) -> dict[str, Any]:
    """A row with a hostile text on its first side and beside it."""
    found: dict[str, Any] = {"id": "1", "language": "th" if "น" in text else "en", "text": text}
    if form == "tag":
        words = ["Rome", *(text.split(" ") if text == TEXTS["words"] else [text])]
        words = [word for word in words if word] + [""] * (not text)
        return found | {"text": " ".join(words), "words": words, "tags": ["B-LOC", *["O"] * (len(words) - 1)]}
    if form == "span":
        return found | {"text": f"{text} Rome", "pair": text, "answers": ["Rome"], "starts": [len(text) + 1]}
    if form == "choose":
        return found | {"question": None, "options": [text, "b"], "label": 0}
    if form == "retrieve":
        return found | {"pair": None, "side": "query", "part": "test", "gold": ["1"]}
    return found | {"pair": None if form == "mask" else text[:100], "label": "a label that is not known"}


@pytest.mark.parametrize(("name", "text"), CASES, ids=[f"{name}-{text}" for name, text in CASES])
def test_a_hostile_text_leaves_a_row_of_its_form(name: str, text: str) -> None:
    long = [form for form in ("tag", *FORMS[name]) if form in FORMS[name]][: 2 if text == "words" else 1]
    for form in FORMS[name] if len(TEXTS[text]) < 100 else long:
        made, old = attacker(name), row(form, TEXTS[text])
        known = made.prepare_state([old, row(form, "Where is Rome?") | {"id": "2", "language": "de"}])
        changed, edits = made.change(old, form, known)
        if changed is None:
            continue
        assert set(changed) == set(old) and row_form(changed) == row_form(old)
        for side in side_changes(form, old, changed, edits):
            assert splice_edits(side.original, side.edits) == side.changed
            assert 0 <= changed_share(side.original, side.edits) <= 1
        if form == "tag":
            assert len(changed["words"]) == len(changed["tags"])
        if form == "span":
            for answer, start in zip(changed["answers"], changed["starts"], strict=True):
                assert changed["text"].startswith(answer, start)


@pytest.mark.parametrize("name", [name for name in FREE if "tag" in FORMS[name]])
def test_a_blank_word_of_a_tagged_sentence_stays(name: str) -> None:
    words = ["Rome", "", "is", "\xa0", "old", "\u3000", "in", "1987", "New", "", "York"]
    tags = ["B-LOC", "I-LOC", *["O"] * 6, "B-LOC", "I-LOC", "I-LOC"]
    whole = {"words": ["Old", "Bonn", "wins"], "tags": ["B-LOC", "I-LOC", "O"], "text": "Old Bonn wins"}
    made = attacker(name, **({"rate": 1.0} if name in RATED else {}))
    rows = [{"id": str(i), "language": "en", "words": words, "tags": tags, "text": " ".join(words)} for i in range(9)]
    known = made.prepare_state([*rows, whole | {"id": "other", "language": "en"}])
    for row in rows:
        changed, _ = made.change(row, "tag", known)
        blanks = [sorted(word for word in some["words"] if not word.strip()) for some in (row, changed)]
        assert blanks[0] == blanks[1] and changed["text"] == " ".join(changed["words"])
        if name != "word_order":  # which moves words, and changes none
            assert [tag for word, tag in zip(changed["words"], changed["tags"], strict=True) if not word.strip()] == [
                tag for word, tag in zip(words, tags, strict=True) if not word.strip()
            ]


@pytest.mark.parametrize("text", TEXTS)
def test_a_hostile_text_is_shown_side_by_side(text: str) -> None:
    whole = TEXTS[text][:3000]
    edits = attacker("typos", rate=0.3).edit(
        whole, "en", attacker("typos").random_stream({"language": "en", "id": "1"})
    )
    lines = side_by_side(whole, edits, 80)
    assert max(map(cell_len, lines)) <= 80 and not any(ord(char) < 32 for line in lines for char in line)
    "\n".join(lines).encode()  # no surrogate is left
    assert not set("\n|") & set("".join(map(markdown_cell, split_at_edits(whole, edits))))


@pytest.mark.parametrize(
    ("form", "row"),
    [
        ("classify", {"text": "a", "pair": None, "label": 7}),
        ("classify", {"text": "", "pair": None, "label": "no"}),
        ("choose", {"text": "a", "question": None, "options": ["a", "b"], "label": 2}),
        ("tag", {"text": "a", "words": ["a"], "tags": ["B-NOWHERE"]}),
        ("tag", {"text": "a b", "words": ["a", "b"], "tags": ["O"]}),
        ("span", {"text": "a", "pair": "b", "answers": ["c"], "starts": [0]}),
    ],
)
def test_a_row_out_of_range_is_one_clear_error(form: str, row: dict[str, Any]) -> None:
    labels = {"classify": ["yes", "no"], "tag": ["O", "B-LOC", "I-LOC"]}.get(form, [])
    with pytest.raises(XferError, match=r"^file:3: [^\n]+$"):
        form_of(form, labels).check_row({"id": "1", "language": "en", **row}, "file", 3)
