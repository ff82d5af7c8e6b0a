"""How much attackers really changed: counted by hand, kept with an attack and a stage, and told by a report."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from xfer.attackers.base import Attacker
from xfer.core.store import Entry, Store
from xfer.execution.walk import execute_graph, open_graph, run_failure
from xfer.graph.compile import Graph
from xfer.recipe.load import load_recipe
from xfer.reports.shortfalls import is_short, shortfalls
from xfer.reports.write import csv_table, report_markdown, report_text
from xfer.steps.portions import SAMPLE, count_changes, portion_record, portion_summary, sample_changes


def attacker(name: str, **fields: Any) -> Any:
    return Attacker.model_validate({"type": name, **fields})


def row(sentence: str, pair: str | None = None, language: str = "en", name: str = "1") -> dict[str, Any]:
    return {"id": name, "language": language, "text": sentence, "pair": pair, "label": "x"}


def done(one: Any, rows: list[dict[str, Any]], form: str = "classify") -> dict[str, list[int]]:
    made = [one.change(each, form) for each in rows]
    return count_changes(one, ((before, after, edits) for before, (after, edits) in zip(rows, made, strict=True)))


@pytest.fixture
def lists(tmp_path: Path) -> str:
    (tmp_path / "en.txt").write_text("old\taged\nper\tAnna\n", "utf-8")
    (tmp_path / "zh.txt").write_text("苹果\t梨\n", "utf-8")
    return str(tmp_path)


# counting


def test_all_rows_and_both_sides_count(lists: str) -> None:
    rows = [row("the old old bridge", "an old dog"), row("nothing here to do"), row("我吃苹果", language="zh")]
    found = done(attacker("synonyms", folder=lists, rate=1.0), rows)
    assert found == {"en": [3, 11], "zh": [1, 2]}  # without a segmenter, Chinese is cut in pieces of two characters


def test_protected_sides_do_not_count(lists: str) -> None:
    rows = [row("the old old bridge", "an old dog")]
    assert done(attacker("synonyms", folder=lists, rate=1.0, protect=["premise"]), rows) == {"en": [1, 3]}


def test_of_an_attacker_of_entities_the_entities_count(lists: str) -> None:
    tagged = {
        "id": "1", "language": "en", "text": "", "words": ["Bob", "Lee", "saw", "Rome", "and", "Eva"],
        "tags": ["B-PER", "I-PER", "O", "B-LOC", "O", "B-PER"],
    }  # fmt: skip
    swap = attacker("entity_swap", folder=lists)
    assert done(swap, [tagged], "tag") == {"en": [2, 3]}  # the list has no place
    assert portion_record("x", swap, {"en": [2, 3]}) == {
        "what": "x",
        "of": "entities",
        "asked": 1.0,
        "shares": {"en": 2 / 3},
    }
    locked = attacker("entity_swap", folder=lists, protect=["words"])
    assert done(locked, [tagged], "tag") == {"en": [0, 0]}
    assert portion_record("x", locked, {"en": [0, 0]})["shares"] == {}


def test_dropped_rows_do_not_count() -> None:
    assert count_changes(attacker("typos"), [(row("a b"), None, []), (row("a b c"), row("a b d"), None)]) == {
        "en": [1, 3]
    }


@pytest.mark.parametrize(
    ("name", "fields", "asked"),
    [
        ("typos", {"rate": 0.2}, (0.2, "words")),
        ("synonyms", {"folder": "x"}, (0.3, "words")),
        ("code_mixing", {"languages": ["de"], "rate": 0.5, "constraints": {"changed_words": 0.1}}, (0.1, "words")),
        ("diacritics", {}, (1.0, "words")),
        ("ime", {}, (0.2, "words")),
        ("phrase_mixing", {"languages": ["de"]}, (0.3, "words")),
        ("masked_words", {"model": "x"}, (0.15, "words")),
        ("entity_swap", {}, (1.0, "entities")),
        ("numbers", {}, None),
        ("word_order", {}, None),
        ("tautology", {}, None),
        ("code_mixing_search", {"languages": ["de"]}, None),
        ("textattack", {}, None),
    ],
)
def test_what_an_attacker_is_asked_for(name: str, fields: dict[str, Any], asked: Any) -> None:
    found = attacker(name, **fields).asked()
    assert found is None if asked is None else (found.share, found.of) == asked


def test_half_of_what_was_asked_is_the_border() -> None:
    assert not is_short(0.5, 0.25) and is_short(0.5, 0.2499) and not is_short(0.0, 0.0)
    whole = {"what": "w", "of": "words", "asked": 0.5, "shares": {"en": 0.25, "de": 0.3}}
    assert shortfalls([whole]) == []
    (note,) = shortfalls([whole | {"shares": {"en": 0.25, "de": 0.01, "ar": 0.0}}] * 2)
    assert note.startswith("w changed 0.0% of the words in ar, 1.0% of the words in de, where 50% were asked for")
    (note,) = shortfalls([whole | {"shares": {f"l{i}": 0.0 for i in range(12)}}])
    assert "and less than half in 4 more languages" in note
    typos = attacker("typos", rate=0.3)
    assert portion_summary(typos, {"en": [1, 10], "de": [1, 10]}) == {
        "changed_words": 0.1, "short": "less than half of the 30% asked for",
    }  # fmt: skip
    assert portion_summary(typos, {"en": [3, 10]}) == {"changed_words": 0.3} and portion_summary(typos, {}) == {}


def test_a_sample_of_many_rows_is_spread_evenly(lists: str) -> None:
    rows = [row("old old", name=str(i), language="en" if i < 900 else "zh") for i in range(1000)]
    found = sample_changes(attacker("synonyms", folder=lists, rate=1.0), rows, "classify", None, None)
    assert found == {"en": [2 * SAMPLE * 9 // 10, 2 * SAMPLE * 9 // 10], "zh": [0, 2 * SAMPLE // 10]}


# whole runs

FILES = "{type: files, train: t.tsv, dev: t.tsv, test: t.tsv, pair: pair, labels: [good, bad], label_breakers: []}"
FEW, ALL = (f"{{type: synonyms, folder: {name}, rate: 1.0, protect: [pair]}}" for name in ("few", "all"))
RECIPE = f"""
name: portions
source: mirror
model: {{type: scratch, layers: 1, width: 16, heads: 2, feedforward: 16, vocabulary: 300, dropout: 0}}
seeds: [1, 2]
stages:
  drawn: {{tasks: {{a: {{reader: {FILES}, augment: [{FEW}, {ALL}]}}}}}}
  given: {{start: drawn, tasks: {{a: {{reader: {FILES}, attacked: {{attacker: {FEW}, share: 1.0}}}}}}}}
  fitted: {{tasks: {{a: {{reader: {FILES}, attacked: {{attacker: {ALL}, share: 1.0}}}}}}}}
