"""What must hold of every attacker that needs no model: 50 languages, every form, real and made-up text."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from fifty import FREE, RATED, TEXTS, attacker, further, lists, row
from hypothesis import given, settings
from hypothesis import strategies as st

from xfer.attackers.changes import side_changes, words_changed
from xfer.catalog import CATALOG
from xfer.readers.base import Reader
from xfer.text.edits import splice_edits
from xfer.text.scripts import is_mark, script_of

TEXT = {"text", "pair", "question", "options", "words", "tags", "answers", "starts"}  # what an attack may change
LABEL = {"option_order": {"label"}}  # and where it moves the label along
# Attackers whose letters stay in the scripts of the text (or are figures and signs).
SAME_SCRIPT = ("typos", "diacritics", "invisible", "case", "spelling", "numbers", "word_order", "context_shuffle")
# The share is of something else than words: of numbers, windows, rows; or a phrase may be longer than what it replaces.
OTHER_UNITS = (
    *("numbers", "word_order", "pair_swap", "option_order", "entity_swap", "phrase_mixing", "name_swap"),
    "neighbour_words",  # whose words draw by themselves
)
KANA = {"Hiragana", "Katakana", "Han"}
EACH_FORM = [(name, form) for name in FREE for form in attacker(name).forms]
each = pytest.mark.parametrize(("name", "form"), EACH_FORM, ids=["-".join(case) for case in EACH_FORM])


@pytest.fixture(scope="module", autouse=True)
def word_lists(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """``lists`` in the working folder."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("words")
        patch.chdir(folder)
        lists(Path("lists"))
        yield


@cache
def known(name: str, form: str) -> Any:
    return attacker(name).prepare_state(further(form))


def check(name: str, form: str, old: dict[str, Any], **fields: Any) -> dict[str, Any] | None:
    """The changed row of an attack, of which everything that must always hold was asserted."""
    before, made = deepcopy(old), attacker(name, **fields)
    changed, edits = made.change(old, form, known(name, form))
    assert old == before, "the row under test was changed in place"
    assert (changed, edits) == attacker(name, **fields).change(old, form, known(name, form))
    if changed is None:
        assert form == "span" or name == "cross_language"
        return None
    moved = {column for column in old if changed[column] != old[column]}
    assert set(changed) == set(old) and moved <= TEXT | LABEL.get(name, set())
    assert bool(edits) == bool(moved) or not moved and name == "typos"
    for side in side_changes(form, old, changed, edits):
        assert splice_edits(side.original, side.edits) == side.changed
        assert all(side.original[edit.start : edit.end] != edit.new for edit in side.edits)
        marks = Counter(text.startswith(("\u200c", "\u200d")) or is_mark(text[:1]) for text in side.changed.split())
        assert marks[True] <= sum(is_mark(text[0]) or text[0] in "\u200c\u200d" for text in side.original.split())
    if form == "tag":
        assert changed["text"] == " ".join(changed["words"]) and all(changed["words"])
        assert len(changed["words"]) == len(changed["tags"])
        begins = [sorted(tag for tag in tags if tag.startswith("B-")) for tags in (old["tags"], changed["tags"])]
        assert begins[0] == begins[1]
    if form == "span":
        assert len(changed["answers"]) == len(changed["starts"]) == len(old["answers"])
        for answer, start in zip(changed["answers"], changed["starts"], strict=True):
            assert answer.strip() and changed["text"].startswith(answer, start)
        assert made.inside_answers or changed["answers"] == old["answers"]
    return changed


def test_every_attacker_without_a_model_is_here() -> None:
    assert set(FREE) >= {name for name, place in CATALOG["attacker"].items() if place.startswith("xfer.attackers.w")}
    assert len(FREE) >= 20 and {form for _, form in EACH_FORM} >= {"classify", "choose", "tag", "span", "retrieve"}


@each
def test_labels_follow_in_every_language(name: str, form: str) -> None:
    rows = [row(form, language, text) for language, text in TEXTS.items()]
    found = [check(name, form, one) for one in rows]
    assert sum(one not in (None, old) for one, old in zip(found, rows, strict=True)) >= (1 if name == "ime" else 2)
    if name not in ("cross_language", "phrase_mixing"):  # which change nothing where the languages are the same
        turned = [check(name, form, one) for one in reversed(rows)]
        assert turned == found[::-1], "a result depends on the order of rows"


