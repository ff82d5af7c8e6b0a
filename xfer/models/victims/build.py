"""The victim of one attack: the network of a stage, or several that share their labels, by the form of the rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xfer.core.errors import XferError
from xfer.forms.sheet import load_target
from xfer.models.network import Network
from xfer.models.victims.base import Pool

VictimFunction = Callable[[list[Any]], list[Any]]


def build_victim(network: Network, task: str, max_length: int, rows: Pool = (), k: int = 1) -> VictimFunction:
    """The oracle of a task. Of retrieval, ``rows`` are what is searched among, and ``k`` how many are looked at."""
    facts = network.forms[task].facts
    _require_same_labels(network, task)
    if not facts.victim_class:
        raise XferError(f"no search asks a task of form {facts.name}")
    searched: tuple[Any, ...] = (rows, k) if facts.searches_pool else ()
    answering: VictimFunction = load_target(facts.victim_class)(network, task, max_length, *searched)
    return answering


def _require_same_labels(network: Network, task: str) -> None:
    """Raises XferError where the head answers other labels, or in another order, than the rows have."""
    form, head = network.forms[task], network.heads[task]
    learnt = getattr(getattr(head, "config", None), "id2label", None) or {}
    learnt_labels = [learnt[i] for i in sorted(learnt)]
    if form.labels and learnt_labels != form.labels:
        raise XferError(
            f"the head of {task} has the labels {', '.join(learnt_labels)}; the rows have {', '.join(form.labels)}"
        )
