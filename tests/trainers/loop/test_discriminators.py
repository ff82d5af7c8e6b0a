"""Discriminators in the loop: gradients, what is left alone, accuracy, resume, what is saved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from domain_runs import NAMES, SPOKEN, alone, chosen, head, origin, rows, run, stage, trained
from safetensors.torch import load_file
from tiny_runs import Stop, context, equal, stopping, weights
from torch.nn.functional import cross_entropy
from transformers import AutoModelForSequenceClassification

from xfer.core.errors import MissingPart, XferError
from xfer.forms.base import build_form
from xfer.models.domain.form import build_domain_form
from xfer.models.domain.judge import domain_distance
from xfer.models.network import build_network
from xfer.trainers.adversaries.losses import FreeAt, FreeLb
from xfer.trainers.loop import run as loop_run
from xfer.trainers.loop.fit import Run, TaskData, fit
from xfer.trainers.mixers import Joint

STEADY = {"ramp": "constant"}


def shared(found: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """What is not the discriminator's own."""
    return {name: tensor for name, tensor in found.items() if not name.startswith("judges.")}


# Gradients


@pytest.mark.parametrize("states", ["pooled", "first", "tokens"])
@pytest.mark.parametrize("weight", [1.0, 0.5])
def test_the_encoder_gets_minus_the_strength_times_the_gradient_of_plain_code(
    states: str, weight: float, tmp_path: Path
) -> None:
    made = run(tmp_path, head(states=states, dropout=0, reverse={"peak": 0.3, **STEADY}), weight=weight, batch_size=20)
    found = alone(made)
    made.state["counts"] = {}
    (batch,) = made.next_batches("language", 1, 0)
    net = made.inner
    encoder: Any = net.encoder
    hidden = encoder(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).last_hidden_state
    length = batch["attention_mask"].sum(1).tolist()
    assert min(length) < max(length)
    numbers = [
        ("en", "fr").index(made.tasks["language"].train["language"][i])
        for i in made.feed.samplers["language"].batch_rows(0)
    ]
    if states == "tokens":
        inside = torch.cat([row[:n] for row, n in zip(hidden, length, strict=True)])
        labels = torch.tensor([number for number, n in zip(numbers, length, strict=True) for _ in range(n)])
    else:
        pooled = [row[:n].mean(0) if states == "pooled" else row[0] for row, n in zip(hidden, length, strict=True)]
        inside, labels = torch.stack(pooled), torch.tensor(numbers)
    judge: Any = net.judges["language"]
    (weight * cross_entropy(judge.layers(inside), labels)).backward()
    plain = {name: p.grad for name, p in net.named_parameters() if p.grad is not None}
    assert found.keys() == plain.keys() and len(shared(found)) > 20
    for name, gradient in found.items():
        factor = 1.0 if name.startswith("judges.") else -0.3
        assert torch.allclose(gradient, factor * plain[name], atol=1e-7, rtol=1e-4), name
    assert max(gradient.abs().max() for gradient in shared(found).values()) > 1e-4


@pytest.mark.parametrize("name", NAMES)
def test_the_strength_is_a_factor_of_what_the_encoder_gets_and_of_nothing_else(name: str, tmp_path: Path) -> None:
    heads = (head(name, dropout=0, reverse={"peak": peak, **STEADY}) for peak in (0.2, 0.5))
    one, two = (alone(run(tmp_path, each, batch_size=20)) for each in heads)  # batch norm of three units cancels out
    assert one.keys() == two.keys()
    for key, gradient in one.items():
        factor = 1.0 if key.startswith("judges.") else 2.5
        assert torch.allclose(gradient * factor, two[key], atol=1e-7, rtol=1e-3), key


def test_the_ramp_follows_the_steps(tmp_path: Path) -> None:
    made = run(tmp_path, head(dropout=0), steps=4)
    strengths = [float(made.next_batches("language", 1, step)[0]["strength"]) for step in range(4)]
    assert strengths == pytest.approx([0.0, 0.8482836, 0.9866143, 0.9988944])  # tanh(5 step / 4)


@pytest.mark.parametrize("name", NAMES)
def test_with_a_peak_of_0_the_encoder_gets_exactly_nothing(name: str, tmp_path: Path) -> None:
    found = alone(run(tmp_path, head(name, reverse={"peak": 0})))
    assert len(shared(found)) > 20
    assert not any(gradient.any() for gradient in shared(found).values())


