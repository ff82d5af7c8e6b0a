"""``tag``: labels on first subwords, windows over long sentences, every word scored, and a tiny run."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import PreTrainedTokenizerFast

from xfer.core.errors import BadRow
from xfer.forms.base import build_form
from xfer.forms.tag import word_windows
from xfer.models.network import Network, build_network, load_network
from xfer.models.predictor import predict_rows
from xfer.models.scratch import Scratch
from xfer.steps.rows import require_labels, write_rows
from xfer.trainers.finetune import Finetune
from xfer.trainers.loop.fit import Context, TaskData, fit
from xfer.trainers.mixers import Proportional

LABELS = ["O", "B-PER", "I-PER"]
LONG = "two birds sing on grey roofs and nobody hears them while the old cat sleeps in a garden".split()


def rows(*sentences: str, tags: list[Any] | None = None) -> dict[str, list[Any]]:
    words = [sentence.split(" ") for sentence in sentences]
    return {
        "id": [str(i) for i in range(len(words))],
        "language": ["en"] * len(words),
        "text": list(sentences),
        "words": words,
        "tags": tags or [["O"] * len(part) for part in words],
    }


def answered(kind: Any, encoded: Any, best: list[int], sure: float = 1.0) -> dict[str, Any]:
    """What ``predict`` would hand to ``decode`` if word i of all rows were answered ``best[i]``."""
    begin, word = encoded.kept["begin"], encoded.kept["word"]
    parts = [np.array([best[w] for w in word[begin[u] : begin[u + 1]]], dtype=np.int64) for u in range(len(begin) - 1)]
    return {"best": parts, "sure": [np.full(len(part), sure) for part in parts], **encoded.kept}


def test_the_subwords_of_a_sentence_are_those_of_its_words(tokenizer: Any) -> None:
    found = build_form("tag", LABELS).encode(rows("the old cat", "nobody hears"), tokenizer, 32)
    for unit, text in enumerate(("the old cat", "nobody hears")):
        assert found.ids[found.starts[unit] : found.starts[unit + 1]].tolist() == tokenizer(text)["input_ids"]
    assert found.kept["row"].tolist() == [0, 1]
    assert found.types is None


def test_labels_stand_on_first_subwords(tokenizer: Any) -> None:
    kind = build_form("tag", LABELS)
    data = rows("xyzzy cat", tags=[["B-PER", "O"]])
    pieces = [len(tokenizer(word, add_special_tokens=False)["input_ids"]) for word in ("xyzzy", "cat")]
    assert pieces[0] > 1
    encoded = kind.encode(data, tokenizer, 32)
    batch = kind.build_batch(encoded, kind.loss_targets(data), np.array([0]), tokenizer)
    assert batch["positions"].tolist() == [1, 1 + pieces[0]]
    assert batch["labels"].tolist() == [1, 0]


def test_positions_count_through_the_padded_batch(segments: Any) -> None:
    kind = build_form("tag", LABELS)
    data = rows("the cat", "two birds sing on", tags=[["O", "B-PER"], ["O", "O", "I-PER", "O"]])
    encoded = kind.encode(data, segments, 32)
    batch = kind.build_batch(encoded, kind.loss_targets(data), np.array([1, 0]), segments)
    assert batch["input_ids"].shape == (2, 6) and batch["token_type_ids"].sum() == 0
    assert batch["positions"].tolist() == [1, 2, 3, 4, 7, 8]
    assert batch["labels"].tolist() == [0, 0, 2, 0, 0, 1]
    assert batch["counts"].tolist() == [4, 2]


def test_a_word_without_subwords_is_the_unknown_one_and_still_scored(segments: Any) -> None:
    kind = build_form("tag", LABELS)
    data = rows("the cat", "x", tags=[["O", "B-PER"], ["O"]])
    data["words"][0] = ["the", ""]
    encoded = kind.encode(data, segments, 32)
    assert encoded.ids[:4].tolist() == [1, 5, segments.unk_token_id, 2]
    found = kind.decode(answered(kind, encoded, [0, 0, 0]), data)
    assert found["predicted"] == [["O", "O"], ["O"]] and found["credit"] == [0.5, 1.0]


def test_byte_level_words_look_like_words_within_a_text() -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    inner = Tokenizer(
        models.BPE(
            vocab={"<s>": 0, "<pad>": 1, "a": 2, "Ġa": 3, "b": 4, "Ġb": 5, "Ġ": 6}, merges=[("Ġ", "a"), ("Ġ", "b")]
        )
    )
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made = PreTrainedTokenizerFast(tokenizer_object=inner, pad_token="<pad>")
    assert build_form("tag", LABELS).encode(rows("b a"), made, 8).ids.tolist() == [5, 3]


@pytest.mark.parametrize("lengths", [[1] * 40, [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4], [10] * 7])
@pytest.mark.parametrize("room", [10, 11, 17, 1000])
def test_windows_fit_and_their_own_words_partition_the_sentence(lengths: list[int], room: int) -> None:
    found = list(word_windows(lengths, room))
    assert [word for _, _, own, stop in found for word in range(own, stop)] == list(range(len(lengths)))
    at = np.concatenate([[0], np.cumsum(lengths)])
    for first, end, own, stop in found:
        assert first <= own <= stop <= end and at[end] - at[first] <= room
    if room == 1000:
        assert found == [(0, len(lengths), 0, len(lengths))]


def test_each_word_belongs_to_the_window_with_most_context() -> None:
    found = list(word_windows([1] * 25, 10))
    assert [(first, end) for first, end, _, _ in found] == [(0, 10), (5, 15), (10, 20), (15, 25)]

    def context(word: int, first: int, end: int) -> int:
        left = word - first if first else 99
        return min(left, end - 1 - word if end < 25 else 99)

    for first, end, own, stop in found:
        for word in range(own, stop):
            others = [context(word, a, b) for a, b, _, _ in found if a <= word < b]
            assert context(word, first, end) == max(others)


def test_a_long_sentence_is_one_row_whose_words_are_all_answered(segments: Any) -> None:
    kind = build_form("tag", LABELS)
    data = rows(" ".join(LONG), "the cat")
    encoded = kind.encode(data, segments, 8)
    assert encoded.lengths.max() <= 8 and len(encoded.lengths) > 3
    assert sorted(encoded.kept["word"].tolist()) == list(range(len(LONG) + 2))
    best = [i % 3 for i in range(len(LONG) + 2)]
    found = kind.decode(answered(kind, encoded, best, 0.5), data)
    assert [len(part) for part in found["predicted"]] == [len(LONG), 2]
    assert found["predicted"][0] == [LABELS[i % 3] for i in range(len(LONG))]
    assert found["score"] == [0.5, 0.5]
    everything = kind.build_batch(encoded, kind.loss_targets(data), np.arange(len(encoded.lengths)), segments)
    assert len(everything["labels"]) == len(LONG) + 2  # each word is trained on once


def test_decoding_gives_credit_counts_and_leaves_withheld_rows_out(segments: Any) -> None:
    kind = build_form("tag", LABELS)
    data = rows("the old cat", "two birds", tags=[["B-PER", "I-PER", "O"], None])
    assert kind.loss_targets(data).tolist() == [1, 2, 0, -100, -100]
    found = kind.decode(answered(kind, kind.encode(data, segments, 32), [1, 2, 1, 0, 0]), data)
    assert found["gold"] == [["B-PER", "I-PER", "O"], None]
    assert found["credit"] == [pytest.approx(2 / 3), None]
    assert found["counts"] == [[1, 2, 1], None]


def test_f1_comes_first_with_token_accuracy_beside_unless_accuracy_is_asked_for() -> None:
    found = {"gold": [["B-PER", "I-PER", "O"]], "predicted": [["B-PER", "O", "O"]]}
    assert build_form("tag", LABELS).score(found) == pytest.approx(
        {"f1": 0, "precision": 0, "recall": 0, "accuracy": 2 / 3}
    )
    assert next(iter(build_form("tag", LABELS).score(found))) == "f1"
    assert build_form("tag", LABELS, {"metric": "accuracy"}).score(found) == pytest.approx({"accuracy": 2 / 3})


def test_losses_ignore_withheld_tags() -> None:
    logits = torch.tensor([[0.0, 1.0, 3.0], [1.0, 1.0, 1.0]])
    losses = build_form("tag", LABELS).unit_losses(logits, {"labels": torch.tensor([2, -100])})
    assert losses.tolist() == pytest.approx([math.log(1 + math.e + math.e**3) - 3, 0.0], abs=1e-6)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"words": []}, "row 7 has no words"),
        ({"words": None}, "row 7 has no words"),
        ({"words": ["a", None]}, "row 7 has no words"),
        ({"tags": ["O"]}, "row 7 has 2 words and 1 tags"),
        ({"tags": ["O", "B-LOC"]}, "tag 'B-LOC' is not one of O, B-PER, I-PER"),
    ],
)
def test_bad_rows(change: dict[str, Any], what: str) -> None:
    row = {"id": "7", "language": "en", "text": "a b", "words": ["a", "b"], "tags": ["O", "O"]} | change
    with pytest.raises(BadRow, match=rf"train\.tsv:3: {what}"):
        build_form("tag", LABELS).check_row(row, "train.tsv", 3)
    build_form("tag", LABELS).check_row(row | {"words": ["a", ""], "tags": None}, "test.tsv", 3)


def test_a_training_sentence_without_tags_is_a_bad_row() -> None:
    with pytest.raises(BadRow, match="training data:2: row 1 has no label"):
        require_labels(rows("the cat", "two birds", tags=[["O", "O"], None]), "tag")


def tagged(count: int) -> dict[str, list[Any]]:
    """Sentences in which cat and birds are named, at lengths that need one window and several."""
    texts = [" ".join((LONG * 2)[i % 9 : i % 9 + 2 + i * 7 % 20]) for i in range(count)]
    tags = [["B-PER" if word in ("cat", "birds") else "O" for word in text.split(" ")] for text in texts]
    return rows(*texts, tags=tags)


def test_a_tiny_network_learns_through_the_loop_and_is_saved_and_loaded(tmp_path: Path) -> None:
    data = tagged(64)
    origin = Scratch(layers=1, width=32, heads=2, vocabulary=300, positions=24, dropout=0.0).load_origin(
        lambda: data["text"]
    )
    kind = build_form("tag", LABELS)
    network: Network = build_network(origin, {"ner": kind}, 1)
    task = TaskData("ner", 1.0, data, tagged(24), ("en",))
    settings = Finetune(steps=60, batch_size=8, learning_rate=5e-3, max_length=12, precision="fp32")
    result = fit(settings, network, [task], Context(tmp_path, 1, None, Proportional(), lambda *_, **__: None))
    assert result["rows"]["ner"] > 64  # units are windows
    assert result["curve"][-1]["dev"]["ner"]["en"] > 0.95
    network.save_tasks(tmp_path)
    fresh = load_network(tmp_path, "ner", kind)
    test = tagged(30)
    found = kind.decode(predict_rows(fresh, "ner", test, result["max_length"]), test)
    assert kind.score(found)["f1"] > 0.95 and kind.score(found)["accuracy"] > 0.98
    assert fresh.heads["ner"].config.id2label == dict(enumerate(LABELS))
    write_rows(tmp_path / "predictions.parquet", found)
    import pyarrow.parquet as pq

    assert pq.read_table(tmp_path / "predictions.parquet").to_pydict() == found
