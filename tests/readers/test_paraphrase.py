"""Quora question pairs, PAWS and PAWS-X in every official layout, and the miniature pairs."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from math import log
from pathlib import Path
from typing import Any

import pytest

from xfer.core.errors import BadRow, MissingData
from xfer.forms.base import build_form
from xfer.miniature.choice import seeded_stream
from xfer.miniature.paraphrases import (
    PAWSX_CODES,
    Paraphrase,
    draw_paraphrases,
    paraphrase_sentences,
    same_events,
    write_paraphrases,
)
from xfer.readers.base import Reader, Row
from xfer.readers.paraphrase import Paws, Pawsx, Qqp
from xfer.readers.sources import data_revision, rows

Mirror = Callable[..., Path]
Read = Callable[..., list[Row]]
Hub = Callable[..., None]

QQP = "id qid1 qid2 question1 question2 is_duplicate".split()
PAWS = "id sentence1 sentence2 label".split()
LANGUAGES = "de en es fr ja ko zh".split()


def row(name: str, text: str, pair: str, label: str | None, language: str = "en") -> Row:
    return {"id": name, "language": language, "text": text, "pair": pair, "label": label}


def from_hub(reader: Any, split: str, language: str = "en") -> list[Row]:
    return list(rows(Reader.model_validate(reader), "hub", split, language))


# Quora question pairs


@pytest.mark.parametrize("place", ["QQP", "glue/QQP"])
@pytest.mark.parametrize("split", ["train", "dev"])
def test_qqp_keeps_the_files_ids_and_quotes(place: str, split: str, mirror: Mirror, read: Read) -> None:
    lines = [QQP, ["17", "1", "2", '"Why?', "NA", "1"], ["404", "3", "4", "a?", 'b "c?', "0"]]
    mirror(f"{place}/{split}.tsv", lines)
    assert read("qqp", split) == [row("17", '"Why?', "NA", "duplicate"), row("404", "a?", 'b "c?', "not_duplicate")]


def test_lines_of_qqp_that_were_torn_apart_are_left_out(mirror: Mirror, read: Read) -> None:
    lines = [QQP, ["1", "1", "2", "a?", "begins here"], ["and ends here?", "1"], ["2", "3", "4", "b?", "c?", "0"]]
    mirror("QQP/train.tsv", lines)
    assert [one["id"] for one in read("qqp", "train")] == ["2"]


@pytest.mark.parametrize("empty", ["", "  "])
def test_pairs_with_an_empty_question_are_left_out(empty: str, mirror: Mirror, read: Read, hub: Hub) -> None:
    mirror(
        "QQP/dev.tsv",
        [
            QQP,
            ["1", "1", "2", empty, "a?", "0"],
            ["2", "1", "2", "a?", empty, "0"],
            ["3", "1", "2", "a?", "b?", "1"],
        ],
    )
    assert [one["id"] for one in read("qqp", "dev")] == ["3"]
    part = {"question1": [empty, "a?", "a?"], "question2": ["a?", empty, "b?"], "label": [0, 0, 1], "idx": [5, 6, 9]}
    hub("nyu-mll/glue", {"qqp": {"validation": part}})
    assert from_hub("qqp", "dev") == [row("9", "a?", "b?", "duplicate")]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (["1", "1", "2", "a?", "b?", "yes"], "label 'yes' is not one of 0, 1"),
        (["1", "1", "2", "a?", "b?", "0", "more"], "7 columns where 6"),
    ],
)
def test_a_bad_line_of_qqp_is_told(line: list[str], words: str, mirror: Mirror, read: Read) -> None:
    path = mirror("QQP/train.tsv", [QQP, ["1", "1", "2", "a?", "b?", "0"], line])
    with pytest.raises(BadRow) as caught:
        read("qqp", "train")
    assert (caught.value.file, caught.value.line) == (str(path), 3)
    assert words in caught.value.message


def test_the_withheld_test_labels_of_qqp_are_no_split(mirror: Mirror, read: Read) -> None:
    with pytest.raises(MissingData, match="qqp has no test split; it has train, dev"):
        read("qqp", "test")


def test_the_hubs_index_names_the_row_and_minus_one_drops_it(hub: Hub) -> None:
    part = {"question1": ["a?", "b?", "c?"], "question2": ["x", "y", "z"], "label": [1, -1, 0], "idx": [3, 8, 11]}
    hub("nyu-mll/glue", {"qqp": {"train": part, "validation": part}})
    assert from_hub("qqp", "train") == [row("3", "a?", "x", "duplicate"), row("11", "c?", "z", "not_duplicate")]


def test_qqp_is_scored_by_accuracy_and_the_f1_of_duplicates() -> None:
    kind = build_form(Qqp.form, Qqp().label_names(), Qqp().form_options())
    gold = ["duplicate", "duplicate", "not_duplicate", "not_duplicate", "not_duplicate"]
    predicted = ["duplicate", "not_duplicate", "duplicate", "not_duplicate", "not_duplicate"]
    scores = kind.score({"gold": gold, "predicted": predicted})
    # one of two duplicates found, with one false alarm
    assert scores == pytest.approx({"accuracy": 0.6, "f1": 2 * 1 / (2 + 2)})
    assert next(iter(scores)) == "accuracy"


def test_a_positive_label_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="positive label 'yes' is not one of not_duplicate, duplicate"):
        build_form("classify", ["not_duplicate", "duplicate"], {"positive": "yes"})


def test_paws_is_scored_by_accuracy() -> None:
    assert Paws().form_options() == Pawsx().form_options() == {}


# PAWS


@pytest.mark.parametrize("place", ["final", "paws/final"])
@pytest.mark.parametrize("split", ["train", "dev", "test"])
def test_paws_is_read_with_its_ids(place: str, split: str, mirror: Mirror, read: Read) -> None:
    mirror(f"{place}/{split}.tsv", [PAWS, ["3", "`` a '' b", '"c', "1"], ["9", "d", "e", "0"]])
    assert read("paws", split) == [row("3", "`` a '' b", '"c', "paraphrase"), row("9", "d", "e", "different")]


@pytest.mark.parametrize("label", ["2", "", "-1", "paraphrase"])
def test_a_label_of_paws_that_is_none_is_told(label: str, mirror: Mirror, read: Read) -> None:
    path = mirror("final/train.tsv", [PAWS, ["1", "a", "b", "0"], ["2", "a", "b", label]])
    with pytest.raises(BadRow, match="is not one of 0, 1") as caught:
        read("paws", "train")
    assert (caught.value.file, caught.value.line) == (str(path), 3)


def test_paws_from_the_hub_drops_illegal_labels(hub: Hub) -> None:
    part = {"id": [1, 4, 9], "sentence1": ["a", "b", "c"], "sentence2": ["x", "y", "z"], "label": [0, -1, 1]}
    hub("google-research-datasets/paws", {"labeled_final": {"train": part, "validation": part, "test": part}})
    for split in ("train", "dev", "test"):
        assert from_hub("paws", split) == [row("1", "a", "x", "different"), row("9", "c", "z", "paraphrase")]


@pytest.mark.parametrize("label", [2, 7])
def test_a_hub_label_beyond_two_is_told(label: int, hub: Hub) -> None:
    part = {"id": [1, 2], "sentence1": ["a", "b"], "sentence2": ["x", "y"], "label": [0, label]}
    hub("google-research-datasets/paws", {"labeled_final": {"test": part}})
    with pytest.raises(BadRow) as caught:
        from_hub("paws", "test")
    assert caught.value.line == 2


# PAWS-X

NAMES = [
    ("en", "train", "train"),
    ("de", "train", "translated_train"),
    ("de", "dev", "dev_2k"),
    ("zh", "test", "test_2k"),
]


@pytest.mark.parametrize("place", ["x-final", "pawsx/x-final"])
@pytest.mark.parametrize(("language", "split", "name"), NAMES)
def test_pawsx_is_read_without_quoting(
    place: str, language: str, split: str, name: str, mirror: Mirror, read: Read
) -> None:
    mirror(f"{place}/{language}/{name}.tsv", [PAWS, ["4", '"a ""b"" c"', '"d', "1"], ["25", "null", "e", "0"]])
    assert read("pawsx", split, language) == [
        row("4", '"a ""b"" c"', '"d', "paraphrase", language),
        row("25", "null", "e", "different", language),
    ]


GAPS = [PAWS, ["1", "NS", "a", "0"], ["2", "b", "NS", "1"], ["3", "", "c", "0"], ["5", "d", "e", "1"]]


@pytest.mark.parametrize("name", ["dev_2k", "test_2k"])
def test_pairs_without_a_sentence_are_tested_on(name: str, mirror: Mirror, read: Read) -> None:
    mirror(f"x-final/ko/{name}.tsv", GAPS)
    found = read("pawsx", name.split("_")[0], "ko")
    assert [(one["id"], one["text"], one["pair"]) for one in found] == [
        ("1", "NS", "a"),
        ("2", "b", "NS"),
        ("3", "NS", "c"),  # a gap is written alike everywhere
        ("5", "d", "e"),
    ]
    for one in found:
        build_form(Pawsx.form, Pawsx.labels).check_row(one, name, 1)


def test_pairs_without_a_sentence_are_not_trained_on(mirror: Mirror, read: Read, hub: Hub) -> None:
    mirror("x-final/ko/translated_train.tsv", GAPS)
    assert read("pawsx", "train", "ko") == [row("5", "d", "e", "paraphrase", "ko")]
    part = {"id": [1, 2, 5], "sentence1": ["NS", "", "d"], "sentence2": ["a", "b", "e"], "label": [0, 0, 1]}
    hub("google-research-datasets/paws-x", {"ko": {"train": part, "validation": part}})
    assert [one["id"] for one in from_hub("pawsx", "train", "ko")] == ["5"]
    assert [one["id"] for one in from_hub("pawsx", "dev", "ko")] == ["1", "2", "5"]


def test_a_sentence_that_holds_the_placeholder_is_trained_on(mirror: Mirror, read: Read) -> None:
    mirror("x-final/de/translated_train.tsv", [PAWS, ["1", "NS und mehr", "NSA", "1"]])
    assert len(read("pawsx", "train", "de")) == 1


@pytest.mark.parametrize("line", [["2", "a", "b"], ["2", "a", "b", "0", "more"], ["2", "a", "b", "NS"]])
def test_a_broken_line_of_pawsx_is_told(line: list[str], mirror: Mirror, read: Read) -> None:
    path = mirror("x-final/de/dev_2k.tsv", [PAWS, ["1", "a", "b", "0"], line])
    with pytest.raises(BadRow) as caught:
        read("pawsx", "dev", "de")
    assert (caught.value.file, caught.value.line) == (str(path), 3)


def test_the_first_line_of_pawsx_is_its_header(mirror: Mirror, read: Read) -> None:
    mirror("x-final/de/dev_2k.tsv", [["1", "a", "b", "0"], ["2", "a", "b", "0"]])
    with pytest.raises(BadRow, match="no column 'sentence1'"):
        read("pawsx", "dev", "de")


def test_english_training_data_may_be_paws_itself(mirror: Mirror, read: Read) -> None:
    mirror("final/train.tsv", [PAWS, ["1", "a", "b", "0"]])
    assert read("pawsx", "train") == [row("1", "a", "b", "different")]
    with pytest.raises(MissingData):
        read("pawsx", "train", "de")


def test_pawsx_in_xtremes_layout_is_unquoted_and_numbered(mirror: Mirror, read: Read) -> None:
    mirror("pawsx/dev-fr.tsv", '"Le ""T"" est"\tb\t1\nNS\td\t0\n')
    assert read("pawsx", "dev", "fr") == [
        row("1", 'Le "T" est', "b", "paraphrase", "fr"),
        row("2", "NS", "d", "different", "fr"),
    ]
    mirror("x-final/fr/dev_2k.tsv", [PAWS, ["7", "a", "b", "0"]])
    assert [one["id"] for one in read("pawsx", "dev", "fr")] == ["7"]


def test_xtremes_tests_of_pawsx_take_their_labels_from_beside(mirror: Mirror, read: Read) -> None:
    mirror("pawsx/test-fr.tsv", "a\tb\nc\td\n")
    assert [one["label"] for one in read("pawsx", "test", "fr")] == [None, None]
    mirror("labels/pawsx/test-fr.tsv", "1\n0\n")
    assert [one["label"] for one in read("pawsx", "test", "fr")] == ["paraphrase", "different"]
    found = data_revision(Pawsx(), "mirror", "test", ("fr",), lambda path: path.read_text(), str)
    assert found == {"files": {"labels/pawsx/test-fr.tsv": "1\n0\n", "pawsx/test-fr.tsv": "a\tb\nc\td\n"}}


def test_broken_lines_of_xtremes_translations_are_left_out(mirror: Mirror, read: Read) -> None:
    lines = [
        ["a", "b", '"c', "d", "1"],
        ["a", "b", "c", "d", "e"],
        ["a", "b", "c", "1"],
        ["a", "b", "c", "d", "0", "1"],
        ["a", "b", "NS", "d", "0"],
        ["a", "b", "c", "d", "0"],
    ]
    mirror("PAWSX/translate-train/en-ja-translated.tsv", lines)
    assert read("pawsx", "train", "ja") == [
        row("1", '"c', "d", "paraphrase", "ja"),
        row("6", "c", "d", "different", "ja"),
    ]


def test_pawsx_comes_from_its_own_hub_repository_by_language(hub: Hub) -> None:
    def part(word: str) -> dict[str, list[Any]]:
        return {"id": [4], "sentence1": [word], "sentence2": ["x"], "label": [1]}

    configs = {
        code: {split: part(f"{code} {split}") for split in ("train", "validation", "test")} for code in LANGUAGES
    }
    hub("google-research-datasets/paws-x", configs)
    assert from_hub("pawsx", "dev", "ko") == [row("4", "ko validation", "x", "paraphrase", "ko")]
    assert [one["text"] for one in from_hub("pawsx", "train", "zh")] == ["zh train"]


def test_training_in_other_languages_is_asked_for_by_languages() -> None:
    reader = Reader.model_validate({"type": "pawsx", "languages": "all"})
    assert reader.train_languages("mirror") == tuple(LANGUAGES)
    assert reader.train_languages("miniature") == PAWSX_CODES


# real files

NO_SENTENCE = {
    "de": (68, 14),
    "en": (0, 0),
    "es": (38, 0),
    "fr": (8, 11),
    "ja": (20, 27),
    "ko": (35, 14),
    "zh": (16, 13),
}
PARAPHRASES = {
    "de": (831, 519),
    "en": (863, 520),
    "es": (847, 520),
    "fr": (860, 520),
    "ja": (854, 520),
    "ko": (840, 520),
    "zh": (853, 520),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_real_pawsx_is_whole(language: str, real: Path) -> None:
    """Dev is full, test holds 1,200 of 2,000 rows a language."""
    if not (real / "pawsx" / "x-final" / language).is_dir():
        pytest.skip(f"no pawsx/x-final/{language}")
    for place, (split, size) in enumerate([("dev", 2000), ("test", 1200)]):
        found = list(rows(Pawsx(), "mirror", split, language, real))
        positive = PARAPHRASES[language][place]
        assert Counter(one["label"] for one in found) == {"paraphrase": positive, "different": size - positive}
        gaps = sum("NS" in (one["text"].strip(), one["pair"].strip()) for one in found)
        assert gaps == NO_SENTENCE[language][place]
        assert len({one["id"] for one in found}) == size


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_real_xtreme_layout_of_pawsx_holds_the_same_rows(language: str, real: Path) -> None:
    path = real / "pawsx" / "xtreme_layout" / f"dev-{language}.tsv"
    if not path.is_file():
        pytest.skip(f"no pawsx/xtreme_layout/{path.name}")
    found = list(Pawsx().parse(path, "dev", language))
    official = list(rows(Pawsx(), "mirror", "dev", language, real))
    assert [one["label"] for one in found] == [one["label"] for one in official]
    assert [[unquoted(one[side]) for side in ("text", "pair")] for one in official] == [
        [one[side] for side in ("text", "pair")] for one in found
    ]


def unquoted(text: str) -> str:
    quoted = len(text) > 1 and text[0] == text[-1] == '"'
    return text[1:-1].replace('""', '"') if quoted else text


def test_the_official_samples_are_read(real: Path) -> None:
    base = real / "official_samples"
    if not base.is_dir():
        pytest.skip("no official_samples")
    paws = base / "paws/labeled_final/1.1.0/dummy_data/paws_wiki_labeled_final.tar.gz"
    assert [len(list(rows(Paws(), "mirror", split, "en", paws))) for split in ("train", "dev", "test")] == [4, 4, 4]
    for language in LANGUAGES:
        folder = base / f"paws-x/{language}/1.1.0/dummy_data/x-final.tar.gz"
        lengths = [len(list(rows(Pawsx(), "mirror", split, language, folder))) for split in ("train", "dev", "test")]
        assert lengths == [4, 4, 4]
    qqp = base / "glue/qqp/1.0.0/dummy_data"
    found = list(rows(Qqp(), "mirror", "train", "en", qqp))
    assert [(one["id"], one["label"]) for one in found] == [
        ("133273", "not_duplicate"),
        ("402555", "duplicate"),
        ("360472", "not_duplicate"),
    ]
    assert len(list(rows(Qqp(), "mirror", "dev", "en", qqp))) == 2


# miniature


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("paraphrases")
    write_paraphrases(root, PAWSX_CODES, 0)
    return root


@pytest.fixture(scope="module")
def drawn() -> dict[str, list[Paraphrase]]:
    seen: set[frozenset[tuple[str, ...]]] = set()
    return {
        split: draw_paraphrases(seeded_stream(0, "test", split), size, seen)
        for split, size in (("held out", 1000), ("train", 5000))
    }


@pytest.mark.parametrize(("name", "split"), [("qqp", "train"), ("qqp", "dev"), ("paws", "dev"), ("pawsx", "test")])
def test_miniature_pairs_are_read_by_the_same_code(name: str, split: str, world: Path) -> None:
    reader = Reader.model_validate(name)
    for language in reader.offered_languages("miniature", split):
        found = list(rows(reader, "miniature", split, language, world))
        counts = Counter(one["label"] for one in found)
        assert set(counts) == set(reader.label_names()) and len(set(counts.values())) == 1
        assert all(one["text"] != one["pair"] for one in found)


def test_miniature_pawsx_is_parallel_and_shares_its_english_training_rows(world: Path) -> None:
    for split in ("train", "dev", "test"):
        columns = [
            [(r["id"], r["label"]) for r in rows(Pawsx(), "miniature", split, code, world)] for code in PAWSX_CODES
        ]
        assert all(column == columns[0] for column in columns)
    english = [list(rows(reader, "miniature", "train", "en", world)) for reader in (Paws(), Pawsx())]
    assert english[0] == english[1]


def test_miniature_pairs_are_not_told_twice(world: Path) -> None:
    def told(reader: Reader, split: str) -> set[str]:
        return {one["text"] for one in rows(reader, "miniature", split, "en", world)}

    assert not told(Pawsx(), "train") & (told(Pawsx(), "dev") | told(Pawsx(), "test"))
    assert not told(Qqp(), "train") & told(Qqp(), "dev")


def test_another_process_draws_the_same_pairs(drawn: dict[str, list[Paraphrase]]) -> None:
    seen: set[frozenset[tuple[str, ...]]] = set()
    again = draw_paraphrases(seeded_stream(0, "test", "held out"), 1000, seen)
    assert [paraphrase_sentences(pair, "en") for pair in again] == [
        paraphrase_sentences(pair, "en") for pair in drawn["held out"]
    ]


def test_every_first_text_has_one_pair_of_either_label(drawn: dict[str, list[Paraphrase]]) -> None:
    labels = defaultdict(list)
    for pair in drawn["held out"]:
        labels[pair.first].append(pair.label)
    assert all(sorted(found) == ["0", "1"] for found in labels.values())


def test_paraphrases_say_the_same_and_others_do_not(drawn: dict[str, list[Paraphrase]]) -> None:
    for pair in drawn["held out"]:
        assert same_events(pair.first, pair.second) == (pair.label == "1")
        assert same_events(pair.second, pair.first) == same_events(pair.first, pair.second)


@pytest.mark.parametrize("code", PAWSX_CODES)
def test_no_language_says_different_things_alike(code: str, drawn: dict[str, list[Paraphrase]]) -> None:
    said: dict[frozenset[str], str] = {}
    for pair in drawn["held out"]:
        one, two = paraphrase_sentences(pair, code)
        if one == two:
            assert pair.label == "1"
        said[frozenset((one, two))] = pair.label
    assert len(said) > 950


def naive_bayes(train: Iterable[tuple[set[str], str]], test: list[tuple[set[str], str]]) -> float:
    """Accuracy of naive Bayes over the features that are present, 0 to 1."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    totals: Counter[str] = Counter()
    for features, label in train:
        counts[label].update(features)
        totals[label] += 1

    def best(features: set[str]) -> str:
        return max(
            sorted(totals),
            key=lambda label: sum(log((counts[label][one] + 1) / (totals[label] + 2)) for one in features),
        )

    return sum(best(features) == label for features, label in test) / len(test)


