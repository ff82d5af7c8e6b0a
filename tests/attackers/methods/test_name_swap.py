"""Names put in the place of names: the same one everywhere in a row, never two that become one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from xfer.attackers.methods.names import NameSwap
from xfer.core.errors import MissingPart


def row(text: str, pair: str = "", language: str = "en", number: int = 0) -> dict[str, Any]:
    return {"id": str(number), "language": language, "text": text, "pair": pair, "label": "neutral"}


@pytest.fixture
def names(tmp_path: Path) -> str:
    (tmp_path / "en.txt").write_text("first\tAnna\nfirst\tOlga\nfirst\tRose\ncity\tRome\ncity\tNew York\n")
    (tmp_path / "th.txt").write_text("first\tสมชาย\nfirst\tสมหญิง\n")
    return str(tmp_path)


def test_a_name_becomes_one_other_name_of_its_kind_on_both_sides(names: str) -> None:
    given = row("Anna went to New York. Anna slept.", "ANNA slept in New York.")
    for number in range(20):
        changed, edits = NameSwap(folder=names).change(given | {"id": str(number)}, "classify")
        assert changed is not None
        new = changed["text"].split()[0]
        assert new in ("Olga", "Rose") and changed["text"] == f"{new} went to Rome. {new} slept."
        assert changed["pair"] == f"{new.upper()} slept in Rome." and changed["label"] == "neutral"
        assert len(edits) == 5


def test_two_names_never_become_one_and_none_is_exchanged_for_another_of_the_row(names: str) -> None:
    for number in range(20):
        changed, _ = NameSwap(folder=names).change(row("Anna met Olga", "Rose slept", number=number), "classify")
        assert changed is not None and (changed["text"], changed["pair"]) == ("Anna met Olga", "Rose slept")
        changed, _ = NameSwap(folder=names).change(row("Anna met Olga", number=number), "classify")
        assert changed is not None and len({*changed["text"].split()} & {"Anna", "Olga", "Rose"}) == 2


def test_words_that_are_no_names_stay(names: str) -> None:
    changed, edits = NameSwap(folder=names).change(row("a rose is a rose", "Annapolis"), "classify")
    assert changed is not None and changed["text"] == "a rose is a rose" and not edits


def test_names_of_scripts_without_capitals_are_seen(names: str) -> None:
    changed, _ = NameSwap(folder=names).change(row("สมชาย นอน", language="th"), "classify")
    assert changed is not None and changed["text"] == "สมหญิง นอน"


def test_the_names_of_the_miniature_world_agree_in_gender_in_all_its_languages() -> None:
    changed, _ = NameSwap().change(row("Anna sees Peter", language="en"), "classify")
    assert changed is not None
    woman, _, man = changed["text"].split()
    assert woman in ("Maria", "Sara") and man in ("Omar", "Ivan")
    german, _ = NameSwap().change(row("Iwan schläft", language="de"), "classify")
    assert german is not None and german["text"].split()[0] in ("Omar", "Peter")


def test_with_real_rows_a_list_must_be_given_and_be_there(names: str) -> None:
    (fault,) = NameSwap().source_faults("hub")
    assert fault[0] == "folder" and not list(NameSwap(folder=names).source_faults("hub"))
    with pytest.raises(MissingPart, match=r"de\.txt"):
        NameSwap(folder=names).file_digests(("de",), lambda path: "")
