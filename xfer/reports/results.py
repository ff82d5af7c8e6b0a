"""All numbers of finished studies and recipes in one long table: a row for each number. Reads JSON files alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from xfer.core.errors import MissingPart, UsageError, suggest_name

ResultRow = dict[str, Any]
ColumnFilter = Mapping[str, Sequence[str]]
RUN_COLUMNS = ("run", "kind", "scale")
RECORD_COLUMNS = ("evaluation", "data", "reader", "attacker", "stage", "metric", "measure", "language", "trained")
NUMBER_COLUMNS = ("value", "low", "high", "seeds", "chance", "collapsed")
RESULT_FILES = ("study.json", "report.json")  # a folder that has the first is a study
MEAN_LANGUAGE = "mean"


def results(*paths: str | Path, where: Mapping[str, str | Sequence[str]] | None = None) -> Any:
    """A pandas data frame of ``rows``: ``xfer.results("runs", where={"measure": "drop"})``.

    Raises MissingPart where pandas is missing, else what ``rows`` raises.
    """
    try:
        import pandas  # late: a second to import, and for notebooks alone
    except ImportError:
        raise MissingPart(
            "xfer.results gives a pandas data frame: pip install pandas (or: xfer results --csv)"
        ) from None
    wanted = {name: [value] if isinstance(value, str) else list(value) for name, value in (where or {}).items()}
    records = result_rows(paths or ("runs",), wanted)
    return pandas.DataFrame(records, columns=column_order(records))


def result_rows(paths: Iterable[str | Path], where: ColumnFilter | None = None) -> list[ResultRow]:
    """A row for each number of the studies and recipes under ``paths``, in percent points, in the order of names.

    A path is a folder of results, a folder of such folders (``runs``), or one of their files. Every row has the same
    columns; what a run does not have is None. ``where`` keeps the rows whose column has one of the values.
    Raises UsageError for a path without results, a file that is none, or a column that no row has.
    """
    records = [row for file in dict.fromkeys(_result_files(paths)) for row in _file_rows(file)]
    names = column_order(records)
    for name in where or {}:
        if name not in names:
            raise UsageError(f"no result has '{name}'; {suggest_name(name, names) or 'there are ' + ', '.join(names)}")
    full_rows = [{name: row.get(name) for name in names} for row in records]
    return [row for row in full_rows if all(value_text(row[name]) in values for name, values in (where or {}).items())]


def column_order(records: Iterable[ResultRow]) -> list[str]:
    """The run first, then the axes of all studies, then what is the same in all."""
    seen = dict.fromkeys(name for row in records for name in row)
    return [
        *RUN_COLUMNS,
        *(name for name in seen if name not in (*RUN_COLUMNS, *RECORD_COLUMNS, *NUMBER_COLUMNS)),
        *RECORD_COLUMNS,
        *NUMBER_COLUMNS,
    ]


def value_text(value: Any) -> str:
    """A value as it is written behind ``--where``: nothing, true, false, a word or a number."""
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _result_files(paths: Iterable[str | Path]) -> Iterator[Path]:
    for path in map(Path, paths):
        if path.is_file():
            yield path
            continue
        if not path.is_dir():
            raise UsageError(f"there is no {path}; name a folder of results, or run 'xfer study' or 'xfer train' first")
        files = [file for folder in (path, *sorted(path.iterdir())) for file in _result_file(folder)]
        if not files:
            raise UsageError(f"{path} holds no results: no {' or '.join(RESULT_FILES)} in it or in a folder of it")
        yield from files


def _result_file(folder: Path) -> list[Path]:
    """The file of a folder's results, if it has one."""
    return [folder / name for name in RESULT_FILES if (folder / name).is_file()][:1]


def _file_rows(file: Path) -> list[ResultRow]:
    try:
        report = json.loads(file.read_text(encoding="utf-8"))
        return list(_report_rows(file, report))
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} cannot be read: {error}") from None
    except (KeyError, TypeError, AttributeError) as error:
        what = f"{type(error).__name__}: {error}"
        raise UsageError(f"{file} is not whole ({what}); xfer study and xfer train write it anew") from None


def _report_rows(file: Path, report: Any) -> Iterator[ResultRow]:
    if isinstance(report, dict) and "records" in report and "axes" in report:
        run_info = {"run": report["name"], "kind": "study", "scale": report["scale"]}
        yield from (run_info | record for record in report["records"])
    elif isinstance(report, dict) and "evaluations" in report and ("tables" in report or "languages" in report):
        yield from _recipe_rows(report)
    else:
        raise UsageError(f"{file} is neither a study's study.json nor a recipe's report.json")


def _recipe_rows(report: Mapping[str, Any]) -> Iterator[ResultRow]:
    """The rows of a recipe's report, each under the name of its evaluation and measure."""
    run_info = {"run": report["name"], "kind": "recipe", "scale": None}
    for table in report.get("tables", [report]):
        for language, cells in [*table["languages"].items(), (MEAN_LANGUAGE, table["mean"])]:
            for column, cell in cells.items():
                name, measure, metric = _parse_column(column, table)
                evaluation = report["evaluations"].get(name)
                if (
                    evaluation is None or measure == "gap" and language != MEAN_LANGUAGE
                ):  # in studies a gap is one number
                    continue
                attacker = evaluation["attacker"]["type"] if evaluation["attacker"] else None
                row = run_info | {"evaluation": name, "data": table["data"], "reader": table["reader"]}
                row |= {"attacker": attacker, "stage": evaluation["stage"], "metric": metric, "measure": measure}
                row |= {"language": language, "trained": language in evaluation["trained"]}
                yield row | {key: cell.get(key) for key in NUMBER_COLUMNS} | {"seeds": len(report["seeds"])}


def _parse_column(column: str, table: Mapping[str, Any]) -> tuple[str, str, str]:
    """Evaluation, measure and metric of a column of a recipe's table: ``typos.drop`` or ``gap`` for example."""
    metric = table["metric"]
    if column in table["order"]:
        return column, "score", metric
    name, _, suffix = column.rpartition(".")
    if not name:  # gap, bought and oracle are of the compared evaluation
        return table["compare"], column, metric
    return (name, suffix, metric) if suffix in ("drop", "relative") else (name, "score", suffix)