def guessed(drawn: dict[str, list[Paraphrase]], code: str, features: Callable[[str, str], set[str]]) -> float:
    rows = {
        split: [(features(*paraphrase_sentences(p, code)), p.label) for p in pairs] for split, pairs in drawn.items()
    }
    return naive_bayes(rows["train"], rows["held out"])


def bag(text: str) -> list[str]:
    return sorted(text.lower().replace(".", "").replace("。", "").split())


@pytest.mark.parametrize("code", PAWSX_CODES)
def test_neither_side_tells_the_label(code: str, drawn: dict[str, list[Paraphrase]]) -> None:
    assert guessed(drawn, code, lambda one, _: set(bag(one))) < 0.55
    assert guessed(drawn, code, lambda _, two: set(bag(two))) < 0.55


@pytest.mark.parametrize("code", PAWSX_CODES)
def test_the_words_hardly_tell_the_label(code: str, drawn: dict[str, list[Paraphrase]]) -> None:
    """Of two events only the changed words (a fifth of the counterparts) can be told without order: at most 0.6."""
    two = {split: [pair for pair in pairs if len(pair.first.events) == 2] for split, pairs in drawn.items()}
    assert all(len(pairs) > 150 for pairs in two.values())

    def words(one: str, two: str) -> set[str]:
        changed = set(bag(one)) ^ set(bag(two))
        return {f"same {bag(one) == bag(two)}", f"differ {len(changed)}", *changed}

    assert guessed(two, code, words) < 0.64


