"""Splits that cannot be used as asked are told by ``xfer check``, with file, line, column and what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HEAD = "name: a\nsource: {source}\nmodel: scratch\nstages:\n  one: {{reader: {reader}}}\n"
NOTHING = "nothing can be scored there"
Write = Callable[..., Path]
Xfer = Callable[..., Any]


def checked(write: Write, xfer: Xfer, reader: str, rest: str = "", source: str = "hub") -> list[str]:
    found = xfer("check", write("r.yaml", HEAD.format(reader=reader, source=source) + rest))
    return list(found.err.splitlines())


@pytest.mark.parametrize(("reader", "column"), [("xcopa", 17), ("{type: xcopa}", 9)])
@pytest.mark.parametrize("source", ["hub", "mirror", "miniature"])
def test_a_stage_on_a_data_set_without_training_rows(
    reader: str, column: int, source: str, write: Write, xfer: Xfer
) -> None:
    (line,) = checked(write, xfer, reader, source=source)
    assert line == (
        f"r.yaml:5:{column}: stages.one.reader: reader xcopa has no train split, so no stage can train on it; "
        "train on social_iqa, then on copa, as XTREME-R does, and test with reader: xcopa"
    )


@pytest.mark.parametrize(
    ("reader", "message"),
    [
        ("qqp", "reader qqp has no test split; say split: dev"),
        ("mnli", "reader mnli has no test split; say split: dev"),
        (
            "hellaswag",
            "the test labels of reader hellaswag are withheld, so nothing can be scored there; say split: dev",
        ),
        ("cosmos_qa", "the test labels of reader cosmos_qa are withheld"),
        ("commonsense_qa", "the test labels of reader commonsense_qa are withheld"),
        ("copa", "the test labels of reader copa are withheld"),
    ],
)
def test_an_evaluation_on_a_split_without_gold_labels(reader: str, message: str, write: Write, xfer: Xfer) -> None:
    (line,) = checked(write, xfer, reader, "evaluate:\n  clean: {stage: one}\n")
    assert line.startswith(f"r.yaml:7:18: evaluate.clean.stage: {message}")
    (line,) = checked(write, xfer, reader, "evaluate:\n  clean: {stage: one, split: test}\n")
    assert line.startswith(f"r.yaml:7:30: evaluate.clean.split: {message}")
    assert checked(write, xfer, reader, "evaluate:\n  clean: {stage: one, split: dev}\n") == []


def test_the_fault_stands_at_the_reader_of_the_evaluation(write: Write, xfer: Xfer) -> None:
    (line,) = checked(write, xfer, "copa", "evaluate:\n  clean: {stage: one, reader: hellaswag}\n")
    assert line.startswith("r.yaml:7:31: evaluate.clean.reader: the test labels of reader hellaswag are withheld")


def test_a_text_of_a_reader_that_the_source_lacks(write: Write, xfer: Xfer) -> None:
    (line,) = checked(write, xfer, "{type: text, of: ccg}")
    assert "stages.one.reader.of: reader ccg cannot read from source hub; it needs source: mirror" in line


# a mirror of Universal Dependencies that lacks treebanks

CONLLU = "1\tword\t_\tNOUN\t_\t_\t0\troot\t_\t_\n\n"
RECIPE = """\
name: a
source: mirror
model: {type: scratch, layers: 1, width: 16, heads: 2, vocabulary: 300, positions: 64}
stages:
  pos:
    reader: {type: udpos, languages: [de]}
    trainer: {steps: 1, batch_size: 2, max_length: 16, oracle: false}
evaluate:
  clean: {stage: pos, languages: [de]}
"""
LACKS = "udpos {} in de: the mirror lacks {}, which XTREME has; scores are not comparable with its"


def test_missing_treebanks_are_told_when_it_runs_and_in_the_report(
    write: Write, xfer: Xfer, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    for split in ("train", "dev", "test"):
        write(f"data/ud/UD_German-GSD/de_gsd-ud-{split}.conllu", CONLLU * 40)
    write("data/ud/UD_German-PUD/de_pud-ud-test.conllu", CONLLU)
    monkeypatch.setenv("XFER_DATA", str(folder / "data"))
    found = xfer("read", "udpos", "--language", "de", "--split", "train", "--limit", 1)
    assert found.code == 0 and LACKS.format("train", "HDT") in found.err
    done = xfer("train", write("r.yaml", RECIPE))
    assert done.code == 0, done.err
    for split, names in (("train", "HDT"), ("dev", "HDT"), ("test", "HDT, LIT")):
        assert LACKS.format(split, names) in done.err
        assert LACKS.format(split, names) in xfer("report", "r.yaml").out


def test_a_whole_mirror_says_nothing(write: Write, xfer: Xfer, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    write("data/ud/UD_Marathi-UFAL/mr_ufal-ud-dev.conllu", CONLLU)
    monkeypatch.setenv("XFER_DATA", str(folder / "data"))
    assert "note" not in xfer("read", "udpos", "--language", "mr", "--split", "dev").err


@pytest.mark.parametrize("reader", ["tatoeba", "bucc", "lareqa", "mewsli_x"])
def test_training_languages_of_an_evaluation_of_retrieval_do_nothing(reader: str, write: Write, xfer: Xfer) -> None:
    rest = "evaluate:\n  found: {{stage: one, reader: {{type: {}, languages: {}}}}}\n"
    (line,) = checked(write, xfer, "mnli", rest.format(reader, "[de]"), "miniature")
    assert line.startswith("r.yaml:7:") and "evaluate.found.reader.languages: name what a stage trains on" in line
    assert line.endswith("say the languages to test beside reader, not in it")
    assert checked(write, xfer, "mnli", rest.format(reader, "[en]"), "miniature") == []  # the default


def test_training_languages_of_a_data_set_without_a_training_side_do_nothing(write: Write, xfer: Xfer) -> None:
    rest = "evaluate:\n  found: {stage: one, reader: {type: xcopa, languages: [et]}}\n"
    (line,) = checked(write, xfer, "copa", rest)
    assert "evaluate.found.reader.languages: name what a stage trains on" in line
    rest = "evaluate:\n  found: {stage: one, reader: {type: xnli, languages: [de]}}\n"
    assert checked(write, xfer, "mnli", rest) == []
