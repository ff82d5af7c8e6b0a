"""Mewsli-X: how mentions are marked, which entities come with a language, and faults by file and line."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xfer.core.errors import BadRow, MissingData
from xfer.forms.base import build_form
from xfer.readers.base import Reader, Row
from xfer.readers.mentions import mention_rows
from xfer.readers.mewsli import ENTITY_FILE, MewsliX
from xfer.readers.sources import rows

Mirror = Callable[..., Path]
Read = Callable[..., list[Row]]

TEXT = "Big news\n\n \n\nIn Bern {it} rains. The Aare {rises}\nin  Bern. {Bye."
SENTENCES = [(0, 8), (13, 32), (33, 59), (60, 65)]


def span(start: int, end: int, text: str | None = None) -> dict[str, Any]:
    return {"start": start, "end": end} | ({} if text is None else {"text": text})


def mention(name: str, start: int, end: int, entity: str = "Q70", text: str = TEXT) -> dict[str, Any]:
    return {"example_id": name, "mention_span": span(start, end, text[start:end]), "entity_id": entity}


def article(language: str, *found: dict[str, Any], **changed: Any) -> dict[str, Any]:
    context = {
        "document_title": "Big news",
        "document_url": "https://example.invalid",
        "document_id": f"{language}-1",
        "language": language,
        "text": TEXT,
        "sentence_spans": [span(*one) for one in SENTENCES],
    }
    return {"context": context | changed, "mentions": list(found)}


def entity(name: str, language: str, text: str = "A town. On a river. (List)") -> dict[str, Any]:
    return {
        "entity_id": name,
        "title": "t",
        "description": text,
        "description_url": "https://example.invalid",
        "description_language": language,
        "sentence_spans": [span(0, 7), span(8, 19)],
    }


def lines(*objects: Any) -> str:
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in objects)


NEWS = lines(article("de", mention("m1", 16, 20), mention("m2", 37, 41, "Q75")), article("en", mention("m3", 54, 58)))
KNOWN = lines(entity("Q70", "fr"), entity("Q75", "de"), entity("Q1", "en"))


def news(mirror: Mirror, articles: str = NEWS, known: str = KNOWN, split: str = "test") -> None:
    mirror(f"mewsli_x/wikinews_mentions-{split}.jsonl", articles)
    mirror(f"mewsli_x/{ENTITY_FILE}", known)


# rows


def test_a_mention_stands_before_its_sentence_and_in_braces_within(mirror: Mirror, read: Read) -> None:
    news(mirror)
    found = {row["id"]: row for row in read("mewsli_x", "test", "de") + read("mewsli_x", "test", "en")}
    assert found["m1"]["text"] == "Bern: In { Bern } (it) rains."
    assert found["m2"]["text"] == "Aare: The { Aare } (rises) in Bern."
    assert found["m3"]["text"] == "Bern: The Aare (rises) in { Bern } ."
    assert (found["m2"]["gold"], found["m2"]["pair"], found["m2"]["side"]) == (["Q75"], None, "query")


def test_a_mention_across_sentences_takes_all_of_them(mirror: Mirror, read: Read) -> None:
    news(mirror, lines(article("de", mention("m1", 26, 36))))
    assert read("mewsli_x", "test", "de")[0]["text"] == "rains. The: In Bern (it) { rains. The } Aare (rises) in Bern."


def test_an_entity_is_the_sentences_of_its_description(mirror: Mirror, read: Read) -> None:
    news(mirror, known=lines(entity("Q70", "de", "A town.\nOn  a river (List)"), entity("Q75", "de")))
    found = [row for row in read("mewsli_x", "test", "de") if row["side"] == "candidate"]
    assert [(row["id"], row["text"]) for row in found] == [
        ("Q70", "A town. On a river"),
        ("Q75", "A town. On a river."),
    ]
    assert {(row["pair"], row["gold"], row["part"]) for row in found} == {(None, None, "test")}


def test_a_language_has_its_own_entities_and_english_the_rest(mirror: Mirror, read: Read) -> None:
    news(mirror)
    found = {code: read("mewsli_x", "test", code) for code in ("de", "en")}
    named = {code: [(r["id"], r["language"]) for r in part if r["side"] == "candidate"] for code, part in found.items()}
    assert named == {"de": [("Q75", "de")], "en": [("Q70", "fr"), ("Q1", "en")]}


def test_a_description_that_quotes_a_key_is_no_key(mirror: Mirror, read: Read) -> None:
    """The lines of other languages are told by their text, unparsed."""
    strange = entity("Q70", "de", 'A "description_language": "fr", "entity_id": "Q9" river')
    spaced = json.dumps(entity("Q75", "de"), indent=None, separators=(" , ", " : "))
    news(mirror, known=lines(strange) + spaced + "\n")
    assert [row["id"] for row in read("mewsli_x", "test", "de")][2:] == ["Q70", "Q75"]


def test_training_pairs_name_an_entity_once(mirror: Mirror, read: Read) -> None:
    def pair(name: str, start: int, end: int, meant: str) -> dict[str, Any]:
        one = article("en", mention(name, start, end, meant))
        contextual = {"context": one["context"], "mention": one["mentions"][0]}
        return {"contextual_mention": contextual, "entity": entity(meant, "en")}

    every = lines(pair("m1", 16, 20, "Q70"), pair("m2", 37, 41, "Q75"), pair("m3", 54, 58, "Q70"))
    mirror("mewslix/wikipedia_pairs-train.jsonl", every)
    found = read("mewsli_x", "train")
    assert [row["id"] for row in found] == ["m1", "Q70", "m2", "Q75", "m3"]
    assert [row["gold"] for row in found] == [["Q70"], None, ["Q75"], None, ["Q70"]]


def test_dev_has_mentions_of_its_own(mirror: Mirror, read: Read) -> None:
    news(mirror, lines(article("en", mention("d1", 16, 20))), split="dev")
    spoken = {"type": "mewsli_x", "dev": "wikinews"}
    assert [row["id"] for row in read(spoken, "dev", "en")] == ["d1", "Q70", "Q1"]
    assert len(Reader.model_validate(spoken).offered_languages("mirror", "dev")) == 11


def test_training_selects_by_pairs_among_their_own_entities(mirror: Mirror, read: Read) -> None:
    """Not by a search among a million."""
    one = article("en", mention("m1", 16, 20))
    contextual = {"context": one["context"], "mention": one["mentions"][0]}
    pairs = lines({"contextual_mention": contextual, "entity": entity("Q70", "en")})
    mirror("mewsli_x/wikipedia_pairs-dev.jsonl", pairs)
    assert [row["id"] for row in read("mewsli_x", "dev", "en")] == ["m1", "Q70"]
    assert MewsliX().offered_languages("mirror", "dev") == ("en",)
    assert [one.dev for one in MewsliX().layout_variants()] == ["wikipedia", "wikinews"]


def test_the_form_takes_every_row(mirror: Mirror, read: Read) -> None:
    news(mirror)
    check = build_form("retrieve", (), MewsliX().form_options()).check_row
    for number, row in enumerate(read("mewsli_x", "test", "de"), 1):
        check(row, "test", number)


def test_the_card_is_complete() -> None:
    card, published = MewsliX.card, MewsliX.published
    assert all((card.title, card.hub, card.licence, card.citation, card.layout, published.source))
    assert set(card.sizes) <= set(card.splits) and len(card.languages) == 11
    assert MewsliX().form_options() == {"pool": "shared", "task": "ranking", "layer": None, "pooling": "cls"}
    assert MewsliX().offered_languages("miniature", "test") == ("ar", "de", "en", "es", "tr")


# bad files


@pytest.mark.parametrize(
    ("articles", "known", "said"),
    [
        ('{"context": \n', KNOWN, "mentions-test.jsonl:1: is not JSON"),
        (lines([1]), KNOWN, "mentions-test.jsonl:1: is not a JSON object"),
        (lines({"mentions": []}), KNOWN, "mentions-test.jsonl:1: has no object 'context'"),
        (lines({"context": {"language": "de"}}), KNOWN, "mentions-test.jsonl:1: has no list 'mentions'"),
        (NEWS + lines(article("de", "m")), KNOWN, "mentions-test.jsonl:3: holds a mention that is not an object"),
        (
            NEWS + lines(article("de", {"example_id": "m"})),
            KNOWN,
            "mentions-test.jsonl:3: has no object 'mention_span'",
        ),
        (lines(article("de", mention("m", 16, 20), text="")), KNOWN, "get-mewsli-x.sh puts it back"),
        (lines(article("de", mention("m", 16, 90))), KNOWN, "mention m is from 16 to 90, which is not within a text"),
        (lines(article("de", mention("m", 20, 16))), KNOWN, "mention m is from 20 to 16"),
        (
            lines(article("de", mention("m", 16, 20) | {"mention_span": span(17, 21, "Bern")})),
            KNOWN,
            "mention m is 'Bern', but 'ern ' stands at 17",
        ),
        (lines(article("de", mention("m", 16, 20), sentence_spans=[])), KNOWN, "has no list 'sentence_spans'"),
        (
            lines(article("de", mention("m", 16, 20), sentence_spans=[span(21, 32)])),
            KNOWN,
            "mention m stands in no sentence",
        ),
        (lines(article("de", mention("m", 16, 20, "Q2"))), KNOWN, "the entity Q2 of mention m is not among those of"),
        (NEWS, KNOWN + "{\n", f"{ENTITY_FILE}:4: is not JSON"),
        (
            NEWS,
            KNOWN + lines(entity("Q5", "de") | {"description": 5}),
            f"{ENTITY_FILE}:4: 'description' is 5, not text",
        ),
        (NEWS, lines(entity("Q70", "de", "short"), entity("Q75", "de")), f"{ENTITY_FILE}:1: a sentence is from 0 to 7"),
    ],
)
def test_a_fault_is_named_by_line(mirror: Mirror, read: Read, articles: str, known: str, said: str) -> None:
    news(mirror, articles, known)
    with pytest.raises(BadRow) as caught:
        read("mewsli_x", "test", "de")
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_a_pair_must_fit(mirror: Mirror, read: Read) -> None:
    one = article("en", mention("m1", 16, 20))
    contextual = {"context": one["context"], "mention": one["mentions"][0]}
    mirror(
        "mewsli_x/wikipedia_pairs-train.jsonl", lines({"contextual_mention": contextual, "entity": entity("Q1", "en")})
    )
    with pytest.raises(BadRow, match=r"train\.jsonl:1: mention m1 means Q70, but the entity beside it is Q1"):
        read("mewsli_x", "train")


def test_bad_rows_can_be_left_out(mirror: Mirror) -> None:
    bad = lines(article("de", mention("m", 16, 90), mention("m1", 16, 20)), [1]) + '{"context"\n'
    news(mirror, bad, KNOWN + "{\n")
    lost: list[BadRow] = []
    found = list(
        rows(Reader.model_validate({"type": "mewsli_x", "bad_rows": "skip"}), "mirror", "test", "de", None, lost.append)
    )
    assert [row["id"] for row in found] == ["m1", "Q75"]
    assert [(Path(one.file).name, one.line) for one in lost] == [
        ("wikinews_mentions-test.jsonl", 1),
        ("wikinews_mentions-test.jsonl", 2),
        ("wikinews_mentions-test.jsonl", 3),
        (ENTITY_FILE, 4),
    ]


def test_what_is_not_there(mirror: Mirror, read: Read) -> None:
    with pytest.raises(MissingData, match=r"looked for mewsli_x/wikinews_mentions-test.jsonl, mewslix/"):
        read("mewsli_x", "test", "de")
    mirror("mewsli_x/wikinews_mentions-test.jsonl", NEWS)
    with pytest.raises(MissingData, match=r"candidate_set_entities\.jsonl is not there"):
        read("mewsli_x", "test", "de")
    with pytest.raises(MissingData, match="holds no mention in uk"):
        read("mewsli_x", "test", "uk")


# the hub


@pytest.fixture
def copy(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the hub's copy."""
    monkeypatch.setenv("XFER_HUB", str(folder / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_ASSETS_CACHE", str(folder / "assets"))
    made = folder / "hub" / "izhx" / "mewsli-x"
    made.mkdir(parents=True)
    return made


def packed(copy: Path, folder: Path, *names: str) -> None:
    with tarfile.open(copy / "raw.tar.gz", "w:gz") as archive:
        for name in names:
            path = folder / name
            path.write_text(KNOWN if name == ENTITY_FILE else NEWS, encoding="utf-8")
            archive.add(path, f"raw/{name}")


NAMES = [f"wikinews_mentions-{split}.jsonl" for split in ("dev", "test")]
ALL = (ENTITY_FILE, *NAMES, "wikipedia_pairs-dev.jsonl", "wikipedia_pairs-train.jsonl")


def test_the_hub_copy_is_unpacked_once(copy: Path, folder: Path) -> None:
    packed(copy, folder, *ALL)
    found = list(rows(MewsliX(), "hub", "test", "de"))
    assert [row["id"] for row in found] == ["m1", "m2", "Q75"]
    made = sorted((folder / "assets").rglob("*.jsonl"))
    assert sorted(path.name for path in made) == sorted(ALL)
    before = [path.stat().st_mtime_ns for path in made]
    assert list(rows(MewsliX(dev="wikinews"), "hub", "dev", "de")) == found
    assert [path.stat().st_mtime_ns for path in made] == before


def test_a_hub_copy_that_is_damaged(copy: Path, folder: Path) -> None:
    with pytest.raises(MissingData, match=r"holds no raw\.tar\.gz"):
        list(rows(MewsliX(), "hub", "test", "de"))
    packed(copy, folder, *ALL[:2])
    with pytest.raises(BadRow, match=r"raw\.tar\.gz: holds no wikinews_mentions-test\.jsonl, wikipedia_pairs-dev"):
        list(rows(MewsliX(), "hub", "test", "de"))
    (copy / "raw.tar.gz").write_bytes((copy / "raw.tar.gz").read_bytes()[:60])
    with pytest.raises(BadRow, match=r"raw\.tar\.gz: cannot be unpacked"):
        list(rows(MewsliX(), "hub", "test", "de"))


# real files


def test_the_makers_examples(real: Path) -> None:
    path = real / "mewsli_x" / "example_mentions.jsonl"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    (found,) = mention_rows(path, "en")
    assert not isinstance(found, BadRow)
    assert (found["id"], found["gold"]) == ("c79595350cc2d5c7f2b095e2cb785212", ["Q1757"])
    assert found["text"].startswith("Helsinki: In { Helsinki } , the Finnish trade union for bus and truck drivers has")
    assert found["text"].endswith("part-time labor.")
    bare = list(mention_rows(path.with_name("example_mentions_no_text.jsonl"), "ar"))
    assert len(bare) == 2
    assert all(isinstance(one, BadRow) and one.line == 2 and "get-mewsli-x.sh" in one.message for one in bare)
