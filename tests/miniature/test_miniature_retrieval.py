"""LAReQA and Mewsli-X in miniature: layouts, offsets, one right answer, and no answer by equal words alone."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from xfer import miniature
from xfer.forms.base import build_form
from xfer.metrics.retrieval import average_precision
from xfer.miniature.entities import MENTIONED, PEOPLE_SIZES, describe_person, draw_people
from xfer.miniature.passages import XQUAD
from xfer.miniature.writing import PARTS
from xfer.readers.base import Reader, Row
from xfer.readers.mewsli import MewsliX
from xfer.readers.sources import rows


@pytest.fixture(scope="module")
def retrieval(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world with these parts alone."""
    folder = tmp_path_factory.mktemp("retrieval")
    miniature.write(folder, parts=["answers", "mentions", "passages"])
    return folder


@cache
def read(name: str, split: str, world: Path) -> dict[str, list[Row]]:
    """The rows of every language."""
    reader = Reader.model_validate(name)
    check = build_form("retrieve", (), reader.form_options()).check_row
    return {
        code: list(rows(reader, "miniature", split, code, world, None, check))
        for code in reader.offered_languages("miniature", split)
    }


def queries(found: list[Row]) -> list[Row]:
    return [row for row in found if row["side"] == "query"]


def pool(found: dict[str, list[Row]]) -> dict[str, Row]:
    return {row["id"]: row for part in found.values() for row in part if row["side"] == "candidate"}


def test_the_readers_name_their_parts() -> None:
    for name in ("lareqa", "squad_r", "mewsli_x"):
        reader = Reader.model_validate(name)
        assert set(reader.world_parts("train")) | set(
            reader.world_parts("test" if name != "squad_r" else "dev")
        ) <= set(PARTS)
    assert Reader.model_validate("lareqa").world_parts("train") == ("passages",)
    assert Reader.model_validate("lareqa").world_parts("test") == ("answers",)


@pytest.mark.parametrize("name", ["lareqa", "mewsli_x"])
def test_every_language_has_queries_and_every_gold_is_a_candidate(name: str, retrieval: Path) -> None:
    found = read(name, "test", retrieval)
    assert tuple(found) == (XQUAD if name == "lareqa" else MENTIONED)
    known = pool(found)
    assert len(known) == sum(row["side"] == "candidate" for part in found.values() for row in part)
    for part in found.values():
        asked = queries(part)
        assert len({row["id"] for row in asked}) == len(asked) >= 100
        assert all(set(row["gold"]) <= set(known) for row in asked)
        for row in part:
            assert unicodedata.is_normalized("NFC", row["text"]) and "  " not in row["text"] and row["text"].strip()


def test_lareqa_is_parallel_and_right_once_a_language(retrieval: Path) -> None:
    found = read("lareqa", "test", retrieval)
    known = pool(found)
    for code, part in found.items():
        for row, english in zip(queries(part), queries(found["en"]), strict=True):
            assert row["gold"] == english["gold"]
            assert Counter(known[name]["language"] for name in row["gold"]) == dict.fromkeys(XQUAD, 1)
            assert row["id"].removesuffix(f"_{code}") == english["id"].removesuffix("_en")


def test_official_files_spell_their_sentences(retrieval: Path) -> None:
    for path in sorted((retrieval / "lareqa" / "xquad-r").iterdir()):
        for paragraph in json.loads(path.read_text("utf-8"))["data"][0]["paragraphs"]:
            cut = [paragraph["context"][start:end] for start, end in paragraph["sentence_breaks"]]
            assert cut == paragraph["sentences"] and " ".join(cut) == paragraph["context"]


def test_the_rule_finds_the_sentences_of_the_training_passages(retrieval: Path) -> None:
    """Training cuts by our rule; here every sentence ends with a full stop."""
    for row in read("squad_r", "dev", retrieval)["en"]:
        if row["side"] == "candidate":
            assert row["text"].count(".") == 1 and row["text"].endswith(".")
            assert row["text"] in row["pair"]


