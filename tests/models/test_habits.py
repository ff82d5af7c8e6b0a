"""How the folder of a model says that a text is made one vector, and what follows for the vectors that are compared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from encoder_zoo import save_family

from xfer.graph.compile import Graph, Resolver, compile_graph
from xfer.models.habits import PoolingHabit, read_habit
from xfer.recipe.recipe import Recipe

FLAGS = ("cls_token", "mean_tokens", "max_tokens", "mean_sqrt_len_tokens", "lasttoken")
POOLING = {"idx": 1, "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}
TRANSFORMER = {"idx": 0, "path": "", "type": "sentence_transformers.models.Transformer"}
NORMALIZE = {"idx": 2, "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}
DENSE = {"idx": 2, "path": "2_Dense", "type": "sentence_transformers.models.Dense"}


def write_modules(folder: Path, settings: Any, *further: dict[str, Any]) -> Path:
    """The files that sentence-transformers writes beside a model."""
    (folder / "modules.json").write_text(json.dumps([TRANSFORMER, POOLING, *further]))
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(settings))
    return folder


def pooling_flags(*switched_on: str) -> dict[str, Any]:
    return {"word_embedding_dimension": 32} | {f"pooling_mode_{flag}": flag in switched_on for flag in FLAGS}


@pytest.mark.parametrize(
    ("settings", "pooling"),
    [
        (pooling_flags("cls_token"), "cls"),
        (pooling_flags("mean_tokens"), "mean"),
        (pooling_flags("mean_sqrt_len_tokens"), "mean"),
        (pooling_flags("max_tokens"), "max"),
        (pooling_flags("lasttoken"), "last"),
        ({"embedding_dimension": 32, "pooling_mode": "lasttoken"}, "last"),
    ],
)
def test_the_one_way_to_pool_that_is_switched_on_is_the_habit(settings: Any, pooling: str, tmp_path: Path) -> None:
    assert read_habit(write_modules(tmp_path, settings, NORMALIZE)) == PoolingHabit(pooling, said=True)


@pytest.mark.parametrize(
    "settings", [pooling_flags("cls_token", "mean_tokens"), {"pooling_mode": "weightedmean"}, pooling_flags(), []]
)
def test_a_way_to_pool_that_we_have_not_is_named(settings: Any, tmp_path: Path) -> None:
    assert read_habit(write_modules(tmp_path, settings)) == PoolingHabit(None, ("1_Pooling",))


def test_what_comes_after_the_pooling_is_named(tmp_path: Path) -> None:
    assert read_habit(write_modules(tmp_path, pooling_flags("cls_token"), DENSE)) == PoolingHabit(
        "cls", ("2_Dense",), True
    )


@pytest.mark.parametrize("text", [None, "{", "{}", '"text"', "[1, 2]"])
def test_a_folder_that_says_nothing_has_no_habit(text: str | None, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "modules.json").write_text(text)
    assert read_habit(tmp_path) == PoolingHabit()


def test_a_path_that_leaves_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(pooling_flags("cls_token")))
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "modules.json").write_text(json.dumps([POOLING | {"path": ".."}]))
    assert read_habit(tmp_path / "inner").pooling is None


def compiled(folder: Path, reader: Any, **more: Any) -> Graph:
    """The graph of a recipe that tests retrieval with the model of a folder as it is."""
    data = {
        "name": "t",
        "source": "miniature",
        "model": {"type": "pretrained", "name": str(folder)},
        "evaluate": {"pool": {"reader": reader}},
    }
    return compile_graph(Recipe.model_validate(data | more), Resolver(lambda path: "d", lambda name, kind: "c"))


def predicted(graph: Graph) -> Any:
    """The job and the key of the node that predicts."""
    return next(node for node in graph.nodes.values() if node.kind == "predict")


def test_vectors_are_pooled_as_the_folder_says_unless_the_recipe_does(tmp_path: Path) -> None:
    save_family("xlm-roberta", tmp_path)
    before = compiled(tmp_path, "tatoeba")
    write_modules(tmp_path, pooling_flags("cls_token"), DENSE)
    after = compiled(tmp_path, "tatoeba")
    asked = compiled(tmp_path, {"type": "tatoeba", "pooling": "mean"})
    options = [predicted(graph).job.network.form.options["pooling"] for graph in (before, after, asked)]
    assert options == ["mean", "cls", "mean"]
    assert "tatoeba: texts are pooled by cls, as is the model's habit; published scores are of mean" in after.notes
    assert "tatoeba: the part 2_Dense of the model's folder is left out" in after.notes
    assert not any("pooled by" in note for note in (*before.notes, *asked.notes))
    assert predicted(asked).key != predicted(after).key


def classify_options(folder: Path, **model: Any) -> Any:
    """The options of the form of a stage that classifies."""
    blocks = {"model": {"type": "pretrained", "name": str(folder)} | model, "stages": {"s": {"reader": "xnli"}}}
    return compiled(folder, "tatoeba", **blocks).stages["s", 1].job.tasks["xnli"].form.options


def test_heads_that_read_one_vector_are_given_it_as_the_recipe_or_the_folder_says(tmp_path: Path) -> None:
    save_family("xlm-roberta", tmp_path)
    assert "pooling" not in classify_options(tmp_path)
    assert classify_options(tmp_path, pooling="max")["pooling"] == "max"
    write_modules(tmp_path, pooling_flags("mean_tokens"))
    assert classify_options(tmp_path)["pooling"] == "mean"
    assert classify_options(tmp_path, pooling="cls")["pooling"] == "cls"


def test_the_pooling_of_a_recipes_model_changes_only_what_is_pooled(tmp_path: Path) -> None:
    save_family("xlm-roberta", tmp_path)
    stages = {"nli": {"reader": "xnli"}, "tags": {"reader": "udpos"}}
    keys = [
        {name: compiled(tmp_path, "tatoeba", stages=stages, model=model).stages[name, 1].key for name in stages}
        for model in ({"type": "pretrained", "name": str(tmp_path)} | pooling for pooling in ({}, {"pooling": "mean"}))
    ]
    assert keys[0]["nli"] != keys[1]["nli"] and keys[0]["tags"] == keys[1]["tags"]
    options = predicted(
        compiled(tmp_path, "tatoeba", model={"type": "pretrained", "name": str(tmp_path), "pooling": "last"})
    ).job.network
    assert options.form.options["pooling"] == "last"


def test_the_head_of_a_decoder_pools_as_it_does(tmp_path: Path) -> None:
    save_family("qwen3", tmp_path)
    assert "pooling" not in classify_options(tmp_path)


def test_a_decoder_is_pooled_at_its_last_subword_and_cls_is_refused_before_any_work(tmp_path: Path) -> None:
    save_family("qwen3", tmp_path)
    assert predicted(compiled(tmp_path, "tatoeba")).job.network.form.options["pooling"] == "last"
    refused = predicted(compiled(tmp_path, {"type": "tatoeba", "pooling": "cls"}))
    assert "texts with one first word would be equal; say pooling: last or mean" in str(refused.problem)


def test_retrieval_with_the_encoder_of_a_stage_is_asked_about_as_well(tmp_path: Path) -> None:
    save_family("qwen3", tmp_path)
    evaluate = {"pool": {"stage": "s", "reader": {"type": "tatoeba", "pooling": "cls"}}}
    graph = compiled(tmp_path, "tatoeba", stages={"s": {"reader": "xnli"}}, evaluate=evaluate)
    assert "say pooling: last or mean" in str(predicted(graph).problem)
    assert graph.stages["s", 1].problem is None


@pytest.mark.parametrize(
    ("family", "reader", "said"),
    [
        ("mt5", "text", "transformers has no head for the form mask on encoders of type mt5"),
        ("canine", "squad_v1", "form span needs a fast tokenizer"),
    ],
)
def test_a_stage_that_the_encoder_has_no_head_for_is_refused_before_any_work(
    family: str, reader: str, said: str, tmp_path: Path
) -> None:
    save_family(family, tmp_path)
    graph = compiled(tmp_path, "tatoeba", evaluate={}, stages={"s": {"reader": reader}})
    assert said in str(graph.stages["s", 1].problem)


def test_longer_inputs_than_the_encoder_reads_are_noted_before_any_work(tmp_path: Path) -> None:
    save_family("roberta", tmp_path)  # 128 rows of positions, and those count from the padding subword
    for length, notes in ((127, 0), (128, 1)):
        stage = {"reader": "xnli", "trainer": {"type": "finetune", "max_length": length}}
        graph = compiled(tmp_path, "tatoeba", evaluate={}, stages={"s": stage})
        said = [note for note in graph.notes if "max_length" in note]
        assert (
            said
            == ["stage s: max_length is 128, but the encoder reads 127 subwords at most: longer inputs are cut there"]
            * notes
        )
