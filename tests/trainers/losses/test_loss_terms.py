"""Losses as a kind: a term is found by its name, stands in a recipe, and is what the short fields and blocks make."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from adversary_runs import close, combine, gradients, make, micro, run
from domain_runs import head
from domain_runs import run as domain_run
from pydantic import Field

from xfer.trainers.finetune import Finetune
from xfer.trainers.losses.base import Loss
from xfer.trainers.losses.discriminator import Discriminator


@pytest.fixture
def tripled(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A term that somebody else registers."""
    monkeypatch.setattr(Loss, "names", dict(Loss.names))

    @Loss.register("tripled")
    class Tripled(Loss):
        """The loss, several times."""

        times: float = Field(3.0, description="how often")

        def unit_losses(self, losses: Any, form: Any, logits: Any, batch: Any) -> Any:
            return self.times * losses(logits, batch)

    yield "tripled"


def slopes(folder: Path, adversary: str = "none", **fields: Any) -> dict[str, torch.Tensor]:
    return gradients(run(folder, "classify", make(adversary), **fields))[0]


@pytest.mark.parametrize("adversary", ["none", "fgm"])
def test_a_new_term_is_used_by_its_name(tripled: str, adversary: str, tmp_path: Path) -> None:
    plain = slopes(tmp_path, adversary)
    assert close(slopes(tmp_path, adversary, losses=[tripled]), combine([3.0], [plain]))
    assert close(slopes(tmp_path, adversary, losses=[tripled, {"type": tripled, "times": 2}]), combine([6.0], [plain]))
    assert tripled in Loss.known_names()


@pytest.mark.parametrize(
    ("short", "term"),
    [
        ({"label_smoothing": 0.2}, {"type": "label_smoothing", "share": 0.2}),
        ({"mixup": 5.0}, {"type": "mixup", "alpha": 5.0}),
    ],
    ids=["label_smoothing", "mixup"],
)
def test_a_short_field_is_the_term_to_the_bit(short: dict[str, Any], term: dict[str, Any], tmp_path: Path) -> None:
    by_field, by_term = slopes(tmp_path, **short), slopes(tmp_path, losses=[term])
    assert by_field.keys() == by_term.keys()
    assert all(torch.equal(by_field[name], by_term[name]) for name in by_field)
    assert not close(by_term, slopes(tmp_path))


def test_each_term_takes_the_loss_of_those_before_it(tripled: str, tmp_path: Path) -> None:
    smooth = {"type": "label_smoothing", "share": 0.5}
    orders = [tripled, smooth], [smooth, tripled]
    first_tripled, first_smoothed = (micro(run(tmp_path, "classify", make("none"), losses=order)) for order in orders)
    labels = first_tripled.batch["labels"]
    logits = torch.tensor([[2.0, -1.0]]).repeat(len(labels), 1)
    log_probabilities = logits.log_softmax(1)
    own, uniform = -log_probabilities.gather(1, labels[:, None]).mean(), -log_probabilities.mean()
    assert float(first_tripled.loss(logits)) == pytest.approx(float(1.5 * own + 0.5 * uniform), rel=1e-5)
    assert float(first_smoothed.loss(logits)) == pytest.approx(float(1.5 * (own + uniform)), rel=1e-5)


@pytest.mark.parametrize("name", ["consistency", "distillation"])
def test_a_term_that_a_block_makes_is_refused_elsewhere(name: str) -> None:
    ((path, _, hint),) = Finetune(losses=[name]).find_faults(["classify"])
    assert path == ("losses", 0) and hint.startswith("write ")


def test_a_term_that_fits_no_form_of_the_stage_is_a_fault_at_its_place() -> None:
    (fault,) = Finetune(losses=["label_smoothing", "mixup"]).find_faults(["tag"])
    assert fault[0] == ("losses", 1) and "classify" in fault[1]
    (short,) = Finetune(mixup=0.2).find_faults(["tag"])
    assert short == (("mixup",), *fault[1:])


def test_further_terms_are_part_of_a_stages_identity_and_none_are_not() -> None:
    assert "losses" not in Finetune().identity()
    (term,) = Finetune(losses=["mixup"]).identity()["losses"]
    assert (term["kind"], term["type"]) == ("loss", "mixup")


def test_a_head_makes_the_term_of_its_task_alone(tmp_path: Path) -> None:
    made = domain_run(tmp_path, head("domain"))
    terms = {task: [type(term) for term in each.terms] for task, each in made.objectives.items()}
    assert {task for task, each in terms.items() if Discriminator in each} == set(made.heads)
