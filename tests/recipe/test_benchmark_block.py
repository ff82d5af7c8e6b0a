"""``benchmark:`` in a recipe: what it expands to, that the recipe's own entries win, and its faults."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xfer.core.errors import RecipeError
from xfer.graph.compile import Resolver, compile_graph
from xfer.recipe.benchmark import task_names
from xfer.recipe.load import load_recipe
from xfer.recipe.recipe import Recipe

ROOT = Path(__file__).parents[2]
HEAD = """\
name: all
source: miniature
model: {type: scratch, layers: 1, width: 16, heads: 2}
stages:
  mnli: {reader: mnli}
"""
XTREME = "benchmark: {name: xtreme, start: mnli}\n"
Write = Callable[..., Path]


def plain(text: str, write: Write, *sets: str) -> dict[str, Any]:
    return load_recipe(write("r.yaml", text), sets=sets).recipe.model_dump(mode="json")


def faults(text: str, write: Write, *sets: str) -> list[str]:
    with pytest.raises(RecipeError) as found:
        load_recipe(write("r.yaml", text), sets=sets)
    return [str(fault) for fault in found.value.faults]


def readers(stage: dict[str, Any]) -> list[dict[str, Any]]:
    return [task["reader"] for task in stage["tasks"].values()]


def test_xtreme_becomes_a_stage_and_an_evaluation_for_each_target(write: Write) -> None:
    made = plain(HEAD + XTREME, write)
    assert list(made["evaluate"]) == [
        "pawsx", "xnli", "panx", "udpos", "bucc", "tatoeba", "xquad", "mlqa", "tydiqa",
    ]  # fmt: skip
    trained = {"pawsx", "xnli", "panx", "udpos", "xquad", "tydiqa"}
    assert set(made["stages"]) == trained | {"mnli"}
    assert {made["stages"][name]["start"] for name in trained} == {"mnli"}
    for name in trained:
        assert [reader["type"] for reader in readers(made["stages"][name])] == [name]
        assert made["evaluate"][name]["stage"] == name and made["evaluate"][name]["reader"] is None


def test_retrieval_tests_the_intermediate_encoder_and_mlqa_the_stage_that_learnt_from_the_same_data(
    write: Write,
) -> None:
    evaluate = plain(HEAD + XTREME, write)["evaluate"]
    tested = {name: (evaluate[name]["stage"], evaluate[name]["reader"]["type"]) for name in ("bucc", "tatoeba", "mlqa")}
    assert tested == {"bucc": ("mnli", "bucc"), "tatoeba": ("mnli", "tatoeba"), "mlqa": ("xquad", "mlqa")}
    alone = plain(HEAD + "benchmark: {name: xtreme, start: mnli, tasks: [mlqa]}\n", write)
    assert set(alone["stages"]) == {"mnli", "mlqa"} and list(alone["evaluate"]) == ["mlqa"]


def test_xtreme_r_names_its_own_tasks_and_tells_the_readers(write: Write) -> None:
    made = plain(HEAD + XTREME.replace("xtreme", "xtreme_r"), write)
    assert list(made["evaluate"]) == list(task_names("xtreme_r"))
    assert {"lareqa", "mewsli_x", "xcopa"} <= set(made["evaluate"]) and "bucc" not in made["evaluate"]
    assert readers(made["stages"]["panx"])[0]["benchmark"] == "xtreme_r"
    assert made["evaluate"]["tatoeba"]["reader"]["benchmark"] == "xtreme_r"
    first, second = made["stages"]["xcopa_social_iqa"], made["stages"]["xcopa"]
    assert (readers(first)[0]["type"], first["start"]) == ("social_iqa", "mnli")
    assert (readers(second)[0]["type"], second["start"]) == ("copa", "xcopa_social_iqa")
    assert made["evaluate"]["xcopa"]["reader"]["type"] == "xcopa"


@pytest.mark.parametrize("name", ["xtreme", "xtreme_r"])
def test_every_language_of_the_benchmark_is_tested_where_its_files_are(name: str, write: Write) -> None:
    from xfer.metrics.benchmarks import BENCHMARKS

    recipe = load_recipe(write("r.yaml", HEAD + XTREME.replace("xtreme", name))).recipe
    for task, official in task_names(name).items():
        offered = recipe.reader_of(recipe.evaluate[task]).offered_languages("mirror", "test")
        assert set(offered) == set(BENCHMARKS[name.replace("_", "-")].tasks[official].languages), task


def test_a_name_alone_starts_from_the_model(write: Write) -> None:
    made = plain(HEAD + "benchmark: xtreme\nstart: mnli\n", write)
    assert made["stages"]["panx"]["start"] is None and made["evaluate"]["tatoeba"]["stage"] is None
    recipe = Recipe.model_validate(made)
    assert recipe.start_of("panx") == "mnli"


# the recipe's own entries win


def test_a_stage_of_the_same_name_changes_what_it_names(write: Write) -> None:
    made = plain(HEAD + "  panx: {trainer: {epochs: 3}}\n" + XTREME, write)
    stage = made["stages"]["panx"]
    assert stage["trainer"]["epochs"] == 3 and stage["start"] == "mnli" and readers(stage)[0]["type"] == "panx"
    other = plain(HEAD + "  panx: {reader: {type: udpos}, start: null}\n" + XTREME, write)["stages"]["panx"]
    assert readers(other)[0]["type"] == "udpos" and other["start"] is None
    joint = plain(HEAD + "  panx: {tasks: {a: {reader: panx}, b: {reader: udpos}}}\n" + XTREME, write)
    assert list(joint["stages"]["panx"]["tasks"]) == ["a", "b"] and joint["stages"]["panx"]["start"] == "mnli"


def test_an_evaluation_of_the_same_name_changes_what_it_names_and_others_stand_beside(write: Write) -> None:
    own = "evaluate:\n  xnli: {rows: 7}\n  typos: {stage: xnli, attacker: typos}\n"
    evaluate = plain(HEAD + XTREME + own, write)["evaluate"]
    assert evaluate["xnli"]["rows"] == 7 and evaluate["xnli"]["stage"] == "xnli"
    assert evaluate["typos"]["attacker"]["type"] == "typos" and len(evaluate) == 10


def test_set_options_reach_into_what_was_expanded(write: Write) -> None:
    made = plain(HEAD + XTREME, write, "stages.udpos.trainer.epochs=1", "evaluate.bucc.languages=[de]")
    assert made["stages"]["udpos"]["trainer"]["epochs"] == 1
    assert made["evaluate"]["bucc"]["languages"] == ["de"] and made["evaluate"]["bucc"]["stage"] == "mnli"
    assert "lareqa" in plain(HEAD + XTREME, write, "benchmark.name=xtreme_r")["evaluate"]


def test_a_task_is_left_out_by_null_or_by_naming_the_others(write: Write) -> None:
    made = plain(HEAD + "  panx: null\n" + XTREME + "evaluate: {bucc: null}\n", write)
    assert not {"panx", "bucc"} & {*made["stages"], *made["evaluate"]} and len(made["evaluate"]) == 7
    assert "panx" not in made["benchmark"]["tasks"] and "udpos" in made["benchmark"]["tasks"]
    few = plain(HEAD + "benchmark: {name: xtreme, start: mnli, tasks: [udpos, tatoeba]}\n", write)
    assert set(few["stages"]) == {"mnli", "udpos"} and list(few["evaluate"]) == ["udpos", "tatoeba"]


def test_direct_adds_each_target_without_the_intermediate_stage_and_compares(write: Write) -> None:
    block = "benchmark: {name: xtreme, start: mnli, direct: true, tasks: [xnli, tatoeba]}\n"
    recipe = load_recipe(write("r.yaml", HEAD + block + "start: mnli\n")).recipe
    assert set(recipe.stages) == {"mnli", "xnli", "xnli_direct"}
    assert recipe.stages["xnli"].start == "mnli" and recipe.stages["xnli_direct"].start is None
    assert recipe.evaluate["tatoeba_direct"].stage is None
    graph = compile_graph(recipe, Resolver(lambda path: "digest", lambda name, kind: "commit"))
    assert graph.report is not None
    compared = [(part["data"], part["compare"], part["baseline"]) for part in graph.report.job.tables]
    assert compared == [("xnli", "xnli", "xnli_direct"), ("tatoeba", "tatoeba", "tatoeba_direct")]


# whole recipes


@pytest.mark.parametrize("changes", ["", "  panx: {start: null, trainer: {epochs: 3}}\n", "  udpos: null\n"])
def test_an_expanded_recipe_round_trips_as_data_and_as_a_file(changes: str, write: Write) -> None:
    recipe = load_recipe(write("r.yaml", HEAD + changes + XTREME)).recipe
    dumped = recipe.model_dump(mode="json")
    assert Recipe.model_validate(dumped) == recipe
    again = load_recipe(write("recipe.json", json.dumps(dumped))).recipe
    assert again == recipe


def test_plain_data_is_expanded_too() -> None:
    data = {"name": "a", "source": "miniature", "model": {"type": "scratch"}, "stages": {"mnli": {"reader": "mnli"}}}
    own = {"stage": "mnli", "reader": "tatoeba", "rows": 3}
    recipe = Recipe.model_validate(data | {"benchmark": "xtreme", "evaluate": {"tatoeba": own}})
    assert set(recipe.evaluate) == set(task_names("xtreme")) and recipe.evaluate["tatoeba"].rows == 3
    assert "benchmark" in data | {"benchmark": "xtreme"} and set(data["stages"]) == {"mnli"}  # not changed in place


def test_the_two_shipped_recipes_differ_by_the_benchmark_and_the_paper_beside_it_alone() -> None:
    one, other = ((ROOT / "recipes" / f"{name}.yaml").read_text() for name in ("xtreme", "xtreme_r"))
    lines = zip(one.splitlines(), other.splitlines(), strict=True)
    own = [line.split(":")[0] for line, there in lines if line != there]
    assert own == ["name", "description", "benchmark", "report"]


def test_stages_that_a_benchmark_shares_are_trained_once(write: Write) -> None:
    recipe = load_recipe(write("r.yaml", HEAD + XTREME)).recipe
    graph = compile_graph(recipe, Resolver(lambda path: "digest", lambda name, kind: "commit"))
    trained = [node.label for node in graph.nodes.values() if node.kind == "train"]
    assert sorted(trained) == sorted(f"{name} seed 1" for name in recipe.stages)
    assert graph.report is not None
    about = graph.report.job.benchmark
    assert about and about["name"] == "xtreme" and about["tasks"]["bucc2018"] == "bucc" and len(about["tasks"]) == 9


# faults


def test_an_unknown_benchmark_is_one_fault_with_the_known_ones(write: Write) -> None:
    (fault,) = faults(HEAD + "benchmark: xtrem\n", write)
    assert fault.startswith("r.yaml:6:12: benchmark")
    assert "'xtrem' is not one of 'xtreme' or 'xtreme_r'" in fault and "did you mean 'xtreme'?" in fault


def test_an_unknown_task_is_one_fault(write: Write) -> None:
    (fault,) = faults(HEAD + "benchmark: {name: xtreme, tasks: [panx, lareqa]}\n", write)
    assert "'lareqa' is not a task of xtreme" in fault


def test_an_unknown_start_is_one_fault_though_every_target_would_continue_it(write: Write) -> None:
    (fault,) = faults(HEAD + "benchmark: {name: xtreme, start: mnly}\n", write)
    assert ":6:34: benchmark.start: there is no stage 'mnly'; did you mean 'mnli'?" in fault


def test_direct_without_an_intermediate_stage_is_a_fault(write: Write) -> None:
    (fault,) = faults(HEAD + "benchmark: {name: xtreme, direct: true}\n", write)
    assert "none is named" in fault


def test_an_unknown_field_is_a_fault(write: Write) -> None:
    (fault,) = faults(HEAD + "benchmark: {name: xtreme, begin: mnli}\n", write)
    assert "benchmark.begin: no such field" in fault


def test_a_fault_in_what_was_expanded_stands_where_the_benchmark_is_named(write: Write) -> None:
    found = faults(HEAD + XTREME, write, "model={type: scratch}", "source=hub", "evaluate.bucc.reader.source=hub")
    assert any("evaluate.bucc.reader" in fault and "cannot read from source hub" in fault for fault in found)


@pytest.mark.parametrize("field", ["compare", "baseline"])
def test_two_evaluations_of_one_data_set_cannot_both_be_what_is_compared(field: str, write: Write) -> None:
    own = "evaluate: {again: {stage: xnli}}\nreport: {" + field + ": [xnli, panx, again]}\n"
    (fault,) = faults(HEAD + XTREME + own, write)
    assert f"report.{field}[2]: 'again' and 'xnli' test one data set" in fault


def test_an_unknown_name_in_a_list_of_evaluations_is_a_fault(write: Write) -> None:
    (fault,) = faults(HEAD + XTREME + "report: {compare: [xnly]}\n", write)
    assert "report.compare[0]: there is no evaluation 'xnly'; did you mean 'xnli'?" in fault


def test_an_unknown_paper_is_one_fault_that_lists_the_known_ones(write: Write) -> None:
    (fault,) = faults(HEAD + XTREME + "report: {against: phang}\n", write)
    assert "report.against: no scores of 'phang' are known" in fault
    assert all(name in fault for name in ("phang2020", "xtreme", "xtreme_r"))


@pytest.mark.parametrize(
    ("block", "place", "message"),
    [
        ("[xtreme]", "12", "benchmark: must be the name of a benchmark, or a block with its name"),
        ("5", "12", "benchmark: must be the name of a benchmark, or a block with its name"),
        ("{start: mnli}", "1", "benchmark.name: 'name' is missing"),
        ("{name: xtreme, tasks: panx}", "34", "benchmark.tasks: must be all, or a list of different tasks"),
        ("{name: xtreme, tasks: []}", "34", "benchmark.tasks: must be all, or a list of different tasks"),
        ("{name: xtreme, tasks: [panx, panx]}", "34", "benchmark.tasks: must be all, or a list of different tasks"),
        ("{name: xtreme, tasks: [{a: 1}]}", "34", "benchmark.tasks: must be all, or a list of different tasks"),
        ("{name: xtreme, start: [mnli]}", "34", "benchmark.start: should be a valid string"),
        ("xtreme-r", "12", "benchmark: 'xtreme-r' is not one of 'xtreme' or 'xtreme_r'; did you mean 'xtreme_r'?"),
    ],
)
def test_a_block_of_the_wrong_shape_is_one_fault(block: str, place: str, message: str, write: Write) -> None:
    (fault,) = faults(HEAD + f"benchmark: {block}\n", write)
    assert fault.startswith(f"r.yaml:6:{place}: {message}")


def test_a_benchmark_of_which_nothing_is_left_is_a_fault(write: Write) -> None:
    (fault,) = faults(HEAD + "  panx: null\nbenchmark: {name: xtreme, start: mnli, tasks: [panx]}\n", write)
    assert "benchmark.tasks: must be all, or a list of different tasks" in fault
