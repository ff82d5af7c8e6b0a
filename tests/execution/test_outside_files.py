"""Outside files: the job of every node that reads one knows it, so that a change is noticed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xfer.core.files import FileDigest, changed_files, digests_in, file_stamp
from xfer.core.store import Store
from xfer.execution.walk import open_graph, run_nodes
from xfer.readers.files import Files
from xfer.recipe.recipe import Recipe

Write = Callable[..., Path]

RECIPE: dict[str, Any] = {
    "name": "own",
    "source": "mirror",
    "model": {"type": "scratch", "layers": 1, "width": 8, "heads": 2, "feedforward": 8, "vocabulary": 300},
    "stages": {
        "own": {
            "reader": {"type": "files", "train": "train.tsv", "dev": "train.tsv", "test": "test.tsv", "labels": [0, 1]},
            "trainer": {"steps": 1, "batch_size": 2, "max_length": 8},
        }
    },
    "evaluate": {
        "clean": {"stage": "own"},
        "swapped": {"stage": "own", "attacker": {"type": "synonyms", "folder": "lists"}},
    },
}


@pytest.fixture
def data(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XFER_DATA", str(folder))
    for name in ("train", "test"):
        lines = "".join(f"the {name} house {number}\t{number % 2}\n" for number in range(8))
        (folder / f"{name}.tsv").write_text(f"text\tlabel\n{lines}")
    (folder / "lists").mkdir()
    (folder / "lists" / "en.txt").write_text("house\thome\n")
    return folder


def test_nodes_know_the_files_that_they_read(data: Path) -> None:
    graph = open_graph(Recipe.model_validate(RECIPE), Store(data / "store"))
    found = {
        (node.kind, digest.path.name) for node in graph.nodes.values() for digest in digests_in(node.job.hashed_data())
    }
    assert found == {("data", "train.tsv"), ("data", "test.tsv"), ("attack", "en.txt")}


def test_a_local_model_is_known_too(data: Path) -> None:
    files = {"config.json", "model.safetensors", "tokenizer.json"}
    for name in files:
        (data / "encoder").mkdir(exist_ok=True)
        (data / "encoder" / name).write_text("{}")
    recipe = Recipe.model_validate(RECIPE | {"model": {"type": "pretrained", "name": str(data / "encoder")}})
    graph = open_graph(recipe, Store(data / "store"))
    (stage,) = (node for node in graph.nodes.values() if node.kind == "train")
    assert {digest.path.name for digest in digests_in(stage.job.hashed_data())} == files


def test_a_key_does_not_depend_on_where_a_file_stands(data: Path) -> None:
    recipe, store = Recipe.model_validate(RECIPE), Store(data / "store")
    keys = [node.key for node in open_graph(recipe, store).nodes.values()]
    plain = json.loads(json.dumps([node.job.hashed_data() for node in open_graph(recipe, store).nodes.values()]))
    assert not list(digests_in(plain))
    assert [node.key for node in open_graph(recipe, Store(data / "other")).nodes.values()] == keys


def test_other_content_of_the_same_size_and_time_is_trained_on_again(data: Path) -> None:
    recipe, store = Recipe.model_validate(RECIPE), data / "store"
    before = [node.key for node in open_graph(recipe, Store(store)).nodes.values() if node.kind == "data"]
    file = data / "test.tsv"
    status, text = file.stat(), file.read_text()
    file.write_text(text.replace("\t0", "\t2").replace("\t1", "\t0").replace("\t2", "\t1"))
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    after = [node.key for node in open_graph(recipe, Store(store)).nodes.values() if node.kind == "data"]
    assert len(before) == len(after) == 3 and len({*before} - {*after}) == 1


def test_a_file_that_changes_while_it_is_read_is_no_result(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = Files._lines

    def changing(reader: Files, path: Path) -> Any:
        yield from lines(reader, path)
        if path.name == "test.tsv":
            path.write_text(path.read_text() + "late\t0\n")

    monkeypatch.setattr(Files, "_lines", changing)
    store = Store(data / "store")
    nodes = [node for node in open_graph(Recipe.model_validate(RECIPE), store).nodes.values() if node.kind == "data"]
    outcome = run_nodes(nodes, store)
    ((key, failure),) = outcome.failures.items()
    assert failure.startswith(f"{data / 'test.tsv'} changed while the run that reads it was under way")
    assert (
        {node.key for node in nodes} - {key}
        == outcome.entries.keys()
        == {e.key for e in store.finished_entries("data")}
    )


def test_changed_files_are_those_with_another_digest_or_none(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("x")
    job = {"at": [{"a": FileDigest.of("x", file)}, ("y", FileDigest.of("y", file)), FileDigest.of("z", tmp_path / "b")]}
    assert changed_files(job, lambda path: path.read_text()) == [file, tmp_path / "b"]


def test_a_stamp_moves_with_every_change(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("x")
    first = file_stamp(file)
    os.utime(file, ns=(1, 1))
    second = file_stamp(file)
    assert (first.size, second.modified) == (1, 1) and first != second == file_stamp(file)
