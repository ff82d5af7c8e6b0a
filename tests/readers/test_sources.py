"""Mirror, hub and miniature: one way in, and clear words when something is missing."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from xfer.core.errors import BadRow, HubUnreachable, MissingData
from xfer.readers.base import Reader, Row
from xfer.readers.hub import repository_commit
from xfer.readers.nli import Mnli, Xnli
from xfer.readers.sources import data_revision, rows, sample_rows

Mirror = Callable[..., Path]

# the mirror


def test_without_xfer_data_the_line_says_what_to_set(folder: Path) -> None:
    with pytest.raises(MissingData, match=r"\$XFER_DATA, which is not set; export XFER_DATA=.*source: miniature"):
        list(rows(Xnli(), "mirror", "test", "en"))


def test_a_data_folder_that_is_none_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XFER_DATA", str(folder / "gone"))
    with pytest.raises(MissingData, match="gone, which is not a folder"):
        list(rows(Xnli(), "mirror", "test", "en"))


def test_missing_data_names_what_was_looked_for_where_and_the_way_out(mirror: Mirror) -> None:
    root = mirror("other/x", "x").parents[1]
    with pytest.raises(MissingData) as caught:
        list(rows(Xnli(), "mirror", "train", "sw"))
    (line,) = caught.value.message_lines()
    assert f"xnli train in sw is not under {root}" in line
    assert "XNLI-MT-1.0/multinli/multinli.train.sw.tsv" in line
    assert "xnli/train-sw.tsv" in line
    assert "use source: miniature" in line


def test_missing_data_ends_a_command_with_one_line(mirror: Mirror, xfer: Callable[..., Any]) -> None:
    mirror("other/x", "x")
    found = xfer("read", "xnli", "--language", "sw")
    assert (found.code, found.out) == (1, "")
    assert found.err.startswith("xfer: xnli test in sw is not under ")
    assert len(found.err.splitlines()) == 1


HUB_ONLY = """\
from typing import ClassVar
from xfer.readers.base import Card, Reader, Settings

class Only(Reader):
    form: ClassVar[str] = "classify"
    labels: ClassVar[tuple[str, ...]] = ("a", "b")
    card: ClassVar[Card] = Card("t", "h/x", None, "l", "c", ("en",), ("en",), ("train", "test"), "", {})
    published: ClassVar[Settings] = Settings(1e-5, 1, 8, 64)
