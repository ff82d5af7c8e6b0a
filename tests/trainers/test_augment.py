"""Rows that are changed anew each time they are drawn: what is drawn, how often, and that nothing else is touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from adversary_runs import FORMS, network, rows
from augmented_runs import CUT, TYPOS, augmentation_of, augmented_run, augmenter_of
from tiny_runs import Stop, context, equal, settings, stopping, weights

from xfer.forms.texts import editable_texts
from xfer.trainers.augmenting import Augment
from xfer.trainers.batches.augmented import Augmentation
from xfer.trainers.loop.fit import TaskData, fit
from xfer.trainers.losses.consistency import Consistency
from xfer.trainers.mixers import Proportional


def trained(folder: Path, augmented: Augmentation | None, every: int = 4, stop: int = 0, **fields: Any) -> Any:
    net = network("classify", dropout=0.1)
    task = TaskData("classify", 1.0, rows("classify"), None, ("en",), augmentation=augmented)
    chosen = settings(steps=4, batch_size=6, evaluate_every=every, **fields)
    progress = stopping(stop) if stop else lambda *_, **__: None
    fit(chosen, net, [task], context(folder, progress=progress, mixer=Proportional()))
    return weights(net)


@pytest.mark.parametrize("kind", FORMS)
def test_without_a_change_a_batch_is_that_of_plain_training_to_the_bit(kind: str, tmp_path: Path) -> None:
    """A row that is not drawn takes the same way as the others: units taken out, and put together again."""
    plain, zero = (
        augmented_run(tmp_path, kind, None),
        augmented_run(tmp_path, kind, augmentation_of({**TYPOS, "share": 0})),
    )
    for number in range(5):
        assert equal(plain.task_batch(kind, number), zero.task_batch(kind, number))


@pytest.mark.parametrize("kind", FORMS)
def test_rows_that_are_read_again_without_a_change_give_the_same_batch(kind: str, tmp_path: Path) -> None:
    plain, zero = (
        augmented_run(tmp_path, kind, None),
        augmented_run(tmp_path, kind, augmentation_of({"subwords": {"drop": 0}})),
    )
    for number in range(3):
        assert equal(plain.task_batch(kind, number), zero.task_batch(kind, number))


def test_a_share_of_0_trains_the_same_weights(tmp_path: Path) -> None:
    assert equal(trained(tmp_path / "a", augmentation_of({**TYPOS, "share": 0})), trained(tmp_path / "b", None))
    assert not Augment(attacker="typos", share=0).is_active  # type: ignore[arg-type]


def test_rows_are_changed_as_often_as_their_share_says(tmp_path: Path) -> None:
    found = augmenter_of(augmented_run(tmp_path, "classify", augmentation_of({**TYPOS, "share": 0.3})))
    count = 600
    changed = sum(bool(found.change(batch % 20, batch, 0).edits) for batch in range(count))
    assert changed / count == pytest.approx(0.3, abs=4 * (0.21 / count) ** 0.5)


@pytest.mark.parametrize("kind", FORMS)
def test_labels_follow_in_every_form(kind: str, tmp_path: Path) -> None:
    run = augmented_run(tmp_path, kind, augmentation_of(TYPOS, CUT), max_length=46)
    found, tokenizer = augmenter_of(run), run.inner.tokenizer
    moved = inside = 0
    for unit in range(len(found.row_of)):
        number = int(found.row_of[unit])
        row, change = {name: values[number] for name, values in rows(kind).items()}, found.change(number, 3, 0)
        new = change.row
        moved += editable_texts(kind, new) != editable_texts(kind, row)
        assert (new["id"], new["language"], new.get("label")) == (row["id"], row["language"], row.get("label"))
        if kind == "tag":
            assert new["tags"] == row["tags"] and len(new["words"]) == len(row["words"])
        if kind == "span":
            assert new["answers"] == row["answers"] and new["text"].startswith(new["answers"][0], new["starts"][0])
            piece = found._read(unit, change)[0]
            first, last = piece.encoded.kept["targets"][0]
            read = "".join(tokenizer.convert_ids_to_tokens(piece.encoded.ids[first : last + 1].tolist()))
            assert not first or read.replace("▁", "") == new["answers"][0]
            inside += bool(first)  # else it is in the other window of a text that has grown
    assert kind != "span" or inside > len(found.row_of) / 2
    assert moved > len(found.row_of) / 2
    plain, drawn = augmented_run(tmp_path, kind, None, max_length=46).task_batch(kind, 0), run.task_batch(kind, 0)
    assert plain.keys() == drawn.keys() and not equal(plain, drawn)
    if kind not in ("span", "mask"):
        assert torch.equal(plain["labels"], drawn["labels"])


def test_each_time_seed_and_step_draws_another_change_and_nothing_else_does(tmp_path: Path) -> None:
    found, other = (
        augmenter_of(augmented_run(tmp_path, "classify", augmentation_of(TYPOS))),
        augmenter_of(augmented_run(tmp_path, "classify", augmentation_of(TYPOS), 2)),
    )
    one = found.change(5, 7, 0)
    assert one == augmenter_of(augmented_run(tmp_path, "classify", augmentation_of(TYPOS))).change(5, 7, 0)
    assert len({each.row["text"] for each in (one, found.change(5, 8, 0), found.change(5, 7, 1))}) == 3
    assert other.change(5, 7, 0).row["text"] != one.row["text"]
    own = {**TYPOS, "attacker": {**TYPOS["attacker"], "seed": 3}}
    assert (
        augmenter_of(augmented_run(tmp_path, "classify", augmentation_of(own))).change(5, 7, 0).row["text"]
        != one.row["text"]
    )


def test_a_row_that_a_batch_has_twice_is_changed_twice(tmp_path: Path) -> None:
    found = augmenter_of(augmented_run(tmp_path, "classify", augmentation_of(TYPOS)))
    index = np.array([4, 9, 4])
    piece = found.draw(0, index).piece
    first, _, third = np.split(piece.encoded.ids, piece.encoded.starts[1:-1])
    assert first.tolist() != third.tolist() and (piece.targets == found.units.targets[index]).all()


def test_a_row_whose_label_cannot_follow_is_used_as_it_is(tmp_path: Path) -> None:
    run = augmented_run(tmp_path, "span", augmentation_of(TYPOS))
    found = augmenter_of(run)
    step, known = found.about.steps[0]

    class Losing:
        seed = 0

        def model_copy(self, update: Any) -> Any:
            return self

        def change(self, row: Any, form: str, known: Any) -> Any:
            return None, []

    lost = step.model_copy(update={"attacker": Losing()})
    found.about = found.about._replace(steps=((lost, known),))
    assert found.change(2, 0, 0).row["text"] == rows("span")["text"][2]


def test_steps_of_a_list_follow_each_other(tmp_path: Path) -> None:
    upper = {"attacker": {"type": "case", "to": "upper"}}
    found = augmenter_of(augmented_run(tmp_path, "classify", augmentation_of(TYPOS, upper))).change(3, 0, 0)
    first = augmenter_of(augmented_run(tmp_path, "classify", augmentation_of(TYPOS))).change(3, 0, 0)
    assert found.row["text"] == first.row["text"].upper() and len(found.edits) == 2


@pytest.mark.parametrize(
    "consistency", [None, Consistency(), Consistency(copies=True)], ids=["rows", "views", "views of copies"]
)
def test_a_stopped_run_goes_on_to_the_same_bytes(consistency: Consistency | None, tmp_path: Path) -> None:
    augmented = augmentation_of({**TYPOS, "share": 0.7}, CUT, consistency=consistency)
    whole = trained(tmp_path / "whole", augmented)
    with pytest.raises(Stop):
        trained(tmp_path / "cut", augmented, 1, stop=3)
    assert equal(trained(tmp_path / "cut", augmented, 1), whole)
    assert not equal(trained(tmp_path / "plain", None), whole)
