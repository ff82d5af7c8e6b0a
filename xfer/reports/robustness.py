"""Scores of attacked evaluations beside their main metric. Definitions, each per language; a mean is over languages:

- robust score: the main metric on the attacked rows, the column of the evaluation itself (accuracy under attack; F1).
- success: of the rows that were right before the attack, the share that is wrong under it (attack success rate:
  TextAttack, Morris et al. 2020, without the rows that were wrong already). A row is right if its exact match or
  accuracy is whole, or its main metric where there is neither; in tagging, if every word is.
- drop, relative drop: in the table itself; clean minus robust on the same rows, and as a share of clean.
- robust gap: robust score of the training languages (English) minus the mean of the other languages'. Growth: the
  robust gap minus the clean gap on the same rows, which is the mean drop of the others minus the drop at home
  (the cross-lingual transfer gap of Hu et al. 2020, section 4, under attack).
- words: the share of words that were changed, the mean over changed rows; words are those of ``attackers.units.cut``
  (the segmenter's in scripts without spaces; TextAttack's perturbed word percentage).
- portion: the share of the words of all rows that were changed, those without a change among them and protected sides
  left out (of an attacker of entities, the share of these); asked: what the attacker was to change of them.
- queries, forwards: of a search, how often it asked and for how many different texts, the mean over searched rows.
- coverage: rows whose text was changed, left as it was, dropped since a label could not follow, or not finished.
- compared: evaluations under one attacker on the rows that every compared network, with every seed, had right
  before: the share that is still right. Networks with different clean scores can be laid side by side only so.

Intervals are the bootstrap of ``metrics.intervals``. Success and words are ratios of sums over rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from xfer.core.seeds import digest
from xfer.metrics.intervals import Ratio, interval, resampled
from xfer.reports.beside import clipped, pieces
from xfer.reports.changed import CHANGED, SEARCHED, STATES, Change, Changes, fingerprint
from xfer.reports.credits import Credits
from xfer.reports.tables import Cell, Draws, unattacked

Under = Mapping[str, Sequence[Changes]]  # evaluation -> its attack, once or once a seed
EXAMPLES = 2  # of each attack and language


def robustness(
    about: Mapping[str, Any],
    table: Mapping[str, Any],
    credits: Mapping[tuple[str, str], Credits],
    draws: Draws,
    under: Under,
) -> dict[str, Any]:
    """What the report of one data set says of its attacks: ``attacks`` by evaluation, and ``compared``.

    ``about`` is a report node's job, ``table`` what ``tables`` made of it and ``draws`` the bootstrap draws of its
    columns. Empty where nothing is attacked.
    """
    names = [name for name in table["order"] if name in under]
    if not names:
        return {}
    attacks = {name: _attack(about, table, credits, draws, name, under[name]) for name in names}
    return {"attacks": attacks, "compared": _compared(about, table, credits, names)}


def _attack(
    about: Mapping[str, Any],
    table: Mapping[str, Any],
    credits: Mapping[tuple[str, str], Credits],
    draws: Draws,
    name: str,
    runs: Sequence[Changes],
) -> dict[str, Any]:
    clean = unattacked(about, table, name)
    share = about["evaluations"][name].get("asked")
    asked = {"asked": {"value": 100 * share["share"]}} if share else {}
    rows: dict[str, dict[str, Any]] = {}
    drawn: Draws = {}
    languages = sorted({row.language for row in runs[0].rows})
    for language in languages:
        found = _ratios([[row for row in run.rows if row.language == language] for run in runs])
        if clean:
            found |= _success(credits[clean, "selected"], credits[name, "selected"], language)
        rows[language] = _coverage(runs, language)
        for column, ratio in found.items():
            _put(rows[language], drawn, language, column, ratio)
        rows[language] |= asked
    home = [language for language in about["evaluations"][name]["trained"] if language in draws.get(name, {})]
    mean = _means(rows, drawn) | _gaps(table, draws, name, home) | asked
    names = [(language, row.id) for language in languages for row in runs[0].rows if row.language == language]
    return {
        "against": clean,
        "home": home,
        "sample": {
            "rows": len(names),
            "hash": fingerprint([f"{language}/{name}" for language, name in names]),
            "languages": {code: fingerprint([name for one, name in names if one == code]) for code in languages},
        },
        "languages": rows,
        "mean": mean,
        "examples": {code: [_example(row) for row in runs[0].sample(EXAMPLES, code)] for code in languages},
    }


# ratios of sums over rows


def _ratios(runs: Sequence[Sequence[Change]]) -> dict[str, Ratio]:
    """Changed words, and queries and forwards of a search, each as a ratio of sums, [runs, rows]."""

    def ratio(value: Any, counted: Any) -> Ratio:
        bottom = np.array([[float(counted(row)) for row in run] for run in runs])
        return Ratio(np.array([[float(value(row)) for row in run] for run in runs]) * bottom, bottom)

    found = {"words": ratio(lambda row: row.share, lambda row: row.state == CHANGED)}
    hits, whole = (np.array([[float(row.portion[i]) for row in run] for run in runs]) for i in (0, 1))
    found["portion"] = Ratio(hits, whole)
    for column in ("queries", "forwards"):
        found[column] = ratio(lambda row, c=column: getattr(row, c), lambda row: row.status in SEARCHED)
    return {column: one for column, one in found.items() if one.bottom.any()}


def right(credits: Credits, language: str) -> Ratio:
    """Which rows are right, 1 or 0, as the ``top`` of a mean, [seeds, rows]."""
    metrics = credits.ratios[language]
    metric = next((name for name in ("exact", "accuracy") if name in metrics), credits.metrics[0])
    top, bottom = metrics[metric]
    return Ratio(((top == bottom) & (bottom > 0)).astype(np.float64), np.ones_like(top))


def _success(clean: Credits, attacked: Credits, language: str) -> dict[str, Ratio]:
    places = shared([clean, attacked], language)
    if not places[0]:
        return {}
    before, after = (right(one, language).top[:, at] for one, at in zip((clean, attacked), places, strict=True))
    return {"success": Ratio(before * (1 - after), before)} if before.any() else {}


def shared(several: Sequence[Credits], language: str) -> list[list[int]]:
    """Where each of several has the rows of a language that all have, in the order of the first."""
    if any(language not in one.ids for one in several):
        return [[] for _ in several]
    known = [{name: i for i, name in enumerate(one.ids[language])} for one in several]
    names = [name for name in several[0].ids[language] if all(name in other for other in known)]
    return [[one[name] for name in names] for one in known]


def _put(row: dict[str, Any], drawn: Draws, language: str, column: str, ratio: Ratio) -> None:
    scale = 1.0 if column in ("queries", "forwards") else 100.0
    values = resampled(ratio) * scale
    drawn.setdefault(column, {})[language] = values
    low, high = interval(values)
    rows = float(ratio.bottom.sum() / ratio.bottom.shape[0])
    row[column] = {"value": ratio.value * scale, "low": low, "high": high, "rows": rows}


def _coverage(runs: Sequence[Changes], language: str) -> dict[str, Any]:
    """How many rows came to each state, the mean over runs."""
    states = [[row.state for row in run.rows if row.language == language] for run in runs]
    return {state: sum(found.count(state) for found in states) / len(states) for state in STATES}


def _means(rows: Mapping[str, Mapping[str, Any]], drawn: Draws) -> dict[str, Any]:
    """Unweighted means over languages; of the coverage, sums."""
    return {state: sum(row[state] for row in rows.values()) for state in STATES} | _cells(rows, drawn)


def _cells(rows: Mapping[str, Mapping[str, Any]], drawn: Draws) -> dict[str, Cell]:
    means: dict[str, Cell] = {}
    for column, by_language in drawn.items():
        values = [rows[language][column]["value"] for language in by_language]
        low, high = interval(np.mean(list(by_language.values()), axis=0))
        means[column] = {"value": sum(values) / len(values), "low": low, "high": high, "rows": len(values)}
    return means


def _gaps(table: Mapping[str, Any], draws: Draws, name: str, home: Sequence[str]) -> dict[str, Cell]:
    """``gap``: of the robust scores; ``growth``: what the attack adds to the clean gap, which is the rest."""
    found: dict[str, Cell] = {}
    for what, column, sign in (("gap", name, 1), ("growth", f"{name}.drop", -1)):
        here = [language for language in home if language in draws.get(column, {})]
        others = [language for language in draws.get(column, {}) if language not in home]
        if not here or not others:
            continue
        values = {language: table["languages"][language][column]["value"] for language in (*here, *others)}
        point = _mean(values[one] for one in here) - _mean(values[one] for one in others)
        drawn = np.mean([draws[column][one] for one in here], 0) - np.mean([draws[column][one] for one in others], 0)
        low, high = sorted(100 * sign * end for end in interval(drawn))
        found[what] = {"value": sign * point, "low": low, "high": high, "rows": len(others)}
    return found


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found)


def _example(row: Change) -> dict[str, Any]:
    """A changed row, clipped around its changes, for people: of each changed text its parts before and after."""
    texts = {}
    for side in row.sides:
        if side.edits:
            before, after = (clipped(parts) for parts in pieces(side.original, side.edits))
            texts[side.column] = {"original": list(map(list, before)), "changed": list(map(list, after))}
    return {"id": row.id, "status": row.status, "texts": texts}


# several networks under one attacker


def _compared(
    about: Mapping[str, Any], table: Mapping[str, Any], credits: Mapping[tuple[str, str], Credits], names: Sequence[str]
) -> list[dict[str, Any]]:
    """For each attacker of several evaluations of one split, all of them on the rows that every network had right."""
    groups: dict[str, list[str]] = {}
    for name in names:
        if unattacked(about, table, name):
            told = about["evaluations"][name]
            groups.setdefault(digest([told["attacker"], told["rows"]]), []).append(name)
    return [_laid_beside(about, table, credits, group) for group in groups.values() if len(group) > 1]


def _laid_beside(
    about: Mapping[str, Any], table: Mapping[str, Any], credits: Mapping[tuple[str, str], Credits], group: list[str]
) -> dict[str, Any]:
    clean = [credits[str(unattacked(about, table, name)), "selected"] for name in group]
    attacked = [credits[name, "selected"] for name in group]
    rows: dict[str, dict[str, Any]] = {}
    drawn: Draws = {}
    for language in attacked[0].ids:
        places = shared([*clean, *attacked], language)
        if not places[0]:
            continue
        before = [right(one, language).top[:, at] for one, at in zip(clean, places[: len(group)], strict=True)]
        kept = np.flatnonzero(np.all([found.all(0) for found in before], axis=0)).tolist()
        rows[language] = {"right": len(kept), "of": len(places[0])}
        for name, one, at in zip(group, attacked, places[len(group) :], strict=True):
            if kept:
                _put(rows[language], drawn, language, name, right(one, language).at([at[i] for i in kept]))
    mean: dict[str, Any] = {key: sum(row[key] for row in rows.values()) for key in ("right", "of")}
    return {"evaluations": group, "languages": rows, "mean": mean | _cells(rows, drawn)}
