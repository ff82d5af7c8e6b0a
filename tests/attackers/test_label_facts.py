"""Cards say what breaks their labels; an attacker that would break them is refused, and so is what no card answers."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from xfer.attackers.base import Attacker
from xfer.attackers.label_facts import kept_and_broken, readers_with_trait
from xfer.catalog import CATALOG
from xfer.readers.base import Card, Reader
from xfer.readers.labels import NEAR_PARAPHRASES, NO_BREAKERS, LabelBreakers, RowTrait

BREAKERS = {
    "masked_words": {"model": "m"},
    "masked_words_search": {"model": "m"},
    "synonyms": {"folder": "f"},
    "word_order": {},
    "phrase_mixing": {"languages": ["de"], "bitext": "b"},
}


def new_reader(breakers: LabelBreakers | None, *traits: RowTrait) -> Reader:
    """A paraphrase set that nobody knows, as a plug-in would bring it."""

    class Paraphrases(Reader):
        form: ClassVar[str] = "classify"
        labels: ClassVar[tuple[str, ...]] = ("different", "same")
        card: ClassVar[Card] = Card(
            "P", "", None, "", "", ("en", "de"), ("en",), ("test",), "", {}, "", breakers, traits
        )

    Paraphrases.type_name = "new_paraphrases"
    return Paraphrases()


def faults(name: str, reader: Reader, **fields: Any) -> list[str]:
    attacker = Attacker.model_validate({"type": name, **fields})
    return [f"{what}; {hint}" for _, what, hint in attacker.compatibility_faults(reader, ["en"])]


@pytest.mark.parametrize("name", BREAKERS)
def test_a_new_reader_that_declares_nothing_is_refused(name: str) -> None:
    (fault,) = faults(name, new_reader(None), **BREAKERS[name])
    assert "new_paraphrases does not say whether" in fault and "label_breakers" in fault and "diagnostic: true" in fault
    assert faults(name, new_reader(None), diagnostic=True, **BREAKERS[name]) == []


@pytest.mark.parametrize("name", BREAKERS)
def test_a_new_reader_is_treated_as_its_card_says(name: str) -> None:
    (fault,) = faults(name, new_reader(NEAR_PARAPHRASES), **BREAKERS[name])
    assert "does not keep the labels of new_paraphrases true" in fault
    assert faults(name, new_reader(NO_BREAKERS), **BREAKERS[name]) == []


@pytest.mark.parametrize("name", ["typos", "diacritics", "code_mixing"])
def test_what_leaves_labels_true_everywhere_asks_no_card(name: str) -> None:
    fields = {"languages": ["de"]} if name == "code_mixing" else {}
    assert faults(name, new_reader(None), **fields) == []


@pytest.mark.parametrize(
    ("name", "fields", "trait"), [("pair_swap", {}, "symmetric"), ("cross_language", {"other": "de"}, "parallel")]
)
def test_a_trait_is_needed_and_is_enough(name: str, fields: dict[str, Any], trait: RowTrait) -> None:
    (fault,) = faults(name, new_reader(NO_BREAKERS), **fields)
    assert f"attacker {name} cannot change new_paraphrases; it fits " in fault and "pawsx" in fault
    assert faults(name, new_reader(None, trait), **fields) == []


def test_phrases_come_from_parallel_rows() -> None:
    assert faults("phrase_mixing", new_reader(NO_BREAKERS, "parallel"), languages=["de"]) == []
    (fault,) = faults("phrase_mixing", new_reader(NO_BREAKERS), languages=["de"])
    assert "no translations of its rows" in fault and "xcopa" in fault


def test_own_files_are_asked_in_the_recipe() -> None:
    own: dict[str, Any] = {"type": "files", "test": "t.tsv", "labels": ["a", "b"]}
    assert "does not say whether its labels survive word_order" in faults("word_order", Reader.model_validate(own))[0]
    kept = Reader.model_validate(own | {"label_breakers": ["synonyms"]})
    assert faults("word_order", kept) == []
    assert "names this change" in faults("synonyms", kept, folder="f")[0]
    assert kept.identity() == Reader.model_validate(own).identity()  # rows are the same whatever is said of labels


def test_every_built_in_card_declares() -> None:
    silent = [name for name in CATALOG["reader"] if _card(name).label_breakers is None]
    assert silent == ["files"]


def _card(name: str) -> Card:
    reader: Any = Reader.find_class(name)
    return reader.card


def test_a_form_stands_for_its_data_sets_where_all_give_one_reason() -> None:
    kept, broken = kept_and_broken(("classify", "tag"), None, "word_order")
    assert kept == ["classify", "tag"] and {"mnli", "xnli", "udpos", "ccg"} <= set(broken)
    assert "language" not in broken  # which word order does not change
    assert kept_and_broken(("classify",), None, None) == (["classify"], {})
    assert readers_with_trait(("classify", "span"), "parallel") == ["pawsx", "xnli", "mlqa", "xquad"]
