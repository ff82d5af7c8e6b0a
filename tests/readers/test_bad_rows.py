"""Bad rows: ``strict`` stops with file and line, ``skip`` leaves the row out, counts it, and loses nothing else."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xfer.core.errors import BadRow
from xfer.forms.base import build_form
from xfer.readers.base import Reader, Row
from xfer.readers.sources import rows

Mirror = Callable[..., Path]
XNLI = "language\tgold_label\tsentence1\tsentence2\tpairID\n"
CONLLU = "{}\t{}\t_\t{}\t_\t_\t0\troot\t_\t_\n"


def squad(*starts: Any) -> str:
    """One question a start, on a line of its own each; the answer stands at 2."""
    asked = [
        {"id": f"q{i}", "question": "Who?", "answers": [{"text": "cat", "answer_start": start}]}
        for i, start in enumerate(starts)
    ]
    lines = ",\n".join(json.dumps(one) for one in asked)
    return f'{{"data": [{{"paragraphs": [{{"context": "A cat sat.", "qas": [\n{lines}\n]}}]}}]}}'


def conllu(*tags: str) -> str:
    return "\n".join(CONLLU.format(1, "word", tag) for tag in tags)


def jsonl(*found: Any) -> str:
    return "".join(json.dumps(one) + "\n" for one in found)


COPA = {"premise": "p", "choice1": "a", "choice2": "b", "question": "cause", "label": 0, "idx": 1}
# name: reader, split, language, file, content, its bad line, what is said, rows that are left
CASES: dict[str, tuple[Any, str, str, str, str | bytes, int, str, int]] = {
    "a label that is none": (
        "xnli", "dev", "en", "XNLI-1.0/xnli.dev.tsv",
        XNLI + "en\tneutral\ta\tb\t1\nen\tmaybe\ta\tb\t2\nde\tneutral\ta\tb\t3\nen\tneutral\tc\td\t4\n",
        3, "label 'maybe' is not one of", 2,
    ),
    "unequal columns": (
        "pawsx", "dev", "de", "x-final/de/dev_2k.tsv",
        "id\tsentence1\tsentence2\tlabel\n1\ta\tb\t0\n2\ta\tb\n3\tc\td\t1\n",
        3, "has 3 columns where 4 are expected", 2,
    ),
    "wrong encoding": (
        "mnli", "train", "en", "multinli_1.0/multinli_1.0_train.jsonl",
        b'{"gold_label": "neutral", "sentence1": "a", "sentence2": "b"}\n'
        b'{"gold_label": "neutral", "sentence1": "\xe9"}\n'
        b'{"gold_label": "neutral", "sentence1": "c", "sentence2": "d"}\n',
        2, "is not UTF-8", 2,
    ),
    "a line that is not JSON": (
        "copa", "train", "en", "COPA/train.jsonl", jsonl(COPA) + '{"premise": \n' + jsonl(COPA), 2, "is not JSON", 2,
    ),
    "an option that is not there": (
        "copa", "train", "en", "COPA/train.jsonl", jsonl(COPA, {**COPA, "label": 2}, COPA), 2, "label 2 in 'label'", 2,
    ),
    "an answer that is not at its offset": (
        "squad_v1", "train", "en", "squad/train-v1.1.json", squad(2, 5, 2), 3, "does not stand at 5", 2,
    ),
    "an offset out of bounds": (
        "squad_v1", "train", "en", "squad/train-v1.1.json", squad(2, 999, 2), 3, "does not stand at 999", 2,
    ),
    "a tag unknown to treebanks": (
        "udpos", "dev", "mr", "ud/UD_Marathi-UFAL/mr_ufal-ud-dev.conllu", conllu("NOUN", "avy", "VERB"),
        3, "part of speech 'avy' is not one of", 2,
    ),
    "a tag unknown to PAN-X": (
        "panx", "dev", "sw", "panx/dev-sw.tsv", "a\tO\n\nb\tB-MISC\nc\tO\n\nd\tB-PER\n", 3, "tag 'B-MISC'", 2,
    ),
    "a tag that the table of supertags lacks": (
        "ccg", "dev", "en", "ccg/ccg.dev", "It\tNP\nruns\tS\n", 2, "tag 'S' is not in tags_to_id.json", 1,
    ),
    "a quotation that never ends": (
        "cosmos_qa", "dev", "en", "cosmosqa/data/valid.csv",
        'id,context,question,answer0,answer1,answer2,answer3,label\n1,c,q,a,b,c,d,0\n2,"c,q,a,b,c,d,0\n',
        3, "is not a well-quoted line", 1,
    ),
    "a row of another column's type": (
        {"type": "files", "train": "mine.jsonl", "labels": ["a", "b"], "dev": "no", "test": "no"}, "train", "en",
        "mine.jsonl", jsonl({"text": "x", "label": "a"}, {"text": ["y"], "label": "a"}, {"text": "z", "label": "b"}),
        2, "column 'text' holds ['y'], not text", 2,
    ),
    "a text that the form cannot take": (
        "xnli", "dev", "en", "XNLI-1.0/xnli.dev.tsv", XNLI + "en\tneutral\ta\tb\t1\nen\tneutral\t \tb\t2\n",
        3, "row 2 has no text", 1,
    ),
}  # fmt: skip


def read(reader: Any, split: str, language: str, policy: str) -> tuple[list[Row], list[BadRow]]:
    block = ({"type": reader} if isinstance(reader, str) else reader) | {"bad_rows": policy}
    built, lost = Reader.model_validate(block), list[BadRow]()
    check = build_form(built.form, built.label_names() or ["NP"], built.form_options()).check_row
    return list(rows(built, "mirror", split, language, None, lost.append, check)), lost


@pytest.fixture
def tags(mirror: Mirror) -> None:
    mirror("ccg/tags_to_id.json", '{"NP": 0}')


@pytest.mark.parametrize("name", CASES)
def test_strict_stops_and_names_file_and_line(name: str, mirror: Mirror, tags: None) -> None:
    reader, split, language, file, content, line, words, _ = CASES[name]
    path = mirror(file, content)
    with pytest.raises(BadRow) as caught:
        read(reader, split, language, "strict")
    assert (caught.value.file, caught.value.line) == (str(path), line)
    assert words in caught.value.message


@pytest.mark.parametrize("name", CASES)
def test_skip_tells_the_same_and_keeps_all_others(name: str, mirror: Mirror, tags: None) -> None:
    reader, split, language, file, content, line, words, left = CASES[name]
    path = mirror(file, content)
    found, lost = read(reader, split, language, "skip")
    assert [(bad.file, bad.line) for bad in lost] == [(str(path), line)]
    assert words in lost[0].message
    assert len(found) == left and not any("line" in row for row in found)


def test_nothing_is_lost_where_nobody_counts(mirror: Mirror) -> None:
    mirror("panx/dev-sw.tsv", "a\tO\n\nb\tB-MISC\n")
    reader = Reader.model_validate({"type": "panx", "bad_rows": "skip"})
    with pytest.raises(BadRow, match=r"dev-sw\.tsv:3"):
        list(rows(reader, "mirror", "dev", "sw"))


@pytest.mark.parametrize("policy", ["strict", "skip"])
def test_a_file_that_is_cut_short_inside_its_json_stops_under_any_policy(policy: str, mirror: Mirror) -> None:
    path = mirror("squad/train-v1.1.json", squad(2, 2)[:-30])
    with pytest.raises(BadRow, match="is not JSON") as caught:
        read("squad_v1", "train", "en", policy)
    assert caught.value.file == str(path) and caught.value.line == 3


def test_an_archive_that_is_cut_short_is_told_with_the_line_from_which_it_is(mirror: Mirror) -> None:
    lines = "".join(f"line {number} of a text that says nothing twice {number * number}\n" for number in range(3000))
    path = mirror("text/en/a.txt.gz", gzip.compress(lines.encode(), mtime=0)[:-4000])
    reader = {"type": "text", "held_out": 10_000}
    with pytest.raises(BadRow, match="the archive is cut short or damaged") as caught:
        read(reader, "train", "en", "strict")
    found, lost = read(reader, "train", "en", "skip")
    assert 0 < len(found) < 3000
    assert [(bad.file, bad.line) for bad in lost] == [(str(path), caught.value.line)]
    assert caught.value.line == int(found[-1]["id"].rpartition(":")[2]) + 1


def test_a_line_without_a_language_is_told_in_every_language(mirror: Mirror) -> None:
    mirror("XNLI-1.0/xnli.dev.tsv", XNLI + "en\tneutral\ta\tb\t1\nbroken\nde\tneutral\ta\tb\t1\n")
    for language in ("en", "de"):
        found, lost = read("xnli", "dev", language, "skip")
        assert (len(found), [bad.line for bad in lost]) == (1, [3])


def test_rows_of_the_hub_follow_the_policy(hub: Callable[..., None]) -> None:
    columns = {"tokens": [["a"], ["b"], ["c"]], "ner_tags": [[0], [9], [1]]}
    hub("unimelb-nlp/wikiann", {"sw": {"validation": columns}})
    skipping, lost = Reader.model_validate({"type": "panx", "bad_rows": "skip"}), list[BadRow]()
    assert [row["words"] for row in rows(skipping, "hub", "dev", "sw", on_bad=lost.append)] == [["a"], ["c"]]
    assert [(bad.file, bad.line) for bad in lost] == [("unimelb-nlp/wikiann/sw/validation", 2)]
    with pytest.raises(BadRow, match="validation:2: has not the columns"):
        list(rows(Reader.model_validate("panx"), "hub", "dev", "sw"))


def test_a_reader_that_joins_others_hands_its_policy_to_them(mirror: Mirror) -> None:
    good = {"gold_label": "neutral", "sentence1": "a", "sentence2": "b"}
    mirror("snli_1.0/snli_1.0_train.jsonl", jsonl(good, {"gold_label": "x"}))
    mirror("multinli_1.0/multinli_1.0_train.jsonl", jsonl(good))
    for number in (1, 2, 3):
        mirror(f"anli_v1.0/R{number}/train.jsonl", jsonl({"context": "a", "hypothesis": "b", "label": "e"}))
    found, lost = read("anli_plus", "train", "en", "skip")
    assert (len(found), len(lost)) == (5, 1)
    with pytest.raises(BadRow, match=r"snli_1\.0_train\.jsonl:2"):
        read("anli_plus", "train", "en", "strict")


RECIPE = """\
name: skipping
source: mirror
model: {type: scratch, layers: 1, width: 16, heads: 2, vocabulary: 300, positions: 64}
seeds: [1]
stages:
  ner:
    reader: {type: panx, languages: [sw], bad_rows: POLICY}
    trainer: {steps: 2, batch_size: 2, max_length: 16, oracle: false}
