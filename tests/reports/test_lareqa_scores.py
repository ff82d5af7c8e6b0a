"""``xfer score lareqa`` with the official files as gold: ids, languages, mAP@20 and faults."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

Write = Callable[..., Path]
Xfer = Callable[..., Any]

TWO = "Yes it is. No it is not."
BREAKS = [[0, 10], [11, 24]]


def official(write: Write, folder: str, **languages: list[int]) -> None:
    """Files of XQuAD-R with one question a paragraph; the lists say which sentence answers each."""
    for code, right in languages.items():
        paragraphs = [
            {
                "context": TWO,
                "sentence_breaks": BREAKS,
                "qas": [{"id": f"q{n}", "question": "?", "answers": [{"text": "it", "answer_start": (4, 14)[one]}]}],
            }
            for n, one in enumerate(right)
        ]
        write(f"{folder}/{code}.json", json.dumps({"version": "1.1", "data": [{"paragraphs": paragraphs}]}))


def said_twice(gold: set[str], ranked: list[str]) -> Fraction:
    """AP@20 from its definition: precision at each rank that brings something new and right, over the best possible."""
    total, seen = Fraction(0), set[str]()
    for rank in range(1, min(20, len(ranked)) + 1):
        item = ranked[rank - 1]
        if item in gold - seen:
            seen.add(item)
            total += Fraction(len(gold & set(ranked[:rank])), rank)
    return total / min(20, len(gold))


def test_a_file_is_scored_with_those_beside_it(write: Write, xfer: Xfer) -> None:
    official(write, "xquad-r", en=[0, 1], de=[1, 1])
    ranked = {
        "q0_de": ["de_1_1", "en_1_1", "en_1_0"],  # right at 1 and 3: (1 + 2/3) / 2
        "q1_de": ["de_1_0", "en_2_1"],  # right at 2, the German one not found: (1/2) / 2
    }
    guess = write("guess.json", json.dumps(ranked))
    found = xfer("score", "lareqa", "--gold", "xquad-r/de.json", "--predictions", guess, "--json").json
    assert found["languages"] == {"de": {"rows": 2, "missing": 0, "map@20": pytest.approx(100 * (5 / 6 + 1 / 4) / 2)}}


def test_a_folder_of_official_files(write: Write, xfer: Xfer) -> None:
    official(write, "data/lareqa/xquad-r", en=[0], de=[1])
    for code in ("en", "de"):
        write(f"guess/lareqa/test-{code}.json", json.dumps({f"q0_{code}": ["en_1_0", "de_1_1"][: 1 + (code == "en")]}))
    for gold in ("data", "data/lareqa", "data/lareqa/xquad-r"):
        found = xfer("score", "lareqa", "--gold", gold, "--predictions", "guess", "--json").json
        assert list(found["languages"]) == ["de", "en"]  # in the benchmark's order
        assert (found["score"], found["gap"]) == (75.0, 50.0)
    whole = xfer("score", "xtreme-r", "--gold", "data", "--predictions", "guess", "--json").json
    assert whole["tasks"]["lareqa"]["score"] == 75.0 and whole["total"] is None
    one = xfer("score", "lareqa", "--gold", "data", "--predictions", "guess", "--language", "de", "--json").json
    assert list(one["languages"]) == ["de"]


def test_map_equals_an_independent_one_on_hard_rankings(write: Write, xfer: Xfer) -> None:
    """Eleven languages with 22 right answers each (more than 20 count), repeated, cut, empty and missing rankings."""
    codes = "ar de el en es hi ru th tr vi zh".split()
    official(write, "xquad-r", **{code: [0, 1] * 8 for code in codes})
    for code in codes:  # two equal sentences in one paragraph are both right
        path = Path("xquad-r") / f"{code}.json"
        data = json.loads(path.read_text())
        first = data["data"][0]["paragraphs"][0]
        first["context"], first["sentence_breaks"] = "Yes it is. Yes it is.", [[0, 10], [11, 21]]
        path.write_text(json.dumps(data))
    pool = [f"{code}_{p}_{s}" for code in codes for p in range(1, 17) for s in (0, 1)]
    gold = {
        f"q{n}_de": {f"{code}_{n + 1}_{s}" for code in codes for s in ((0, 1) if n == 0 else (n % 2,))}
        for n in range(16)
    }
    rng = random.Random(5)
    ranked = {}
    for number, (name, right) in enumerate(gold.items()):
        likely = sorted(right) * 3 + rng.sample(pool, 20)
        ranked[name] = [rng.choice(likely) for _ in range((5, 20, 60)[number % 3])]
    ranked["q0_de"] = sorted(gold["q0_de"])  # 22 right ones, all in order: 1
    ranked["q1_de"] = [name for name in pool if name not in gold["q1_de"]][:20] + sorted(gold["q1_de"])  # too late: 0
    ranked["q2_de"] = []
    del ranked["q3_de"]
    guess = write("test-de.json", json.dumps(ranked))
    found = xfer("score", "lareqa", "--gold", "xquad-r/de.json", "--predictions", guess, "--json").json["languages"][
        "de"
    ]
    each = {name: said_twice(right, ranked.get(name, [])) for name, right in gold.items()}
    assert (each["q0_de"], each["q1_de"], each["q2_de"]) == (1, 0, 0) and len(set(each.values())) > 10
    assert found == {"rows": 16, "missing": 1, "map@20": pytest.approx(float(100 * sum(each.values()) / 16))}


def test_gold_in_the_layout_of_mewsli_x_is_still_taken(write: Write, xfer: Xfer) -> None:
    write("gold/lareqa/test-de.json", json.dumps({"q0_de": ["de_1_1", "en_1_0"]}))
    write("guess/lareqa/test-de.json", json.dumps({"q0_de": ["en_1_0", "x", "de_1_1"]}))
    found = xfer("score", "lareqa", "--gold", "gold", "--predictions", "guess", "--json").json
    assert found["score"] == pytest.approx(100 * (1 + 2 / 3) / 2)


@pytest.mark.parametrize(
    ("guess", "said"),
    [
        ({"q0": ["de_1_1"]}, "guess.json: ranks nothing for any query of xquad-r/de.json, such as 'q0_de'"),
        ({"q0_de": ["de_1_2"]}, "guess.json: query 'q0_de' ranks 'de_1_2', which xquad-r has no candidate of"),
        ({"q0_de": ["el_1_0"]}, "guess.json: query 'q0_de' ranks 'el_1_0', which xquad-r has no candidate of"),
        ({"q0_de": "de_1_1"}, "guess.json: query 'q0_de' has no list of ids"),
    ],
)
def test_a_fault_of_the_predictions_is_one_line(write: Write, xfer: Xfer, guess: Any, said: str) -> None:
    official(write, "xquad-r", en=[0], de=[1])
    write("guess.json", json.dumps(guess))
    found = xfer("score", "lareqa", "--gold", "xquad-r/de.json", "--predictions", "guess.json")
    assert (found.code, found.out) == (2, "")
    assert said in found.err and found.err.count("\n") == 1


def test_a_fault_of_the_gold_is_one_line(write: Write, xfer: Xfer) -> None:
    official(write, "xquad-r", en=[0], de=[1])
    broken = json.loads(Path("xquad-r/en.json").read_text())
    del broken["data"][0]["paragraphs"][0]["sentence_breaks"]
    write("xquad-r/en.json", json.dumps(broken))
    write("guess.json", json.dumps({"q0_en": []}))
    found = xfer("score", "lareqa", "--gold", "xquad-r/en.json", "--predictions", "guess.json")
    assert found.code == 2 and "en.json:1: article 1, paragraph 1 has no list 'sentence_breaks'" in found.err


def test_the_real_files_score_a_perfect_and_a_monolingual_ranking(real: Path, write: Write, xfer: Xfer) -> None:
    """Naming the right sentence of each language is 100; one that stays in its language finds one of all."""
    folder = real / "lareqa" / "xquad-r"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    from xfer.readers.lareqa import gold_file

    codes = sorted(path.stem for path in folder.glob("??.json"))
    for code in codes:
        right = gold_file(folder / f"{code}.json").right
        own = {name: [one for one in ids if one.startswith(f"{code}_")] for name, ids in right.items()}
        write(f"perfect/test-{code}.json", json.dumps(right))
        write(f"own/test-{code}.json", json.dumps(own))
    perfect, mono = (
        xfer("score", "lareqa", "--gold", folder, "--predictions", name, "--json").json for name in ("perfect", "own")
    )
    assert perfect["score"] == 100.0 and set(perfect["languages"]) == set(codes)
    assert mono["score"] == pytest.approx(100 / len(codes), abs=0.2)
