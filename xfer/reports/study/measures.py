"""The measures of one cell of a study, each as a sample with its chance: scores, drops and gaps."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from xfer.metrics.significance import Sample, mean, sample
from xfer.reports.credits import Credits, Rows

Samples = dict[str, Sample]  # language -> sample; "mean" where a measure has no languages of its own
LINEAR = ("score", "drop")  # measures that every language has


class Measured:
    """One cell: ``about`` is its report node's job, ``stored`` its credits by ``evaluation/role/seed``."""

    def __init__(self, about: Mapping[str, Any], stored: Mapping[str, Rows]) -> None:
        self.about = about
        self.evaluations: Mapping[str, Any] = about["evaluations"]
        self.credits = self._credits(stored, "selected")
        self.oracles = self._credits(stored, "oracle")
        self.measure = cache(self._measure)

    def _credits(self, stored: Mapping[str, Rows], role: str) -> dict[str, Credits]:
        keys = {name: [f"{name}/{role}/{seed}" for seed in self.about["seeds"]] for name in self.about["order"]}
        return {name: Credits([stored[key] for key in own]) for name, own in keys.items() if stored.keys() >= {*own}}

    def data(self, name: str) -> str:
        """The data set that an evaluation tests on."""
        return next(str(part["data"]) for part in self.about["tables"] if name in part["order"])

    def reader(self, name: str) -> str:
        return next(str(part["reader"]) for part in self.about["tables"] if name in part["order"])

    def trained(self, name: str) -> list[str]:
        """The languages that the tested stage was trained on."""
        return list(self.evaluations[name]["trained"])

    def scores(self, found: Credits) -> Samples:
        """The main metric of each language, in percent."""
        return {code: _percent(sample(found.ratios[code][found.metrics[0]])) for code in found.ids}

    def clean(self, name: str) -> str | None:
        """The clean evaluation of the same stage on the same rows that an attacked one is measured against."""
        here = self.evaluations[name]
        if not here["attacker"]:
            return None
        for other, there in self.evaluations.items():
            same = (there["stage"], there["rows"]) == (here["stage"], here["rows"])
            if same and not there["attacker"] and other in self.credits:
                return other
        return None

    def _measure(self, name: str, kind: str) -> Samples:
        """language -> sample in percent points (``relative``: percent); empty where the evaluation has none.

        ``oracle`` is the score of the checkpoint that was selected on all languages, beside the one of English alone.
        """
        if name not in self.credits:
            return {}
        if kind == "score":
            return self.scores(self.credits[name])
        if kind == "oracle":
            return self.scores(self.oracles[name]) if name in self.oracles else {}
        if kind in ("drop", "relative"):
            return self._drop(name, kind)
        if kind == "gap":
            return self._gap(name)
        before = self.clean(name)
        gaps = (self._gap(name), self._gap(before)) if before else ({}, {})
        return {"mean": gaps[0]["mean"].minus(gaps[1]["mean"])} if all(gaps) else {}

    def _drop(self, name: str, kind: str) -> Samples:
        before, found = self.clean(name), Samples()
        for language in self.credits[name].ids if before else ():
            pair = self.credits[str(before)].beside(self.credits[name], language, self.credits[name].metrics[0])
            if pair:
                clean, attacked = map(_percent, map(sample, pair))
                drop = clean.minus(attacked)
                found[language] = drop if kind == "drop" else _percent(drop.by(clean))
        return found

    def _gap(self, name: str) -> Samples:
        """The score in the training languages minus the mean of the others (Hu et al. 2020, section 4)."""
        scores = self.measure(name, "score")
        home = [scores[language] for language in self.trained(name) if language in scores]
        away = [found for language, found in scores.items() if language not in self.trained(name)]
        return {"mean": mean(home).minus(mean(away))} if home and away else {}

    def averaged(self, name: str, kind: str, languages: str) -> Sample | None:
        """The unweighted mean over all, the trained or the other languages; None if there is none."""
        found, trained = self.measure(name, kind), self.trained(name)
        if languages != "all" and "mean" not in found:
            found = {code: one for code, one in found.items() if (code in trained) == (languages == "trained")}
        return mean(list(found.values())) if found else None


def _percent(found: Sample) -> Sample:
    return Sample(100 * found.seeds, 100 * found.draws)