evaluate:
  clean: {stage: ner, split: dev, languages: [sw]}
"""


def sentences(count: int) -> str:
    return "".join(f"Anna\tB-PER\nwalks\tO\nhome{number}\tO\n\n" for number in range(count))


def test_the_counts_reach_the_store_and_the_report(
    mirror: Mirror, write: Callable[..., Path], xfer: Callable[..., Any], folder: Path
) -> None:
    mirror("panx/train-sw.tsv", sentences(20) + "bad\tB-MISC\n")
    mirror("panx/dev-sw.tsv", sentences(6) + "bad\tB-MISC\n\nx\ty\tz\n")
    failed = xfer("train", write("r.yaml", RECIPE.replace("POLICY", "strict")))
    assert failed.code == 1 and "train-sw.tsv:81: tag 'B-MISC'" in failed.err
    done = xfer("train", write("r.yaml", RECIPE.replace("POLICY", "skip")), "--json")
    assert done.code == 0, done.err
    sizes = [json.loads(path.read_text()) for path in sorted((folder / ".xfer").rglob("size.json"))]
    assert {(size["rows"], size["bad_rows"]) for size in sizes} == {(20, 1), (6, 2)}
    report = xfer("report", "r.yaml")
    assert "bad rows left out of panx train: 1 in sw" in report.out
    assert "bad rows left out of panx dev: 2 in sw" in report.out


def test_read_tells_what_it_left_out(mirror: Mirror, xfer: Callable[..., Any]) -> None:
    mirror("panx/dev-sw.tsv", sentences(2) + "bad\tB-MISC\n")
    words = ("read", "{type: panx, bad_rows: skip}", "--language", "sw", "--split", "dev", "--json")
    found = xfer(*words)
    assert (found.code, len(found.out.splitlines())) == (0, 2)
    assert "dev-sw.tsv:9: tag 'B-MISC'" in found.err and "1 bad row left out" in found.err
    assert xfer("read", "panx", "--language", "sw", "--split", "dev").code == 1
