"""The parts of a page that are no drawings: tables, attacked texts, provenance. HTML out, all of it escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from xfer.reports.beside import escape_invisible, is_rtl
from xfer.reports.study.page.grids import StudyData, axis_names
from xfer.reports.study.page.languages import language_info
from xfer.reports.study.page.svg import escape_markup, make_tag
from xfer.reports.table import Exact, Grid, GridCell, Value, cell_text, format_interval, format_number, is_number


def details_html(title: str, *inside: str) -> str:
    """What is folded away at first."""
    return make_tag("details", make_tag("summary", escape_markup(title)), *inside)


def table_html(grid: Grid, plain: bool = False) -> str:
    """A table; unless ``plain``, the page's script makes it one to sort and filter."""
    numbers = [all(is_number(row[i]) for row in grid.rows) for i in range(len(grid.header))]
    heads = []
    for i, name in enumerate(grid.header):
        pick = {"data_pick": "1"} if i in grid.picks and not plain else {}
        heads.append(
            make_tag("th", escape_markup(name), scope="col", **pick, **({"class_": "n"} if numbers[i] else {}))
        )
    body = [make_tag("tr", *(_cell_html(cell, numbers[i], i == 0) for i, cell in enumerate(row))) for row in grid.rows]
    caption = make_tag("caption", escape_markup(grid.title))
    kind = {} if plain else {"class_": "live"}
    table_element = make_tag(
        "table", caption, make_tag("thead", make_tag("tr", *heads)), make_tag("tbody", *body), **kind
    )
    note = make_tag("p", escape_markup(grid.note), class_="legend") if grid.note else ""
    return make_tag("div", table_element, class_="scroll", tabindex=0, role="group", aria_label=grid.title) + note


def _cell_html(cell: GridCell, right: bool, first: bool) -> str:
    attributes: dict[str, object] = {"class_": "n"} if right else {}
    if isinstance(cell, (int, float, Value, Exact)):
        attributes["data_v"] = repr(cell.value if isinstance(cell, (Value, Exact)) else cell)
    if isinstance(cell, Value):
        range_ = make_tag("span", escape_markup(format_interval(cell.low, cell.high)), class_="ci")
        return make_tag("td", escape_markup(format_number(cell.value, signed=cell.signed)), " ", range_, **attributes)
    if first:
        return make_tag("th", escape_markup(cell_text(cell)), scope="row", **attributes)
    return make_tag("td", escape_markup(cell_text(cell)), **attributes)


# attacked text


def examples_html(study: StudyData) -> str:
    """For each attack original and changed text side by side; nothing where there is no example."""
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in study.get("examples", ()):
        groups.setdefault((row["data"], row["evaluation"]), []).append(row)
    return "".join(
        details_html(f"{data} under {evaluation}", _pairs_table(rows, f"{data} under {evaluation}"))
        for (data, evaluation), rows in groups.items()
    )


_PAIR = ("row", "column", "original", "changed")


def _pairs_table(rows: Sequence[Mapping[str, Any]], title: str) -> str:
    """A table whose roles are told, since on a phone its cells stand below one another."""
    heads = "".join(make_tag("th", name, scope="col", role="columnheader") for name in _PAIR)
    lines = []
    for row in rows:
        more = make_tag("span", escape_markup(f"row {row['id']}, {row['status']}"), class_="ci")
        name = make_tag(
            "th", escape_markup(language_info(row["language"]).name), " ", more, scope="row", role="rowheader"
        )
        for column, sides in row["texts"].items():
            column_cell = make_tag("td", escape_markup(column), role="cell")
            texts = [
                _text_cell(sides[side], kind, row["language"], side)
                for side, kind in (("original", "del"), ("changed", "ins"))
            ]
            lines.append(make_tag("tr", name, column_cell, *texts, role="row"))
    inside = (
        make_tag("caption", escape_markup(title)),
        make_tag("thead", make_tag("tr", heads, role="row"), role="rowgroup"),
    )
    return make_tag("table", *inside, make_tag("tbody", *lines, role="rowgroup"), class_="pairs", role="table")


def _text_cell(parts: Sequence[Sequence[Any]], kind: str, code: str, name: str) -> str:
    runs = [
        make_tag(kind, escape_markup(escape_invisible(text, True)) or "\u2205")
        if changed
        else escape_markup(escape_invisible(text))
        for text, changed in parts
    ]
    direction = "rtl" if any(is_rtl(text) for text, _ in parts) else "ltr"
    inside = make_tag("div", *runs, dir=direction, lang=code, class_="text")
    return make_tag("td", inside, role="cell", data_label=name)


# provenance


def provenance_html(study: StudyData) -> str:
    """Papers, versions, data revisions, and of each cell its keys and its recipe."""
    provenance = study["provenance"]
    papers = (
        make_tag("ul", *(make_tag("li", escape_markup(paper)) for paper in study["papers"])) if study["papers"] else ""
    )
    versions: list[list[GridCell]] = [[name, ", ".join(numbers)] for name, numbers in provenance["versions"].items()]
    data: list[list[GridCell]] = [
        [name, _flat_text(data_node["source"]), _flat_text(data_node["at"]), data_node["key"]]
        for name, data_node in provenance["data"].items()
    ]
    inside = [
        make_tag("h3", "Stands on") + papers if papers else "",
        table_html(Grid("versions", "Versions", ["package", "version"], versions), plain=True) if versions else "",
        table_html(Grid("data", "Data", ["rows", "source", "at", "key"], data)) if data else "",
        make_tag("h3", "Cells"),
        *(_cell_details(study, cell) for cell in study["cells"]),
    ]
    return make_tag("details", make_tag("summary", "Papers, versions, data, keys and recipes"), *inside)


def _cell_details(study: StudyData, cell: Mapping[str, Any]) -> str:
    title = ", ".join(f"{axis} = {cell['levels'][axis]}" for axis in axis_names(study))
    keys: list[list[GridCell]] = [["report", cell["report"]], *([name, key] for name, key in cell["trained"].items())]
    notes = make_tag("ul", *(make_tag("li", escape_markup(note)) for note in cell["notes"])) if cell["notes"] else ""
    recipe = yaml.safe_dump(cell["recipe"], sort_keys=False, allow_unicode=True, width=100)
    grid = Grid("keys", "Keys in the store", ["node", "key"], keys)
    return details_html(
        title,
        make_tag("p", escape_markup(cell["why"])) if cell["why"] else "",
        notes,
        table_html(grid, plain=True),
        make_tag("pre", escape_markup(recipe), tabindex=0, role="group", aria_label=f"Recipe: {title}"),
    )


def _flat_text(value: Any) -> str:
    """A source or a revision in one line."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_flat_text(item)}" for key, item in value.items() if item not in (None, "", {}, []))
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_flat_text, value))
    return "\u2013" if value is None else str(value)
