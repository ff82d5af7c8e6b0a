"""{adversary} x {domain head or none} x {mixer} x {form}: each combination trains, or ``xfer check`` refuses it.

By default a sample in which every pair of values occurs that may occur at all, and fewer for exact resume, in which
every value occurs; the whole product with ``make test ARGS="--whole tests/trainers/test_cross_product.py"``.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from adversary_runs import FORMS, make, origin, rows
from domain_runs import rows as two_languages
from product_cases import NONE, VIEWS, Case, augment, every, head, mixer, pairs, recipe, refused, sample
from tiny_runs import Stop, equal, settings, weights

from xfer.core.errors import RecipeError
from xfer.forms.base import build_form
from xfer.models.domain.base import Head
from xfer.models.domain.form import build_domain_form
from xfer.models.network import Network, build_network
from xfer.recipe.checks.discriminators import conditioning_task
from xfer.recipe.load import load_recipe
from xfer.trainers.augmenting import Augment
from xfer.trainers.base import Mixer
from xfer.trainers.batches.augmented import Augmentation
from xfer.trainers.loop.fit import Context, TaskData, fit
from xfer.trainers.losses.consistency import Consistency

STEPS = 3
RUNS = [case for case in every() if not refused(case)]
REFUSED = [case for case in every() if refused(case)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for name, cases, size in (("runs", RUNS, 2), ("continued", RUNS, 1), ("not_runs", REFUSED, 2)):
        if name in metafunc.fixturenames:
            chosen = cases if metafunc.config.getoption("--whole") else sample(cases, size)
            metafunc.parametrize(name, chosen, ids="-".join)


def augmented(case: Case) -> Augmentation | None:
    """What changes the rows of the form's task as they are drawn."""
    found = augment(case)
    steps = tuple((Augment.model_validate(step), None) for step in found.get("augment", ()))
    return Augmentation(steps, None, Consistency() if "consistency" in found else None) if steps else None


def stage(case: Case) -> tuple[Network, list[TaskData]]:
    """The form's task with twice the rows of the masked one beside it, and what a head tells apart."""
    forms: dict[str, Any] = {"main": build_form(case.form, FORMS[case.form]), "beside": build_form("mask")}
    tasks = [
        TaskData("main", 1.0, rows(case.form), None, ("en",), augmentation=augmented(case)),
        TaskData("beside", 0.5, rows("mask", 12), None, ("en",)),
    ]
    if case.head != NONE:
        told, one = two_languages("mask"), Head.model_validate(head(case))
        forms["language"] = build_domain_form(
            "language", build_form("mask"), one, conditioning_task(one, {"main": case.form}), told
        )
        tasks.append(TaskData("language", 1.0, told, None, ("en", "fr")))
    return build_network(origin(0.1), forms, 1), tasks


def trained(case: Case, folder: Path, every: int = STEPS, stop: int = 0) -> tuple[Network, list[float]]:
    """A run of a few steps, a checkpoint after so many, and its losses; it breaks off after step ``stop``."""
    network, tasks = stage(case)
    folder.mkdir(exist_ok=True)
    losses = []

    def progress(step: int, total: int, loss: float | None = None, **_: Any) -> None:
        losses.extend([] if loss is None else [loss])
        if stop and step == stop:
            raise Stop

    chosen = settings(steps=STEPS, evaluate_every=every, batch_size=4, warmup=0, adversary=make(case.adversary))
    fit(chosen, network, tasks, Context(folder, 1, None, Mixer.model_validate(mixer(case)), progress))
    return network, losses


def parts(network: Network) -> dict[str, set[str]]:
    """Names of the parameters of the encoder, of each head without it, and of each discriminator."""
    inside = {id(p) for p in network.encoder.parameters()}
    found: dict[str, set[str]] = {"encoder": set()}
    for name, parameter in network.named_parameters():
        own = "encoder" if id(parameter) in inside else name.split(".")[1]
        found.setdefault(own, set()).add(name)
    return found


def drawn(case: Case) -> set[str]:
    """The tasks that the steps of the run train."""
    sizes = {task.name: len(task.train["id"]) for task in stage(case)[1]}
    if case.form == "retrieve":
        sizes["main"] //= 2  # a unit is a query with its candidate
    one = Mixer.model_validate(mixer(case))
    return {name for step in range(STEPS) for name in one.step_tasks(step, 1, sizes, step / STEPS)}


@pytest.mark.timeout(60)
def test_a_combination_trains_what_it_should(runs: Case, tmp_path: Path) -> None:
    before = weights(stage(runs)[0])
    network, losses = trained(runs, tmp_path / "run")
    after = weights(network)
    assert len(losses) == STEPS and all(map(math.isfinite, losses))
    moved, tasks = {name for name in before if not torch.equal(before[name], after[name])}, drawn(runs)
    for part, names in parts(network).items():
        if part == "encoder" or part in tasks:
            assert names & moved, f"nothing of {part} was trained"
        else:
            assert not names & moved, f"{part} was trained, and no step has its task"


@pytest.mark.timeout(60)
def test_a_combination_is_continued_to_the_same_bits(continued: Case, tmp_path: Path) -> None:
    whole = weights(trained(continued, tmp_path / "whole")[0])
    with pytest.raises(Stop):
        trained(continued, tmp_path / "cut", 1, stop=STEPS)  # the last checkpoint is that of the step before
    network, losses = trained(continued, tmp_path / "cut", 1)
    assert len(losses) == 1 and equal(weights(network), whole)


def check(case: Case, tmp_path: Path) -> list[str]:
    """The faults that ``xfer check`` finds."""
    file = tmp_path / "recipe.yaml"
    file.write_text(json.dumps(recipe(case)))
    try:
        load_recipe(file)
    except RecipeError as error:
        return [fault.message for fault in error.faults]
    return []


def test_a_combination_that_trains_passes_the_check(runs: Case, tmp_path: Path) -> None:
    assert check(runs, tmp_path) == []


def test_a_combination_that_cannot_train_is_refused_by_the_check(not_runs: Case, tmp_path: Path) -> None:
    found = check(not_runs, tmp_path)
    joint, conditional = "a discriminator needs every step to train all tasks", "no class probabilities"
    assert any(joint in fault for fault in found) == (not_runs.head != NONE and not_runs.mixer != "joint")
    assert any("two maskings" in fault for fault in found) == ((not_runs.form, not_runs.augment) == ("mask", VIEWS))
    assert any(conditional in fault for fault in found) == (
        not_runs.head == "cdan" and not_runs.form not in ("classify", "tag")
    )


@pytest.mark.parametrize("cases", [RUNS, REFUSED], ids=["runs", "refused"])
def test_the_sample_holds_every_pair_that_the_product_holds(cases: list[Case]) -> None:
    chosen = sample(cases)
    assert len(chosen) < len(cases) / 5 and set(chosen) <= set(cases)
    wanted = {pair for case in cases for pair in pairs(case)}
    assert {pair for case in chosen for pair in pairs(case)} == wanted
    values = {value for case in cases for value in pairs(case, 1)}
    assert {value for case in sample(cases, 1) for value in pairs(case, 1)} == values


def test_every_pair_trains_or_is_refused() -> None:
    cases = every()
    assert len(cases) == len(set(cases)) == len(RUNS) + len(REFUSED)
    values = [{case[place] for case in cases} for place in range(5)]
    assert len({pair for case in cases for pair in pairs(case)}) == sum(
        len(values[i]) * len(values[j]) for i in range(5) for j in range(i)
    )
    assert {case.form for case in RUNS} == set(FORMS)
