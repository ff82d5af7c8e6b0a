"""What counts as a success in each form, by hand; and what a recipe may say of goals and constraints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from xfer.attackers.base import Attacker
from xfer.attackers.constraints import Constraints
from xfer.attackers.search.base import Setting
from xfer.attackers.search.candidate import EditableText
from xfer.attackers.search.checks import ConstraintChecks
from xfer.attackers.search.goal import Goal
from xfer.attackers.search.goals.base import form_aim
from xfer.attackers.search.outcome import SearchRefused
from xfer.core.errors import RecipeError
from xfer.recipe.load import load_recipe
from xfer.text.distance import edit_distance

TAGS = ["O", "B-PER", "I-PER"]


def test_tags() -> None:
    row = {
        "id": "1",
        "language": "en",
        "words": ["Ann", "B.", "ran"],
        "tags": ["B-PER", "I-PER", "O"],
        "text": "Ann B. ran",
    }
    wanted: Any = form_aim("tag", TAGS)
    text = wanted.editable_text(row)
    assert wanted.victim_item(text) == (("Ann", "B.", "ran"), (1, 2, -1))
    assert wanted.victim_item(text.deleted(0)) == (("B.", "ran"), (1, -1))
    assert wanted.judge_answer((np.array([0.9, 0.3]), np.array([True, False])), None) == (pytest.approx(0.4), True)
    assert wanted.judge_answer((np.array([0.9, 0.7]), np.array([True, True])), None) == (pytest.approx(0.2), False)
    assert wanted.judge_answer((np.zeros(0), np.zeros(0, bool)), None) == (0.0, False)
    every: Any = form_aim("tag", TAGS, goal=Goal(bound=0.6, tokens="all"))
    assert every.victim_item(text)[1] == (1, 2, 0)
    assert not every.judge_answer((np.ones(2), np.array([True, False])), None)[1]
    with pytest.raises(SearchRefused, match="no entity") as skipped:
        wanted.gold_answer(row | {"tags": ["O"] * 3})
    assert skipped.value.status == "skipped"
    for broken in ({"tags": ["O", "X", "O"]}, {"tags": ["O"]}, {"tags": None}):
        with pytest.raises(SearchRefused):
            wanted.gold_answer(row | broken)


def test_spans() -> None:
    row = {"id": "1", "language": "en", "text": "It was cold in Old Berlin.", "pair": "Where?"}
    row |= {"answers": ["Old Berlin", "Berlin"], "starts": [15, 19]}
    loses: Any = form_aim("span", [], {"rules": "squad"})
    gold = loses.gold_answer(row)
    text = loses.editable_text(row)
    assert loses.victim_item(text) == (row["text"], "Where?", ((15, 25), (19, 25)))
    assert loses.judge_answer(("in old Berlin", 0.25), gold) == (0.75, False)  # F1 0.8
    assert loses.judge_answer(("It was very cold in", 0.25), gold) == (0.75, True)
    exact: Any = form_aim("span", [], {"rules": "squad"}, Goal(measure="exact", score="f1"))
    assert exact.judge_answer(("in old Berlin", 0.25), gold) == (pytest.approx(0.2), True)
    assert exact.judge_answer(("the berlin!", 0.0), gold) == (0.0, False)
    low: Any = form_aim("span", [], {"rules": "squad"}, Goal(bound=0.9))
    assert low.judge_answer(("in old Berlin", 0.25), gold)[1]
    moved = text.deleted(0)
    changed = loses.changed_row(row, moved)
    assert (
        changed["text"] == "was cold in Old Berlin."
        and changed["starts"] == [12, 16]
        and changed["answers"] == row["answers"]
    )
    nothing = row | {"answers": [], "starts": []}
    with pytest.raises(SearchRefused) as skipped:
        loses.gold_answer(nothing)
    assert skipped.value.status == "skipped"
    second: Any = form_aim("span", [], {"rules": "squad_v2"})
    assert second.judge_answer(("", 0.9), second.gold_answer(nothing)) == (pytest.approx(0.1), False)
    assert second.judge_answer(("Berlin", 0.9), second.gold_answer(nothing))[1]
    chinese: Any = form_aim("span", [], {"rules": "mlqa"})
    assert (
        chinese.judge_answer(
            ("北平", 0.5),
            chinese.gold_answer(row | {"text": "在北京", "answers": ["北京"], "starts": [1], "language": "zh"}),
        )[1]
        is False
    )


def test_choices_ranks_and_classes() -> None:
    choice = {"id": "1", "language": "en", "text": "It rained.", "question": None, "options": ["a", "b"], "label": 1}
    wrong: Any = form_aim("choose", [])
    assert wrong.victim_item(wrong.editable_text(choice)) == ("It rained.", None, ("a", "b"))
    assert wrong.judge_answer(np.array([0.6, 0.4]), wrong.gold_answer(choice)) == (pytest.approx(0.6), True)
    found: Any = form_aim("retrieve", [], {"task": "ranking"})
    query = {"id": "1", "language": "en", "pool": "de", "text": "rain", "pair": None, "gold": ["c1", "c2"]}
    assert found.victim_item(found.editable_text(query)) == ("de", "rain", None, ("c1", "c2"))
    assert found.judge_answer((-2.0, True), None) == (0.0, False) and found.judge_answer((2.0, False), None) == (
        1.0,
        True,
    )
    assert found.judge_answer((0.2, False), None) == (pytest.approx(0.55), True)
    mined: Any = form_aim("retrieve", [], {"task": "mining"})
    assert mined.judge_answer((3.0, False), None) == (1.0, True) and mined.judge_answer((-0.5, True), None)[0] == 0.25
    for aimed, row in ((wrong, choice | {"label": 2}), (found, query | {"gold": None}), (found, query | {"gold": []})):
        with pytest.raises(SearchRefused):
            aimed.gold_answer(row)


def test_the_distance_is_levenshteins() -> None:
    draw = np.random.default_rng(0)
    for _ in range(300):
        one, two = ("".join(draw.choice(list("abc"), size=draw.integers(0, 9))) for _ in range(2))
        row = list(range(len(two) + 1))
        for i, a in enumerate(one, 1):
            before, row[0] = row[0], i
            for j, b in enumerate(two, 1):
                before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
        assert edit_distance(one, two) == edit_distance(tuple(one), tuple(two)) == row[-1]


def test_bounds_by_hand() -> None:
    old = EditableText.split(["नमस्ते दुनिया आज", "one two"])  # five words; conjuncts are one grapheme
    one, two = old.replaced(0, "नमस्ता"), old.deleted(0).inserted(0, "x")
    graphemes = sum(len(__import__("regex").findall(r"\X", field)) for field in old.fields)

    def allowed(**bounds: Any) -> list[bool]:
        return ConstraintChecks(Constraints(**bounds), lambda queue, items: []).allowed(old, [one, two])

    assert allowed(changed_words=0.2) == [True, True] and allowed(changed_words=0.19) == [False, False]
    assert allowed(edit_distance=1) == [True, False] and allowed(edit_distance=0) == [False, False]
    assert allowed(edit_share=1 / graphemes) == [True, False]
    assert allowed() == [True, True]


def test_only_edited_sides_are_compared() -> None:
    asked: list[Any] = []

    def ask(queue: str, items: Any) -> list[Any]:
        asked.extend(items)
        return [np.array([1.0, 0.0]) if "x" not in text else np.array([0.6, 0.8]) for text in items]

    old = EditableText.split(["a long premise that stays", "b"])
    checks = ConstraintChecks(Constraints(similarity={"encoder": "e", "at_least": 0.7}), ask)  # type: ignore[arg-type]
    assert checks.allowed(old, [old.replaced(5, "x"), old.replaced(5, "c")]) == [False, True]
    assert sorted(asked) == ["b", "c", "x"]
    angular = ConstraintChecks(Constraints(similarity={"encoder": "e", "at_least": 0.7, "measure": "angular"}), ask)  # type: ignore[arg-type]
    assert angular.allowed(old, [old.replaced(5, "x")]) == [True]  # 1 - acos(0.6) / pi = 0.705


def test_parts_of_speech_of_what_came_in_the_place_of_what() -> None:
    tags = {"cat": "NOUN", "Ann": "PROPN", "runs": "VERB", "red": "ADJ"}

    def ask(queue: str, items: Any) -> list[Any]:
        return [tuple(tags.get(word, "X") for word in words) for words in items]

    old = EditableText.split(["red cat runs"])
    tried = [old.replaced(1, "Ann"), old.replaced(1, "runs"), old.deleted(0), old.inserted(0, "new").replaced(2, "red")]
    tried.append(EditableText.split(["red runs runs"]))  # split anew
    for swap, wanted in ((False, [False, False, True, False, False]), (True, [True, True, True, False, True])):
        held = Constraints(part_of_speech={"tagger": {"model": "m"}, "nouns_for_verbs": swap})  # type: ignore[arg-type]
        assert ConstraintChecks(held, ask).allowed(old, tried) == wanted


def test_rule_based_attackers_keep_within_bounds() -> None:
    row = {
        "id": "1",
        "language": "de",
        "text": "Der alte Mann ging heute nach Hause und schlief sofort ein",
        "pair": None,
        "label": "x",
    }

    def changed(**bounds: Any) -> str:
        attacker: Any = Attacker.model_validate({"type": "typos", "rate": 1.0, "constraints": bounds})
        return str(attacker.change(row)[0]["text"])

    free = changed()
    assert sum(a != b for a, b in zip(free.split(), row["text"].split(), strict=True)) > 6
    few = changed(changed_words=0.3, protected=["MANN", "hause"])
    pairs = list(zip(few.split(), row["text"].split(), strict=True))
    assert 1 <= sum(a != b for a, b in pairs) <= 3 and few.split()[2] == "Mann" and few.split()[6] == "Hause"
    assert edit_distance(changed(edit_distance=2), row["text"]) == 2
    assert changed(edit_distance=0) == row["text"]


HEAD = """\
name: aimed
source: miniature
model: {type: scratch, layers: 1, width: 16, heads: 2, vocabulary: 300, positions: 70}
stages:
  xnli: {reader: xnli}
  panx: {reader: panx}
  udpos: {reader: udpos}
  xquad: {reader: xquad}
