"""Dictionaries of two languages: layouts, both directions, the way over English, and what is amiss."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xfer.attackers.base import Attacker
from xfer.attackers.lexicons.bilingual import Chain, detours, dictionary, digests, way
from xfer.core.errors import BadRow, MissingPart, XferError

Fill = Callable[..., str]


@pytest.fixture
def fill(tmp_path: Path) -> Fill:
    """``fill(name=lines)`` writes files of one folder; returns the folder."""

    def write(files: dict[str, str]) -> str:
        for name, text in files.items():
            path = tmp_path / "lists" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        return str(tmp_path / "lists")

    return write


def mixer(folder: str, *languages: str, **fields: Any) -> Any:
    block = {"type": "code_mixing", "languages": languages, "dictionary": folder, "rate": 1.0, **fields}
    return Attacker.model_validate(block)


def name_of(path: Path) -> str:
    return path.name


# layouts

WORDS = "dog Hund\nDog Köter\ncat\tKatze\n"
READ = {"dog": ("Hund", "Köter"), "cat": ("Katze",)}


@pytest.mark.parametrize("name", ["en-de.txt", "en-de.tsv", "en-de/yacle.train.freq.5k.en-de.tsv", "de2.txt"])
def test_each_layout_is_found(name: str, fill: Fill) -> None:
    folder = fill({name: WORDS})
    assert dictionary(folder, "en", "de") == READ
    assert dictionary(folder, "de", "en") == {"hund": ("dog",), "köter": ("dog",), "katze": ("cat",)}
    assert [leg.turned for leg in (*way(folder, "en", "de"), *way(folder, "de", "en"))] == [False, True]


@pytest.mark.parametrize(("name", "code"), [("jp2.txt", "ja"), ("sw2.txt", "sv")])
def test_codes_that_are_not_iso(name: str, code: str, fill: Fill) -> None:
    """Of the lists with English first, Japanese is jp2.txt, and what is called sw2.txt holds Swedish."""
    assert dictionary(fill({name: "dog x\n"}), "en", code) == {"dog": ("x",)}


def test_swedish_is_not_taken_for_swahili(fill: Fill) -> None:
    folder = fill({"sw2.txt": "dog hund\n"})
    with pytest.raises(MissingPart, match=r"holds no dictionary en-sw\.txt; MUSE has"):
        dictionary(folder, "en", "sw")
    fill({"en-sw.txt": "dog mbwa\n"})
    assert dictionary(folder, "en", "sw") == {"dog": ("mbwa",)}


def test_a_file_of_the_asked_order_comes_before_one_that_is_turned(fill: Fill) -> None:
    folder = fill({"en-de.txt": "dog Hund\n", "de-en.txt": "hund hound\n"})
    assert dictionary(folder, "de", "en") == {"hund": ("hound",)}


# over English


def test_two_languages_without_a_list_to_each_other_go_over_english(fill: Fill) -> None:
    folder = fill(
        {
            "ar-en.txt": "كلب dog\nكلب hound\nقط cat\nبحر sea\nفندق hotel\n",
            "en-de.txt": "dog Hund\ndog Köter\nHound Hund\nhound Jagdhund\ncat Katze\nhotel فندق\n",
        }
    )
    found = dictionary(folder, "ar", "de")
    assert isinstance(found, Chain)
    assert dict(found) == {"كلب": ("Hund", "Köter", "Jagdhund"), "قط": ("Katze",)}  # each once, in order
    assert "بحر" not in found and "فندق" not in found and "nothing" not in found and len(found) == 2
    assert dict(dictionary(folder, "de", "ar")) == {
        "hund": ("كلب",), "köter": ("كلب",), "jagdhund": ("كلب",), "katze": ("قط",),
    }  # fmt: skip


def test_a_direct_list_is_taken_before_the_way_over_english(fill: Fill) -> None:
    folder = fill({"ar-en.txt": "a dog\n", "en-de.txt": "dog Hund\n", "ar-de.txt": "a Wolf\n"})
    assert dictionary(folder, "ar", "de") == {"a": ("Wolf",)} and detours(folder, [("ar", "de")]) == ""


def test_the_notes_name_what_goes_over_english(fill: Fill) -> None:
    folder = fill({"ar-en.txt": "a dog\n", "en-de.txt": "dog Hund\n", "en-es.txt": "dog perro\n"})
    assert list(mixer(folder, "de", "es").notes(["en"])) == []
    (note,) = mixer(folder, "de", "es", "en").notes(["en", "ar"])
    assert note == f"code_mixing goes over English for ar-de, ar-es, which have no dictionary in {folder}"
    every = [("ar", other) for other in "de es".split()] * 6
    assert detours(folder, every).endswith("and 4 more")


def test_words_are_mixed_in_over_english(fill: Fill) -> None:
    folder = fill({"ar-en.txt": "كلب dog\n", "en-de.txt": "dog Hund\n"})
    row = {"id": "1", "language": "ar", "text": "كلب كبير", "pair": None, "label": "x"}
    assert mixer(folder, "de").change(row)[0]["text"] == "Hund كبير"


# what decides the result, and what is amiss


def test_the_digests_say_which_files_and_how_they_are_read(fill: Fill) -> None:
    folder = fill({"ar-en.txt": "a dog\n", "en-de.txt": "dog Hund\n"})
    pairs = [("en", "de"), ("de", "en"), ("ar", "de")]
    assert digests(folder, pairs, name_of) == {
        "en-de": "en-de.txt", "de-en": "en-de.txt turned", "ar-de": ["ar-en.txt", "en-de.txt"],
    }  # fmt: skip
    assert mixer(folder, "de").file_digests(["en"], name_of) == {"en-de": "en-de.txt"}


def test_every_pair_that_is_missing_is_named_at_once(fill: Fill) -> None:
    folder = fill({"en-de.txt": WORDS})
    with pytest.raises(MissingPart) as caught:
        mixer(folder, "de", "fr", "ru").file_digests(["en", "ar"], name_of)
    said = str(caught.value)
    assert f"{folder} holds no dictionary en-fr.txt, en-ru.txt, ar-de.txt, ar-fr.txt, ar-ru.txt, nor a way" in said
    assert "(such as ar-en.txt with en-de.txt): no list of English and fr, ru, ar; " in said
    assert "PanLex" in said and "\n" not in said


@pytest.mark.parametrize("text", ["", "\n \n", "\ufeff\n", "dog dog\ncat Cat\n"])
@pytest.mark.parametrize("name", ["en-de.txt", "de2.txt"])
def test_an_empty_dictionary_is_a_fault(name: str, text: str, fill: Fill) -> None:
    folder = fill({name: text})
    for work in (lambda: mixer(folder, "de").file_digests(["en"], name_of), lambda: dictionary(folder, "en", "de")):
        with pytest.raises(BadRow, match="is an empty list") as caught:
            work()
        assert caught.value.file.endswith(name)


def test_an_empty_half_of_the_way_over_english_is_a_fault(fill: Fill) -> None:
    folder = fill({"ar-en.txt": "a dog\n", "en-de.txt": ""})
    with pytest.raises(BadRow, match=r"en-de\.txt: is an empty list"):
        mixer(folder, "de").file_digests(["ar"], name_of)


def test_a_changed_file_is_read_again(fill: Fill) -> None:
    folder = fill({"en-de.txt": "dog Hund\n"})
    assert dictionary(folder, "de", "en") == {"hund": ("dog",)}
    fill({"en-de.txt": "dog Wolf\n"})
    os.utime(Path(folder) / "en-de.txt", ns=(1, 1))
    assert dictionary(folder, "de", "en") == {"wolf": ("dog",)}


# where lists lie


def test_lists_lie_here_or_under_the_data_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place, word in (("data/lexica/muse", "Hund"), ("lexica/muse", "Wolf")):
        (folder / place).mkdir(parents=True)
        (folder / place / "en-de.txt").write_text(f"dog {word}\n", "utf-8")
    monkeypatch.setenv("XFER_DATA", str(folder / "data"))
    assert dictionary("lexica/muse", "en", "de") == {"dog": ("Wolf",)}
    (folder / "lexica").rename(folder / "aside")
    assert dictionary("lexica/muse", "en", "de") == {"dog": ("Hund",)}
    assert mixer("lexica/muse", "de").file_digests(["en"], str) == {"en-de": str(folder / "data/lexica/muse/en-de.txt")}
    with pytest.raises(MissingPart, match=r"data/lexica/muse holds no dictionary en-fr\.txt"):
        dictionary("lexica/muse", "en", "fr")


# every other list of an attacker

TEXTATTACK = {"type": "textattack", "encoder": "none", "tagger": "none", "language_model": "none"}
LISTS: dict[str, tuple[dict[str, Any], str]] = {
    "synonyms": ({"type": "synonyms", "folder": "FOLDER"}, "en.txt"),
    "entity_swap": ({"type": "entity_swap", "folder": "FOLDER"}, "en.txt"),
    "code_mixing": ({"type": "code_mixing", "languages": ["de"], "dictionary": "FOLDER"}, "en-de.txt"),
    "code_mixing_search": ({"type": "code_mixing_search", "languages": ["de"], "dictionary": "FOLDER"}, "en-de.txt"),
    "phrase_mixing": ({"type": "phrase_mixing", "languages": ["de"], "bitext": "FOLDER"}, "en-de.txt"),
    "phrase_mixing_search": ({"type": "phrase_mixing_search", "languages": ["de"], "bitext": "FOLDER"}, "en-de.txt"),
    "name_list": ({"type": "textattack", "recipe": "checklist", "name_list": "FOLDER/names.txt"}, "names.txt"),
    "pso": ({**TEXTATTACK, "recipe": "pso", "synonyms": "FOLDER/s.txt"}, "s.txt"),
    "vectors": ({**TEXTATTACK, "recipe": "textfooler", "vectors": "FOLDER/v.txt"}, "v.txt"),
}


def build(block: dict[str, Any], folder: str) -> Any:
    fields = {
        name: value.replace("FOLDER", folder) if isinstance(value, str) else value for name, value in block.items()
    }
    recipe = fields.get("recipe", "")
    fields = {
        k: v for k, v in fields.items() if not (k in ("tagger", "language_model", "encoder") and _unread(recipe, k))
    }
    return Attacker.model_validate(fields)


def _unread(recipe: str, field: str) -> bool:
    from xfer.attackers.textattack.recipes.table import recipe_resources

    return field not in {one.field for one in recipe_resources(recipe, "fixed")}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("text", ["", "  \n\n"])
def test_an_empty_list_of_any_attacker_is_a_fault(name: str, text: str, fill: Fill) -> None:
    block, file = LISTS[name]
    folder = fill({file: text})
    with pytest.raises(BadRow, match="is an empty list") as caught:
        build(block, folder).file_digests(["en"], name_of)
    assert caught.value.file.endswith(file)


@pytest.mark.parametrize("name", LISTS)
def test_a_missing_list_of_any_attacker_is_a_fault(name: str, fill: Fill) -> None:
    block, file = LISTS[name]
    with pytest.raises(XferError) as caught:
        build(block, fill({"other": "x"})).file_digests(["en"], name_of)
    assert file in str(caught.value)


def test_an_empty_list_of_protected_words_is_a_fault(fill: Fill) -> None:
    folder = fill({"p.txt": "\n"})
    block = {"type": "typos", "constraints": {"protected_file": f"{folder}/p.txt"}}
    with pytest.raises(MissingPart, match=r"p\.txt is an empty list"):
        Attacker.model_validate(block).constraints.protected_words()
