"""What is particular to a family: segments, blanks before words, heads under other names, files beside each other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from encoder_matrix import matrix_rows
from encoder_zoo import TEXTS, family_tokenizer, save_family
from safetensors.torch import load_file, save_file

from xfer.core.errors import MissingPart
from xfer.forms.base import build_form
from xfer.models.base import Origin
from xfer.models.folders import read_weights
from xfer.models.network import Network, build_network
from xfer.models.predictor import length_batches, prediction_batches
from xfer.trainers.loop.layers import parameter_depths

LABELS = {"classify": ("yes", "no", "maybe"), "tag": ("B-PER", "I-PER", "O")}


def network_of(folder: Path, *forms: str) -> Network:
    return build_network(Origin(folder), {form: build_form(form, LABELS.get(form, ()), {}) for form in forms}, 0)


def edit_config(folder: Path, **settings: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))


def classify_batch(network: Network) -> dict[str, torch.Tensor]:
    form = network.forms["classify"]
    rows = matrix_rows("classify")
    encoded = form.encode(rows, network.tokenizer, 64)
    return form.build_batch(encoded, form.loss_targets(rows), np.arange(3), network.tokenizer, None)


@pytest.mark.parametrize("family", ["albert", "rembert"])
def test_an_encoder_with_segments_tells_the_texts_of_a_pair_apart(family: str, tmp_path: Path) -> None:
    save_family(family, tmp_path)
    assert "token_type_ids" not in family_tokenizer(family).model_input_names  # as the hub has them
    batch = classify_batch(network_of(tmp_path, "classify"))
    for ids, types, mask in zip(batch["input_ids"], batch["token_type_ids"], batch["attention_mask"], strict=True):
        first = ids.tolist().index(family_tokenizer(family).sep_token_id)
        assert types.tolist() == [int(place > first and bool(mask[place])) for place in range(len(ids))]


def test_an_encoder_with_one_kind_of_segment_is_given_none(tmp_path: Path) -> None:
    save_family("bert", tmp_path)
    tables = load_file(tmp_path / "model.safetensors")
    name = next(name for name in tables if "token_type_embeddings" in name)
    save_file(tables | {name: tables[name][:1].clone()}, tmp_path / "model.safetensors", {"format": "pt"})
    edit_config(tmp_path, type_vocab_size=1)
    network = network_of(tmp_path, "classify")
    batch = classify_batch(network)
    assert "token_type_ids" not in batch
    assert network("classify", batch).isfinite().all()
    network.save_tasks(tmp_path / "saved")
    saved = json.loads((tmp_path / "saved" / "classify" / "tokenizer_config.json").read_text())
    assert "token_type_ids" not in saved["model_input_names"]


@pytest.mark.parametrize("family", ["modernbert", "roberta", "eurobert"])
def test_split_words_have_the_blank_that_they_have_within_a_text(family: str, tmp_path: Path) -> None:
    """ModernBERT's authors lost three points on WikiANN by words that look like the middle of another."""
    save_family(family, tmp_path)
    network = network_of(tmp_path, "tag")
    words = TEXTS[1].split()
    rows = {"id": ["1"], "language": ["en"], "words": [words], "tags": [["O"] * len(words)]}
    encoded = network.forms["tag"].encode(rows, network.tokenizer, 128)
    tokenizer = family_tokenizer(family)
    assert encoded.ids.tolist() == tokenizer(" " + TEXTS[1])["input_ids"]  # as in the middle of a text
    apart = [tokenizer(word, add_special_tokens=False)["input_ids"][0] for word in words]
    first = encoded.ids[encoded.kept["place"]].tolist()
    assert all(subword != bare for subword, bare in zip(first, apart, strict=True))


def test_the_first_subword_of_a_word_of_characters_is_its_first_letter(tmp_path: Path) -> None:
    save_family("canine", tmp_path)
    network = network_of(tmp_path, "tag")
    rows = {"id": ["1"], "language": ["en"], "words": [["ab", "c", "déf"]], "tags": [["O"] * 3]}
    encoded = network.forms["tag"].encode(rows, network.tokenizer, 128)
    assert "".join(chr(i) for i in encoded.ids[encoded.kept["place"]]) == "acd"


