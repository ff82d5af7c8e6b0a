"""A whole recipe on made-up files in three languages: pretrain, fine-tune, test clean and with typos, report.

Also what must hold around it: nothing runs twice, a change reruns what depends on it, kills and company change nothing.
"""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import torch
import transformers

import xfer
from xfer.core.store import Store
from xfer.execution.walk import execute_graph, open_graph, run_failure
from xfer.recipe.load import load_recipe
from xfer.steps import steps

NOUNS = {
    "en": "cat dog house river garden bread".split(),
    "de": "Katze Hund Haus Fluss Garten Brot".split(),
    "el": "γάτα σκύλος σπίτι ποτάμι κήπος ψωμί".split(),
}
GOOD = {"en": "wonderful lovely", "de": "wunderbar herrlich", "el": "υπέροχο όμορφο"}
BAD = {"en": "terrible awful", "de": "furchtbar hässlich", "el": "τρομερό άσχημο"}
ROWS = {"train": 64, "dev": 12, "test": 30}

READER = """
      type: files
      train: train-{language}.tsv
      dev: dev-{language}.tsv
      test: test-{language}.tsv
      id: name
      text: sentence
      label: verdict
      labels: [bad, good]
      test_languages: [en, de, el]
"""
RECIPE = f"""\
name: tiny
source: mirror
model: {{type: scratch, layers: 2, width: 32, heads: 2, vocabulary: 400, positions: 32}}
seeds: [1, 2]
stages:
  words:
    reader:
      {{type: files, form: mask, train: "text-{{language}}.txt", languages: [en, de, el], held_out: 9}}
    seed: 0
    trainer: {{steps: 20, batch_tokens: 400, learning_rate: 3e-3, max_length: 24, evaluate_every: 10, precision: fp32}}
  direct:
    reader:{READER}\
    trainer: {{steps: 10, batch_size: 16, learning_rate: 3e-3, max_length: 24, evaluate_every: 5, precision: fp32}}
  review:
    start: words
    reader:{READER}\
    trainer: {{steps: 50, batch_size: 16, learning_rate: 5e-3, max_length: 24, evaluate_every: 10, precision: fp32}}
evaluate:
  direct: {{stage: direct}}
  clean: {{stage: review}}
  typos: {{stage: review, rows: 20, attacker: {{type: typos, rate: 0.9}}}}
report: {{compare: clean, baseline: direct}}
"""
NODES = Counter(data=6, train=5, attack=1, predict=8, score=8, report=1)

# Runs a recipe on a store and notes every node that it does itself: "started" and "finished" lines.
PROGRAM = """
import sys
from pathlib import Path
from xfer.recipe.load import load_recipe
from xfer.execution.walk import execute_graph, run_failure, open_graph
from xfer.core.store import Store
from xfer.steps import steps as local

recipe, folder, notes = sys.argv[1:]
store = Store(Path(folder))
graph = open_graph(load_recipe(recipe).recipe, store)

def work(node, parents, folder, progress):
    def note(what):
        with open(notes, "a") as file:
            file.write(f"{what} {node.kind} {node.key}\\n")
    note("started")
    done = local.work(node, parents, folder, progress)
    note("finished")
    return done

error = run_failure(execute_graph(graph, store, work=work), graph)
sys.exit(str(error) if error else 0)
"""


def variables() -> dict[str, str]:
    """The environment of a process that must find this xfer, installed or not."""
    return dict(os.environ) | {"PYTHONPATH": str(Path(xfer.__file__).parents[1]), "OMP_NUM_THREADS": "1"}


def sentence(language: str, good: bool, draw: Random) -> str:
    nouns, words = NOUNS[language], (GOOD if good else BAD)[language].split()
    return " ".join([draw.choice(nouns), draw.choice(words), *draw.choices(nouns, k=3), draw.choice(words)])


