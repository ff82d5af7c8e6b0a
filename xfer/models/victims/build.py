"""The victim of one attack: the network of a stage, or several that share their labels, by the form of the rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xfer.core.errors import XferError
from xfer.models.network import Network
from xfer.models.victims.base import Pool
from xfer.models.victims.forms import ChoiceVictim, ClassVictim, SpanVictim, TagVictim

VictimFunction = Callable[[list[Any]], list[Any]]


def build_victim(network: Network, task: str, max_length: int, rows: Pool = (), k: int = 1) -> VictimFunction:
    """The oracle of a task. Of retrieval, ``rows`` are what is searched among, and ``k`` how many are looked at."""
    name = network.forms[task].name
    _require_same_labels(network, task)
    if name == "retrieve":
        from xfer.models.victims.retrieval import RetrievalVictim  # late: it builds on this module

        return RetrievalVictim(network, task, max_length, rows, k)
    kinds: dict[str, Any] = {"classify": ClassVictim, "choose": ChoiceVictim, "tag": TagVictim, "span": SpanVictim}
    if name not in kinds:
        raise XferError(f"no search asks a task of form {name}")
    answering: VictimFunction = kinds[name](network, task, max_length)
    return answering


def _require_same_labels(network: Network, task: str) -> None:
    """Raises XferError where the head answers other labels, or in another order, than the rows have."""
    form, head = network.forms[task], network.heads[task]
    learnt = getattr(getattr(head, "config", None), "id2label", None) or {}
    learnt_labels = [learnt[i] for i in sorted(learnt)]
    if form.name in ("classify", "tag") and form.labels and learnt_labels != form.labels:
        raise XferError(
            f"the head of {task} has the labels {', '.join(learnt_labels)}; the rows have {', '.join(form.labels)}"
        )
