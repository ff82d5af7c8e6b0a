"""Which task a step trains: shares by hand, frequencies, and the same answer whoever asks."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from tiny_runs import context, network, settings, task

from xfer.core.errors import RecipeError
from xfer.recipe.load import load_recipe
from xfer.trainers.base import Mixer
from xfer.trainers.loop.fit import Run
from xfer.trainers.mixers import Capped, Curriculum, Explicit, Proportional, Temperature, Uniform

SIZES = {"nli": 300, "mlm": 700}
THREE = {"squad": 90_000, "mnli": 400_000, "csqa": 10_000}
EXPLICIT = Explicit(given={"squad": 0.0, "mnli": 3, "csqa": 1})
EVERY: dict[str, Mixer] = {
    "proportional": Proportional(),
    "capped": Capped(cap=50_000),
    "temperature": Temperature(temperature=2),
    "temperature capped": Temperature(temperature=4, cap=100_000),
    "uniform": Uniform(),
    "explicit": EXPLICIT,
    "curriculum": Curriculum(first=Uniform(), last=EXPLICIT),
}


def test_shares_are_in_proportion_to_the_rows() -> None:
    assert Proportional().task_shares(SIZES) == pytest.approx({"mlm": 0.7, "nli": 0.3})


def test_a_cap_counts_large_tasks_up_to_it_only() -> None:
    assert Capped(cap=400).task_shares(SIZES) == pytest.approx({"mlm": 4 / 7, "nli": 3 / 7})
    assert Capped(cap=100).task_shares(SIZES) == pytest.approx({"mlm": 0.5, "nli": 0.5})
    assert Capped(cap=5000).task_shares(SIZES) == Proportional().task_shares(SIZES)


@pytest.mark.parametrize("mixer", [Proportional(), Capped(cap=400)], ids=str)
def test_tasks_are_drawn_about_as_often_as_their_share(mixer: Mixer) -> None:
    drawn = Counter(mixer.draw_task(step, 1, SIZES) for step in range(3000))
    share = mixer.task_shares(SIZES)["mlm"]
    assert drawn["mlm"] / 3000 == pytest.approx(share, abs=4 * (share * (1 - share) / 3000) ** 0.5)


def test_a_step_is_a_pure_function_of_its_number_and_the_seed() -> None:
    wanted = [Proportional().draw_task(step, 1, SIZES) for step in range(50)]
    assert [Proportional().draw_task(step, 1, SIZES) for step in reversed(range(50))] == wanted[::-1]
    turned = dict(reversed(SIZES.items()))
    assert [Proportional().draw_task(step, 1, turned) for step in range(50)] == wanted
    assert [Proportional().draw_task(step, 2, SIZES) for step in range(50)] != wanted


def test_one_task_is_always_drawn() -> None:
    assert {Proportional().draw_task(step, 1, {"nli": 5}) for step in range(20)} == {"nli"}


@pytest.mark.parametrize(
    ("mixer", "squad", "mnli", "csqa"),
    [
        (Capped(cap=50_000), 5 / 11, 5 / 11, 1 / 11),
        (Capped(cap=1), 1 / 3, 1 / 3, 1 / 3),
        (Capped(cap=100_000), 9 / 20, 10 / 20, 1 / 20),
        (Uniform(), 1 / 3, 1 / 3, 1 / 3),
        (EXPLICIT, 0, 0.75, 0.25),
        # square roots of 9, 40 and 1 ten thousands
        (Temperature(temperature=2), 3 / (4 + 40**0.5), 40**0.5 / (4 + 40**0.5), 1 / (4 + 40**0.5)),
        (Temperature(temperature=2, cap=40_000), 2 / 5, 2 / 5, 1 / 5),
    ],
    ids=lambda value: value.type_name if isinstance(value, Mixer) else "",
)
def test_shares_by_hand(mixer: Mixer, squad: float, mnli: float, csqa: float) -> None:
    assert mixer.task_shares(THREE) == pytest.approx({"squad": squad, "mnli": mnli, "csqa": csqa})


def test_a_temperature_of_1_is_proportional_to_the_bit_and_a_high_one_nearly_uniform() -> None:
    assert Temperature(temperature=1).task_shares(THREE) == Proportional().task_shares(THREE)
    assert Temperature(temperature=1, cap=7).task_shares(THREE) == Capped(cap=7).task_shares(THREE)
    drawn = [Temperature(temperature=1).draw_task(step, 3, THREE) for step in range(500)]
    assert drawn == [Proportional().draw_task(step, 3, THREE) for step in range(500)]
    assert Temperature(temperature=1e6).task_shares(THREE) == pytest.approx(Uniform().task_shares(THREE), abs=1e-4)


def test_the_exponent_of_xlm_r_is_the_inverse_temperature() -> None:
    sizes = {"en": 55_608, "sw": 275}  # million tokens in CC-100's table
    raised = {name: (size / sum(sizes.values())) ** 0.3 for name, size in sizes.items()}
    wanted = {name: value / sum(raised.values()) for name, value in raised.items()}
    assert Temperature(temperature=1 / 0.3).task_shares(sizes) == pytest.approx(wanted)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("progress", [0.0, 0.3, 1.0])
def test_shares_add_up_and_draws_have_their_frequencies(name: str, progress: float) -> None:
    mixer, count = EVERY[name], 4000
    shares = mixer.task_shares(THREE, progress)
    assert sum(shares.values()) == pytest.approx(1) and list(shares) == sorted(THREE)
    drawn = Counter(mixer.draw_task(step, 5, THREE, progress) for step in range(count))
    for task_name, share in shares.items():
        assert drawn[task_name] / count == pytest.approx(share, abs=4 * (share * (1 - share) / count) ** 0.5)


def test_a_curriculum_moves_from_one_mixer_to_the_other() -> None:
    ends = Uniform(), Explicit(given={"nli": 0, "mlm": 1})
    linear, step = (Curriculum(first=ends[0], last=ends[1], shape=shape, until=0.5) for shape in ("linear", "step"))
    assert [linear.task_shares(SIZES, p)["nli"] for p in (0, 0.1, 0.25, 0.5, 0.9)] == pytest.approx(
        [0.5, 0.4, 0.25, 0, 0]
    )
    assert [step.task_shares(SIZES, p)["nli"] for p in (0, 0.4999, 0.5, 1)] == [0.5, 0.5, 0, 0]
    nested = Curriculum(first=linear, last=Uniform(), shape="step", until=0.9)
    assert [nested.task_shares(SIZES, p)["nli"] for p in (0.25, 0.95)] == [0.25, 0.5]


def test_a_run_asks_its_mixer_how_far_it_is(tmp_path: Path) -> None:
    mixer = Curriculum(
        first=Explicit(given={"nli": 1, "mlm": 0}), last=Explicit(given={"nli": 0, "mlm": 1}), shape="step", until=0.5
    )
    tasks = [task("nli"), task("mlm")]
    made = Run(settings(steps=6), network(("nli", "mlm")), tasks, context(tmp_path, mixer=mixer))
    for step, counts in enumerate([(1, 0), (2, 0), (3, 0), (3, 1), (3, 2), (3, 3)]):
        made.train_step(step)
        assert (made.state["counts"]["nli"], made.state["counts"].get("mlm", 0)) == counts


@pytest.mark.parametrize(
    ("mixer", "steps"), [(Uniform(), 7), (Capped(cap=20), 5), (Capped(cap=5), 2), (Capped(cap=99), 7)], ids=str
)
def test_an_epoch_counts_capped_rows(mixer: Mixer, steps: int, tmp_path: Path) -> None:
    tasks = [task("nli", count=48), task("mlm", count=20)]
    made = Run(settings(epochs=1, batch_size=10), network(("nli", "mlm")), tasks, context(tmp_path, mixer=mixer))
    # 48 rows are 5 batches, of which a cap of 20 leaves 2.08, and one of 5 leaves 0.52; the sum is rounded up
    assert made.steps == steps


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "capped"},
        {"type": "capped", "cap": 0},
        {"type": "temperature", "temperature": 0},
        {"type": "explicit", "given": {}},
        {"type": "explicit", "given": {"nli": 0}},
        {"type": "explicit", "given": {"nli": -1}},
        {"type": "curriculum", "first": "uniform"},
        {"type": "curriculum", "first": "uniform", "last": "uniform", "until": 0},
    ],
    ids=str,
)
def test_mixers_that_cannot_be_are_faults(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Mixer.model_validate(fields)


RECIPE = """\
name: a
model: scratch
stages:
  two:
    tasks: {mnli: {reader: mnli}, qqp: {reader: qqp}}
    mixer: MIXER
