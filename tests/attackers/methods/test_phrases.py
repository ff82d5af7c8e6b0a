"""Words aligned by what parallel text teaches, phrases by the rule of consistency, and rows mixed of both."""

from __future__ import annotations

from collections import defaultdict
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import digamma

from xfer.attackers.base import Attacker
from xfer.attackers.lexicons import phrases as parallel
from xfer.attackers.lexicons.word_alignment import Aligner, extract_phrases, grow_diagonal
from xfer.core.errors import BadRow, MissingPart
from xfer.readers.base import Reader
from xfer.text.words import counted_words

NOUNS = {"dog": "Hund", "cat": "Katze", "book": "Buch"}
VERBS = {"sees": "sieht", "reads": "liest", "finds": "findet"}
KINDS = {"old": "alte", "big": "große"}
WHOSE = {"a": "ein", "my": "mein", "your": "dein"}
# the verb comes last in the other language
TOLD = [
    (
        f"the {kind} {one} {verb} {whose} {two}",
        f"der {KINDS[kind]} {NOUNS[one]} {WHOSE[whose]} {NOUNS[two]} {VERBS[verb]}",
    )
    for one, verb, whose, two, kind in product(NOUNS, VERBS, WHOSE, NOUNS, KINDS)
]


def rows() -> list[dict[str, Any]]:
    found = []
    for i, (ours, theirs) in enumerate(TOLD):
        found.append({"id": str(i), "language": "en", "text": ours, "pair": f"A {ours}", "label": "x"})
        found.append({"id": str(i), "language": "de", "text": theirs, "pair": theirs, "label": "x"})
    return found


def attacker(name: str, **fields: Any) -> Any:
    return Attacker.model_validate({"type": name, **fields})


# alignment


def test_words_that_move_are_found() -> None:
    aligner = Aligner([(ours.split(), theirs.split()) for ours, theirs in TOLD])
    for ours, theirs in TOLD:
        links, sure = aligner.align_words(ours.split(), theirs.split())
        assert sure <= links and {(1, 1), (2, 2), (3, 5), (4, 3), (5, 4)} <= sure


def test_the_model_is_the_one_that_loops_give() -> None:
    """Five rounds of variational EM of IBM model 1 with a diagonal prior, cell by cell."""
    pairs = [(ours.split(), theirs.split()) for ours, theirs in TOLD[:9]]
    chance: dict[tuple[str, str], float] = defaultdict(lambda: 1.0)

    def prior(i: int, j: int, m: int, n: int) -> float:
        def straight(k: int) -> float:
            return float(np.exp(-4 * abs((k + 0.5) / m - (j + 0.5) / n)))

        return 0.92 * straight(i) / sum(map(straight, range(m)))

    for _ in range(5):
        counts: dict[tuple[str, str], float] = defaultdict(float)
        for one, two in pairs:
            for j, their in enumerate(two):
                cells = [("", 0.08), *((word, prior(i, j, len(one), len(two))) for i, word in enumerate(one))]
                weights = [p * chance[word, their] for word, p in cells]
                for (word, _), weight in zip(cells, weights, strict=True):
                    counts[word, their] += weight / sum(weights)
        totals: dict[str, float] = defaultdict(float)
        for (word, _), count in counts.items():
            totals[word] += count + 0.01
        chance = defaultdict(float) | {
            (word, their): float(np.exp(digamma(count + 0.01) - digamma(totals[word])))
            for (word, their), count in counts.items()
        }
    there = Aligner(pairs).there
    for (word, their), expected in chance.items():
        key = there.ours.get(word, 0) * (len(there.theirs) + 1) + there.theirs[their]
        assert there.chance[np.searchsorted(there.known, key)] == pytest.approx(expected, rel=1e-5)


def test_the_joined_links_by_hand() -> None:
    there, back = {(0, 0), (1, 1), (2, 3), (3, 3)}, {(0, 0), (1, 2), (2, 3)}
    # both have the ends; (1, 1) and (1, 2) touch (0, 0) and (2, 3) and bring words without a link, as (3, 3) does
    assert grow_diagonal(there, back) == {(0, 0), (1, 1), (1, 2), (2, 3), (3, 3)}
    assert grow_diagonal({(0, 0), (5, 5)}, {(0, 0)}) == {(0, 0)}  # what touches nothing stays out


LINKS = st.sets(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=8)


@settings(max_examples=40)
@given(LINKS, st.integers(1, 4))
def test_phrases_are_those_that_the_definition_gives(links: set[tuple[int, int]], most: int) -> None:
    expected = set()
    for first, past, low, high in product(range(6), range(1, 7), range(6), range(1, 7)):
        if not (first < past <= first + most and low < high <= low + 2 * most):
            continue
        inside = [(i, j) for i, j in links if first <= i < past and low <= j < high]
        touching = [(i, j) for i, j in links if first <= i < past or low <= j < high]
        tight = inside and (min(i for i, _ in inside), max(i for i, _ in inside) + 1) == (first, past)
        tight = tight and (min(j for _, j in inside), max(j for _, j in inside) + 1) == (low, high)
        if tight and inside == touching:
            expected.add((first, past, low, high))
    assert set(extract_phrases(links, links, most)) == expected
    assert not set(extract_phrases(links, set(), most))


# rows


