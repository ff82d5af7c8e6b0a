"""CCG supertags and named entities of the made-up world, checked by other means than those that made them."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from xfer import miniature
from xfer.miniature import LANGUAGES
from xfer.miniature.ccg import CCG_TAGS
from xfer.readers.base import Reader, Row
from xfer.readers.ccg import Ccg
from xfer.readers.sources import rows

SPLITS = ("train", "dev", "test")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tags")
    miniature.write(folder, parts=["ccg", "tags"])
    return folder


# supertags


def split_category(text: str) -> tuple[str, str, str] | None:
    """Result, slash and argument of a category: its last slash outside brackets."""
    depth = 0
    for place in range(len(text) - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(text[place], 0)
        if depth == 0 and text[place] in "/\\":
            return plain(text[:place]), text[place], plain(text[place + 1 :])
    return None


def plain(text: str) -> str:
    """Without features and outer brackets."""
    text = re.sub(r"\[\w+\]", "", text)
    while text.startswith("(") and text.endswith(")") and balanced(text[1:-1]):
        text = text[1:-1]
    return text


def balanced(text: str) -> bool:
    depth = 0
    for letter in text:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth < 0:
            return False
    return depth == 0


def combine(left: str, right: str) -> set[str]:
    """Application, the composition that puts ``not`` behind its helper, and the final stop."""
    found = set()
    forward, backward = split_category(left), split_category(right)
    if forward and forward[1] == "/" and forward[2] == right:
        found.add(forward[0])
    if backward and backward[1] == "\\" and backward[2] == left:
        found.add(backward[0])
    if forward and backward and forward[1] == "/" and backward[1] == "\\" and forward[0] == backward[2]:
        found.add(f"({backward[0]})/({forward[2]})" if split_category(backward[0]) else f"{backward[0]}/({forward[2]})")
    if right == ".":
        found.add(left)
    return {plain(one) for one in found}


def derives(tags: list[str]) -> bool:
    """Whether the categories make a sentence: a chart parser (CKY) with N -> NP."""
    size = len(tags)
    chart: dict[tuple[int, int], set[str]] = {}
    for width in range(1, size + 1):
        for start in range(size - width + 1):
            cell = {plain(tags[start])} if width == 1 else set()
            for middle in range(start + 1, start + width):
                for left in chart[start, middle]:
                    for right in chart[middle, start + width]:
                        cell |= combine(left, right)
            chart[start, start + width] = cell | ({"NP"} if "N" in cell else set())
    return "S" in chart[0, size]


def test_the_parser_by_hand() -> None:
    assert derives(["NP[nb]/N", "N", "S[dcl]\\NP", "."])
    assert derives(["N", "(S[dcl]\\NP)/(S[b]\\NP)", "(S\\NP)\\(S\\NP)", "(S[b]\\NP)/NP", "N", "."])
    assert not derives(["NP[nb]/N", "S[dcl]\\NP", "."]) and not derives(["N", "N", "."])


def test_the_categories_of_every_sentence_make_a_sentence(world: Path) -> None:
    found = [row for split in SPLITS for row in rows(Ccg(), "miniature", split, "en", world)]
    assert len(found) == 2000
    kinds = {tuple(row["tags"]) for row in found}
    assert len(kinds) > 40
    assert [tags for tags in kinds if not derives(list(tags))] == []


def test_both_layouts_hold_the_same(world: Path) -> None:
    for split in SPLITS:
        one = list(rows(Ccg(), "miniature", split, "en", world))
        other = [
            row
            for path in sorted((world / "ccgbank_1_1/data/AUTO").rglob("*.auto"))
            for row in Ccg().parse(path, split, "en")
            if isinstance(row, dict)
        ]
        assert [(row["words"], row["tags"]) for row in one] == [(row["words"], row["tags"]) for row in other]


def test_the_tags_are_those_that_are_used(world: Path) -> None:
    used = {tag for row in rows(Ccg(), "miniature", "train", "en", world) for tag in row["tags"]}
    assert used == set(CCG_TAGS) and Ccg().label_names("miniature") == CCG_TAGS


def test_a_word_alone_does_not_tell_its_supertag(world: Path) -> None:
    train = list(rows(Ccg(), "miniature", "train", "en", world))
    test = list(rows(Ccg(), "miniature", "test", "en", world))
    assert 0.8 < most_frequent(train, test) < 0.97


def test_no_sentence_stands_in_two_splits(world: Path) -> None:
    texts = {split: {row["text"] for row in rows(Ccg(), "miniature", split, "en", world)} for split in SPLITS}
    assert not texts["train"] & texts["test"] and not texts["train"] & texts["dev"]


def most_frequent(train: list[Row], test: list[Row], outside: str = "") -> float:
    """Accuracy of the tag that a word most often has in training, over words with another tag than ``outside``."""
    known: dict[str, Counter[str]] = {}
    for row in train:
        for word, tag in zip(row["words"], row["tags"], strict=True):
            known.setdefault(word.lower(), Counter())[tag] += 1
    asked = [pair for row in test for pair in zip(row["words"], row["tags"], strict=True) if pair[1] != outside]
    right = [word.lower() in known and known[word.lower()].most_common(1)[0][0] == tag for word, tag in asked]
    return sum(right) / len(right)


# entities


def entities(language: str, split: str, world: Path) -> list[Row]:
    return list(rows(Reader.model_validate("panx"), "miniature", split, language, world))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_all_three_kinds_in_well_formed_runs(language: str, world: Path) -> None:
    for split in SPLITS:
        found = entities(language, split, world)
        counts = Counter(tag for row in found for tag in row["tags"])
        starts = {kind: counts[f"B-{kind}"] for kind in ("PER", "ORG", "LOC")}
        assert min(starts.values()) >= 0.05 * len(found), starts
        for row in found:
            for before, tag in zip(["O", *row["tags"]], row["tags"], strict=False):
                assert not tag.startswith("I-") or before[1:] == tag[1:]
        assert counts["I-ORG"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_parallel_sentences_name_the_same_kinds(language: str, world: Path) -> None:
    def kinds(code: str) -> list[list[str]]:
        found = entities(code, "test", world)
        return [sorted(tag for tag in row["tags"] if tag.startswith("B-")) for row in found]

    assert kinds(language) == kinds("en")


@pytest.mark.parametrize("language", ["de", "en", "es", "hi", "sw", "th", "tr", "zh"])
def test_a_name_alone_does_not_tell_its_kind(language: str, world: Path) -> None:
    train, test = entities(language, "train", world), entities(language, "test", world)
    assert most_frequent(train, test, outside="O") < 0.97
    marks: dict[str, set[str]] = {}
    for row in train:
        for word, tag in zip(row["words"], row["tags"], strict=True):
            marks.setdefault(word, set()).add(tag)
    assert any({"B-LOC", "B-ORG"} <= tags or {"B-LOC", "I-ORG"} <= tags for tags in marks.values())


def test_by_hand(world: Path) -> None:
    found = {row["text"]: row["tags"] for row in entities("en", "train", world)}
    text = next(text for text in found if text.endswith(" at New York University ."))
    assert found[text][-4:] == ["B-ORG", "I-ORG", "I-ORG", "O"]
    text = next(text for text in found if text.startswith("Delta Berlin "))
    assert found[text][:3] == ["B-ORG", "I-ORG", "O"]
