"""The table of a recipe: per language what the intermediate stage bought and what each attack cost.

``collect`` makes plain data of stored scores; ``text``, ``markdown`` and ``csv_table`` write it down.
All scores are in percent; an interval is the 95% bootstrap interval over examples and seeds.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

import numpy as np

from xfer.metrics.intervals import interval, resampled

Rows = dict[str, list[Any]]
Scored = tuple[dict[str, Any], Rows]  # scores.json and credit.parquet of one score node
Cell = dict[str, float]


class _Credits:
    """Credit of one evaluation: per language, ids in order and an array [seeds, examples]."""

    def __init__(self, runs: list[Scored]) -> None:
        self.ids: dict[str, list[str]] = {}
        self.credit: dict[str, np.ndarray] = {}
        first = runs[0][1]
        for language in sorted(set(first["language"])):
            places = [
                i
                for i, (found, credit) in enumerate(zip(first["language"], first["credit"], strict=True))
                if found == language and credit is not None
            ]
            if places:
                self.ids[language] = [first["id"][i] for i in places]
                self.credit[language] = np.array(
                    [[rows["credit"][i] for i in places] for _, rows in runs], dtype=np.float64
                )

    def beside(self, other: _Credits, language: str) -> tuple[np.ndarray, np.ndarray] | None:
        """Both credits on the rows that both have, in this one's order; None if there is no such row."""
        if language not in self.ids or language not in other.ids:
            return None
        there = {name: i for i, name in enumerate(other.ids[language])}
        both = [(i, there[name]) for i, name in enumerate(self.ids[language]) if name in there]
        if not both:
            return None
        mine, theirs = zip(*both, strict=True)
        return self.credit[language][:, list(mine)], other.credit[language][:, list(theirs)]


def collect(about: Mapping[str, Any], scored: Mapping[str, Scored]) -> dict[str, Any]:
    """The report as plain data.

    ``about`` is a report node's job; ``scored`` maps ``evaluation/role/seed`` to what its score node wrote.
    """
    seeds = about["seeds"]
    credits = {}
    for name in about["order"]:
        for role in ("selected", "oracle"):
            runs = [scored[f"{name}/{role}/{seed}"] for seed in seeds if f"{name}/{role}/{seed}" in scored]
            if runs:
                credits[name, role] = _Credits(runs)
    compare, baseline = about["compare"], about["baseline"]
    metric = next(k for k in next(iter(next(iter(scored.values()))[0].values())) if k != "rows")
    draws: dict[tuple[str, str], dict[str, np.ndarray]] = {}
    rows = {}
    for language in sorted({lang for found in credits.values() for lang in found.credit}):
        rows[language] = _row(language, about, credits, compare, baseline, draws)
    _gaps(rows, about, compare)
    return {
        "name": about["name"],
        "seeds": seeds,
        "order": about["order"],
        "metric": metric,
        "compare": compare,
        "baseline": baseline,
        "evaluations": {name: about["evaluations"][name] for name in about["order"]},
        "trained": about["evaluations"][compare]["trained"] if compare else [],
        "languages": rows,
        "mean": _means(rows, draws),
    }


def _row(
    language: str,
    about: Mapping[str, Any],
    credits: Mapping[tuple[str, str], _Credits],
    compare: str | None,
    baseline: str | None,
    draws: dict[tuple[str, str], dict[str, np.ndarray]],
) -> dict[str, Cell]:
    """All columns of one language: ``name``, ``name.drop``, ``bought``, ``oracle`` ..., each with its interval."""

    def cell(column: str, value: np.ndarray, minus: np.ndarray | None = None) -> None:
        means = resampled(value) - (resampled(minus) if minus is not None else 0.0)
        draws.setdefault((column, "draws"), {})[language] = means
        low, high = interval(means)
        point = float(value.mean()) - (float(minus.mean()) if minus is not None else 0.0)
        row[column] = {"value": 100 * point, "low": 100 * low, "high": 100 * high, "rows": value.shape[1]}

    row: dict[str, Cell] = {}
    clean = credits.get((compare, "selected")) if compare else None
    for name in about["order"]:
        evaluation = about["evaluations"][name]
        here = credits[name, "selected"]
        if language not in here.credit:
            continue
        cell(name, here.credit[language])
        pair = (
            clean.beside(here, language) if clean and evaluation["attacker"] and _same(about, compare, name) else None
        )
        if pair:
            cell(f"{name}.drop", *pair)
            before = 100 * float(pair[0].mean())
            share = row[f"{name}.drop"]["value"] / before if before else 0.0
            row[f"{name}.relative"] = {"value": 100 * share, "rows": pair[0].shape[1]}
    if clean is not None and language in clean.credit:
        direct = credits.get((baseline, "selected")) if baseline else None
        pair = clean.beside(direct, language) if direct and _same(about, compare, baseline) else None
        if pair:
            cell("bought", *pair)
        if (compare, "oracle") in credits:
            cell("oracle", credits[compare, "oracle"].credit[language])  # type: ignore[index]
    return row