@pytest.mark.parametrize("name", NAMES)
def test_with_a_peak_of_0_the_task_is_trained_as_if_alone_to_the_bit(name: str, tmp_path: Path) -> None:
    """With dropout, accumulation, clipping and decay, a discriminator beside it changes nothing for the task."""
    net, _ = trained(tmp_path / "both", head(name, reverse={"peak": 0}), accumulate=2, clip=0.1)
    plain = build_network(origin(0.1), {"main": build_form("classify", ["no", "yes"])}, 1)
    task = TaskData("main", 1.0, rows("classify", ["en"]), None, ("en",))
    about = chosen(steps=8, evaluate_every=4, accumulate=2, clip=0.1)
    fit(about, plain, [task], context(tmp_path / "alone"))
    assert equal(shared(weights(net)), weights(plain))


def test_the_discriminator_learns_though_the_encoder_is_left_alone(tmp_path: Path) -> None:
    network, tasks = stage(head(reverse={"peak": 0}, learning_rate=0.02))
    tasks[1] = tasks[1]._replace(dev=rows("mask"))
    about = chosen(steps=60, evaluate_every=60, batch_size=12)
    found = fit(about, network, tasks, context(tmp_path, mixer=Joint()))
    assert found["domain"]["language"]["accuracy"] > 0.85


@pytest.mark.parametrize("adversary", [FreeLb(), FreeAt(steps=2)])
def test_an_adversary_leaves_the_discriminator_alone(
    adversary: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = head(dropout=0, reverse={"peak": 0.3, **STEADY})
    played: list[str] = []
    real = type(adversary).perturbed_backward

    def watched(self: Any, micro: Any) -> Any:
        played.append(micro.task)
        return real(self, micro)

    monkeypatch.setattr(type(adversary), "perturbed_backward", watched)
    seen: list[dict[str, torch.Tensor]] = []
    made = run(tmp_path, one, adversary=adversary, accumulate=2)
    judge = made.inner.judges["language"]
    made.optimizer.step = lambda: seen.append({n: p.grad.clone() for n, p in judge.named_parameters()})  # type: ignore
    made.train_step(0)
    assert set(played) == {"main"} and len(played) == 2 * adversary.replay_count
    plain = run(tmp_path, one, accumulate=2)
    first: list[dict[str, torch.Tensor]] = []
    judge = plain.inner.judges["language"]
    plain.optimizer.step = lambda: first.append({n: p.grad.clone() for n, p in judge.named_parameters()})  # type: ignore
    plain.train_step(0)
    assert len(seen) == adversary.replay_count and all(equal(each, first[0]) for each in seen)


# Conditions, states, layers


@pytest.mark.parametrize(("main", "states"), [("classify", "pooled"), ("classify", "tokens"), ("tag", "tokens")])
def test_cdan_sees_the_probabilities_of_the_other_task(main: str, states: str, tmp_path: Path) -> None:
    made = run(tmp_path, head("cdan", states=states, dropout=0), main=main)
    (batch,) = made.next_batches("language", 1, 0)
    net = made.inner
    seen: list[torch.Tensor] = []
    judge: Any = net.judges["language"]
    judge.layers.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    net("language", batch)
    own: Any = net.heads["main"]
    found = own(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], output_hidden_states=True)
    chances, hidden = found.logits.softmax(-1), found.hidden_states[-1]
    wanted = []
    for row, n in enumerate(batch["attention_mask"].sum(1).tolist()):
        if states == "pooled":
            wanted.append(torch.outer(chances[row], hidden[row, :n].mean(0)).flatten())
        for place in range(n) if states == "tokens" else ():
            own_chances = chances[row, place] if main == "tag" else chances[row]
            wanted.append(torch.outer(own_chances, hidden[row, place]).flatten())
    assert torch.allclose(seen[0], torch.stack(wanted), atol=1e-6)


def test_a_gradient_goes_through_the_probabilities_by_the_entropy_alone(tmp_path: Path) -> None:
    def moved(**fields: Any) -> bool:
        found = alone(run(tmp_path, head("cdan", reverse={"peak": 1.0, **STEADY}, **fields)))
        return any(gradient.any() for name, gradient in found.items() if "classifier" in name)

    assert moved() and not moved(entropy=False)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("states", ["pooled", "tokens"])
def test_padding_is_never_judged(name: str, states: str, tmp_path: Path) -> None:
    """Whatever stands in the padding, nothing the discriminator sees or learns from changes."""
    made = run(tmp_path, head(name, states=states, dropout=0), batch_size=20)
    net, (batch,) = made.inner, made.next_batches("language", 1, 5)
    padding = batch["attention_mask"] == 0
    assert padding.any()
    other = batch | {"input_ids": batch["input_ids"].masked_fill(padding, 9)}
    first, second = (net("language", each)["logits"] for each in (batch, other))
    assert torch.allclose(first, second, atol=1e-6)
    units = int(batch["attention_mask"].sum()) if states == "tokens" else len(batch["input_ids"])
    assert len(first) == len(batch["labels"]) == units


