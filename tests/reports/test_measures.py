"""Drop, gap and their kin stand once: the partner of an attack, growth by hand, and reports and studies that agree."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from xfer.metrics.intervals import Sample
from xfer.recipe.study import Compare
from xfer.reports.measures import cell, clean_partner, drop, gap, gap_growth, relative_drop
from xfer.reports.study.found import FinishedCell, study_comparisons, study_records
from xfer.reports.study.measures import CellMeasures
from xfer.reports.summary import build_report
from xfer.reports.write import report_text

TYPOS = {"kind": "attacker", "type": "typos"}


def evaluation(stage: str, attacked: bool = False, rows: str = "r") -> dict[str, Any]:
    return {"stage": stage, "attacker": TYPOS if attacked else None, "trained": ["en"], "rows": rows}


def job(compare: str | None, seeds: int = 2, **evaluations: dict[str, Any]) -> dict[str, Any]:
    table = {"data": "xnli", "reader": "xnli", "made_up": True, "order": list(evaluations), "baseline": None}
    common = {"name": "hand", "seeds": list(range(1, seeds + 1)), "benchmark": None, "against": None}
    return common | {
        "order": list(evaluations), "evaluations": evaluations, "tables": [table | {"compare": compare}]
    }  # fmt: skip


# the partner


def test_the_partner_is_the_clean_evaluation_of_the_same_stage() -> None:
    about = job("other", other=evaluation("b"), typos=evaluation("a", True), clean=evaluation("a"))
    assert clean_partner(about, "typos") == "clean"
    assert clean_partner(about, "clean") is None and clean_partner(about, "other") is None


def test_of_two_of_the_same_stage_it_is_the_compared_one() -> None:
    names = {"first": evaluation("a"), "second": evaluation("a"), "typos": evaluation("a", True)}
    assert clean_partner(job("second", **names), "typos") == "second"
    assert clean_partner(job(None, **names), "typos") == "first"


def test_without_one_it_is_the_compared_evaluation_on_the_same_rows() -> None:
    names = {"other": evaluation("b"), "third": evaluation("c"), "typos": evaluation("a", True)}
    assert clean_partner(job("third", **names), "typos") == "third"
    assert clean_partner(job("third", **names | {"third": evaluation("c", rows="s")}), "typos") is None
    assert clean_partner(job("third", **names | {"clean": evaluation("a", rows="s")}), "typos") == "third"


def test_a_job_without_a_compared_evaluation_has_partners_of_the_same_stage_alone() -> None:
    about = job(None, other=evaluation("b"), typos=evaluation("a", True))
    del about["tables"][0]["compare"]
    assert clean_partner(about, "typos") is None


# by hand


def flat(*seeds: float) -> Sample:
    return Sample(np.array(seeds), np.zeros((len(seeds), 2)), np.arange(2))


def test_measures_by_hand() -> None:
    clean, attacked = flat(0.8, 0.6), flat(0.4, 0.5)
    assert drop(clean, attacked).seeds.tolist() == pytest.approx([0.4, 0.1])
    assert relative_drop(clean, attacked).value == pytest.approx(0.25 / 0.7)
    scores = {"en": flat(0.9, 0.8), "de": flat(0.5, 0.5), "sw": flat(0.4, 0.2)}
    found = gap(scores, ["en", "fr"])
    assert found is not None and found.seeds.tolist() == pytest.approx([0.45, 0.45])
    assert gap(scores, ["fr"]) is None and gap(scores, scores) is None and gap({}, []) is None
    drops = {"en": flat(0.1, 0.2), "de": flat(0.3, 0.3), "sw": flat(0.1, 0.1)}
    growth = gap_growth(drops, ["en"])
    assert growth is not None and growth.seeds.tolist() == pytest.approx([0.1, 0.0])
    attacked_gap = gap({code: scores[code] - drops[code] for code in scores}, ["en"])
    assert attacked_gap is not None and (attacked_gap - found).seeds.tolist() == pytest.approx([0.1, 0.0])


def test_a_cell_ends_where_its_measure_does() -> None:
    wide = flat(0.2, 0.6)
    assert cell(wide, "score") == {"value": 40.0, "low": 0.0, "high": 100.0}
    assert cell(wide, "drop") == {"value": 40.0, "low": -100.0, "high": 100.0}
    assert cell(wide, "relative")["high"] == 100.0 and cell(wide, "relative")["low"] < -100.0
    assert cell(wide, "queries")["value"] == 0.4 and cell(wide, "queries")["low"] == 0.0


# one input, one answer


def credit(draw: np.random.Generator, chance: float, rows: int, languages: tuple[str, ...]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {"id": [], "language": [], "accuracy": [], "accuracy.of": []}
    for number, language in enumerate(languages):
        found["id"] += [str(i) for i in range(rows)]
        found["language"] += [language] * rows
        found["accuracy"] += (draw.random(rows) < chance - 0.1 * number).astype(float).tolist()
        found["accuracy.of"] += [1.0] * rows
    return found


@pytest.mark.parametrize("seeds", [1, 2, 3])
@pytest.mark.parametrize("own_stage", [True, False])
def test_report_and_study_say_the_same_of_the_same_input(seeds: int, own_stage: bool) -> None:
    names = {"clean": evaluation("a" if own_stage else "b"), "typos": evaluation("a", True)}
    about, draw = job("clean", seeds, **names), np.random.default_rng(seeds)
    stored = {
        f"{name}/selected/{seed}": credit(draw, chance, rows, languages)
        for name, chance, rows, languages in (
            ("clean", 0.9, 60, ("en", "de", "sw")),
            ("typos", 0.7, 40, ("en", "sw")),  # fewer rows, in fewer languages
        )
        for seed in about["seeds"]
    }
    table = build_report(about, stored)
    rows = study_records([FinishedCell({"axis": "one"}, CellMeasures(about, stored), None)])
    study = {(row["evaluation"], row["measure"], row["language"]): row for row in rows}
    columns = {"clean": ("clean", "score"), "typos": ("typos", "score")}
    columns |= {"typos.drop": ("typos", "drop"), "typos.relative": ("typos", "relative"), "gap": ("clean", "gap")}
    for column, (name, measure) in columns.items():
        for language in ("en", "de", "sw", "mean"):
            row = table["mean"] if language == "mean" else table["languages"][language]
            if (found := study.get((name, measure, language))) is not None:
                assert [row[column][end] for end in ("value", "low", "high")] == pytest.approx(
                    [found[end] for end in ("value", "low", "high")]
                ), (column, language)
    assert study["typos", "drop", "mean"]["value"] == table["mean"]["typos.drop"]["value"]
    growth = study["typos", "gap_growth", "mean"]["value"]  # of the languages and rows that were attacked
    drops = {code: table["languages"][code]["typos.drop"]["value"] for code in ("en", "sw")}
    assert growth == pytest.approx(drops["sw"] - drops["en"])
    assert ("typos is measured against clean, of another stage" in report_text(table)) == (not own_stage)


def test_a_difference_of_two_cells_has_the_interval_of_what_is_bought() -> None:
    """What a report calls ``bought`` is what a study finds between the two."""
    draw = np.random.default_rng(7)
    chances = {"direct": 0.6, "clean": 0.7}
    runs = {name: [credit(draw, chance, 80, ("en", "sw")) for _ in range(3)] for name, chance in chances.items()}
    about = job("clean", 3, direct=evaluation("b"), clean=evaluation("a"))
    about["tables"][0]["baseline"] = "direct"
    stored = {f"{name}/selected/{seed}": rows for name, several in runs.items() for seed, rows in enumerate(several, 1)}
    bought = build_report(about, stored)["mean"]["bought"]
    cells = []
    for name, several in runs.items():
        own = {f"test/selected/{seed}": rows for seed, rows in enumerate(several, 1)}
        cells.append(FinishedCell({"method": name}, CellMeasures(job(None, 3, test=evaluation("a")), own), None))
    rows = study_comparisons(cells, Compare(against={"method": "direct"}))
    found = next(row for row in rows if row["language"] == "mean")
    assert (found["difference"], found["low"], found["high"]) == pytest.approx(
        (bought["value"], bought["low"], bought["high"])
    )
