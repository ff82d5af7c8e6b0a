"""How well the discriminators of a recipe still tell their column apart once the encoder was turned against them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

DISCRIMINATORS = (
    "Accuracy in percent on dev rows at the selected step: the mean over values of the share of their rows that is "
    "recognised; mean over seeds, then lowest to highest. At chance this discriminator finds nothing of the column. "
    "Under chance the encoder is one move ahead of it, which is not the same."
)


def told(about: Mapping[str, Any], trained: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A part for each discriminator in a report node's job; ``trained`` maps ``stage/seed`` to its training.json.

    ``accuracy`` (of each seed), ``mean`` and ``chance`` are in percent; both are empty where there are no dev rows.
    """
    parts = []
    for one in about["discriminators"]:
        found = [trained[f"{one['stage']}/{seed}"]["domain"][one["task"]] for seed in about["seeds"]]
        accuracy = [100 * each["accuracy"] for each in found if each["accuracy"] is not None]
        mean = sum(accuracy) / len(accuracy) if accuracy else None
        parts.append(one | {"accuracy": accuracy, "mean": mean, "chance": 100 * found[0]["chance"]})
    return parts


def discriminator_grid(parts: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """A line a discriminator, under a heading."""
    lines = [["stage", "task", "tells apart", "accuracy", "chance"]]
    for part in parts:
        shown = "no dev rows"
        if part["accuracy"]:
            shown = f"{part['mean']:.1f}"
            shown += (
                f" ({min(part['accuracy']):.1f} to {max(part['accuracy']):.1f})" if len(part["accuracy"]) > 1 else ""
            )
        lines.append([part["stage"], part["task"], part["of"], shown, f"{part['chance']:.1f}"])
    return lines


TRAINED = "trained:"  # a report's parents that are stages; no evaluation can have such a name
