"""The templates of pages: their layout is not in the page, values are escaped, what does not exist is an error."""

from __future__ import annotations

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from xfer.reports.study.page.render import page_environment
from xfer.reports.table import Exact, Grid, GridCell, Value

ESCAPED = {
    '<b a="x">\'&': "&lt;b a=&quot;x&quot;&gt;&#39;&amp;",
    "a\x07\u202eb": "a\ufffd\ufffdb",
    "{{ x }}": "{{ x }}",
}


def rendered(source: str, **values: object) -> str:
    return page_environment().from_string(source).render(values)


def test_an_indented_line_continues_the_one_above_and_any_other_begins_a_new_one() -> None:
    assert rendered("<p>\n  a\n\t<b>\n</p>\n") == "<p>a<b>\n</p>\n"


def test_line_ends_of_values_stay() -> None:
    assert rendered("<pre>\n  {{ text }}</pre>", text="a\n  b") == "<pre>a\n  b</pre>"


@pytest.mark.parametrize("value", ESCAPED)
def test_values_become_text_and_not_markup(value: str) -> None:
    assert rendered("{{ value }}", value=value) == ESCAPED[value]


def test_markup_stays_as_it_is() -> None:
    assert rendered("{{ value }}", value=Markup("<i>&amp;</i>")) == "<i>&amp;</i>"


def test_a_name_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="titel"):
        rendered("{{ titel }}", title="x")


def test_a_table_by_hand() -> None:
    rows: list[list[GridCell]] = [["<a>", Value(1.5, -1.0, 4.0, signed=True), None], ["b", Exact(0.0001, 3), 2]]
    grid = Grid("n", "T", ["name", "score", "rows"], rows, picks=(0,), note="N")
    shown = rendered("{% from 'parts.html' import table %}{{ table(grid) }}", grid=grid)
    assert shown == (
        '<div class="scroll" tabindex="0" role="group" aria-label="T">'
        '<table class="live"><caption>T</caption><thead><tr><th scope="col" data-pick="1">name</th>'
        '<th scope="col" class="n">score</th><th scope="col" class="n">rows</th></tr></thead><tbody>'
        '<tr><th scope="row">&lt;a&gt;</th><td class="n" data-v="1.5">+1.5 '
        '<span class="ci">[\u22121.0, 4.0]</span></td><td class="n">\u2013</td></tr>'
        '<tr><th scope="row">b</th><td class="n" data-v="0.0001">&lt; 0.001</td><td class="n" data-v="2">2</td></tr>'
        '</tbody></table></div><p class="legend">N</p>'
    )
