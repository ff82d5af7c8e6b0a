"""What a search is given, and what it makes of rows, in this process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from xfer.attackers.base import Attacker
from xfer.attackers.search.base import Setting
from xfer.attackers.search.scheduler import WIDTH
from xfer.graph.compile import Node
from xfer.steps.network import tested
from xfer.steps.rows import Parents, each, read_rows


def found_by(
    node: Node, parents: Parents, rows: Sequence[dict[str, Any]], told: dict[str, int]
) -> Iterator[dict[str, Any]]:
    """What the node's search makes of the rows, in this process and with one thread: see ``shares``.

    ``told`` gets ``unsteady`` afterwards, if there are shapes of a batch in which this device did not give a row the
    same bits at every place: results may then differ in ties from run to run.
    """
    import torch  # late: slow

    given = setting(node, parents)
    torch.set_num_threads(1)
    yield from node.spec["attacker"].search(rows, given)
    victim: Any = given.oracles["victim"]
    if victim.machine.unsteady:
        told["unsteady"] = len(victim.machine.unsteady)


def known_to(attacker: Attacker, parents: Parents) -> Any:
    """What an attacker makes of further rows of the data set."""
    return attacker.prepare(each(read_rows(parents["further"]) if "further" in parents else {}))


def setting(node: Node, parents: Parents) -> Setting:
    """What the search of a node is given: the task's aim, and the network under test as the victim."""
    from xfer.models.victims.build import victim  # late: imports torch

    network, max_length = tested(node, parents)
    job, attacker = node.job, node.spec["attacker"]
    wanted = attacker.aim(job["form"], job["labels"], job["options"])
    searched = each(read_rows(parents["rows"])) if job["form"] == "retrieve" else ()
    oracles: dict[str, Any] = {"victim": victim(network, job["task"], max_length, searched, attacker.goal.k or 1)}
    oracles |= attacker.constraints.oracles(_tagger(node, parents))
    known = known_to(attacker, parents)
    tables = parents["rows"].path.parents[2] / "tables"  # beside the nodes of the store
    width = WIDTH * (8 if next(network.parameters()).is_cuda else 1)  # a GPU wants larger batches
    return Setting(job["form"], tuple(job["labels"]), wanted, oracles, width, known=known, cache=tables)


def _tagger(node: Node, parents: Parents) -> Any:
    """The stage that tells parts of speech, as an oracle; None where none is named."""
    if "tagger" not in parents:
        return None
    from xfer.models.victims.forms import Tagger  # late: imports torch

    about = node.job["tagger"]
    network, max_length = tested(Node("attack", node.label, about), {"train": parents["tagger"]})
    return Tagger(network, about["task"], max_length)