"""


@pytest.mark.parametrize("source", ["mirror", "hub"])
def test_a_source_that_a_reader_does_not_know_is_one_line(
    source: str, folder: Path, mirror: Mirror, xfer: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror("x", "x")
    (folder / "bare_reader.py").write_text(HUB_ONLY)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "bare_reader", raising=False)
    monkeypatch.setattr(Reader, "names", dict(Reader.names))
    found = xfer("read", "bare_reader:Only", "--source", source)
    assert (found.code, len(found.err.splitlines())) == (1, 1)
    assert source in found.err


def test_a_home_folder_may_be_written_with_a_tilde(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    root = mirror("xnli/dev-en.tsv", "a\tb\tneutral\n").parents[1]
    monkeypatch.setenv("HOME", str(root.parent))
    monkeypatch.setenv("XFER_DATA", f"~/{root.name}")
    assert len(list(rows(Xnli(), "mirror", "dev", "en"))) == 1


# samples


def numbered(count: int) -> list[Row]:
    return [{"id": str(i)} for i in range(count)]


def names(found: list[Row]) -> list[str]:
    return [row["id"] for row in found]


def test_a_sample_keeps_parallel_rows_parallel() -> None:
    english = sample_rows([{"id": str(i), "text": f"en {i}"} for i in range(100)], 10, "test")
    swahili = sample_rows([{"id": str(i), "text": f"sw {i}"} for i in range(100)], 10, "test")
    assert names(english) == names(swahili)
    assert len(set(names(english))) == 10


def test_a_sample_is_the_same_every_time_and_in_order() -> None:
    found = names(sample_rows(numbered(1000), 20, "test"))
    assert found == names(sample_rows(numbered(1000), 20, "test"))
    assert found == sorted(found, key=int)


def test_a_sample_is_drawn_from_everywhere() -> None:
    found = [int(name) for name in names(sample_rows(numbered(1000), 100, "test"))]
    assert 400 < sum(found) / 100 < 600
    assert found != list(range(100))


def test_a_smaller_sample_is_a_part_of_a_larger_one() -> None:
    assert set(names(sample_rows(numbered(1000), 10, "test"))) < set(names(sample_rows(numbered(1000), 50, "test")))


def test_other_splits_draw_other_rows() -> None:
    assert names(sample_rows(numbered(1000), 10, "dev")) != names(sample_rows(numbered(1000), 10, "test"))


@pytest.mark.parametrize("limit", [None, 5, 6])
def test_a_limit_that_is_not_reached_keeps_all(limit: int | None) -> None:
    assert names(sample_rows(numbered(5), limit, "test")) == names(numbered(5))


# what rows depend on


def by_content(path: Path) -> str:
    return path.read_text()


def ask(name: Path) -> str:
    return f"commit of {name}"


def test_a_mirror_depends_on_the_contents_of_the_files_that_are_read(mirror: Mirror) -> None:
    mirror("xnli/dev-en.tsv", "one")
    mirror("xnli/dev-sw.tsv", "two")
    mirror("xnli/dev-de.tsv", "three")
    found = json.dumps(data_revision(Xnli(), "mirror", "dev", ("en", "sw"), by_content, ask))
    assert "one" in found and "two" in found and "three" not in found


def test_files_of_the_same_name_are_told_apart(mirror: Mirror) -> None:
    mirror("text/en/wiki.txt", "english")
    mirror("text/de/wiki.txt", "german")
    found = json.dumps(data_revision(Reader.model_validate("text"), "mirror", "train", ("en", "de"), by_content, ask))
    assert "english" in found and "german" in found


def test_the_hub_depends_on_its_commit() -> None:
    assert data_revision(Xnli(), "hub", "dev", ("en",), by_content, ask) == {"revision": "commit of facebook/xnli"}


def test_miniature_depends_on_the_worlds_version() -> None:
    from xfer import miniature

    assert data_revision(Xnli(), "miniature", "dev", ("en",), by_content, ask) == {
        "world": miniature.world_version(["nli"])
    }


# the hub, from local folders


def read(reader: str, split: str, language: str) -> list[Row]:
    return list(rows(Reader.model_validate(reader), "hub", split, language))


def test_mnli_comes_from_the_hub(hub: Callable[..., None]) -> None:
    columns = {
        "pairID": ["1e", "2n", "3c"],
        "premise": ["a", "NA", "c"],
        "hypothesis": ["x", "y", 'z "q"'],
        "label": [0, 1, 2],
    }
    no_gold = {"pairID": ["4", "5"], "premise": ["a", "b"], "hypothesis": ["x", "y"], "label": [-1, 2]}
    hub("nyu-mll/multi_nli", {"default": {"train": columns, "validation_matched": no_gold}})
    assert [(row["id"], row["text"], row["pair"], row["label"]) for row in read("mnli", "train", "en")] == [
        ("1e", "a", "x", "entailment"),
        ("2n", "NA", "y", "neutral"),
        ("3c", "c", 'z "q"', "contradiction"),
    ]
    assert [(row["id"], row["label"]) for row in read("mnli", "dev", "en")] == [("5", "contradiction")]


def test_xnli_comes_from_the_hub_by_language(hub: Callable[..., None]) -> None:
    def part(word: str) -> dict[str, list[Any]]:
        return {"premise": [word], "hypothesis": ["x"], "label": [1]}

    hub(
        "facebook/xnli",
        {
            language: {split: part(f"{language} {split}") for split in ("train", "validation", "test")}
            for language in ("en", "sw")
        },
    )
    assert read("xnli", "dev", "sw") == [
        {"id": "0", "language": "sw", "text": "sw validation", "pair": "x", "label": "neutral"}
    ]
    assert [row["text"] for split in ("train", "test") for row in read("xnli", split, "en")] == ["en train", "en test"]


def test_text_comes_from_the_hub(hub: Callable[..., None]) -> None:
    articles = [f"Makala {i}.\n\nNakala   ndefu." for i in range(100)]
    columns = {"id": [str(i) for i in range(100)], "url": ["u"] * 100, "title": ["t"] * 100, "text": articles}
    hub("wikimedia/wikipedia", {"20231101.sw": {"train": columns}})
    found = [row for split in ("train", "dev", "test") for row in read("text", split, "sw")]
    assert sorted(row["text"] for row in found) == sorted(f"Makala {i}. Nakala ndefu." for i in range(100))
    assert len({row["id"] for row in found}) == 100


def test_a_hub_table_without_the_columns_is_told_with_its_place(hub: Callable[..., None]) -> None:
    hub("facebook/xnli", {"en": {"test": {"premise": ["a", "b"], "hypothesis": ["x", "y"], "gold": [1, 2]}}})
    with pytest.raises(BadRow) as caught:
        read("xnli", "test", "en")
    assert str(caught.value).startswith("facebook/xnli/en/test:1: ")
    assert "label" in str(caught.value)


@pytest.mark.parametrize("label", [3, 7])
def test_a_hub_label_beyond_the_three_is_told(label: int, hub: Callable[..., None]) -> None:
    hub("facebook/xnli", {"en": {"test": {"premise": ["a", "b"], "hypothesis": ["x", "y"], "label": [0, label]}}})
    with pytest.raises(BadRow) as caught:
        read("xnli", "test", "en")
    assert caught.value.line == 2


def test_a_hub_table_that_is_not_there_is_told_in_one_line(hub: Callable[..., None]) -> None:
    hub("facebook/xnli", {"en": {"test": {"premise": ["a"], "hypothesis": ["x"], "label": [0]}}})
    for split, language in (("test", "sw"), ("train", "en")):
        with pytest.raises(MissingData, match="facebook/xnli") as caught:
            read("xnli", split, language)
        assert len(caught.value.message_lines()) == 1


def test_a_local_hub_without_the_repository_is_told(hub: Callable[..., None], folder: Path) -> None:
    with pytest.raises(MissingData, match="holds no folder facebook/xnli"):
        read("xnli", "test", "en")


@pytest.mark.parametrize("reader", ["mnli", "{type: text, languages: [sw]}"])
def test_a_recipe_on_a_local_hub_asks_no_network(
    reader: str, hub: Callable[..., None], write: Callable[..., Path], xfer: Callable[..., Any]
) -> None:
    part = {"premise": ["a"], "hypothesis": ["x"], "label": [0]}
    hub("nyu-mll/multi_nli", {"default": {"train": part, "validation_matched": part}})
    hub("wikimedia/wikipedia", {"20231101.sw": {"train": {"id": ["1"], "text": ["a"]}}})
    recipe = write("r.yaml", f"name: a\nsource: hub\nmodel: scratch\nstages: {{one: {{reader: {reader}}}}}\n")
    found = xfer("train", recipe, "--dry-run", "--json")
    assert [line["problem"] for line in found.json["nodes"] if line["problem"]] == []


def test_the_place_of_a_part_on_the_hub_follows_its_names() -> None:
    assert Mnli().hub_part("dev", "en")[:3] == ("nyu-mll/multi_nli", None, "validation_matched")
    assert Xnli().hub_part("dev", "sw")[:3] == ("facebook/xnli", "sw", "validation")
    assert Reader.model_validate({"type": "text", "dump": "2026"}).hub_part("test", "no")[:2] == (
        "wikimedia/wikipedia",
        "2026.no",
    )


# the hub, out of reach


def offline(folder: Path, *words: object, **variables: str) -> tuple[subprocess.CompletedProcess[str], float]:
    """``xfer`` in a fresh process without network and without a cache, and the seconds it took."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("XFER_", "HF_"))}
    variables = variables or {"HF_HUB_OFFLINE": "1"}
    environment = clean | {"HF_HOME": str(folder / "home"), "PYTHONPATH": str(Path(__file__).parents[2])} | variables
    start = time.monotonic()
    command = [sys.executable, "-m", "xfer", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, timeout=60)
    return done, time.monotonic() - start