def test_the_asked_layer_is_judged(tmp_path: Path) -> None:
    found = alone(run(tmp_path, head(layer=1, reverse={"peak": 1, **STEADY})))
    moved = {name for name, gradient in found.items() if gradient.any()}
    assert any("layer.0." in name for name in moved) and not any("layer.1." in name for name in moved)
    with pytest.raises(MissingPart, match=r"head\.layer is 3, but the encoder has 2 layers"):
        stage(head(layer=3))


@pytest.mark.parametrize("kind", ["classify", "tag", "mask"])
def test_unlabelled_rows_of_any_form_will_do(kind: str, tmp_path: Path) -> None:
    made = run(tmp_path, head(), kind=kind)
    for step in range(2):
        assert np.isfinite(made.train_step(step)[0])


def test_rows_with_several_sequences_give_a_label_to_each() -> None:
    net, _ = stage(head())
    made: dict[str, Any] = {"id": ["1", "2"], "language": ["en", "fr"], "text": ["old cat", "vieux chat"]}
    made |= {"question": [None] * 2, "options": [["one", "two"], ["un", "deux", "trois"]], "label": [None, None]}
    found = build_domain_form("x", build_form("choose"), head(), None, made)
    encoded = found.encode(made, net.tokenizer, 32)
    batch = found.build_batch(encoded, found.loss_targets(made), np.arange(5), net.tokenizer)
    assert batch["labels"].tolist() == [0, 0, 1, 1, 1] and len(batch["input_ids"]) == 5
    scores = np.array([[0.9, 0.1], [0.0, 0.5], [0.2, 0.3], [0.9, 0.3], [0.1, 0.3]])
    decoded = found.decode({"scores": scores, "row": encoded.kept["row"]}, made)
    assert decoded["predicted"] == ["en", "en"] and decoded["credit"] == [1.0, 0.0]


def test_accuracy_is_the_mean_over_values_so_that_chance_is_one_over_their_number() -> None:
    made = rows("mask")
    found = build_domain_form("x", build_form("mask"), head(), None, made)
    gold, credit = ["en"] * 8 + ["fr"] * 2, [1.0] * 8 + [0.0] * 2
    assert found.score({"gold": gold, "credit": credit}) == {"accuracy": 0.5}
    assert found.shares({"gold": gold, "credit": credit}) == {"en": 1.0, "fr": 0.0}


def test_values_that_were_never_trained_on_do_not_count() -> None:
    found = build_domain_form("x", build_form("mask"), head(), None, rows("mask"))
    made = {"id": ["1", "2"], "language": ["fr", "de"], "text": ["a", "b"]}
    decoded = found.decode({"scores": np.array([[0.0, 1.0], [0.0, 1.0]]), "row": np.arange(2)}, made)
    assert decoded["credit"] == [1.0, None]


def test_one_value_cannot_be_told_apart() -> None:
    with pytest.raises(XferError, match="column language holds only 'en'"):
        build_domain_form("x", build_form("mask"), head(), None, rows("mask", ["en"]))


# The critic


