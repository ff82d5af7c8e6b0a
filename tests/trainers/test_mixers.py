"""Which task a step trains: shares by hand, frequencies, and the same answer whoever asks."""

from __future__ import annotations

from collections import Counter

import pytest

from xfer.trainers.mixers import Proportional

SIZES = {"nli": 300, "mlm": 700}


def test_shares_are_in_proportion_to_the_rows() -> None:
    assert Proportional().shares(SIZES) == pytest.approx({"mlm": 0.7, "nli": 0.3})


def test_a_cap_counts_large_tasks_up_to_it_only() -> None:
    assert Proportional(cap=400).shares(SIZES) == pytest.approx({"mlm": 4 / 7, "nli": 3 / 7})
    assert Proportional(cap=100).shares(SIZES) == pytest.approx({"mlm": 0.5, "nli": 0.5})
    assert Proportional(cap=5000).shares(SIZES) == Proportional().shares(SIZES)


@pytest.mark.parametrize("cap", [None, 400])
def test_tasks_are_drawn_about_as_often_as_their_share(cap: int | None) -> None:
    mixer = Proportional(cap=cap)
    drawn = Counter(mixer.at(step, 1, SIZES) for step in range(3000))
    share = mixer.shares(SIZES)["mlm"]
    assert drawn["mlm"] / 3000 == pytest.approx(share, abs=4 * (share * (1 - share) / 3000) ** 0.5)


def test_a_step_is_a_pure_function_of_its_number_and_the_seed() -> None:
    wanted = [Proportional().at(step, 1, SIZES) for step in range(50)]
    assert [Proportional().at(step, 1, SIZES) for step in reversed(range(50))] == wanted[::-1]
    turned = dict(reversed(SIZES.items()))
    assert [Proportional().at(step, 1, turned) for step in range(50)] == wanted
    assert [Proportional().at(step, 2, SIZES) for step in range(50)] != wanted


def test_one_task_is_always_drawn() -> None:
    assert {Proportional().at(step, 1, {"nli": 5}) for step in range(20)} == {"nli"}
