"""The measures of one cell of a study, each as a sample with its chance: scores, drops and gaps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from xfer.metrics.intervals import Sample, mean
from xfer.reports.credits import CreditRows, Credits
from xfer.reports.measures import (
    Samples,
    above_chance,
    clean_partner,
    cost_above_chance,
    drop,
    gap,
    gap_growth,
    relative_drop,
)

LINEAR_MEASURES = ("score", "drop")  # measures that every language has
Chances = Mapping[str, Mapping[str, float]]  # evaluation -> language -> the chance level of its score, a share


class CellMeasures:
    """One cell: ``about`` is its report node's job, ``stored`` its credits by ``evaluation/role/seed``, ``chances``
    the chance levels that are known."""

    def __init__(
        self, job: Mapping[str, Any], stored: Mapping[str, CreditRows], chances: Chances | None = None
    ) -> None:
        self.about, self.chances = job, chances or {}
        self.evaluations: Mapping[str, Any] = job["evaluations"]
        self.credits = self._credits(stored, "selected")
        self.oracles = self._credits(stored, "oracle")

    def _credits(self, stored: Mapping[str, CreditRows], role: str) -> dict[str, Credits]:
        keys = {name: [f"{name}/{role}/{seed}" for seed in self.about["seeds"]] for name in self.about["order"]}
        return {
            name: Credits([stored[key] for key in score_keys], self.evaluations[name]["rows"])
            for name, score_keys in keys.items()
            if stored.keys() >= {*score_keys}
        }

    def data(self, name: str) -> str:
        """The data set that an evaluation tests on."""
        return next(str(table_job["data"]) for table_job in self.about["tables"] if name in table_job["order"])

    def reader(self, name: str) -> str:
        return next(str(table_job["reader"]) for table_job in self.about["tables"] if name in table_job["order"])

    def trained(self, name: str) -> list[str]:
        """The languages that the tested stage was trained on."""
        return list(self.evaluations[name]["trained"])

    def scores(self, run_credits: Credits) -> Samples:
        """The main metric of each language."""
        return {code: run_credits.sample(code, run_credits.metrics[0]) for code in run_credits.ids}

    def measure(self, name: str, kind: str) -> Samples:
        """language -> sample, a share; empty where the evaluation has none.

        A gap and its growth have no languages of their own: they stand under ``mean``. ``oracle`` is the score of the
        checkpoint that was selected on all languages, beside the one of English alone.
        """
        if name not in self.credits:
            return {}
        if kind == "score":
            return self.scores(self.credits[name])
        if kind == "oracle":
            return self.scores(self.oracles[name]) if name in self.oracles else {}
        if kind == "above_chance":
            levels = self.chances.get(name, {})
            scores = self.scores(self.credits[name])
            return {code: above_chance(scores[code], levels[code]) for code in scores if levels.get(code, 1) < 1}
        if kind in ("drop", "relative"):
            return self._drops(name, drop if kind == "drop" else relative_drop)
        if kind == "cost_above_chance":
            costs = {code: self._cost(name, [code]) for code in self._drops(name, drop)}
            return {code: cost for code, cost in costs.items() if cost is not None}
        whole = (
            gap(self.measure(name, "score"), self.trained(name))
            if kind == "gap"
            else gap_growth(self.measure(name, "drop"), self.trained(name))
        )
        return {"mean": whole} if whole is not None else {}

    def _drops(self, name: str, measure: Callable[[Sample, Sample], Sample]) -> Samples:
        partner, attacked = clean_partner(self.about, name), self.credits[name]
        if partner not in self.credits:
            return {}
        clean = self.credits[partner]
        pairs = {code: clean.paired(attacked, code, attacked.metrics[0]) for code in attacked.ids}
        return {code: measure(*pair) for code, pair in pairs.items() if pair}

    def _clean_scores(self, name: str) -> Samples:
        """The clean score of each language on the rows that the attack changed or left."""
        return self._drops(name, lambda clean, _: clean)

    def _cost(self, name: str, languages: Sequence[str]) -> Sample | None:
        """What an attack costs above chance in some languages; None where one of their chance levels is not known."""
        partner = clean_partner(self.about, name)
        levels, clean = self.chances.get(str(partner), {}), self._clean_scores(name)
        if not languages or any(code not in levels for code in languages):
            return None
        drops = self._drops(name, drop)
        return cost_above_chance(
            [clean[code] for code in languages],
            [drops[code] for code in languages],
            [levels[code] for code in languages],
        )

    def averaged(self, name: str, kind: str, languages: str) -> Sample | None:
        """The unweighted mean over all, the trained or the other languages; None if there is none.

        Of costs above chance the ratio of the means, which languages at chance do not upset.
        """
        if kind == "cost_above_chance" and name in self.credits:
            trained, every = self.trained(name), self._drops(name, drop)
            return self._cost(
                name, [c for c in every if languages == "all" or (c in trained) == (languages == "trained")]
            )
        samples = self.measure(name, kind)
        if samples and languages != "all" and "mean" not in samples:
            trained = self.trained(name)
            samples = {
                code: language_sample
                for code, language_sample in samples.items()
                if (code in trained) == (languages == "trained")
            }
        return mean(list(samples.values())) if samples else None
