"""Models that give one answer everywhere, and the chance level beside each score, from what score nodes stored.

``answer_facts`` is what a score node stores of each language (``answers.json``); the rest reads it for reports. A model
collapsed in a language where its confidences are no numbers, or where one answer is given to all rows (words, of
tagging) although the gold has several, or to NEARLY all where no gold answer is given to more than MOSTLY of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import isnan
from typing import Any, NamedTuple

from xfer.forms.chance import Baseline, Rows
from xfer.reports.tables import column_name

ANSWERS = "answers.json"  # of a score node
LEAST = 10  # answers: of fewer, a good model may well give one alone
NEARLY, MOSTLY = 0.99, 0.9

Facts = Mapping[str, Mapping[str, Any]]  # language -> what ``answer_facts`` told
Table = dict[str, Any]


class Frequent(NamedTuple):
    """The most frequent of some answers, its share, and how many answers there are."""

    answer: str
    share: float
    total: int


def most_frequent(units: Iterable[str]) -> Frequent:
    """Of several that are equally frequent, the first."""
    counts = Counter(units)
    answer, count = counts.most_common(1)[0]
    return Frequent(answer, count / counts.total(), counts.total())


def one_answer(predicted: Frequent, gold: Frequent) -> bool:
    """Whether these predictions are those of a model that collapsed."""
    if predicted.total < LEAST or gold.share == 1:
        return False
    return predicted.share == 1 or (predicted.share >= NEARLY and gold.share <= MOSTLY)


def answer_facts(base: Baseline, predictions: Rows, pool: int = 0) -> dict[str, Any]:
    """What a score node stores of the predictions of one language, all of which have a gold answer.

    ``chance``: metric -> chance level, where it is known; ``answer``, ``share`` and ``gold_share``: the most frequent
    answer, and the shares of it and of the gold's; ``no_numbers``: the share of rows whose confidence is NaN;
    ``collapsed``. ``pool`` is the number of candidates that a query of retrieval searches.
    """
    predicted, gold = (most_frequent(base.units(predictions[name])) for name in ("predicted", "gold"))
    choices = [pool] * len(predictions["gold"]) if pool else base.choices(predictions)
    no_numbers = sum(map(isnan, predictions["score"])) / len(predictions["score"])
    return {
        "chance": base.chance(predictions["gold"], choices, predictions["language"][0]),
        "answer": "NaN" if no_numbers >= NEARLY else base.phrase(predicted.answer),
        "share": predicted.share,
        "gold_share": gold.share,
        "no_numbers": no_numbers,
        "collapsed": no_numbers >= NEARLY or one_answer(predicted, gold),
    }


# in tables


def add_facts(table: Table, about: Mapping[str, Any], stored: Mapping[str, Facts]) -> None:
    """``chance`` in every cell of a score, in percent: the mean over seeds. ``collapsed`` in those of the main metric:
    the share of seeds that gave one answer to every row, in percent, where there is any.

    ``about`` is a report node's job, ``stored`` maps ``evaluation/role/seed`` to the facts of its score node.
    """
    for name in table["order"]:
        runs = _runs(about, stored, name, "selected")
        for metric in table["metrics"]:
            _put(table, column_name(name, metric, table["metrics"]), "chance", _chances(runs, [metric]))
        _put(table, f"{name}.both", "chance", _chances(runs, ["f1", "exact"]))
        _put(table, name, "collapsed", _collapsed(runs))
    runs = _runs(about, stored, str(table["compare"]), "oracle")
    _put(table, "oracle", "chance", _chances(runs, [table["metrics"][0]]))


def _runs(about: Mapping[str, Any], stored: Mapping[str, Facts], name: str, role: str) -> list[Facts]:
    keys = (f"{name}/{role}/{seed}" for seed in about["seeds"])
    return [stored[key] for key in keys if key in stored]


def _chances(runs: Sequence[Facts], metrics: Sequence[str]) -> dict[str, float]:
    """The mean chance level of some metrics in each language, in percent, where all are known."""
    found: dict[str, list[float]] = {}
    for run in runs:
        for language, facts in run.items():
            if all(metric in facts["chance"] for metric in metrics):
                found.setdefault(language, []).extend(facts["chance"][metric] for metric in metrics)
    return {language: 100 * _mean(values) for language, values in found.items()}


def _collapsed(runs: Sequence[Facts]) -> dict[str, float]:
    languages = dict.fromkeys(language for run in runs for language in run)
    found = {code: 100 * _mean([float(run[code]["collapsed"]) for run in runs if code in run]) for code in languages}
    return found if any(found.values()) else {}


def _put(table: Table, name: str, fact: str, values: Mapping[str, float]) -> None:
    """A fact of each language in the cells of a column, and its mean."""
    there = {code: value for code, value in values.items() if name in table["languages"].get(code, {})}
    for code, value in there.items():
        if value or fact == "chance":
            table["languages"][code][name][fact] = value
    if there:
        table["mean"][name][fact] = _mean(list(there.values()))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


# in words


def collapse_warnings(about: Mapping[str, Any], stored: Mapping[str, Facts]) -> list[dict[str, str]]:
    """``what`` (evaluations) and ``warning``: a sentence for all evaluations and seeds that collapsed alike."""
    seeds_by: dict[tuple[str, str], list[int]] = {}  # evaluation, sentence -> seeds
    for name in about["order"]:
        for seed in about["seeds"]:
            if sentence := collapse_sentence(stored.get(f"{name}/selected/{seed}", {})):
                seeds_by.setdefault((name, sentence), []).append(seed)
    names_by: dict[tuple[str, str], list[str]] = {}  # seeds, sentence -> evaluations
    for (name, sentence), seeds in seeds_by.items():
        shown_seeds = f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"
        names_by.setdefault((shown_seeds, sentence), []).append(name)
    return [
        {"what": ", ".join(names), "warning": f"with {shown_seeds} {sentence}"}
        for (shown_seeds, sentence), names in names_by.items()
    ]


def collapse_sentence(facts: Facts) -> str:
    """Where one model collapsed, and what it answers there; nothing where it did not."""
    collapsed = {language: row["answer"] for language, row in facts.items() if row["collapsed"]}
    if not collapsed:
        return ""
    where = "every language" if len(collapsed) == len(facts) > 1 else ", ".join(collapsed)
    answers = set(collapsed.values())
    if answers == {"NaN"}:
        return f"the model collapsed: its outputs are not numbers (NaN) in {where}"
    answer = f" ({answers.pop()})" if len(answers) == 1 else ""
    return f"the model collapsed: it gives one answer{answer} to every row in {where}"
