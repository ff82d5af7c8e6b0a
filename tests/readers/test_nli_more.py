"""SNLI, ANLI, ANLI+ and the further layouts of XNLI."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from xfer.core.errors import BadRow, MissingData
from xfer.readers.anli import Anli, AnliPlus, Snli
from xfer.readers.base import Reader, Row
from xfer.readers.nli import Xnli
from xfer.readers.sources import data_revision, rows

Mirror = Callable[..., Path]
Read = Callable[..., list[Row]]
Hub = Callable[..., None]

SNLI = [
    *("gold_label sentence1_binary_parse sentence2_binary_parse sentence1_parse sentence2_parse".split()),
    *("sentence1 sentence2 captionID pairID label1 label2 label3 label4 label5".split()),
]


def snli(label: str, one: str, two: str, name: str) -> list[str]:
    return [label, "( x )", "( y )", "(S x)", "(S y)", one, two, f"{name}.jpg#0", name, label, "", "", "", ""]


def objects(*found: dict[str, Any]) -> str:
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in found)


def row(name: str, text: str, pair: str, label: str | None, language: str = "en") -> Row:
    return {"id": name, "language": language, "text": text, "pair": pair, "label": label}


def from_hub(reader: Any, split: str, language: str = "en") -> list[Row]:
    return list(rows(Reader.model_validate(reader), "hub", split, language))


# SNLI


@pytest.mark.parametrize("inside", ["snli_1.0", "snli/snli_1.0"])
@pytest.mark.parametrize("split", ["train", "dev", "test"])
def test_snli_text_is_read_without_quoting_and_without_undecided_rows(
    inside: str, split: str, mirror: Mirror, read: Read
) -> None:
    lines = [SNLI, snli("neutral", '"Open', "a", "1n"), snli("-", "b", "c", "2n"), snli("entailment", 'd"', "NA", "3e")]
    mirror(f"{inside}/snli_1.0_{split}.txt", lines)
    assert read("snli", split) == [row("1n", '"Open', "a", "neutral"), row("3e", 'd"', "NA", "entailment")]


@pytest.mark.parametrize("columns", [9, 10, 14])
def test_snli_lines_may_end_before_the_last_annotators_label(columns: int, mirror: Mirror, read: Read) -> None:
    mirror("snli_1.0/snli_1.0_dev.txt", [SNLI, snli("neutral", "a", "b", "1n")[:columns]])
    assert read("snli", "dev") == [row("1n", "a", "b", "neutral")]


def test_snli_objects_are_preferred_and_hold_the_same(mirror: Mirror, read: Read) -> None:
    found = {"annotator_labels": ["neutral"], "captionID": "1.jpg#0", "sentence1": "a", "sentence2": "b"}
    mirror(
        "snli_1.0/snli_1.0_dev.jsonl",
        objects(
            found | {"gold_label": "contradiction", "pairID": "1c"},
            found | {"gold_label": "-", "pairID": "2c"},
        ),
    )
    mirror("snli_1.0/snli_1.0_dev.txt", [SNLI])
    assert read("snli", "dev") == [row("1c", "a", "b", "contradiction")]


def test_snli_from_the_hub_drops_rows_without_gold(hub: Hub) -> None:
    columns = {"premise": ["a", "b", "c"], "hypothesis": ["x", "y", "z"], "label": [1, -1, 2]}
    hub("stanfordnlp/snli", {"plain_text": {"train": columns, "validation": columns, "test": columns}})
    for split in ("train", "dev", "test"):
        assert from_hub("snli", split) == [row("0", "a", "x", "neutral"), row("2", "c", "z", "contradiction")]


def test_a_torn_line_of_snli_is_told(mirror: Mirror, read: Read) -> None:
    path = mirror("snli_1.0/snli_1.0_train.txt", [SNLI, snli("neutral", "a", "b", "1n"), ["neutral", "x"]])
    with pytest.raises(BadRow, match="no column 'sentence1'") as caught:
        read("snli", "train")
    assert (caught.value.file, caught.value.line) == (str(path), 3)


# ANLI


def anli(uid: str, label: str, premise: str = "context") -> dict[str, str]:
    return {"uid": uid, premise: f"premise {uid}", "hypothesis": f"claim {uid}", "label": label, "reason": ""}


def test_anli_reads_its_rounds_one_after_another_with_letters_for_labels(mirror: Mirror, read: Read) -> None:
    mirror("anli_v1.0/R1/dev.jsonl", objects(anli("a", "e"), anli("b", "n")))
    mirror("anli_v1.0/R2/dev.jsonl", objects(anli("c", "c", "premise")))
    mirror("anli_v1.0/R3/dev.jsonl", objects(anli("d", "n")))
    assert read("anli", "dev") == [
        row("a", "premise a", "claim a", "entailment"),
        row("b", "premise b", "claim b", "neutral"),
        row("c", "premise c", "claim c", "contradiction"),
        row("d", "premise d", "claim d", "neutral"),
    ]
    assert [one["id"] for one in read({"type": "anli", "rounds": [3, 1]}, "dev")] == ["d", "a", "b"]
    assert [one["id"] for one in read({"type": "anli", "rounds": [2]}, "dev")] == ["c"]


def test_a_round_that_is_missing_is_not_passed_over(mirror: Mirror, read: Read) -> None:
    mirror("anli_v1.0/R1/dev.jsonl", objects(anli("a", "e")))
    mirror("anli_v1.0/R3/dev.jsonl", objects(anli("d", "n")))
    with pytest.raises(MissingData, match=r"anli_v1\.0/R2/dev\.jsonl"):
        read("anli", "dev")
    assert len(read({"type": "anli", "rounds": [1, 3]}, "dev")) == 2


@pytest.mark.parametrize("rounds", [[], [4], [1, 1], ["one"]])
def test_rounds_are_some_of_three_different_ones(rounds: list[Any]) -> None:
    with pytest.raises(ValidationError):
        Reader.model_validate({"type": "anli", "rounds": rounds})


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"label": "entailment"}, "label 'entailment' is not one of e, n, c"),
        ({"label": None}, "column 'label' holds None"),
        ({"hypothesis": 3}, "column 'hypothesis' holds 3"),
    ],
)
def test_a_bad_row_of_anli_is_told(bad: dict[str, Any], words: str, mirror: Mirror, read: Read) -> None:
    path = mirror("anli_v1.0/R1/train.jsonl", objects(anli("a", "e"), anli("b", "n") | bad))
    with pytest.raises(BadRow) as caught:
        read({"type": "anli", "rounds": [1]}, "train")
    assert (caught.value.file, caught.value.line) == (str(path), 2)
    assert words in caught.value.message


def test_a_row_of_anli_without_a_premise_is_told(mirror: Mirror, read: Read) -> None:
    mirror("anli_v1.0/R1/train.jsonl", objects({"uid": "a", "hypothesis": "b", "label": "e"}))
    with pytest.raises(BadRow, match="no column 'premise'"):
        read({"type": "anli", "rounds": [1]}, "train")


def anli_hub(hub: Hub) -> None:
    def part(*names: str) -> dict[str, list[Any]]:
        texts = {"uid": list(names), "premise": list(names), "hypothesis": ["x"] * len(names)}
        return texts | {"label": [2] * len(names), "reason": [""] * len(names)}

    splits = {f"{split}_r{n}": part(f"{split}{n}") for split in ("train", "dev", "test") for n in (1, 2, 3)}
    hub("facebook/anli", {"plain_text": splits})


def test_rounds_are_splits_on_the_hub(hub: Hub) -> None:
    anli_hub(hub)
    assert from_hub("anli", "dev") == [row(f"dev{n}", f"dev{n}", "x", "contradiction") for n in (1, 2, 3)]
    assert [one["id"] for one in from_hub({"type": "anli", "rounds": [3]}, "train")] == ["train3"]


def by_content(path: Path) -> str:
    return path.read_text()


def ask(name: str) -> str:
    return f"commit of {name}"


def test_joined_data_depend_on_every_part(mirror: Mirror) -> None:
    for n in (1, 2, 3):
        mirror(f"anli_v1.0/R{n}/dev.jsonl", f"round {n}")
    found = json.dumps(data_revision(Anli(), "mirror", "dev", ("en",), by_content, ask))
    assert all(f"round {n}" in found for n in (1, 2, 3))
    assert "round 2" not in json.dumps(data_revision(Anli(rounds=(1, 3)), "mirror", "dev", ("en",), by_content, ask))
    found = json.dumps(data_revision(AnliPlus(), "hub", "train", ("en",), by_content, ask))
    assert all(name in found for name in ("stanfordnlp/snli", "nyu-mll/multi_nli", "facebook/anli"))


# ANLI+


@pytest.fixture
def union(mirror: Mirror) -> None:
    for split in ("train", "dev", "test"):
        mirror(f"snli_1.0/snli_1.0_{split}.txt", [SNLI, snli("neutral", f"snli {split}", "x", "1n")])
        for n in (1, 2, 3):
            mirror(f"anli_v1.0/R{n}/{split}.jsonl", objects(anli(f"{split}{n}", "e")))
    for name in ("train", "dev_matched"):
        found = {"sentence1": f"mnli {name}", "sentence2": "y", "gold_label": "neutral", "pairID": "2n"}
        mirror(f"multinli_1.0/multinli_1.0_{name}.jsonl", objects(found))


def test_the_union_trains_on_all_three(union: None, read: Read) -> None:
    texts = [one["text"] for one in read("anli_plus", "train")]
    assert texts == ["snli train", "mnli train", *(f"premise train{n}" for n in (1, 2, 3))]


@pytest.mark.parametrize(
    ("dev", "texts"),
    [
        ("anli", [f"premise dev{n}" for n in (1, 2, 3)]),
        ("snli", ["snli dev"]),
        ("mnli", ["mnli dev_matched"]),
    ],
)
def test_the_union_selects_by_the_dev_split_that_is_named(dev: str, texts: list[str], union: None, read: Read) -> None:
    assert [one["text"] for one in read({"type": "anli_plus", "dev": dev}, "dev")] == texts
    assert len(read({"type": "anli_plus", "dev": dev}, "test")) == 3


def test_a_part_of_the_union_that_is_missing_is_named(mirror: Mirror, read: Read) -> None:
    mirror("snli_1.0/snli_1.0_train.txt", [SNLI, snli("neutral", "a", "x", "1n")])
    with pytest.raises(MissingData, match="mnli train in en is not under"):
        read("anli_plus", "train")


def test_the_union_comes_from_three_hub_repositories(hub: Hub) -> None:
    pairs = {"premise": ["a", "b"], "hypothesis": ["x", "y"], "label": [0, -1]}
    hub("stanfordnlp/snli", {"plain_text": {"train": pairs}})
    hub("nyu-mll/multi_nli", {"default": {"train": pairs | {"pairID": ["1e", "2n"]}}})
    anli_hub(hub)
    assert [one["id"] for one in from_hub("anli_plus", "train")] == ["0", "1e", "train1", "train2", "train3"]


def test_the_sizes_of_the_union_are_those_of_phang() -> None:
    assert Snli.card.sizes["train"] == 549_367 and Anli.card.sizes["train"] == 16_946 + 45_460 + 100_459
    assert AnliPlus.card.sizes["train"] == 1_104_934


# XNLI in XTREME's layouts


def test_xtremes_test_files_have_no_label(mirror: Mirror, read: Read) -> None:
    mirror("xnli/test-de.tsv", '"Er sagte ""nein""."\tb\nc\td\n')
    assert read("xnli", "test", "de") == [
        row("1", 'Er sagte "nein".', "b", None, "de"),
        row("2", "c", "d", None, "de"),
    ]


def test_a_dev_file_without_labels_is_told(mirror: Mirror, read: Read) -> None:
    mirror("xnli/dev-de.tsv", "a\tb\n")
    with pytest.raises(BadRow, match="2 columns where 3"):
        read("xnli", "dev", "de")


def test_xtremes_separate_labels_are_joined_by_line(mirror: Mirror, read: Read) -> None:
    mirror("xnli/test-de.tsv", "a\tb\nc\td\n")
    mirror("labels/xnli/test-de.tsv", "neutral\ncontradiction\n")
    assert [one["label"] for one in read("xnli", "test", "de")] == ["neutral", "contradiction"]
    assert "contradiction" in json.dumps(data_revision(Xnli(), "mirror", "test", ("de",), by_content, ask))


@pytest.mark.parametrize(
    ("labels", "line", "words"),
    [("neutral\n", 1, "ends after 1 labels for 2 rows"), ("neutral\nyes\n", 2, "label 'yes'"), ("-\n", 1, "label '-'")],
)
def test_labels_that_do_not_fit_are_told(labels: str, line: int, words: str, mirror: Mirror, read: Read) -> None:
    mirror("xnli/test-de.tsv", "a\tb\nc\td\n")
    path = mirror("labels/xnli/test-de.tsv", labels)
    with pytest.raises(BadRow) as caught:
        read("xnli", "test", "de")
    assert (caught.value.file, caught.value.line) == (str(path), line)
    assert words in caught.value.message


def test_xtremes_translations_hold_five_columns_and_contradictory(mirror: Mirror, read: Read) -> None:
    lines = [["a man", 'says "no', "mtu", 'asema "la', "contradictory"], ["b", "c", "d", "e", "entailment"]]
    mirror("XNLI/translate-train/en-sw-translated.tsv", lines)
    assert read("xnli", "train", "sw") == [
        row("1", "mtu", 'asema "la', "contradiction", "sw"),
        row("2", "d", "e", "entailment", "sw"),
    ]
    with pytest.raises(MissingData):
        read("xnli", "train", "en")


@pytest.mark.parametrize("line", ["a\tb\tc\td", "a\tb\tc\td\tneutral\tmore", "a\tb\tneutral\td\t?"])
def test_a_broken_line_of_xtremes_translations_is_told(line: str, mirror: Mirror, read: Read) -> None:
    path = mirror("XNLI/translate-train/en-sw-translated.tsv", f"a\tb\tc\td\tneutral\n{line}\n")
    with pytest.raises(BadRow) as caught:
        read("xnli", "train", "sw")
    assert (caught.value.file, caught.value.line) == (str(path), 2)


def test_xnli_mt_wins_over_xtremes_translations(mirror: Mirror, read: Read) -> None:
    mirror("XNLI/translate-train/en-sw-translated.tsv", [["a", "b", "c", "d", "neutral"]])
    mirror("XNLI-MT-1.0/multinli/multinli.train.sw.tsv", [["premise", "hypo", "label"], ["e", "f", "contradictory"]])
    assert read("xnli", "train", "sw") == [row("2", "e", "f", "contradiction", "sw")]


# real files


@pytest.mark.parametrize("number", [1, 2])
def test_the_real_anli_dev_round_is_whole(number: int, real: Path) -> None:
    if not (real / "nli" / "anli_v1.0" / f"R{number}" / "dev.jsonl").is_file():
        pytest.skip(f"no nli/anli_v1.0/R{number}/dev.jsonl")
    reader = Reader.model_validate({"type": "anli", "rounds": [number]})
    found = list(rows(reader, "mirror", "dev", "en", real))
    wanted = {1: (334, 333, 333), 2: (334, 333, 333)}[number]  # of entailment, neutral, contradiction
    assert Counter(one["label"] for one in found) == dict(zip(reader.label_names(), wanted, strict=True))
    assert len({one["id"] for one in found}) == 1000
    assert all(one["text"].strip() and one["pair"].strip() for one in found)


def test_the_real_sentences_of_snli_dev_come_back_from_its_layout(real: Path, mirror: Mirror, read: Read) -> None:
    """At hand are the 9,842 labelled dev pairs in another layout; they are laid out officially first."""
    folder = real / "nli" / "snli_infersent_layout"
    if not folder.is_dir():
        pytest.skip("no nli/snli_infersent_layout")
    one, two, gold = ((folder / f"{name}.dev").read_text("utf-8").split("\n")[:-1] for name in ("s1", "s2", "labels"))
    lines = [snli(g, a, b, str(i)) for i, (a, b, g) in enumerate(zip(one, two, gold, strict=True))]
    mirror("snli_1.0/snli_1.0_dev.txt", [SNLI, *lines])
    found = read("snli", "dev")
    assert [(r["text"], r["pair"], r["label"]) for r in found] == list(zip(one, two, gold, strict=True))
    counts = {"entailment": 3329, "contradiction": 3278, "neutral": 3235}
    assert Counter(r["label"] for r in found) == counts and len(found) == Snli.card.sizes["dev"]


@pytest.mark.parametrize("language", "ar bg de el en es fr hi ru sw th tr ur vi zh".split())
def test_the_real_xnli_dev_is_whole_in_both_layouts(language: str, real: Path) -> None:
    path = real / "xnli" / "xtreme_layout" / f"dev-{language}.tsv"
    if not path.is_file():
        pytest.skip(f"no xnli/xtreme_layout/{path.name}")
    wanted = {"entailment": 830, "neutral": 830, "contradiction": 830}
    found = list(Xnli().parse(path, "dev", language))
    assert Counter(one["label"] for one in found) == wanted
    official = list(rows(Xnli(), "mirror", "dev", language, real))
    assert Counter(one["label"] for one in official) == wanted
    texts = Counter((one["text"], one["pair"], one["label"]) for one in found)
    assert texts == Counter((one["text"], one["pair"], one["label"]) for one in official)


def test_the_official_samples_are_read(real: Path) -> None:
    base = real / "official_samples"
    if not base.is_dir():
        pytest.skip("no official_samples")
    folder = base / "snli/plain_text/1.0.0/dummy_data"
    assert [len(list(rows(Snli(), "mirror", split, "en", folder))) for split in ("train", "dev", "test")] == [3, 2, 1]
    folder = base / "anli/R1/0.1.0/dummy_data/anli_v0.1.zip"
    lengths = [len(list(rows(Anli(), "mirror", split, "en", folder))) for split in ("train", "dev", "test")]
    assert lengths == [15, 15, 15]
    folder = base / "xnli/all_languages/1.1.0/dummy_data/XNLI-MT-1.0.zip"
    for language in Xnli.card.languages:
        assert len(list(rows(Xnli(), "mirror", "train", language, folder))) == 4
