"""The measures of one cell of a study, each as a sample with its chance: scores, drops and gaps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
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

COST_ABOVE_CHANCE = "cost_above_chance"
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
            of_pair = drop if kind == "drop" else relative_drop
            return {code: of_pair(*pair) for code, pair in self._pairs(name).items()}
        if kind == COST_ABOVE_CHANCE:
            return self._costs(name, lambda codes: {code: [code] for code in codes})
        whole = (
            gap(self.measure(name, "score"), self.trained(name))
            if kind == "gap"
            else gap_growth(self.measure(name, "drop"), self.trained(name))
        )
        return {"mean": whole} if whole is not None else {}

    def _pairs(self, name: str) -> dict[str, tuple[Sample, Sample]]:
        """language -> the clean and the attacked score, on the rows that both have; empty without a clean partner."""
        partner, attacked = clean_partner(self.about, name), self.credits[name]
        if partner not in self.credits:
            return {}
        clean = self.credits[partner]
        pairs = {code: clean.paired(attacked, code, attacked.metrics[0]) for code in attacked.ids}
        return {code: pair for code, pair in pairs.items() if pair}

    def _costs(self, name: str, group: Callable[[list[str]], Mapping[str, Sequence[str]]]) -> Samples:
        """What an attack costs above chance, over each group of the languages that have pairs, as far as their chance
        levels are known."""
        partner = clean_partner(self.about, name) if name in self.credits else None
        if partner is None or partner not in self.chances:
            return {}
        levels, pairs = self.chances[partner], self._pairs(name)
        costs = {
            member: cost_above_chance([(*pairs[code], levels[code]) for code in codes])
            for member, codes in group(list(pairs)).items()
            if codes and all(code in levels for code in codes)
        }
        return {member: cost for member, cost in costs.items() if cost is not None}

    def _chosen(self, name: str, codes: Iterable[str], languages: str) -> list[str]:
        """All languages, or the trained or the other ones of them."""
        trained = self.trained(name)
        return [code for code in codes if languages == "all" or (code in trained) == (languages == "trained")]

    def with_mean(self, name: str, kind: str) -> Samples:
        """The measure of each language, and ``mean``, over all of them, as ``averaged`` has it."""
        samples = dict(self.measure(name, kind))
        if kind == COST_ABOVE_CHANCE:
            average = self.averaged(name, kind, "all")
            return samples | ({"mean": average} if average else {})
        return samples | ({"mean": mean(list(samples.values()))} if samples and "mean" not in samples else {})

    def averaged(self, name: str, kind: str, languages: str) -> Sample | None:
        """The unweighted mean over all, the trained or the other languages; None if there is none.

        Of costs above chance the ratio of the means, which languages at chance do not upset.
        """
        if kind == COST_ABOVE_CHANCE:
            whole = self._costs(name, lambda codes: {"mean": self._chosen(name, codes, languages)})
            return whole.get("mean")
        samples = self.measure(name, kind)
        if samples and languages != "all" and "mean" not in samples:
            samples = {code: samples[code] for code in self._chosen(name, samples, languages)}
        return mean(list(samples.values())) if samples else None
