"""Scores of attacked evaluations beside their main metric. Definitions, each per language; a mean is over languages:

- robust score: the main metric on the attacked rows, the column of the evaluation itself (accuracy under attack; F1).
- success: of the rows that were right before the attack, the share that is wrong under it (attack success rate:
  TextAttack, Morris et al. 2020, without the rows that were wrong already). A row is right if its exact match or
  accuracy is whole, or its main metric where there is neither; in tagging, if every word is.
- drop, relative drop: in the table itself (``measures.drop``, ``measures.relative_drop``).
- robust gap: the transfer gap of the robust scores; growth: by how much it exceeds the clean gap on the same rows
  (``measures.gap``, ``measures.gap_growth``).
- words: the share of words that were changed, the mean over changed rows; words are those of
  ``text.words.counted_words`` (TextAttack's perturbed word percentage).
- portion: the share of the words of all rows that were changed, those without a change among them and protected sides
  left out (of an attacker of entities, the share of these); asked: what the attacker was to change of them.
- queries, forwards: of a search, how often it asked and for how many different texts, the mean over searched rows.
- coverage: rows whose text was changed, left as it was, dropped since a label could not follow, or not finished.
- compared: evaluations under one attacker on the rows that every compared network, with every seed, had right
  before: the share that is still right. Networks with different clean scores can be laid side by side only so.

Intervals are those of ``metrics.intervals``. Success and words are ratios of sums over rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from xfer.core.seeds import json_digest
from xfer.metrics.intervals import Ratio, Sample, mean, sample
from xfer.reports.beside import clip_pieces, split_at_edits
from xfer.reports.changed import CHANGED, SEARCH_STATUSES, STATES, AttackedRow, AttackedRows, ids_fingerprint
from xfer.reports.credits import Credits, row_keys
from xfer.reports.measures import COUNTS, Cell, cell, clean_partner, gap, gap_growth
from xfer.reports.tables import Columns

AttackRuns = Mapping[str, Sequence[AttackedRows]]  # evaluation -> its attack, once or once a seed
EXAMPLES_EACH = 2  # of each attack and language


def robustness_report(
    job: Mapping[str, Any],
    table: Mapping[str, Any],
    credits: Mapping[tuple[str, str], Credits],
    samples: Columns,
    attack_runs: AttackRuns,
) -> dict[str, Any]:
    """What the report of one data set says of its attacks: ``attacks`` by evaluation, and ``compared``.

    ``about`` is a report node's job, ``table`` what ``tables`` made of it and ``samples`` those of its columns. Empty
    where nothing is attacked.
    """
    names = [name for name in table["order"] if name in attack_runs]
    if not names:
        return {}
    attacks = {name: _attack_report(job, credits, samples, name, attack_runs[name]) for name in names}
    return {"attacks": attacks, "compared": _comparisons(job, credits, names)}


def _attack_report(
    job: Mapping[str, Any],
    credits: Mapping[tuple[str, str], Credits],
    samples: Columns,
    name: str,
    runs: Sequence[AttackedRows],
) -> dict[str, Any]:
    partner, evaluation = clean_partner(job, name), job["evaluations"][name]
    share = evaluation.get("asked")
    asked = {"asked": {"value": 100 * share["share"]}} if share else {}
    rows: dict[str, dict[str, Any]] = {}
    columns: Columns = {}
    languages = sorted({row.language for row in runs[0].rows})
    for language in languages:
        here = [[row for row in run.rows if row.language == language] for run in runs]
        keys = row_keys(evaluation["rows"], [row.id for row in here[0]], language)
        rows[language] = _coverage(runs, language)
        measured = {column: (ratio, keys) for column, ratio in _cost_ratios(here).items()}
        if partner:
            measured |= _success_ratio(language, credits[partner, "selected"], credits[name, "selected"])
        for column, (ratio, row_names) in measured.items():
            columns.setdefault(column, {})[language] = sample(ratio, row_names)
            rows[language][column] = _ratio_cell(ratio, columns[column][language], column)
        rows[language] |= asked
    home_languages = [language for language in evaluation["trained"] if language in samples.get(name, {})]
    mean = _mean_row(rows, columns) | _gap_cells(samples, name, home_languages) | asked
    names = [(language, row.id) for language in languages for row in runs[0].rows if row.language == language]
    return {
        "against": partner,
        "home": home_languages,
        "sample": {
            "rows": len(names),
            "hash": ids_fingerprint([f"{language}/{name}" for language, name in names]),
            "languages": {
                code: ids_fingerprint([name for row_language, name in names if row_language == code])
                for code in languages
            },
        },
        "languages": rows,
        "mean": mean,
        "examples": {code: [_example_part(row) for row in runs[0].sample(EXAMPLES_EACH, code)] for code in languages},
    }


# ratios of sums over rows


def _cost_ratios(runs: Sequence[Sequence[AttackedRow]]) -> dict[str, Ratio]:
    """Changed words, and queries and forwards of a search, each as a ratio of sums, [runs, rows]."""

    def ratio(value: Any, counted: Any) -> Ratio:
        bottom = np.array([[float(counted(row)) for row in run] for run in runs])
        return Ratio(np.array([[float(value(row)) for row in run] for run in runs]) * bottom, bottom)

    ratios = {"words": ratio(lambda row: row.share, lambda row: row.state == CHANGED)}
    hits, whole = (np.array([[float(row.portion[i]) for row in run] for run in runs]) for i in (0, 1))
    ratios["portion"] = Ratio(hits, whole)
    for column in COUNTS:
        ratios[column] = ratio(lambda row, c=column: getattr(row, c), lambda row: row.status in SEARCH_STATUSES)
    return {column: column_ratio for column, column_ratio in ratios.items() if column_ratio.bottom.any()}


def right_rows(credits: Credits, language: str) -> Ratio:
    """Which rows are right, 1 or 0, as the ``top`` of a mean, [seeds, rows]."""
    metrics = credits.ratios[language]
    metric = next((name for name in ("exact", "accuracy") if name in metrics), credits.metrics[0])
    top, bottom = metrics[metric]
    return Ratio(((top == bottom) & (bottom > 0)).astype(np.float64), np.ones_like(top))


def _success_ratio(language: str, clean: Credits, attacked: Credits) -> dict[str, tuple[Ratio, np.ndarray]]:
    """``success``: rows that were right and are wrong under attack, with the rows' keys [rows]; nothing if none was."""
    places = shared_indices([clean, attacked], language)
    if not places[0]:
        return {}
    before, after = (right_rows(side, language).top[:, at] for side, at in zip((clean, attacked), places, strict=True))
    if not before.any():
        return {}
    return {"success": (Ratio(before * (1 - after), before), clean.keys[language][places[0]])}


