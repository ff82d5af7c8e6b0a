"""The page of a study in a real browser, headless: it works, asks for nothing, and has words for every figure.

A script before the page's own notes errors; one after it plays the reader and leaves what it saw in the document.
"""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from made_up_study import made_up

from xfer.reports.study.page.html import study_figures, study_page
from xfer.reports.study.page.render import page_environment
from xfer.reports.study.page.svg import SHEET_HEIGHT

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER = next(filter(None, map(shutil.which, NAMES)), None)
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine: apt-get install chromium")

NOTES = """
window.wrong = [];
addEventListener("error", (event) => wrong.push(String(event.message || event.target.src)), true);
addEventListener("securitypolicyviolation", (event) => wrong.push("blocked " + event.blockedURI));
for (const name of ["error", "warn"]) console[name] = (...words) => wrong.push(words.join(" "));
"""

READER = """
const table = document.querySelector("#results table.live");
const names = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
const shown = () => [...table.tBodies[0].rows].filter((row) => !row.hidden);
const column = (name) => shown().map((row) => row.cells[names.indexOf(name)]);
const numbers = (name) => column(name).map((cell) => ("v" in cell.dataset ? Number(cell.dataset.v) : null));
const sort = (name) => table.tHead.rows[0].cells[names.indexOf(name)].querySelector("button").click();
const sorted = (name) => table.tHead.rows[0].cells[names.indexOf(name)].getAttribute("aria-sort");
const section = document.querySelector("#results");
const say = (control, value, kind) => { control.value = value; control.dispatchEvent(new Event(kind)); };
const seen = { names, before: shown().length };
sort("drop");
seen.up = numbers("drop"); seen.upSaid = sorted("drop");
sort("drop");
seen.down = numbers("drop"); seen.downSaid = sorted("drop");
sort("method");
seen.methods = column("method").map((cell) => cell.textContent); seen.dropSaid = sorted("drop");
const words = section.querySelector("input[type=search]");
say(words, "PGD typos", "input");
seen.filtered = shown().map((row) => row.textContent); seen.count = section.querySelector("[role=status]").textContent;
say(words, "", "input");
const picks = [...section.querySelectorAll("select")];
say(picks[1], "=pawsx", "change");
seen.picked = column("target").map((cell) => cell.textContent);
say(picks[1], "", "change");
seen.after = shown().length;
const theme = document.querySelector(".theme");
theme.click(); seen.light = getComputedStyle(document.body).backgroundColor;
theme.click(); seen.dark = getComputedStyle(document.body).backgroundColor;
const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
seen.doubled = ids.filter((id, i) => ids.indexOf(id) !== i);
const charts = [...document.querySelectorAll("svg")];
seen.charts = charts.length;
seen.mute = charts.filter((one) => !one.getAttribute("aria-labelledby").split(" ")
  .every((id) => document.getElementById(id)?.textContent.length > 5)
  || !one.closest("figure").querySelector("details table tbody tr")).length;
seen.nameless = [...document.querySelectorAll("input, select, button, a, [role=group]")]
  .filter((one) => !(one.textContent.trim() || one.labels?.length || one.ariaLabel)).length;
seen.dead = [...document.querySelectorAll("a[href]")]
  .filter((one) => !document.getElementById(one.getAttribute("href").slice(1))).length;
seen.width = document.documentElement.scrollWidth; seen.room = innerWidth;
const folds = [...document.querySelectorAll("details:not([open])")];
folds.forEach((one) => { one.open = true; });
seen.small = [...document.querySelectorAll("button, select, input, summary, nav a")].map((one) => [one.textContent,
  one.getBoundingClientRect()]).filter(([, box]) => Math.min(box.width, box.height) < 24).map(([words]) => words);
seen.unreachable = [...document.querySelectorAll("body *")].filter((one) => getComputedStyle(one).overflowX === "auto"
  && !(one.tabIndex === 0 && one.getAttribute("role") === "group" && one.ariaLabel)).map((one) => one.outerHTML);
seen.scrolled = document.querySelectorAll("pre[tabindex]").length;
seen.arrows = [...new Set([...table.querySelectorAll("thead th button")]
  .map((one) => getComputedStyle(one, "::after").content))].sort();
seen.unlisted = [...document.querySelectorAll("main ul")].filter((one) => one.role !== "list"
  && getComputedStyle(one).listStyleType === "none").length;
folds.forEach((one) => { one.open = false; });
dispatchEvent(new Event("beforeprint"));
seen.folded = document.querySelectorAll("section:not(#provenance) details:not([open], figure details)").length;
addEventListener("load", () => setTimeout(() => {
  seen.fetched = performance.getEntriesByType("resource").map((one) => one.name);
  seen.wrong = window.wrong;
  parent.document.documentElement.dataset.seen = JSON.stringify(seen);
}, 100));
"""

ONE_FIGURE = """{% extends "document.html" %}
{% from "parts.html" import figure %}
{% block body %}{{ figure(high) }}{% endblock %}
"""

# A window is never as narrow as a phone, a frame may be.
PHONE = '<!DOCTYPE html><link rel="icon" href="data:,"><iframe src="{}" width="390" height="800"></iframe>'


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str, list[str]]]:
    """A folder, its address, and every path that was asked for."""
    folder, asked = tmp_path_factory.mktemp("pages"), list[str]()

    class Noting(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            asked.append(self.path)

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Noting, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_address[1]}", asked
    server.shutdown()
    server.server_close()