@pytest.mark.parametrize("bound", ["clip", "penalty"])
def test_a_critic_takes_its_own_steps_before_each_step(
    bound: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = run(tmp_path, head("wasserstein", critic=3, bound=bound, reverse={"peak": 0.5, **STEADY}), warmup=0)
    before, judge = weights(made.inner), made.inner.judges["language"]
    loop_run.train_critics(made, ["language"], 0)
    after = weights(made.inner)
    assert equal(shared(before), shared(after)) and not equal(before, after)
    largest = max(p.abs().max().item() for p in judge.parameters())
    assert largest == pytest.approx(0.01) if bound == "clip" else largest > 0.05
    assert made.state["counts"] == {"language": 3}
    made.train_step(0)
    assert made.state["counts"] == {"language": 7, "main": 1}
    assert not equal(shared(after), shared(weights(made.inner)))


def test_the_critic_raises_the_distance_that_it_is_asked_for(tmp_path: Path) -> None:
    made = run(
        tmp_path,
        head("wasserstein", critic=60, dropout=0, reverse={"peak": 1.0, **STEADY}),
        warmup=0,
        schedule="constant",
    )
    (batch,) = made.next_batches("language", 1, 0)
    made.inner.judges["language"].layers[-1].weight.data.zero_()  # type: ignore

    def distance() -> float:
        with torch.no_grad():
            seen: Any = made.inner("language", {name: each for name, each in batch.items() if name != "strength"})
            return float(domain_distance(seen["logits"], batch["labels"]).mean())

    before = distance()
    loop_run.train_critics(made, ["language"], 0)
    assert before == 0 and distance() > 1e-6


def test_discriminators_have_rates_of_their_own(tmp_path: Path) -> None:
    made = run(tmp_path, head(learning_rate=0.02), learning_rate=1e-3, warmup=0.5, steps=4)
    rates: list[list[float]] = []
    made.optimizer.step = lambda: rates.append([group["lr"] for group in made.optimizer.param_groups])  # type: ignore
    made.train_step(0)
    assert rates == [pytest.approx([5e-4, 5e-4, 0.01])]
    assert [group["weight_decay"] for group in made.optimizer.param_groups] == [0.01, 0.0, 0.0]
    same = run(tmp_path, head(), learning_rate=1e-3)
    assert [group.get("scale", 1.0) for group in same.optimizer.param_groups] == [1.0] * 3


def test_the_dropout_of_the_stage_is_not_that_of_the_discriminator(tmp_path: Path) -> None:
    made = run(tmp_path, head(dropout=0.4), dropout=0.0)
    assert {m.p for m in made.inner.judges.modules() if isinstance(m, torch.nn.Dropout)} == {0.4}
    assert {m.p for m in made.inner.heads.modules() if isinstance(m, torch.nn.Dropout)} == {0.0}


# Whole runs


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """An unbroken run of each head: weights, result, folder."""
    made = {}
    for name in NAMES:
        folder = tmp_path_factory.mktemp(name)
        net, found = trained(folder, head(name))
        made[name] = net, found, folder
    return made


@pytest.mark.parametrize("at", [3, 6])
@pytest.mark.parametrize("name", NAMES)
def test_a_run_that_is_stopped_and_continued_equals_an_unbroken_one(
    name: str, at: int, runs: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(Stop):
        trained(tmp_path, head(name), stopping(at), checkpoint_seconds=1e-9 if at == 3 else 120)
    net, found = trained(tmp_path, head(name))
    whole, result, folder = runs[name]
    assert equal(weights(net), weights(whole)) and found == result
    net.save_tasks(tmp_path / "saved")
    whole.save_tasks(folder / "saved")
    for part in ("main/model.safetensors", "language/discriminator.safetensors"):
        assert (tmp_path / "saved" / part).read_bytes() == (folder / "saved" / part).read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_accuracies_are_logged_and_kept(name: str, runs: dict[str, Any]) -> None:
    _, found, folder = runs[name]
    about = found["domain"]["language"]
    assert about["chance"] == 0.5 and set(about["values"]) == set(SPOKEN)
    assert about["accuracy"] == pytest.approx(sum(about["values"].values()) / 2)
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    logged = {line["step"]: line["domain"]["language"] for line in lines if "domain" in line}
    assert sorted(logged) == [4, 8] and logged[found["selected"][0]] == about
    assert all(set(point["dev"]) == set() for point in found["curve"])  # discriminators select nothing


def test_saved_tasks_are_ordinary_folders_and_the_discriminator_stands_apart(
    runs: dict[str, Any], tmp_path: Path
) -> None:
    net, _, _ = runs["domain"]
    net.save_tasks(tmp_path)
    assert [path.name for path in (tmp_path / "language").iterdir()] == ["discriminator.safetensors"]
    kept = load_file(tmp_path / "language" / "discriminator.safetensors")
    assert equal(kept, dict(net.judges["language"].state_dict()))
    model = AutoModelForSequenceClassification.from_pretrained(tmp_path / "main").eval()
    own = weights(net)
    assert all(torch.equal(tensor, own[f"heads.main.{name}"]) for name, tensor in model.named_parameters())
    assert not any("judge" in name for name in load_file(tmp_path / "main" / "model.safetensors"))


def test_an_epoch_does_not_count_unlabelled_rows(tmp_path: Path) -> None:
    network, tasks = stage(head())
    made = Run(chosen(epochs=2, batch_size=6), network, tasks, context(tmp_path, mixer=Joint()))
    assert made.steps == 8  # 24 labelled rows, 48 unlabelled ones


def test_without_dev_rows_no_accuracy_is_made_up(tmp_path: Path) -> None:
    network, tasks = stage(head())
    found = fit(chosen(steps=2), network, tasks, context(tmp_path, mixer=Joint()))
    assert found["domain"] == {"language": {"accuracy": None, "chance": 0.5, "values": {}}}


def test_a_critic_in_a_frozen_encoder_is_one_clear_line(tmp_path: Path) -> None:
    made = run(tmp_path, head("wasserstein"), freeze_encoder=True)
    with pytest.raises(XferError, match="not trained; use head domain"):
        made.train_step(0)
    assert np.isfinite(run(tmp_path, head(), freeze_encoder=True).train_step(0)[0])