@pytest.mark.parametrize("name", RATED)
def test_a_rate_is_honoured_within_one_unit(name: str) -> None:
    form = attacker(name).forms[0]
    for language, text in TEXTS.items():
        old = row(form, language, text)
        assert attacker(name, rate=0.0).change(old, form, known(name, form)) == (old, []), language
        if name in OTHER_UNITS:
            continue
        for rate in (0.25, 0.6):
            changed, edits = attacker(name, rate=rate).change(old, form, known(name, form))
            counts = [
                words_changed(side.original, side.edits) for side in side_changes(form, old, changed or old, edits)
            ]
            hits, words = (sum(some) for some in zip(*counts, strict=True))
            assert hits <= rate * words + len(counts), (language, rate)


@pytest.mark.parametrize("name", RATED)
def test_another_seed_draws_other_changes(name: str) -> None:
    form = attacker(name).forms[0]
    rows = [row(form, language, text) for language, text in TEXTS.items()]
    found = [
        [attacker(name, rate=0.1, seed=seed).change(one, form, known(name, form))[0] for one in rows] for seed in (1, 2)
    ]
    assert found[0] != found[1]


@each
def test_protected_sides_stay(name: str, form: str) -> None:
    reader = {"classify": "xnli", "span": "xquad", "tag": "panx", "choose": "xcopa"}.get(form, "tatoeba")
    for side in {"classify": ("text", "pair"), "choose": ("text", "options"), "span": ("text", "pair")}.get(
        form, ("text",)
    ):
        made = attacker(name, protect=[side])
        if any(where == "protect" for where, *_ in made.compatibility_faults(Reader.model_validate(reader), ["en"])):
            continue  # xfer check refuses to protect what alone would change
        for language in ("ar", "en", "hi", "th", "zh"):
            old = row(form, language, TEXTS[language])
            changed, _ = made.change(old, form, known(name, form))
            assert changed is None or changed[side] == old[side], (side, language)


@pytest.mark.parametrize("name", [name for name in SAME_SCRIPT if name in FREE])
def test_letters_stay_in_the_script(name: str) -> None:
    form = attacker(name).forms[0]
    for language, text in TEXTS.items():
        old = row(form, language, text)
        changed, _ = attacker(name).change(old, form, known(name, form))
        before, after = ({script_of(char) for char in one["text"]} for one in (old, changed))
        assert after <= before | ({""} | KANA if before & KANA else {""}), language


WORDS = sorted({word for text in TEXTS.values() for word in text.split()})
JUNK = [
    "",
    " ",
    "\n",
    "🙂",
    "👩🏽‍🚀",
    "<SPLIT>",
    "[SEP]",
    "</s>",
    "[MASK]",
    "\t",
    "\u200f",
    "\u202e",
    "\ud800",
    "a\u0301\u0301",
]
MIXED = st.lists(st.one_of(st.sampled_from(WORDS), st.sampled_from(JUNK), st.text(max_size=4)), min_size=1, max_size=14)


@settings(max_examples=250)
@given(st.sampled_from(EACH_FORM), st.sampled_from(sorted(TEXTS)), MIXED, st.sampled_from([" ", ""]), st.integers(0, 9))
def test_any_text(case: tuple[str, str], language: str, words: list[str], gap: str, seed: int) -> None:
    text = gap.join(words)
    if not text.strip():
        return  # no row has such a text: forms refuse it
    check(*case, row(case[1], language, text), seed=seed)


@pytest.mark.parametrize("language", ["ar", "de", "el", "en", "es", "hi", "ru", "sw", "th", "tr", "zh"])
def test_real_rows(language: str, real: Path) -> None:
    """What every attacker makes of rows that were published."""
    from itertools import islice

    from xfer.readers.sources import rows

    for name, form, split in (("xnli", "classify", "test"), ("xquad", "span", "test")):
        reader = Reader.model_validate(name)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XFER_DATA", str(real))
            if not any((real / place).exists() for place in reader.places(split, language)):
                continue  # XQuAD has fewer languages
            found = list(islice(rows(reader, "mirror", split, language, None, []), 3))
        for one in found:
            for attack in (free for free, of in EACH_FORM if of == form and free not in ("synonyms", "phrase_mixing")):
                check(attack, form, one)
