"""Multiple choice in every official layout: labels as numbers, text, letters or a file of their own."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xfer.core.errors import BadRow, MissingData
from xfer.forms.base import build_form
from xfer.readers import causes
from xfer.readers.base import Reader, Row
from xfer.readers.sources import data_revision, rows

Mirror = Callable[..., Path]
Read = Callable[..., list[Row]]


def objects(*found: dict[str, Any]) -> str:
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in found)


def without(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


HELLASWAG = {
    "ind": 4,
    "activity_label": "x",
    "ctx_a": "A man sits.",
    "ctx_b": "he",
    "ctx": "A man sits. he",
    "split": "train",
    "split_type": "indomain",
    "label": 3,
    "endings": ["a.", "b.", "c.", "d."],
    "source_id": "y",
}
COSMOS = {
    "id": "A##1",
    "context": 'He said "no", twice .',
    "question": "Why ?",
    "answer0": "a",
    "answer1": "b, c",
    "answer2": "None of the above choices .",
    "answer3": "NA",
    "label": "2",
}
COMMONSENSE = {
    "answerKey": "B",
    "id": "q1",
    "question": {
        "question_concept": "door",
        "stem": "What closes?",
        "choices": [{"label": letter, "text": letter.lower()} for letter in "ABCDE"],
    },
}
COMMONSENSE_FLAT = {
    "id": "q1",
    "question": "What closes?",
    "question_concept": "door",
    "answerKey": "B",
    "choices": {"label": list("ABCDE"), "text": list("abcde")},
}
SOCIAL = {"context": "Tracy left.", "question": "Why?", "answerA": "a", "answerB": "b", "answerC": "c"}
COPA = {"premise": "It rained.", "choice1": "Wet.", "choice2": "Dry.", "question": "effect", "label": 0, "idx": 5}


def csv_text(*found: dict[str, str]) -> str:
    file = io.StringIO()
    writer = csv.DictWriter(file, list(COSMOS))
    writer.writeheader()
    writer.writerows(found)
    return file.getvalue()


def row(name: str, text: str, question: str | None, options: list[str], label: int | None) -> Row:
    return {"id": name, "text": text, "question": question, "options": options, "label": label, "language": "en"}


# each layout


@pytest.mark.parametrize("place", ["hellaswag/data/hellaswag_{}.jsonl", "hellaswag/hellaswag_{}.jsonl"])
@pytest.mark.parametrize("split", ["train", "dev"])
def test_hellaswag(place: str, split: str, mirror: Mirror, read: Read) -> None:
    mirror(place.format({"train": "train", "dev": "val"}[split]), objects(HELLASWAG, HELLASWAG | {"label": "0"}))
    assert read("hellaswag", split) == [
        row("1", "A man sits. he", None, ["a.", "b.", "c.", "d."], 3),
        row("2", "A man sits. he", None, ["a.", "b.", "c.", "d."], 0),
    ]


@pytest.mark.parametrize("where", ["cosmosqa/data", "cosmosqa", "cosmos_qa"])
def test_cosmos_qa(where: str, mirror: Mirror, read: Read) -> None:
    options = ["a", "b, c", "None of the above choices .", "NA"]
    wanted = row("A##1", 'He said "no", twice .', "Why ?", options, 2)
    mirror(f"{where}/train.csv", csv_text(COSMOS))
    mirror(f"{where}/valid.csv", csv_text(COSMOS | {"label": "0"}))
    mirror(f"{where}/test.jsonl", objects(without(COSMOS, "label")))
    assert read("cosmos_qa", "train") == [wanted]
    assert read("cosmos_qa", "dev") == [wanted | {"label": 0}]
    assert read("cosmos_qa", "test") == [wanted | {"label": None}]


def test_a_cell_of_two_lines_is_one_cell(mirror: Mirror, read: Read) -> None:
    mirror("cosmosqa/data/train.csv", csv_text(COSMOS | {"context": "one\ntwo"}, COSMOS))
    assert [one["text"] for one in read("cosmos_qa", "train")] == ["one\ntwo", 'He said "no", twice .']


@pytest.mark.parametrize("line", [COMMONSENSE, COMMONSENSE_FLAT])
@pytest.mark.parametrize("where", ["commonsenseqa", "commonsense_qa"])
def test_commonsense_qa(line: dict[str, Any], where: str, mirror: Mirror, read: Read) -> None:
    wanted = row("q1", "What closes?", None, list("abcde"), 1)
    mirror(f"{where}/train_rand_split.jsonl", objects(line))
    mirror(f"{where}/dev_rand_split.jsonl", objects(line | {"answerKey": "E"}))
    mirror(f"{where}/test_rand_split_no_answers.jsonl", objects(without(line, "answerKey")))
    assert read("commonsense_qa", "train") == [wanted]
    assert read("commonsense_qa", "dev") == [wanted | {"label": 4}]
    assert read("commonsense_qa", "test") == [wanted | {"label": None}]


def test_social_iqa_with_letters(mirror: Mirror, read: Read) -> None:
    for part, letter in (("trn", "A"), ("dev", "B"), ("tst", "C")):
        mirror(f"siqa/socialIQa_v1.4_{part}.jsonl", objects(SOCIAL | {"correct": letter}))
    for label, split in enumerate(("train", "dev", "test")):
        assert read("social_iqa", split) == [row("1", "Tracy left.", "Why?", ["a", "b", "c"], label)]


def test_social_iqa_with_labels_in_a_file_of_their_own_counted_from_one(mirror: Mirror, read: Read) -> None:
    for split in ("train", "dev"):
        mirror(f"socialiqa-train-dev/{split}.jsonl", objects(SOCIAL, SOCIAL | {"context": "Tracy stayed."}, SOCIAL))
        mirror(f"socialiqa-train-dev/{split}-labels.lst", "3\n1\n2\n\n")
        found = read("social_iqa", split)
        assert [(one["id"], one["label"]) for one in found] == [("1", 2), ("2", 0), ("3", 1)]
        assert found[1]["text"] == "Tracy stayed."


@pytest.mark.parametrize("place", ["COPA/{}.jsonl", "superglue/COPA/{}.jsonl", "xcopa/{}-en.jsonl"])
def test_copa(place: str, mirror: Mirror, read: Read) -> None:
    for split, name in (("train", "train"), ("dev", "val")):
        mirror(place.format(name), objects(COPA, COPA | {"question": "cause", "label": 1, "idx": 6}))
        assert read("copa", split) == [
            row("5", "It rained.", "What was the effect?", ["Wet.", "Dry."], 0),
            row("6", "It rained.", "What was the cause?", ["Wet.", "Dry."], 1),
        ]


XCOPA = [COPA | {"idx": i, "question": question} for i, question in enumerate(["cause", "effect", "cause"])]


@pytest.mark.parametrize("place", ["xcopa/data/{language}/{split}.{language}.jsonl", "xcopa/{split}-{language}.jsonl"])
def test_xcopa_takes_what_is_asked_from_estonian(place: str, mirror: Mirror, read: Read) -> None:
    for split, name in (("dev", "val"), ("test", "test")):
        mirror(place.format(language="et", split=name), objects(*XCOPA))
        wrong = [one | {"question": "effect", "changed": False} for one in reversed(XCOPA)]
        mirror(place.format(language="th", split=name), objects(*wrong))
        wanted = {"2": "cause", "1": "effect", "0": "cause"}
        found = read("xcopa", split, "th")
        assert {one["id"]: one["question"] for one in found} == {
            key: f"What was the {value}?" for key, value in wanted.items()
        }
        assert all(one["language"] == "th" for one in found)


def test_xcopa_keeps_what_other_languages_ask(mirror: Mirror, read: Read) -> None:
    mirror("xcopa/data/vi/val.vi.jsonl", objects(*XCOPA))
    assert [one["question"][13:-1] for one in read("xcopa", "dev", "vi")] == ["cause", "effect", "cause"]


def test_xcopa_without_estonian_is_told(mirror: Mirror, read: Read) -> None:
    path = mirror("xcopa/data/sw/val.sw.jsonl", objects(*XCOPA))
    with pytest.raises(MissingData) as caught:
        read("xcopa", "dev", "sw")
    assert str(path) in str(caught.value) and str(path.parent.parent / "et" / "val.et.jsonl") in str(caught.value)


def test_xcopa_has_no_training_data(mirror: Mirror, read: Read) -> None:
    with pytest.raises(MissingData, match="xcopa has no train split; it has dev, test"):
        read("xcopa", "train", "sw")


def test_files_beside_make_the_rows_stale_too(mirror: Mirror) -> None:
    def digests(reader: str, split: str, language: str) -> dict[str, str]:
        reader_ = Reader.model_validate(reader)
        return data_revision(reader_, "mirror", split, (language,), lambda path: path.name, str)["files"]  # type: ignore[no-any-return]

    mirror("socialiqa-train-dev/train.jsonl", objects(SOCIAL))
    mirror("socialiqa-train-dev/train-labels.lst", "1\n")
    for language in ("et", "sw", "vi"):
        mirror(f"xcopa/data/{language}/val.{language}.jsonl", objects(*XCOPA))
    assert list(digests("social_iqa", "train", "en").values()) == ["train-labels.lst", "train.jsonl"]
    assert list(digests("xcopa", "dev", "sw").values()) == ["val.et.jsonl", "val.sw.jsonl"]
    assert list(digests("xcopa", "dev", "vi").values()) == ["val.vi.jsonl"]


# labels that are withheld


@pytest.mark.parametrize("label", [{"label": ""}, {"label": None}, {"label": -1}, {}])
def test_a_test_may_withhold_its_labels(label: dict[str, Any], mirror: Mirror, read: Read) -> None:
    mirror("hellaswag/data/hellaswag_test.jsonl", objects(without(HELLASWAG, "label") | label))
    mirror("COPA/test.jsonl", objects(without(COPA, "label") | label))
    assert [one["label"] for one in read("hellaswag", "test") + read("copa", "test")] == [None, None]


@pytest.mark.parametrize("label", [{"label": ""}, {"label": None}, {"label": -1}, {}])
def test_training_data_may_not(label: dict[str, Any], mirror: Mirror, read: Read) -> None:
    path = mirror("hellaswag/data/hellaswag_train.jsonl", objects(HELLASWAG, without(HELLASWAG, "label") | label))
    with pytest.raises(BadRow) as caught:
        read("hellaswag", "train")
    assert (caught.value.file, caught.value.line) == (str(path), 2)
    assert "label" in caught.value.message


# faults with file and line

COSMOS_CSV = csv_text(COSMOS)
TRAIN = {
    "hellaswag": "hellaswag/data/hellaswag_train.jsonl",
    "cosmos_qa": "cosmosqa/data/train.csv",
    "commonsense_qa": "commonsenseqa/train_rand_split.jsonl",
    "social_iqa": "siqa/socialIQa_v1.4_trn.jsonl",
    "copa": "COPA/train.jsonl",
}
FAULTS: dict[str, tuple[str, str | bytes, int, str]] = {
    "three endings": ("hellaswag", objects(HELLASWAG, HELLASWAG | {"endings": list("abc")}), 2, "3 options where 4"),
    "five endings": ("hellaswag", objects(HELLASWAG | {"endings": list("abcde")}), 1, "5 options where 4"),
    "no list": ("hellaswag", objects(HELLASWAG | {"endings": "abcd"}), 1, "not a list of texts"),
    "null in the list": ("hellaswag", objects(HELLASWAG | {"endings": ["a", "b", None, "c"]}), 1, "list of texts"),
    "label out of bounds": ("hellaswag", objects(HELLASWAG, HELLASWAG | {"label": 4}), 2, "label 4 in 'label'"),
    "label out of bounds as text": ("hellaswag", objects(HELLASWAG | {"label": "4"}), 1, "label '4'"),
    "label below": ("hellaswag", objects(HELLASWAG | {"label": -2}), 1, "label -2"),
    "label true": ("hellaswag", objects(HELLASWAG | {"label": True}), 1, "label True"),
    "label half": ("hellaswag", objects(HELLASWAG | {"label": 1.0}), 1, "label 1.0"),
    "label list": ("hellaswag", objects(HELLASWAG | {"label": [1]}), 1, "label [1]"),
    "two digits": ("hellaswag", objects(HELLASWAG | {"label": "12"}), 1, "label '12'"),
    "text missing": ("hellaswag", objects(without(HELLASWAG, "ctx")), 1, "no column 'ctx'"),
    "text null": ("hellaswag", objects(HELLASWAG | {"ctx": None}), 1, "'ctx' holds None"),
    "utf-16": ("hellaswag", objects(HELLASWAG).encode("utf-16"), 1, "not UTF-8"),
    "latin-1": ("hellaswag", objects(HELLASWAG).encode() + b'{"ctx": "\xe9"}\n', 2, "not UTF-8"),
    "cut json": ("hellaswag", objects(HELLASWAG) + '{"ctx": ', 2, "not JSON"),
    "too few cells": ("cosmos_qa", COSMOS_CSV + "a,b,c\n", 3, "3 columns where 8"),
    "too many cells": ("cosmos_qa", COSMOS_CSV + "a,b,c,d,e,f,g,1,2\n", 3, "9 columns where 8"),
    "label 4 of 0 to 3": ("cosmos_qa", csv_text(COSMOS, COSMOS | {"label": "4"}), 3, "label '4'"),
    "csv latin-1": ("cosmos_qa", COSMOS_CSV.encode() + b"\xe9,b,c,d,e,f,g,1\n", 3, "not UTF-8"),
    "letter F": ("commonsense_qa", objects(COMMONSENSE, COMMONSENSE | {"answerKey": "F"}), 2, "label 'F'"),
    "flat letter F": ("commonsense_qa", objects(COMMONSENSE_FLAT | {"answerKey": "F"}), 1, "label 'F'"),
    "four choices": (
        "commonsense_qa",
        objects(COMMONSENSE | {"question": COMMONSENSE["question"] | {"choices": [{"label": "A", "text": "a"}] * 4}}),
        1,
        "4 options where 5",
    ),  # type: ignore[operator]
    "choices of text": (
        "commonsense_qa",
        objects(COMMONSENSE | {"question": {"stem": "x", "choices": ["a"]}}),
        1,
        "not a list of objects",
    ),
    "choices without text": (
        "commonsense_qa",
        objects(COMMONSENSE_FLAT | {"choices": {"label": list("ABCDE")}}),
        1,
        "not a list of texts",
    ),
    "flat choices of text": ("commonsense_qa", objects(COMMONSENSE_FLAT | {"choices": "a"}), 1, "not an object"),
    "letter D": ("social_iqa", objects(SOCIAL | {"correct": "D"}), 1, "label 'D'"),
    "no letter": ("social_iqa", objects(SOCIAL), 1, "no column 'label'"),
    "neither": ("copa", objects(COPA, COPA | {"question": "reason"}), 2, "'reason' is neither cause nor effect"),
    "choice 3": ("copa", objects(COPA | {"label": 2}), 1, "label 2"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_row_that_cannot_be_is_told_with_file_and_line(name: str, mirror: Mirror, read: Read) -> None:
    reader, content, line, words = FAULTS[name]
    path = mirror(TRAIN[reader], content)
    with pytest.raises(BadRow) as caught:
        read(reader, "train")
    assert (caught.value.file, caught.value.line) == (str(path), line)
    assert words in caught.value.message


@pytest.mark.parametrize(
    ("labels", "file", "line", "words"),
    [
        ("3\n", "train.jsonl", 2, "no counterpart in train-labels.lst"),
        ("3\n1\n2\n", "train-labels.lst", 3, "no counterpart in train.jsonl"),
        ("3\n0\n", "train-labels.lst", 2, "label '0'"),
        ("3\n4\n", "train-labels.lst", 2, "label '4'"),
        ("3\nA\n", "train-labels.lst", 2, "label 'A'"),
        (None, "train-labels.lst", 0, "cannot be read"),
    ],
)
def test_labels_that_do_not_fit_their_rows(
    labels: str | None, file: str, line: int, words: str, mirror: Mirror, read: Read
) -> None:
    path = mirror("socialiqa-train-dev/train.jsonl", objects(SOCIAL, SOCIAL))
    if labels is not None:
        mirror("socialiqa-train-dev/train-labels.lst", labels)
    with pytest.raises(BadRow, match=words) as caught:
        read("social_iqa", "train")
    assert (caught.value.file, caught.value.line) == (str(path.with_name(file)), line)


def test_an_item_that_estonian_lacks_is_told(mirror: Mirror, read: Read) -> None:
    mirror("xcopa/data/et/val.et.jsonl", objects(*XCOPA[:2]))
    path = mirror("xcopa/data/tr/val.tr.jsonl", objects(*XCOPA))
    with pytest.raises(BadRow, match="idx 2 is not among the Estonian rows") as caught:
        read("xcopa", "dev", "tr")
    assert (caught.value.file, caught.value.line) == (str(path), 3)


# the hub, from local folders


@pytest.fixture
def hub(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """``hub(repository, config, split, *rows)`` adds a split as the hub keeps it."""
    monkeypatch.setenv("XFER_HUB", str(folder / "hub"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    lines: dict[str, dict[str, dict[str, str]]] = {}

    def write(repository: str, config: str, split: str, *found: dict[str, Any]) -> None:
        import datasets
        import pyarrow as pa
        import pyarrow.parquet as pq

        monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", folder / "cache")
        path = folder / "hub" / repository / config / f"{split}-00000-of-00001.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(list(found)), path)
        lines.setdefault(repository, {}).setdefault(config, {})[split] = f"{config}/{split}-*.parquet"
        text = ["---", "configs:"]
        for name, splits in lines[repository].items():
            text += [f"- config_name: {name}", "  data_files:"]
            for one, place in splits.items():
                text += [f"  - split: {one}", f"    path: {place}"]
        (folder / "hub" / repository / "README.md").write_text("\n".join([*text, "---", ""]))

    return write


def hub_rows(reader: str, split: str, language: str = "en") -> list[Row]:
    return list(rows(Reader.model_validate(reader), "hub", split, language))


NUMBERS = {f"answer{letter}": letter.lower() for letter in "ABC"}
HUB: dict[str, tuple[str, str, dict[str, Any], dict[str, Any], Row]] = {
    "hellaswag": (
        "Rowan/hellaswag",
        "default",
        HELLASWAG | {"label": "3"},
        HELLASWAG | {"label": ""},
        row("1", "A man sits. he", None, ["a.", "b.", "c.", "d."], 3),
    ),
    "cosmos_qa": (
        "allenai/cosmos_qa",
        "default",
        COSMOS | {"label": 2},
        COSMOS | {"label": -1},
        row("A##1", 'He said "no", twice .', "Why ?", ["a", "b, c", "None of the above choices .", "NA"], 2),
    ),
    "commonsense_qa": (
        "tau/commonsense_qa",
        "default",
        COMMONSENSE_FLAT,
        COMMONSENSE_FLAT | {"answerKey": ""},
        row("q1", "What closes?", None, list("abcde"), 1),
    ),
    "copa": (
        "aps/super_glue",
        "copa",
        COPA,
        COPA | {"label": -1},
        row("5", "It rained.", "What was the effect?", ["Wet.", "Dry."], 0),
    ),
}


@pytest.mark.parametrize("name", HUB)
def test_each_set_comes_from_the_hub(name: str, hub: Callable[..., None]) -> None:
    repository, config, labelled, withheld, wanted = HUB[name]
    for split in ("train", "validation"):
        hub(repository, config, split, labelled)
    hub(repository, config, "test", withheld)
    assert hub_rows(name, "train") == hub_rows(name, "dev") == [wanted]
    assert hub_rows(name, "test") == [wanted | {"label": None}]


def test_social_iqa_on_the_hub_counts_from_one_in_text_and_has_no_test(hub: Callable[..., None]) -> None:
    for split in ("train", "validation"):
        hub("lighteval/siqa", "default", split, *(SOCIAL | {"label": label} for label in "132"))
    assert [one["label"] for one in hub_rows("social_iqa", "train")] == [0, 2, 1]
    assert [one["label"] for one in hub_rows("social_iqa", "dev")] == [0, 2, 1]
    with pytest.raises(MissingData, match="social_iqa has no test split on the hub"):
        hub_rows("social_iqa", "test")


def test_a_hub_label_out_of_bounds_is_told_with_its_place(hub: Callable[..., None]) -> None:
    hub("lighteval/siqa", "default", "train", SOCIAL | {"label": "1"}, SOCIAL | {"label": "0"})
    with pytest.raises(BadRow) as caught:
        hub_rows("social_iqa", "train")
    assert str(caught.value).startswith("lighteval/siqa/default/train:2: label '0'")


def test_xcopa_on_the_hub_is_repaired_too(hub: Callable[..., None]) -> None:
    for split in ("validation", "test"):
        hub("cambridgeltl/xcopa", "et", split, *XCOPA)
        hub("cambridgeltl/xcopa", "th", split, *(one | {"question": "effect"} for one in XCOPA))
    causes._questions_on_hub.cache_clear()
    for split in ("dev", "test"):
        assert [one["question"][13:-1] for one in hub_rows("xcopa", split, "th")] == ["cause", "effect", "cause"]


def test_cosmos_qa_is_read_where_the_hub_keeps_its_tables() -> None:
    reader = Reader.model_validate("cosmos_qa")
    assert data_revision(reader, "hub", "train", ("en",), str, str) == {"revision": "refs/convert/parquet"}  # type: ignore[arg-type]


# cards


@pytest.mark.parametrize("name", ["hellaswag", "cosmos_qa", "commonsense_qa", "social_iqa", "copa", "xcopa"])
def test_cards_and_published_settings_are_whole(name: str) -> None:
    reader = Reader.model_validate(name)
    card, published = reader.card, reader.published
    assert all((card.title, card.hub, card.licence, card.citation, card.languages, card.splits, card.layout))
    assert set(card.sizes) == set(card.splits)
    assert published.source and published.learning_rate > 0 and published.epochs > 0
    assert reader.form == "choose" and reader.label_names() == ()


# real files


REAL = {
    ("cosmos_qa", "dev"): {0: 504, 1: 494, 2: 518, 3: 484},  # 2,000 of 2,985 rows
    ("commonsense_qa", "dev"): {0: 159, 1: 172, 2: 159, 3: 158, 4: 152},  # 800 of 1,221 rows
    ("social_iqa", "dev"): {0: 464, 1: 459, 2: 477},  # 1,400 of 1,954 rows
    ("social_iqa", "test"): {0: 371, 1: 383, 2: 346},  # 1,100 of 2,224 rows
    ("copa", "train"): {0: 195, 1: 205},
    ("copa", "dev"): {0: 55, 1: 45},
}


@pytest.mark.parametrize(("name", "split"), REAL)
def test_real_files_are_whole(name: str, split: str, real: Path) -> None:
    try:
        found = list(rows(Reader.model_validate(name), "mirror", split, "en", real))
    except MissingData as error:
        pytest.skip(str(error))
    assert Counter(one["label"] for one in found) == REAL[name, split]
    assert len({one["id"] for one in found}) == len(found)
    for number, one in enumerate(found, 1):
        build_form("choose").check_row(one, name, number)


@pytest.mark.parametrize("split", ["dev", "test"])
def test_real_xcopa_asks_the_same_in_every_language(split: str, real: Path) -> None:
    found = {}
    for language in causes.Xcopa.card.languages:
        try:
            found[language] = list(rows(causes.Xcopa(), "mirror", split, language, real))
        except MissingData:
            continue  # the folder at hand lacks the tests of ht, qu and ta
    if "et" not in found:
        pytest.skip("no xcopa/data/et")
    asked = [(one["id"], one["question"], one["label"]) for one in found["et"]]
    assert len(asked) == causes.Xcopa.card.sizes[split]
    assert all([(one["id"], one["question"], one["label"]) for one in part] == asked for part in found.values())
    counts = {"dev": ({0: 55, 1: 45}, 52), "test": ({0: 250, 1: 250}, 250)}[split]
    assert Counter(label for *_, label in asked) == counts[0]
    assert sum("cause" in question for _, question, _ in asked) == counts[1]


def test_languages_that_are_not_repaired_agree_with_estonian(real: Path) -> None:
    def asked(path: Path) -> list[str]:
        return [json.loads(line)["question"] for line in path.read_text("utf-8").splitlines()]

    if not (real / "xcopa" / "data" / "et").is_dir():
        pytest.skip("no xcopa/data/et")
    wrong = set()
    for path in (real / "xcopa" / "data").glob("*/*.jsonl"):
        split, language = path.name.split(".")[:2]
        if asked(path) != asked(real / "xcopa" / "data" / "et" / f"{split}.et.jsonl"):
            wrong.add(language)
    assert wrong == set(causes.MISLABELLED)


def test_the_makers_samples_are_read(real: Path) -> None:
    samples = real / "official_samples"
    if not samples.is_dir():
        pytest.skip("no official_samples")
    places = {
        "hellaswag": ("hellaswag/0.1.0/dummy_data/hellaswag_{}.jsonl", ("train", "val", "test")),
        "commonsense_qa": (
            "commonsense_qa/1.0.0/dummy_data/{}.jsonl",
            ("train_rand_split", "dev_rand_split", "test_rand_split_no_answers"),
        ),
        "social_iqa": ("social_i_qa/0.1.0/dummy_data/socialiqa-train-dev/{}.jsonl", ("train", "dev")),
        "cosmos_qa": ("cosmos_qa/0.1.0/dummy_data/{}", ("train.csv", "valid.csv", "test.jsonl")),
    }
    for name, (place, parts) in places.items():
        for split, part in zip(("train", "dev", "test"), parts, strict=False):
            found = list(Reader.model_validate(name).parse(samples / place.format(part), split, "en"))
            assert found and all((one["label"] is None) == (split == "test") for one in found)
