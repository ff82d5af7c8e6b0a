"""The form ``retrieve``: vectors, in-batch negatives, nearest neighbours, mining and rankings."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from xfer.core.errors import BadRow, MissingPart
from xfer.forms.base import build_form
from xfer.forms.retrieve import RetrieveForm

Rows = dict[str, list[Any]]


def retrieve(**options: Any) -> RetrieveForm:
    found = build_form("retrieve", (), options)
    assert isinstance(found, RetrieveForm)
    return found


def rows(
    *lines: tuple[str, str, str, str, list[str] | None] | tuple[str, str, str, str, list[str] | None, str],
) -> Rows:
    """``(side, language, id, text, gold[, part])`` each."""
    names = ("side", "language", "id", "text", "gold")
    found: Rows = {name: [line[i] for line in lines] for i, name in enumerate(names)}
    return found | {"pair": [None] * len(lines), "part": [line[5] if len(line) > 5 else "test" for line in lines]}


def query(name: str, gold: list[str] | None, language: str = "de", part: str = "test", text: str = "") -> Any:
    return ("query", language, name, text or f"query {language} {name} {part}", gold, part)


def candidate(name: str, language: str = "de", part: str = "test", text: str = "") -> Any:
    return ("candidate", language, name, text or f"candidate {language} {name} {part}", None, part)


# rows

GOOD = {"id": "1", "language": "de", "side": "query", "text": "ein Satz", "pair": None, "gold": ["2"], "part": "test"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"side": "both"}, "side 'both' is not query or candidate"),
        ({"part": "dev"}, "part 'dev' is not test or tune"),
        ({"side": "candidate"}, "candidate 1 has right candidates of its own"),
        ({"gold": "2"}, "gold is not a list of ids"),
        ({"gold": [2]}, "gold is not a list of ids"),
        ({"text": " "}, "has no text"),
    ],
)
def test_a_row_that_is_none_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(BadRow, match=message) as caught:
        retrieve().check_row(GOOD | change, "file", 7)
    assert caught.value.line == 7


def test_queries_may_have_no_right_candidate_and_withheld_ones() -> None:
    for gold in (None, [], ["2", "3"]):
        retrieve().check_row(GOOD | {"gold": gold}, "file", 1)


# vectors


def test_pooling_takes_subwords_and_no_padding() -> None:
    states = torch.tensor([[[1.0, -8.0], [3.0, -2.0], [900.0, 900.0]], [[5.0, 6.0], [math.nan, 0.0], [math.inf, 1.0]]])
    mask = torch.tensor([[1, 1, 0], [1, 0, 0]])
    assert retrieve(pooling="mean").vectors(states, mask).tolist() == [[2.0, -5.0], [5.0, 6.0]]
    assert retrieve(pooling="max").vectors(states, mask).tolist() == [[3.0, -2.0], [5.0, 6.0]]
    assert retrieve(pooling="cls").vectors(states, mask).tolist() == [[1.0, -8.0], [5.0, 6.0]]


def test_the_layer_counts_from_the_embeddings() -> None:
    assert [retrieve(layer=layer).hidden(12) for layer in (None, 0, 7, 12)] == [12, 0, 7, 12]
    # XTREME's 7 of 12 and 13 of 24 count the layers' outputs from 0, without the embeddings
    assert [retrieve(layer="xtreme").hidden(layers) for layers in (12, 24, 2)] == [7 + 1, 13 + 1, 2]
    with pytest.raises(MissingPart, match="layer is 14, but the encoder has 12 layers"):
        retrieve(layer=14).hidden(12)


# training


@pytest.fixture
def pairs() -> Rows:
    return rows(
        query("1", ["a"]),
        query("2", ["b", "c"]),
        query("3", ["a"]),  # shares its candidate with the first
        query("4", []),
        query("5", ["d"]),
        query("6", None),
        candidate("a", text="the old cat"),
        candidate("b", text="two birds sing"),
        candidate("c", text="nobody"),
        candidate("d", text="two birds sing"),  # another id with an equal text
        candidate("e", text="in a garden"),
    )


def test_a_unit_is_a_query_and_one_of_its_right_candidates(pairs: Rows, tokenizer: Any) -> None:
    encoded = retrieve().encode_training(pairs, tokenizer, 40)
    assert encoded.groups is not None
    assert encoded.groups.tolist() == [0, 2, 4, 6, 8, 10]
    texts = [
        tokenizer.decode(encoded.ids[a:b], skip_special_tokens=True)
        for a, b in zip(encoded.starts[:-1], encoded.starts[1:], strict=True)
    ]
    found = list(zip(texts[0::2], texts[1::2], strict=True))
    wanted = [
        ("1", "the old cat"),
        ("2", "two birds sing"),
        ("2", "nobody"),
        ("3", "the old cat"),
        ("5", "two birds sing"),
    ]
    told = [
        (tokenizer.decode(tokenizer(f"query de {name} test")["input_ids"], skip_special_tokens=True), text)
        for name, text in wanted
    ]
    assert found == told
    longest = np.maximum(np.diff(encoded.starts)[0::2], np.diff(encoded.starts)[1::2])
    assert encoded.lengths.tolist() == (2 * longest).tolist()


def test_what_is_right_for_a_query_is_no_negative_of_it(pairs: Rows, tokenizer: Any) -> None:
    kind = retrieve()
    encoded = kind.encode_training(pairs, tokenizer, 40)
    batch = kind.build_batch(encoded, kind.loss_targets(pairs), np.arange(5), tokenizer)
    # units: 1-a, 2-b, 2-c, 3-a, 5-d; the text of d is that of b
    others = [[0, 0, 0, 1, 0], [0, 0, 1, 0, 1], [0, 1, 0, 0, 1], [1, 0, 0, 0, 0], [0, 1, 0, 0, 0]]
    assert batch["others"].int().tolist() == others
    assert batch["labels"].tolist() == [0, 1, 2, 3, 4]
    assert len(batch["input_ids"]) == 10
    assert batch["attention_mask"].sum(1).tolist() == np.diff(encoded.starts).tolist()


def test_the_loss_is_the_softmax_over_candidates_that_are_not_right_as_well(pairs: Rows, tokenizer: Any) -> None:
    kind = retrieve(scale=3.0)
    encoded = kind.encode_training(pairs, tokenizer, 40)
    index = np.array([3, 0, 4, 2, 1])
    batch = kind.build_batch(encoded, kind.loss_targets(pairs), index, tokenizer)
    vectors = np.random.default_rng(1).normal(size=(10, 6))
    found = kind.unit_losses(torch.from_numpy(vectors), batch)
    right = {3: {3, 0}, 0: {3, 0}, 4: {4, 1}, 2: {2, 1, 4}, 1: {1, 2, 4}}  # unit -> units with a right candidate
    for place, unit in enumerate(index):
        one = vectors[2 * place] / np.linalg.norm(vectors[2 * place])
        terms = {}
        for j, other in enumerate(index):
            there = vectors[2 * j + 1] / np.linalg.norm(vectors[2 * j + 1])
            if j == place or other not in right[int(unit)]:
                terms[j] = math.exp(3.0 * float(one @ there))
        assert found[place].item() == pytest.approx(-math.log(terms[place] / sum(terms.values())), rel=1e-5)
    chances = kind.log_probabilities(torch.from_numpy(vectors), batch)
    assert torch.isfinite(chances).all() and chances.exp().sum(1).tolist() == pytest.approx([1.0] * 5)


def test_candidates_belong_to_their_language_unless_the_pool_is_shared(tokenizer: Any) -> None:
    mixed = rows(query("1", ["a"], "de"), candidate("a", "en"))
    with pytest.raises(BadRow, match="query 1 has no candidate a"):
        retrieve().encode_training(mixed, tokenizer, 40)
    assert retrieve(pool="shared").encode_training(mixed, tokenizer, 40).groups is not None


def test_a_training_set_needs_a_right_candidate(tokenizer: Any) -> None:
    with pytest.raises(BadRow, match="no query has a right candidate"):
        retrieve().encode_training(rows(query("1", []), candidate("a")), tokenizer, 40)


def test_to_predict_every_row_is_a_unit_of_its_own(pairs: Rows, tokenizer: Any) -> None:
    encoded = retrieve().encode(pairs, tokenizer, 40)
    assert encoded.groups is None and len(encoded.lengths) == 11
    batch = retrieve().build_batch(encoded, np.zeros(11), np.array([7, 0]), tokenizer)
    assert set(batch) == {"input_ids", "attention_mask"} and len(batch["input_ids"]) == 2


def test_pairs_are_read_after_the_text(tokenizer: Any) -> None:
    both = rows(query("1", ["a"], text="the cat"), candidate("a", text="birds")) | {"pair": [None, "in a garden"]}
    encoded = retrieve().encode(both, tokenizer, 40)
    assert encoded.ids[: encoded.starts[1]].tolist() == tokenizer("the cat")["input_ids"]
    assert encoded.ids[encoded.starts[1] :].tolist() == tokenizer("birds", "in a garden")["input_ids"]


# nearest neighbours and rankings


def two_languages(rng: np.random.Generator) -> tuple[Rows, np.ndarray]:
    """Thirty queries and forty candidates in each of two languages, with equal ids."""
    lines = []
    for language in ("sw", "de"):
        lines += [query(str(i), [f"c{i}", f"c{i + 3}"], language) for i in range(30)]
        lines += [candidate(f"c{i}", language) for i in range(40)]
    found = rows(*lines)
    return found, rng.normal(size=(len(lines), 5)).astype(np.float32)


def brute(vectors: np.ndarray, one: int, others: list[int], names: list[str]) -> list[str]:
    """Candidates by cosine, best first, in plain Python."""

    def cosine(a: np.ndarray, b: np.ndarray) -> float:
        return float(a @ b) / math.sqrt(float(a @ a) * float(b @ b))

    return [names[row] for row in sorted(others, key=lambda row: -cosine(*vectors[[one, row]].astype(np.float64)))]


def test_the_nearest_candidates_are_of_the_querys_own_language() -> None:
    found, vectors = two_languages(np.random.default_rng(2))
    decoded = retrieve().decode({"vectors": vectors}, found)
    assert decoded["id"] == [str(i) for i in range(30)] * 2
    assert decoded["language"] == ["sw"] * 30 + ["de"] * 30
    for place, (name, language) in enumerate(zip(decoded["id"], decoded["language"], strict=True)):
        sides = zip(found["side"], found["language"], found["id"], strict=True)
        one = list(sides).index(("query", language, name))
        others = [row for row in range(140) if found["side"][row] == "candidate" and found["language"][row] == language]
        ranked = brute(vectors, one, others, found["id"])
        assert decoded["predicted"][place] == ranked[:20]
        assert decoded["credit"][place] == float(ranked[0] in (f"c{name}", f"c{int(name) + 3}"))
    assert retrieve().score(decoded) == {"accuracy": sum(decoded["credit"]) / 60}


def test_a_shared_pool_is_that_of_all_languages() -> None:
    found, vectors = two_languages(np.random.default_rng(3))
    found["id"] = [
        name if side == "query" else f"{language}-{name}"
        for name, side, language in zip(found["id"], found["side"], found["language"], strict=True)
    ]
    found["gold"] = [gold and [f"sw-{gold[0]}", f"de-{gold[1]}"] for gold in found["gold"]]
    kind = retrieve(task="ranking", pool="shared")
    decoded = kind.decode({"vectors": vectors}, found)
    others = [row for row in range(140) if found["side"][row] == "candidate"]
    total = 0.0
    for row, predicted, credit in zip(
        [row for row in range(140) if found["side"][row] == "query"],
        decoded["predicted"],
        decoded["credit"],
        strict=True,
    ):
        ranked = brute(vectors, row, others, found["id"])
        assert predicted == ranked[:20]
        ranks = sorted(ranked.index(name) + 1 for name in found["gold"][row])
        wanted = sum((i + 1) / rank for i, rank in enumerate(ranks) if rank <= 20) / 2
        assert credit == pytest.approx(wanted)
        total += wanted
    scores = kind.score(decoded)
    assert scores["map@20"] == pytest.approx(total / 60)
    assert list(scores) == ["map@20", "mrr@20"] and scores["mrr@20"] >= scores["map@20"]


def test_rows_to_tune_on_are_neither_searched_nor_predicted() -> None:
    found = rows(query("1", ["a"]), candidate("a"), query("1", ["a"], part="tune"), candidate("a", part="tune"))
    vectors = np.array([[1, 0], [0, 1], [1, 0], [1, 0]], dtype=np.float32)
    decoded = retrieve().decode({"vectors": vectors}, found)
    assert decoded["id"] == ["1"] and decoded["score"] == [pytest.approx(0.0)]


def test_equal_candidates_stand_in_their_order_and_the_zero_vector_is_nobodys_neighbour() -> None:
    found = rows(query("1", ["b"]), *(candidate(name) for name in "abcd"))
    vectors = np.array([[1, 0], [0, 0], [2, 0], [1, 0], [0, 1]], dtype=np.float32)
    decoded = retrieve().decode({"vectors": vectors}, found)
    assert decoded["predicted"] == [["b", "c", "a", "d"]] and decoded["credit"] == [1.0]
    assert decoded["score"] == [pytest.approx(1.0)]


def test_withheld_gold_is_predicted_and_not_graded() -> None:
    found = rows(query("1", None), query("2", ["a"]), candidate("a"))
    decoded = retrieve().decode({"vectors": np.ones((3, 2), dtype=np.float32)}, found)
    assert decoded["predicted"] == [["a"], ["a"]] and decoded["credit"] == [None, 1.0]
    mined = retrieve(task="mining").decode({"vectors": np.ones((3, 2), dtype=np.float32)}, found)
    assert mined["credit"][0] is None and mined["counts"][0] is None and mined["counts"][1] is not None


def test_a_query_without_candidates_and_a_candidate_that_stands_twice_are_named() -> None:
    with pytest.raises(BadRow, match="query 1 in 'de' has no candidates"):
        retrieve().decode({"vectors": np.ones((2, 2))}, rows(query("1", []), candidate("a", "en")))
    twice = rows(query("1", []), candidate("a", "en"), candidate("a", "de"))
    with pytest.raises(BadRow, match="candidate a stands twice"):
        retrieve(pool="shared").decode({"vectors": np.ones((3, 2))}, twice)


# mining


def corpus(part: str, right: list[str], angles: dict[str, float]) -> tuple[list[Any], list[list[float]]]:
    """Queries q.. and candidates c.. of these names; a query lies at its angle from the candidate of its number,
    and the pairs lie in planes of their own, so that only that candidate is near."""
    width = 2 * len(angles)
    lines, vectors = [], []
    for side in ("query", "candidate"):
        for i, (name, angle) in enumerate(angles.items()):
            vector = [0.1] * width  # a little of everything, so that no neighbour is at a right angle
            vector[2 * i] += math.cos(angle) if side == "query" else 1.0
            vector[2 * i + 1] += math.sin(angle) if side == "query" else 0.0
            gold = [f"c{name}"] if name in right else []
            lines.append(query(f"q{name}", gold, part=part) if side == "query" else candidate(f"c{name}", part=part))
            vectors.append(vector)
    return lines, vectors


def mined(tune: list[str]) -> Rows:
    """Four test pairs ever further apart, with a threshold from four like them, of which ``tune`` are right."""
    angles = {"1": 0.0, "2": 0.5, "3": 0.9, "4": 1.2}
    lines, vectors = corpus("test", ["1", "2", "3"], angles)
    more, further = corpus("tune", tune, angles)
    return retrieve(task="mining").decode(
        {"vectors": np.array(vectors + further, dtype=np.float32)}, rows(*lines, *more)
    )


@pytest.mark.parametrize("kept", [1, 2, 3, 4])
def test_the_threshold_is_that_of_the_rows_to_tune_on(kept: int) -> None:
    decoded = mined([str(i + 1) for i in range(kept)])
    assert decoded["id"] == ["q1", "q2", "q3", "q4"]  # rows to tune on give no predictions
    assert decoded["predicted"] == [[f"c{i + 1}"] if i < kept else [] for i in range(4)]
    assert decoded["counts"] == [[int(i < kept and i < 3), int(i < kept), int(i < 3)] for i in range(4)]
    assert [score > 0 for score in decoded["score"]] == [i < kept for i in range(4)]
    assert decoded["credit"] == [float(i < kept) if i < 3 else float(i >= kept) for i in range(4)]


@pytest.mark.parametrize(("kept", "right"), [(1, 1), (2, 2), (3, 3), (4, 3)])
def test_f1_follows_from_the_sums_of_the_counts(kept: int, right: int) -> None:
    kind, decoded = retrieve(task="mining"), mined([str(i + 1) for i in range(kept)])
    wanted = {"f1": 2 * right / (kept + 3), "precision": right / kept, "recall": right / 3}
    assert kind.score(decoded) == pytest.approx(wanted)
    top, bottom = kind.metric_ratios(decoded)["f1"]
    assert sum(top) / sum(bottom) == pytest.approx(wanted["f1"])


def test_where_nothing_is_right_to_tune_on_every_pair_is_kept() -> None:
    assert mined([])["predicted"] == [["c1"], ["c2"], ["c3"], ["c4"]]


def test_without_rows_to_tune_on_the_rows_tune_themselves_as_xtremes_dev_set() -> None:
    lines, vectors = corpus("test", ["1", "2"], {"1": 0.0, "2": 0.5, "3": 0.9, "4": 1.2})
    decoded = retrieve(task="mining").decode({"vectors": np.array(vectors, dtype=np.float32)}, rows(*lines))
    assert decoded["predicted"] == [["c1"], ["c2"], [], []]


def test_a_sentence_that_stands_twice_is_never_extracted() -> None:
    lines, vectors = corpus("test", ["1", "2"], {"1": 0.0, "2": 0.1})
    twin = [*lines, candidate("twin", text=lines[2][3])]
    kind = retrieve(task="mining")
    decoded = kind.decode({"vectors": np.array([*vectors, vectors[2]], dtype=np.float32)}, rows(*twin))
    assert decoded["predicted"] == [[], ["c2"]]
    assert kind.score(decoded)["recall"] == 0.5


def test_each_language_has_its_own_threshold() -> None:
    angles = {"1": 0.0, "2": 0.5, "3": 0.9, "4": 1.2}
    lines, vectors = [], []
    for language, tune in (("de", ["1"]), ("ru", ["1", "2", "3"])):
        for part, right in (("test", ["1"]), ("tune", tune)):
            more, further = corpus(part, right, angles)
            lines += [(side, language, *rest) for side, _, *rest in more]
            vectors += further
    decoded = retrieve(task="mining").decode({"vectors": np.array(vectors, dtype=np.float32)}, rows(*lines))
    assert [len(found) for found in decoded["predicted"]] == [1, 0, 0, 0, 1, 1, 1, 0]
    assert decoded["language"] == ["de"] * 4 + ["ru"] * 4
