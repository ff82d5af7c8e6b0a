"""Options of a run: what equals plain training to the bit, what must not move, what is averaged; exact resume."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import adversary_runs as every
import pytest
import torch
from pydantic import ValidationError
from tiny_runs import Stop, context, equal, network, rows, run, settings, stopping, task, weights

from xfer.models.network import Network
from xfer.trainers.loop import averaging
from xfer.trainers.loop.fit import TaskData, fit
from xfer.trainers.loop.layers import parameter_depths, parameter_groups
from xfer.trainers.losses.base import Teacher
from xfer.trainers.mixers import Uniform

Weights = dict[str, torch.Tensor]
STEPS = 8


def frozen(net: Network) -> Network:
    net.freeze_lowest(1, embeddings=True)
    return net


def trained(
    folder: Path,
    net: Network | None = None,
    progress: Any = None,
    teacher: Any = None,
    exponent: float = 1.0,
    **fields: Any,
) -> Weights:
    """The weights that a short run over two tasks leaves."""
    net = net or network(("nli", "mlm"))
    tasks = [
        task(),
        task("mlm", 0.5)._replace(exponent=exponent, train=rows(16, ("en", "de"))),
    ]
    about = context(folder, **({"progress": progress} if progress else {}))._replace(teacher=teacher)
    fit(settings(steps=STEPS, evaluate_every=2, **fields), net, tasks, about)
    return weights(net)


def master(weight: float = 0.5) -> Teacher:
    return Teacher(network(seed=7), "nli", ("nli",), 2.0, weight)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Weights:
    return trained(tmp_path_factory.mktemp("plain"))


NOTHING: list[dict[str, Any]] = [
    {"label_smoothing": 0.0},
    {"mixup": 0.0},
    {"layer_decay": 1.0},
    {"average": {"last": 1}},
    {"average": {"decay": 0.0}},
    {"unfreeze": {"at": 0.0}},
    {"teacher": 0.0},
    {"exponent": 1.0},
]
SOMETHING: list[dict[str, Any]] = [
    {"label_smoothing": 0.1},
    {"mixup": 0.4},
    {"layer_decay": 0.8},
    {"average": {"last": 3}},
    {"average": {"decay": 0.9}},
    {"freeze_encoder": True},
    {"freeze_encoder": True, "unfreeze": {"at": 0.5}},
    {"freeze_encoder": True, "unfreeze": {"at": 0.9, "gradual": True}, "layer_decay": 0.9},
    {"adapt": {"rank": 4}},
    {"adapt": {"method": "ia3"}, "average": {"last": 2}},
    {"teacher": 0.5},
    {"exponent": 0.3},
    {"mixup": 0.4, "label_smoothing": 0.1, "teacher": 0.5, "adversary": {"type": "freelb"}, "average": {"decay": 0.9}},
]


def options(fields: dict[str, Any]) -> dict[str, Any]:
    if "adapt" in fields:
        pytest.importorskip("peft")
    return fields | ({"teacher": master(fields["teacher"])} if "teacher" in fields else {})


@pytest.mark.parametrize("fields", NOTHING, ids=str)
def test_an_option_that_is_off_equals_plain_training_to_the_bit(
    fields: dict[str, Any], plain: Weights, tmp_path: Path
) -> None:
    net = frozen(network(("nli", "mlm"))) if "unfreeze" in fields else None
    assert equal(trained(tmp_path, net, **options(fields)), plain)


@pytest.mark.parametrize("fields", SOMETHING, ids=str)
def test_a_run_with_an_option_is_continued_to_the_same_bits(
    fields: dict[str, Any], plain: Weights, tmp_path: Path
) -> None:
    whole = trained(tmp_path / "whole", **options(fields))
    assert not equal(whole, plain)
    for at in (3, 7):
        with pytest.raises(Stop):
            trained(tmp_path / "cut", progress=stopping(at), **options(fields))
    assert equal(trained(tmp_path / "cut", **options(fields)), whole)


# Freezing


def moved(before: Weights, after: Weights) -> set[str]:
    return {name for name in before if not torch.equal(before[name], after[name])}


def test_a_linear_probe_moves_heads_alone(tmp_path: Path) -> None:
    net = network()
    before, inside = weights(net), {f"heads.nli.roberta.{name}" for name, _ in net.encoder.named_parameters()}
    fit(settings(steps=3, freeze_encoder=True, weight_decay=0.5), net, [task()], context(tmp_path))
    assert inside and moved(before, weights(net)) == {n for n, _ in net.named_parameters()} - inside


def test_what_is_never_due_equals_what_is_frozen(tmp_path: Path) -> None:
    found = [
        trained(tmp_path / str(i), frozen(network(("nli", "mlm"))), **fields)
        for i, fields in enumerate([{}, {"unfreeze": {"at": 1.0}}])
    ]
    assert equal(*found)


@pytest.mark.parametrize("gradual", [False, True])
def test_parameters_move_from_their_step_on(gradual: bool, tmp_path: Path) -> None:
    net = network()
    made = run(tmp_path, net, steps=12, freeze_encoder=True, unfreeze={"at": 0.5, "gradual": gradual}, warmup=0)
    deep = {name: depth for name, depth in parameter_depths(net).items() if not name.endswith("key.bias")}
    # three turns up to step 6: the upper layer, the lower layer, the embeddings
    due = {0: 6, 1: 4, 2: 2, 3: 0} if gradual else {0: 6, 1: 6, 2: 6, 3: 0}
    for step in range(8):
        before = weights(net)
        made.train_step(step)
        after = moved(before, weights(net))
        for depth, first in due.items():
            own = {name for name, found in deep.items() if found == depth}
            assert own & after if step >= first else not own & after, (step, depth)


# Rates


def test_rates_fall_from_layer_to_layer_with_electras_exponents(tmp_path: Path) -> None:
    """L + 2 - depth of two layers: 4 for the embeddings, 3 and 2 for the layers, 0 for the heads."""
    net = network(("nli", "mlm"))
    made = run(tmp_path, net, task(), task("mlm"), steps=4, warmup=0, layer_decay=0.5, learning_rate=0.8)
    made.train_step(0)
    names, rate = {id(p): n for n, p in net.named_parameters()}, {}
    for group in made.optimizer.param_groups:
        rate |= {names[id(p)]: group["lr"] for p in group["params"]}
    assert rate.keys() == {n for n, _ in net.named_parameters()}
    base = "heads.nli.roberta"
    assert rate[f"{base}.embeddings.word_embeddings.weight"] == pytest.approx(0.8 * 0.5**4)
    assert rate[f"{base}.encoder.layer.0.attention.self.query.weight"] == pytest.approx(0.8 * 0.5**3)
    assert rate[f"{base}.encoder.layer.1.output.LayerNorm.bias"] == pytest.approx(0.8 * 0.5**2)
    assert rate["heads.nli.classifier.out_proj.weight"] == rate["heads.mlm.lm_head.dense.bias"] == 0.8


def test_groups_hold_every_parameter_once_and_spare_biases() -> None:
    net = network(("nli", "mlm"))
    for decay in (1.0, 0.9):
        made = parameter_groups(net, 0.3, decay)
        held = [id(p) for group in made for p in group["params"]]
        assert sorted(held) == sorted(id(p) for p in net.parameters())
        assert all((group["weight_decay"] == 0.3) == all(p.ndim > 1 for p in group["params"]) for group in made)
    assert len(parameter_groups(net, 0.3, 1.0)) == 2 and not any(
        "scale" in group for group in parameter_groups(net, 0.3, 1.0)
    )


# Averages


def test_the_mean_of_equal_weights_is_each_of_them_to_the_bit() -> None:
    one = weights(network())
    for count in (1, 2, 3, 7):
        assert equal(averaging.mean_weights([one] * count), one)


def test_the_mean_by_hand() -> None:
    found = averaging.mean_weights([{"a": torch.tensor([1.0, 2.0])}, {"a": torch.tensor([4.0, 0.0])}])
    assert found["a"].tolist() == [2.5, 1.0]


def raw(folder: Path, monkeypatch: pytest.MonkeyPatch, **fields: Any) -> tuple[dict[int, Weights], dict[int, Weights]]:
    """A run's own weights after each step, and those that were scored at each dev score."""
    own, scored = dict[int, Weights](), dict[int, Weights]()
    net = network()
    from xfer.trainers.loop.fit import Run

    def dev(self: Run) -> dict[str, dict[str, float]]:
        scored[self.state["step"]] = weights(net)
        return {"nli": {"en": float(self.state["step"])}}

    monkeypatch.setattr(Run, "dev_scores", dev)
    told = context(folder, progress=lambda step, total, **_: own.__setitem__(step, weights(net)))
    fit(settings(steps=6, evaluate_every=2, **fields), net, [task()], told)
    own[0] = weights(network())
    assert equal(weights(net), scored[6])  # the last is the best, and is what is left
    return own, scored


