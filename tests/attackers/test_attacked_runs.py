"""Attackers in whole recipes: what `check` refuses, and what comes out of tagged, asked and paired rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from xfer.core.errors import Fault, RecipeError
from xfer.core.store import Store
from xfer.execution.walk import execute_graph, open_graph, run_failure
from xfer.graph.compile import Graph
from xfer.recipe.load import load_recipe

HEAD = """\
name: attacked
source: miniature
model: {type: scratch, layers: 1, width: 16, heads: 2, vocabulary: 600, positions: 130}
stages:
  panx: {reader: panx}
  udpos: {reader: udpos}
  xquad: {reader: xquad}
  xnli: {reader: xnli}
  pawsx: {reader: pawsx}
limits: {train_rows: 8, dev_rows: 4, test_rows: 12, steps: 1}
evaluate:
"""
EVALUATIONS = """\
  panx: {stage: panx, languages: [en, hi]}
  typed: {stage: panx, languages: [en, hi], attacker: {type: typos, rate: 1.0}}
  swapped: {stage: panx, languages: [en, hi], attacker: entity_swap}
  trained: {stage: panx, languages: [en], attacker: {type: entity_swap, donors: train}}
  ordered: {stage: panx, languages: [en], attacker: word_order}
  mixed: {stage: panx, languages: [en, hi], attacker: {type: code_mixing, languages: [de, zh], rate: 1.0}}
  speech: {stage: udpos, languages: [en], attacker: {type: code_mixing, languages: [hi], rate: 1.0}}
  asked: {stage: xquad, languages: [en, zh], attacker: {type: transliterate, to: cyrillic}}
  distracted: {stage: xquad, languages: [en, zh], attacker: distractor}
  shuffled: {stage: xquad, languages: [en, zh], attacker: context_shuffle}
  questions: {stage: xquad, languages: [de, th], attacker: {type: cross_language, other: en}}
  crossed: {stage: xnli, languages: [de, en], attacker: {type: cross_language, other: th, side: premise}}
  paired: {stage: xnli, languages: [de], attacker: {type: code_mixing, languages: [en], protect: [text]}}
  true: {stage: xnli, languages: [en], attacker: tautology}