limits: {train_rows: 8, dev_rows: 4, test_rows: 4, steps: 1}
evaluate:
  clean: {stage: xnli}
"""
FAULTS = {
    "goal of a form": ("xnli", "goal: {bound: 0.5}", "goal.bound: the goal of a search on form classify has no bound"),
    "k": ("xquad", "goal: {k: 2}", "goal.k: the goal of a search on form span has no k"),
    "exact": ("xquad", "goal: {measure: exact, bound: 0.5}", "goal.bound: an exact match is lost or not"),
    "entities of tags": ("udpos", "goal: {tokens: entities}", "goal.tokens: the tags of this data set are no entities"),
    "entities": ("udpos", "constraints: {entities: kept}", "constraints.entities: rows of form tag have no tagged"),
    "stage": (
        "xnli",
        "constraints: {part_of_speech: {tagger: {stage: udpo}}}",
        "tagger.stage: there is no stage 'udpo'",
    ),
    "form": (
        "xnli",
        "constraints: {part_of_speech: {tagger: {stage: xquad}}}",
        "tagger.stage: stage 'xquad' has learnt",
    ),
    "task": ("xnli", "constraints: {part_of_speech: {tagger: {stage: udpos, task: x}}}", "task x of form tag"),
    "side": ("xnli", "protect: [question]", "protect: rows of form classify have no side 'question'"),
    "words": ("udpos", "recipe: checklist", "recipe: recipe checklist inserts and merges words, for which udpos"),
    "upstream": ("panx", "compat: upstream", "compat: TextAttack has no goal for form tag"),
    "upstream constraints": ("xnli", "compat: upstream, constraints: {changed_words: 0.4}", "compat: TextAttack's own"),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_what_does_not_fit_is_told_by_check(kind: str, write: Callable[..., Path]) -> None:
    stage, fields, wanted = FAULTS[kind]
    path = write("r.yaml", f"{HEAD}  x: {{stage: {stage}, attacker: {{type: textattack, {fields}}}}}\n")
    with pytest.raises(RecipeError) as caught:
        load_recipe(path)
    (fault,) = caught.value.faults
    assert wanted in str(fault) and str(fault).startswith("r.yaml:12:")


def test_a_whole_row_attacker_takes_no_bounds(write: Callable[..., Path]) -> None:
    path = write(
        "r.yaml", f"{HEAD}  x: {{stage: panx, attacker: {{type: entity_swap, constraints: {{edit_distance: 3}}}}}}\n"
    )
    with pytest.raises(RecipeError, match="changes rows as a whole"):
        load_recipe(path)


def test_a_tagger_is_a_stage_or_a_model() -> None:
    for tagger in ({}, {"stage": "a", "model": "b"}, {"model": "b", "task": "c"}):
        with pytest.raises(ValidationError):
            Constraints(part_of_speech={"tagger": tagger})  # type: ignore[arg-type]


def test_a_search_of_our_own_holds_constraints_too(tmp_path: Path) -> None:
    (tmp_path / "en-de.txt").write_text("dog\tHund\nhouse\tHaus\nold\talt\nsees\tsieht\n", "utf-8")
    row = {"id": "1", "language": "en", "text": "the old dog sees a house", "pair": None, "label": "a"}

    def victim(items: Any) -> list[np.ndarray]:
        foreign = [sum(word in item[0] for word in ("Hund", "Haus", "alt", "sieht")) for item in items]
        return [np.array([0.9 - count / 10, 0.1 + count / 10]) for count in foreign]

    def found(**constraints: Any) -> str:
        block = {"type": "code_mixing_search", "languages": ["de"], "dictionary": str(tmp_path), "beam": 4}
        attacker: Any = Attacker.model_validate(block | {"constraints": constraints})
        setting = Setting("classify", ("a", "b"), attacker.task_aim("classify", ("a", "b"), {}), {"victim": victim})
        (result,) = attacker.search_rows([row], setting)
        return str(result["text"])

    assert found() == "the alt Hund sieht a Haus"
    assert sum(a != b for a, b in zip(found(changed_words=0.34).split(), row["text"].split(), strict=True)) == 2
    assert found(protected=["dog", "OLD", "sees"]) == "the old dog sees a Haus"
    assert edit_distance(found(edit_distance=3), row["text"]) <= 3
