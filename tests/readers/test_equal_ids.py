"""Rows that share an id, through whole recipes: what comes of them is what comes of rows whose ids are their own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from xfer.attackers.base import Attacker
from xfer.commands.export import EvaluationPredictions, _write_files
from xfer.core.errors import StoreDamaged
from xfer.core.store import Entry, Store
from xfer.execution.walk import execute_graph, open_graph, run_failure
from xfer.graph.compile import Graph, Node
from xfer.readers.base import Reader
from xfer.readers.identity import identified
from xfer.recipe.load import load_recipe
from xfer.reports.changed import attacked_rows_of
from xfer.reports.credits import Credits
from xfer.steps import attacks
from xfer.steps.rows import read_rows, row_dicts, write_rows

GOOD, BAD = "warm kind clean lovely happy".split(), "cold rough sad dirty awful".split()
THINGS = "house song story street room garden".split()
SEARCH = '''
from xfer.attackers.search.base import Search
from xfer.attackers.search import scheduler
from xfer.attackers.search.outcome import SearchOutcome


class Worst(Search):
    """Whichever word hurts most is left out: nothing of it is drawn."""

    forms = ("classify",)

    def make_slot(self, setting):
        def work(row):
            words, aim = row["text"].split(), setting.aim
            texts = [" ".join(words[:i] + words[i + 1 :]) for i in range(len(words))]
            rows = [row | {"text": text} for text in texts]
            answers = scheduler.ask_oracle("victim", [aim.victim_item(aim.editable_text(one)) for one in rows])
            judged = [aim.judge_answer(answer, aim.gold_answer(row)) for answer in answers]
            best = max(range(len(rows)), key=lambda i: judged[i][0])
            return SearchOutcome("succeeded" if judged[best][1] else "failed", rows[best], len(rows), judged[best][0])

        return work
'''
FILES = "{{type: files, train: {0}, dev: {0}, test: {1}, id: id, labels: [neg, pos], languages: [en]}}"
TRAINER = "{steps: 24, batch_size: 12, learning_rate: 1e-2, max_length: 12}"
WORST = "{type: 'worst_search:Worst'}"
RECIPE = f"""
name: twins
source: mirror
model: {{type: scratch, layers: 1, width: 16, heads: 2, feedforward: 16, vocabulary: 300, dropout: 0}}
seeds: [1]
stages:
  own: {{tasks: {{a: {{reader: {FILES.format("train.tsv", "TWIN.tsv")}}}}}, trainer: {TRAINER}}}
  taught: {{tasks: {{a: {{reader: {FILES.format("TWIN.tsv", "TWIN.tsv")}, attacked: {{attacker: {WORST}, by: own,
    share: 1, keep: all}}}}}}, trainer: {TRAINER}}}
  fresh: {{tasks: {{a: {{reader: {FILES.format("TWIN.tsv", "TWIN.tsv")}, attacked: {{attacker: {WORST}, refresh: 15,
    share: 1, keep: all}}}}}}, trainer: {TRAINER}}}
evaluate:
  clean: {{stage: own}}
  upper: {{stage: own, attacker: {{type: case, to: upper}}}}
  worst: {{stage: own, attacker: {WORST}}}
  typos: {{stage: own, attacker: {{type: typos, rate: 1.0}}}}