"""


def fault(folder: Path, evaluation: str) -> Fault:
    """The only fault of a recipe with one evaluation."""
    path = folder / "r.yaml"
    path.write_text(f"{HEAD}  x: {evaluation}\n", "utf-8")
    with pytest.raises(RecipeError) as caught:
        load_recipe(path)
    (found,) = caught.value.faults
    assert "\n" not in str(found) and str(found).count(":") >= 4
    return found


@pytest.mark.parametrize(
    ("evaluation", "path", "message"),
    [
        ("{stage: pawsx, attacker: word_order}", "attacker", "labels of pawsx true: the order of the words says"),
        ("{stage: udpos, attacker: word_order}", "attacker", "labels of udpos true: a part of speech"),
        ("{stage: pawsx, attacker: {type: synonyms, folder: x}}", "attacker", "can hang on one word"),
        ("{stage: udpos, attacker: entity_swap}", "attacker", "cannot change udpos"),
        ("{stage: xnli, attacker: entity_swap}", "attacker", "does not keep the labels of form classify"),
        ("{stage: xnli, attacker: negation}", "attacker", "no phrase in ar, de, el, es, hi, ru, sw, th, tr, zh"),
        ("{stage: pawsx, languages: [en], attacker: tautology}", "attacker", "labels of inference"),
        ("{stage: xnli, attacker: {type: typos, protect: [premis]}}", "attacker.protect", "no side 'premis'"),
        ("{stage: xnli, attacker: {type: cross_language, other: ja}}", "attacker.other", "no test data in 'ja'"),
        ("{stage: xnli, attacker: {type: code_mixing, languages: [fr]}}", "attacker.languages", "in 'fr'"),
        ("{stage: xnli, attacker: {type: case, to: loud}}", "attacker.to", "'loud' is not one of"),
    ],
)
def test_a_recipe_that_breaks_a_label_is_one_line(tmp_path: Path, evaluation: str, path: str, message: str) -> None:
    found = fault(tmp_path, evaluation)
    assert (found.line, found.path) == (HEAD.count("\n") + 1, f"evaluate.x.{path}")
    assert message in found.message and found.hint
    key, line = f"{path.rpartition('.')[2]}: ", f"  x: {evaluation}"
    value = line.index(key) + len(key)
    assert found.column - 1 == (line.index(key) if line[value] == "{" else value)  # a block is told at its key


def test_a_diagnostic_attacker_may_break_labels(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(HEAD + "  x: {stage: pawsx, attacker: {type: word_order, diagnostic: true}}\n", "utf-8")
    assert load_recipe(path).recipe.evaluate["x"].attacker.diagnostic


# from end to end


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str, str], dict[str, list[Any]]]]:
    """``ran(evaluation, kind)``: the columns that a node of this kind left (rows before and after an attack, ...)."""
    folder = tmp_path_factory.mktemp("attacked")
    recipe = (HEAD + EVALUATIONS).replace("  pawsx: {reader: pawsx}\n", "")
    (folder / "r.yaml").write_text(recipe, "utf-8")
    store = Store(folder / "store")
    graph = open_graph(load_recipe(folder / "r.yaml").recipe, store)
    error = run_failure(execute_graph(graph, store), graph)
    assert error is None, error
    yield lambda name, kind: columns(store, graph, name, kind)


def columns(store: Store, graph: Graph, name: str, kind: str) -> dict[str, list[Any]]:
    score = next(node for node in graph.nodes.values() if node.kind == "score" and node.label == f"{name} seed 1")
    predict = score.parents["predict"]
    rows = predict.parents["rows"]
    node, file = {
        "predictions": (predict, "predictions"), "attacked": (rows, "rows"), "edits": (rows, "edits"),
        "clean": (rows.parents.get("rows", rows), "rows"),
    }[kind]  # fmt: skip
    entry = store.find(node.kind, node.key)
    assert entry is not None
    found: dict[str, list[Any]] = pq.read_table(entry.out / f"{file}.parquet").to_pydict()
    return found


@pytest.mark.parametrize("name", ["typed", "swapped", "trained", "ordered", "mixed", "speech"])
def test_tagged_rows_stay_aligned(ran: Any, name: str) -> None:
    clean, attacked, predicted = ran(name, "clean"), ran(name, "attacked"), ran(name, "predictions")
    assert clean["id"] == attacked["id"] == predicted["id"] and clean["words"] != attacked["words"]
    lengths = list(map(len, attacked["words"]))
    assert lengths == list(map(len, attacked["tags"])) == list(map(len, predicted["predicted"]))
    assert predicted["gold"] == attacked["tags"]
    assert attacked["text"] == [" ".join(words) for words in attacked["words"]]
    for before, after in zip(clean["tags"], attacked["tags"], strict=True):
        if name in ("typed", "speech"):
            assert before == after
        else:  # as many entities of each type as before
            assert sorted(t for t in before if t[0] == "B") == sorted(t for t in after if t[0] == "B")


def test_swapped_names_come_from_the_data(ran: Any) -> None:
    clean, attacked = ran("swapped", "clean"), ran("swapped", "attacked")
    changed = sum(a != b for a, b in zip(clean["words"], attacked["words"], strict=True))
    assert changed > len(clean["id"]) / 2
    for language, words in zip(attacked["language"], attacked["words"], strict=True):
        assert language != "hi" or not any(char.isascii() and char.isalpha() for word in words for char in word)


@pytest.mark.parametrize("name", ["asked", "distracted", "shuffled", "questions"])
def test_answers_stay_in_their_contexts(ran: Any, name: str) -> None:
    clean, attacked, predicted = ran(name, "clean"), ran(name, "attacked"), ran(name, "predictions")
    assert clean["id"] == attacked["id"] == predicted["id"] and predicted["gold"] == attacked["answers"]
    for text, answers, starts in zip(attacked["text"], attacked["answers"], attacked["starts"], strict=True):
        assert all(text[at : at + len(answer)] == answer for answer, at in zip(answers, starts, strict=True))
    changed = sum(a != b for a, b in zip(clean["text"], attacked["text"], strict=True))
    assert (changed > 0) == (name != "questions")
    if name in ("distracted", "shuffled"):
        assert clean["answers"] == attacked["answers"]


def test_questions_in_another_language(ran: Any) -> None:
    clean, attacked = ran("questions", "clean"), ran("questions", "attacked")
    assert all(question.isascii() for question in attacked["pair"])
    assert not any(a == b for a, b in zip(clean["pair"], attacked["pair"], strict=True))


def test_premises_in_another_language(ran: Any) -> None:
    clean, attacked, edits = ran("crossed", "clean"), ran("crossed", "attacked"), ran("crossed", "edits")
    assert attacked["id"] == clean["id"] and set(edits["status"]) == {"changed"}
    assert attacked["pair"] == clean["pair"] and attacked["label"] == clean["label"]
    thai = [any("\u0e00" < char < "\u0e7f" for char in text) for text in attacked["text"]]
    assert all(thai)
    german, english = (
        [t for t, lang in zip(attacked["text"], attacked["language"], strict=True) if lang == code]
        for code in ("de", "en")
    )
    assert german == english  # the same rows of a parallel set


def test_a_protected_side_and_a_phrase(ran: Any) -> None:
    clean, attacked = ran("paired", "clean"), ran("paired", "attacked")
    assert clean["text"] == attacked["text"] and clean["pair"] != attacked["pair"]
    assert all("and true is true" in text for text in ran("true", "attacked")["pair"])
