"""Which rows are one draw: over languages, evaluations and data sets."""

from __future__ import annotations

from typing import Any

import pytest

from xfer.metrics.intervals import mean, percentile_interval
from xfer.reports.credits import Credits, row_keys


def test_translations_and_equal_rows_have_one_key() -> None:
    assert row_keys("r", ["1", "2"], "en").tolist() == row_keys("r", ["1", "2"], "de").tolist()
    assert row_keys("r", ["q-1_en"], "en").tolist() == row_keys("r", ["q-1_de"], "de").tolist()
    assert row_keys("r", ["en-7"], "en").tolist() == row_keys("r", ["de-7"], "de").tolist()
    assert row_keys("r", ["1"], "en").tolist() != row_keys("s", ["1"], "en").tolist()  # equal ids of other rows
    assert len({*row_keys("r", [str(i) for i in range(1_000)], "en").tolist()}) == 1_000


def stored(marks: str, languages: tuple[str, ...], ends: str = "") -> dict[str, list[Any]]:
    count = len(marks)
    return {
        "id": [f"{i}{ends and ends + language}" for language in languages for i in range(count)],
        "language": [language for language in languages for _ in range(count)],
        "accuracy": [float(mark) for mark in marks] * len(languages),
        "accuracy.of": [1.0] * count * len(languages),
    }


@pytest.mark.parametrize("ends", ["", "_"])
def test_languages_of_translated_rows_do_not_count_as_more_rows(ends: str) -> None:
    marks, languages = "110100111010" * 5, ("de", "en", "sw")
    credits = Credits([stored(marks, languages, ends)], "r")
    samples = [credits.sample(language, "accuracy") for language in languages]
    assert percentile_interval(mean(samples)) == pytest.approx(percentile_interval(samples[0]))


def test_a_pair_is_on_the_rows_that_both_have() -> None:
    first, second = Credits([stored("1101", ("en",))], "r"), Credits([stored("01", ("en",))], "r")
    pair = first.paired(second, "en", "accuracy")
    assert pair is not None and (pair[0].value, pair[1].value) == (1.0, 0.5)
    assert pair[0].keys.tolist() == pair[1].keys.tolist() == sorted(first.keys["en"][:2].tolist())
    assert first.paired(second, "de", "accuracy") is None and first.paired_ratios(second, "en", "accuracy") is not None
