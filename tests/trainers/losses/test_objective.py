"""Losses with smoothed labels, mixed rows and a teacher, by hand and against torch's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import adversary_runs as every
import pytest
import torch
from accelerate import Accelerator
from tiny_runs import network, run, settings

from xfer.core.errors import XferError
from xfer.forms.base import build_form
from xfer.trainers.adversaries.micro_batch import MicroBatch
from xfer.trainers.losses.base import LossContext, Teacher
from xfer.trainers.losses.distillation import require_same_vocabulary
from xfer.trainers.losses.mixup import Mixup
from xfer.trainers.losses.objective import Objective, build_objectives

LOGITS = torch.tensor([[2.0, -1.0, 0.5], [0.0, 0.3, -0.2], [1.0, 1.0, 4.0], [-3.0, 2.0, 0.0]])
BATCH = {"labels": torch.tensor([0, 2, 1, 1])}
CLASSIFY = build_form("classify", ["a", "b", "c"])


def objective(
    smoothing: float = 0.0, mixup: float = 0.0, teacher: Teacher | None = None, form: Any = CLASSIFY, task: str = "nli"
) -> Objective:
    """What a stage with these options builds for a task of this form."""

    class Stage:
        forms: ClassVar[dict[str, Any]] = {task: form}

    chosen = settings(label_smoothing=smoothing, mixup=mixup)
    return build_objectives(chosen, Stage(), {}, LossContext(1, Accelerator(), teacher))[task]  # type: ignore[arg-type]


@pytest.mark.parametrize("smoothing", [0.1, 0.5])
def test_smoothed_labels_are_those_of_torch(smoothing: float) -> None:
    options: dict[str, Any] = {"reduction": "none", "label_smoothing": smoothing}
    wanted = torch.nn.functional.cross_entropy(LOGITS, BATCH["labels"], **options)
    assert torch.allclose(objective(smoothing).unit_losses(LOGITS, BATCH), wanted)


def test_without_options_the_loss_is_the_forms_own_to_the_bit() -> None:
    assert torch.equal(objective().unit_losses(LOGITS, BATCH), CLASSIFY.unit_losses(LOGITS, BATCH))
    assert objective().prepare_batch(3, BATCH) is BATCH


def test_an_option_that_a_row_does_not_have_takes_no_part_of_the_label() -> None:
    logits = torch.tensor([[1.0, 0.0, -torch.inf]], requires_grad=True)
    batch = {"labels": torch.tensor([0]), "options": torch.tensor([[0, 1, -1]])}
    found = objective(0.2, form=build_form("choose")).unit_losses(logits, batch)
    both = torch.tensor([1.0, 0.0]).log_softmax(0)
    assert found.item() == pytest.approx(float(-(0.8 * both[0] + 0.2 * both.mean())))
    found.sum().backward()
    assert logits.grad is not None and logits.grad.isfinite().all()


def test_a_word_without_a_label_has_no_smoothed_loss_either() -> None:
    batch = {"labels": torch.tensor([0, -100])}
    found = objective(0.3, form=build_form("tag", ["O", "B-LOC"])).unit_losses(
        torch.tensor([[1.0, 2.0], [3.0, 0.0]]), batch
    )
    assert found[0] > 0 and found[1] == 0


@pytest.mark.parametrize("kind", every.FORMS)
def test_every_form_takes_smoothed_labels(kind: str, tmp_path: Path) -> None:
    smooth, plain = (
        every.gradients(every.run(tmp_path, kind, every.make("none"), label_smoothing=smoothing))[0]
        for smoothing in (0.3, 0.0)
    )
    assert all(gradient.isfinite().all() for gradient in smooth.values())
    assert smooth.keys() == plain.keys() and not every.close(smooth, plain)


# Mixup


def test_mixed_rows_are_drawn_from_their_names_alone() -> None:
    made = objective(mixup=0.4)
    one, again, other = (made.prepare_batch(number, BATCH) for number in (5, 5, 6))
    assert torch.equal(one["partner"], again["partner"]) and torch.equal(one["share"], again["share"])
    assert not torch.equal(one["share"], other["share"])
    assert sorted(one["partner"].tolist()) == [0, 1, 2, 3] and 0 <= one["share"] <= 1
    assert objective(mixup=0.4, form=build_form("mask")).prepare_batch(5, BATCH) is BATCH


def test_shares_follow_the_beta_distribution() -> None:
    made, alpha, count = objective(mixup=0.4), 0.4, 400
    shares = torch.stack([made.prepare_batch(i, BATCH)["share"] for i in range(count)])
    variance = 1 / (4 * (2 * alpha + 1))
    assert float(shares.mean()) == pytest.approx(0.5, abs=4 * (variance / count) ** 0.5)
    assert float(shares.var()) == pytest.approx(variance, rel=0.15)


def test_the_loss_of_a_mixed_row_is_that_of_both_labels() -> None:
    batch = BATCH | {"partner": torch.tensor([2, 0, 3, 1]), "share": torch.tensor(0.3)}
    chances = LOGITS.log_softmax(1)
    labels = [(0, 1), (2, 0), (1, 1), (1, 2)]  # of each row and its partner
    wanted = [-(0.3 * chances[i, own] + 0.7 * chances[i, other]) for i, (own, other) in enumerate(labels)]
    assert torch.allclose(objective(mixup=1).unit_losses(LOGITS, batch), torch.stack(wanted))


def test_states_are_mixed_before_the_head(tmp_path: Path) -> None:
    net = network(dropout=0).eval()
    batch = run(tmp_path, net).task_batch("nli", 0)
    count = len(batch["labels"])
    partner, share = torch.arange(count - 1, -1, -1), torch.tensor(0.25)
    head: Any = net.heads["nli"]
    states = net.encoder(batch["input_ids"], batch["attention_mask"]).last_hidden_state
    with Mixup().around_pass(net, batch | {"partner": partner, "share": share}):
        found = net("nli", batch)
    assert torch.allclose(found, head.classifier(0.25 * states + 0.75 * states[partner]), atol=1e-6)
    assert torch.allclose(net("nli", batch), head.classifier(states), atol=1e-6)  # and only inside


def test_rows_that_are_their_own_partners_are_not_mixed(tmp_path: Path) -> None:
    made = run(tmp_path, network(dropout=0), mixup=0.2)
    batch = made.task_batch("nli", 0)
    alone = batch | {"partner": torch.arange(len(batch["labels"]))}
    micros = made._micro_batches("nli", [alone], 0)
    plain = MicroBatch(made.network, made.accelerator, "nli", batch, micros[0].units, 1.0, (1, 0, 0), {})
    del plain.batch["partner"]
    assert torch.allclose(micros[0].loss(micros[0].logits()), plain.loss(plain.logits()), atol=1e-6)


# A teacher


def teacher(**fields: Any) -> Teacher:
    usual = {"network": network(seed=7), "task": "nli", "student_tasks": ("nli",), "temperature": 2.0, "weight": 0.5}
    return Teacher(**usual | fields)


def test_the_loss_beside_a_teacher_by_hand() -> None:
    taught = torch.tensor([[0.0, 1.0, 0.0]] * 4)
    batch = BATCH | {"teacher": (taught / 2).log_softmax(1)}
    made = objective(teacher=teacher(weight=0.25))
    target, own = (taught / 2).softmax(1), (LOGITS / 2).log_softmax(1)
    apart = (target * (target.log() - own)).sum(1)
    wanted = 0.75 * CLASSIFY.unit_losses(LOGITS, BATCH) + 0.25 * 4 * apart
    assert torch.allclose(made.unit_losses(LOGITS, batch), wanted)


def test_a_teacher_that_says_the_same_adds_nothing() -> None:
    made = objective(teacher=teacher(weight=1.0))
    batch = BATCH | {"teacher": (LOGITS / 2).log_softmax(1)}
    assert torch.allclose(made.unit_losses(LOGITS, batch), torch.zeros(4), atol=1e-6)


def test_a_teacher_reads_the_same_batch_without_dropout_and_does_not_learn(tmp_path: Path) -> None:
    master = network(seed=7, dropout=0.5)
    batch = run(tmp_path, network()).task_batch("nli", 0)
    made = objective(teacher=teacher(network=master))
    one, two = (made.prepare_batch(0, batch)["teacher"] for _ in range(2))
    assert torch.equal(one, two) and not one.requires_grad
    assert torch.allclose(one, (master("nli", batch) / 2).log_softmax(1))
    assert objective(teacher=teacher(network=master), task="other").prepare_batch(0, batch) is batch


def test_a_teacher_without_weight_is_none() -> None:
    made = objective(teacher=teacher(weight=0.0))
    assert made.terms == () and made.prepare_batch(0, BATCH) is BATCH


def test_a_teacher_of_other_subwords_is_refused() -> None:
    class Words:
        def __init__(self, *words: str) -> None:
            self.words = words

        def get_vocab(self) -> dict[str, int]:
            return {word: i for i, word in enumerate(self.words)}

    require_same_vocabulary(Words("a", "b"), Words("a", "b"))
    with pytest.raises(XferError, match="another vocabulary"):
        require_same_vocabulary(Words("a", "b"), Words("b", "a"))