def _same(about: Mapping[str, Any], one: str | None, other: str | None) -> bool:
    """Whether two evaluations test rows of one data set and split: equal ids of others mean nothing."""
    evaluations = about["evaluations"]
    return bool(evaluations[one].get("rows") == evaluations[other].get("rows"))


def _gaps(rows: dict[str, dict[str, Cell]], about: Mapping[str, Any], compare: str | None) -> None:
    """The transfer gap: the score in the training language minus the score here (Hu et al. 2020, section 4)."""
    if compare is None:
        return
    home = [lang for lang in about["evaluations"][compare]["trained"] if compare in rows.get(lang, {})]
    if not home:
        return
    at_home = sum(rows[lang][compare]["value"] for lang in home) / len(home)
    for language, row in rows.items():
        if compare in row and language not in home:
            row["gap"] = {"value": at_home - row[compare]["value"], "rows": row[compare]["rows"]}


def _means(rows: dict[str, dict[str, Cell]], draws: dict[tuple[str, str], dict[str, np.ndarray]]) -> dict[str, Cell]:
    """The unweighted mean over languages of every column; the gap's is over the other languages."""
    means: dict[str, Cell] = {}
    for column in sorted({column for row in rows.values() for column in row}):
        values = [row[column]["value"] for row in rows.values() if column in row]
        means[column] = {"value": sum(values) / len(values), "rows": len(values)}
        if (column, "draws") in draws:
            low, high = interval(np.mean(list(draws[column, "draws"].values()), axis=0))
            means[column] |= {"low": 100 * low, "high": 100 * high}
    return means


def columns(table: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(column of the data, heading) in the order of the table."""
    wanted: list[tuple[str, str]] = []
    if table["baseline"]:
        wanted += [(table["baseline"], table["baseline"])]
    order = [(name, table["evaluations"][name]) for name in table["order"]]
    clean = [n for n, a in order if a["attacker"] is None and n != table["baseline"]]
    wanted += [(name, name) for name in clean]
    wanted += [("bought", "bought"), ("gap", "gap"), ("oracle", "oracle")]
    for name, evaluation in order:
        if evaluation["attacker"]:
            wanted += [(name, name), (f"{name}.drop", "drop"), (f"{name}.relative", "drop %")]
    return [(column, heading) for column, heading in wanted if column in table["mean"]]


def grid(table: Mapping[str, Any], language_last: str = "mean") -> list[list[str]]:
    """The table as text cells, heading first, the mean over languages last."""
    shown = columns(table)
    lines = [["language", *[heading for _, heading in shown]]]
    for language, row in [*table["languages"].items(), (language_last, table["mean"])]:
        lines.append([language, *[_cell(row.get(column)) for column, _ in shown]])
    return lines


def _cell(cell: Mapping[str, float] | None) -> str:
    if cell is None:
        return "-"
    if "low" not in cell:
        return f"{cell['value']:.1f}"
    return f"{cell['value']:.1f} [{cell['low']:.1f}, {cell['high']:.1f}]"


def text(table: Mapping[str, Any]) -> str:
    """An aligned table for terminals, with a line that says how to read it."""
    lines = grid(table)
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    made = [
        "  ".join(
            cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    ]
    made = [line.rstrip() for line in made]
    rule = "-" * max(map(len, made))
    return "\n".join([made[0], rule, *made[1:-1], rule, made[-1], "", legend(table)]) + "\n"


def markdown(table: Mapping[str, Any]) -> str:
    """The report as Markdown."""
    lines = grid(table)
    made = ["| " + " | ".join(line) + " |" for line in lines]
    made.insert(1, "|" + "|".join(["---", *["---:"] * (len(lines[0]) - 1)]) + "|")
    return f"# {table['name']}\n\n" + "\n".join(made) + f"\n\n{legend(table)}\n"


def legend(table: Mapping[str, Any]) -> str:
    """What the columns mean, in one paragraph."""
    seeds = len(table["seeds"])
    parts = [
        f"{table['metric']} in percent, {seeds} seed{'s' if seeds > 1 else ''}, "
        "[95% bootstrap interval over examples and seeds]."
    ]
    if "bought" in table["mean"]:
        parts.append(f"bought: {table['compare']} minus {table['baseline']}.")
    if "gap" in table["mean"]:
        parts.append(f"gap: {', '.join(table['trained'])} minus this language.")
    if "oracle" in table["mean"]:
        parts.append("oracle: the checkpoint that the target languages' dev sets would choose.")
    if any(column.endswith(".drop") for column in table["mean"]):
        parts.append("drop: clean minus attacked on the same rows; drop %: as a share of clean.")
    return " ".join(parts)


def csv_table(table: Mapping[str, Any]) -> str:
    """One line a language and column: language, column, value, low, high, rows; unrounded."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["language", "column", "value", "low", "high", "rows"])
    for language, row in [*table["languages"].items(), ("mean", table["mean"])]:
        for column, cell in sorted(row.items()):
            writer.writerow([language, column, cell["value"], cell.get("low", ""), cell.get("high", ""), cell["rows"]])
    return out.getvalue()