def look(
    served: tuple[Path, str, list[str]], name: str, text: str, profile: Path, reader: str = READER
) -> dict[str, Any]:
    """What the reader saw of a page."""
    folder, address, _ = served
    text = text.replace('<meta name="viewport"', f'<script>{NOTES}</script><meta name="viewport"', 1)
    (folder / name).write_text(text.replace("</body>", f"<script>{reader}</script></body>"), encoding="utf-8")
    (folder / f"phone-{name}").write_text(PHONE.format(name))
    away = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    command = [str(BROWSER), *FLAGS, away, f"--user-data-dir={profile}", "--virtual-time-budget=3000"]
    command += ["--dump-dom", f"{address}/phone-{name}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    found = re.search(r'data-seen="([^"]*)"', done.stdout)
    assert found, done.stderr[-2000:]
    seen: dict[str, Any] = json.loads(html.unescape(found[1]))
    return seen


def test_the_page_works(served: tuple[Path, str, list[str]], tmp_path: Path) -> None:
    seen = look(served, "page.html", study_page(made_up()), tmp_path)
    assert seen["wrong"] == [] and seen["fetched"] == [] and served[2] == ["/phone-page.html", "/page.html"]

    with_drop = [value for value in seen["up"] if value is not None]
    assert len(with_drop) == 9 and seen["before"] == 18
    assert with_drop == sorted(with_drop) and seen["up"][9:] == [None] * 9
    assert seen["down"][:9] == with_drop[::-1] and seen["down"][9:] == [None] * 9
    assert (seen["upSaid"], seen["downSaid"], seen["dropSaid"]) == ("ascending", "descending", None)
    assert seen["methods"] == sorted(seen["methods"]) and len(set(seen["methods"])) == 5

    assert len(seen["filtered"]) == 2 and all("pgd" in row and "typos" in row for row in seen["filtered"])
    assert seen["count"] == "2 of 18 rows"
    assert seen["picked"] == ["pawsx"] * 8 and seen["after"] == 18

    assert (seen["light"], seen["dark"]) == ("rgb(255, 255, 255)", "rgb(17, 22, 28)")
    assert seen["charts"] > 10 and seen["mute"] == 0 and seen["doubled"] == [] and seen["nameless"] == 0
    assert seen["dead"] == 0 and seen["folded"] == 0
    assert seen["small"] == [] and seen["unlisted"] == 0
    assert seen["unreachable"] == [] and seen["scrolled"] == len(made_up()["cells"])
    assert seen["arrows"] == ['" \u2191" / ""', '" \u2195" / ""']  # seen, not read out
    assert seen["room"] == 390 and seen["width"] <= 390  # a phone scrolls tables and figures, never the page


def test_the_reader_would_see_what_is_wrong(served: tuple[Path, str, list[str]], tmp_path: Path) -> None:
    bad = '<img src="http://example.org/a.png"><script>console.error("no");nowhere()</script><p style="width:70rem">'
    text = study_page(made_up()).replace("</main>", f'{bad}<a id="main">x</a></main>')
    seen = look(served, "bad.html", text, tmp_path)
    assert "blocked http://example.org/a.png" in seen["wrong"] and "no" in seen["wrong"]
    assert any("nowhere" in one for one in seen["wrong"])
    assert seen["doubled"] == ["main"] and seen["width"] > 390


STYLES = """
const style = (name) => getComputedStyle(document.querySelector(name));
parent.document.documentElement.dataset.seen = JSON.stringify({
  summary: style("summary").breakAfter, recipe: [style("pre").whiteSpace, style("pre").overflowX],
  drawing: style(".chart").forcedColorAdjust, paper: style(".chart").backgroundColor,
});
"""


@pytest.mark.parametrize(
    ("media", "expected"),
    [
        ("print", {"summary": "avoid", "recipe": ["pre-wrap", "visible"]}),
        ("(forced-colors:active)", {"drawing": "none", "paper": "rgb(255, 255, 255)"}),
    ],
)
def test_on_paper_and_in_the_colours_of_the_reader(
    served: tuple[Path, str, list[str]], tmp_path: Path, media: str, expected: dict[str, Any]
) -> None:
    text = study_page(made_up()).replace(f"@media {media}", "@media all")
    seen = look(served, "media.html", text, tmp_path, STYLES)
    assert {name: seen[name] for name in expected} == expected


@pytest.mark.parametrize(("height", "one"), [(SHEET_HEIGHT, True), (SHEET_HEIGHT * 2, False)])
def test_a_drawing_is_printed_on_one_sheet_unless_it_is_too_high(tmp_path: Path, height: int, one: bool) -> None:
    high = study_figures(made_up())[0]._replace(height=height)
    (tmp_path / "high.html").write_text(
        page_environment().from_string(ONE_FIGURE).render(title="High", high=high), encoding="utf-8"
    )
    command = [str(BROWSER), *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", "--no-pdf-header-footer"]
    command += [f"--print-to-pdf={tmp_path / 'high.pdf'}", (tmp_path / "high.html").as_uri()]
    subprocess.run(command, capture_output=True, timeout=120, check=True)
    sheets = re.findall(rb"/Type\s*/Page\b", (tmp_path / "high.pdf").read_bytes())
    assert sheets and (len(sheets) == 1) == one
