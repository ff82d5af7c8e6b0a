"""Whether what a study compares was trained on equal doses: updates, rows and tokens of the whole chain of stages.

A dose row holds ``levels``, the ``evaluations`` of one network, its ``stages`` and their sums. Doses are equal where
updates and rows are, tokens differ by no more than a tenth, and stages of one name have one learning rate and one
length of inputs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from xfer.recipe.study import ChosenLevels, Levels, Study, matches_levels, paired_levels
from xfer.reports.study.wording import hypothesis_details

DoseRow = dict[str, Any]
TOLERANCES = {"updates": 1.0, "rows": 1.0, "tokens": 1.1}  # ratios that count as equal; tokens are estimates
AMOUNTS = tuple(TOLERANCES)
COMPARE = ""  # what the study's own comparison is called where hypotheses have names


def dose_pairs(study: Study, doses: Sequence[DoseRow]) -> list[DoseRow]:
    """Every comparison of the study with what differs in its doses.

    ``claim`` is the hypothesis, or nothing for the study's own comparison; ``difference`` is empty where the doses are
    equal; ``intended`` where the study says so.
    """
    cells = list({tuple(row["levels"].values()): row["levels"] for row in doses}.values())
    by_place = {(tuple(row["levels"].values()), name): row for row in doses for name in row["evaluations"]}
    pairs: list[DoseRow] = []
    for claim, against, chosen, evaluations in _statements(study):
        for i, j in paired_levels(cells, against):
            if matches_levels(cells[i], chosen):
                pairs += _network_pairs(study, claim, (cells[i], cells[j]), evaluations, by_place)
    return pairs


def _statements(study: Study) -> Iterator[tuple[str, Levels, ChosenLevels, Sequence[str]]]:
    if study.compare:
        yield COMPARE, study.compare.against, {}, ()
    for name, hypothesis in study.hypotheses.items():
        yield name, hypothesis.against, hypothesis.cells, hypothesis.evaluations


def _network_pairs(
    study: Study,
    claim: str,
    sides: tuple[Levels, Levels],
    evaluations: Sequence[str],
    by_place: Mapping[tuple[tuple[str, ...], str], DoseRow],
) -> Iterator[DoseRow]:
    """A row for each evaluation that both cells have."""
    first, second = (tuple(levels.values()) for levels in sides)
    for (place, name), row in by_place.items():
        other = by_place.get((second, name))
        if place == first and other is not None and (not evaluations or name in evaluations):
            difference = dose_difference(row, other)
            intended = bool(difference) and is_intended(study.doses, *sides)
            pair: DoseRow = {"claim": claim, "levels": sides[0], "against": sides[1], "evaluation": name}
            yield pair | {"difference": difference, "intended": intended}


def is_intended(axes: Mapping[str, Sequence[str]], levels: Levels, other: Levels) -> bool:
    """Whether two cells differ on an axis that is meant to be a dose, or in a level that is."""
    for axis, named in axes.items():
        sides = {levels[axis], other[axis]}
        if len(sides) > 1 and (not named or sides & {*named}):
            return True
    return False


def dose_difference(one: DoseRow, other: DoseRow) -> str:
    """What differs between two networks' doses, in words; empty where nothing does."""
    said = [
        f"{name} {one[name]:,} against {other[name]:,}"
        for name in AMOUNTS
        if None not in (one[name], other[name])
        and max(one[name], other[name]) > TOLERANCES[name] * min(one[name], other[name])
    ]
    stages = {stage["stage"]: stage for stage in other["stages"]}
    for stage in one["stages"]:
        for name in ("rate", "length") if stage["stage"] in stages else ():
            values = stage[name], stages[stage["stage"]][name]
            if None not in values and values[0] != values[1]:
                said.append(f"{name} {values[0]:g} against {values[1]:g} in stage {stage['stage']}")
    return ", ".join(said)


def mark_doses(comparisons: Iterable[DoseRow], verdicts: Iterable[DoseRow], pairs: Sequence[DoseRow]) -> None:
    """Puts ``dose`` into comparisons (what differs) and ``doses`` into verdicts (in how many comparisons it does)."""
    own = {_pair_key(pair): pair for pair in pairs if pair["claim"] == COMPARE}
    for row in comparisons:
        pair = own.get(_pair_key(row))
        row["dose"] = pair["difference"] if pair else ""
        row["dose_intended"] = bool(pair and pair["intended"])
    for row in verdicts:
        claimed = [pair for pair in pairs if pair["claim"] == row["name"]]
        unequal = [pair for pair in claimed if pair["difference"]]
        row["doses"] = {"of": len(claimed), "unequal": len(unequal), "example": _example(unequal)}
        row["doses"]["intended"] = sum(pair["intended"] for pair in unequal)
        row["details"] = hypothesis_details(row)


def _pair_key(row: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    return tuple(row["levels"].values()), tuple(row["against"].values()), row["evaluation"]


def _example(unequal: Sequence[DoseRow]) -> str:
    """One comparison whose doses differ, one that was not meant to if there is any."""
    pair = next((pair for pair in unequal if not pair["intended"]), unequal[0] if unequal else None)
    return f"{', '.join(pair['levels'].values())}: {pair['difference']}" if pair else ""