"""


@pytest.mark.parametrize(
    ("mixer", "path", "message"),
    [
        ("{type: explicit, given: {mnli: 1, qpq: 2, qqp: 1}}", "given.qpq", "the stage has no task 'qpq'"),
        ("{type: explicit, given: {mnli: 1}}", "given", "gives task 'qqp' no share"),
        (
            "{type: curriculum, first: uniform, last: {type: explicit, given: {qqp: 1}}}",
            "last.given",
            "'mnli' no share",
        ),
    ],
)
def test_names_of_no_task_are_faults_with_their_place(mixer: str, path: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "r.yaml"
    file.write_text(RECIPE.replace("MIXER", mixer))
    with pytest.raises(RecipeError) as caught:
        load_recipe(file)
    (found,) = caught.value.faults
    assert (found.path, found.line) == (f"stages.two.mixer.{path}", 6)
    assert message in found.message


def test_an_epoch_counted_by_one_task_passes_over_it_once_with_the_others_on_top() -> None:
    batches = {"nli": 300.0, "mlm": 700.0}
    beside = Explicit(given={"nli": 3, "mlm": 1}, epoch_of="nli")
    assert beside.epoch_steps(batches) == pytest.approx(400)  # 300 of them of nli
    assert beside.epoch_steps(batches) * beside.task_shares(SIZES)["nli"] == pytest.approx(300)
    assert Explicit(given={"nli": 3, "mlm": 1}).epoch_steps(batches) == 1000
    for wrong in ("squad", "mlm"):
        with pytest.raises(ValidationError, match=f"'{wrong}', which has no share"):
            Explicit(given={"nli": 3, "mlm": 0}, epoch_of=wrong)