def test_a_row_takes_what_its_translation_says() -> None:
    every = rows()
    mixer = attacker("phrase_mixing", languages=["de"], rate=1.0)
    known = mixer.prepare_state(every)
    german = {word for _, theirs in TOLD for word in theirs.split()}
    for row in every[::53]:
        changed, edits = mixer.change(row, "classify", known)
        if row["language"] == "de":
            assert changed == row
            continue
        assert edits and changed["label"] == row["label"]
        beside = set(every[2 * int(row["id"]) + 1]["text"].split())
        new = set(changed["text"].split()) - set(row["text"].split())
        assert new and new <= beside & german


@pytest.mark.parametrize("rate", [0.0, 0.25, 0.5, 1.0])
def test_the_rate_bounds_the_words(rate: float) -> None:
    every = rows()
    mixer = attacker("phrase_mixing", languages=["de"], rate=rate, words=3)
    known, backwards = mixer.prepare_state(every), mixer.prepare_state(list(reversed(every)))
    for row in every[:16:2]:
        changed, edits = mixer.change(row, "classify", known)
        touched = sum(len(counted_words(row[edit["column"]][edit["start"] : edit["end"]])) for edit in edits)
        assert touched <= rate * 13 + 1
        assert (rate > 0) == bool(edits)
        assert changed == mixer.change(row, "classify", backwards)[0]


def test_answers_stay_and_another_label_is_no_translation() -> None:
    every = rows()
    asked = [row | {"answers": [], "starts": [], "label": None} for row in every]
    for row in asked:
        noun = row["text"].split()[2]
        row |= {"answers": [noun], "starts": [row["text"].index(noun)]}
    mixer = attacker("phrase_mixing", languages=["de"], rate=1.0)
    changed, edits = mixer.change(asked[0], "span", mixer.prepare_state(asked))
    assert edits and changed["answers"] == asked[0]["answers"]
    assert changed["text"].startswith(changed["answers"][0], changed["starts"][0])
    other = [row | {"label": row["language"]} for row in every]
    assert mixer.change(other[0], "classify", mixer.prepare_state(other)) == (other[0], [])


def test_no_phrase_begins_within_a_word() -> None:
    links = {(i, i) for i in range(6)}
    text, other = "He won't buy tax-free", "Er wird nicht kaufen steuer frei"
    places = [(word.start, word.end) for word in counted_words(text)]
    theirs = [(word.start, word.end) for word in counted_words(other)]
    found = {
        text[one.start : one.end] for one in parallel._translated_phrases(text, other, places, theirs, links, links, 2)
    }
    assert found == {"He", "won't", "buy", "tax-free"}


@pytest.fixture
def bitext(tmp_path: Path) -> Path:
    lines = [f"{ours} . ||| {theirs} ." for ours, theirs in TOLD]
    (tmp_path / "en-de.txt").write_text("\n".join(lines) + "\n", "utf-8")
    return tmp_path


def test_a_bitext_of_ones_own(bitext: Path) -> None:
    row = {"id": "1", "language": "en", "text": TOLD[0][0] + ".", "pair": None, "label": "x"}
    mixer = attacker("phrase_mixing", languages=["de"], rate=1.0, words=1, bitext=str(bitext))
    assert mixer.further_split("test", ["en"]) is None and mixer.file_digests(["en"], lambda path: path.name) == {
        "en-de": ["en-de.txt"]
    }
    assert mixer.change(row, "classify", mixer.prepare_state([]))[0]["text"] == "der alte Hund sieht ein Hund."
    links = ["0-0 1-1 2-2 3-5 4-3 5-4 6-6", *[""] * (len(TOLD) - 1)]
    (bitext / "en-de.align").write_text("\n".join(links) + "\n", "utf-8")
    changed, _ = mixer.change(row, "classify", mixer.prepare_state([]))
    assert changed["text"] == "der alte Hund sieht ein Hund."
    second = row | {"text": TOLD[1][0] + "."}
    assert mixer.change(second, "classify", mixer.prepare_state([]))[0] == second  # its line has no links


@pytest.mark.parametrize(
    ("lines", "links", "message"),
    [("a b\n", None, ":1: is not: sentence"), ("a ||| b\n", "0-1\n", "links a word"), ("a ||| b\n", "0:0\n", "0-0 1-2"),
     ("a ||| b\n", "0-0\n0-0\n", "has 2 lines")],
)  # fmt: skip
def test_a_broken_bitext_is_one_line(tmp_path: Path, lines: str, links: str | None, message: str) -> None:
    (tmp_path / "en-de.txt").write_text(lines, "utf-8")
    if links is not None:
        (tmp_path / "en-de.align").write_text(links, "utf-8")
    with pytest.raises(BadRow, match=message):
        list(parallel._parse_bitext(*parallel.bitext_files(str(tmp_path), "en", "de")))
    with pytest.raises(MissingPart, match=r"en-fr\.txt"):
        parallel.bitext_files(str(tmp_path), "en", "fr")


def test_where_it_cannot_go() -> None:
    def said(reader: str, **fields: Any) -> str:
        mixer = attacker("phrase_mixing", **{"languages": ["de"], **fields})
        return " ".join(
            f"{what} {hint}" for _, what, hint in mixer.compatibility_faults(Reader.model_validate(reader), ["en"])
        )

    assert not said("xnli") and not said("xquad") and not said("mnli", bitext="x")
    assert "no translations of its rows" in said("mnli") and "no test data in 'pl'" in said("xnli", languages=["pl"])
    assert "the label hangs on" in said("pawsx") and "form tag" in said("panx")
