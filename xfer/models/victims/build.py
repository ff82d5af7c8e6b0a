"""The victim of one attack: the network of a stage, or several that share their labels, by the form of the rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xfer.core.errors import XferError
from xfer.models.network import Network
from xfer.models.victims.base import Pool
from xfer.models.victims.forms import Choices, Classes, Spans, Tags

Victim = Callable[[list[Any]], list[Any]]


def victim(network: Network, task: str, max_length: int, rows: Pool = (), k: int = 1) -> Victim:
    """The oracle of a task. Of retrieval, ``rows`` are what is searched among, and ``k`` how many are looked at."""
    name = network.forms[task].name
    _same_labels(network, task)
    if name == "retrieve":
        from xfer.models.victims.retrieval import Ranks  # late: it builds on this module

        return Ranks(network, task, max_length, rows, k)
    kinds: dict[str, Any] = {"classify": Classes, "choose": Choices, "tag": Tags, "span": Spans}
    if name not in kinds:
        raise XferError(f"no search asks a task of form {name}")
    found: Victim = kinds[name](network, task, max_length)
    return found


def _same_labels(network: Network, task: str) -> None:
    """Raises XferError where the head answers other labels, or in another order, than the rows have."""
    form, head = network.forms[task], network.heads[task]
    learnt = getattr(getattr(head, "config", None), "id2label", None) or {}
    known = [learnt[i] for i in sorted(learnt)]
    if form.name in ("classify", "tag") and form.labels and known != form.labels:
        raise XferError(f"the head of {task} has the labels {', '.join(known)}; the rows have {', '.join(form.labels)}")
