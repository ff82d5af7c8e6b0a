"""``text`` with ``of``: the texts of another data set, from every source, without labels and each once a language."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from xfer import miniature
from xfer.core.errors import BadRow
from xfer.readers.base import Reader, Row
from xfer.readers.sources import data_revision, rows

Mirror = Callable[..., Path]
HEADER = "language\tgold_label\tsentence1\tsentence2\tpairID\n"


def text(of: Any, **fields: Any) -> Any:
    return Reader.model_validate({"type": "text", "of": of, "held_out": 3} | fields)


def all_rows(reader: Any, source: str, language: str, root: Path | None = None) -> list[Row]:
    return [row for split in ("train", "dev", "test") for row in rows(reader, source, split, language, root)]


def test_both_sides_of_pairs_once_and_nothing_but_text(mirror: Mirror) -> None:
    lines = [f"en\t{label}\tpremise {i // 3}\thypothesis {i}\t{i}\n" for i, label in enumerate(["neutral"] * 12)]
    mirror("XNLI-1.0/xnli.dev.tsv", HEADER + "".join(lines))
    found = all_rows(text("xnli", take=["dev"]), "mirror", "en")
    wanted = {f"premise {i}" for i in range(4)} | {f"hypothesis {i}" for i in range(12)}
    assert sorted(row["text"] for row in found) == sorted(wanted)
    assert all(row.keys() == {"id", "language", "text"} for row in found)
    assert len({row["id"] for row in found}) == len(found)


def test_the_splits_are_held_out_by_content(mirror: Mirror) -> None:
    mirror("panx/train-sw.tsv", "".join(f"neno{i}\tO\n\n" for i in range(60)))
    mirror("panx/test-sw.tsv", "".join(f"neno{i}\tO\n\n" for i in range(40, 80)))
    reader = text("panx", take=["train", "test"])
    parts = {split: {row["text"] for row in rows(reader, "mirror", split, "sw")} for split in ("train", "dev", "test")}
    assert all(parts.values()) and sum(map(len, parts.values())) == len(set().union(*parts.values())) == 80


def test_texts_in_lists_and_questions_are_taken_but_not_our_own_words(mirror: Mirror) -> None:
    row = '{"premise": "p%d", "choice1": "a%d", "choice2": "b%d", "question": "cause", "label": 0, "idx": %d}\n'
    mirror("xcopa/data/et/val.et.jsonl", "".join(row % (i, i, i, i) for i in range(5)))
    found = {one["text"] for one in all_rows(text("xcopa", take=["dev"]), "mirror", "et")}
    assert found == {f"{letter}{i}" for letter in "pab" for i in range(5)}


def test_labels_that_change_change_nothing(mirror: Mirror) -> None:
    found = []
    for label in ("entailment", "contradiction"):
        mirror("XNLI-1.0/xnli.dev.tsv", HEADER + f"en\t{label}\ta b\tc d\t1\n")
        found.append(all_rows(text("xnli", take=["dev"]), "mirror", "en"))
    assert found[0] == found[1] and len(found[0]) == 2


def test_bad_rows_follow_the_outer_policy(mirror: Mirror) -> None:
    mirror("panx/train-sw.tsv", "a\tO\n\nb\tB-MISC\n\nc\tO\n")
    lost: list[BadRow] = []
    reader = text("panx", bad_rows="skip")
    found = [
        row for split in ("train", "dev", "test") for row in rows(reader, "mirror", split, "sw", None, lost.append)
    ]
    assert {row["text"] for row in found} == {"a", "c"} and {bad.line for bad in lost} == {3}
    with pytest.raises(BadRow, match=r"train-sw\.tsv:3"):
        all_rows(text("panx"), "mirror", "sw")


def test_from_the_hub(hub: Callable[..., None]) -> None:
    hub("facebook/xnli", {"sw": {"train": {"premise": ["a", "a"], "hypothesis": ["b", "c"], "label": [0, 2]}}})
    assert {row["text"] for row in all_rows(text("xnli"), "hub", "sw")} == {"a", "b", "c"}
    at = data_revision(text("xnli"), "hub", "train", ("sw",), lambda path: path.name, lambda name: name)
    assert any("train-00000" in str(name) for name in at["parts"][0]["files"])


@pytest.mark.parametrize("of", ["xnli", "squad_v1", "panx", "copa", "tatoeba"])
def test_in_miniature_as_often_as_asked(of: str, tmp_path: Path) -> None:
    splits = Reader.model_validate(of).card.splits
    reader = text(of, take=[splits[0]])
    miniature.write(tmp_path, parts=reader.world_parts("train"))
    for language in reader.offered_languages("miniature", "train")[:2]:
        found = all_rows(reader, "miniature", language, tmp_path)
        assert len({row["text"] for row in found}) == len(found) > 20
        assert found == all_rows(reader, "miniature", language, tmp_path)


def test_the_languages_are_those_of_the_other_reader() -> None:
    assert set(text("xnli").offered_languages("hub", "train")) == set(Reader.model_validate("xnli").card.languages)
    assert text("xnli", languages=["sw", "de", "fi"]).offered_languages("hub", "train") == ("de", "sw")
    assert "ht" in text("xcopa", take=["dev"]).offered_languages("hub", "train")


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ({"of": "text"}, "names the reader text itself"),
        ({"of": {"type": "xnli", "languages": ["de"]}}, "of holds languages"),
        ({"of": {"type": "xnli", "source": "hub"}}, "of holds source"),
        ({"of": {"type": "xnli", "bad_rows": "skip"}}, "of holds bad_rows"),
        ({"of": "xnli", "folder": "mine"}, "gives both of and folder"),
        ({"of": "xnli", "dump": "2026"}, "gives both of and dump"),
        ({"of": "xcopa"}, "take names no split of xcopa"),
        ({"of": "xnli", "take": ["dev", "dev"]}, "or one twice"),
        ({"take": ["dev"]}, "take says which splits of another reader"),
    ],
)
def test_what_has_no_effect_is_a_fault(block: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Reader.model_validate({"type": "text"} | block)


def test_it_round_trips() -> None:
    reader = text({"type": "panx", "benchmark": "xtreme_r"}, languages=["de"], take=["train", "dev"])
    assert Reader.model_validate(reader.model_dump(mode="json")) == reader
    assert reader.identity() != text({"type": "panx"}, languages=["de"], take=["train", "dev"]).identity()


def test_check_names_languages_that_the_other_reader_lacks(
    write: Callable[..., Path], xfer: Callable[..., Any]
) -> None:
    block = "{type: text, of: xnli, languages: [de, fi]}"
    recipe = write("r.yaml", f"name: a\nsource: hub\nmodel: scratch\nstages: {{one: {{reader: {block}}}}}\n")
    found = xfer("check", recipe)
    assert found.code == 2 and "has no train data in 'fi'" in found.err


# Wikipedia from a mirror


def wikipedia(folder: Path, texts: list[Any], cut: int = 0) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / "wikipedia" / "20231101.sw" / "train-00000-of-00001.parquet"
    path.parent.mkdir(parents=True)
    names = [str(i) for i in range(len(texts))]
    pq.write_table(pa.table({"id": names, "url": names, "title": names, "text": texts}), path)
    if cut:
        path.write_bytes(path.read_bytes()[:-cut])
    return path


def test_wikipedia_from_a_mirror_gives_the_rows_of_the_hub(
    mirror: Mirror, hub: Callable[..., None], folder: Path
) -> None:
    texts = [f"Makala  ya {i}\n\nna zaidi" for i in range(30)]
    wikipedia(folder / "data", texts)
    hub("wikimedia/wikipedia", {"20231101.sw": {"train": {"id": [str(i) for i in range(30)], "text": texts}}})
    reader = Reader.model_validate({"type": "text", "held_out": 3})
    assert all_rows(reader, "mirror", "sw") == all_rows(reader, "hub", "sw")
    assert reader.offered_languages("mirror", "train") == ("sw",)


def test_a_table_that_is_cut_short_is_told(mirror: Mirror, folder: Path) -> None:
    path = wikipedia(folder / "data", ["a", "b"], cut=9)
    with pytest.raises(BadRow, match="is not a whole Parquet file") as caught:
        all_rows(Reader.model_validate("text"), "mirror", "sw")
    assert caught.value.file == str(path)


def test_an_article_without_text_is_a_bad_row(mirror: Mirror, folder: Path) -> None:
    wikipedia(folder / "data", ["a", None, "b"])
    with pytest.raises(BadRow, match="column 'text' holds None"):
        all_rows(Reader.model_validate("text"), "mirror", "sw")