def test_the_labels_can_be_told_by_what_is_bound_to_what(drawn: dict[str, list[Paraphrase]]) -> None:
    """Each sentence on its own holds the answer, so that there is something to learn."""

    def events(text: str) -> list[list[str]]:
        plain = text.lower().replace("physician", "doctor").rstrip(".")
        return sorted(sorted(event.split()) for event in plain.split(". "))

    def bound(one: str, two: str) -> set[str]:
        return {f"same {events(one) == events(two)}"}

    assert guessed(drawn, "en", bound) > 0.97


# cards


def every_reader() -> list[str]:
    return sorted(Reader.known_names())


@pytest.mark.parametrize("name", every_reader())
def test_every_card_is_complete(name: str) -> None:
    reader: Any = Reader.find_class(name)
    card = reader.card
    for field in ("title", "licence", "layout"):
        assert getattr(card, field).strip(), field
    assert set(card.splits) <= {"train", "dev", "test"} and len(set(card.splits)) == len(card.splits) > 0
    for languages in (card.languages, card.train_languages):
        assert list(languages) == sorted(set(languages))
        assert all(language.isascii() and language.islower() for language in languages)
    assert set(card.sizes) <= set(card.splits)
    if name != "files":
        assert card.citation.strip() and card.languages
    if "hub" in reader.sources:
        assert "/" in card.hub


