"""The dose of every tested network of a study: updates, rows and tokens of each stage of its chain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from xfer.graph.compile import Graph, Node
from xfer.graph.training import TrainJob
from xfer.recipe.study import Levels
from xfer.reports.study.doses import AMOUNTS, DoseRow

PlanLine = Mapping[str, Any]  # of plan.plan_nodes


def network_doses(cells: Iterable[tuple[Levels, Graph | None]], lines: Iterable[PlanLine]) -> list[DoseRow]:
    """A row for each cell and each network that it tests, under its first seed: all seeds have one dose."""
    by_key = {str(line["key"]): line for line in lines}
    return [row for levels, graph in cells if graph for row in _cell_doses(levels, graph, by_key)]


def _cell_doses(levels: Levels, graph: Graph, lines: Mapping[str, PlanLine]) -> Iterator[DoseRow]:
    evaluations: dict[str, list[str]] = {}
    chains: dict[str, list[Node]] = {}
    for name, chain in _tested_chains(graph):
        key = chain[-1].key if chain else ""
        evaluations.setdefault(key, []).append(name)
        chains[key] = chain
    for key, chain in chains.items():
        stages = [_stage_dose(node, lines[node.key]) for node in chain]
        totals = {amount: _total([stage[amount] for stage in stages]) for amount in AMOUNTS}
        yield {"levels": levels, "evaluations": evaluations[key], "stages": stages} | totals


def _tested_chains(graph: Graph) -> Iterator[tuple[str, list[Node]]]:
    """Each evaluation with the stages that its network went through, the first one first."""
    seed = str(graph.recipe.seeds[0])
    for role, node in graph.report.parents.items() if graph.report else ():
        name, _, which = role.rpartition("/selected/")
        if node.kind == "score" and name and which == seed:
            yield name, _training_chain(node.parents["predict"].parents.get("train"))


def _training_chain(node: Node | None) -> list[Node]:
    chain: list[Node] = []
    while node is not None:
        chain.insert(0, node)
        node = node.parents.get("start")
    return chain


def _stage_dose(node: Node, line: PlanLine) -> DoseRow:
    """What a stage trains on, and how: ``rate`` is the peak learning rate, ``length`` in subwords."""
    job = node.job
    assert isinstance(job, TrainJob), f"{node.label} trains nothing"
    trainer = job.trainer
    dose: DoseRow = {"stage": node.label.rsplit(" seed ", 1)[0], "updates": line["steps"], "rows": line["rows_read"]}
    tokens = line["tokens"] if line["rows_read"] else None
    return dose | {"tokens": tokens, "rate": trainer.learning_rate, "length": trainer.max_length}


def _total(amounts: Sequence[int | None]) -> int | None:
    numbers = [amount for amount in amounts if amount is not None]
    return sum(numbers) if len(numbers) == len(amounts) else None
