"""What the loop does for discriminators: rates of their own, a critic's updates of its own, accuracies.

Their losses and networks stand in ``xfer.models.domain``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xfer.trainers.loop.run import Run


def discriminator_accuracies(run: Run) -> dict[str, dict[str, Any]]:
    """Of each discriminator on its dev rows: ``accuracy`` (None where there are none), ``chance``, share by value."""
    accuracy_by_task: dict[str, dict[str, Any]] = {}
    for name in run.heads:
        form: Any = run.inner.forms[name]
        dev = run.tasks[name].dev
        decoded = run.dev_predictions(name, dev) if dev is not None else {"gold": [], "credit": []}
        accuracy = form.score(decoded)["accuracy"] if decoded["gold"] else None
        accuracy_by_task[name] = {"accuracy": accuracy, "chance": 1 / len(form.labels), "values": form.shares(decoded)}
    return accuracy_by_task


def selected_accuracies(curve: Sequence[Mapping[str, Any]], step: int) -> dict[str, Any]:
    """``domain``: the accuracies at the selected step, where the stage has discriminators."""
    domains = [point["domain"] for point in curve if point["step"] == step and "domain" in point]
    return {"domain": domains[0]} if domains else {}
