"""What a search is given, and what it makes of rows, in this process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from xfer.attackers.base import Attacker
from xfer.attackers.search.base import Search, Setting
from xfer.attackers.search.job import Oracle
from xfer.attackers.search.scheduler import SEARCH_WIDTH
from xfer.core.store import Entry
from xfer.forms.sheet import form_facts
from xfer.graph.jobs import AttackJob
from xfer.steps.network import tested_network
from xfer.steps.rows import Parents, read_rows, row_dicts

if TYPE_CHECKING:
    from xfer.models.victims.forms import TaggerVictim


class SearchedRow(NamedTuple):
    """What a search made of one row.

    ``unsteady_shapes`` counts the shapes of a batch, met so far, in which this device did not give a row the same bits
    at every place: results may then differ in ties from run to run.
    """

    row: dict[str, Any]
    unsteady_shapes: int = 0


def search_results(job: AttackJob, parents: Parents, rows: Sequence[dict[str, Any]]) -> Iterator[SearchedRow]:
    """What the search makes of the rows, as each of them ends, in this process and with one thread."""
    import torch  # late: slow

    setting = search_setting(job, parents)
    torch.set_num_threads(1)
    victim: Any = setting.oracles["victim"]
    for row in _search(job).search_rows(rows, setting):
        yield SearchedRow(row, len(victim.machine.unsteady))


def prepared_rows(attacker: Attacker, parents: Mapping[str, Entry]) -> Any:
    """What an attacker makes of further rows of the data set."""
    return attacker.prepare_state(row_dicts(read_rows(parents["further"]) if "further" in parents else {}))


def search_setting(job: AttackJob, parents: Parents) -> Setting:
    """What the search of a node is given: the task's aim, and the network under test as the victim."""
    from xfer.models.victims.build import build_victim  # late: imports torch

    assert job.victim is not None, f"attack {job.label} searches without a victim"
    attacker, form = _search(job), job.form
    network, max_length = tested_network(job.victim, parents.get("train"))
    aim = attacker.task_aim(form.name, form.labels, form.options)
    searched = row_dicts(read_rows(parents["rows"])) if form_facts(form.name).searches_pool else ()
    victim = build_victim(network, job.victim.task, max_length, searched, attacker.goal.k or 1)
    oracles: dict[str, Oracle] = {"victim": victim}
    oracles |= attacker.constraints.constraint_oracles(_tagger_oracle(job, parents))
    prepared = prepared_rows(attacker, parents)
    tables = parents["rows"].path.parents[2] / "tables"  # beside the nodes of the store
    width = SEARCH_WIDTH * (8 if next(network.parameters()).is_cuda else 1)  # a GPU wants larger batches
    return Setting(form.name, form.labels, aim, oracles, width, prepared=prepared, cache=tables)


def _search(job: AttackJob) -> Search:
    assert isinstance(job.attacker, Search)
    return job.attacker


def _tagger_oracle(job: AttackJob, parents: Parents) -> TaggerVictim | None:
    """The stage that tells parts of speech, as an oracle; None where none is named."""
    if job.tagger is None:
        return None
    from xfer.models.victims.forms import TaggerVictim  # late: imports torch

    network, max_length = tested_network(job.tagger, parents["tagger"])
    return TaggerVictim(network, job.tagger.task, max_length)
