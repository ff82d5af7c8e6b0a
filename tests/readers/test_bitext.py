"""Tatoeba and BUCC: the layouts of LASER, BUCC and XTREME, XTREME's order of queries, corpora to tune on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xfer import miniature
from xfer.core.errors import BadRow, HubUnreachable, MissingData
from xfer.forms.base import build_form
from xfer.miniature.bitext import BUCC_SIZES, REPEATED, TATOEBA_SIZE
from xfer.readers.base import Reader, Row
from xfer.readers.bitext import TATOEBA_CODES
from xfer.readers.sources import data_revision, rows, sample_queries

Mirror = Callable[..., Path]
Read = Callable[..., list[Row]]
XTREME = "af ar bg bn de el es et eu fa fi fr he hi hu id it ja jv ka kk ko ml mr nl pt ru sw ta te th tl tr ur vi zh"


def side(found: list[Row], name: str, part: str = "test") -> list[Row]:
    return [row for row in found if (row["side"], row["part"]) == (name, part)]


def told(found: list[Row]) -> list[tuple[Any, ...]]:
    return [(row["id"], row["text"], row["gold"]) for row in found]


def checked(reader: Any, split: str, language: str, source: str = "mirror", root: Path | None = None) -> list[Row]:
    built = Reader.model_validate(reader)
    kind, found = build_form("retrieve", (), built.form_options()), list(rows(built, source, split, language, root))
    for number, row in enumerate(found, 1):
        kind.check_row(row, "row", number)
    return found


# Tatoeba


def test_queries_are_english_in_xtremes_order_and_candidates_named_by_their_line(mirror: Mirror, read: Read) -> None:
    mirror("tatoeba/v1/tatoeba.deu-eng.deu", " Hallo!\nTschüss.\nEin Hund\u2028bellt.\nHallo du!\n")
    mirror("tatoeba/v1/tatoeba.deu-eng.eng", "Hello!\nBye.\nA dog barks. \nHello!\n")
    found = read("tatoeba", "test", "de")
    assert told(side(found, "query")) == [
        ("0", "A dog barks.", ["2"]), ("1", "Bye.", ["1"]), ("2", "Hello!", ["0"]), ("3", "Hello!", ["3"]),
    ]  # fmt: skip
    candidates = [("0", "Hallo!"), ("1", "Tschüss."), ("2", "Ein Hund\u2028bellt."), ("3", "Hallo du!")]
    assert told(side(found, "candidate")) == [(*one, None) for one in candidates]
    assert {row["language"] for row in found} == {"de"} and {row["pair"] for row in found} == {None}


def test_xtremes_own_files_give_the_same_rows(mirror: Mirror, read: Read) -> None:
    mirror("tatoeba/v1/tatoeba.deu-eng.deu", "Hallo!\nTschüss.\nEin Hund.\n")
    mirror("tatoeba/v1/tatoeba.deu-eng.eng", "Hello!\nBye.\nA dog.\n")
    wanted = read("tatoeba", "test", "de")
    (mirror("x", "").parent / "tatoeba" / "v1" / "tatoeba.deu-eng.deu").unlink()
    mirror("tatoeba/de-en.de", "Hallo!\nTschüss.\nEin Hund.\n")
    mirror("tatoeba/de-en.en", "A dog.\nBye.\nHello!\n")
    withheld = [row | {"gold": None} for row in wanted]
    assert read("tatoeba", "test", "de") == withheld
    mirror("tatoeba/test-de.tsv", "2\n1\n0\n")
    assert read("tatoeba", "test", "de") == wanted


def test_labels_and_sides_that_do_not_fit_are_named(mirror: Mirror, read: Read) -> None:
    mirror("tatoeba/de-en.de", "Hallo!\nTschüss.\n")
    mirror("tatoeba/de-en.en", "Bye.\nHello!\n")
    mirror("tatoeba/test-de.tsv", "1\n2\n")
    with pytest.raises(BadRow, match=r"test-de\.tsv:2: '2' is not one of the rows 0 to 1"):
        read("tatoeba", "test", "de")
    mirror("tatoeba/test-de.tsv", "1\n")
    with pytest.raises(BadRow, match=r"test-de\.tsv:1: ends here, but de-en\.en has 2 lines"):
        read("tatoeba", "test", "de")
    mirror("tatoeba_v1/tatoeba.fra-eng.fra", "Bonjour !\nSalut.\n")
    mirror("tatoeba_v1/tatoeba.fra-eng.eng", "Hello!\n")
    with pytest.raises(BadRow, match=r"fra-eng\.eng:1: ends here, but tatoeba\.fra-eng\.fra has 2 lines"):
        read("tatoeba", "test", "fr")


def test_the_hub_gives_the_same_rows(mirror: Mirror, read: Read, hub: Callable[..., None]) -> None:
    mirror("tatoeba/v1/tatoeba.pes-eng.pes", "سلام\nخداحافظ\n")
    mirror("tatoeba/v1/tatoeba.pes-eng.eng", "Hello.\nBye.\n")
    columns = {"source_sentence": ["سلام\n", "خداحافظ\n"], "target_sentence": ["Hello.\n", "Bye.\n"]}
    langs = {"source_lang": ["x", "x"], "target_lang": ["eng", "eng"]}
    hub("google/xtreme", {"tatoeba.pes": {"validation": columns | langs}})
    assert checked("tatoeba", "test", "fa", "hub") == read("tatoeba", "test", "fa")


def test_a_hub_table_with_other_columns_is_named(hub: Callable[..., None]) -> None:
    hub("google/xtreme", {"tatoeba.pes": {"validation": {"sentence": ["سلام"]}}})
    with pytest.raises(BadRow, match=r"tatoeba\.pes/validation: has not the columns that tatoeba expects"):
        checked("tatoeba", "test", "fa", "hub")


def test_the_languages_are_those_of_the_benchmark() -> None:
    old, new = (Reader.model_validate({"type": "tatoeba", "benchmark": name}) for name in ("xtreme", "xtreme_r"))
    assert old.offered_languages("mirror", "test") == tuple(XTREME.split()) and len(XTREME.split()) == 36
    assert set(new.offered_languages("mirror", "test")) - set(old.offered_languages("mirror", "test")) == set(
        "az lt pl ro uk".split()
    )
    assert new.offered_languages("hub", "test") == old.offered_languages("hub", "test")  # the hub has XTREME's alone
    with pytest.raises(MissingData, match="no Tatoeba in 'pl'"):
        list(rows(new, "hub", "test", "pl"))


def test_a_changed_english_side_is_another_revision(mirror: Mirror) -> None:
    mirror("tatoeba/v1/tatoeba.deu-eng.deu", "Hallo!\n")
    english = mirror("tatoeba/v1/tatoeba.deu-eng.eng", "Hello!\n")
    reader = Reader.model_validate("tatoeba")

    def at() -> Any:
        return data_revision(reader, "mirror", "test", ("de",), lambda path: path.read_text(), lambda _: "")

    before = at()
    english.write_text("Hi!\n")
    assert at() != before


# BUCC

SAMPLE = {"de": "de-1\tHallo\nde-2\tTschüss\n", "en": "en-1\tBye\nen-2\tWhat?\n", "gold": "de-2\ten-1\n"}
TRAINING = {"de": "de-1\tEin Hund\nde-2\tEine \"Katze\nde-3\tEin Hund\n", "en": "en-1\tA cat\nen-2\tA dog\n",
            "gold": "de-2\ten-1\nde-2\ten-2\n"}  # fmt: skip


def bucc(
    mirror: Mirror, name: str = "bucc2018/de-en/de-en.{}.{}", parts: tuple[str, str] = ("sample", "training")
) -> None:
    for part, files in zip(parts, (SAMPLE, TRAINING), strict=True):
        for end, text in files.items():
            mirror(name.format(part, end), text)


@pytest.mark.parametrize(
    ("name", "parts"),
    [("bucc2018/de-en/de-en.{}.{}", ("sample", "training")), ("bucc2018/de-en.{}.{}", ("dev", "test"))],
)
def test_test_rows_come_with_the_dev_corpus_to_tune_on(
    name: str, parts: tuple[str, str], mirror: Mirror, read: Read
) -> None:
    bucc(mirror, name, parts)
    found = read("bucc", "test", "de")
    assert told(side(found, "query")) == [
        ("de-1", "Ein Hund", []), ("de-2", 'Eine "Katze', ["en-1", "en-2"]), ("de-3", "Ein Hund", []),
    ]  # fmt: skip
    assert told(side(found, "candidate")) == [("en-1", "A cat", None), ("en-2", "A dog", None)]
    assert told(side(found, "query", "tune")) == [("de-1", "Hallo", []), ("de-2", "Tschüss", ["en-1"])]
    assert told(side(found, "candidate", "tune")) == [("en-1", "Bye", None), ("en-2", "What?", None)]
    dev = read("bucc", "dev", "de")
    assert dev == [row | {"part": "test"} for row in found if row["part"] == "tune"]


def test_withheld_gold_of_the_test_is_none(mirror: Mirror, read: Read) -> None:
    bucc(mirror)
    mirror("bucc2018/de-en/de-en.training.gold", "").unlink()
    found = read("bucc", "test", "de")
    assert {repr(row["gold"]) for row in side(found, "query")} == {"None"}
    assert [row["gold"] for row in side(found, "query", "tune")] == [[], ["en-1"]]


@pytest.mark.parametrize("end", ["de", "en", "gold"])
def test_without_a_whole_dev_corpus_no_threshold_can_be_set(end: str, mirror: Mirror, read: Read) -> None:
    bucc(mirror)
    mirror(f"bucc2018/de-en/de-en.sample.{end}", "").unlink()
    with pytest.raises(MissingData, match=r"needs de-en\.sample\.de, its English side and its gold"):
        read("bucc", "test", "de")


@pytest.mark.parametrize(
    ("end", "text", "message"),
    [
        ("de", "de-1\tHallo\nde-2 Tschüss\n", r"sample\.de:2: is not an id and a sentence"),
        ("en", "en-1\tBye\nen-1\tWhat?\n", r"sample\.en:2: id 'en-1' stands twice"),
        ("gold", "de-2\ten-1\nde-2\ten-9\n", r"sample\.gold:2: sentence 'en-9' is not in de-en\.sample\.en"),
        ("gold", "de-7\ten-1\n", r"sample\.gold:1: sentence 'de-7' is not in de-en\.sample\.de"),
        ("en", b"en-1\t\xff\n", r"sample\.en:1: is not UTF-8"),
    ],
)
def test_a_bad_line_is_named(end: str, text: Any, message: str, mirror: Mirror, read: Read) -> None:
    bucc(mirror)
    mirror(f"bucc2018/de-en/de-en.sample.{end}", text)
    with pytest.raises(BadRow, match=message):
        read("bucc", "test", "de")


def test_every_file_decides_the_revision(mirror: Mirror) -> None:
    bucc(mirror)
    reader = Reader.model_validate("bucc")
    found = data_revision(reader, "mirror", "test", ("de",), lambda path: path.read_text(), lambda _: "")
    assert len(found["files"]) == 6
    dev = data_revision(reader, "mirror", "dev", ("de",), lambda path: path.read_text(), lambda _: "")
    assert len(dev["files"]) == 3


def test_bucc_is_not_read_from_the_hub() -> None:
    with pytest.raises((MissingData, HubUnreachable), match="cannot read from source hub"):
        checked("bucc", "test", "de", "hub")


# caps


def row(one: str, name: str, gold: list[str] | None = None, part: str = "test") -> Row:
    return {"id": name, "language": "de", "side": one, "text": name, "pair": None, "gold": gold, "part": part}


def test_a_cap_is_one_on_queries() -> None:
    found = [row("candidate", f"c{i}", None, part) for i in range(30) for part in ("test", "tune")]
    found += [row("query", str(i), [f"c{i}"], part) for i in range(20) for part in ("test", "tune")]
    kept = sample_queries(found, 5, "test")
    for part in ("test", "tune"):
        assert len(side(kept, "query", part)) == 5
        assert side(kept, "candidate", part) == side(found, "candidate", part)
    assert kept == [one for one in found if one in kept]  # the order stays
    assert kept == sample_queries(found, 5, "test") and kept != sample_queries(found, 5, "dev")
    assert sample_queries(found, 20, "test") == sample_queries(found, None, "test") == found


def test_of_a_training_set_the_candidates_of_the_kept_queries_stay() -> None:
    found = [row("candidate", f"c{i}") for i in range(30)]
    found += [row("query", str(i), [f"c{i}", f"c{i + 1}"]) for i in range(20)]
    kept = sample_queries(found, 3, "train")
    wanted = {name for one in side(kept, "query") for name in one["gold"]}
    assert len(side(kept, "query")) == 3 and {one["id"] for one in side(kept, "candidate")} == wanted


# the miniature world and real files


def test_the_miniature_files_read_whole(tmp_path: Path) -> None:
    miniature.write(tmp_path, parts=["bitext"])
    reader = Reader.model_validate({"type": "tatoeba", "benchmark": "xtreme_r"})
    offered = reader.offered_languages("miniature", "test")
    assert set(offered) == set(miniature.LANGUAGES) - {"en"} == set(miniature.LANGUAGES) & set(TATOEBA_CODES)
    for language in offered:
        found = checked(reader.model_dump(), "test", language, "miniature", tmp_path)
        queries, candidates = side(found, "query"), side(found, "candidate")
        assert len({one["text"] for one in queries}) == len({one["text"] for one in candidates}) == TATOEBA_SIZE
    for language in Reader.model_validate("bucc").offered_languages("miniature", "test"):
        found = checked("bucc", "test", language, "miniature", tmp_path)
        for part, name in (("test", "training"), ("tune", "sample")):
            both, foreign, english = BUCC_SIZES[name]
            for one, size in (("query", both + foreign), ("candidate", both + english)):
                texts = [row["text"] for row in side(found, one, part)]
                assert (len(set(texts)), len(texts)) == (size, size + REPEATED)
            assert sum(len(row["gold"]) for row in side(found, "query", part)) == both


def test_equal_meanings_are_the_gold_of_the_miniature_world(tmp_path: Path) -> None:
    miniature.write(tmp_path, parts=["bitext"])
    found = checked("tatoeba", "test", "de", "miniature", tmp_path)
    english = {one["gold"][0]: one["text"] for one in side(found, "query")}
    names = {"Maria": "Maria", "Peter": "Peter", "Omar": "Omar"}
    texts = {one["id"]: one["text"] for one in side(found, "candidate")}
    named = [(line, name) for line, text in texts.items() for name in names if name in text]
    assert len(named) > 10 and all(names[name] in english[line] for line, name in named)


REAL = dict.fromkeys("ar bg de el es eu fi fr hi it ja ko pt ru tr ur vi zh".split(), 1000) | {
    "sw": 390, "ta": 307, "th": 548,
}  # fmt: skip


def test_every_row_of_real_tatoeba_and_its_gold_is_xtremes(real: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XFER_DATA", str(real))
    if not (real / "tatoeba_v1").is_dir():
        pytest.skip("no archive tatoeba_v1")
    compared = 0
    for language, size in REAL.items():
        found = checked("tatoeba", "test", language)
        queries = side(found, "query")
        assert len(queries) == len(side(found, "candidate")) == size
        labels = real / "xtreme_mock_test_data" / "labels" / "tatoeba" / f"test-{language}.tsv"
        if labels.is_file():  # the first rows of XTREME's own label files
            wanted = labels.read_text().split()
            assert [one["gold"] for one in queries[: len(wanted)]] == [[line] for line in wanted]
            compared += len(wanted)
    assert compared in (0, 10 * len(REAL))


def test_every_row_of_real_bucc(real: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XFER_DATA", str(real))
    if not (real / "bucc2018" / "zh-en.dev.gold").is_file():
        pytest.skip("no archive bucc2018")
    found = checked("bucc", "dev", "zh")
    queries, candidates = side(found, "query"), side(found, "candidate")
    assert (len(queries), len(candidates)) == (8624, 13589)
    assert sum(len(one["gold"]) for one in queries) == 257
    # sentences that stand several times: their ids cannot be told
    assert len({one["text"].strip() for one in queries}) == 8615
    assert len({one["text"].strip() for one in candidates}) == 13575
