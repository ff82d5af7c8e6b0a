"""What a search is given, and what it makes of rows, in this process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from xfer.attackers.base import Attacker
from xfer.attackers.search.base import Setting
from xfer.attackers.search.scheduler import SEARCH_WIDTH
from xfer.graph.compile import Node
from xfer.steps.network import tested_network
from xfer.steps.rows import Parents, read_rows, row_dicts


def search_results(
    node: Node, parents: Parents, rows: Sequence[dict[str, Any]], run_facts: dict[str, int]
) -> Iterator[dict[str, Any]]:
    """What the node's search makes of the rows, in this process and with one thread: see ``shares``.

    ``told`` gets ``unsteady`` afterwards, if there are shapes of a batch in which this device did not give a row the
    same bits at every place: results may then differ in ties from run to run.
    """
    import torch  # late: slow

    given = search_setting(node, parents)
    torch.set_num_threads(1)
    yield from node.spec["attacker"].search_rows(rows, given)
    victim: Any = given.oracles["victim"]
    if victim.machine.unsteady:
        run_facts["unsteady"] = len(victim.machine.unsteady)


def prepared_rows(attacker: Attacker, parents: Parents) -> Any:
    """What an attacker makes of further rows of the data set."""
    return attacker.prepare_state(row_dicts(read_rows(parents["further"]) if "further" in parents else {}))


def search_setting(node: Node, parents: Parents) -> Setting:
    """What the search of a node is given: the task's aim, and the network under test as the victim."""
    from xfer.models.victims.build import build_victim  # late: imports torch

    network, max_length = tested_network(node, parents)
    job, attacker = node.job, node.spec["attacker"]
    aim = attacker.task_aim(job["form"], job["labels"], job["options"])
    searched = row_dicts(read_rows(parents["rows"])) if job["form"] == "retrieve" else ()
    oracles: dict[str, Any] = {"victim": build_victim(network, job["task"], max_length, searched, attacker.goal.k or 1)}
    oracles |= attacker.constraints.constraint_oracles(_tagger_oracle(node, parents))
    prepared = prepared_rows(attacker, parents)
    tables = parents["rows"].path.parents[2] / "tables"  # beside the nodes of the store
    width = SEARCH_WIDTH * (8 if next(network.parameters()).is_cuda else 1)  # a GPU wants larger batches
    return Setting(job["form"], tuple(job["labels"]), aim, oracles, width, prepared=prepared, cache=tables)


def _tagger_oracle(node: Node, parents: Parents) -> Any:
    """The stage that tells parts of speech, as an oracle; None where none is named."""
    if "tagger" not in parents:
        return None
    from xfer.models.victims.forms import TaggerVictim  # late: imports torch

    tagger_job = node.job["tagger"]
    network, max_length = tested_network(Node("attack", node.label, tagger_job), {"train": parents["tagger"]})
    return TaggerVictim(network, tagger_job["task"], max_length)
