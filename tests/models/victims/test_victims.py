"""Victims of every form against computations of their own, one item at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from xfer.core.errors import XferError
from xfer.forms.base import build_form
from xfer.metrics.retrieval import mine_pairs, unit_vectors
from xfer.models.network import Network, build_network
from xfer.models.predictor import predict_rows
from xfer.models.scratch import Scratch
from xfer.models.victims.build import build_victim
from xfer.models.victims.retrieval import RetrievalVictim

WORDS = "the old man never saw a green house near some very quiet water today and nobody asked him why".split()
LONGEST = 40
TAGS = ["O", "B-PER", "I-PER"]


def network(name: str, labels: list[str], **options: Any) -> Network:
    origin = Scratch(layers=1, width=24, heads=2, vocabulary=300, positions=LONGEST + 4).load_origin(lambda: WORDS * 9)
    return build_network(origin, {"t": build_form(name, labels, options)}, 1).eval()


def sentence(seed: int, count: int) -> str:
    return " ".join(np.random.default_rng(seed).choice(WORDS, size=count))


def same(one: Any, two: Any) -> bool:
    if isinstance(one, tuple):
        return all(map(same, one, two))
    return bool(np.array_equal(one, two))


def alone_as_together(asked: Any, items: list[Any]) -> list[Any]:
    """The answers to all items, which must be those to each alone, and in another order."""
    together = asked(items)
    assert asked([]) == []
    assert all(same(asked([item])[0], answer) for item, answer in zip(items, together, strict=True))
    assert all(map(same, asked(items[::-1])[::-1], together))
    return list(together)


def test_tags() -> None:
    tagger = network("tag", TAGS)
    sentences = [tuple(sentence(i, count).split()) for i, count in enumerate((3, 90, 7))]
    items: list[Any] = [(words, tuple((i + len(words)) % 3 for i in range(len(words)))) for words in sentences]
    items += [(("the", "house"), (-1, 2)), ((), ()), (("old",), (-1,))]
    found = alone_as_together(build_victim(tagger, "t", LONGEST), items)
    for (words, gold), (sure, right) in zip(items[:4], found[:4], strict=True):
        rows = {"id": ["0"], "language": [""], "words": [list(words)], "tags": [None], "text": [" ".join(words)]}
        chosen = predict_rows(tagger, "t", rows, LONGEST)
        places = np.argsort(chosen["word"])
        best, most = (np.concatenate(list(chosen[name]))[places] for name in ("best", "sure"))
        counted = [i for i, number in enumerate(gold) if number >= 0]
        assert right.tolist() == [best[i] == gold[i] for i in counted]
        np.testing.assert_allclose(sure[right], most[counted][right], atol=1e-5)
    assert len(found[3][0]) == 1 and [len(sure) for sure, _ in found[4:]] == [0, 0]
    whole = build_victim(tagger, "t", LONGEST)([(sentences[1], (number,) * 90) for number in range(3)])
    np.testing.assert_allclose(sum(sure for sure, _ in whole), np.ones(90), atol=1e-5)


@pytest.mark.parametrize("rules", ["squad", "squad_v2"])
def test_spans(rules: str) -> None:
    reader = network("span", [], rules=rules, stride=6, question=6, longest=4)
    context = sentence(1, 60)  # several windows
    words = context.split()
    starts = [sum(map(len, words[:i])) + i for i in range(len(words))]
    every = [
        (starts[i], starts[j] + len(words[j])) for i in range(len(words)) for j in range(i, min(i + 4, len(words)))
    ]
    question = "who asked him"
    items: list[Any] = [(context, question, (place,)) for place in every]
    items += [(context, question, tuple(every)), (context, question, ()), ("the house", "why", ((0, 3), (0, 9)))]
    items += [(context, question, ((starts[20], starts[20] + len(" ".join(words[20:27]))),))]  # longer than the longest
    asked = build_victim(reader, "t", LONGEST)
    found = alone_as_together(asked, items[:3] + items[-5:])
    rows = {"id": ["0"], "language": [""], "text": [context], "pair": [question], "answers": [None], "starts": [None]}
    predicted = reader.forms["t"].decode(predict_rows(reader, "t", rows, LONGEST), rows)["predicted"][0]
    assert found[0][0] == predicted
    chances = brute(reader, rows)
    none = chances.pop("none") * (rules == "squad_v2")
    total = sum(chances.values()) + none
    for item, (_, chance) in zip(items, asked(items[: len(every)]), strict=False):
        assert chance == pytest.approx(chances[item[2][0]] / total, abs=1e-6)
    assert found[-4][1] == pytest.approx(sum(chances[place] for place in every) / total, abs=1e-6)
    assert found[-3][1] == pytest.approx(none / total, abs=1e-6)
    assert found[-1][1] == 0.0


def brute(reader: Network, rows: Any) -> dict[Any, float]:
    """exp(start + end) of every span of the windows, by its characters, counted where its start has most context."""
    shape: Any = reader.forms["t"]
    encoded = shape.encode(rows, reader.tokenizer, LONGEST)
    found: dict[Any, float] = {}
    nulls = []
    for unit in range(len(encoded.lengths)):
        ids = torch.tensor([encoded.ids[encoded.starts[unit] : encoded.starts[unit + 1]].tolist()])
        with torch.inference_mode():
            logits = reader("t", {"input_ids": ids, "attention_mask": torch.ones_like(ids)})[0].double().numpy()
        first, past, own, own_past = encoded.kept["places"][unit]
        offsets = encoded.kept["offsets"][unit]
        for start in range(own, own_past):
            for end in range(start, min(start + shape.longest, past)):
                name = int(offsets[start - first, 0]), int(offsets[end - first, 1])
                found[name] = found.get(name, 0.0) + float(np.exp(logits[start, 0] + logits[end, 1]))
        nulls.append(logits[0].sum())
    return found | {"none": float(np.exp(min(nulls)))}


def test_a_head_of_other_labels_is_no_victim() -> None:
    tagger = network("tag", TAGS)
    tagger.forms["t"] = build_form("tag", TAGS[::-1])
    with pytest.raises(XferError, match="has the labels O, B-PER, I-PER; the rows have I-PER, B-PER, O"):
        build_victim(tagger, "t", LONGEST)


def test_choices() -> None:
    chooser = network("choose", [])
    options = (("a house", "the man saw water"), ("him", "a", "why"))
    items: list[Any] = [(sentence(i, 5 + 4 * i), "why" if i else None, options[i % 2]) for i in range(4)]
    for (text, question, own), answer in zip(
        items, alone_as_together(build_victim(chooser, "t", LONGEST), items), strict=True
    ):
        rows = {"id": ["0"], "language": [""], "text": [text], "question": [question], "options": [list(own)]}
        logits = predict_rows(chooser, "t", rows | {"label": [None]}, LONGEST)["logits"][0]
        np.testing.assert_allclose(answer, np.exp(logits) / np.exp(logits).sum(), atol=1e-5)


def pool(count: int) -> list[dict[str, Any]]:
    rows = []
    for language in ("de", "fr"):
        for side in ("query", "candidate"):
            for i in range(count):
                text = sentence(i + 100 * (language == "fr"), 4) + (" today" if side == "candidate" else "")
                gold = [f"c{i}"] if side == "query" else None
                rows.append({"id": f"{side[0]}{i}", "language": language, "side": side, "text": text, "pair": None})
                rows[-1] |= {"gold": gold, "part": "test"}
    return rows


@pytest.mark.parametrize("k", [1, 3])
def test_ranks(k: int) -> None:
    encoder, rows = network("retrieve", []), pool(6)
    asked = build_victim(encoder, "t", LONGEST, rows, k)
    queries = [row for row in rows if row["side"] == "query" and row["language"] == "fr"]
    items: list[Any] = [("fr", row["text"], None, tuple(row["gold"])) for row in queries]
    items.append(("fr", "nobody asked", None, ("c1", "c2")))
    computed = machine_calls(asked)
    found = alone_as_together(asked, items)
    assert computed["candidates"] == 1, "the candidates are encoded once"
    candidates = [row for row in rows if row["side"] == "candidate" and row["language"] == "fr"]
    vectors = plain_vectors(encoder, [item[1] for item in items] + [row["text"] for row in candidates])
    cosines = vectors[: len(items)] @ vectors[len(items) :].T
    for item, (ahead, near), own in zip(items, found, cosines, strict=True):
        right = [int(name[1:]) for name in item[3]]
        wrong = sorted((own[i] for i in range(6) if i not in right), reverse=True)
        assert ahead == pytest.approx(wrong[k - 1] - max(own[right]), abs=1e-5)
        assert near == (sorted(range(6), key=lambda i: -own[i]).index(max(right, key=lambda i: own[i])) < k)
    with pytest.raises(XferError, match="'ru' has no candidates"):
        asked([("ru", "the house", None, ("c1",))])


def machine_calls(asked: Any) -> dict[str, int]:
    """Counts how often a pool of candidates is encoded."""
    counts = {"candidates": 0}
    encoded = asked._encoded

    def counted(language: str) -> Any:
        counts["candidates"] += 1
        return encoded(language)

    asked._encoded = counted
    return counts


def plain_vectors(encoder: Network, texts: list[str]) -> np.ndarray:
    rows = {"id": texts, "language": [""] * len(texts), "text": texts, "pair": [None] * len(texts)}
    return unit_vectors(predict_rows(encoder, "t", rows, LONGEST)["vectors"]).astype(np.float64)


def test_mining_by_margins() -> None:
    encoder, rows = network("retrieve", [], task="mining", neighbours=3), pool(8)
    asked: Any = build_victim(encoder, "t", LONGEST, rows)
    assert isinstance(asked, RetrievalVictim)
    own = [row for row in rows if row["language"] == "de"]
    queries, candidates = own[:8], own[8:]
    vectors = plain_vectors(encoder, [row["text"] for row in own])
    mined = mine_pairs(vectors[:8], vectors[8:], 3)
    margins = {(int(i), int(j)): float(s) for i, j, s in zip(*mined, strict=True)}
    found = asked([("de", row["text"], None, tuple(row["gold"])) for row in queries])
    threshold = asked.pool("de").threshold
    assert len(candidates) == 8 and threshold > 0
    checked = 0
    for i, (ahead, near) in enumerate(found):
        if (i, i) in margins:  # where the pair is mined, its margin is the victim's own
            rivals = [score for (one, _), score in margins.items() if one == i]
            assert near == (margins[i, i] >= threshold - 1e-5) or max(rivals) > margins[i, i]
            assert ahead >= threshold - margins[i, i] - 1e-5
            checked += near
    assert checked >= 2
