"""The shipped studies: whole at full size and in miniature, sharing what they have in common; and what a plan says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xfer.execution.studies import compile_cells, nodes_of
from xfer.graph.compile import Resolver
from xfer.graph.node import Node
from xfer.recipe.load_study import load_study
from xfer.recipe.study import LoadedStudy, matches_levels

ROOT = Path(__file__).parents[1]
STUDIES = sorted((ROOT / "recipes" / "studies").glob("[!_]*.yaml"))
QUESTIONS = {
    "adversarial_intermediate", "domain_adversarial", "english_intermediate", "model_size", "ner_vs_nli",
    "perturbed_xtreme_r",
}  # fmt: skip


def graph(loaded: LoadedStudy) -> list[Node]:
    """The nodes of a study; every file and every repository is at the same version."""
    cells = compile_cells(loaded, Resolver(lambda path: "same", lambda name, kind: "same"))
    assert [cell.problem for cell in cells if cell.problem] == []
    return nodes_of(cells)


@pytest.fixture(scope="module")
def small() -> dict[str, list[Node]]:
    return {path.stem: graph(load_study(path, "miniature")) for path in STUDIES}


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
@pytest.mark.parametrize("scale", [None, "miniature"])
def test_a_shipped_study_is_whole(path: Path, scale: str | None) -> None:
    loaded = load_study(path, scale)
    study = loaded.study
    assert study.name == path.stem and study.title and study.description and len(study.papers) >= 2
    assert study.compare and len(study.hypotheses) >= 4
    found = [cell.levels for cell in loaded.cells]
    names = {name for cell in loaded.cells for name in cell.recipe.evaluate}
    for hypothesis in study.hypotheses.values():
        assert set(hypothesis.evaluations) <= names or scale, hypothesis.claim
        sides = [
            cell for cell in found if matches_levels(cell, hypothesis.cells) and cell | hypothesis.against in found
        ]
        assert [cell for cell in sides if cell | hypothesis.against != cell] or scale, hypothesis.claim
    for levels in study.vary.items() if scale is None else ():
        assert {cell[levels[0]] for cell in found} == set(levels[1])


def test_there_is_a_study_of_every_question(small: dict[str, list[Node]]) -> None:
    assert small.keys() == QUESTIONS


def test_studies_share_what_they_have_in_common(small: dict[str, list[Node]]) -> None:
    trained = {name: {node.key: node for node in nodes if node.kind == "train"} for name, nodes in small.items()}
    every = {key for found in trained.values() for key in found}
    assert len(every) < 0.8 * sum(map(len, trained.values()))
    plain = set.intersection(*(set(found) for found in trained.values()))
    labels = {trained["model_size"][key].label for key in plain}
    # the encoder, MNLI and XNLI after it are trained once for all six
    assert labels >= {"miniature_words", "miniature_encoder", "middle seed 1", "middle seed 2", "target seed 1"}
    budget = {name: sum(node.job.trainer.steps for node in found.values()) for name, found in trained.items()}
    assert max(budget.values()) < 60_000  # of about 25 ms: what a laptop has time for


def test_a_study_at_full_size_trains_each_intermediate_model_once() -> None:
    whole = load_study(ROOT / "recipes" / "studies" / "english_intermediate.yaml")
    plain = [cell for cell in whole.cells if cell.levels["beside"] == "alone"]
    nine = set(whole.study.vary["intermediate"]) - {
        *("none", "target_twice", "nine", "mnli_translated", "squad_translated"),
    }
    plain = [cell for cell in plain if cell.levels["intermediate"] in nine]
    assert (len(nine), len(plain), len(whole.study.vary["target"])) == (9, 81, 9)
    labels = [node.label for node in graph(whole._replace(cells=tuple(plain))) if node.kind == "train"]
    assert sum(label.startswith("middle") for label in labels) == 9 * 3


def test_targets_after_english_tasks_are_trained_as_published() -> None:
    """jiant's guide; intermediate stages that are compared keep 32 rows an update, also on a target's data."""
    whole = load_study(ROOT / "recipes" / "studies" / "english_intermediate.yaml")
    asked = [cell for cell in whole.cells if cell.levels["intermediate"] in ("target_twice", "squad_translated")]
    asked = [cell for cell in asked if cell.levels["target"] in ("xnli", "tydiqa")]
    trained = [node for node in graph(whole._replace(cells=tuple(asked))) if node.kind == "train"]
    rows = {node.job.trainer.batch_size for node in trained if node.label.startswith("middle")}
    targets = [node.job.trainer for node in trained if node.label.startswith("target")]
    found = {(t.learning_rate, t.epochs, t.batch_size, t.max_length, t.weight_decay, t.warmup) for t in targets}
    assert rows == {32} and found == {(1e-5, 2, 32, 256, 0.01, 0.1), (1e-5, 2, 16, 384, 0.01, 0.1)}


def test_the_plan_tells_what_there_is_to_do(tmp_path: Path, xfer: Callable[..., Any]) -> None:
    path = ROOT / "recipes" / "studies" / "ner_vs_nli.yaml"
    told = xfer("study", path, "--scale", "miniature", "--plan", "--json", "--store", tmp_path / "s").json
    assert [cell["levels"]["intermediate"] for cell in told["cells"]] == ["none", "mnli", "squad_v1"] * 2
    trained = [line for line in told["graph"] if line["kind"] == "train"]
    # two encoder stages, two intermediate tasks, and two targets after three starts, under three seeds
    assert told["stages_to_train"] == len(trained) == 2 + 2 * 3 + 2 * 3 * 3
    assert told["steps_to_train"] == sum(line["steps"] for line in trained) == 1500 + 4500 + 6 * 500 + 18 * 500
    assert told["nodes"] == len(told["graph"]) < told["without_sharing"] and told["stored"] == 0
    assert told["problems"] == [] and not (tmp_path / "s" / "nodes").exists()
    shown = xfer("study", path, "--scale", "miniature", "--plan", "--store", tmp_path / "s").out
    assert "cell  target=panx, intermediate=none" in shown and "to train: 26 stages" in shown


def test_the_plan_tells_the_dose_of_every_network_and_marks_unequal_ones(
    tmp_path: Path, xfer: Callable[..., Any]
) -> None:
    path = ROOT / "recipes" / "studies" / "perturbed_xtreme_r.yaml"
    told = xfer("study", path, "--scale", "miniature", "--plan", "--json", "--store", tmp_path / "s").json
    doses = {(one["levels"]["target"], one["levels"]["task"]): one for one in told["doses"]}
    assert len(doses) == len(told["cells"]) == len(told["doses"])
    plain, whole = doses["xnli", "none"], doses["xnli", "inference"]
    assert [stage["stage"] for stage in whole["stages"]] == ["miniature_words", "miniature_encoder", "middle", "target"]
    assert [stage["stage"] for stage in plain["stages"]] == ["miniature_words", "miniature_encoder", "target"]
    assert (plain["updates"], whole["updates"]) == (1500 + 4500 + 500, 1500 + 4500 + 500 + 500)
    assert whole["rows"] - plain["rows"] == 500 * 32 and whole["tokens"] > plain["tokens"]
    assert doses["tatoeba", "none"]["updates"] == 1500 + 4500  # it tests the encoder as it is
    marks = {pair["claim"]: pair for pair in told["unequal_doses"]}
    assert marks[""]["intended"]
    # English and translated tasks have equal doses
    assert not {"inference_clean", "inference_robust", "questions_clean", "questions_robust"} & marks.keys()
    assert all(pair["intended"] for pair in told["unequal_doses"])
    shown = xfer("study", path, "--scale", "miniature", "--plan", "--store", tmp_path / "s").out
    assert "dose  target=xnli, task=inference: 7,000 updates, " in shown
    assert "dose differs on purpose: xnli, inference against xnli, none: updates 7,000 against 6,500" in shown
