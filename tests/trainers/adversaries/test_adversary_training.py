"""Every adversary on every form lowers the loss, in both precisions, and on other encoders; what cannot be is said."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from adversary_runs import FORMS, NAMES, make, micro, network, rows, run
from pydantic import ValidationError
from tiny_runs import context, settings

from xfer.core.errors import MissingPart
from xfer.forms.base import build_form
from xfer.models.base import Origin
from xfer.models.embeddings import shifted_embeddings
from xfer.models.network import Network, build_network
from xfer.trainers.adversaries.base import Plain
from xfer.trainers.adversaries.losses import FreeLb
from xfer.trainers.finetune import Finetune
from xfer.trainers.loop.fit import Run, TaskData, fit

COMMON = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
ENCODERS: dict[str, Any] = {
    "bert": lambda **rest: transformers.BertConfig(**COMMON, **rest),
    "roberta": lambda **rest: transformers.RobertaConfig(**COMMON, **rest),
    "modernbert": lambda **rest: transformers.ModernBertConfig(**COMMON, **rest),
    "deberta": lambda **rest: transformers.DebertaV2Config(
        relative_attention=True, pos_att_type=["p2c", "c2p"], position_biased_input=False, **COMMON, **rest
    ),
    "distilbert": lambda **rest: transformers.DistilBertConfig(dim=16, n_layers=1, n_heads=2, hidden_dim=16, **rest),
    "xlm": lambda **rest: transformers.XLMConfig(emb_dim=16, n_layers=1, n_heads=2, n_langs=1, pad_index=1, **rest),
    "albert": lambda **rest: transformers.AlbertConfig(embedding_size=8, **COMMON, **rest),
}


def loss(made: Run, kind: str) -> float:
    """The plain loss on all rows, without dropout."""
    made.inner.eval()
    batches = [made.task_batch(kind, i) for i in range(3)]
    with torch.no_grad():
        found = [made.inner.forms[kind].unit_losses(made.inner(kind, batch), batch) for batch in batches]
    made.inner.train()
    return float(torch.cat(found).mean())


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize("name", NAMES)
def test_every_adversary_lowers_the_loss_of_every_form(name: str, kind: str, tmp_path: Path) -> None:
    made = run(tmp_path, kind, make(name), dropout=0.1, steps=12, learning_rate=3e-3, clip=1.0)
    before = loss(made, kind)
    for step in range(made.steps):
        made.train_step(step)
    assert loss(made, kind) < before


@pytest.mark.parametrize("name", NAMES)
def test_every_adversary_is_safe_in_bf16(name: str, tmp_path: Path) -> None:
    made = run(tmp_path, "classify", make(name), dropout=0.1, steps=6, precision="bf16", learning_rate=3e-3)
    losses = [made.train_step(step)[0] for step in range(6)]
    assert losses[-1] < losses[0] * 1.2
    assert all(torch.isfinite(weight).all() and weight.dtype == torch.float32 for weight in made.inner.parameters())
    exact = run(tmp_path, "classify", make(name), dropout=0.1, steps=6, precision="fp32", learning_rate=3e-3)
    assert exact.train_step(0)[0] == pytest.approx(losses[0], rel=0.02)


def test_steps_of_several_tasks_and_micro_batches_are_perturbed(tmp_path: Path) -> None:
    net = network("tag", "mask", "span")
    tasks = [TaskData(kind, 1.0, rows(kind), None, ("en",)) for kind in ("tag", "mask", "span")]
    found = fit(
        settings(steps=6, adversary=make("freelb"), accumulate=2, batch_tokens=64), net, tasks, context(tmp_path)
    )
    assert found["steps"] == 6


# encoders


def other(name: str, tokenizer: Any) -> Network:
    config = ENCODERS[name](vocab_size=len(tokenizer), max_position_embeddings=64, pad_token_id=tokenizer.pad_token_id)
    forms = {kind: build_form(kind, FORMS[kind]) for kind in ("classify", "choose", "tag", "span", "mask")}
    return build_network(Origin(None, config, tokenizer), forms, 1)


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return network("mask").tokenizer


@pytest.mark.parametrize("name", ENCODERS)
def test_the_embeddings_of_every_encoder_can_be_moved(name: str, tokenizer: Any, tmp_path: Path) -> None:
    net = other(name, tokenizer)
    for kind in net.heads:
        made = Run(settings(), net, [TaskData(kind, 1.0, rows(kind), None, ("en",))], context(tmp_path))
        made.inner.eval()
        found = micro(made)
        plain = found.logits()
        assert torch.equal(found.logits(found.zeros()), plain)
        assert torch.equal(found.logits(), plain)
        slope = found.slope(found.zeros(), 0, found.loss)
        assert slope.shape[:2] == found.batch["input_ids"].shape and slope.any()
        padding = found.batch["attention_mask"] == 0
        assert slope[padding].abs().max() <= 1e-5 * slope.abs().max()
        step = 1e-2 / float(slope.norm())  # the slope is that of the loss: a small step along it raises the loss
        with torch.no_grad():
            rise = found.loss(found.logits(step * slope)) - found.loss(plain)
        assert float(rise) == pytest.approx(1e-2 * float(slope.norm()), rel=0.3)


def test_an_encoder_without_word_embeddings_is_an_error_of_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    net = network("classify")

    def none(self: Any) -> Any:
        raise NotImplementedError

    monkeypatch.setattr(type(net.encoder), "get_input_embeddings", none)
    what = r"no word embeddings that could be perturbed; set trainer\.adversary: none"
    with pytest.raises(MissingPart, match=what), shifted_embeddings(net, torch.zeros(1)):
        pass


def test_an_encoder_that_never_looks_its_embeddings_up_is_an_error() -> None:
    net = network("classify")
    with (
        pytest.raises(MissingPart, match="look up word embeddings 0 times a pass"),
        shifted_embeddings(net, torch.zeros(1)),
    ):
        pass


# settings


def test_a_bare_name_is_short_for_a_type() -> None:
    short = Finetune.model_validate({"adversary": "freelb"})
    assert short == Finetune(adversary=FreeLb()) and isinstance(short.adversary, FreeLb)
    assert isinstance(Finetune().adversary, Plain)
    assert Finetune.model_validate(short.model_dump(mode="json")) == short


def test_plain_training_keeps_the_identity_that_it_had() -> None:
    assert "adversary" not in Finetune(steps=3).identity()
    found = Finetune(adversary=FreeLb(steps=3)).identity()["adversary"]
    assert found == {"kind": "adversary", "type": "freelb", "version": 1, "steps": 3}


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"type": "frelb"}, "adversary 'frelb' is not known"),
        ({"type": "freelb", "steps": -1}, "greater than or equal to 0"),
        ({"type": "freelb", "norm": "l1"}, "'l2' or 'linf'"),
        ({"type": "fgm", "steps": 2}, "Extra inputs"),
    ],
)
def test_settings_of_an_adversary_that_cannot_be_are_faults(fields: dict[str, Any], what: str) -> None:
    with pytest.raises(ValidationError, match=what):
        Finetune.model_validate({"adversary": fields})


def test_recipes_with_every_adversary_are_checked_without_torch(tmp_path: Path) -> None:
    stages = "".join(
        f"  s_{name}: {{reader: xnli, trainer: {{steps: 1, adversary: {{type: {name}}}}}}}\n" for name in NAMES
    )
    recipe = f"name: all\nsource: miniature\nmodel: {{type: scratch}}\nstages:\n{stages}"
    recipe += "evaluate:\n  voted: {stage: s_smoothing, smoothing: {radius: 0.1}}\n"
    (tmp_path / "all.yaml").write_text(recipe)
    program = (
        "import sys; from xfer.recipe.load import load_recipe; load_recipe(sys.argv[1]); "
        "sys.exit(' '.join(sorted({'torch', 'transformers', 'scipy', 'numpy'} & set(sys.modules))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path / "all.yaml")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
