"""InfoBERT: FreeLB without its terms; each term and the anchored subwords against plain numpy."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from adversary_runs import deltas, gradients, make, micro, network, rows, run
from pydantic import ValidationError
from tiny_runs import context, equal, settings, weights

from xfer.trainers.adversaries import information
from xfer.trainers.loop.fit import TaskData, fit

SAME = {"steps": 2, "rate": 0.3, "start": 0.2, "radius": 0.4}
OFF = {"bottleneck": 0, "anchor": 0}


def trained(folder: Path, name: str, **fields: Any) -> Any:
    net = network("classify", "tag", dropout=0.1)
    chosen = settings(steps=3, accumulate=2, batch_size=4, adversary=make(name, **fields))
    fit(chosen, net, [TaskData(kind, 1.0, rows(kind), None, ("en",)) for kind in ("classify", "tag")], context(folder))
    return {name: tensor for name, tensor in weights(net).items() if not name.startswith("aside.")}


def test_without_its_terms_it_is_freelb_to_the_bit(tmp_path: Path) -> None:
    wanted = trained(tmp_path / "1", "freelb", **SAME)
    assert equal(trained(tmp_path / "2", "infobert", **SAME, **OFF), wanted)
    for number, term in enumerate(("bottleneck", "anchor")):
        assert not equal(trained(tmp_path / str(3 + number), "infobert", **SAME, **OFF | {term: 0.1}), wanted)


def numbers(module: Any) -> list[np.ndarray]:
    return [parameter.detach().double().numpy() for parameter in module.parameters()]


def scores(module: Any, local: np.ndarray, whole: np.ndarray) -> float:
    first, bias, second, shift = numbers(module)
    hidden = np.maximum(first @ np.concatenate([local, whole]) + bias, 0)
    return float(np.log1p(np.exp(second @ hidden + shift))[0])


def test_one_pass_by_hand(tmp_path: Path) -> None:
    """Without an ascent the loss is L + bottleneck * U - anchor * I, from the states of a plain pass."""
    adversary: Any = make("infobert", steps=0, bottleneck=0.3, anchor=0.7, between=[0.25, 0.75])
    made = run(tmp_path, "classify", adversary, batch_size=3)
    found = micro(made)
    mask = found.batch["attention_mask"].numpy()
    delta = found.zeros().requires_grad_()
    with information.watch_states(found.inner) as seen:
        loss = found.loss(found.logits(delta))
    inner, last = (seen[name].detach().double().numpy() for name in ("inner", "last"))
    tokens = np.concatenate([inner[i, : mask[i].sum()] for i in range(3)])
    picks = micro(made).picks(len(tokens), len(tokens)).numpy()
    upper = np.mean([((a - tokens[p]) ** 2).sum() / 2 for a, p in zip(tokens, picks, strict=True)])
    (slope,) = torch.autograd.grad(loss + 0.3 * information.bottleneck_bound(micro(made), seen), delta)
    pairs = []
    for i in range(3):
        length = int(mask[i].sum())
        order = np.argsort(np.linalg.norm(slope[i, :length].numpy(), axis=1), kind="stable")
        pairs += [(i, int(place)) for place in sorted(order[math.ceil(0.25 * length) : math.ceil(0.75 * length)])]
    again = micro(made)
    again.picks(1, 1)  # the draw of the term before
    pairs = [pairs[i] for i in again.order(len(pairs)).tolist()]
    score, bounds = made.inner.aside["infobert"], []
    for start in range(0, len(pairs), 3):
        group = pairs[start : start + 3]
        own = np.mean([scores(score, inner[i, place], last[i, 0]) for i, place in group])
        each = [[scores(score, inner[j, place], last[i, 0]) for j, place in group] for i, _ in group]
        bounds.append(own - np.mean(np.log(np.exp(each).sum(1))) + math.log(len(group)))
    assert len(bounds) > 2 and upper > 0.1
    wanted = float(loss.detach()) + 0.3 * upper - 0.7 * np.mean(bounds)
    assert float(adversary.perturbed_backward(micro(made))) == pytest.approx(wanted, rel=1e-5)


def test_gradients_of_one_pass_are_those_of_the_formula(tmp_path: Path) -> None:
    """L + bottleneck U - anchor I written out on the states of a pass, in double precision (Wang et al. 2021)."""
    torch.set_default_dtype(torch.float64)
    try:
        made = run(
            tmp_path,
            "classify",
            make("infobert", steps=0, bottleneck=0.3, anchor=0.7, between=[0.25, 0.75]),
            batch_size=3,
        )
        made.inner.double()
        found = micro(made)
        mask, score = found.batch["attention_mask"], made.inner.aside["infobert"]
        delta = found.zeros().requires_grad_()
        with information.watch_states(found.inner) as seen:
            loss = found.loss(found.logits(delta))
        inner, last = seen["inner"], seen["last"]
        tokens = inner[mask.bool()]
        upper = (tokens - tokens[micro(made).picks(len(tokens), len(tokens))]).square().sum(1).mean() / 2
        (slope,) = torch.autograd.grad(loss + 0.3 * upper, delta, retain_graph=True)
        pairs = []
        for i, length in enumerate(mask.sum(1).tolist()):
            order = slope[i, :length].norm(dim=1).argsort(stable=True).tolist()
            pairs += [(i, place) for place in sorted(order[math.ceil(0.25 * length) : math.ceil(0.75 * length)])]
        again = micro(made)
        again.picks(1, 1)  # the draw of the term before
        pairs = [pairs[i] for i in again.order(len(pairs)).tolist()]
        bounds = []
        for start in range(0, len(pairs), 3):
            group = pairs[start : start + 3]
            each = torch.stack(
                [torch.cat([score(torch.cat([inner[j, place], last[i, 0]])) for j, place in group]) for i, _ in group]
            )
            bounds.append(each.diagonal().mean() - each.logsumexp(1).mean() + math.log(len(group)))
        wanted_loss = loss + 0.3 * upper - 0.7 * torch.stack(bounds).mean()
        parameters = dict(made.inner.named_parameters())
        wanted = torch.autograd.grad(wanted_loss, list(parameters.values()), allow_unused=True)
        made.inner.zero_grad()
        made.adversary.perturbed_backward(micro(made))
        for (name, parameter), gradient in zip(parameters.items(), wanted, strict=True):
            assert (parameter.grad is None) == (gradient is None), name
            if gradient is not None:
                assert parameter.grad is not None and (parameter.grad - gradient).abs().max() < 1e-6, name
        assert sum(float(gradient.abs().max()) > 1e-4 for gradient in wanted if gradient is not None) > 10
    finally:
        torch.set_default_dtype(torch.float32)


def test_the_estimator_learns_is_in_checkpoints_and_is_not_saved(tmp_path: Path) -> None:
    made = run(tmp_path, "classify", make("infobert"))
    before = weights(made.inner)
    moved = gradients(made)[0]
    aside = [name for name in before if name.startswith("aside.infobert.")]
    assert len(aside) == 4 and all(moved[name].any() for name in aside)
    made.inner.save_tasks(tmp_path / "saved")
    assert [path.name for path in (tmp_path / "saved").iterdir()] == ["classify"]


def test_neither_term_reaches_padding_and_the_ascent_does_not_follow_the_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    common = SAME | {"bottleneck": 0.5}
    one = deltas(run(tmp_path, "tag", make("infobert", anchor=0, **common)), monkeypatch)
    both = deltas(run(tmp_path, "tag", make("infobert", anchor=5, **common)), monkeypatch)
    free = deltas(run(tmp_path, "tag", make("freelb", **SAME)), monkeypatch)
    assert len(one) == len(both) == 3
    for found, delta in both:
        padding = found.batch["attention_mask"] == 0
        assert padding.any() and not delta[padding].any()
    assert torch.allclose(one[1][1], both[1][1], atol=1e-6) and not torch.allclose(one[1][1], free[1][1], atol=1e-3)


def test_anchored_subwords() -> None:
    gradient = torch.tensor([[4.0, 1.0, 3.0, 2.0, 0.0], [1.0, 0.0, 0.0, 0.0, 9.0]])[:, :, None]
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0]])
    chosen = information.anchored_subwords(gradient, mask, (0.5, 0.9))
    # of five from the third to the fifth, in order of the gradient: 3 and 4; of two the second: 1
    assert chosen.nonzero().tolist() == [[0, 0], [0, 2], [1, 0]]


def test_shares_must_rise() -> None:
    with pytest.raises(ValidationError, match="rise"):
        make("infobert", between=[0.9, 0.5])