def test_train_and_test_share_no_passage_and_no_person(retrieval: Path) -> None:
    trained = {row["pair"] for row in read("lareqa", "train", retrieval)["en"] if row["pair"]}
    tested = {row["pair"] for row in read("lareqa", "test", retrieval)["en"] if row["pair"]}
    assert len(trained) > 2000 and len(trained & tested) <= 1
    known = {row["id"] for row in read("mewsli_x", "train", retrieval)["en"] if row["side"] == "candidate"}
    assert len(known) == PEOPLE_SIZES["train"] and not known & set(pool(read("mewsli_x", "test", retrieval)))


def test_the_splits_mention_different_people(retrieval: Path) -> None:
    gold = {}
    for split, dev, part in (("dev", "wikipedia", "pairs"), ("dev", "wikinews", "dev"), ("test", "wikinews", "test")):
        reader = MewsliX(dev=dev)  # type: ignore[arg-type]
        found = [
            rows(reader, "miniature", split, code, retrieval) for code in reader.offered_languages("miniature", split)
        ]
        gold[part] = {name for one in found for row in one for name in row["gold"] or ()}
        assert len(gold[part]) == PEOPLE_SIZES[part]
    assert not gold["pairs"] & gold["dev"] and not gold["test"] & (gold["pairs"] | gold["dev"])


def test_nobody_does_what_a_namesake_does() -> None:
    people = [person for part in draw_people(3).values() for person in part]
    assert len({fact for person in people for fact in person.facts}) == 2 * len(people)
    assert all(person.facts[0].agent == person.facts[1].agent for person in people)
    assert len({person.id for person in people}) == len(people)


def test_mentions_stand_where_they_are_said(retrieval: Path) -> None:
    """In Greek and others the article is no part of the name."""
    for line in (retrieval / "mewsli_x" / "wikinews_mentions-test.jsonl").read_text("utf-8").splitlines():
        article = json.loads(line)
        context = article["context"]
        cut = [context["text"][one["start"] : one["end"]] for one in context["sentence_spans"]]
        assert " ".join(cut) == context["text"] and cut[0] == context["document_title"]
        for mention in article["mentions"]:
            span = mention["mention_span"]
            assert context["text"][span["start"] : span["end"]] == span["text"]
            assert span["text"].strip() == span["text"] and " " not in span["text"]


def test_people_are_described_in_all_languages(retrieval: Path) -> None:
    known = pool(read("mewsli_x", "test", retrieval)).values()
    assert {row["language"] for row in known} == set(miniature.LANGUAGES)
    assert len({row["text"] for row in known}) == len(known)
    person = draw_people(0)["test"][0]
    texts = {code: describe_person(person, code)["description"] for code in miniature.LANGUAGES}
    assert len(set(texts.values())) == len(texts)


def by_words(found: dict[str, list[Row]], code: str) -> float:
    """mAP@20 of ranking by shared words, ties in the order of the ids."""
    known = {name: set(words(row["text"])) for name, row in sorted(pool(found).items())}
    scores = []
    for row in queries(found[code])[:120]:
        asked = set(words(row["text"]))
        ranked = sorted(known, key=lambda name: (-len(asked & known[name]) / len(asked | known[name]), name))
        scores.append(average_precision(ranked, row["gold"], 20))
    return sum(scores) / len(scores)


def words(text: str) -> list[str]:
    return [word.strip(".?:{}؟;¿।？。").lower() for word in text.split()]


@pytest.mark.parametrize(("name", "code"), [("lareqa", "en"), ("lareqa", "ru"), ("mewsli_x", "en"), ("mewsli_x", "ar")])
def test_equal_words_find_some_answers_but_not_most(name: str, code: str, retrieval: Path) -> None:
    """More than chance, so that it can be learnt; far from all, so that languages must be aligned."""
    found = by_words(read(name, "test", retrieval), code)
    assert 0.02 < found < 0.4, found


def test_the_bytes_are_those_of_the_seed(retrieval: Path, tmp_path: Path) -> None:
    miniature.write(tmp_path, parts=["answers", "mentions"])
    made: dict[str, Any] = {str(p.relative_to(tmp_path)): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert len(made) == len(XQUAD) + 5
    assert all((retrieval / name).read_bytes() == content for name, content in made.items())
