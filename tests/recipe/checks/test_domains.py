"""Discriminators in a recipe: what is wrong with them, what they change in the graph, what the report says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xfer.core.errors import RecipeError
from xfer.core.store import Store
from xfer.execution.plan import plan_nodes
from xfer.graph.compile import Graph, Resolver, compile_graph
from xfer.models.domain.base import Head
from xfer.recipe.checks.discriminators import conditioning_task
from xfer.recipe.load import load_recipe
from xfer.recipe.recipe import Recipe
from xfer.reports.discriminators import TRAINED_ROLE, accuracy_grid, discriminator_results

RECIPE = """\
name: a
source: miniature
model: {type: scratch, layers: 1, width: 16, heads: 2}
limits: {train_rows: 100}
stages:
  one:
    mixer: MIXER
    tasks:
      MAIN
      language: {reader: READER, head: HEAD}
evaluate:
  clean: {stage: one}
"""
USUAL = {
    "MIXER": "joint",
    "MAIN": "xnli: {reader: xnli}",
    "READER": "{type: text, languages: [en, de]}",
    "HEAD": "{type: domain}",
}
SPAN = "xquad: {reader: xquad}"


def recipe_text(**parts: str) -> str:
    text = RECIPE
    for name, part in (USUAL | parts).items():
        text = text.replace(name, part)
    return text


@pytest.fixture
def load(write: Callable[..., Path]) -> Callable[..., Recipe]:
    return lambda text, *sets: load_recipe(write("r.yaml", text), None, sets).recipe


def compiled(recipe: Recipe) -> Graph:
    return compile_graph(recipe, Resolver(lambda path: "0", lambda name, kind: "0"))


FAULTS: dict[str, tuple[dict[str, str], str, str]] = {
    "another mixer": ({"MIXER": "proportional"}, "stages.one.tasks.language.head", "train all tasks; add mixer: joint"),
    "no other task": ({"MAIN": ""}, "stages.one.tasks.language.head", "no task of the stage learns labels"),
    "unknown column": (
        {"HEAD": "{type: domain, of: langauge}"},
        "stages.one.tasks.language.head.of",
        "rows of form mask have no column 'langauge' to tell apart; did you mean 'language'?",
    ),
    "a column of texts": (
        {"READER": "{type: xnli, languages: [en, de]}", "HEAD": "{type: domain, of: text}"},
        "stages.one.tasks.language.head.of",
        "rows of form classify have no column 'text'",
    ),
    "one language": (
        {"READER": "{type: text, languages: [en]}"},
        "stages.one.tasks.language.reader.languages",
        "'en' alone cannot be told apart",
    ),
    "one language by itself": (
        {"READER": "{type: mnli, languages: all}"},
        "stages.one.tasks.language.reader.languages",
        "'en' alone cannot be told apart",
    ),
    "no probabilities": (
        {"MAIN": SPAN, "HEAD": "cdan"},
        "stages.one.tasks.language.head",
        "the tasks of the stage give no class probabilities",
    ),
    "no probabilities of rows": (
        {"MAIN": "panx: {reader: panx}", "HEAD": "{type: cdan, task: panx}"},
        "stages.one.tasks.language.head",
        "task 'panx' gives no class probabilities of what is judged",
    ),
    "no such task": (
        {"HEAD": "{type: cdan, task: xnly}"},
        "stages.one.tasks.language.head.task",
        "no task 'xnly' that learns labels; did you mean 'xnli'?",
    ),
    "no such type": ({"HEAD": "{type: dann}"}, "stages.one.tasks.language.head.type", "head 'dann' is not known"),
    "no such field": (
        {"HEAD": "{type: domain, reverse: {peek: 1}}"},
        "stages.one.tasks.language.head.reverse.peek",
        "no such field; did you mean 'peak'?",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_has_its_place_and_a_hint(name: str, write: Callable[..., Path]) -> None:
    parts, place, message = FAULTS[name]
    with pytest.raises(RecipeError) as caught:
        load_recipe(write("r.yaml", recipe_text(**parts)), None, ())
    (found,) = caught.value.faults
    assert found.path == place and message in f"{found.message}; {found.hint}" and found.line > 5


def test_a_discriminator_is_not_evaluated(write: Callable[..., Path]) -> None:
    text = recipe_text().replace("{stage: one}", "{stage: one, task: language}")
    with pytest.raises(RecipeError, match="its accuracy is in the report without an evaluation"):
        load_recipe(write("r.yaml", text), None, ())


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"HEAD": "domain"},
        {"HEAD": "cdan"},
        {"HEAD": "{type: cdan, states: tokens}", "MAIN": "panx: {reader: panx}"},
        {"HEAD": "{type: wasserstein, bound: penalty}", "MAIN": SPAN},
        {"HEAD": "{type: domain, of: label}", "READER": "{type: xnli, languages: [en]}"},
        {"READER": "{type: text, of: {type: xnli}, languages: all}"},
    ],
)
def test_what_is_right_has_no_fault(parts: dict[str, str], load: Callable[..., Recipe]) -> None:
    recipe = load(recipe_text(**parts))
    assert Recipe.model_validate(recipe.model_dump(mode="json")) == recipe


def test_probabilities_come_from_the_first_task_that_has_them() -> None:
    pooled, tokens = (Head.model_validate({"type": "cdan", "states": states}) for states in ("pooled", "tokens"))
    forms = {"qa": "span", "ner": "tag", "nli": "classify"}
    assert conditioning_task(pooled, forms) == "nli" and conditioning_task(tokens, forms) == "ner"
    assert conditioning_task(Head.model_validate({"type": "cdan", "task": "nli", "states": "tokens"}), forms) == "nli"
    assert conditioning_task(Head.model_validate({"type": "domain"}), forms) is None


def test_a_head_changes_its_stage_and_not_the_data(load: Callable[..., Recipe]) -> None:
    graphs = [compiled(load(recipe_text(HEAD=head))) for head in ("domain", "{type: domain, depth: 1}", "domain")]
    keys = [{kind: {n.key for n in g.nodes.values() if n.kind == kind} for kind in ("data", "train")} for g in graphs]
    assert keys[0] == keys[2] and keys[0]["data"] == keys[1]["data"] and keys[0]["train"] != keys[1]["train"]


def test_a_discriminator_needs_dev_rows_in_its_own_languages_alone(load: Callable[..., Recipe]) -> None:
    (train,) = [node for node in compiled(load(recipe_text())).nodes.values() if node.kind == "train"]
    assert sorted(train.parents["dev/language"].job.languages) == ["de", "en"]
    assert len(train.parents["dev/xnli"].job.languages) > 2  # for the oracle
    assert list(train.job.tasks) == ["xnli", "language"]


def test_the_report_hangs_on_the_stage_and_says_what_is_told_apart(load: Callable[..., Recipe]) -> None:
    report = compiled(load(recipe_text())).report
    assert report is not None
    assert [name for name in report.parents if name.startswith(TRAINED_ROLE)] == [f"{TRAINED_ROLE}one/1"]
    wanted = {"stage": "one", "task": "language", "type": "domain", "of": "language"}
    assert report.job.discriminators == [wanted]
    plain = compiled(load(recipe_text(HEAD="null"))).report
    assert plain is not None and "discriminators" not in plain.job.hashed_data()


def test_an_epoch_of_joint_tasks_is_planned_as_one_of_the_longest(load: Callable[..., Recipe], tmp_path: Path) -> None:
    trainer = "mixer: joint\n    trainer: {epochs: 1, batch_size: 10}"
    graph = compiled(load(recipe_text().replace("mixer: joint", trainer)))
    (line,) = [line for line in plan_nodes(graph.nodes.values(), Store(tmp_path)) if line["kind"] == "train"]
    assert line["steps"] == 10 and line["tokens"] == 10 * 10 * 40 * 2


def test_accuracies_of_seeds_by_hand() -> None:
    about: dict[str, Any] = {
        "seeds": [1, 2],
        "discriminators": [{"stage": "s", "task": "t", "type": "domain", "of": "x"}],
    }
    trained = {
        f"s/{n}": {"domain": {"t": {"accuracy": a, "chance": 0.25, "values": {}}}} for n, a in ((1, 0.5), (2, 0.25))
    }
    (part,) = discriminator_results(about, trained)
    assert part["accuracy"] == [50.0, 25.0] and part["mean"] == 37.5 and part["chance"] == 25.0
    assert accuracy_grid([part])[1] == ["s", "t", "x", "37.5 (25.0 to 50.0)", "25.0"]
    for each in trained.values():
        each["domain"]["t"]["accuracy"] = None
    (part,) = discriminator_results(about, trained)
    assert part["mean"] is None and accuracy_grid([part])[1][3] == "no dev rows"