report: {{compare: clean}}
"""


class Ran(NamedTuple):
    """A finished run."""

    store: Store
    graph: Graph
    report: dict[str, Any]

    def entry(self, node: Node) -> Entry:
        found = self.store.find(node.kind, node.key)
        assert found is not None
        return found

    def score(self, evaluation: str, seed: int = 1) -> Node:
        assert self.graph.report is not None
        return self.graph.report.parents[f"{evaluation}/selected/{seed}"]

    def tested(self, evaluation: str) -> Node:
        """The node of the rows that an evaluation predicts."""
        return self.score(evaluation).parents["predict"].parents["rows"]

    def rows(self, node: Node, name: str = "rows.parquet") -> list[dict[str, Any]]:
        return row_dicts(read_rows(self.entry(node), name))


def texts(odd: int = 99) -> list[tuple[str, str]]:
    """Texts and labels; one in ``odd`` is at odds with the others, so that not every row is right."""
    found = []
    for i in range(36):
        words = (GOOD, BAD)[i % 2]
        text = f"the {THINGS[i % 6]} was {words[i % 5]} and {words[(i + i // 6) % 5]}"
        found.append((text, ("pos", "neg")[(i + (i % odd == 1)) % 2]))
    return found


def write(path: Path, ids: list[str], rows: list[tuple[str, str]]) -> None:
    lines = [f"{name}\t{text}\t{label}" for name, (text, label) in zip(ids, rows, strict=True)]
    path.write_text("\n".join(["id\ttext\tlabel", *lines]) + "\n")


def run(folder: Path, twin: str, ids: list[str]) -> Ran:
    write(folder / f"{twin}.tsv", ids, texts(odd=7))
    (folder / f"{twin}.yaml").write_text(RECIPE.replace("TWIN", twin))
    store = Store(folder / "store")
    graph = open_graph(load_recipe(folder / f"{twin}.yaml").recipe, store)
    outcome = execute_graph(graph, store)
    assert run_failure(outcome, graph) is None and graph.report is not None, run_failure(outcome, graph)
    return Ran(store, graph, outcome.entries[graph.report.key].read("report.json"))


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ran, Ran]]:
    """The same rows, six a document that names them all, and each under an id of its own."""
    folder = tmp_path_factory.mktemp("twins")
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(folder))
        patched.setenv("XFER_DATA", str(folder))
        patched.chdir(folder)
        (folder / "worst_search.py").write_text(SEARCH)
        write(folder / "train.tsv", [f"t{i}" for i in range(36)], texts())
        shared = run(folder, "shared", [f"d{i // 6}" for i in range(36)])
        yield shared, run(folder, "alone", [f"r{i}" for i in range(36)])


def test_searched_and_changed_rows_are_those_of_unique_ids(twins: tuple[Ran, Ran]) -> None:
    for evaluation in ("worst", "upper"):
        shared, alone = (one.rows(one.tested(evaluation)) for one in twins)
        assert [(row["text"], row["label"]) for row in shared] == [(row["text"], row["label"]) for row in alone]
        assert len({row["text"] for row in shared}) > 6
    states = [
        [(row.state, row.words_changed, row.words, row.queries) for row in attacked_rows_of(attack, given).rows]
        for one in twins
        for attack, given in [(one.entry(one.tested("worst")), one.entry(one.tested("clean")))]
    ]
    assert states[0] == states[1]


def test_rows_that_share_an_id_are_paired_with_their_own(twins: tuple[Ran, Ran]) -> None:
    cells = [one.report["languages"]["en"] for one in twins]
    for column in ("clean", "upper", "upper.drop", "worst", "worst.drop"):
        assert cells[0][column] == pytest.approx(cells[1][column])  # sums run in the order of the names
    assert cells[0]["worst.drop"]["value"] > 0 and cells[0]["clean"]["value"] < 100
    for found in cells:
        for name in ("upper", "worst", "typos"):
            assert found[f"{name}.drop"]["value"] == pytest.approx(found["clean"]["value"] - found[name]["value"])
    attacked = [one.report["robustness"]["attacks"]["worst"]["languages"] for one in twins]
    assert attacked[0] == attacked[1]


def test_each_row_draws_for_itself() -> None:
    text = "the warm house stands near the river today"
    rows = identified([{"id": "d", "language": "en", "text": text, "pair": None, "label": ""}] * 8).rows
    typos: Any = Attacker.model_validate({"type": "typos", "rate": 0.5})
    assert len({typos.change(row)[0]["text"] for row in rows}) > 4


@pytest.mark.parametrize("stage", ["taught", "fresh"])
def test_attacked_rows_of_training_stand_beside_their_own(twins: tuple[Ran, Ran], stage: str) -> None:
    stages = [one.entry(one.graph.stages[stage, 1]) for one in twins]
    told = [entry.read("training.json")["attacked"] for entry in stages]
    assert told[0] == told[1] and told[0][0]["trained"] == 36
    weights = [(stage.out / "selected" / "a" / "model.safetensors").read_bytes() for stage in stages]
    assert weights[0] == weights[1]


def test_a_search_that_was_cut_short_goes_on_with_the_rows_left(twins: tuple[Ran, Ran], tmp_path: Path) -> None:
    shared = twins[0]
    node = shared.tested("worst")
    parents = {role: shared.entry(parent) for role, parent in node.parents.items()}
    whole = shared.rows(node)
    lines = [row | {"status": "failed", "queries": 3, "forwards": 3, "message": "kept"} for row in whole[:4]]
    (tmp_path / "results.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "out").mkdir()
    attacks.attack_step(node.job, parents, tmp_path, lambda *_, **__: None)
    made = SimpleNamespace(out=tmp_path / "out")
    assert row_dicts(read_rows(made)) == whole  # type: ignore[arg-type]
    notes = row_dicts(read_rows(made, "edits.parquet"))  # type: ignore[arg-type]
    assert [note["message"] == "kept" for note in notes] == [True] * 4 + [False] * 32


def test_predictions_keep_the_ids_of_the_file_where_they_are_shared(twins: tuple[Ran, Ran]) -> None:
    shared, alone = (one.rows(one.score("worst").parents["predict"], "predictions.parquet") for one in twins)
    assert [row["file_id"] for row in shared] == [f"d{i // 6}" for i in range(36)]
    assert [row["id"] for row in shared[:2]] == ["d0 (1 of 6)", "d0 (2 of 6)"] and "file_id" not in alone[0]


def test_scores_and_rows_that_an_earlier_version_stored_are_refused(twins: tuple[Ran, Ran], tmp_path: Path) -> None:
    credit = {"id": ["a", "a"], "language": ["en"] * 2, "accuracy": [1.0, 0.0], "accuracy.of": [1.0] * 2}
    with pytest.raises(StoreDamaged, match="scored rows: 2 have the id 'a'"):
        Credits([credit])
    shared = twins[0]
    node = shared.tested("upper")
    rows = read_rows(shared.entry(node.parents["rows"]))
    (tmp_path / "in" / "out").mkdir(parents=True)
    write_rows(tmp_path / "in" / "out" / "rows.parquet", rows | {"id": rows["file_id"]})
    with pytest.raises(StoreDamaged, match=r"rows of attack upper.*: 6 have the id 'd0'"):
        attacks.attack_step(node.job, {"rows": Entry("data", "k", tmp_path / "in")}, tmp_path, lambda *_: None)


# translations of the same rows


def parallel(language: str, *pairs: tuple[str, str]) -> list[dict[str, Any]]:
    more = {"language": language, "label": "neutral"}
    return identified([{"id": "x", "text": text, "pair": pair} | more for text, pair in pairs]).rows


EN = (("the dog sees a house", "a dog sees"), ("the cat reads", "a cat reads a book"))
DE = (("der Hund sieht ein Haus", "ein Hund sieht"), ("die Katze liest", "eine Katze liest ein Buch"))


def test_cross_language_takes_the_translation_of_the_same_row() -> None:
    cross: Any = Attacker.model_validate({"type": "cross_language", "other": "de"})
    rows = parallel("en", *EN)
    known = cross.prepare_state([*parallel("de", *DE), *rows])  # a file of xfer attack holds all languages
    assert [cross.change(row, "classify", known)[0]["pair"] for row in rows] == [pair for _, pair in DE]
    one_more = cross.prepare_state(parallel("de", *DE, DE[0]))  # nobody can tell which of them are translations
    assert [cross.change(row, "classify", one_more)[0] for row in rows] == [None, None]


def test_phrases_come_from_the_translation_of_the_same_row() -> None:
    mixing: Any = Attacker.model_validate({"type": "phrase_mixing", "languages": ["de"], "rate": 1.0, "words": 9})
    rows = parallel("en", *EN)
    known = mixing.prepare_state([*rows, *parallel("de", *DE)])
    for row, (text, pair) in zip(rows, DE, strict=True):
        changed, _ = mixing.change(row, "classify", known)
        words = {word for column in ("text", "pair") for word in changed[column].split()}
        new = words - set(" ".join(sum(EN, ())).split())
        assert new and new <= set(f"{text} {pair}".split())


# files that others read


def test_exports_have_the_files_ids_and_say_what_they_cannot_hold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = {"id": ["q (1 of 2)", "q (2 of 2)", "r"], "file_id": ["q", "q", "r"], "language": ["en"] * 3}
    rows |= {"gold": [["Anna"], ["Rome"], ["Ben"]], "predicted": ["Anna", "Rome", "Ben"]}
    part = EvaluationPredictions("clean", Reader.model_validate("xquad"), rows)
    written, gold = _write_files(part, tmp_path / "answers", tmp_path / "gold")
    assert json.loads(written.read_text()) == {"q": "Rome", "r": "Ben"}
    (found,) = json.loads(gold.read_text())["data"]
    assert [one["id"] for one in found["paragraphs"][0]["qas"]] == ["q", "q", "r"]
    assert "note: clean en: 1 of 3 answers is left out" in capsys.readouterr().err
