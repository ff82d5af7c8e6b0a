"""The parts of a page that are no drawings: tables, attacked texts, provenance. HTML out, all of it escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from xfer.reports.beside import is_rtl, visible
from xfer.reports.study.page.grids import Found, axes
from xfer.reports.study.page.languages import language
from xfer.reports.study.page.svg import escape, tag
from xfer.reports.table import Cell, Exact, Grid, Value, is_number, number, shown, span


def details(title: str, *inside: str) -> str:
    """What is folded away at first."""
    return tag("details", tag("summary", escape(title)), *inside)


def table(grid: Grid, plain: bool = False) -> str:
    """A table; unless ``plain``, the page's script makes it one to sort and filter."""
    numbers = [all(is_number(row[i]) for row in grid.rows) for i in range(len(grid.header))]
    heads = []
    for i, name in enumerate(grid.header):
        pick = {"data_pick": "1"} if i in grid.picks and not plain else {}
        heads.append(tag("th", escape(name), scope="col", **pick, **({"class_": "n"} if numbers[i] else {})))
    body = [tag("tr", *(_cell(cell, numbers[i], i == 0) for i, cell in enumerate(row))) for row in grid.rows]
    caption = tag("caption", escape(grid.title))
    kind = {} if plain else {"class_": "live"}
    made = tag("table", caption, tag("thead", tag("tr", *heads)), tag("tbody", *body), **kind)
    note = tag("p", escape(grid.note), class_="legend") if grid.note else ""
    return tag("div", made, class_="scroll", tabindex=0, role="group", aria_label=grid.title) + note


def _cell(cell: Cell, right: bool, first: bool) -> str:
    about: dict[str, object] = {"class_": "n"} if right else {}
    if isinstance(cell, (int, float, Value, Exact)):
        about["data_v"] = repr(cell.value if isinstance(cell, (Value, Exact)) else cell)
    if isinstance(cell, Value):
        range_ = tag("span", escape(span(cell.low, cell.high)), class_="ci")
        return tag("td", escape(number(cell.value, signed=cell.signed)), " ", range_, **about)
    if first:
        return tag("th", escape(shown(cell)), scope="row", **about)
    return tag("td", escape(shown(cell)), **about)


# attacked text


def examples_html(found: Found) -> str:
    """For each attack original and changed text side by side; nothing where there is no example."""
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in found.get("examples", ()):
        groups.setdefault((row["data"], row["evaluation"]), []).append(row)
    return "".join(
        details(f"{data} under {evaluation}", _pairs(rows, f"{data} under {evaluation}"))
        for (data, evaluation), rows in groups.items()
    )


_PAIR = ("row", "column", "original", "changed")


def _pairs(rows: Sequence[Mapping[str, Any]], title: str) -> str:
    """A table whose roles are told, since on a phone its cells stand below one another."""
    heads = "".join(tag("th", name, scope="col", role="columnheader") for name in _PAIR)
    lines = []
    for row in rows:
        more = tag("span", escape(f"row {row['id']}, {row['status']}"), class_="ci")
        name = tag("th", escape(language(row["language"]).name), " ", more, scope="row", role="rowheader")
        for column, both in row["texts"].items():
            what = tag("td", escape(column), role="cell")
            texts = [
                _text(both[one], kind, row["language"], one) for one, kind in (("original", "del"), ("changed", "ins"))
            ]
            lines.append(tag("tr", name, what, *texts, role="row"))
    inside = tag("caption", escape(title)), tag("thead", tag("tr", heads, role="row"), role="rowgroup")
    return tag("table", *inside, tag("tbody", *lines, role="rowgroup"), class_="pairs", role="table")


def _text(parts: Sequence[Sequence[Any]], kind: str, code: str, name: str) -> str:
    made = [
        tag(kind, escape(visible(text, True)) or "\u2205") if changed else escape(visible(text))
        for text, changed in parts
    ]
    turned = "rtl" if any(is_rtl(text) for text, _ in parts) else "ltr"
    inside = tag("div", *made, dir=turned, lang=code, class_="text")
    return tag("td", inside, role="cell", data_label=name)


# provenance


def provenance_html(found: Found) -> str:
    """Papers, versions, data revisions, and of each cell its keys and its recipe."""
    about = found["provenance"]
    papers = tag("ul", *(tag("li", escape(paper)) for paper in found["papers"])) if found["papers"] else ""
    versions: list[list[Cell]] = [[name, ", ".join(known)] for name, known in about["versions"].items()]
    data: list[list[Cell]] = [
        [name, _flat(one["source"]), _flat(one["at"]), one["key"]] for name, one in about["data"].items()
    ]
    inside = [
        tag("h3", "Stands on") + papers if papers else "",
        table(Grid("versions", "Versions", ["package", "version"], versions), plain=True) if versions else "",
        table(Grid("data", "Data", ["rows", "source", "at", "key"], data)) if data else "",
        tag("h3", "Cells"),
        *(_about_cell(found, cell) for cell in found["cells"]),
    ]
    return tag("details", tag("summary", "Papers, versions, data, keys and recipes"), *inside)


def _about_cell(found: Found, cell: Mapping[str, Any]) -> str:
    title = ", ".join(f"{axis} = {cell['levels'][axis]}" for axis in axes(found))
    keys: list[list[Cell]] = [["report", cell["report"]], *([name, key] for name, key in cell["trained"].items())]
    notes = tag("ul", *(tag("li", escape(note)) for note in cell["notes"])) if cell["notes"] else ""
    recipe = yaml.safe_dump(cell["recipe"], sort_keys=False, allow_unicode=True, width=100)
    grid = Grid("keys", "Keys in the store", ["node", "key"], keys)
    return details(
        title,
        tag("p", escape(cell["why"])) if cell["why"] else "",
        notes,
        table(grid, plain=True),
        tag("pre", escape(recipe), tabindex=0, role="group", aria_label=f"Recipe: {title}"),
    )


def _flat(value: Any) -> str:
    """A source or a revision in one line."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_flat(one)}" for key, one in value.items() if one not in (None, "", {}, []))
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_flat, value))
    return "\u2013" if value is None else str(value)
