"""Multiple choice of the made-up world: true by construction, balanced, without a shortcut, in the official layouts."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from xfer.forms.base import build_form
from xfer.miniature import LANGUAGES
from xfer.miniature.choice import seeded_stream
from xfer.miniature.choices import XCOPA, ChoiceQuestion, draw_questions
from xfer.miniature.grammar import render_sentence
from xfer.miniature.logic import CONTRADICTION, ENTAILMENT, pair_relation
from xfer.readers.base import Reader, Row
from xfer.readers.sources import rows

SETS = {"hellaswag": 4, "cosmos_qa": 4, "commonsense_qa": 5, "social_iqa": 3, "copa": 2}
WITHHELD = {"hellaswag", "cosmos_qa", "commonsense_qa", "copa"}


def read(world: Path, name: str, split: str, language: str = "en") -> list[Row]:
    return list(rows(Reader.model_validate(name), "miniature", split, language, world))


@pytest.fixture(scope="module", params=[2, 3, 4, 5])
def drawn(request: pytest.FixtureRequest) -> list[ChoiceQuestion]:
    return draw_questions(seeded_stream(7, "test", str(request.param)), 60 * request.param, request.param, set())


def test_one_option_follows_and_the_others_cannot_be(drawn: list[ChoiceQuestion]) -> None:
    for item in drawn:
        for i, option in enumerate(item.options):
            sides = (option, item.text) if item.cause else (item.text, option)
            assert pair_relation(*sides) == (ENTAILMENT if i == item.label else CONTRADICTION)


def test_each_option_is_right_exactly_once(drawn: list[ChoiceQuestion]) -> None:
    right = defaultdict(list)
    for item in drawn:
        right[frozenset(item.options)].append(item.options[item.label])
    assert all(len(options) == len(set(options)) for options in (item.options for item in drawn))
    assert all(Counter(found) == Counter(dict.fromkeys(options, 1)) for options, found in right.items())


def test_labels_are_balanced_and_both_questions_are_asked(drawn: list[ChoiceQuestion]) -> None:
    size = len(drawn[0].options)
    assert Counter(item.label for item in drawn) == dict.fromkeys(range(size), len(drawn) // size)
    assert 0.3 < sum(item.cause for item in drawn) / len(drawn) < 0.7


def test_shared_words_alone_are_not_enough(drawn: list[ChoiceQuestion]) -> None:
    def words(meaning: object) -> set[str]:
        return set(render_sentence(meaning, "en").lower().rstrip(".").split())  # type: ignore[arg-type]

    right = 0.0
    for item in drawn:
        text = words(item.text)
        shared = [len(text & words(option)) / len(text | words(option)) for option in item.options]
        best = [i for i, share in enumerate(shared) if share == max(shared)]
        right += (item.label in best) / len(best)
    assert right / len(drawn) < 0.92


@pytest.mark.parametrize("name", SETS)
def test_every_set_is_read_by_its_own_reader(name: str, world: Path) -> None:
    for split in ("train", "dev", "test"):
        found = read(world, name, split)
        assert {len(row["options"]) for row in found} == {SETS[name]}
        assert len({row["id"] for row in found}) == len(found) >= 100
        for number, row in enumerate(found, 1):
            build_form("choose").check_row(row, name, number)
        counts = Counter(row["label"] for row in found)
        assert counts == (
            {None: len(found)}
            if split == "test" and name in WITHHELD
            else dict.fromkeys(range(SETS[name]), len(found) // SETS[name])
        )


def test_no_options_of_a_held_out_split_are_trained_on(world: Path) -> None:
    def options(split: str) -> set[frozenset[str]]:
        return {frozenset(row["options"]) for name in SETS for row in read(world, name, split)}

    assert not options("train") & (options("dev") | options("test"))
    assert not options("dev") & options("test")


def test_xcopa_is_copa_in_every_language_it_shares_with_the_world(world: Path) -> None:
    reader = Reader.model_validate("xcopa")
    assert (
        reader.offered_languages("miniature", "test")
        == XCOPA
        == tuple(sorted(set(reader.card.languages) & set(LANGUAGES)))
    )
    english = read(world, "copa", "dev")
    for split, size in (("dev", 100), ("test", 500)):
        asked = [(row["id"], row["question"], row["label"]) for row in read(world, "xcopa", split, "zh")]
        assert len(asked) == size
        assert sum("cause" in question for _, question, _ in asked) not in (0, size)
        if split == "dev":
            assert asked == [(row["id"], row["question"], row["label"]) for row in english]
        for language in XCOPA:
            found = read(world, "xcopa", split, language)
            assert [(row["id"], row["question"], row["label"]) for row in found] == asked
            assert len({row["text"] for row in found}) > 0.9 * size


def test_xcopa_holds_the_keys_of_the_official_files(world: Path) -> None:
    line = (world / "xcopa" / "data" / "sw" / "val.sw.jsonl").read_text("utf-8").split("\n")[0]
    assert set(json.loads(line)) == {"premise", "choice1", "choice2", "question", "label", "idx", "changed"}
