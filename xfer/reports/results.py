"""All numbers of finished studies and recipes in one long table: a row for each number. Reads JSON files alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from xfer.core.errors import MissingPart, UsageError, suggest

Row = dict[str, Any]
Where = Mapping[str, Sequence[str]]
FIRST = ("run", "kind", "scale")
LAST = ("evaluation", "data", "reader", "attacker", "stage", "metric", "measure", "language", "trained")
NUMBERS = ("value", "low", "high", "seeds", "chance", "collapsed")
FILES = ("study.json", "report.json")  # a folder that has the first is a study
MEAN = "mean"


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
    found = rows(paths or ("runs",), wanted)
    return pandas.DataFrame(found, columns=columns(found))


def rows(paths: Iterable[str | Path], where: Where | None = None) -> list[Row]:
    """A row for each number of the studies and recipes under ``paths``, in percent points, in the order of names.

    A path is a folder of results, a folder of such folders (``runs``), or one of their files. Every row has the same
    columns; what a run does not have is None. ``where`` keeps the rows whose column has one of the values.
    Raises UsageError for a path without results, a file that is none, or a column that no row has.
    """
    found = [row for file in dict.fromkeys(_files(paths)) for row in _of(file)]
    names = columns(found)
    for name in where or {}:
        if name not in names:
            raise UsageError(f"no result has '{name}'; {suggest(name, names) or 'there are ' + ', '.join(names)}")
    whole = [{name: row.get(name) for name in names} for row in found]
    return [row for row in whole if all(text(row[name]) in values for name, values in (where or {}).items())]


def columns(found: Iterable[Row]) -> list[str]:
    """The run first, then the axes of all studies, then what is the same in all."""
    seen = dict.fromkeys(name for row in found for name in row)
    return [*FIRST, *(name for name in seen if name not in (*FIRST, *LAST, *NUMBERS)), *LAST, *NUMBERS]


def text(value: Any) -> str:
    """A value as it is written behind ``--where``: nothing, true, false, a word or a number."""
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _files(paths: Iterable[str | Path]) -> Iterator[Path]:
    for path in map(Path, paths):
        if path.is_file():
            yield path
            continue
        if not path.is_dir():
            raise UsageError(f"there is no {path}; name a folder of results, or run 'xfer study' or 'xfer train' first")
        found = [file for folder in (path, *sorted(path.iterdir())) for file in _file(folder)]
        if not found:
            raise UsageError(f"{path} holds no results: no {' or '.join(FILES)} in it or in a folder of it")
        yield from found


def _file(folder: Path) -> list[Path]:
    """The file of a folder's results, if it has one."""
    return [folder / name for name in FILES if (folder / name).is_file()][:1]


def _of(file: Path) -> list[Row]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return list(_rows(file, found))
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} cannot be read: {error}") from None
    except (KeyError, TypeError, AttributeError) as error:
        what = f"{type(error).__name__}: {error}"
        raise UsageError(f"{file} is not whole ({what}); xfer study and xfer train write it anew") from None


def _rows(file: Path, found: Any) -> Iterator[Row]:
    if isinstance(found, dict) and "records" in found and "axes" in found:
        about = {"run": found["name"], "kind": "study", "scale": found["scale"]}
        yield from (about | record for record in found["records"])
    elif isinstance(found, dict) and "evaluations" in found and ("tables" in found or "languages" in found):
        yield from _recipe(found)
    else:
        raise UsageError(f"{file} is neither a study's study.json nor a recipe's report.json")


def _recipe(report: Mapping[str, Any]) -> Iterator[Row]:
    """The rows of a recipe's report, each under the name of its evaluation and measure."""
    about = {"run": report["name"], "kind": "recipe", "scale": None}
    for table in report.get("tables", [report]):
        for language, cells in [*table["languages"].items(), (MEAN, table["mean"])]:
            for column, cell in cells.items():
                name, measure, metric = _column(column, table)
                here = report["evaluations"].get(name)
                if here is None or measure == "gap" and language != MEAN:  # in studies a gap is one number
                    continue
                attacker = here["attacker"]["type"] if here["attacker"] else None
                row = about | {"evaluation": name, "data": table["data"], "reader": table["reader"]}
                row |= {"attacker": attacker, "stage": here["stage"], "metric": metric, "measure": measure}
                row |= {"language": language, "trained": language in here["trained"]}
                yield row | {key: cell.get(key) for key in NUMBERS} | {"seeds": len(report["seeds"])}


def _column(column: str, table: Mapping[str, Any]) -> tuple[str, str, str]:
    """Evaluation, measure and metric of a column of a recipe's table: ``typos.drop`` or ``gap`` for example."""
    metric = table["metric"]
    if column in table["order"]:
        return column, "score", metric
    name, _, end = column.rpartition(".")
    if not name:  # gap, bought and oracle are of the compared evaluation
        return table["compare"], column, metric
    return (name, end, metric) if end in ("drop", "relative") else (name, "score", end)
