"""The written files: layout, sizes, parallelism, determinism."""

import hashlib
import json
import subprocess
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from xfer.miniature import LANGUAGES, write

SCRIPTS = {"ar": "ARABIC", "el": "GREEK", "hi": "DEVANAGARI", "ru": "CYRILLIC", "th": "THAI", "zh": "CJK"}
XNLI_HEADER = (
    "language\tgold_label\tsentence1_binary_parse\tsentence2_binary_parse\tsentence1_parse\t"
    "sentence2_parse\tsentence1\tsentence2\tpromptID\tpairID\tgenre\tlabel1\tlabel2\tlabel3\t"
    "label4\tlabel5\tsentence1_tokenized\tsentence2_tokenized\tmatch"
)


def lines(path: Path) -> list[str]:
    return path.read_text("utf-8").split("\n")[:-1]


def hashes(folder: Path) -> dict[str, str]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def xnli(world: Path, split: str) -> list[dict[str, str]]:
    header, *rows = [line.split("\t") for line in lines(world / f"XNLI-1.0/xnli.{split}.tsv")]
    assert all(len(row) == len(header) for row in rows)
    return [dict(zip(header, row, strict=True)) for row in rows]


def multinli(world: Path, split: str) -> list[dict[str, object]]:
    path = world / f"multinli_1.0/multinli_1.0_{split}.jsonl"
    return [json.loads(line) for line in lines(path)]


def translated(world: Path, code: str) -> list[list[str]]:
    path = world / f"XNLI-MT-1.0/multinli/multinli.train.{code}.tsv"
    return [line.split("\t") for line in lines(path)]


def test_another_process_writes_the_same_bytes(world: Path, tmp_path: Path) -> None:
    # A process of its own has another hash seed, so set order would show.
    code = "import sys, pathlib, xfer.miniature as m; m.write(pathlib.Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
    own = ("multinli_1.0", "XNLI-1.0", "XNLI-MT-1.0", "text")
    assert sum(name.split("/")[0] in own for name in hashes(world)) == 3 + 2 + 11 + 22
    assert hashes(tmp_path) == hashes(world)


def test_another_seed_draws_other_pairs() -> None:
    from xfer.miniature.choice import seeded_stream
    from xfer.miniature.pairs import draw_triple

    assert draw_triple(seeded_stream(0, "pairs")) != draw_triple(seeded_stream(1, "pairs"))


def test_multinli_layout(world: Path) -> None:
    sizes = {"train": 20000, "dev_matched": 500, "dev_mismatched": 500}
    for split, size in sizes.items():
        records = multinli(world, split)
        assert len(records) == size
        assert list(records[0]) == [
            "annotator_labels",
            "genre",
            "gold_label",
            "pairID",
            "promptID",
            "sentence1",
            "sentence1_binary_parse",
            "sentence1_parse",
            "sentence2",
            "sentence2_binary_parse",
            "sentence2_parse",
        ]
        assert len({record["pairID"] for record in records}) == size


def test_headlines_stand_in_training_data_only(world: Path) -> None:
    def without_article(sentences: Iterable[str]) -> float:
        objects = ("eats", "drinks", "opens")
        told = [words for words in (s.rstrip(".").split() for s in sentences) if any(w in objects for w in words)]
        bare = [
            w
            for w in told
            if "the" not in map(str.lower, w) and not {"two", "three", "nobody"} & set(map(str.lower, w))
        ]
        return len(bare) / len(told)

    test = [row["sentence1"] for row in xnli(world, "test") if row["language"] == "en"]
    assert without_article(test) == 0
    assert 0.2 < without_article(str(record["sentence1"]) for record in multinli(world, "train")) < 0.4


def test_xnli_is_parallel_over_the_languages(world: Path) -> None:
    for split, size in (("dev", 300), ("test", 500)):
        assert lines(world / f"XNLI-1.0/xnli.{split}.tsv")[0] == XNLI_HEADER
        rows = xnli(world, split)
        assert [row["language"] for row in rows] == [c for c in LANGUAGES for _ in range(size)]
        keys = ("pairID", "promptID", "gold_label", "genre")
        english = [[row[key] for key in keys] for row in rows if row["language"] == "en"]
        for code in LANGUAGES:
            own = [[row[key] for key in keys] for row in rows if row["language"] == code]
            assert own == english
        assert len({row["pairID"] for row in rows}) == size


def test_tokenized_columns_hold_the_words_of_the_sentence(world: Path) -> None:
    for row in xnli(world, "dev"):
        for side in ("sentence1", "sentence2"):
            spaced = row[f"{side}_tokenized"]
            letters = spaced.replace(" ", "")
            # The first letter is not capitalised here.
            assert letters[1:] == row[side].replace(" ", "")[1:]
            assert " " in spaced


def test_translated_train_is_aligned_and_spells_contradictory(world: Path) -> None:
    labels = [row[2] for row in translated(world, "en")]
    assert labels[0] == "label" and len(labels) == 6001
    assert set(labels[1:]) == {"entailment", "neutral", "contradictory"}
    for code in LANGUAGES:
        rows = translated(world, code)
        assert rows[0] == ["premise", "hypo", "label"]
        assert [row[2] for row in rows] == labels


def test_labels_are_balanced(world: Path) -> None:
    rows = [row for row in xnli(world, "test") if row["language"] == "en"]
    for records in (multinli(world, "train"), rows):
        counts = Counter(record["gold_label"] for record in records)
        assert set(counts) == {"entailment", "neutral", "contradiction"}
        assert min(counts.values()) > 0.28 * len(records)


def test_no_held_out_hypothesis_is_trained_on(world: Path) -> None:
    held_out = {row["sentence2"] for split in ("dev", "test") for row in xnli(world, split) if row["language"] == "en"}
    trained = {record["sentence2"] for record in multinli(world, "train")}
    trained |= {row[1] for row in translated(world, "en")}
    assert len(held_out) > 250 and len(trained) > 8000
    assert not held_out & trained


def test_text_is_nfc_in_its_own_script_and_of_the_promised_length(world: Path) -> None:
    for code in LANGUAGES:
        plain = lines(world / f"text/{code}/{code}.plain.txt")
        parallel = lines(world / f"text/{code}/{code}.parallel.txt")
        assert (len(plain), len(parallel)) == (2000, 6000)
        for line in plain + parallel:
            assert unicodedata.is_normalized("NFC", line)
            assert line == line.strip() and "  " not in line and "~" not in line
        letters = {char for line in plain for char in line if char.isalpha()}
        script = SCRIPTS.get(code, "LATIN")
        assert {unicodedata.name(char).split()[0] for char in letters} == {script}


@pytest.mark.parametrize("part", ["anli", "text"])
def test_a_part_alone_has_the_bytes_that_it_has_in_the_whole(part: str, world: Path, tmp_path: Path) -> None:
    write(tmp_path, parts=[part])
    whole, alone = hashes(world), hashes(tmp_path)
    assert alone == {name: whole[name] for name in alone}
    assert 0 < len(alone) < len(whole)
