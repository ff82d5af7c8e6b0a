"""How well the discriminators of a recipe still tell their column apart once the encoder was turned against them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

DISCRIMINATOR_NOTE = (
    "Accuracy in percent on dev rows at the selected step: the mean over values of the share of their rows that is "
    "recognised; mean over seeds, then lowest to highest. At chance this discriminator finds nothing of the column. "
    "Under chance the encoder is one move ahead of it, which is not the same."
)


def discriminator_results(job: Mapping[str, Any], trained: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A part for each discriminator in a report node's job; ``trained`` maps ``stage/seed`` to its training.json.

    ``accuracy`` (of each seed), ``mean`` and ``chance`` are in percent; both are empty where there are no dev rows.
    """
    results = []
    for discriminator in job["discriminators"]:
        domain_reports = [
            trained[f"{discriminator['stage']}/{seed}"]["domain"][discriminator["task"]] for seed in job["seeds"]
        ]
        accuracy = [100 * report["accuracy"] for report in domain_reports if report["accuracy"] is not None]
        mean = sum(accuracy) / len(accuracy) if accuracy else None
        results.append(
            discriminator | {"accuracy": accuracy, "mean": mean, "chance": 100 * domain_reports[0]["chance"]}
        )
    return results


def accuracy_grid(results: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """A line a discriminator, under a heading."""
    lines = [["stage", "task", "tells apart", "accuracy", "chance"]]
    for result in results:
        shown = "no dev rows"
        if result["accuracy"]:
            shown = f"{result['mean']:.1f}"
            shown += (
                f" ({min(result['accuracy']):.1f} to {max(result['accuracy']):.1f})"
                if len(result["accuracy"]) > 1
                else ""
            )
        lines.append([result["stage"], result["task"], result["of"], shown, f"{result['chance']:.1f}"])
    return lines


TRAINED_ROLE = "trained:"  # a report's parents that are stages; no evaluation can have such a name