evaluate:
  clean: {{stage: given}}
  few: {{stage: given, attacker: {FEW}}}
  all: {{stage: given, attacker: {ALL}}}
  fitted: {{stage: fitted}}
limits: {{steps: 2, least_learning_rate: 1e-2}}
"""
WORDS = "alpha beta gamma delta epsilon".split()


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Graph]]:
    folder = tmp_path_factory.mktemp("portions")
    lines = [f"{' '.join(WORDS)} {'s' * (i + 1)}\tpair {i}\t{('good', 'bad')[i % 2]}" for i in range(8)]
    (folder / "t.tsv").write_text("\n".join(["text\tpair\tlabel", *lines]) + "\n")
    letters = ["s" * (i + 1) for i in range(8)]
    for name, words in {"few": WORDS[:1], "all": [*WORDS, *letters]}.items():
        (folder / name).mkdir()
        (folder / name / "en.txt").write_text("".join(f"{word}\tnew{word}\n" for word in words))
    (folder / "r.yaml").write_text(RECIPE)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XFER_DATA", str(folder))
        patched.chdir(folder.parent)  # so that the lists are found under $XFER_DATA
        store = Store(folder / "store")
        graph = open_graph(load_recipe(folder / "r.yaml").recipe, store)
        threads = torch.get_num_threads()
        error = run_failure(execute_graph(graph, store), graph)
        torch.set_num_threads(threads)
    assert error is None, error
    yield store, graph


def entry(ran: tuple[Store, Graph], kind: str, label: str) -> Entry:
    store, graph = ran
    node = next(node for node in graph.nodes.values() if (node.kind, node.label) == (kind, label))
    found = store.find(node.kind, node.key)
    assert found is not None
    return found


def test_an_attack_keeps_what_it_changed(ran: tuple[Store, Graph]) -> None:
    few, whole = entry(ran, "attack", "few"), entry(ran, "attack", "all")
    portion = {"what": "few", "of": "words", "asked": 1.0, "shares": {"en": 1 / 6}}
    assert few.read("size.json") == {"rows": 8, "portion": portion}
    assert few.node_record()["summary"] == {
        "rows": 8, "changed": 8, "changed_words": round(1 / 6, 4), "short": "less than half of the 100% asked for",
    }  # fmt: skip
    assert whole.node_record()["summary"] == {"rows": 8, "changed": 8, "changed_words": 1.0}


def test_a_stage_keeps_what_changed_its_rows_and_hands_it_on(ran: tuple[Store, Graph]) -> None:
    drawn = [
        {"what": "stage drawn, task a: synonyms", "of": "words", "asked": 1.0, "shares": {"en": share}}
        for share in (1 / 6, 1.0)
    ]
    given = drawn[0] | {"what": "stage given, task a: synonyms"}
    fitted = drawn[1] | {"what": "stage fitted, task a: synonyms"}
    assert entry(ran, "train", "drawn seed 1").read("portions.json") == drawn
    for kind in ("train", "predict", "score"):
        label = "given seed 2" if kind == "train" else "clean seed 2"
        assert entry(ran, kind, label).read("portions.json") == [*drawn, given]
    assert entry(ran, "train", "fitted seed 1").read("portions.json") == [fitted]
    short = entry(ran, "train", "drawn seed 2").node_record()["summary"]["short"]
    assert short.startswith("stage drawn, task a: synonyms changed 16.7% of the words in en, where 100% were asked for")
    assert "short" not in entry(ran, "train", "fitted seed 1").node_record()["summary"]


def test_a_report_shows_it_and_warns(ran: tuple[Store, Graph]) -> None:
    report = entry(ran, "report", "portions").read("report.json")
    ends = "changed 16.7% of the words in en, where 100% were asked for: its lists or rules hardly fit this text"
    repeated = "stage given trains on the data of files, as stage drawn before it: "
    assert [note for note in report["notes"] if not note.startswith(repeated)] == [
        f"evaluation few {ends}",
        f"stage drawn, task a: synonyms {ends}",
        f"stage given, task a: synonyms {ends}",
    ]
    attacks = report["robustness"]["attacks"]
    for name, share in (("few", 100 / 6), ("all", 100)):
        for cells in (attacks[name]["languages"]["en"], attacks[name]["mean"]):
            assert cells["portion"]["value"] == pytest.approx(share) and cells["asked"] == {"value": 100.0}
    shown = report_text(report)
    header = next(line for line in shown.splitlines() if line.startswith("attack "))
    assert "changed %" in header and "asked %" in header
    assert f"note: evaluation few {ends}" in shown and f"Note: evaluation few {ends}." in report_markdown(report)
    assert any(line.startswith("en,few.portion,16.66") for line in csv_table(report).splitlines())


def test_an_attack_that_was_made_before_needs_no_other(ran: tuple[Store, Graph]) -> None:
    """A report takes what was changed from the rows, so that an old entry without ``portion`` serves as well."""
    from xfer.reports.changed import attacked_rows_of, measured

    _, graph = ran
    attack = next(node for node in graph.nodes.values() if (node.kind, node.label) == ("attack", "few"))
    made, given = entry(ran, "attack", "few"), ran[0].find("data", attack.parents["rows"].key)
    assert given is not None and measured(made) == ("words", ("pair",))
    assert attacked_rows_of(made, given, measured(made)).portion() == pytest.approx(1 / 6)
    assert attacked_rows_of(made, given).portion() == pytest.approx(8 / 64)  # both sides


def test_size_of_a_plan_reads_no_portion(ran: tuple[Store, Graph]) -> None:
    from xfer.execution.plan import plan_nodes

    store, graph = ran
    lines = plan_nodes(graph.nodes.values(), store)
    assert all(line["stored"] for line in lines) and json.dumps(lines)
