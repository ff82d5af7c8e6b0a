"""``choose``: pairs of prompt and option, rows of differing size, loss, decoding, and a small fit from end to end."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
import transformers

from xfer.attackers.methods.typos import Typos
from xfer.core.errors import BadRow
from xfer.forms.base import EncodedUnits, build_form, pad_batch
from xfer.models.base import Origin
from xfer.models.network import Network, build_network, load_network
from xfer.models.predictor import predict_rows
from xfer.steps.rows import row_texts, write_rows
from xfer.trainers.finetune import Finetune
from xfer.trainers.loop.fit import Context, TaskData, fit
from xfer.trainers.mixers import Proportional

ROWS: dict[str, list[Any]] = {
    "id": ["a", "b", "c"],
    "language": ["en", "en", "de"],
    "text": ["the old cat sleeps", "two birds sing on grey roofs", "nobody hears"],
    "question": ["in a garden", None, None],
    "options": [
        ["birds sing", "nobody hears them while the cat sleeps"],
        ["a", "cat", "on roofs", "the", "in"],
        ["roofs", "two grey birds", "them"],
    ],
    "label": [1, 4, None],
}


def network(tokenizer: Any, *tasks: str, kind: str = "xlmr", segments: bool = False) -> Network:
    about = {
        "vocab_size": len(tokenizer),
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "pad_token_id": tokenizer.pad_token_id,
    }
    config: Any = transformers.XLMRobertaConfig if kind == "xlmr" else transformers.BertConfig
    if kind == "xlmr":
        about |= {"type_vocab_size": 1, "max_position_embeddings": 66}
    forms = {task: build_form(task, ["no", "yes"] if task == "classify" else ()) for task in tasks or ("choose",)}
    return build_network(Origin(None, config(**about), tokenizer), forms, 1).eval()


# encoding


def test_each_option_is_the_second_text_of_a_pair_with_text_and_question(tokenizer: Any) -> None:
    encoded = build_form("choose").encode(ROWS, tokenizer, 32)
    wanted = [
        tokenizer(f"{text} {question}" if question else text, option)["input_ids"]
        for text, question, options in zip(ROWS["text"], ROWS["question"], ROWS["options"], strict=True)
        for option in options
    ]
    found = [encoded.ids[a:b].tolist() for a, b in zip(encoded.starts, encoded.starts[1:], strict=False)]
    assert found == wanted
    assert encoded.groups is not None and encoded.groups.tolist() == [0, 2, 7, 10]


def test_a_row_costs_its_options_times_the_longest_of_them(tokenizer: Any) -> None:
    encoded = build_form("choose").encode(ROWS, tokenizer, 32)
    lengths = np.diff(encoded.starts)
    assert encoded.lengths.tolist() == [2 * max(lengths[:2]), 5 * max(lengths[2:7]), 3 * max(lengths[7:])]


def test_units_of_one_sequence_cost_their_length() -> None:
    encoded = EncodedUnits(np.arange(7), np.array([0, 3, 7]), None)
    assert encoded.lengths.tolist() == [3, 4]
    assert pad_batch(encoded, np.array([1, 0]), 9)["input_ids"].tolist() == [[3, 4, 5, 6], [0, 1, 2, 9]]


def test_no_rows_can_be_encoded(tokenizer: Any) -> None:
    encoded = build_form("choose").encode({name: [] for name in ROWS}, tokenizer, 32)
    assert len(encoded.lengths) == 0


def test_long_prompts_are_cut_to_the_limit_for_every_option(tokenizer: Any) -> None:
    rows = ROWS | {"text": ["the old cat sleeps in a garden " * 9] * 3}
    assert np.diff(build_form("choose").encode(rows, tokenizer, 24).starts).max() == 24


def test_a_batch_names_the_sequence_of_each_option(tokenizer: Any) -> None:
    kind = build_form("choose")
    encoded = kind.encode(ROWS, tokenizer, 32)
    batch = kind.build_batch(encoded, kind.loss_targets(ROWS), np.array([2, 0]), tokenizer)
    assert batch["options"].tolist() == [[0, 1, 2], [3, 4, -1]]
    assert batch["labels"].tolist() == [-100, 1]
    texts = [("nobody hears", option) for option in ROWS["options"][2]]
    texts += [("the old cat sleeps in a garden", option) for option in ROWS["options"][0]]
    own = tokenizer([a for a, _ in texts], [b for _, b in texts], padding=True)
    assert batch["input_ids"].tolist() == own["input_ids"]
    assert batch["attention_mask"].tolist() == own["attention_mask"]


def test_segments_follow_their_sequence(segments: Any) -> None:
    kind = build_form("choose")
    encoded = kind.encode(ROWS, segments, 32)
    batch = kind.build_batch(encoded, kind.loss_targets(ROWS), np.array([0]), segments)
    own = segments(["the old cat sleeps in a garden"] * 2, ROWS["options"][0], padding=True)
    assert batch["token_type_ids"].tolist() == own["token_type_ids"]


# the network


@pytest.mark.parametrize("kind", ["xlmr", "bert"])
def test_logits_are_those_of_the_plain_model_with_padded_options(kind: str, tokenizer: Any, segments: Any) -> None:
    words = tokenizer if kind == "xlmr" else segments
    net, chosen = network(words, kind=kind), build_form("choose")
    encoded = chosen.encode(ROWS, words, 32)
    batch = chosen.build_batch(encoded, chosen.loss_targets(ROWS), np.array([0, 1, 2]), words)
    with torch.no_grad():
        logits = net("choose", batch)
        for i, options in enumerate(ROWS["options"]):
            first = " ".join(filter(None, [ROWS["text"][i], ROWS["question"][i]]))
            inputs = words([first] * len(options), options, padding="max_length", max_length=40, return_tensors="pt")
            plain = net.heads["choose"](**{name: tensor[None] for name, tensor in inputs.items()}).logits
            assert torch.allclose(logits[i, : len(options)], plain[0], atol=1e-6)
            assert torch.isneginf(logits[i, len(options) :]).all()


def test_company_in_a_batch_changes_no_answer(tokenizer: Any) -> None:
    net = network(tokenizer)
    together = predict_rows(net, "choose", ROWS, 32)["logits"]
    for i in range(3):
        (alone,) = predict_rows(net, "choose", {name: values[i : i + 1] for name, values in ROWS.items()}, 32)["logits"]
        assert alone.shape == (len(ROWS["options"][i]),)
        assert np.allclose(alone, together[i], atol=1e-6)


@pytest.mark.parametrize(
    "tasks", [("classify", "choose"), ("choose", "classify"), ("mask", "choose"), ("mask", "classify", "choose")]
)
def test_tasks_that_need_a_pooler_share_an_encoder_with_those_that_do_not(
    tasks: tuple[str, ...], tokenizer: Any, tmp_path: Path
) -> None:
    net = network(tokenizer, *tasks)
    assert len({id(head.base_model) for head in net.heads.values()}) == 1
    logits = predict_rows(net, "choose", ROWS, 32)["logits"]
    net.save_tasks(tmp_path)
    again = predict_rows(load_network(tmp_path, "choose", build_form("choose")), "choose", ROWS, 32)["logits"]
    assert [abs(a - b).max() for a, b in zip(logits, again, strict=True)] == pytest.approx([0.0] * 3, abs=1e-6)


# loss


def test_losses_are_those_of_each_row_alone_and_zero_where_the_label_is_withheld() -> None:
    kind = build_form("choose")
    logits = torch.tensor([[1.0, 3.0, -torch.inf], [0.5, 0.0, 2.0], [1.0, 2.0, -torch.inf]], requires_grad=True)
    losses = kind.unit_losses(logits, {"labels": torch.tensor([1, 0, -100])})
    wanted = [math.log(math.e + math.e**3) - 3, math.log(math.e**0.5 + 1 + math.e**2) - 0.5, 0.0]
    assert losses.tolist() == pytest.approx(wanted, abs=1e-6)
    losses.sum().backward()
    assert logits.grad is not None and torch.isfinite(logits.grad).all()
    assert logits.grad[0, 2] == 0 and (logits.grad[2] == 0).all()


def test_absent_options_send_no_gradient_and_break_none(tokenizer: Any) -> None:
    def gradients(index: list[int]) -> list[torch.Tensor]:
        net.zero_grad()
        encoded = kind.encode(ROWS, tokenizer, 32)
        batch = kind.build_batch(encoded, kind.loss_targets(ROWS), np.array(index), tokenizer)
        kind.unit_losses(net("choose", batch), batch).sum().backward()
        return [p.grad.clone() for p in net.parameters() if p.grad is not None]

    net, kind = network(tokenizer), build_form("choose")
    both, one, other = gradients([0, 1]), gradients([0]), gradients([1])
    assert all(torch.isfinite(gradient).all() for gradient in both)
    for a, b, c in zip(both, one, other, strict=True):
        assert torch.allclose(a, b + c, atol=1e-5)


# decoding and scores


def test_decoding_gives_the_best_option_with_its_probability_and_credit() -> None:
    logits = [np.array([0.0, 2.0], np.float32), np.array([5.0, 0, 0, 0, 1.0], np.float32), np.zeros(3, np.float32)]
    found = build_form("choose").decode({"logits": logits}, ROWS)
    assert found["predicted"] == [1, 0, 0]
    assert found["credit"] == [1.0, 0.0, None]
    assert found["gold"] == ROWS["label"] and found["id"] == ROWS["id"] and found["language"] == ROWS["language"]
    assert found["score"] == pytest.approx([math.e**2 / (1 + math.e**2), math.e**5 / (math.e**5 + 3 + math.e), 1 / 3])
    assert [len(row) for row in found["logits"]] == [2, 5, 3]


def test_the_score_is_accuracy() -> None:
    assert build_form("choose").score({"gold": [0, 1, 4, 2], "predicted": [0, 1, 3, 2]}) == {"accuracy": 0.75}


# rows


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"options": ["one"]}, "1 options, not 2 to 5"),
        ({"options": list("abcdef")}, "6 options, not 2 to 5"),
        ({"options": None}, "no options"),
        ({"options": ["a", None]}, "an option that is not text"),
        ({"options": ["a", ""]}, "row 7: option 2 of 2 is empty"),
        ({"options": ["\u3000", "b"]}, "row 7: option 1 of 2 is empty"),
        ({"label": 2}, "label 2 is not one of 0 to 1"),
        ({"label": -1}, "label -1 is not one of 0 to 1"),
        ({"label": "1"}, "label '1' is not one of 0 to 1"),
        ({"label": True}, "label True is not one of 0 to 1"),
        ({"text": " "}, "no text"),
    ],
)
def test_a_row_that_cannot_be_is_told(change: dict[str, Any], words: str) -> None:
    row = {"id": "7", "language": "en", "text": "the cat", "question": None, "options": ["a", "b"], "label": 0}
    build_form("choose").check_row(row, "train.jsonl", 12)
    build_form("choose").check_row(row | {"label": None}, "train.jsonl", 12)
    with pytest.raises(BadRow, match=rf"train\.jsonl:12: .*{words}"):
        build_form("choose").check_row(row | change, "train.jsonl", 12)


def test_typos_change_the_text_and_every_option_but_protected_ones() -> None:
    row = {name: values[1] for name, values in ROWS.items()}
    changed, edits = Typos(rate=1.0).change(row, "choose")
    assert changed is not None and changed["text"] != row["text"] and changed["options"] != row["options"]
    assert len(changed["options"]) == len(row["options"]) and changed["label"] == row["label"]
    assert {edit["column"] for edit in edits} <= {"text", *(f"options/{i}" for i in range(5))}
    build_form("choose").check_row(changed, "typos", 1)
    kept, _ = Typos(rate=1.0, protect=("options",)).change(row, "choose")
    assert kept == row | {"text": kept and kept["text"]} != row


@pytest.mark.parametrize("mark", ["", "\ud83d"])  # half a surrogate pair has no UTF-8
def test_rows_are_kept_as_they_are(mark: str, tokenizer: Any, tmp_path: Path) -> None:
    rows = ROWS | {"options": [[f"{option}{mark}" for option in options] for options in ROWS["options"]]}
    write_rows(tmp_path / "rows.parquet", rows)
    kept = pq.read_table(tmp_path / "rows.parquet").to_pydict()
    whole = [[option.replace("\ud83d", "\ufffd") for option in options] for options in rows["options"]]
    assert kept == rows | {"options": whole}
    first, again = (build_form("choose").encode(each, tokenizer, 32) for each in (rows, kept))
    assert np.array_equal(first.ids, again.ids)


def test_all_texts_of_a_row_train_the_tokenizer() -> None:
    assert list(row_texts({name: values[:1] for name, values in ROWS.items()})) == [
        "the old cat sleeps",
        "in a garden",
        "birds sing",
        "nobody hears them while the cat sleeps",
    ]
    assert list(row_texts({"text": ["a", "b"], "pair": [None, "c"], "label": [0, 1]})) == ["a", "b", "c"]


# from end to end


def made_up(count: int, languages: tuple[str, ...] = ("en",)) -> dict[str, list[Any]]:
    """Rows whose right option repeats a word of the text, with two or three options in turn."""
    words = "cat garden birds roofs nobody".split()
    rows: dict[str, list[Any]] = {name: [] for name in ROWS}
    for i in range(count):
        word, others = words[i % 5], [words[(i + 1 + i // 5 % 2) % 5], words[(i + 3) % 5]]
        label = i // 5 % (2 + i % 2)
        options = others[: 1 + i % 2]
        options.insert(label, word)
        row = [str(i), languages[i % len(languages)], f"the {word}", None, options, label]
        for name, value in zip(rows, row, strict=True):
            rows[name].append(value)
    return rows


def test_a_small_network_learns_to_choose_and_its_folder_is_a_plain_one(tokenizer: Any, tmp_path: Path) -> None:
    settings = Finetune(
        steps=150,
        batch_tokens=400,
        learning_rate=3e-3,
        max_length=24,
        precision="fp32",
        evaluate_every=75,
        weight_decay=0.0,
        warmup=0.1,
        dropout=0.0,
    )
    net = network(tokenizer).train()
    context = Context(tmp_path, 1, None, Proportional(), lambda *_, **__: None)
    result = fit(settings, net, [TaskData("choose", 1.0, made_up(120), made_up(40), ("en",))], context)
    assert result["selected"][1] > 0.8
    rows = made_up(30)
    logits = predict_rows(net, "choose", rows, 24)["logits"]
    net.save_tasks(tmp_path / "saved")
    plain = transformers.AutoModelForMultipleChoice.from_pretrained(tmp_path / "saved" / "choose").eval()
    words = transformers.AutoTokenizer.from_pretrained(tmp_path / "saved" / "choose")
    for text, options, wanted in zip(rows["text"], rows["options"], logits, strict=True):
        inputs = words([text] * len(options), options, padding=True, return_tensors="pt")
        with torch.no_grad():
            found = plain(**{name: tensor[None] for name, tensor in inputs.items()}).logits[0].numpy()
        assert np.allclose(found, wanted, atol=1e-5)
    decoded = build_form("choose").decode({"logits": logits}, rows)
    assert build_form("choose").score(decoded)["accuracy"] == sum(decoded["credit"]) / 30 > 0.8
