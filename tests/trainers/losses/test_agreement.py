"""Consistency of a row with its augmented view, and with a teacher on it: by hand, and what aligns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from adversary_runs import FORMS, close, gradients, rows
from augmented_runs import CUT, TYPOS, augmentation_of, augmented_run, augmenter_of

from xfer.forms.base import build_form
from xfer.text.edits import Edit, splice_edits
from xfer.trainers.batches.alignment import AlignmentUnit, align_subwords, align_words, compose_places, track_borders
from xfer.trainers.batches.views import view_of
from xfer.trainers.loop.fit import Run
from xfer.trainers.losses.agreement import align_log_probabilities
from xfer.trainers.losses.base import LossContext, Teacher
from xfer.trainers.losses.consistency import Consistency
from xfer.trainers.losses.distillation import teacher_term
from xfer.trainers.losses.divergences import detached_symmetric_kl
from xfer.trainers.losses.objective import Objective

TWO = torch.tensor([[0.5, -1.0, 0.2], [2.0, 0.0, -1.0]]), torch.tensor([[0.1, 0.3, -0.2], [1.0, 1.0, 1.0]])


def test_the_divergence_is_symmetric_and_its_gradient_passes_one_side_of_each() -> None:
    first, second = (logits.clone().requires_grad_() for logits in TWO)
    found = detached_symmetric_kl(first.log_softmax(-1), second.log_softmax(-1))
    p, q = first.detach().softmax(-1), second.detach().softmax(-1)
    wanted = (p * (p / q).log()).sum(-1) + (q * (q / p).log()).sum(-1)
    assert torch.allclose(found, wanted)
    found.sum().backward()
    # of KL(fixed q || p) in the logits of p: p - q, and nothing of the other term
    assert first.grad is not None and torch.allclose(first.grad, p - q, atol=1e-6)
    assert second.grad is not None and torch.allclose(second.grad, q - p, atol=1e-6)


def test_words_that_align_are_compared_and_no_others() -> None:
    first, second = TWO[0].log_softmax(-1), torch.cat(TWO).log_softmax(-1)
    one, other = align_log_probabilities(first, second, torch.tensor([-1, 3]))
    assert torch.equal(one, first[1:]) and torch.equal(other, second[3:])


def test_subwords_that_align_keep_their_probability_and_all_others_are_one_answer() -> None:
    own, view = torch.randn(1, 2, 4).log_softmax(-1), torch.randn(1, 2, 5).log_softmax(-1)
    places = torch.tensor([[[0, 3, -1, 2], [0, -1, 4, -1]]])
    first, second = align_log_probabilities(own, view, places)
    start, end = [0, 1, 3], [0, 2]
    assert torch.equal(first[0, 0, start], own[0, 0, start]) and torch.equal(second[0, 0, start], view[0, 0, [0, 3, 2]])
    assert torch.equal(first[0, 1, end], own[0, 1, end]) and torch.equal(second[0, 1, end], view[0, 1, [0, 4]])
    assert second[0, 0, 2].exp() == first[0, 1, 1].exp() == 0
    rests = [[own[0, 0, [2]], own[0, 1, [1, 3]]], [view[0, 0, [1, 4]], view[0, 1, [1, 2, 3]]]]
    for found, sides in zip((first, second), rests, strict=True):
        assert torch.allclose(found[0, :, -1].exp(), torch.stack([side.exp().sum() for side in sides]))
        assert torch.allclose(found.exp().sum(-1), torch.ones(1, 2))
    assert torch.isfinite(detached_symmetric_kl(first, second)).all()


def loss(run: Run, batch: dict[str, Any]) -> torch.Tensor:
    """The mean loss of a batch and half a divergence from its view, by the network alone, without dropout."""
    task = next(iter(run.tasks))
    kind, view = run.inner.forms[task], view_of(batch)
    logits, moved = run.inner(task, batch), run.inner(task, view)
    p, q = align_log_probabilities(
        kind.log_probabilities(logits, batch), kind.log_probabilities(moved, view), view.get("places")
    )
    sides = (p.exp() * (p - q)).sum(-1) + (q.exp() * (q - p)).sum(-1)
    count = int(batch.get("aligned", len(batch["labels"]))) * (len(kind.labels) or 1)
    divergence = (sides.flatten(1).mean(1) if sides.ndim > 1 else sides).sum() / count
    return kind.unit_losses(logits, batch).mean() + 0.5 * divergence


def loud(net: Any) -> None:
    """A fresh network answers all rows nearly alike: with larger weights it does not."""
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            parameter.mul_(100 if name.endswith("classifier.weight") else 6 if parameter.ndim == 2 else 1)


@pytest.mark.parametrize("kind", [kind for kind in FORMS if kind != "mask"])
@pytest.mark.parametrize("adversary", ["none", "fgm"])
def test_a_step_adds_the_weighted_divergence(kind: str, adversary: str, tmp_path: Path) -> None:
    extra: dict[str, Any] = {"adversary": {"type": adversary}}
    steps, weight = (TYPOS, CUT), {"consistency": Consistency(weight=0.5)}
    run = augmented_run(tmp_path, kind, augmentation_of(*steps, **weight), dropout=0.0, clip=0, **extra)
    plain = augmented_run(tmp_path, kind, None, dropout=0.0, clip=0, **extra)
    for net in (run.inner, plain.inner):
        loud(net)
    batch = run.task_batch(kind, 0)
    assert all(torch.equal(batch[name], tensor) for name, tensor in plain.task_batch(kind, 0).items())
    with torch.no_grad():
        added = float(loss(run, batch) - run.inner.forms[kind].unit_losses(run.inner(kind, batch), batch).mean())
    assert added > 1e-6
    assert run.train_step(0)[0] - plain.train_step(0)[0] == pytest.approx(added, rel=2e-3, abs=1e-6)


def test_the_labels_of_both_are_learnt_where_it_is_said(tmp_path: Path) -> None:
    both = augmentation_of(TYPOS, consistency=Consistency(weight=0, labels="both"))
    found = gradients(augmented_run(tmp_path, "classify", both, dropout=0.0, clip=0))[0]
    rows_alone = gradients(augmented_run(tmp_path, "classify", None, dropout=0.0, clip=0))[0]
    views_alone = gradients(augmented_run(tmp_path, "classify", augmentation_of(TYPOS), dropout=0.0, clip=0))[0]
    assert close(found, {name: rows_alone[name] + views_alone[name] for name in found})


@pytest.mark.parametrize("learns_views", [False, True])
def test_a_teacher_is_asked_of_a_view_only_where_its_labels_are_learnt(learns_views: bool) -> None:
    seen: list[int] = []

    class Sure(torch.nn.Module):
        def forward(self, task: str, batch: Any) -> torch.Tensor:
            seen.append(batch["input_ids"].shape[1])
            return torch.ones(3, 2)

    kind = build_form("classify", ["no", "yes"])
    batch = {"labels": torch.tensor([0, 1, 1]), "input_ids": torch.zeros(3, 4, dtype=torch.long)}
    batch |= {"view/labels": batch["labels"], "view/input_ids": torch.ones(3, 6, dtype=torch.long)}
    teacher = Teacher(Sure(), "nli", ("nli",), 1.0, 0.5)  # type: ignore[arg-type]
    terms = teacher_term(teacher), Consistency(labels="both" if learns_views else "row")
    prepared = Objective(kind, "nli", terms, LossContext(1, Accelerator(), teacher)).prepare_batch(0, batch)
    assert seen == [4, 6][: 1 + learns_views] and ("teacher" in view_of(prepared)) == learns_views


# What stands where


def test_borders_follow_edits_one_after_another() -> None:
    text, here, steps = "the old cat sleeps", "the old cat sleeps", []
    for step in ([Edit(4, 7, "very old", "a")], [Edit(0, 0, "so ", "b"), Edit(13, 16, "dog", "b")]):
        steps.append([{"column": "text", **edit._asdict()} for edit in step])
        here = splice_edits(here, step)
    assert here == "so the very old dog sleeps"
    found = track_borders(text, here, steps)
    assert found is not None
    starts, ends = found
    assert [int(starts[i]) for i in (0, 4, 8, 12)] == [here.index(w) for w in ("the", "very", "dog", "sleeps")]
    assert [int(ends[i]) for i in (3, 7, 11, 18)] == [6, 15, 19, 26]
    assert int(starts[5]) == int(ends[9]) == -1  # inside of what was replaced
    assert track_borders(text, "something else", steps) is None


def test_a_word_that_was_moved_or_split_aligns_with_nothing() -> None:
    row = {"words": ["Ann", "saw", "Bob", "there"], "tags": ["B-PER", "O", "B-PER", "O"]}
    changed = row | {"words": ["Bob", "saw", "Ann", "Mary", "there"], "tags": ["B-PER", "O", "B-PER", "I-PER", "O"]}
    edits = [
        {"column": "text", "start": 0, "end": 3, "new": "Bob", "kind": "x"},
        {"column": "text", "start": 8, "end": 11, "new": "Ann Mary", "kind": "x"},
    ]
    unit: Any = None
    found = align_words(row, changed, [edits], AlignmentUnit(unit, np.arange(4)), AlignmentUnit(unit, np.arange(5)))
    assert found.tolist() == [-1, 1, -1, 4]
    assert align_words(
        row, changed, [edits], AlignmentUnit(unit, np.arange(2, 4)), AlignmentUnit(unit, np.arange(4, 5))
    ).tolist() == [-1, 0]


def test_subwords_of_a_context_align_by_the_borders_that_answers_have(tmp_path: Path) -> None:
    run = augmented_run(tmp_path, "span", augmentation_of(TYPOS, CUT, consistency=Consistency()), max_length=44)
    found, given = augmenter_of(run), rows("span")
    aligned = 0
    for unit in range(len(found.row_of)):
        number = int(found.row_of[unit])
        row, change = {name: values[number] for name, values in given.items()}, found.change(number, 0, 0)
        own, view = found._own(unit)[1], found._read(unit, change)[1]
        places = align_subwords(row, change.row, change.edits, own, view)
        target, other = own.unit.kept["targets"][0], view.unit.kept["targets"][0]
        if target[0] and other[0]:  # the answer was not changed: both its borders are where the view has them
            aligned += 1
            assert (places[0, target[0]], places[1, target[1]]) == tuple(other)
        assert (places[:, 0] == 0).all() and places.max() < len(view.unit.ids)
    assert aligned > len(found.row_of) / 2


def test_parts_of_a_copy_align_with_its_view_where_both_come_from_one_part_of_the_row() -> None:
    copy, view = np.array([2, 0, -1, 1]), np.array([1, -1, 0, 3])  # places of a row's four words in each
    assert compose_places(copy, view, 4).tolist() == [-1, 3, 1, -1]
    sides = compose_places(np.stack([copy, [0, 1, 2, 3]]), np.stack([view, [0, 2, -1, 4]]), 5)
    assert sides.tolist() == [[-1, 3, 1, -1, -1], [0, 2, -1, 4, -1]]
