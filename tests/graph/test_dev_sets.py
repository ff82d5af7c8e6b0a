"""Targets without dev sets: the oracle does without them and says so; a split that is not there is never asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from xfer.core.errors import MissingData
from xfer.execution.walk import run_recipe
from xfer.graph.compile import Graph, Resolver, compile_graph
from xfer.graph.jobs import DataJob
from xfer.readers.base import Card, Reader, Settings
from xfer.recipe.recipe import Recipe

FILES: dict[str, Any] = {
    "type": "files",
    "train": "train-{language}.tsv",
    "test": "test-{language}.tsv",
    "labels": ["good", "bad"],
    "test_languages": ["en", "de", "sw"],
}
SMALL = {"type": "scratch", "layers": 1, "width": 16, "heads": 2, "vocabulary": 300, "positions": 16}


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Writes files of rows under $XFER_DATA."""
    monkeypatch.setenv("XFER_DATA", str(tmp_path))

    def put(*names: str, rows: int = 8) -> Path:
        for name in names:
            words = [f"word{i} {'fine' if i % 2 else 'poor'}\t{'good' if i % 2 else 'bad'}" for i in range(rows)]
            (tmp_path / name).write_text("\n".join(["text\tlabel", *words]) + "\n")
        return tmp_path

    return put


def recipe(reader: Any, **trainer: Any) -> dict[str, Any]:
    return {
        "name": "own",
        "source": "mirror",
        "model": SMALL,
        "stages": {"topic": {"reader": reader, "trainer": {"steps": 2, "batch_size": 4, **trainer}}},
        "evaluate": {"clean": {"stage": "topic"}},
    }


def compiled(reader: Any, **trainer: Any) -> Graph:
    about = Recipe.model_validate(recipe(reader, **trainer))
    return compile_graph(about, Resolver(lambda path: path.name, lambda name, kind: "commit"))


def dev_of(graph: Graph) -> tuple[str, ...]:
    """The languages whose dev rows the stage reads."""
    return tuple(
        language
        for role, node in graph.stages["topic", 1].parents.items()
        if role.startswith("dev/") and isinstance(node.job, DataJob)
        for language in node.job.languages
    )


def oracle(graph: Graph) -> bool:
    return graph.report is not None and "clean/oracle/1" in graph.report.parents


TESTS = ("test-en.tsv", "test-de.tsv", "test-sw.tsv")


def test_without_any_dev_set_of_a_target_there_is_no_oracle_and_a_note(data: Callable[..., Path]) -> None:
    data("train-en.tsv", *TESTS)
    graph = compiled(FILES)
    assert dev_of(graph) == ("en",) and not oracle(graph)
    assert graph.notes == ["stage topic: files has no dev set in de, sw; the oracle is left out"]
    assert not [node.problem for node in graph.nodes.values() if node.problem]


def test_the_oracle_chooses_by_the_dev_sets_that_are_there(data: Callable[..., Path]) -> None:
    data("train-en.tsv", "train-de.tsv", *TESTS)
    graph = compiled(FILES)
    assert dev_of(graph) == ("en", "de") and oracle(graph)
    assert graph.notes == ["stage topic: files has no dev set in sw; the oracle chooses without them"]
    data("train-sw.tsv")
    graph = compiled(FILES)
    assert dev_of(graph) == ("en", "de", "sw") and oracle(graph) and not graph.notes


def test_where_no_oracle_is_wanted_nothing_is_said(data: Callable[..., Path]) -> None:
    data("train-en.tsv", *TESTS)
    graph = compiled(FILES, oracle=False)
    assert dev_of(graph) == ("en",) and not graph.notes


def test_a_dev_file_of_a_trained_language_must_be_there(data: Callable[..., Path]) -> None:
    data("train-en.tsv", "dev-de.tsv", *TESTS)
    graph = compiled(FILES | {"dev": "dev-{language}.tsv"})
    (problem,) = [node.problem for node in graph.nodes.values() if node.problem]
    assert str(problem).startswith("files dev in en is not under")


def test_official_files_of_some_languages_are_enough(data: Callable[..., Path]) -> None:
    folder = data() / "panx"
    folder.mkdir()
    for name in ("train-en", "dev-en", "dev-de", *(f"test-{code}" for code in ("en", "de", "sw"))):
        (folder / f"{name}.tsv").write_text("en:Ann\tB-PER\nen:sings\tO\n\n")
    graph = compiled("panx")
    assert dev_of(graph) == ("de", "en") and oracle(graph)
    (note,) = graph.notes
    assert "panx has no dev set in 38 languages (af, ar, bg, bn, el, es, et, eu, ...)" in note
    assert note.endswith("the oracle chooses without them")


class NoDev(Reader):
    """A data set that splits into train and test alone, and asks loudly for anything else."""

    form: ClassVar[str] = "classify"
    labels: ClassVar[tuple[str, ...]] = ("good", "bad")
    sources: ClassVar[tuple[Any, ...]] = ("mirror",)
    card: ClassVar[Card] = Card("N", "", None, "", "", ("en", "de"), ("en",), ("train", "test"), "n/*", {})
    published: ClassVar[Settings] = Settings(learning_rate=1e-4, epochs=1, batch_size=4, max_length=16)

    def places(self, split: str, language: str) -> Iterable[str]:
        assert split != "dev"
        yield f"{split}-{language}.tsv"


class Eager(NoDev):
    """The same, which offers its languages for whatever it is asked."""

    def offered(self, source: Any, split: str) -> tuple[str, ...]:
        return self.card.languages


@pytest.mark.parametrize("reader", [NoDev, Eager])
def test_a_reader_whose_splits_lack_dev_is_never_asked_for_it(reader: type, data: Callable[..., Path]) -> None:
    data("train-en.tsv", "test-en.tsv", "test-de.tsv")
    graph = compiled(f"{__name__}:{reader.__name__}")
    assert dev_of(graph) == () and not oracle(graph) and not graph.notes
    assert not [node.problem for node in graph.nodes.values() if node.problem]


@pytest.mark.parametrize("split", ["dev", "test"])
def test_no_split_is_offered_that_the_card_does_not_name(split: str) -> None:
    for name in Reader.known_names():
        if name != "files":
            built = Reader.model_validate(name)
            assert split in built.card.splits or built.offered_languages("hub", split) == ()


def test_a_training_file_from_which_no_dev_row_is_held_out_trains_all_the_same(data: Callable[..., Path]) -> None:
    folder = data("train-en.tsv", *TESTS)
    found = run_recipe(Recipe.model_validate(recipe(FILES | {"held_out": 1000})), store=folder / "store")
    assert set(found["languages"]) == {"en", "de", "sw"}


def test_a_test_set_of_which_no_row_is_held_out_is_a_fault(data: Callable[..., Path]) -> None:
    folder = data("train-en.tsv")
    reader = {key: value for key, value in FILES.items() if key not in ("test", "test_languages")}
    with pytest.raises(Exception, match="files test en: holds no rows"):
        run_recipe(Recipe.model_validate(recipe(reader | {"held_out": 1000})), store=folder / "store")


def test_a_mirror_that_is_not_there_is_told_by_what_must_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XFER_DATA", raising=False)
    graph = compiled(FILES)
    problems = [node.problem for node in graph.nodes.values() if node.problem]
    assert not graph.notes and all(isinstance(problem, MissingData) for problem in problems) and problems
