"""Running the network with other weights for one pass leaves it as it was, however many tasks share the encoder."""

from __future__ import annotations

from pathlib import Path

import torch
from adversary_runs import FORMS, make, network, rows
from tiny_runs import context, equal, settings, weights

from xfer.trainers.loop.fit import Run, TaskData


def test_other_weights_are_used_once_and_leave_nothing_behind(tmp_path: Path) -> None:
    net, other = (network("classify", "mask", "tag", seed=seed) for seed in (1, 2))
    tasks = [TaskData(kind, 1.0, rows(kind), None, ("en",)) for kind in net.forms]
    made = Run(settings(adversary=make("smart")), net, tasks, context(tmp_path))
    before, parameters = weights(net), list(net.parameters())
    for kind in ("classify", "mask", "tag"):
        micro = made._micro_batches(kind, [made.task_batch(kind, 0)], 0)[0]
        found = micro.twin(weights(other))
        assert torch.allclose(found, other.eval()(kind, micro.batch), atol=1e-6)
        assert not torch.allclose(found, micro.logits(), atol=1e-3)
    assert all(a is b for a, b in zip(parameters, net.parameters(), strict=True)) and equal(weights(net), before)
    assert set(FORMS) > set(net.forms)
    encoder = dict(net.encoder.named_parameters())
    made.train_step(0)
    assert any(not torch.equal(p, before[f"heads.classify.roberta.{name}"]) for name, p in encoder.items())
