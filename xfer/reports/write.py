"""A report as text for terminals, as Markdown and as CSV. Plain data in, text out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

from xfer.metrics.benchmarks import BENCHMARKS
from xfer.reports.attack_tables import (
    ATTACK_LEGEND,
    COMPARED_NOTE,
    attack_cells,
    attack_grid,
    compared_grid,
    example_grid,
    language_grid,
    sample_note,
)
from xfer.reports.chance_columns import CHANCE_LEGEND, cell_of, with_chance
from xfer.reports.discriminators import DISCRIMINATOR_NOTE, accuracy_grid
from xfer.reports.measures import clean_partner
from xfer.reports.table import csv_field

TextGrid = list[list[str]]  # heading first
METRIC_NAMES = {"f1": "F1", "exact": "EM", "map@20": "mAP@20"}
CSV_FACTS = ("low", "high", "rows", "chance", "collapsed")
BENCHMARK_METRICS = ("f1", "exact", "accuracy", "map@20")  # the columns of a benchmark's table
MEAN_ROW = "mean"


def tables_of(report: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The tables of a report: itself, if it tests one data set."""
    tables: list[Mapping[str, Any]] = report.get("tables", [report])
    return tables


def shown_columns(table: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(column of the data, heading) in the order of the table."""
    wanted: list[tuple[str, str]] = []
    order = [(name, table["evaluations"][name]) for name in table["order"]]
    clean = [name for name, settings in order if settings["attacker"] is None and name != table["baseline"]]
    for name in [table["baseline"], *clean] if table["baseline"] else clean:
        wanted += [(name, name), *_exact_column(name, table)]
    wanted += [("bought", "bought"), ("gap", "gap"), ("oracle", "oracle")]
    for name, evaluation in order:
        if evaluation["attacker"]:
            wanted += [(name, name), *_exact_column(name, table)]
            wanted += [(f"{name}.drop", "drop"), (f"{name}.relative", "drop %")]
    return with_chance([(column, heading) for column, heading in wanted if column in table["mean"]], table)


def _exact_column(name: str, table: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(f"{name}.exact", "EM")] if "exact" in table["metrics"][1:] else []


def score_grid(table: Mapping[str, Any]) -> TextGrid:
    """The table as text cells, the mean over languages last."""
    shown = shown_columns(table)
    lines = [["language", *[heading for _, heading in shown]]]
    for language, row in [*table["languages"].items(), (MEAN_ROW, table["mean"])]:
        lines.append([language, *[_narrow(column, cell_of(row, column)) for column, _ in shown]])
    return lines


def _narrow(column: str, found: Mapping[str, float] | None) -> str:
    """What follows from the columns beside it stands without its interval, which the CSV and JSON files have."""
    follows = found is not None and (column == "gap" or column.endswith(".relative"))
    return score_cell({"value": found["value"]} if found and follows else found)


def score_cell(score: Mapping[str, float] | None) -> str:
    """A score with its interval where it has one."""
    if score is None:
        return "-"
    value, *ends = (f"{round(score[key], 1) + 0.0:.1f}" for key in ("value", "low", "high") if key in score)  # no -0.0
    return f"{value} [{', '.join(ends)}]" if ends else value


def chance_note(seeds: int) -> str:
    """What an interval is over. A single training says nothing of what another would have given."""
    if seeds == 1:
        return "1 seed, [95% interval over rows: it speaks of this one training only]."
    return f"{seeds} seeds, [95% interval over rows and seeds]."


def _report_sections(report: Mapping[str, Any]) -> Iterator[tuple[str, TextGrid, list[str]]]:
    """Heading, grid and notes of all that a report shows; one table alone needs no heading."""
    several = tables_of(report)
    for table in several:
        heading = f"{table['data']}: {METRIC_NAMES.get(table['metric'], table['metric'])}" if len(several) > 1 else ""
        yield heading, score_grid(table), [legend_text(table)]
        if robustness := table.get("robustness"):
            of = f" on {table['data']}" if len(several) > 1 else ""
            yield f"attacks{of}", attack_grid(robustness, score_cell), [ATTACK_LEGEND, sample_note(robustness)]
            for comparison in robustness["compared"]:
                yield (
                    f"{' and '.join(comparison['evaluations'])} beside each other",
                    compared_grid(comparison, score_cell),
                    [COMPARED_NOTE],
                )
    if report.get("discriminators"):
        yield "discriminators", accuracy_grid(report["discriminators"]), [DISCRIMINATOR_NOTE]
    if report.get("benchmark"):
        yield report["benchmark"]["title"], benchmark_grid(report["benchmark"]), benchmark_notes(report["benchmark"])
    if report.get("against"):
        against = report["against"]
        yield f"beside {against['title']}", published_score_grid(against), published_notes(against)


def benchmark_grid(benchmark_scores: Mapping[str, Any]) -> TextGrid:
    """A line a task, then its groups, then the whole."""
    benchmark = BENCHMARKS[benchmark_scores["name"]]
    metrics = [
        name
        for name in BENCHMARK_METRICS
        if any(name in task["metrics"] for task in benchmark_scores["tasks"].values())
    ]
    lines = [["task", "languages", *[METRIC_NAMES.get(name, name) for name in metrics], "gap", "score"]]
    for name in benchmark.tasks:  # its own order: a file of JSON has them sorted
        if name not in benchmark_scores["tasks"]:
            continue
        task = benchmark_scores["tasks"][name]
        means = [score_cell(task["mean"].get(metric)) for metric in metrics]
        of = f"{len(task['languages'])}/{len(benchmark.tasks[name].languages)}"
        lines.append([name, of, *means, score_cell(task["gap"]), score_cell(task["score"]), *_chance(task["score"])])
    scored = [name for name in benchmark.every_group if name in benchmark_scores["groups"]]
    ends = [(benchmark.group_title(name), benchmark_scores["groups"][name]) for name in scored]
    ends.append(
        (benchmark_scores["title"], benchmark_scores["total"])
        if benchmark_scores["total"]
        else ("mean of tasks", benchmark_scores["average"])
    )
    lines += [[name, *[""] * (len(metrics) + 2), score_cell(score), *_chance(score)] for name, score in ends]
    lines[0] += ["chance"] if len(lines[-1]) > len(lines[0]) else []
    return lines


def _chance(score: Mapping[str, float] | None) -> list[str]:
    return [score_cell({"value": score["chance"]})] if score and "chance" in score else []


def benchmark_notes(benchmark_scores: Mapping[str, Any]) -> list[str]:
    """What the columns mean, and why the last line is not the published kind of total, if so."""
    notes = "Means over languages in percent, English included; score: the mean of the metrics; gap: English minus "
    notes += "the mean of the others."
    if benchmark_scores["total"]:
        return [notes]
    lacking = [f"{name} is not tested" for name in benchmark_scores["missing"]]
    if benchmark_scores["incomplete"]:
        short = [name for name in BENCHMARKS[benchmark_scores["name"]].tasks if name in benchmark_scores["incomplete"]]
        lacking.append(f"not all languages of {', '.join(short)} are tested")
    return [f"{notes} No total as published: {'; '.join(lacking)}."]


def published_score_grid(against: Mapping[str, Any]) -> TextGrid:
    """A line a task, metric and language: ours, then each model's published score."""
    lines = [["task", "metric", "language", "ours", *against["models"]]]
    for row in against["rows"]:
        partial = row["task"] != "total" and row["language"] == MEAN_ROW and row["languages"] != row["of"]
        coverage = f" ({row['languages']}/{row['of']})" if partial else ""
        shown = [row["ours"], *[row["published"].get(model) for model in against["models"]]]
        values = [score_cell({"value": value} if value is not None else None) for value in shown]
        lines.append([row["task"], METRIC_NAMES.get(row["metric"], row["metric"]), row["language"] + coverage, *values])
    return lines


def published_notes(against: Mapping[str, Any]) -> list[str]:
    """Where the figures come from, and whether they may be compared."""
    sources = dict.fromkeys(source for row in against["rows"] for source in row["sources"].values())
    notes = [f"Published: {source}." for source in sources]
    if any(row["languages"] != row["of"] for row in against["rows"] if row["task"] != "total"):
        notes.append("(n/m): our mean is over n of the m languages that the published one is over.")
    if not against["rows"]:
        notes.append("None of the data sets tested here has a score there.")
    if against["made_up"]:
        notes.append("Ours are scores on made-up data (source: miniature): the published ones are not comparable.")
    return notes


def report_text(report: Mapping[str, Any]) -> str:
    """Aligned tables for terminals, each with a line that says how to read it."""
    blocks = []
    for heading, lines, notes in _report_sections(report):
        body = _aligned_grid(lines, ruled=len(lines) > 2 and lines[-1][0] != lines[-2][0] and lines[0][0] != "attack")
        blocks.append("\n".join([*([heading, ""] if heading else []), body, "", *notes]))
    remarks = [f"warning: {shown_warning(one)}" for one in report.get("warnings", ())]
    remarks += [f"note: {note}" for note in report.get("notes", ())]
    blocks += ["\n".join(remarks)] if remarks else []
    return "\n\n\n".join(blocks) + "\n"


def _aligned_grid(lines: TextGrid, ruled: bool) -> str:
    """Columns of equal width; ``ruled`` sets the last line off."""
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    aligned = [
        "  ".join(
            text.ljust(w) if i == 0 else text.rjust(w) for i, (text, w) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    rule = "-" * max(map(len, aligned))
    aligned.insert(1, rule)
    if ruled:
        aligned.insert(-1, rule)
    return "\n".join(aligned)


def report_markdown(report: Mapping[str, Any]) -> str:
    """The report as Markdown."""
    blocks = [f"# {report['name']}"]
    for heading, lines, notes in _report_sections(report):
        rows = _markdown_table(lines)
        blocks += [*([f"## {heading}"] if heading else []), "\n".join(rows), *notes]
    blocks += _attack_sections(report)
    blocks += [f"Warning: {shown_warning(one)}." for one in report.get("warnings", ())]
    blocks += [f"Note: {note}." for note in report.get("notes", ())]
    return "\n\n".join(blocks) + "\n"


def shown_warning(one: Mapping[str, str]) -> str:
    """A warning of a report in one line."""
    return f"{one['what']}: {one['warning']}"


def _markdown_table(lines: TextGrid, align: str = "---:") -> list[str]:
    rows = ["| " + " | ".join(line) + " |" for line in lines]
    rows.insert(1, "|" + "|".join(["---", *[align] * (len(lines[0]) - 1)]) + "|")
    return rows


def _attack_sections(report: Mapping[str, Any]) -> Iterator[str]:
    """Of each attack its scores by language, and examples side by side."""
    for table in tables_of(report):
        for name, attack in table.get("robustness", {"attacks": {}})["attacks"].items():
            yield f"## {name}: by language"
            yield "\n".join(_markdown_table(language_grid(attack, score_cell)))
            examples = example_grid(attack)
            if len(examples) > 1:
                yield f"## {name}: original and changed"
                yield "\n".join(_markdown_table(examples, "---"))


def legend_text(table: Mapping[str, Any]) -> str:
    """What the columns mean, in one paragraph."""
    mean = table["mean"]
    parts = [f"{METRIC_NAMES.get(table['metric'], table['metric'])} in percent, {chance_note(len(table['seeds']))}"]
    if any("chance" in found for found in mean.values()):
        parts.append(CHANCE_LEGEND)
    if "exact" in table["metrics"][1:]:
        mean_text = ", ".join(
            f"{name} {score_cell(mean[f'{name}.both'])}" for name in table["order"] if f"{name}.both" in mean
        )
        parts.append(f"EM: exact match of the column before it. Mean of F1 and EM: {mean_text}.")
    if "bought" in mean:
        parts.append(f"bought: {table['compare']} minus {table['baseline']}.")
    if "gap" in mean:
        parts.append(f"gap: {', '.join(table['trained'])} minus this language.")
    if "oracle" in mean:
        parts.append("oracle: the checkpoint that the target languages' dev sets would choose.")
    if any(column.endswith(".drop") for column in mean):
        parts.append("drop: clean minus attacked score on the same rows; drop %: as a share of clean.")
        parts += _partners(table)
    return " ".join(parts)


def _partners(table: Mapping[str, Any]) -> Iterator[str]:
    """Which attacks are measured against another stage, since their own has no clean evaluation on these rows."""
    stages = {name: found["stage"] for name, found in table["evaluations"].items()}
    for name in table["order"]:
        partner = clean_partner({"evaluations": table["evaluations"], "tables": [table]}, name)
        if partner and stages[partner] != stages[name]:
            yield f"{name} is measured against {partner}, of another stage: its own has no clean evaluation."


def csv_table(report: Mapping[str, Any]) -> str:
    """One line a language and column: language, column, value, low, high, rows, chance, collapsed; unrounded.

    A report that holds more than one table has a column ``data`` before these; the lines of a benchmark's table and
    of published scores name the task in the column.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    named = any(report.get(key) for key in ("tables", "benchmark", "against"))
    writer.writerow([*(["data"] if named else []), "language", "column", "value", *CSV_FACTS])
    for data, language, name, values in _all_cells(report):
        ends = [values["value"], *(values.get(fact, "") for fact in CSV_FACTS)]
        writer.writerow(map(csv_field, [*([data] if named else []), language, name, *ends]))
    return out.getvalue()


def _all_cells(report: Mapping[str, Any]) -> Iterator[tuple[str, str, str, Mapping[str, Any]]]:
    """(data, language, column, cell) of everything in a report."""
    for table in tables_of(report):
        for language, row in [*table["languages"].items(), (MEAN_ROW, table["mean"])]:
            yield from ((table["data"], language, name, entry) for name, entry in sorted(row.items()))
        if table.get("robustness"):
            yield from ((table["data"], *entry) for entry in attack_cells(table["robustness"]))
    benchmark, against = report.get("benchmark"), report.get("against")
    if benchmark:
        for name, task in benchmark["tasks"].items():
            shown = task["mean"] | {"score": task["score"]} | ({"gap": task["gap"]} if task["gap"] else {})
            for metric, entry in shown.items():
                yield benchmark["title"], MEAN_ROW, f"{name}.{metric}", {**entry, "rows": len(task["languages"])}
        for name, entry in benchmark["groups"].items():
            yield benchmark["title"], MEAN_ROW, f"group.{name}", entry
        for name in ("average", "total"):
            if benchmark[name]:
                yield benchmark["title"], MEAN_ROW, name, benchmark[name]
    for row in against["rows"] if against else ():
        for model, value in row["published"].items():
            yield model, row["language"], f"{row['task']}.{row['metric']}", {"value": value}
