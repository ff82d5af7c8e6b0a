"""Each loss that a stage adds against its paper's formula, written out again: gradients of a whole update in float64.

Answers and states come from the network itself, without dropout; softmax, divergences and means are written here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from adversary_runs import gradients, network, rows
from augmented_runs import TYPOS, augmentation_of
from tiny_runs import context, settings

from xfer.core.seeds import derive_seed
from xfer.trainers.batches.augmented import Augmentation
from xfer.trainers.batches.views import view_of
from xfer.trainers.loop.fit import Run, TaskData
from xfer.trainers.losses.base import Teacher
from xfer.trainers.losses.consistency import Consistency

Batch = dict[str, torch.Tensor]
CUT: dict[str, Any] = {"subwords": {"drop": 0.5}}


def loud(kind: str, seed: int = 1) -> Any:
    """A network in float64 whose answers differ from row to row: a fresh one answers all nearly alike."""
    net = network(kind, dropout=0.0, seed=seed).double()
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            parameter.mul_(
                100 if name.endswith(("classifier.weight", "out_proj.weight")) else 6 if parameter.ndim == 2 else 1
            )
    return net


def formula_run(folder: Path, kind: str, augmentation: Augmentation | None = None, **fields: Any) -> Run:
    teacher = fields.pop("teacher", None)
    task = TaskData(kind, 1.0, rows(kind), None, ("en",), augmentation=augmentation)
    where = context(folder)._replace(teacher=teacher)
    return Run(settings(batch_size=6, clip=0, **fields), loud(kind), [task], where)


def slopes(run: Run, loss: torch.Tensor) -> Batch:
    named = {name: p for name, p in run.inner.named_parameters() if p.requires_grad}
    made = torch.autograd.grad(loss, [*named.values()], allow_unused=True, retain_graph=True)
    return {name: slope for name, slope in zip(named, made, strict=True) if slope is not None}


def differ_at_most(run: Run, loss: torch.Tensor, term: torch.Tensor) -> float:
    """The largest difference between the gradients of a step and those of ``loss``, in units of the largest if above 1.

    Those of its ``term`` must be so large that they could not be missed.
    """
    wanted, (found,) = slopes(run, loss), gradients(run)
    assert max(float(slope.abs().max()) for slope in slopes(run, term).values()) > 1e-3
    largest = max(float(slope.abs().max()) for slope in wanted.values())
    return max(float((found[name] - slope).abs().max()) for name, slope in wanted.items()) / max(1, largest)


def kl(target: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """The terms of KL(target || other) of probabilities, the target without a gradient."""
    fixed = target.detach()
    return torch.where(fixed > 0, fixed * (fixed.log() - other.log()), 0)


def both_ways(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    return kl(first, second) + kl(second, first)


def answers(run: Run, kind: str, batch: Batch) -> torch.Tensor:
    """Probabilities of labels: of each row, or of each word."""
    return run.inner(kind, batch).softmax(-1)


def label_loss(probabilities: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return -probabilities.gather(1, labels[:, None])[:, 0].log()


# xTune (Zheng et al. 2021, sections 3.1 to 3.3), with the means of their code


def test_example_consistency_of_rows_is_a_mean_over_rows_and_labels(tmp_path: Path) -> None:
    run = formula_run(tmp_path, "classify", augmentation_of(TYPOS, consistency=Consistency(weight=5)))
    batch = run.task_batch("classify", 0)
    p, q = answers(run, "classify", batch), answers(run, "classify", view_of(batch))
    r1 = both_ways(p, q).sum() / (len(p) * 2)
    assert differ_at_most(run, label_loss(p, batch["labels"]).mean() + 5 * r1, r1) < 1e-6


def test_example_consistency_of_tags_is_a_mean_over_labels_and_the_words_that_align(tmp_path: Path) -> None:
    run = formula_run(
        tmp_path, "tag", augmentation_of({**TYPOS, "attacker": {"type": "numbers"}}, CUT, consistency=Consistency())
    )
    batch = run.task_batch("tag", 0)
    view = view_of(batch)
    p, q = answers(run, "tag", batch), answers(run, "tag", view)
    aligned = view["places"] >= 0
    r1 = both_ways(p[aligned], q[view["places"][aligned]]).sum() / (int(aligned.sum()) * 2)
    assert differ_at_most(run, label_loss(p, batch["labels"]).mean() + 5 * r1, r1) < 1e-6


def test_words_that_align_with_nothing_do_not_thin_the_mean(tmp_path: Path) -> None:
    run = formula_run(tmp_path, "tag", augmentation_of(TYPOS, consistency=Consistency()))
    augmenter = run.feed.views["tag"]
    drawn = augmenter.draw(0, run.feed.samplers["tag"].batch_rows(0))
    drawn.places[0][:] = -1  # as after an edit that says nothing of words
    augmenter.draw = lambda *names: drawn  # type: ignore[method-assign]
    batch = run.task_batch("tag", 0)
    view = view_of(batch)
    aligned = view["places"] >= 0
    assert 0 < int(aligned.sum()) == int(batch["aligned"]) < len(aligned)
    p, q = answers(run, "tag", batch), answers(run, "tag", view)
    r1 = both_ways(p[aligned], q[view["places"][aligned]]).sum() / (int(aligned.sum()) * 2)
    assert differ_at_most(run, label_loss(p, batch["labels"]).mean() + 5 * r1, r1) < 1e-6


def test_example_consistency_of_spans_is_the_mean_of_start_and_end_with_the_rest_as_one_answer(tmp_path: Path) -> None:
    run = formula_run(tmp_path, "span", augmentation_of(TYPOS, CUT, consistency=Consistency(weight=2)), max_length=44)
    form, batch = run.inner.forms["span"], run.task_batch("span", 0)
    view = view_of(batch)
    p = form.log_probabilities(run.inner("span", batch), batch).double().exp()
    q = form.log_probabilities(run.inner("span", view), view).double().exp()
    r1: Any = 0
    for row in range(len(p)):
        for side in (0, 1):
            places = view["places"][row, side]
            own = (places >= 0).nonzero()[:, 0]
            first, second = p[row, side, own], q[row, side, places[own]]
            first, second = (torch.cat([x, (1 - x.sum())[None]]) for x in (first, second))
            r1 = r1 + both_ways(first, second).sum() / 2
    loss = form.unit_losses(run.inner("span", batch), batch).mean() + 2 * r1 / len(p)
    assert differ_at_most(run, loss, r1) < 1e-6


@pytest.mark.parametrize("kind", ["classify", "tag"])
def test_the_second_stage_is_that_of_rows_and_copies_with_model_consistency_of_the_copies(
    kind: str, tmp_path: Path
) -> None:
    master = loud(kind, seed=2)
    teacher = Teacher(master, kind, (kind,), 1.0, 3.0, added=True)
    run = formula_run(
        tmp_path, kind, augmentation_of(TYPOS, consistency=Consistency(weight=5, copies=True)), teacher=teacher
    )
    batches = run.task_batch(kind, 0), run.copied_batch(kind, 0)
    units = sum(len(batch["labels"]) for batch in batches)
    loss: Any = 0
    for batch in batches:
        view = view_of(batch)
        places = view.get("places", torch.arange(len(batch["labels"])))
        aligned, p, q = places >= 0, answers(run, kind, batch), answers(run, kind, view)
        assert not torch.equal(batch["input_ids"], view["input_ids"])
        apart = both_ways(p[aligned], q[places[aligned]]).sum(1).mean() / 2
        loss = loss + (label_loss(p, batch["labels"]).sum() + 5 * len(p) * apart) / units
    copies, p = batches[1], answers(run, kind, batches[1])
    taught = master(kind, copies).softmax(-1)
    r2 = kl(taught, p).sum() / (len(p) * 2)
    assert not torch.equal(batches[0]["input_ids"], copies["input_ids"])
    assert differ_at_most(run, loss + 3 * r2, r2) < 1e-6


def test_a_copy_and_its_view_are_two_draws_from_the_row(tmp_path: Path) -> None:
    run = formula_run(tmp_path, "classify", augmentation_of(TYPOS, consistency=Consistency(copies=True)))
    augmenter = run.feed.views["classify"]
    texts = {augmenter.change(3, 0, 0, *role).row["text"] for role in ((), ("copy",), ("view of copy",))}
    assert len(texts) == 3
    again = formula_run(
        tmp_path, "classify", augmentation_of(TYPOS, consistency=Consistency(copies=True))
    ).copied_batch("classify", 0)
    assert all(torch.equal(again[name], tensor) for name, tensor in run.copied_batch("classify", 0).items())


# Options of a stage


def test_label_smoothing_is_the_cross_entropy_of_labels_mixed_with_the_uniform_ones(tmp_path: Path) -> None:
    """Szegedy et al. 2016, section 7: the target is (1 - s) of the label and s / K of every one."""
    run = formula_run(tmp_path, "classify", label_smoothing=0.2)
    batch = run.task_batch("classify", 0)
    p = answers(run, "classify", batch)
    target = 0.8 * torch.nn.functional.one_hot(batch["labels"], 2) + 0.2 / 2
    smoothed = -(target * p.log()).sum(1).mean()
    assert differ_at_most(run, smoothed, smoothed - label_loss(p, batch["labels"]).mean()) < 1e-6


def test_mixup_is_the_loss_of_both_labels_on_mixed_states(tmp_path: Path) -> None:
    """Zhang et al. 2018, equation 1, on the encoder's states (Sun et al. 2020, section 3.2)."""
    run = formula_run(tmp_path, "classify", mixup=5.0)
    batch = run.task_batch("classify", 0)
    draw = np.random.Generator(np.random.PCG64(derive_seed("mixup", 1, "classify", 0)))
    partner = torch.from_numpy(draw.permutation(len(batch["labels"])))
    share = float(np.float32(draw.beta(5, 5)))
    states = run.inner.encoder(batch["input_ids"], batch["attention_mask"]).last_hidden_state
    head: Any = run.inner.heads["classify"]
    p = head.classifier(share * states + (1 - share) * states[partner]).softmax(-1)
    labels = batch["labels"]
    other = (1 - share) * label_loss(p, labels[partner]).mean()
    assert 0.02 < share < 0.98
    assert differ_at_most(run, share * label_loss(p, labels).mean() + other, other) < 1e-6


@pytest.mark.parametrize("kind", ["classify", "tag"])
def test_distillation_is_hintons_sum_of_hard_and_softened_losses(kind: str, tmp_path: Path) -> None:
    """Hinton et al. 2015, section 2: soft targets at temperature T, their gradients times T squared."""
    master, temperature, weight = loud(kind, seed=2), 2.0, 0.3
    run = formula_run(tmp_path, kind, teacher=Teacher(master, kind, (kind,), temperature, weight))
    batch = run.task_batch(kind, 0)
    logits = run.inner(kind, batch)
    soft = kl((master(kind, batch) / temperature).softmax(-1), (logits / temperature).softmax(-1)).sum(1)
    hard = label_loss(logits.softmax(-1), batch["labels"])
    softened = weight * temperature**2 * soft.mean()
    assert differ_at_most(run, (1 - weight) * hard.mean() + softened, softened) < 1e-6
