"""Whole recipes with attacked training rows: what is attacked, what is left alone, what the stage says of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import torch
from click.testing import CliRunner

from xfer.commands.explain import explain
from xfer.commands.train import train
from xfer.core.store import Store
from xfer.execution.walk import execute_graph, open_graph, run_failure
from xfer.graph.compile import Graph
from xfer.recipe.load import load_recipe

FILES = (
    "{type: files, train: train.tsv, dev: train.tsv, test: train.tsv, pair: pair, labels: [good, bad], languages: [en]}"
)
TYPOS = "{type: typos, rate: 1.0, protect: [premise]}"
ROOFS = "{type: 'roofs_search:Roofs', budget: 5}"
RECIPE = f"""
name: attacked
source: mirror
model: {{type: scratch, layers: 1, width: 16, heads: 2, feedforward: 16, vocabulary: 300, dropout: 0}}
stages:
  rule: {{tasks: {{a: {{reader: {FILES}, attacked: {{attacker: {TYPOS}, share: 0.25}}}}}}}}
  plain: {{tasks: {{a: {{reader: {FILES}}}}}}}
  none: {{tasks: {{a: {{reader: {FILES}, attacked: {{attacker: {TYPOS}, share: 0}}}}}}}}
  search: {{tasks: {{a: {{reader: {FILES}, attacked: {{attacker: {ROOFS}, by: plain, share: 0.5}}}}}}}}
  fresh: {{tasks: {{a: {{reader: {FILES}, attacked: {{attacker: {ROOFS}, refresh: 0.5, share: 0.5}}}}}}}}
evaluate: {{clean: {{stage: search, languages: [en]}}}}
limits: {{steps: 8, least_learning_rate: 1e-2}}
"""
SEARCH = '''
from xfer.attackers.search.base import Search
from xfer.attackers.search import scheduler
from xfer.attackers.search.outcome import SearchOutcome


class Roofs(Search):
    """The hypothesis becomes one word, which always fools."""

    forms = ("classify",)
    budget: int = 5

    def make_slot(self, setting):
        def work(row):
            scheduler.ask_oracle("victim", [setting.aim.victim_item(setting.aim.editable_text(row))])
            return SearchOutcome("succeeded", row | {"pair": "roofs"}, 1, 1.0)

        return work
'''


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Graph, Path]]:
    folder = tmp_path_factory.mktemp("attacked")
    lines = [f"the premise {i}\tsome words {i * 7 % 11} here\t{('good', 'bad')[i % 2]}" for i in range(40)]
    (folder / "train.tsv").write_text("\n".join(["text\tpair\tlabel", *lines]) + "\n")
    (folder / "r.yaml").write_text(RECIPE)
    (folder / "roofs_search.py").write_text(SEARCH)
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(folder))
        patched.setenv("XFER_DATA", str(folder))
        patched.chdir(folder)
        store = Store(folder / "store")
        graph = open_graph(load_recipe(folder / "r.yaml").recipe, store)
        threads = torch.get_num_threads()
        error = run_failure(execute_graph(graph, store), graph)
        torch.set_num_threads(threads)
        assert error is None, error
        yield store, graph, folder


def rows(store: Store, node: Any, name: str = "rows") -> list[dict[str, Any]]:
    entry = store.find(node.kind, node.key)
    assert entry is not None
    found: list[dict[str, Any]] = pq.read_table(entry.out / f"{name}.parquet").to_pylist()
    return found


@pytest.mark.parametrize(("stage", "count"), [("rule", 10), ("search", 20)])
def test_a_share_of_the_rows_is_attacked_and_keeps_labels_and_protected_sides(ran: Any, stage: str, count: int) -> None:
    store, graph, _ = ran
    node = graph.stages[stage, 1].parents["attacked/a"]
    clean = {row["id"]: row for row in rows(store, node.parents["rows"])}
    attacked = rows(store, node)
    assert len(attacked) == count == len({row["id"] for row in attacked})
    for row in attacked:
        own = clean[row["id"]]
        assert (row["label"], row["text"]) == (own["label"], own["text"]) and row["pair"] != own["pair"]


def test_the_stage_tells_how_many_rows_it_learnt(ran: Any) -> None:
    store, graph, _ = ran

    def told(stage: str) -> Any:
        entry = store.find("train", graph.stages[stage, 1].key)
        assert entry is not None
        return entry.read("training.json").get("attacked")

    assert told("rule") == [{"task": "a", "step": 0, "trained": 10}]
    assert told("search") == [{"task": "a", "step": 0, "trained": 20}] and told("plain") is None
    (fresh,) = told("fresh")
    assert fresh["step"] > 0 and fresh["queries"] == fresh["rows"] == fresh["trained"] > 0


def test_without_a_share_the_stage_is_the_plain_one(ran: Any) -> None:
    _, graph, _ = ran
    assert graph.stages["none", 1] is graph.stages["plain", 1]


def test_explain_and_the_plan_know_the_attack(ran: Any) -> None:
    _, _, folder = ran
    for command, words, label in (
        (explain, ["r.yaml", "search"], "search a seed 1"),
        (train, ["r.yaml", "--dry-run"], "rule a"),
    ):
        found = CliRunner().invoke(command, [*words, "--store", str(folder / "store")])
        assert found.exit_code == 0, found.output
        (line,) = (line for line in found.output.splitlines() if line.startswith("attack") and f"  {label} " in line)
        assert "in the store" in line