@pytest.mark.parametrize("name", every_reader())
def test_every_reader_names_the_source_of_its_settings(name: str) -> None:
    reader: Any = Reader.find_class(name)
    if "train" in reader.card.splits:
        published = reader.published
        assert published.source.strip()
        assert 0 < published.learning_rate < 1e-2 and published.epochs > 0
        assert published.batch_size > 0 and published.max_length > 0


def test_the_sizes_are_those_that_are_known() -> None:
    path = Path(__file__).parents[2].parent / "shared" / "reference" / "expected_sizes.json"
    if not path.is_file():
        pytest.skip(f"no {path}")
    known = json.loads(path.read_text())
    parts = {
        Qqp: known["nyu-mll/glue"]["qqp"],
        Paws: known["google-research-datasets/paws"]["labeled_final"],
        Pawsx: known["google-research-datasets/paws-x"]["en"],
    }
    for reader, sizes in parts.items():
        wanted = {"train": sizes["train"], "dev": sizes["validation"], "test": sizes["test"]}
        assert reader.card.sizes == {split: wanted[split] for split in reader.card.splits}
    anli = Counter[str]()
    for split, size in known["facebook/anli"]["plain_text"].items():
        anli[split.split("_")[0]] += size
    assert Reader.find_class("anli").card.sizes == anli
