"""What the families of encoders bring: a tokenizer of their own, and modules that were pretrained."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers

import xfer
from xfer.core.errors import MissingPart
from xfer.forms.base import build_form
from xfer.models.adapt import inject_adapters
from xfer.models.base import Origin
from xfer.models.dropout import attention_forward
from xfer.models.network import build_network
from xfer.models.pooling import head_pooling
from xfer.models.pretrained import Pretrained
from xfer.trainers.adversaries.information import build_estimator, noise_contrast
from xfer.trainers.losses.mixup import Mixup
from xfer.trainers.options import Adapt

SPECIAL = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"]
FORMS = {"classify": ("yes", "no"), "tag": ("B-PER", "O"), "choose": (), "span": ()}
SMALL = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "vocab_size": 100,
}


def save_tokenizer(folder: Path) -> None:
    """A tokenizer of 95 words that stand for themselves."""
    words = {word: number for number, word in enumerate([*SPECIAL, *(f"w{i}" for i in range(95))])}
    inner = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    names = {"pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]", "unk_token": "[UNK]"}
    transformers.PreTrainedTokenizerFast(tokenizer_object=inner, mask_token="[MASK]", **names).save_pretrained(folder)


def modern_bert() -> Any:
    marks = {"pad_token_id": 0, "bos_token_id": 1, "cls_token_id": 1, "eos_token_id": 2, "sep_token_id": 2}
    return transformers.ModernBertConfig(**SMALL, **marks)


@pytest.mark.parametrize("form", FORMS)
def test_the_pretrained_prediction_head_of_modernbert_goes_along_as_in_transformers(form: str, tmp_path: Path) -> None:
    pretrained = transformers.ModernBertForMaskedLM(modern_bert())
    pretrained.save_pretrained(tmp_path)
    save_tokenizer(tmp_path)
    head = build_network(Origin(tmp_path), {form: build_form(form, FORMS[form], {})}, 0).heads[form]
    _, plain = type(head).from_pretrained(tmp_path, output_loading_info=True)  # what transformers makes new
    stored = pretrained.state_dict()
    for name, weights in head.state_dict().items():
        assert (name in plain["missing_keys"]) == (name not in stored), name
        assert name not in stored or torch.equal(weights, stored[name]), name
    assert all(name.startswith("classifier") for name in plain["missing_keys"])


@pytest.mark.parametrize("family", ["Bert", "Roberta", "XLMRoberta", "Electra", "DistilBert", "DebertaV2"])
def test_the_head_of_an_earlier_task_does_not(family: str, tmp_path: Path) -> None:
    sizes = {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 64, "vocab_size": 100}
    config = getattr(transformers, f"{family}Config")(**(sizes if family == "DistilBert" else SMALL), num_labels=2)
    earlier = getattr(transformers, f"{family}ForSequenceClassification")(config)
    for name, parameter in earlier.named_parameters():
        if not name.startswith(earlier.base_model_prefix):
            torch.nn.init.constant_(parameter, 7.0)
    earlier.save_pretrained(tmp_path)
    save_tokenizer(tmp_path)
    head = build_network(Origin(tmp_path), {"nli": build_form("classify", ("yes", "no"), {})}, 0).heads["nli"]
    for name, weights in head.state_dict().items():
        assert name.startswith(earlier.base_model_prefix) or not (weights == 7).any(), name


@pytest.mark.parametrize("family", ["Bert", "XLMRoberta", "ModernBert", "DebertaV2", "Electra"])
def test_a_folder_without_a_tokenizer_is_refused_and_says_what_is_missing(family: str, tmp_path: Path) -> None:
    config = modern_bert() if family == "ModernBert" else getattr(transformers, f"{family}Config")(**SMALL)
    getattr(transformers, f"{family}Model")(config).save_pretrained(tmp_path)
    with pytest.raises(
        MissingPart, match=r"holds no tokenizer, so that every word would be unknown; put one of tokenizer"
    ):
        Pretrained(name=str(tmp_path)).weights_revision(lambda path: "", lambda name: "")
    with pytest.raises(MissingPart) as refused:
        build_network(Origin(tmp_path), {"nli": build_form("classify", ("yes", "no"), {})}, 0)
    assert "code of its own" not in str(refused.value)
    save_tokenizer(tmp_path)
    assert Pretrained(name=str(tmp_path)).weights_revision(lambda path: "same", lambda name: "")


def test_an_encoder_of_characters_needs_no_file_of_words(tmp_path: Path) -> None:
    transformers.CanineModel(transformers.CanineConfig(**SMALL, num_hash_buckets=16)).save_pretrained(tmp_path)
    transformers.CanineTokenizer().save_pretrained(tmp_path)
    assert Pretrained(name=str(tmp_path)).weights_revision(lambda path: "same", lambda name: "")


def test_a_search_against_retrieval_without_a_stage_asks_the_model_as_it_is(tmp_path: Path) -> None:
    transformers.XLMRobertaModel(transformers.XLMRobertaConfig(**SMALL, pad_token_id=0)).save_pretrained(tmp_path / "m")
    save_tokenizer(tmp_path / "m")
    swap = {"type": "code_mixing_search", "languages": ["es"], "budget": 5}
    recipe = {
        "name": "stageless",
        "source": "miniature",
        "model": {"type": "pretrained", "name": str(tmp_path / "m")},
        "evaluate": {
            "clean": {"reader": "tatoeba", "languages": ["de"]},
            "worst": {"reader": "tatoeba", "languages": ["de"], "attacker": swap},
        },
        "limits": {"test_rows": 4},
    }
    (tmp_path / "stageless.yaml").write_text(json.dumps(recipe))
    report = xfer.run(tmp_path / "stageless.yaml", store=tmp_path / "store")
    assert {"clean", "worst", "worst.drop"} <= report["mean"].keys()


def pooled_encoders() -> dict[str, Any]:
    marks = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
    decoder = {**SMALL, **marks, "num_key_value_heads": 2, "head_dim": 16}
    return {
        "cls": lambda: transformers.XLMRobertaModel(transformers.XLMRobertaConfig(**SMALL, pad_token_id=0)),
        "pooler": lambda: transformers.BertModel(transformers.BertConfig(**SMALL, pad_token_id=0)),
        "mean": lambda: transformers.ModernBertModel(_mean_pooled()),
        "last": lambda: transformers.Qwen3Model(transformers.Qwen3Config(**decoder)),
    }


def _mean_pooled() -> Any:
    config = modern_bert()
    config.classifier_pooling = "mean"
    return config


@pytest.mark.parametrize("pooled_by", ["cls", "pooler", "mean", "last"])
def test_mixup_mixes_what_the_head_reads(pooled_by: str, tmp_path: Path) -> None:
    """At a share of 1 a row answers as itself, at 0 as its partner, however long either is."""
    pooled_encoders()[pooled_by]().save_pretrained(tmp_path)
    save_tokenizer(tmp_path)
    form = build_form("classify", ("yes", "no"), {})
    network = build_network(Origin(tmp_path), {"nli": form}, 0).eval()
    with torch.no_grad():
        for parameter in network.parameters():  # so that rows differ by much more than rounding
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1)))
    assert head_pooling(network, "nli") == pooled_by.replace("pooler", "cls")
    ids = torch.tensor([[1, 9, 8, 7, 2, 0, 0], [1, 5, 2, 0, 0, 0, 0], [1, 11, 12, 13, 14, 15, 2]])
    batch = {"input_ids": ids, "attention_mask": (ids != 0).long(), "labels": torch.zeros(3, dtype=torch.long)}
    partner = torch.tensor([1, 2, 0])
    with torch.no_grad():
        plain = network("nli", batch)
        for share, wanted in ((1.0, plain), (0.0, plain[partner])):
            mixed = batch | {"partner": partner, "share": torch.tensor(share)}
            with Mixup(alpha=0.2).around_pass(network, mixed):
                assert torch.allclose(network("nli", mixed), wanted, atol=1e-5)
    assert (plain - plain[partner]).abs().max() > 1e-2


def functional_dropouts() -> dict[str, Any]:
    xlm = transformers.XLMConfig(emb_dim=32, n_layers=2, n_heads=2, n_words=100, n_langs=1, pad_index=0, dropout=0.0)
    return {"XLM": xlm, "Albert": transformers.AlbertConfig(**SMALL, embedding_size=16)}


@pytest.mark.parametrize("family", ["XLM", "Albert"])
def test_dropout_of_a_stage_reaches_what_is_no_module(family: str, tmp_path: Path) -> None:
    getattr(transformers, f"{family}Model")(functional_dropouts()[family]).save_pretrained(tmp_path)
    save_tokenizer(tmp_path)
    network = build_network(Origin(tmp_path), {"nli": build_form("classify", ("yes", "no"), {})}, 0).train()
    ids = torch.tensor([[1, 9, 8, 7, 2]])
    batch = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": torch.zeros(1, dtype=torch.long)}
    spread = []
    for rate in (0.0, 0.9):
        network.set_dropout(rate)
        with torch.no_grad():
            states = [
                network.encoder(**{name: batch[name] for name in ("input_ids", "attention_mask")})[0] for _ in range(4)
            ]
        spread.append(float(torch.stack(states).std(0).mean()))
    assert spread[0] == 0 and spread[1] > 0.05


def test_infobert_reads_embeddings_that_are_narrower_than_the_states(tmp_path: Path) -> None:
    transformers.AlbertModel(transformers.AlbertConfig(**SMALL, embedding_size=16)).save_pretrained(tmp_path)
    save_tokenizer(tmp_path)
    network = build_network(Origin(tmp_path), {"nli": build_form("classify", ("yes", "no"), {})}, 0)
    score = build_estimator(network, 1)
    bound = noise_contrast(score, torch.randn(4, 16), torch.randn(4, 32))
    by_hand = torch.cat([torch.randn(3, 16), torch.randn(3, 32)], 1)
    assert score(by_hand).shape == (3, 1) and torch.isfinite(bound)


def test_queries_that_rotary_positions_leave_wider_are_attended_to_in_bf16() -> None:
    query, key = torch.randn(1, 2, 5, 8), torch.randn(1, 2, 5, 8)
    value: Any = torch.randn(1, 2, 5, 8, dtype=torch.bfloat16)
    bidirectional: Any = SimpleNamespace(is_causal=False)
    for dropout in (0.0, 0.1):
        output, _ = attention_forward(bidirectional, query, key, value, None, dropout=dropout)
        assert output.dtype == torch.bfloat16 and output.isfinite().all()


@pytest.mark.parametrize("family", ["ModernBert", "XLM"])
def test_adapters_and_frozen_embeddings_fit_families_that_peft_and_bert_do_not_name(
    family: str, tmp_path: Path
) -> None:
    config = modern_bert() if family == "ModernBert" else functional_dropouts()["XLM"]
    getattr(transformers, f"{family}Model")(config).save_pretrained(tmp_path)
    save_tokenizer(tmp_path)
    network = build_network(Origin(tmp_path), {"nli": build_form("classify", ("yes", "no"), {})}, 0)
    network.freeze_lowest(0, embeddings=True)
    assert not network.encoder.get_input_embeddings().weight.requires_grad
    inject_adapters(network, Adapt(method="lora"), 1)
    assert any("lora_A" in name for name, _ in network.named_parameters())


def test_a_model_that_reads_from_left_to_right_is_not_pooled_at_its_first_state(tmp_path: Path) -> None:
    pooled_encoders()["last"]().save_pretrained(tmp_path)
    save_tokenizer(tmp_path)
    with pytest.raises(MissingPart, match=r"reads from left to right.*say pooling: last or mean"):
        build_network(Origin(tmp_path), {"t": build_form("retrieve", (), {"pooling": "cls"})}, 0)
    form = build_form("retrieve", (), {"pooling": "last"})
    network = build_network(Origin(tmp_path), {"t": form}, 0).eval()
    ids = torch.tensor([[1, 9, 8, 7], [1, 9, 0, 0]])
    with torch.no_grad():
        vectors = network("t", {"input_ids": ids, "attention_mask": (ids != 0).long()})
        states = network.encoder(input_ids=ids, attention_mask=(ids != 0).long()).last_hidden_state
    assert torch.equal(vectors, torch.stack([states[0, 3], states[1, 1]]))