@pytest.fixture(scope="module", autouse=True)
def pieces() -> None:
    """The installed segmenter, as in the processes that this module starts."""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The recipe, with its data in $XFER_DATA."""
    folder = tmp_path_factory.mktemp("recipe")
    for language in NOUNS:
        draw, texts = Random(language), []
        for split, count in ROWS.items():
            with (folder / f"{split}-{language}.tsv").open("w", encoding="utf-8") as file:
                file.write("name\tsentence\tverdict\n")
                for number in range(count):
                    texts.append(sentence(language, number % 2 == 0, draw))
                    file.write(f"{split}{number}\t{texts[-1]}\t{('good', 'bad')[number % 2]}\n")
        (folder / f"text-{language}.txt").write_text("\n".join(texts) + "\n", encoding="utf-8")
    (folder / "tiny.yaml").write_text(RECIPE, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XFER_DATA", str(folder))
        yield folder / "tiny.yaml"


class Finished:
    """A run through the command line, in a process of its own."""

    def __init__(self, recipe: Path, folder: Path, *words: str) -> None:
        self.store, self.runs = folder / "store", folder / "runs"
        options = ["--store", str(self.store), "--runs", str(self.runs), "--json"]
        command = [sys.executable, "-m", "xfer", "train", str(recipe), *options, *words]
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=variables())
        assert done.returncode == 0, done.stderr
        self.report = json.loads(done.stdout)


@pytest.fixture(scope="module")
def finished(recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return Finished(recipe, tmp_path_factory.mktemp("finished"))


def run(
    recipe: Path, store: Path, *sets: str, work: Callable[..., Any] = steps.work
) -> tuple[dict[str, Any], list[str]]:
    """Runs in this process; returns the report and the kinds of the nodes that ran."""
    opened, ran = Store(store), []
    graph = open_graph(load_recipe(recipe, sets=sets).recipe, opened)

    def watched(node: Any, *rest: Any) -> Any:
        ran.append(node.kind)
        return work(node, *rest)

    outcome = execute_graph(graph, opened, work=watched)
    assert run_failure(outcome, graph) is None
    assert graph.report is not None
    return outcome.entries[graph.report.key].read("report.json"), ran


def verdicts(model: Path, language: str, recipe: Path) -> float:
    """The accuracy on the test file of a language, by transformers alone."""
    network = transformers.AutoModelForSequenceClassification.from_pretrained(model)
    tokenizer = transformers.AutoTokenizer.from_pretrained(model)
    with (recipe.parent / f"test-{language}.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    with torch.no_grad():
        texts = [row["sentence"] for row in rows]
        batch = tokenizer(texts, truncation=True, max_length=24, padding=True, return_tensors="pt")
        best = network(**batch).logits.argmax(1).tolist()
    return sum(network.config.id2label[b] == row["verdict"] for b, row in zip(best, rows, strict=True)) / len(rows)


def notes(path: Path) -> list[tuple[str, ...]]:
    return [tuple(line.split()) for line in path.read_text().splitlines()] if path.is_file() else []


def start(recipe: Path, store: Path, notes: Path) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", PROGRAM, str(recipe), str(store), str(notes)]
    return subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=variables())


def test_the_report_has_every_language_and_column(finished: Finished) -> None:
    report = finished.report
    assert list(report["languages"]) == ["de", "el", "en"]
    columns = {"direct", "clean", "bought", "oracle", "typos", "typos.drop", "typos.relative"}
    assert set(report["languages"]["en"]) == columns
    assert set(report["languages"]["de"]) == set(report["languages"]["el"]) == columns | {"gap"}
    rows = {name: cell["rows"] for name, cell in report["languages"]["de"].items()}
    attacked = {"typos", "typos.drop", "typos.relative"}
    assert rows == {name: 20 if name in attacked else 30 for name in columns | {"gap"}}


def test_the_scores_are_those_of_the_saved_models_through_transformers_alone(finished: Finished, recipe: Path) -> None:
    for language in NOUNS:
        row = finished.report["languages"][language]
        for stage, column in (("direct", "direct"), ("review", "clean")):
            folders = [finished.runs / "tiny" / f"seed-{seed}" / stage / "files" for seed in (1, 2)]
            wanted = 50 * sum(verdicts(folder, language, recipe) for folder in folders)
            assert row[column]["value"] == pytest.approx(wanted)
        assert row["bought"]["value"] == pytest.approx(row["clean"]["value"] - row["direct"]["value"])


def test_english_is_learned_and_typos_cost_something(finished: Finished) -> None:
    english = finished.report["languages"]["en"]
    assert english["clean"]["value"] > 90
    assert english["typos.drop"]["value"] > 0
    assert english["clean"]["low"] <= english["clean"]["value"] <= english["clean"]["high"]


def test_the_folder_of_results_holds_the_report_in_three_forms(finished: Finished) -> None:
    folder = finished.runs / "tiny"
    assert json.loads((folder / "report.json").read_text()) == finished.report
    table = (folder / "report.md").read_text()
    assert all(f"| {language} |" in table for language in (*NOUNS, "mean"))
    with (folder / "report.csv").open() as file:
        cells = {(row["language"], row["column"]): float(row["value"]) for row in csv.DictReader(file)}
    assert cells["el", "clean"] == pytest.approx(finished.report["languages"]["el"]["clean"]["value"])


def test_another_process_and_another_store_give_the_same_report(
    finished: Finished, recipe: Path, tmp_path: Path
) -> None:
    assert xfer.run(recipe, store=tmp_path) == finished.report


def test_a_second_run_does_no_work(finished: Finished, recipe: Path) -> None:
    def never(node: Any, *_: Any) -> Any:
        raise AssertionError(f"{node.kind} {node.label} ran again")

    report, ran = run(recipe, finished.store, work=never)
    assert ran == [] and report == finished.report


def test_a_changed_attacker_reruns_what_stands_on_it_alone(finished: Finished, recipe: Path) -> None:
    report, ran = run(recipe, finished.store, "evaluate.typos.attacker.rate=0.5")
    assert Counter(ran) == Counter(attack=1, predict=2, score=2, report=1)
    before, after = finished.report["languages"]["en"], report["languages"]["en"]
    assert after["clean"] == before["clean"] and after["typos"] != before["typos"]


def test_another_name_of_the_recipe_reruns_the_report_alone(finished: Finished, recipe: Path) -> None:
    assert run(recipe, finished.store, "name=other")[1] == ["report"]


def test_a_new_seed_shares_what_has_a_seed_of_its_own(finished: Finished, recipe: Path) -> None:
    _, ran = run(recipe, finished.store, "seeds=[2, 3]")
    assert Counter(ran) == Counter(train=2, predict=4, score=4, report=1)  # neither data, words nor the attack


def test_two_processes_run_each_node_once_and_agree(finished: Finished, recipe: Path, tmp_path: Path) -> None:
    both = [start(recipe, tmp_path / "store", tmp_path / f"notes{i}") for i in range(2)]
    errors = [process.communicate(timeout=200)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], errors
    ran = [note[1:] for i in range(2) for note in notes(tmp_path / f"notes{i}") if note[0] == "started"]
    assert Counter(kind for kind, _ in ran) == NODES
    assert len(set(ran)) == len(ran)
    assert run(recipe, tmp_path / "store") == (finished.report, [])
    assert not [path for path in (tmp_path / "store" / "locks").iterdir() if not path.name.startswith(".")]


def test_workers_share_the_work_and_change_nothing(finished: Finished, recipe: Path, tmp_path: Path) -> None:
    found = Finished(recipe, tmp_path, "--workers", "2")
    assert found.report == finished.report
    records = (json.loads(path.read_text()) for path in (found.store / "nodes").glob("*/*/node.json"))
    assert len({record["process"] for record in records}) == 2


def test_a_worker_ends_with_the_process_that_started_it(recipe: Path, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "xfer", "train", str(recipe), "--store", str(tmp_path), "--worker"]
    worker = subprocess.Popen(words, stdin=subprocess.PIPE, env=variables())
    assert worker.stdin is not None
    worker.stdin.close()  # as the kernel does when the other end is killed
    assert worker.wait(timeout=60) != 0
    assert not (tmp_path / "nodes" / "report").exists()


def test_kills_at_any_moment_leave_the_result_as_it_was(finished: Finished, recipe: Path, tmp_path: Path) -> None:
    draw = Random(time.time_ns())
    begun = sorted(draw.sample(range(7, sum(NODES.values())), 2))  # kill when that many nodes have been started
    for count in begun:
        process = start(recipe, tmp_path / "store", tmp_path / "notes")
        while process.poll() is None and sum(note[0] == "started" for note in notes(tmp_path / "notes")) < count:
            time.sleep(0.01)
        time.sleep(draw.random() * 0.3)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    done = {note[1:] for note in notes(tmp_path / "notes") if note[0] == "finished"}
    report, ran = run(recipe, tmp_path / "store")
    assert report == finished.report, f"killed when {begun} nodes had been started"
    assert len(ran) <= sum(NODES.values()) - len(done) + len(begun)  # at most one node a kill is done again
    assert not list((tmp_path / "store" / "work").iterdir())


def test_rows_of_another_split_are_not_compared_though_their_numbers_agree(recipe: Path, tmp_path: Path) -> None:
    lines = [line for line in RECIPE.splitlines() if line.strip() != "id: name"]  # the line numbers name the rows
    text = "\n".join(lines).replace("rows: 20, attacker", "split: dev, attacker").replace("steps: 50", "steps: 4")
    (tmp_path / "tiny.yaml").write_text(text + "\n", encoding="utf-8")
    row = run(tmp_path / "tiny.yaml", tmp_path / "store", "seeds=[1]")[0]["languages"]["en"]
    assert row["typos"]["rows"] == 12 and row["clean"]["rows"] == 30
    assert "typos.drop" not in row and "typos.relative" not in row
    assert row["bought"]["rows"] == 30


def test_a_baseline_trained_on_another_language_is_compared_on_the_same_test_rows(recipe: Path, tmp_path: Path) -> None:
    text = RECIPE.replace(f"  direct:\n    reader:{READER}", f"  direct:\n    reader:{READER}      languages: [de]\n")
    assert text != RECIPE
    text = text.replace("  typos: {stage: review, rows: 20, attacker: {type: typos, rate: 0.9}}\n", "")
    (tmp_path / "tiny.yaml").write_text(text.replace("steps: 50", "steps: 4"), encoding="utf-8")
    row = run(tmp_path / "tiny.yaml", tmp_path / "store", "seeds=[1]")[0]["languages"]["el"]
    assert row["bought"]["rows"] == 30
    assert row["bought"]["value"] == pytest.approx(row["clean"]["value"] - row["direct"]["value"])
