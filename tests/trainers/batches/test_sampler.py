"""Batches are a pure function of their number; an epoch holds every row once; little is padded."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from xfer.forms.base import EncodedUnits
from xfer.trainers.batches.sampler import CHUNK_BATCHES, Sampler, sampling_languages

LENGTHS = np.random.default_rng(1).integers(3, 60, 700)
MODES = [(8, None), (1, None), (None, 256), (None, 4096)]


def sampler(size: int | None = 8, tokens: int | None = None, seed: int = 1, name: str = "nli") -> Sampler:
    return Sampler(name, LENGTHS, seed, size, tokens)


@pytest.mark.parametrize(("size", "tokens"), MODES)
def test_a_batch_depends_on_its_number_and_not_on_what_was_asked_before(size: int | None, tokens: int | None) -> None:
    forward = sampler(size, tokens)
    count = 2 * len(forward.epoch_batches(0)) + 5
    wanted = [forward.batch_rows(i) for i in range(count)]
    again = sampler(size, tokens)
    for i in [count - 1, 0, count // 2, 1, count - 1, 3, count // 2 + 1, 0]:
        assert np.array_equal(again.batch_rows(i), wanted[i])


@pytest.mark.parametrize(("size", "tokens"), MODES)
def test_every_row_stands_in_exactly_one_batch_of_an_epoch(size: int | None, tokens: int | None) -> None:
    made = sampler(size, tokens)
    for epoch in (0, 1, 4):
        assert sorted(np.concatenate(made.epoch_batches(epoch)).tolist()) == list(range(700))


@pytest.mark.parametrize(("size", "tokens"), MODES)
def test_numbers_run_on_from_epoch_to_epoch(size: int | None, tokens: int | None) -> None:
    made = sampler(size, tokens)
    first, second = made.epoch_batches(0), made.epoch_batches(1)
    numbered = [made.batch_rows(i) for i in range(len(first) + len(second))]
    assert all(np.array_equal(a, b) for a, b in zip(numbered, [*first, *second], strict=True))


def test_rows_of_a_batch_are_near_in_length_and_sorted() -> None:
    for batch in sampler(8).epoch_batches(0):
        assert (np.diff(LENGTHS[batch]) >= 0).all()
    padded = sum(len(batch) * LENGTHS[batch].max() for batch in sampler(8).epoch_batches(0))
    assert padded < 1.1 * LENGTHS.sum()  # batches at random would be about 1.7


def test_batches_of_an_epoch_do_not_go_by_length() -> None:
    longest = [LENGTHS[batch].max() for batch in sampler(8).epoch_batches(0)]
    assert abs(np.corrcoef(longest, np.arange(len(longest)))[0, 1]) < 0.4


def test_a_number_of_rows_is_held_and_only_the_last_of_a_chunk_is_smaller() -> None:
    sizes = [len(batch) for batch in sampler(8).epoch_batches(0)]
    assert max(sizes) == 8 and sum(sizes) == 700
    assert sum(size < 8 for size in sizes) <= -(-700 // (8 * CHUNK_BATCHES))


def test_a_budget_of_subwords_is_held_and_well_used() -> None:
    batches = sampler(None, 256).epoch_batches(0)
    padded = [len(batch) * int(LENGTHS[batch].max()) for batch in batches]
    assert max(padded) <= 256
    assert LENGTHS.sum() / (256 * len(batches)) > 0.8


def test_a_row_above_the_budget_goes_alone() -> None:
    lengths = np.array([10, 500, 10, 10, 500, 10])
    batches = Sampler("nli", lengths, 1, None, 40).epoch_batches(0)
    assert sorted(map(sorted, (b.tolist() for b in batches))) == [[0, 2, 3, 5], [1], [4]]


def test_epochs_seeds_and_tasks_draw_other_batches() -> None:
    def drawn(made: Sampler, epoch: int = 0) -> list[list[int]]:
        return [batch.tolist() for batch in made.epoch_batches(epoch)]

    first = drawn(sampler())
    assert drawn(sampler()) == first
    for other in (drawn(sampler(), 1), drawn(sampler(seed=2)), drawn(sampler(name="xnli"))):
        assert other != first
        assert {frozenset(batch) for batch in other} != {frozenset(batch) for batch in first}


def test_one_row_is_enough() -> None:
    made = Sampler("nli", np.array([5]), 1, 8, None)
    assert [made.batch_rows(i).tolist() for i in range(3)] == [[0], [0], [0]]


# Languages

SPOKEN = ["en"] * 600 + ["de"] * 90 + ["sw"] * 10


def spread(exponent: float, seed: int = 1, size: int | None = 8, tokens: int | None = None) -> Sampler:
    return Sampler("mlm", LENGTHS, seed, size, tokens, SPOKEN, exponent)


def drawn_in(made: Sampler, epoch: int) -> np.ndarray:
    return np.concatenate(made.epoch_batches(epoch))


@pytest.mark.parametrize("exponent", [0.0, 0.3, 0.7])
def test_languages_are_drawn_by_their_rows_to_the_exponent(exponent: float) -> None:
    raised = {"en": 600**exponent, "de": 90**exponent, "sw": 10**exponent}
    rows = drawn_in(spread(exponent), 0)
    assert len(rows) == 700
    counts = Counter(SPOKEN[row] for row in rows)
    for language, value in raised.items():
        assert abs(counts[language] - 700 * value / sum(raised.values())) < 1


def test_an_exponent_of_1_equals_plain_batches_to_the_row() -> None:
    plain, made = Sampler("mlm", LENGTHS, 1, 8, None), spread(1.0)
    assert all(np.array_equal(plain.batch_rows(i), made.batch_rows(i)) for i in range(200))


def test_rows_of_a_language_are_used_up_before_any_comes_again() -> None:
    made = spread(0.3)
    for first, last in ((0, 1), (0, 3), (2, 5)):
        seen = np.bincount(np.concatenate([drawn_in(made, epoch) for epoch in range(first, last)]), minlength=700)
        for language in ("en", "de", "sw"):
            own = seen[[place for place, spoken in enumerate(SPOKEN) if spoken == language]]
            assert own.max() - own.min() <= 1 + (first > 0), (language, first, last)


@pytest.mark.parametrize(("size", "tokens"), MODES)
def test_drawn_languages_depend_on_the_number_and_the_seed_alone(size: int | None, tokens: int | None) -> None:
    forward, back = spread(0.3, 1, size, tokens), spread(0.3, 1, size, tokens)
    count = 2 * len(forward.epoch_batches(0)) + 3
    wanted = [forward.batch_rows(i) for i in range(count)]
    assert all(np.array_equal(back.batch_rows(i), wanted[i]) for i in reversed(range(0, count, 7)))
    assert not np.array_equal(drawn_in(spread(0.3, 2, size, tokens), 0), drawn_in(spread(0.3, 1, size, tokens), 0))


def test_the_language_of_a_window_is_that_of_its_row() -> None:
    rows = {"language": ["en", "de"]}
    windows = EncodedUnits(np.arange(6), np.array([0, 2, 4, 6]), None, {"row": np.array([0, 1, 1])})
    assert sampling_languages(windows, rows, 0.5) == (["en", "de", "de"], 0.5)
    assert sampling_languages(EncodedUnits(np.arange(4), np.array([0, 2, 4]), None), rows, 0.5) == (["en", "de"], 0.5)
    assert sampling_languages(windows, rows, 1.0) == (None, 1.0)
