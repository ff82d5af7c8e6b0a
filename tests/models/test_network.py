"""Networks: built, carried from stage to stage, shared between tasks, frozen, saved as Hugging Face folders."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file
from tiny_models import TEXTS, rows

from xfer.core.errors import MissingPart
from xfer.forms.base import build_form
from xfer.models.base import Origin
from xfer.models.network import Network, build_network, load_network, seeded_torch
from xfer.models.predictor import predict_rows

Local = Callable[[str], Path]
ARCHITECTURES = ["bert", "deberta", "distilbert"]


def yes_no() -> Any:
    return build_form("classify", ["no", "yes"])


def mask() -> Any:
    return build_form("mask")


def tensors(module: Any) -> dict[str, torch.Tensor]:
    return dict(module.state_dict())


def same(first: Any, second: Any) -> bool:
    """Whether two modules have the same weights under the same names, bit for bit."""
    one, two = tensors(first), tensors(second)
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


def head_weight(network: Network, task: str) -> torch.Tensor:
    head: Any = network.heads[task]
    found = head.classifier if not hasattr(head.classifier, "out_proj") else head.classifier.out_proj
    return found.weight


def mask_batch(network: Network, count: int = 12) -> dict[str, torch.Tensor]:
    kind, columns = mask(), rows(TEXTS[:count])
    encoded = kind.encode(columns, network.tokenizer, 32)
    return kind.build_batch(encoded, kind.loss_targets(columns), np.arange(count), network.tokenizer, range(count))


def plainly(folder: Path, texts: list[str], pairs: list[str] | None = None) -> torch.Tensor:
    """What transformers alone answers from a folder."""
    network = transformers.AutoModelForSequenceClassification.from_pretrained(folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    with torch.no_grad():
        return network(**tokenizer(texts, pairs, padding=True, return_tensors="pt")).logits


def test_a_fresh_network_depends_on_its_seed_alone(origin: Origin) -> None:
    torch.manual_seed(1)
    first = build_network(origin, {"nli": yes_no()}, 7)
    torch.manual_seed(2)
    assert same(first, build_network(origin, {"nli": yes_no()}, 7))
    assert not torch.equal(head_weight(first, "nli"), head_weight(build_network(origin, {"nli": yes_no()}, 8), "nli"))


def test_building_leaves_the_callers_random_stream_alone(origin: Origin) -> None:
    torch.manual_seed(3)
    wanted = torch.rand(3)
    torch.manual_seed(3)
    build_network(origin, {"nli": yes_no()}, 7)
    assert torch.equal(torch.rand(3), wanted)
    with seeded_torch(5):
        inside = torch.rand(3)
    torch.manual_seed(5)
    assert torch.equal(torch.rand(3), inside)


def test_a_saved_stage_gives_the_same_logits_through_transformers_alone(origin: Origin, tmp_path: Path) -> None:
    network = build_network(origin, {"nli": yes_no()}, 1)
    network.save_tasks(tmp_path)
    texts, pairs = TEXTS[:12], TEXTS[12:24]
    found = plainly(tmp_path / "nli", texts, pairs)
    ours = predict_rows(network, "nli", rows(texts, pairs), 40)["logits"]
    assert np.abs(found.numpy() - ours).max() < 1e-6
    again = predict_rows(load_network(tmp_path, "nli", yes_no()), "nli", rows(texts, pairs), 40)["logits"]
    assert np.array_equal(again, ours)


def test_a_saved_stage_is_read_in_a_process_that_knows_nothing_of_xfer(origin: Origin, tmp_path: Path) -> None:
    network = build_network(origin, {"nli": yes_no()}, 1)
    network.save_tasks(tmp_path)
    program = """
import json, sys, torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer
folder, text, pair = sys.argv[1:]
network, tokenizer = AutoModelForSequenceClassification.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
with torch.no_grad():
    logits = network(**tokenizer(text, pair, return_tensors="pt")).logits
