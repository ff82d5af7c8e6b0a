"""A report as text for terminals, as Markdown and as CSV. Plain data in, text out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

from xfer.metrics.benchmarks import BENCHMARKS
from xfer.reports.attack_tables import (
    COMPARED,
    LEGEND,
    attack_cells,
    attack_grid,
    compared_grid,
    example_grid,
    language_grid,
    sample_note,
)
from xfer.reports.chance_columns import CHANCE_LEGEND, cell_of, with_chance
from xfer.reports.discriminators import DISCRIMINATORS, discriminator_grid

Grid = list[list[str]]  # heading first
SHOWN = {"f1": "F1", "exact": "EM", "map@20": "mAP@20"}
CSV_FACTS = ("low", "high", "rows", "chance", "collapsed")
METRICS = ("f1", "exact", "accuracy", "map@20")  # the columns of a benchmark's table
MEAN = "mean"


def tables_of(report: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The tables of a report: itself, if it tests one data set."""
    found: list[Mapping[str, Any]] = report.get("tables", [report])
    return found


def columns(table: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(column of the data, heading) in the order of the table."""
    wanted: list[tuple[str, str]] = []
    order = [(name, table["evaluations"][name]) for name in table["order"]]
    clean = [name for name, about in order if about["attacker"] is None and name != table["baseline"]]
    for name in [table["baseline"], *clean] if table["baseline"] else clean:
        wanted += [(name, name), *_beside(name, table)]
    wanted += [("bought", "bought"), ("gap", "gap"), ("oracle", "oracle")]
    for name, evaluation in order:
        if evaluation["attacker"]:
            wanted += [(name, name), *_beside(name, table)]
            wanted += [(f"{name}.drop", "drop"), (f"{name}.relative", "drop %")]
    return with_chance([(column, heading) for column, heading in wanted if column in table["mean"]], table)


def _beside(name: str, table: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(f"{name}.exact", "EM")] if "exact" in table["metrics"][1:] else []


def grid(table: Mapping[str, Any]) -> Grid:
    """The table as text cells, the mean over languages last."""
    shown = columns(table)
    lines = [["language", *[heading for _, heading in shown]]]
    for language, row in [*table["languages"].items(), (MEAN, table["mean"])]:
        lines.append([language, *[cell(cell_of(row, column)) for column, _ in shown]])
    return lines


def cell(found: Mapping[str, float] | None) -> str:
    """A score with its interval where it has one."""
    if found is None:
        return "-"
    value, *ends = (f"{round(found[key], 1) + 0.0:.1f}" for key in ("value", "low", "high") if key in found)  # no -0.0
    return f"{value} [{', '.join(ends)}]" if ends else value


def _parts(report: Mapping[str, Any]) -> Iterator[tuple[str, Grid, list[str]]]:
    """Heading, grid and notes of all that a report shows; one table alone needs no heading."""
    several = tables_of(report)
    for table in several:
        heading = f"{table['data']}: {SHOWN.get(table['metric'], table['metric'])}" if len(several) > 1 else ""
        yield heading, grid(table), [legend(table)]
        if found := table.get("robustness"):
            of = f" on {table['data']}" if len(several) > 1 else ""
            yield f"attacks{of}", attack_grid(found, cell), [LEGEND, sample_note(found)]
            for part in found["compared"]:
                yield f"{' and '.join(part['evaluations'])} beside each other", compared_grid(part, cell), [COMPARED]
    if report.get("discriminators"):
        yield "discriminators", discriminator_grid(report["discriminators"]), [DISCRIMINATORS]
    if report.get("benchmark"):
        yield report["benchmark"]["title"], benchmark_grid(report["benchmark"]), benchmark_notes(report["benchmark"])
    if report.get("against"):
        against = report["against"]
        yield f"beside {against['title']}", published_grid(against), published_notes(against)


def benchmark_grid(found: Mapping[str, Any]) -> Grid:
    """A line a task, then its groups, then the whole."""
    benchmark = BENCHMARKS[found["name"]]
    metrics = [name for name in METRICS if any(name in task["metrics"] for task in found["tasks"].values())]
    lines = [["task", "languages", *[SHOWN.get(name, name) for name in metrics], "gap", "score"]]
    for name in benchmark.tasks:  # its own order: a file of JSON has them sorted
        if name not in found["tasks"]:
            continue
        task = found["tasks"][name]
        means = [cell(task["mean"].get(metric)) for metric in metrics]
        of = f"{len(task['languages'])}/{len(benchmark.tasks[name].languages)}"
        lines.append([name, of, *means, cell(task["gap"]), cell(task["score"]), *_chance(task["score"])])
    scored = [name for name in benchmark.every_group if name in found["groups"]]
    ends = [(benchmark.group_title(name), found["groups"][name]) for name in scored]
    ends.append((found["title"], found["total"]) if found["total"] else ("mean of tasks", found["average"]))
    lines += [[name, *[""] * (len(metrics) + 2), cell(score), *_chance(score)] for name, score in ends]
    lines[0] += ["chance"] if len(lines[-1]) > len(lines[0]) else []
    return lines


def _chance(score: Mapping[str, float] | None) -> list[str]:
    return [cell({"value": score["chance"]})] if score and "chance" in score else []


def benchmark_notes(found: Mapping[str, Any]) -> list[str]:
    """What the columns mean, and why the last line is not the published kind of total, if so."""
    notes = "Means over languages in percent, English included; score: the mean of the metrics; gap: English minus "
    notes += "the mean of the others."
    if found["total"]:
        return [notes]
    lacking = [f"{name} is not tested" for name in found["missing"]]
    if found["incomplete"]:
        short = [name for name in BENCHMARKS[found["name"]].tasks if name in found["incomplete"]]
        lacking.append(f"not all languages of {', '.join(short)} are tested")
    return [f"{notes} No total as published: {'; '.join(lacking)}."]


def published_grid(found: Mapping[str, Any]) -> Grid:
    """A line a task, metric and language: ours, then each model's published score."""
    lines = [["task", "metric", "language", "ours", *found["models"]]]
    for row in found["rows"]:
        partial = row["task"] != "total" and row["language"] == MEAN and row["languages"] != row["of"]
        part = f" ({row['languages']}/{row['of']})" if partial else ""
        shown = [row["ours"], *[row["published"].get(model) for model in found["models"]]]
        values = [cell({"value": value} if value is not None else None) for value in shown]
        lines.append([row["task"], SHOWN.get(row["metric"], row["metric"]), row["language"] + part, *values])
    return lines


def published_notes(found: Mapping[str, Any]) -> list[str]:
    """Where the figures come from, and whether they may be compared."""
    sources = dict.fromkeys(source for row in found["rows"] for source in row["sources"].values())
    notes = [f"Published: {source}." for source in sources]
    if any(row["languages"] != row["of"] for row in found["rows"] if row["task"] != "total"):
        notes.append("(n/m): our mean is over n of the m languages that the published one is over.")
    if not found["rows"]:
        notes.append("None of the data sets tested here has a score there.")
    if found["made_up"]:
        notes.append("Ours are scores on made-up data (source: miniature): the published ones are not comparable.")
    return notes


def text(report: Mapping[str, Any]) -> str:
    """Aligned tables for terminals, each with a line that says how to read it."""
    made = []
    for heading, lines, notes in _parts(report):
        body = _aligned(lines, ruled=len(lines) > 2 and lines[-1][0] != lines[-2][0] and lines[0][0] != "attack")
        made.append("\n".join([*([heading, ""] if heading else []), body, "", *notes]))
    remarks = [f"warning: {shown_warning(one)}" for one in report.get("warnings", ())]
    remarks += [f"note: {note}" for note in report.get("notes", ())]
    made += ["\n".join(remarks)] if remarks else []
    return "\n\n\n".join(made) + "\n"


def _aligned(lines: Grid, ruled: bool) -> str:
    """Columns of equal width; ``ruled`` sets the last line off."""
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    made = [
        "  ".join(
            text.ljust(w) if i == 0 else text.rjust(w) for i, (text, w) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    rule = "-" * max(map(len, made))
    made.insert(1, rule)
    if ruled:
        made.insert(-1, rule)
    return "\n".join(made)


def markdown(report: Mapping[str, Any]) -> str:
    """The report as Markdown."""
    made = [f"# {report['name']}"]
    for heading, lines, notes in _parts(report):
        rows = _markdown_table(lines)
        made += [*([f"## {heading}"] if heading else []), "\n".join(rows), *notes]
    made += _attacks(report)
    made += [f"Warning: {shown_warning(one)}." for one in report.get("warnings", ())]
    made += [f"Note: {note}." for note in report.get("notes", ())]
    return "\n\n".join(made) + "\n"


def shown_warning(one: Mapping[str, str]) -> str:
    """A warning of a report in one line."""
    return f"{one['what']}: {one['warning']}"


def _markdown_table(lines: Grid, align: str = "---:") -> list[str]:
    rows = ["| " + " | ".join(line) + " |" for line in lines]
    rows.insert(1, "|" + "|".join(["---", *[align] * (len(lines[0]) - 1)]) + "|")
    return rows


def _attacks(report: Mapping[str, Any]) -> Iterator[str]:
    """Of each attack its scores by language, and examples side by side."""
    for table in tables_of(report):
        for name, one in table.get("robustness", {"attacks": {}})["attacks"].items():
            yield f"## {name}: by language"
            yield "\n".join(_markdown_table(language_grid(one, cell)))
            examples = example_grid(one)
            if len(examples) > 1:
                yield f"## {name}: original and changed"
                yield "\n".join(_markdown_table(examples, "---"))


def legend(table: Mapping[str, Any]) -> str:
    """What the columns mean, in one paragraph."""
    seeds, mean = len(table["seeds"]), table["mean"]
    parts = [
        f"{SHOWN.get(table['metric'], table['metric'])} in percent, {seeds} seed{'s' if seeds > 1 else ''}, "
        "[95% bootstrap interval over examples and seeds]."
    ]
    if any("chance" in found for found in mean.values()):
        parts.append(CHANCE_LEGEND)
    if "exact" in table["metrics"][1:]:
        both = ", ".join(f"{name} {cell(mean[f'{name}.both'])}" for name in table["order"] if f"{name}.both" in mean)
        parts.append(f"EM: exact match of the column before it. Mean of F1 and EM: {both}.")
    if "bought" in mean:
        parts.append(f"bought: {table['compare']} minus {table['baseline']}.")
    if "gap" in mean:
        parts.append(f"gap: {', '.join(table['trained'])} minus this language.")
    if "oracle" in mean:
        parts.append("oracle: the checkpoint that the target languages' dev sets would choose.")
    if any(column.endswith(".drop") for column in mean):
        parts.append("drop: the stage's clean score minus the attacked one, same rows; drop %: as a share of clean.")
    return " ".join(parts)


def csv_table(report: Mapping[str, Any]) -> str:
    """One line a language and column: language, column, value, low, high, rows, chance, collapsed; unrounded.

    A report that holds more than one table has a column ``data`` before these; the lines of a benchmark's table and
    of published scores name the task in the column.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    named = any(report.get(key) for key in ("tables", "benchmark", "against"))
    writer.writerow([*(["data"] if named else []), "language", "column", "value", *CSV_FACTS])
    for data, language, name, found in _cells(report):
        ends = [found["value"], *(found.get(fact, "") for fact in CSV_FACTS)]
        writer.writerow([*([data] if named else []), language, name, *ends])
    return out.getvalue()


def _cells(report: Mapping[str, Any]) -> Iterator[tuple[str, str, str, Mapping[str, Any]]]:
    """(data, language, column, cell) of everything in a report."""
    for table in tables_of(report):
        for language, row in [*table["languages"].items(), (MEAN, table["mean"])]:
            yield from ((table["data"], language, name, found) for name, found in sorted(row.items()))
        if table.get("robustness"):
            yield from ((table["data"], *found) for found in attack_cells(table["robustness"]))
    benchmark, against = report.get("benchmark"), report.get("against")
    if benchmark:
        for name, task in benchmark["tasks"].items():
            shown = task["mean"] | {"score": task["score"]} | ({"gap": task["gap"]} if task["gap"] else {})
            for metric, found in shown.items():
                yield benchmark["title"], MEAN, f"{name}.{metric}", {**found, "rows": len(task["languages"])}
        for name, found in benchmark["groups"].items():
            yield benchmark["title"], MEAN, f"group.{name}", found
        for name in ("average", "total"):
            if benchmark[name]:
                yield benchmark["title"], MEAN, name, benchmark[name]
    for row in against["rows"] if against else ():
        for model, value in row["published"].items():
            yield model, row["language"], f"{row['task']}.{row['metric']}", {"value": value}