SOON = 12  # seconds: 3 on an idle machine, where the hub client's own retries take over 20
OFFLINE = "name: a\nsource: {}\nmodel: {}\nstages: {{one: {{reader: mnli}}}}\n"


def test_an_unreachable_hub_is_one_line_within_five_seconds(folder: Path) -> None:
    done, seconds = offline(folder, "read", "xnli", "--source", "hub", "--language", "sw")
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert done.stderr.startswith("xfer: cannot reach the Hugging Face hub for the dataset facebook/xnli")
    assert "source: mirror" in done.stderr and "miniature" in done.stderr
    assert seconds < SOON


@pytest.fixture
def silence() -> Iterator[str]:
    """The address of a hub that takes every call and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_hub_that_never_answers_is_one_line_within_five_seconds(folder: Path, silence: str) -> None:
    done, seconds = offline(folder, "read", "xnli", "--source", "hub", HF_ENDPOINT=silence)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
    assert "cannot reach" in done.stderr
    assert seconds < SOON


def test_many_repositories_of_a_hub_that_never_answers_take_no_longer(
    folder: Path, silence: str, write: Callable[..., Path]
) -> None:
    recipe = write(
        "r.yaml",
        "name: a\nsource: hub\nmodel: {type: pretrained, name: some/encoder}\n"
        "stages: {one: {reader: mnli}, two: {reader: xnli}, mlm: {reader: {type: text, languages: [en]}}}\n",
    )
    done, seconds = offline(folder, "train", recipe, HF_ENDPOINT=silence)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
    assert seconds < SOON


def test_training_on_an_unreachable_hub_ends_before_any_work(folder: Path, write: Callable[..., Path]) -> None:
    done, seconds = offline(folder, "train", write("r.yaml", OFFLINE.format("hub", "scratch")))
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
    assert "nyu-mll/multi_nli" in done.stderr
    assert not (folder / ".xfer" / "nodes").exists()
    assert seconds < SOON


def test_an_unreachable_model_says_so(folder: Path, write: Callable[..., Path]) -> None:
    recipe = write("r.yaml", OFFLINE.format("miniature", "{type: pretrained, name: some/encoder}"))
    done, seconds = offline(folder, "train", recipe)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
    assert "the model some/encoder" in done.stderr and "local folder" in done.stderr
    assert seconds < SOON


def test_a_dry_run_names_the_problem_of_each_node(folder: Path, write: Callable[..., Path]) -> None:
    done, _ = offline(folder, "train", write("r.yaml", OFFLINE.format("hub", "scratch")), "--dry-run", "--json")
    found = json.loads(done.stdout)
    assert found["ok"] is False
    problems = {line["label"]: line["problem"] for line in found["nodes"]}
    assert "cannot reach" in problems["mnli train en"]


def test_a_commit_in_the_cache_answers_for_the_hub(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(folder))
    with pytest.raises(HubUnreachable):
        repository_commit("facebook/xnli")
    ref = folder / "datasets--facebook--xnli" / "refs" / "main"
    ref.parent.mkdir(parents=True)
    ref.write_text("abc123\n")
    assert repository_commit("facebook/xnli") == "abc123"


# miniature


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from xfer import miniature

    root = tmp_path_factory.mktemp("world")
    miniature.write(root)
    return root


@pytest.mark.parametrize(
    ("name", "split"), [("mnli", "train"), ("mnli", "dev"), ("xnli", "dev"), ("xnli", "test"), ("text", "train")]
)
def test_miniature_is_read_by_the_same_code(name: str, split: str, world: Path) -> None:
    built = Reader.model_validate(name)
    languages = built.offered_languages("miniature", split)
    assert "en" in languages
    for language in languages:
        found = list(rows(built, "miniature", split, language, world))
        assert len(found) > 20, language
        assert {row["language"] for row in found} == {language}


def test_miniature_rows_are_parallel(world: Path) -> None:
    english = list(rows(Xnli(), "miniature", "test", "en", world))
    for language in Xnli().offered_languages("miniature", "test"):
        found = list(rows(Xnli(), "miniature", "test", language, world))
        assert [(row["id"], row["label"]) for row in found] == [(row["id"], row["label"]) for row in english]


def test_a_reader_offers_in_miniature_what_both_have() -> None:
    offered = Xnli().offered_languages("miniature", "test")
    assert {"en", "de", "sw", "zh"} <= set(offered) < set(Xnli.card.languages)
    assert Xnli().offered_languages("hub", "test") == Xnli.card.languages
