"""The sheet of forms: every row of it is whole, and what it says is what the classes do."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from xfer.attackers.base import Attacker
from xfer.attackers.changes import row_form
from xfer.attackers.search.goal import Goal
from xfer.attackers.search.goals.base import form_aim
from xfer.core.errors import UsageError
from xfer.forms.base import build_form
from xfer.forms.chance import baseline
from xfer.forms.sheet import CLASSIFY, EVERY_FORM, MASK, SEARCHED_FORMS, SHEET, TAG, FormFacts, form_facts, load_target
from xfer.forms.texts import column_of_side
from xfer.models.victims.base import NetworkVictim
from xfer.readers.base import Reader
from xfer.trainers.batches.alignment import align_subwords, align_words, unit_aligner

PLUGIN = replace(CLASSIFY, name="test_sheet:PLUGIN", summary="a form of somebody else")
NO_FORM = "not a form"


@pytest.mark.parametrize("name", SHEET)
def test_the_columns_of_a_form_hold_all_that_the_sheet_names(name: str) -> None:
    facts = SHEET[name]
    columns = set(facts.columns)
    assert columns >= {"id", "language", *facts.text_columns, *facts.domain_columns, *facts.defaults}
    assert columns >= {*facts.sides.values(), *filter(None, (facts.gold, facts.marker))}
    assert set(facts.goal_fields) <= set(Goal.model_fields)


@pytest.mark.parametrize("name", SHEET)
def test_the_classes_of_a_form_are_there_and_know_their_facts(name: str) -> None:
    facts = SHEET[name]
    form = build_form(name, ["a", "b"])
    assert (form.facts, form.name, form.columns) == (facts, name, facts.columns)
    if facts.victim_class:
        assert issubclass(load_target(facts.victim_class), NetworkVictim)
        assert form_aim(name, ["a", "b"]).text_columns({"text": "a", "pair": "b"})[0] == "text"
    answers = baseline(name, ["a", "b"], {})
    assert (answers is None) == (name == "mask")
    assert answers is None or answers.gold == facts.gold


@pytest.mark.parametrize("name", SHEET)
def test_the_data_sets_that_speak_for_a_form_have_it(name: str) -> None:
    assert [Reader.find_class(reader).form for reader in SHEET[name].readers] == [name] * len(SHEET[name].readers)


def test_a_row_is_of_the_form_whose_column_it_has() -> None:
    rows: list[dict[str, Any]] = [{"text": ""}, {"options": []}, {"words": []}, {"answers": None}, {"side": "query"}]
    assert [row_form(row) for row in rows] == ["classify", "choose", "tag", "span", "retrieve"]
    assert row_form({"": "no column of any form"}) == "classify"


def test_a_question_is_a_column_of_its_own_but_where_it_is_the_second_text() -> None:
    assert [column_of_side("question", form) for form in ("choose", "span")] == ["question", "pair"]
    assert [column_of_side(side, "classify") for side in ("premise", "hypothesis", "pair")] == ["text", "pair", "pair"]


def test_only_parts_of_rows_align_by_themselves() -> None:
    wanted = {"tag": align_words, "span": align_subwords}
    assert {name: unit_aligner(facts) for name, facts in SHEET.items()} == dict.fromkeys(SHEET) | wanted


def test_a_search_asks_every_form_but_masked_text() -> None:
    assert set(EVERY_FORM) - set(SEARCHED_FORMS) == {"mask"}


def test_a_form_of_a_plug_in_is_known_by_its_place_and_attacked_like_the_others() -> None:
    assert form_facts(PLUGIN.name) is PLUGIN
    attackers = {name: Attacker.find_class(name) for name in ("typos", "textattack", "entity_swap")}
    fit = {name: attacker.fits_form(PLUGIN.name) for name, attacker in attackers.items()}  # type: ignore[attr-defined]
    assert fit == {"typos": True, "textattack": True, "entity_swap": False}


def test_what_no_search_asks_is_attacked_without_a_victim_only() -> None:
    unasked = {name: Attacker.find_class(name).fits_form(UNASKED.name) for name in ("typos", "textattack")}  # type: ignore[attr-defined]
    assert unasked == {"typos": True, "textattack": False}


UNASKED = replace(MASK, name="test_sheet:UNASKED")


@pytest.mark.parametrize(
    ("name", "message"),
    [("clasify", "form 'clasify' is not known; did you mean 'classify'?"), ("test_sheet:NO_FORM", "is no FormFacts")],
)
def test_an_unknown_form_is_one_line(name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message.replace("?", r"\?")):
        form_facts(name)


def test_places_are_answered_by_tags_and_spans_alone() -> None:
    assert [name for name, facts in SHEET.items() if facts.answers_places] == ["tag", "span"]
    assert not FormFacts(name="new", summary="").answers_places and TAG.answers_places


def test_the_sheet_imports_neither_numpy_nor_torch() -> None:
    program = "import sys, xfer.forms.sheet; print(sorted({'numpy', 'torch', 'transformers'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
