"""The files of a study: escapes of LaTeX and Markdown, CSV that reads back, the same bytes twice, the index."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from made_up_study import made_up

from xfer.reports.study.examples import study_examples
from xfer.reports.study.page.grids import slug_name
from xfer.reports.study.page.html import study_page
from xfer.reports.study.page.plain import csv_study, markdown_study
from xfer.reports.study.page.png import png_renderer
from xfer.reports.study.page.tables import study_grids
from xfer.reports.study.page.write import write_study
from xfer.reports.table import Exact, Grid, Value, csv_grid, latex_grid, latex_text, markdown_grid

GRID = Grid(
    "small",
    "Small & 50%",
    ["name", "score", "p"],
    [["a_b|<c>\n", Value(51.26, 49.0, 53.5), Exact(0.0004, 3)], ['"x", $y^2$ \\', None, Exact(0.25, 3)]],
)


def test_latex() -> None:
    assert latex_text("a_b & 50% $x$ #1 {y} ~ ^ \\") == (
        r"a\_b \& 50\% \$x\$ \#1 \{y\} \textasciitilde{} \textasciicircum{} \textbackslash{}"
    )
    assert latex_grid(GRID).splitlines() == [
        r"\begin{table}",
        r"\centering",
        r"\caption{Small \& 50\%.}",
        r"\label{tab:small}",
        r"\begin{tabular}{@{}lrr@{}}",
        r"\toprule",
        r"name & score & p \\",
        r"\midrule",
        r"a\_b\textbar{}\textless{}c\textgreater{}⏎ & 51.3 {[}49.0, 53.5{]} & \textless{} 0.001 \\",
        r"\textquotedbl{}x\textquotedbl{}, \$y\textasciicircum{}2\$ \textbackslash{} & -- & 0.250 \\",
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]


def test_a_long_table_of_latex_goes_over_pages() -> None:
    made = latex_grid(GRID._replace(rows=GRID.rows * 23)).splitlines()
    assert made[:7] == [
        r"\begin{longtable}{@{}lrr@{}}",
        r"\caption{Small \& 50\%.}",
        r"\label{tab:small} \\",
        r"\toprule",
        r"name & score & p \\",
        r"\midrule",
        r"\endhead",
    ]
    assert len(made) == 7 + 46 + 2 and made[-2:] == [r"\bottomrule", r"\end{longtable}"]


def test_wide_tables_of_latex_are_set_small_or_on_their_side() -> None:
    few = Grid("g", "G", ["name", "claim"], [["a", "word " * 20]])
    assert r"\begin{tabular}{@{}lp{0.3\linewidth}@{}}" in latex_grid(few)
    many = Grid("g", "G", [f"column {i}" for i in range(8)], [["a value"] * 8])
    assert latex_grid(many).splitlines()[4] == r"\scriptsize"
    wide = many._replace(header=[*many.header, *many.header], rows=[["a value"] * 16])
    made = latex_grid(wide).splitlines()
    assert (made[0], made[-1]) == (r"\begin{landscape}", r"\end{landscape}")
    long = latex_grid(wide._replace(rows=wide.rows * 50)).splitlines()
    assert long[1].startswith(r"{\scriptsize") and long[-2] == "}"


def test_csv_reads_back_unrounded() -> None:
    rows = list(csv.reader(io.StringIO(csv_grid(GRID))))
    assert rows == [
        ["name", "score", "score low", "score high", "p"],
        ["a_b|<c>\n", "51.26", "49.0", "53.5", "0.0004"],
        ['"x", $y^2$ \\', "", "", "", "0.25"],
    ]
    records = list(csv.DictReader(io.StringIO(csv_study(made_up()))))
    assert len(records) == len(made_up()["records"])
    assert float(records[3]["value"]) == made_up()["records"][3]["value"]


def test_markdown() -> None:
    assert markdown_grid(GRID).splitlines() == [
        "| name | score | p |",
        "| --- | ---: | ---: |",
        r"| a_b\|&lt;c&gt;⏎ | 51.3 \[49.0, 53.5\] | &lt; 0.001 |",
        '| "x", $y^2$ \\\\ | – | 0.250 |',
    ]
    text = markdown_study(made_up())
    assert text.startswith("# A made-up study\n\nDoes it work?\n")
    assert "- **never** Not tested: " in text


def test_tables_say_what_the_records_say() -> None:
    found = {grid.name: grid for grid in study_grids(made_up())}
    names = [
        "hypotheses",
        "levels",
        "interactions",
        "power",
        "results",
        "comparisons",
        "languages-XNLI",
        "languages-PAWSX",
        "discriminators",
        "published",
        "fits",
        "failed",
    ]
    assert list(found) == names
    score = next(
        row
        for row in made_up()["records"]
        if (row["method"], row["target"], row["evaluation"]) == ("pgd", "xnli", "typos")
        and (row["measure"], row["language"]) == ("drop", "mean")
    )
    line = next(row for row in found["results"].rows if row[:3] == ["pgd", "xnli", "typos"])
    assert line[found["results"].header.index("drop")] == Value(score["value"], score["low"], score["high"])
    assert found["discriminators"].rows == [
        ["standard", "xnli", "middle", "language", "language", 33.0, 31.0, 35.0, 25.0]
    ]
    assert found["published"].rows == [["standard", "xnli", "xnli", "accuracy", 50.5, "3/15", 79.2, None]]
    assert "not comparable" in found["published"].note
    assert found["failed"].rows == [["r3f", "pawsx", "train target: no memory"]]


def test_the_page_holds_no_foreign_markup() -> None:
    found: dict[str, Any] = made_up()
    bad = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    found |= {"title": bad, "question": bad, "description": bad, "papers": [bad], "name": bad, "scale": bad}
    found["hypotheses"] = [
        row | {"claim": bad, "sentence": f"Supported: {bad} Claim: {bad}"} for row in found["hypotheses"]
    ]
    found["cells"] = [cell | {"why": bad, "notes": [bad], "recipe": {bad: [bad]}} for cell in found["cells"]]
    found["provenance"] = {"data": {bad: {"source": bad, "at": {bad: bad}, "key": bad}}, "versions": {bad: [bad]}}
    texts = {bad: {"original": [[bad, True]], "changed": [[bad, False]]}}
    found["examples"] = [row | {"id": bad, "language": bad, "texts": texts} for row in found["examples"]]
    made = study_page(found)
    assert made.count("<script>") == 1 and "<img" not in made
    assert made.count("&lt;script&gt;") > 30


def test_the_same_study_gives_the_same_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)  # its pictures take seconds
    runs = [tmp_path / "one", tmp_path / "two"]
    (runs[0] / "made_up" / "figures").mkdir(parents=True)
    (runs[0] / "made_up" / "figures" / "old.svg").write_text("of an earlier run")
    for folder in runs:
        write_study(folder / "made_up", made_up())
    files = [{str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()} for folder in runs]
    assert files[0] == files[1]
    names = {Path(name).name for name in files[0]}
    assert {"index.html", "study.json", "records.csv", "comparisons.csv", "report.md", "report.tex"} <= names
    assert {"results.md", "results.csv", "results.tex", "heat-score-clean.svg"} <= names and "old.svg" not in names
    assert json.loads(files[0]["made_up/study.json"]) == made_up()
    index = files[0]["index.html"].decode()
    assert 'href="made_up/index.html"' in index and "A made-up study" in index and "Scores rise." in index


def test_a_picture_is_drawn_again_only_if_its_drawing_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    monkeypatch.setattr(
        "xfer.reports.study.page.write.png_renderer", lambda: (lambda svg: drawn.append(svg) or b"png", "")
    )
    write_study(tmp_path / "s", made_up())
    figures = tmp_path / "s" / "figures"
    assert len(drawn) == len(list(figures.glob("*.png"))) == len(list(figures.glob("*.svg")))
    drawn.clear()
    (figures / "heat-score-clean.svg").write_text("another")
    (figures / "verdicts.png").unlink()
    write_study(tmp_path / "s", made_up())
    assert len(drawn) == 2 and (figures / "verdicts.png").read_bytes() == b"png"
    write_study(tmp_path / "s", made_up() | {"records": [], "comparisons": [], "fits": []})
    kept = {f"{name}{end}" for name in ("verdicts", "levels-clean", "levels-robust") for end in (".png", ".svg")}
    assert {path.name for path in figures.iterdir()} == kept


def test_an_index_passes_over_what_is_no_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    for name, text in (("torn", "{"), ("other", "[1]"), ("half", '{"title": 1}')):
        (tmp_path / name).mkdir()
        (tmp_path / name / "study.json").write_text(text)
    write_study(tmp_path / "a b&c", made_up())
    assert (tmp_path / "index.html").read_text().count("<h2") == 1
    assert 'href="a%20b%26c/index.html"' in (tmp_path / "index.html").read_text()


def test_png_files(tmp_path: Path) -> None:
    pytest.importorskip("resvg_py", reason="resvg_py is not installed: pip install 'xfer[png]'")
    render, problem = png_renderer()
    if render is None:
        pytest.skip(problem)
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"><rect width="9" height="9"/></svg>'
    made = render(svg)
    assert made[:8] == b"\x89PNG\r\n\x1a\n" and (int.from_bytes(made[16:20]), int.from_bytes(made[20:24])) == (60, 40)


def test_without_the_extra_one_line_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    assert write_study(tmp_path / "s", made_up()) == [
        "no PNG files: resvg_py is not installed; pip install 'xfer[png]'"
    ]
    assert list((tmp_path / "s" / "figures").glob("*.svg")) and not list((tmp_path / "s").rglob("*.png"))


def test_examples_show_once_and_few() -> None:
    def report(*texts: str) -> dict[str, Any]:
        rows = [
            {"id": t, "status": "changed", "texts": {"text": {"original": [[t, True]], "changed": []}}} for t in texts
        ]
        return {"data": "XNLI", "robustness": {"attacks": {"typos": {"examples": {"de": rows, "en": []}}}}}

    found = study_examples(
        [({"a": "1"}, report("x")), ({"a": "2"}, {"tables": [report("x", "y", "z")]}), ({"a": "3"}, {})]
    )
    assert [(row["id"], row["levels"]["a"]) for row in found] == [("x", "1"), ("y", "2")]


def test_slugs() -> None:
    assert slug_name("a b/../ü", []) == "a-b"
    assert slug_name("a b", ["a-b", "a-b-2"]) == "a-b-3"
    assert slug_name("中", []) == "x"


def test_few_seeds_are_told() -> None:
    found: dict[str, Any] = made_up()
    assert "<strong>2 seeds.</strong> They are few" in study_page(found)
    for seeds in (1, 3):
        assert "They are few" not in study_page(
            found | {"records": [row | {"seeds": seeds} for row in found["records"]]}
        )


def test_a_single_seed_speaks_of_one_training() -> None:
    found: dict[str, Any] = made_up()
    single = found | {"records": [row | {"seeds": 1} for row in found["records"]]}
    words = "they speak of this one training only"
    assert "<strong>1 seed.</strong> Intervals and p values of a single seed" in study_page(
        single
    ) and words in study_page(single)
    assert words in markdown_study(single) and words not in study_page(found) and words not in markdown_study(found)
