"""Words drawn from themselves and their neighbours: how often, from which lists, and what is refused."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from xfer.attackers.methods.neighbours import NeighbourWords
from xfer.core.errors import BadRow, MissingPart


def row(text: str, number: int = 0, language: str = "en") -> dict[str, Any]:
    return {"id": str(number), "language": language, "text": text, "pair": None, "label": "neutral"}


def changed_text(attacker: NeighbourWords, text: str, number: int = 0, language: str = "en") -> str:
    changed, _ = attacker.change(row(text, number, language), "classify")
    assert changed is not None
    return str(changed["text"])


@pytest.fixture
def near(tmp_path: Path) -> Path:
    path = tmp_path / "near.json"
    path.write_text(json.dumps({"movie": ["film", "cinema", "Movie"], "nice": [], "Good": ["fine"]}))
    return path


def test_a_word_draws_evenly_from_itself_and_its_neighbours(near: Path) -> None:
    attacker = NeighbourWords(neighbours=str(near), draw="words")
    drawn = Counter(changed_text(attacker, "Movie", number) for number in range(900))
    assert set(drawn) == {"Movie", "Film", "Cinema"}
    assert all(count == pytest.approx(300, abs=60) for count in drawn.values())  # four standard errors
    assert {changed_text(attacker, "a nice plot", number) for number in range(20)} == {"a nice plot"}


def test_tokens_are_looked_up_as_they_stand_and_words_beside_punctuation_too(near: Path) -> None:
    tokens, words = (NeighbourWords(neighbours=str(near), draw=draw) for draw in ("tokens", "words"))
    assert {changed_text(tokens, "Movie, good.", n) for n in range(30)} == {"Movie, good."}
    assert len({changed_text(words, "Movie, good.", n) for n in range(60)}) == 6
    assert {changed_text(tokens, "good", n) for n in range(30)} == {"good", "fine"}


def test_a_rate_says_how_many_words_draw(near: Path) -> None:
    attacker = NeighbourWords(neighbours=str(near), rate=0.5)
    changed = sum(changed_text(attacker, "good", number) == "fine" for number in range(800))
    assert changed == pytest.approx(200, abs=4 * (800 * 0.25 * 0.75) ** 0.5)
    assert changed_text(NeighbourWords(neighbours=str(near), rate=0), "good movie") == "good movie"


def test_lists_by_language_serve_every_language_and_json_english_alone(near: Path) -> None:
    (near.parent / "de.txt").write_text("groß\triesig\n")
    found = {
        changed_text(NeighbourWords(neighbours=str(near.parent), draw="words"), "Groß", n, "de") for n in range(20)
    }
    assert found == {"Groß", "Riesig"}
    assert {changed_text(NeighbourWords(neighbours=str(near)), "movie", n, "de") for n in range(20)} == {"movie"}


def test_the_miniature_list_is_for_the_miniature_world_alone(near: Path) -> None:
    (fault,) = NeighbourWords().source_faults("hub")
    assert fault[0] == "neighbours" and "64 words" in fault[1] and "counterfitted_neighbors.json" in fault[2]
    assert not list(NeighbourWords(neighbours=str(near)).source_faults("hub"))
    assert NeighbourWords(neighbours=str(near)).in_source("miniature") == NeighbourWords()
    assert {changed_text(NeighbourWords(), "big", number) for number in range(20)} == {"big", "large"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1]", "not a JSON object"),
        ('{"a": 1}', "does not have a list"),
        ("{", "is not JSON"),
        ('{"a": []}', "empty list"),
    ],
)
def test_a_file_that_is_no_table_is_one_line(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "near.json").write_text(text)
    with pytest.raises(BadRow, match=message):
        NeighbourWords(neighbours=str(tmp_path / "near.json")).file_digests(("en",), lambda path: "")


def test_a_file_that_is_not_there_says_where_to_get_it() -> None:
    with pytest.raises(MissingPart, match="uclanlp/Robust-XLT"):
        NeighbourWords(neighbours="nowhere.json").file_digests(("en",), lambda path: "")


def test_real_neighbours_change_as_many_words_as_their_authors_do(real: Path) -> None:
    """The reference gives 32% of the words and 99% of the rows of 600 NLI rows; these are other rows."""
    path = real / "lexica" / "counterfitted_neighbors.json"
    if not path.is_file():
        pytest.skip(f"no {path}")
    text = "The man is playing a guitar on the street while many people watch him and listen to the music quietly"
    attacker = NeighbourWords(neighbours=str(path))
    words = text.split()
    changed = [
        sum(one != two for one, two in zip(words, changed_text(attacker, text, number).split(), strict=True))
        for number in range(200)
    ]
    assert 0.2 < sum(changed) / (200 * len(words)) < 0.5 and min(changed) > 0