def test_the_last_dev_scores_are_averaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own, scored = raw(tmp_path, monkeypatch, average={"last": 2})
    assert equal(scored[2], own[2])
    assert equal(scored[4], averaging.mean_weights([own[2], own[4]])) and equal(
        scored[6], averaging.mean_weights([own[4], own[6]])
    )
    kept = sorted(path.name for path in (tmp_path / "checkpoint").glob("recent-*"))
    assert kept == ["recent-4.safetensors", "recent-6.safetensors"]


def test_a_moving_average_follows_its_formula(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own, scored = raw(tmp_path, monkeypatch, average={"decay": 0.3})
    name = "heads.nli.classifier.dense.weight"
    slow = own[0][name]
    for step in range(6):
        kept = min(0.3, (1 + step) / (10 + step))
        slow = kept * slow + (1 - kept) * own[step + 1][name]
        if step + 1 in scored:
            assert torch.allclose(scored[step + 1][name], slow, atol=1e-7)


# Together


@pytest.mark.parametrize("adversary", ["none", "freelb", "smart"])
@pytest.mark.parametrize("kind", every.FORMS)
def test_every_form_takes_all_options_at_once(kind: str, adversary: str, tmp_path: Path) -> None:
    together = {
        "label_smoothing": 0.1,
        "mixup": 0.3,
        "layer_decay": 0.9,
        "average": {"decay": 0.5},
        "adversary": adversary,
    }
    net = every.network(kind, dropout=0.1)
    before = weights(net)
    data = TaskData(kind, 1.0, every.rows(kind), every.rows(kind), ("en",), 0.5)
    learner = Teacher(every.network(kind, seed=5), kind, () if kind == "retrieve" else (kind,), 2.0, 0.5)
    about = context(tmp_path, mixer=Uniform())._replace(teacher=learner)
    found = fit(settings(steps=3, evaluate_every=1, **together), net, [data], about)
    after = weights(net)
    assert all(tensor.isfinite().all() for tensor in after.values()) and not equal(before, after)
    assert found["steps"] == 3


# What cannot be


@pytest.mark.parametrize(
    "fields",
    [
        {"label_smoothing": 1.0},
        {"mixup": -0.1},
        {"layer_decay": 0},
        {"layer_decay": 1.5},
        {"average": {}},
        {"average": {"last": 2, "decay": 0.9}},
        {"average": {"decay": 1.0}},
        {"unfreeze": {"at": 1.5}},
        {"adapt": {"rank": 0}},
        {"adapt": {"method": "prefix"}},
        {"adapt": {}, "freeze_encoder": True},
        {"adapt": {}, "unfreeze": {}},
    ],
    ids=str,
)
def test_options_that_cannot_be_are_faults(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings(**fields)