def shared_indices(several: Sequence[Credits], language: str) -> list[list[int]]:
    """Where each of several has the rows of a language that all have, in the order of the first."""
    if any(language not in entry.ids for entry in several):
        return [[] for _ in several]
    index_maps = [{name: i for i, name in enumerate(entry.ids[language])} for entry in several]
    names = [name for name in several[0].ids[language] if all(name in other for other in index_maps)]
    return [[entry[name] for name in names] for entry in index_maps]


def _ratio_cell(ratio: Ratio, estimate: Sample, column: str) -> dict[str, Any]:
    rows = float(ratio.bottom.sum() / ratio.bottom.shape[0])
    return cell(estimate, column if column in COUNTS else "score") | {"rows": rows}


def _coverage(runs: Sequence[AttackedRows], language: str) -> dict[str, Any]:
    """How many rows came to each state, the mean over runs."""
    states = [[row.state for row in run.rows if row.language == language] for run in runs]
    return {state: sum(row_states.count(state) for row_states in states) / len(states) for state in STATES}


def _mean_row(rows: Mapping[str, Mapping[str, Any]], columns: Columns) -> dict[str, Any]:
    """Unweighted means over languages; of the coverage, sums."""
    return {state: sum(row[state] for row in rows.values()) for state in STATES} | _mean_cells(columns)


def _mean_cells(columns: Columns) -> dict[str, Cell]:
    return {
        column: cell(mean(list(found.values())), column if column in COUNTS else "score") | {"rows": len(found)}
        for column, found in columns.items()
    }


def _gap_cells(samples: Columns, name: str, trained: Sequence[str]) -> dict[str, Cell]:
    """``gap`` of the robust scores, and its ``growth`` over the clean one on the same rows."""
    scores, drops = samples.get(name, {}), samples.get(f"{name}.drop", {})
    cells = {"gap": ("gap", gap(scores, trained), scores), "growth": ("gap_growth", gap_growth(drops, trained), drops)}
    return {
        column: cell(code, measure) | {"rows": len(over.keys() - set(trained))}
        for column, (measure, code, over) in cells.items()
        if code is not None
    }


def _example_part(row: AttackedRow) -> dict[str, Any]:
    """A changed row, clipped around its changes, for people: of each changed text its parts before and after."""
    texts = {}
    for side in row.sides:
        if side.edits:
            before, after = (clip_pieces(parts) for parts in split_at_edits(side.original, side.edits))
            texts[side.column] = {"original": list(map(list, before)), "changed": list(map(list, after))}
    return {"id": row.id, "status": row.status, "texts": texts}


# several networks under one attacker


def _comparisons(
    job: Mapping[str, Any], credits: Mapping[tuple[str, str], Credits], names: Sequence[str]
) -> list[dict[str, Any]]:
    """For each attacker of several evaluations of one split, all of them on the rows that every network had right."""
    groups: dict[str, list[str]] = {}
    for name in names:
        if clean_partner(job, name):
            evaluation = job["evaluations"][name]
            groups.setdefault(json_digest([evaluation["attacker"], evaluation["rows"]]), []).append(name)
    return [_compare_group(job, credits, group) for group in groups.values() if len(group) > 1]


def _compare_group(
    job: Mapping[str, Any], credits: Mapping[tuple[str, str], Credits], group: list[str]
) -> dict[str, Any]:
    clean = [credits[str(clean_partner(job, name)), "selected"] for name in group]
    attacked = [credits[name, "selected"] for name in group]
    rows: dict[str, dict[str, Any]] = {}
    columns: Columns = {}
    for language in attacked[0].ids:
        row_indices = shared_indices([*clean, *attacked], language)
        if not row_indices[0]:
            continue
        before = [
            right_rows(run_credits, language).top[:, indices]
            for run_credits, indices in zip(clean, row_indices[: len(group)], strict=True)
        ]
        kept = np.flatnonzero(np.all([correct.all(0) for correct in before], axis=0)).tolist()
        rows[language] = {"right": len(kept), "of": len(row_indices[0])}
        for name, run_credits, indices in zip(group, attacked, row_indices[len(group) :], strict=True):
            if kept:
                still = [indices[i] for i in kept]
                ratio = right_rows(run_credits, language).take_rows(still)
                estimate = sample(ratio, run_credits.keys[language][still])
                columns.setdefault(name, {})[language] = estimate
                rows[language][name] = _ratio_cell(ratio, estimate, name)
    mean: dict[str, Any] = {key: sum(row[key] for row in rows.values()) for key in ("right", "of")}
    return {"evaluations": group, "languages": rows, "mean": mean | _mean_cells(columns)}