def test_debertas_own_masked_lm_head_is_carried_whatever_its_config_says(tmp_path: Path) -> None:
    model = save_family("deberta-v2", tmp_path)
    stored = {name: value.clone() for name, value in model.state_dict().items() if name.startswith("lm_predictions.")}
    assert stored
    edit_config(tmp_path, legacy=True)  # transformers' default, under which the head has another name
    network = network_of(tmp_path, "mask")
    carried = network.heads["mask"].state_dict()
    assert not network.random_heads
    assert all(torch.equal(carried[name], value) for name, value in stored.items())


@pytest.mark.parametrize(("form", "random"), [("mask", ["mask"]), ("classify", [])])
def test_a_masked_lm_head_that_a_bare_encoder_lacks_is_named(form: str, random: list[str], tmp_path: Path) -> None:
    save_family("xlm-roberta", tmp_path, head="Model")
    assert network_of(tmp_path, form).random_heads == random


@pytest.mark.parametrize(
    ("family", "part"),
    [
        ("electra", "embeddings_project"),
        ("convbert", "embeddings_project"),
        ("deberta-v2", "rel_embeddings"),
        ("rembert", "embedding_hidden_mapping_in"),
    ],
)
def test_what_stands_between_embeddings_and_layers_is_of_the_lowest_depth(
    family: str, part: str, tmp_path: Path
) -> None:
    save_family(family, tmp_path)
    depths = parameter_depths(network_of(tmp_path, "classify"))
    named = {name: depth for name, depth in depths.items() if part in name.split(".")}
    assert named and set(named.values()) == {0}
    assert max(depths.values()) == 3


def test_a_whole_file_is_read_and_not_the_index_beside_it(tmp_path: Path) -> None:
    save_family("bert", tmp_path)
    whole = load_file(tmp_path / "model.safetensors")
    other = {name: value + 1 for name, value in whole.items()}
    save_file(other, tmp_path / "model-00001-of-00001.safetensors", {"format": "pt"})
    index = {"weight_map": dict.fromkeys(whole, "model-00001-of-00001.safetensors")}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    assert all(torch.equal(read_weights(tmp_path)[name], value) for name, value in whole.items())
    (tmp_path / "model.safetensors").unlink()
    assert all(torch.equal(read_weights(tmp_path)[name], value) for name, value in other.items())


def test_tasks_of_mt5_whose_encoders_differ_are_refused_in_one_line(tmp_path: Path) -> None:
    save_family("mt5", tmp_path)
    with pytest.raises(MissingPart, match=r"tasks classify and tag cannot share an encoder: .* recipes of their own"):
        network_of(tmp_path, "classify", "tag")


def test_batches_of_one_length_hold_every_row_once() -> None:
    lengths = np.random.default_rng(0).integers(1, 9, 200)
    batches = length_batches(lengths, 40, equal=True)
    assert sorted(np.concatenate(batches)) == list(range(200))
    for batch in batches:
        assert len(set(lengths[batch])) == 1
        assert len(batch) * lengths[batch[0]] <= 40
    sizes = [len(batch) for batch in batches]
    assert len(batches) < 200 and max(sizes) > 1
    assert any(len(set(lengths[batch])) > 1 for batch in length_batches(lengths, 40))


@pytest.mark.parametrize(("family", "shared"), [("canine", False), ("xlm-roberta", True)])
def test_families_that_read_padding_answer_texts_of_one_length_together(
    family: str, shared: bool, tmp_path: Path
) -> None:
    save_family(family, tmp_path)
    network = network_of(tmp_path, "classify")
    encoded = network.forms["classify"].encode(matrix_rows("classify"), network.tokenizer, 64)
    batches = prediction_batches(network, encoded)
    assert any(len(set(encoded.lengths[batch])) > 1 for batch in batches) == shared


@pytest.mark.parametrize(("layer", "refused"), [("xtreme", False), (None, False), (2, False), (1, True), (0, True)])
def test_states_of_blocks_of_characters_are_not_taken_for_those_of_a_text(
    layer: Any, refused: bool, tmp_path: Path
) -> None:
    save_family("canine", tmp_path)  # of two layers, a size that XTREME chose no layer for
    form = {"t": build_form("retrieve", (), {"layer": layer})}
    if refused:
        with pytest.raises(MissingPart, match="are of blocks of characters, four to a block; leave layer out"):
            build_network(Origin(tmp_path), form, 0)
    else:
        assert build_network(Origin(tmp_path), form, 0).forms == form