assert not any(name.split(".")[0] == "xfer" for name in sys.modules)
print(json.dumps([logits[0].tolist(), network.config.id2label]))
"""
    words = [sys.executable, "-c", program, str(tmp_path / "nli"), "the old cat", "two birds"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, check=True)
    logits, labels = json.loads(done.stdout)
    ours = predict_rows(network, "nli", rows(["the old cat"], ["two birds"]), 40)["logits"][0]
    assert logits == pytest.approx(ours.tolist(), abs=1e-6)
    assert labels == {"0": "no", "1": "yes"}


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_local_folder_gives_its_encoder_and_the_saved_stage_the_same_logits(
    name: str, local: Local, tmp_path: Path
) -> None:
    published = transformers.AutoModel.from_pretrained(local(name))
    network = build_network(Origin(local(name)), {"nli": yes_no()}, 1)
    carried, fresh = tensors(network.encoder), tensors(published)
    shared = [key for key in carried if "pooler" not in key]
    assert len(shared) > 20
    assert all(torch.equal(carried[key], fresh[key]) for key in shared)
    network.save_tasks(tmp_path)
    ours = predict_rows(network, "nli", rows(TEXTS[:8]), 40)["logits"]
    assert np.abs(plainly(tmp_path / "nli", TEXTS[:8]).numpy() - ours).max() < 1e-6


@pytest.mark.parametrize("name", [*ARCHITECTURES, "xlm", "albert"])
def test_a_masked_task_keeps_the_published_head_and_answers_at_its_positions(name: str, local: Local) -> None:
    published = transformers.AutoModelForMaskedLM.from_pretrained(local(name)).eval()
    network = build_network(Origin(local(name)), {"mlm": mask()}, 1).eval()
    assert same(network.heads["mlm"], published)
    batch = mask_batch(network)
    with torch.no_grad():
        ours = network("mlm", batch)
        everywhere = published(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
    wanted = everywhere.flatten(0, 1)[batch["positions"]]
    assert ours.shape == wanted.shape
    assert torch.allclose(ours, wanted, atol=1e-4, rtol=1e-4)


def test_weights_without_a_prefix_are_carried_too(local: Local, tmp_path: Path) -> None:
    encoder = transformers.AutoModel.from_pretrained(local("bert"))
    encoder.save_pretrained(tmp_path)
    transformers.AutoTokenizer.from_pretrained(local("bert")).save_pretrained(tmp_path)
    assert not any(name.startswith("bert.") for name in load_file(tmp_path / "model.safetensors"))
    network = build_network(Origin(tmp_path), {"nli": yes_no()}, 1)
    assert same(network.encoder.encoder, encoder.encoder) and same(network.encoder.embeddings, encoder.embeddings)


def test_the_old_names_of_layer_norms_are_understood(local: Local, tmp_path: Path) -> None:
    """bert-base-multilingual-cased still calls them gamma and beta."""
    published = transformers.AutoModelForMaskedLM.from_pretrained(local("bert"))
    published.save_pretrained(tmp_path)
    transformers.AutoTokenizer.from_pretrained(local("bert")).save_pretrained(tmp_path)
    old = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): tensor
        for name, tensor in load_file(tmp_path / "model.safetensors").items()
    }
    save_file(old, tmp_path / "model.safetensors", metadata={"format": "pt"})
    network = build_network(Origin(tmp_path), {"nli": yes_no()}, 1)
    assert same(network.encoder.encoder, published.bert.encoder)
    assert same(network.encoder.embeddings, published.bert.embeddings)


def test_weights_in_several_files_are_read_through_their_index(local: Local, tmp_path: Path) -> None:
    published = transformers.AutoModelForMaskedLM.from_pretrained(local("bert"))
    published.save_pretrained(tmp_path, max_shard_size="20KB")
    transformers.AutoTokenizer.from_pretrained(local("bert")).save_pretrained(tmp_path)
    assert len(list(tmp_path.glob("*.safetensors"))) > 1
    assert same(build_network(Origin(tmp_path), {"mlm": mask()}, 1).heads["mlm"], published)


def test_weights_of_half_precision_are_trained_in_full(local: Local, tmp_path: Path) -> None:
    published = transformers.AutoModelForMaskedLM.from_pretrained(local("bert")).to(torch.bfloat16)
    published.save_pretrained(tmp_path)
    transformers.AutoTokenizer.from_pretrained(local("bert")).save_pretrained(tmp_path)
    network = build_network(Origin(tmp_path), {"nli": yes_no()}, 1)
    assert {p.dtype for p in network.parameters()} == {torch.float32}
    network.save_tasks(tmp_path / "saved")
    assert {t.dtype for t in load_file(tmp_path / "saved/nli/model.safetensors").values()} == {torch.float32}


def test_weights_that_are_not_of_this_encoder_are_refused(local: Local, tmp_path: Path) -> None:
    transformers.AutoConfig.from_pretrained(local("bert")).save_pretrained(tmp_path)
    transformers.AutoTokenizer.from_pretrained(local("bert")).save_pretrained(tmp_path)
    save_file({"something.else": torch.ones(3)}, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(MissingPart, match=f"{tmp_path}"):
        build_network(Origin(tmp_path), {"nli": yes_no()}, 1)


def test_weights_cut_short_are_one_clear_line(local: Local, tmp_path: Path) -> None:
    transformers.AutoConfig.from_pretrained(local("bert")).save_pretrained(tmp_path)
    transformers.AutoTokenizer.from_pretrained(local("bert")).save_pretrained(tmp_path)
    (tmp_path / "model.safetensors").write_bytes((local("bert") / "model.safetensors").read_bytes()[:-100])
    with pytest.raises(MissingPart, match=f"weights in {tmp_path} cannot be read"):
        build_network(Origin(tmp_path), {"nli": yes_no()}, 1)


@pytest.fixture(scope="module")
def first_stage(origin: Origin, tmp_path_factory: pytest.TempPathFactory) -> tuple[Network, Path]:
    """A finished masked-LM stage with a weight of its own in every place."""
    network = build_network(origin, {"mlm": mask()}, 1)
    with seeded_torch(4), torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    folder = tmp_path_factory.mktemp("first")
    network.save_tasks(folder)
    return network, folder / "mlm"


def test_a_next_stage_carries_the_encoder_bit_for_bit(first_stage: tuple[Network, Path]) -> None:
    before, folder = first_stage
    after = build_network(Origin(folder), {"nli": yes_no()}, 3)
    assert same(after.encoder, before.encoder)
    tokenizer = after.tokenizer
    assert tokenizer.get_vocab() == before.tokenizer.get_vocab()
    for text, pair in zip(TEXTS[:9], TEXTS[9:18], strict=True):
        assert tokenizer(text, pair)["input_ids"] == before.tokenizer(text, pair)["input_ids"]


def test_the_head_of_a_next_stage_is_fresh_and_of_its_seed(first_stage: tuple[Network, Path], tmp_path: Path) -> None:
    _, folder = first_stage
    third = build_network(Origin(folder), {"nli": yes_no()}, 3)
    assert torch.equal(
        head_weight(third, "nli"), head_weight(build_network(Origin(folder), {"nli": yes_no()}, 3), "nli")
    )
    assert not torch.equal(
        head_weight(third, "nli"), head_weight(build_network(Origin(folder), {"nli": yes_no()}, 4), "nli")
    )
    with torch.no_grad():
        third.heads["nli"].classifier.dense.weight.fill_(7.0)  # type: ignore[union-attr, operator]
    third.save_tasks(tmp_path)
    next_one = build_network(Origin(tmp_path / "nli"), {"nli": yes_no()}, 3)  # the same labels, and still a new head
    assert next_one.heads["nli"].classifier.dense.weight.abs().max() < 1  # type: ignore[union-attr, operator]
    assert same(next_one.encoder, third.encoder)


def test_a_next_masked_stage_keeps_the_head(first_stage: tuple[Network, Path]) -> None:
    before, folder = first_stage
    assert same(build_network(Origin(folder), {"other": mask()}, 9).heads["other"], before.heads["mlm"])


@pytest.mark.parametrize("name", ["bert", "deberta", "distilbert", "albert", "xlm", "roberta"])
@pytest.mark.parametrize("order", [("mlm", "nli"), ("nli", "mlm")])
def test_two_tasks_share_one_encoder_whatever_their_order(
    name: str, order: tuple[str, str], local: Local, first_stage: tuple[Network, Path], tmp_path: Path
) -> None:
    folder = first_stage[1] if name == "roberta" else local(name)
    kinds = {"mlm": mask(), "nli": yes_no()}
    network = build_network(Origin(folder), {task: kinds[task] for task in order}, 1).eval()
    one, two = (head.base_model for head in network.heads.values())  # type: ignore[union-attr]
    assert [p.data_ptr() for p in one.parameters()] == [p.data_ptr() for p in two.parameters()]
    head: Any = network.heads["mlm"]
    assert head.get_output_embeddings().weight.data_ptr() == head.get_input_embeddings().weight.data_ptr()
    assert len(network.named_weights()) == len({t.data_ptr() for t in network.named_weights().values()})
    answers = predict_rows(network, "nli", rows(TEXTS[:6]), 32)["logits"]
    with torch.no_grad():
        words = network("mlm", mask_batch(network))
    network.save_tasks(tmp_path)
    again = predict_rows(load_network(tmp_path, "nli", yes_no()), "nli", rows(TEXTS[:6]), 32)["logits"]
    assert np.allclose(again, answers, atol=1e-6)
    loaded = load_network(tmp_path, "mlm", mask())
    with torch.no_grad():
        assert torch.allclose(loaded("mlm", mask_batch(loaded)), words, atol=1e-5)


def test_classifiers_have_heads_of_their_own(origin: Origin, tmp_path: Path) -> None:
    kinds = {"nli": yes_no(), "other": yes_no(), "topic": build_form("classify", ["a", "b", "c", "d"])}
    network = build_network(origin, kinds, 1)
    assert not torch.equal(head_weight(network, "nli"), head_weight(network, "other"))
    network.save_tasks(tmp_path)
    assert plainly(tmp_path / "nli", TEXTS[:2]).shape == (2, 2)
    assert plainly(tmp_path / "topic", TEXTS[:2]).shape == (2, 4)


def test_a_step_of_one_task_moves_the_encoder_of_the_other(origin: Origin) -> None:
    network = build_network(origin, {"nli": yes_no(), "mlm": mask()}, 1)
    before = network.heads["mlm"].base_model.encoder.layer[0].output.dense.weight.clone()  # type: ignore[union-attr, index]
    optimizer = torch.optim.SGD(network.parameters(), lr=1.0)
    kind, columns = yes_no(), rows(TEXTS[:6])
    encoded = kind.encode(columns, network.tokenizer, 32)
    batch = kind.build_batch(encoded, kind.loss_targets(columns), np.arange(6), network.tokenizer)
    kind.unit_losses(network("nli", batch), batch).sum().backward()
    optimizer.step()
    assert not torch.equal(network.heads["mlm"].base_model.encoder.layer[0].output.dense.weight, before)  # type: ignore[union-attr, index]


def trained(network: Network) -> set[str]:
    return {name for name, parameter in network.named_parameters() if parameter.requires_grad}


@pytest.mark.parametrize(
    ("name", "layer"), [("bert", "encoder.layer"), ("distilbert", "transformer.layer"), ("deberta", "encoder.layer")]
)
def test_freezing_takes_out_the_lowest_layers_and_the_embeddings_only(name: str, layer: str, local: Local) -> None:
    network = build_network(Origin(local(name)), {"nli": yes_no()}, 1)
    everything = trained(network)
    network.freeze_lowest(1, embeddings=True)
    frozen = everything - trained(network)
    assert frozen == {n for n in everything if f".{layer}.0." in n or ".embeddings." in n}
    assert len(frozen) > 10


def test_layers_alone_and_embeddings_alone(origin: Origin) -> None:
    layers, embeddings = (build_network(origin, {"nli": yes_no()}, 1) for _ in range(2))
    layers.freeze_lowest(2, embeddings=False)
    embeddings.freeze_lowest(0, embeddings=True)
    assert not any(".layer." in name for name in trained(layers))
    assert any(".embeddings." in name for name in trained(layers))
    assert not any(".embeddings." in name for name in trained(embeddings))
    assert any(".layer.0." in name for name in trained(embeddings))


def test_more_layers_than_there_are_cannot_be_frozen(origin: Origin) -> None:
    with pytest.raises(MissingPart, match=r"freeze_layers is 3.* 2 layers"):
        build_network(origin, {"nli": yes_no()}, 1).freeze_lowest(3, embeddings=False)


@pytest.mark.parametrize("name", ["xlm", "albert"])
def test_layers_that_cannot_be_told_apart_are_not_half_frozen(name: str, local: Local) -> None:
    """XLM keeps the parts of its layers in lists of their own; ALBERT's layers are one and the same."""
    with pytest.raises(MissingPart, match="freeze_layers"):
        build_network(Origin(local(name)), {"nli": yes_no()}, 1).freeze_lowest(1, embeddings=False)


def test_weights_are_put_back_as_they_were(origin: Origin) -> None:
    network, other = build_network(origin, {"nli": yes_no()}, 1), build_network(origin, {"nli": yes_no()}, 2)
    other.load_weights({name: tensor.clone() for name, tensor in network.named_weights().items()})
    assert same(network, other)
