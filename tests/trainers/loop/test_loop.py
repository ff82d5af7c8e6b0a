"""One step and a whole run: rates, gradients, frozen weights, selection, early stopping, what is written."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_runs import Stop, context, equal, network, rows, run, settings, stopping, task, weights

from xfer.core.errors import XferError
from xfer.models.network import Network
from xfer.models.predictor import predict_rows
from xfer.trainers.loop import checkpoint
from xfer.trainers.loop import fit as loop
from xfer.trainers.loop.fit import Run, TaskData, fit
from xfer.trainers.mixers import Proportional

Scores = dict[int, dict[str, float]]


def gradients(made: Run) -> dict[str, torch.Tensor]:
    """The gradients that the optimiser sees at the first step."""
    seen: dict[str, torch.Tensor] = {}

    def look() -> None:
        seen.update({n: p.grad.clone() for n, p in made.inner.named_parameters() if p.grad is not None})

    made.optimizer.step = look
    made.train_step(0)
    return seen


def norm(found: dict[str, torch.Tensor]) -> float:
    return float(torch.stack([gradient.norm() for gradient in found.values()]).norm())


def close(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor], factor: float = 1.0) -> bool:
    assert first.keys() == second.keys() and len(first) > 20
    return all(torch.allclose(first[n] * factor, second[n], atol=1e-6, rtol=1e-4) for n in first)


def accuracy(net: Network, language_rows: dict[str, list[Any]]) -> float:
    best = predict_rows(net, "nli", language_rows, 32)["logits"].argmax(1)
    return float(np.mean([("no", "yes")[b] == gold for b, gold in zip(best, language_rows["label"], strict=True)]))


@pytest.fixture
def scored(monkeypatch: pytest.MonkeyPatch) -> Callable[[Scores], dict[int, dict[str, torch.Tensor]]]:
    """``scored({step: {language: score}})`` stands in for the dev scores; returns the weights at each of them."""

    def scored(scores: Scores) -> dict[int, dict[str, torch.Tensor]]:
        seen: dict[int, dict[str, torch.Tensor]] = {}

        def dev(self: Run) -> dict[str, dict[str, float]]:
            step = self.state["step"]
            seen[step] = weights(self.inner)
            return {"nli": dict(scores[step])}

        monkeypatch.setattr(Run, "dev_scores", dev)
        return seen

    return scored


# The learning rate


def rates(folder: Path, **fields: Any) -> list[float]:
    made = run(folder, network(), learning_rate=0.8, **fields)
    return [made.learning_rate(step) for step in range(made.steps)]


def test_the_rate_rises_in_the_warm_up_and_falls_in_a_line(tmp_path: Path) -> None:
    found = rates(tmp_path, steps=12, warmup=1 / 3, schedule="linear")
    assert found == pytest.approx([0.2, 0.4, 0.6, 0.8, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1])


def test_the_rate_falls_as_half_a_cosine(tmp_path: Path) -> None:
    found = rates(tmp_path, steps=8, warmup=0.5, schedule="cosine")
    falling = [0.4 * (1 + math.cos(math.pi * i / 4)) for i in range(4)]
    assert found == pytest.approx([0.2, 0.4, 0.6, 0.8, *falling])
    assert falling[0] == 0.8 and falling[2] == pytest.approx(0.4)


def test_the_rate_stays_after_the_warm_up(tmp_path: Path) -> None:
    assert rates(tmp_path, steps=5, warmup=0.4, schedule="constant") == pytest.approx([0.4, 0.8, 0.8, 0.8, 0.8])


def test_without_a_warm_up_the_first_step_has_the_peak(tmp_path: Path) -> None:
    assert rates(tmp_path, steps=4, warmup=0) == pytest.approx([0.8, 0.6, 0.4, 0.2])
    assert rates(tmp_path, steps=1, warmup=0.9) == [0.8]


def test_the_optimiser_is_given_the_rate_of_the_step(tmp_path: Path) -> None:
    made = run(tmp_path, network(), steps=4, warmup=0)
    made.train_step(0)
    made.train_step(1)
    assert [group["lr"] for group in made.optimizer.param_groups] == [made.learning_rate(1)] * 2


# How long a run is


@pytest.mark.parametrize(
    ("fields", "limit", "steps"),
    [
        ({"steps": 7}, None, 7),
        ({"steps": 7}, 3, 3),
        ({"steps": 7}, 30, 7),
        ({"epochs": 1, "batch_size": 10}, None, 5),
        ({"epochs": 2.5, "batch_size": 10}, None, 13),
        ({"epochs": 2, "batch_size": 10, "accumulate": 3}, None, 4),
        ({"epochs": 0.01, "batch_size": 10}, None, 1),
    ],
)
def test_steps_follow_from_epochs_and_batches(
    fields: dict[str, Any], limit: int | None, steps: int, tmp_path: Path
) -> None:
    assert Run(settings(**fields), network(), [task()], context(tmp_path, limit=limit)).steps == steps


def test_epochs_count_the_rows_of_all_tasks(tmp_path: Path) -> None:
    net = network(("nli", "mlm"))
    assert run(tmp_path, net, task(count=20), task("mlm", count=10), epochs=1, batch_size=10).steps == 3


# Gradients


def joined(*parts: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Masked batches one under the other."""
    width = max(part["input_ids"].shape[1] for part in parts)
    made: dict[str, list[torch.Tensor]] = {"input_ids": [], "attention_mask": [], "positions": [], "labels": []}
    for number, part in enumerate(parts):
        rows, own = part["input_ids"].shape
        made["input_ids"].append(torch.nn.functional.pad(part["input_ids"], (0, width - own), value=1))
        made["attention_mask"].append(torch.nn.functional.pad(part["attention_mask"], (0, width - own)))
        made["positions"].append((part["positions"] // own + number * rows) * width + part["positions"] % own)
        made["labels"].append(part["labels"])
    return {name: torch.cat(tensors) for name, tensors in made.items()}


@pytest.mark.parametrize("name", ["nli", "mlm"])
def test_two_half_batches_give_the_gradient_of_the_whole(name: str, tmp_path: Path) -> None:
    halves = run(tmp_path / "a", network((name,), dropout=0), task(name), batch_size=6, accumulate=2, clip=0)
    whole = run(tmp_path / "b", network((name,), dropout=0), task(name), batch_size=12, clip=0)
    index = [halves.feed.samplers[name].batch_rows(i) for i in range(2)]
    parts = [halves.task_batch(name, i) for i in range(2)]
    if name == "mlm":  # what is hidden depends on the batch's number: put both halves into one batch
        both = joined(*parts)
        whole.task_batch = lambda task, number: both  # type: ignore[method-assign]
        assert len(parts[0]["labels"]) != len(parts[1]["labels"])
    else:
        whole.feed.samplers[name].batch_rows = lambda number: np.concatenate(index)  # type: ignore[method-assign]
    assert close(gradients(halves), gradients(whole))


def test_accumulated_batches_are_the_next_ones(tmp_path: Path) -> None:
    made = run(tmp_path, network(), batch_size=4, accumulate=3)
    made.train_step(0)
    assert made.state["counts"] == {"nli": 3}
    assert made.train_step(1)[1] == 12


def test_the_gradient_is_clipped_to_the_norm_in_its_direction(tmp_path: Path) -> None:
    free = gradients(run(tmp_path / "a", network(dropout=0), clip=0))
    bound = gradients(run(tmp_path / "b", network(dropout=0), clip=0.01))
    loose = gradients(run(tmp_path / "c", network(dropout=0), clip=1000))
    assert norm(free) > 0.02
    assert norm(bound) == pytest.approx(0.01, rel=1e-3)
    assert close(free, bound, 0.01 / norm(free))
    assert close(free, loose)


def test_the_weight_of_a_task_scales_its_gradient(tmp_path: Path) -> None:
    plain = gradients(run(tmp_path / "a", network(dropout=0), task(), clip=0))
    heavy = gradients(run(tmp_path / "b", network(dropout=0), task(weight=3.0), clip=0))
    assert close(plain, heavy, 3.0)


def test_biases_and_norms_are_not_decayed_and_frozen_weights_not_trained(tmp_path: Path) -> None:
    net = network()
    net.freeze_lowest(1, embeddings=True)
    made = run(tmp_path, net, weight_decay=0.3)
    names = {id(p): n for n, p in net.named_parameters()}
    decayed, plain = made.optimizer.param_groups
    assert (decayed["weight_decay"], plain["weight_decay"]) == (0.3, 0.0)
    assert all(n.endswith("weight") and "LayerNorm" not in n for n in (names[id(p)] for p in decayed["params"]))
    assert all(n.endswith("bias") or "LayerNorm" in n for n in (names[id(p)] for p in plain["params"]))
    both = {names[id(p)] for group in (decayed, plain) for p in group["params"]}
    assert both == {n for n, p in net.named_parameters() if p.requires_grad} != set(names.values())


def test_frozen_weights_do_not_move_and_all_others_do(tmp_path: Path) -> None:
    net = network(("nli", "mlm"))
    net.freeze_lowest(1, embeddings=True)
    before = weights(net)
    fit(settings(steps=6, weight_decay=0.5, learning_rate=1e-2), net, [task(), task("mlm")], context(tmp_path))
    after = weights(net)
    still = {name for name in before if torch.equal(before[name], after[name])}
    frozen = {n for n, p in net.named_parameters() if not p.requires_grad} | {n for n, _ in net.named_buffers()}
    # attention is blind to what is added to every key: the gradient of a key's bias is rounding error
    assert frozen <= still <= frozen | {n for n in before if n.endswith("key.bias")}


def test_a_run_learns_what_can_be_learned(tmp_path: Path) -> None:
    net = network(dropout=0)
    before = accuracy(net, rows())
    fit(settings(steps=60, learning_rate=5e-3), net, [task()], context(tmp_path))
    assert accuracy(net, rows()) > max(0.95, before)


def test_the_result_says_what_was_done(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    found = fit(
        settings(steps=6),
        network(("nli", "mlm")),
        [task(), task("mlm", count=24)],
        context(tmp_path, progress=lambda step, total, **_: steps.append((step, total))),
    )
    assert [step for step in steps if step[0]] == [(i, 6) for i in range(1, 7)]  # 0 is said while rows are encoded
    assert (found["steps"], found["planned"], found["max_length"]) == (6, 6, 32)
    assert found["rows"] == {"nli": 48, "mlm": 24}
    assert sum(found["batches"].values()) == 6
    mixer = Proportional()
    drawn = [mixer.draw_task(step, 1, {"nli": 48, "mlm": 24}) for step in range(6)]
    assert found["batches"] == {name: drawn.count(name) for name in set(drawn)}
    json.dumps(found)  # it is kept as JSON


@pytest.mark.parametrize(("asked", "length"), [(8, 8), (32, 32), (500, 40), (None, 40)])
def test_inputs_are_as_long_as_asked_and_as_the_encoder_has_places(
    asked: int | None, length: int, tmp_path: Path
) -> None:
    assert run(tmp_path, network(), max_length=asked).max_length == length


def test_a_stage_may_have_another_precision_than_the_one_before(tmp_path: Path) -> None:
    for number, precision in enumerate(("fp32", "bf16", "fp32")):
        net = network()
        found = fit(settings(steps=2, precision=precision), net, [task()], context(tmp_path / str(number)))
        assert found["precision"] == {"fp32": "no", "bf16": "bf16"}[precision]
        assert {p.dtype for p in net.parameters()} == {torch.float32}


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU has bf16")
def test_a_narrow_encoder_is_trained_in_full_precision_on_a_processor(tmp_path: Path) -> None:
    assert run(tmp_path, network(), precision="auto").precision == "no"


def test_a_loss_that_is_not_a_number_ends_the_run_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(XferError, match=r"the loss of nli is not a number at step \d+; lower trainer.learning_rate"):
        fit(settings(steps=6, learning_rate=1e30, clip=0), network(), [task()], context(tmp_path))
    assert "NaN" not in (tmp_path / "log.jsonl").read_text()


# Selection


def test_the_best_english_step_is_selected_and_the_best_target_step_is_the_oracle(
    scored: Callable[[Scores], Any], tmp_path: Path
) -> None:
    seen = scored(
        {
            2: {"en": 0.3, "de": 0.2, "sw": 0.2},
            4: {"en": 0.6, "de": 0.3, "sw": 0.1},
            6: {"en": 0.6, "de": 0.1, "sw": 0.9},
            8: {"en": 0.5, "de": 0.6, "sw": 0.2},
        }
    )
    net = network()
    found = fit(settings(steps=8, evaluate_every=2), net, [task()], context(tmp_path))
    assert found["selected"] == [4, 0.6]  # the first of two equal ones
    assert found["oracle"] == [6, 0.5]  # the mean of the other languages
    assert [point["step"] for point in found["curve"]] == [2, 4, 6, 8]
    assert equal(weights(net), seen[4])
    checkpoint.restore_weights(tmp_path / "checkpoint", "oracle", 6, net)
    assert equal(weights(net), seen[6])


def test_the_last_step_is_selected_where_that_is_said_whatever_dev_scores_say(
    scored: Callable[[Scores], Any], tmp_path: Path
) -> None:
    seen = scored({2: {"en": 0.9, "de": 0.8}, 4: {"en": 0.1, "de": 0.2}})
    net = network()
    found = fit(settings(steps=4, evaluate_every=2, select="last"), net, [task()], context(tmp_path))
    assert found["selected"] == [4, 0.1] and found["oracle"] == [2, 0.8] and equal(weights(net), seen[4])


def test_the_last_step_is_scored_even_if_none_is_due(scored: Callable[[Scores], Any], tmp_path: Path) -> None:
    scored({4: {"en": 0.1}, 7: {"en": 0.2}})
    found = fit(settings(steps=7, evaluate_every=4), network(), [task()], context(tmp_path))
    assert [point["step"] for point in found["curve"]] == [4, 7]
    assert found["selected"] == [7, 0.2] and found["oracle"] is None


def test_dev_scores_come_ten_times_a_run_unless_said(scored: Callable[[Scores], Any], tmp_path: Path) -> None:
    scored({i: {"en": 0.1} for i in range(2, 21, 2)})
    found = fit(settings(steps=20), network(), [task()], context(tmp_path))
    assert [point["step"] for point in found["curve"]] == list(range(2, 21, 2))


def test_without_dev_rows_the_last_step_is_selected(tmp_path: Path) -> None:
    net = network()
    found = fit(settings(steps=5, evaluate_every=2), net, [task()], context(tmp_path))
    assert found["selected"] == [5, None] and found["oracle"] is None


def test_without_dev_rows_in_english_the_last_step_is_selected_and_the_oracle_found(
    scored: Callable[[Scores], Any], tmp_path: Path
) -> None:
    seen = scored({2: {"de": 0.9}, 4: {"de": 0.5}, 6: {"de": 0.1}})
    net = network()
    found = fit(settings(steps=6, evaluate_every=2), net, [task()], context(tmp_path))
    assert found["selected"] == [6, None] and found["oracle"] == [2, 0.9]
    assert equal(weights(net), seen[6])


def test_an_oracle_that_is_not_wanted_is_not_kept(scored: Callable[[Scores], Any], tmp_path: Path) -> None:
    scored({2: {"en": 0.1, "de": 0.9}, 4: {"en": 0.2, "de": 0.1}})
    found = fit(settings(steps=4, evaluate_every=2, oracle=False), network(), [task()], context(tmp_path))
    assert found["oracle"] is None
    assert not list((tmp_path / "checkpoint").glob("oracle*"))


def test_selection_is_by_the_mean_over_tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scores = {2: {"nli": {"en": 0.9, "de": 0.1}, "topic": {"en": 0.1}}, 4: {"nli": {"en": 0.6}, "topic": {"en": 0.6}}}
    monkeypatch.setattr(Run, "dev_scores", lambda self: scores[self.state["step"]])
    net = network(("nli", "topic"))
    found = fit(settings(steps=4, evaluate_every=2), net, [task(), task("topic")], context(tmp_path))
    assert found["selected"] == [4, 0.6] and found["oracle"] == [2, 0.1]


def test_dev_scores_are_the_accuracy_in_each_language(tmp_path: Path) -> None:
    net, dev = network(), rows(15, ("en", "de"))
    dev["label"][20:] = ["yes" if label == "no" else "no" for label in dev["label"][20:]]  # most of German is wrong
    made = run(tmp_path, net, task(dev=dev), steps=2)
    for language, start in (("en", 0), ("de", 15)):
        part = {name: values[start : start + 15] for name, values in dev.items()}
        assert made.dev_scores()["nli"][language] == pytest.approx(accuracy(net, part))
    assert made.dev_scores()["nli"]["en"] != made.dev_scores()["nli"]["de"]


def test_dev_rows_without_a_gold_label_do_not_count(tmp_path: Path) -> None:
    net, dev = network(), rows(6)
    best = predict_rows(net, "nli", dev, 32)["logits"].argmax(1)
    dev["label"] = [("no", "yes")[b] for b in best]
    dev["label"][2:4] = [None, None]
    assert run(tmp_path, net, task(dev=dev)).dev_scores() == {"nli": {"en": 1.0}}


def test_dev_rows_with_nothing_to_hide_do_not_count(tmp_path: Path) -> None:
    dev = rows(6)
    dev["text"][2] = "\u200b"
    found = run(tmp_path, network(("mlm",)), TaskData("mlm", 1.0, rows(), dev, ("en",))).dev_scores()
    assert 0 <= found["mlm"]["en"] <= 1


# Early stopping

PATIENT: Scores = {2: {"en": 0.5}, 4: {"en": 0.7}, 6: {"en": 0.7}, 8: {"en": 0.6}, 10: {"en": 0.9}, 12: {"en": 0.9}}


def test_a_run_stops_after_patience_scores_without_a_better_one(
    scored: Callable[[Scores], Any], tmp_path: Path
) -> None:
    seen = scored(PATIENT)
    net = network()
    found = fit(settings(steps=12, evaluate_every=2, patience=2), net, [task()], context(tmp_path))
    assert found["steps"] == 8 and found["planned"] == 12 and found["selected"] == [4, 0.7]
    assert equal(weights(net), seen[4])


def test_more_patience_sees_the_better_score(scored: Callable[[Scores], Any], tmp_path: Path) -> None:
    scored(PATIENT)
    found = fit(settings(steps=12, evaluate_every=2, patience=3), network(), [task()], context(tmp_path))
    assert found["steps"] == 12 and found["selected"] == [10, 0.9]


@pytest.mark.parametrize("at", [3, 5, 7])
def test_patience_is_counted_across_a_kill(at: int, scored: Callable[[Scores], Any], tmp_path: Path) -> None:
    scored(PATIENT)
    chosen = settings(steps=12, evaluate_every=2, patience=2)
    with pytest.raises(Stop):
        fit(chosen, network(), [task()], context(tmp_path, progress=stopping(at)))
    found = fit(chosen, network(), [task()], context(tmp_path))
    assert found["steps"] == 8 and found["selected"] == [4, 0.7]


def test_a_run_that_had_stopped_is_not_trained_further(
    scored: Callable[[Scores], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = scored(PATIENT)
    chosen = settings(steps=12, evaluate_every=2, patience=2)
    with monkeypatch.context() as patched, pytest.raises(Stop):
        patched.setattr(loop, "_finish", lambda *_: stopping(0)(0, 0))
        fit(chosen, network(), [task()], context(tmp_path))

    def never(step: int, total: int, **_: Any) -> None:
        assert step == 0, "trained on"

    net = network()
    assert fit(chosen, net, [task()], context(tmp_path, progress=never))["steps"] == 8
    assert equal(weights(net), seen[4])
