"""UDPOS, PAN-X and CCG in every layout, with what is easy to get wrong in each."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xfer.core.errors import BadRow, MissingData
from xfer.forms.base import build_form
from xfer.miniature import LANGUAGES
from xfer.miniature.tags import write_tagged
from xfer.readers.base import Row
from xfer.readers.ccg import Ccg
from xfer.readers.conllu import UPOS
from xfer.readers.sources import rows
from xfer.readers.tagging import ENTITY_TAGS, TREEBANKS, Panx, Udpos

Mirror = Callable[..., Path]
Read = Callable[..., list[Row]]


def conllu(*words: str, name: str = "s1") -> str:
    """``ID FORM UPOS HEAD [DEPS]`` a word, slashes between, as one sentence of ten columns a line."""
    lines = [f"# sent_id = {name}"]
    for word in words:
        number, text, upos, head, *deps = word.split("/")
        lines.append("\t".join([number, text, "_", upos, "_", "_", head, "_", deps[0] if deps else "_", "_"]))
    return "\n".join(lines) + "\n\n"


def words_and_tags(row: Row) -> list[tuple[str, str]]:
    return list(zip(row["words"], row["tags"], strict=True))


class TestUdpos:
    @pytest.fixture
    def one(self, mirror: Mirror, read: Read) -> Callable[..., list[Row]]:
        def one(language: str, treebank: str, text: str, split: str = "test") -> list[Row]:
            mirror(f"ud-treebanks-v2.5/UD_X-{treebank}/{language}_{treebank.lower()}-ud-{split}.conllu", text)
            return read("udpos", split, language)

        return one

    def test_a_sentence(self, one: Callable[..., list[Row]]) -> None:
        found = one("en", "EWT", conllu("1/He/PRON/2", "2/sings/VERB/0", "3/./PUNCT/2", name="w-7"))
        assert found == [
            {"id": "ewt:w-7", "language": "en", "text": "He sings .", "words": ["He", "sings", "."],
             "tags": ["PRON", "VERB", "PUNCT"]}
        ]  # fmt: skip

    def test_a_multi_word_token_is_one_word_with_the_tag_of_the_highest_of_its_words(
        self, one: Callable[..., list[Row]]
    ) -> None:
        text = conllu("1-2/dámelo/_/_", "1/da/VERB/0", "2/melo/PRON/1", "3/ya/ADV/1")
        assert words_and_tags(one("es", "GSD", text)[0]) == [("dámelo", "VERB"), ("ya", "ADV")]

    @pytest.mark.parametrize(
        ("language", "treebank", "tags", "wanted"),
        [
            ("de", "GSD", ("ADP", "DET"), "ADP"),
            ("es", "GSD", ("DET", "ADP"), "ADP"),  # by rank, not by place
            ("de", "GSD", ("ADV", "NOUN"), "NOUN"),
            ("it", "ISDT", ("PRON", "ADV"), "ADV"),  # Italian ranks adverbs before pronouns
            ("de", "GSD", ("ADV", "PRON"), "PRON"),
            ("es", "GSD", ("NOUN", "DET"), "DET"),  # Spanish ranks no nouns
            ("de", "GSD", ("DET", "SYM"), "DET"),
        ],
    )
    def test_of_equally_high_words_the_rank_of_the_language_decides(
        self, one: Callable[..., list[Row]], language: str, treebank: str, tags: tuple[str, str], wanted: str
    ) -> None:
        text = conllu("1-2/xy/_/_", f"1/x/{tags[0]}/3", f"2/y/{tags[1]}/3", "3/z/NOUN/0")
        assert words_and_tags(one(language, treebank, text)[0]) == [("xy", wanted), ("z", "NOUN")]

    def test_ancestors_of_the_enhanced_graph_count_as_in_xtreme(self, one: Callable[..., list[Row]]) -> None:
        # in the basic tree both words are equally high; the enhanced graph gives the second one more ancestor
        text = conllu("1-2/xy/_/_", "1/x/DET/3", "2/y/NOUN/3/3:nmod|4:obj", "3/z/VERB/0", "4/v/VERB/3")
        assert words_and_tags(one("de", "GSD", text)[0])[0] == ("xy", "DET")

    def test_empty_nodes_are_not_written_and_comments_are_no_words(self, one: Callable[..., list[Row]]) -> None:
        text = conllu("1/a/DET/2", "1.1/sees/VERB/_", "2/b/NOUN/0")
        assert one("en", "EWT", text)[0]["words"] == ["a", "b"]

    def test_spaces_within_a_word_and_the_zero_width_non_joiner_are_taken_out(
        self, one: Callable[..., list[Row]]
    ) -> None:
        assert one("vi", "VTB", conllu("1/Việt Nam/PROPN/0"))[0]["words"] == ["ViệtNam"]
        assert one("fa", "Seraji", conllu("1/می\u200cرود/VERB/0"))[0]["words"] == ["میرود"]

    def test_masked_sentences_are_left_out(self, one: Callable[..., list[Row]]) -> None:
        text = (
            conllu("1/_/PRON/2", "2/_/VERB/0", name="all")
            + conllu("1/_/PRON/2", "2/_/VERB/0", "3/./PUNCT/2", name="all but one")
            + conllu("1/_/PRON/2", "2/goes/VERB/0", "3/./PUNCT/2", name="one")
        )
        assert [row["id"] for row in one("en", "ESL", text)] == ["esl:one"]

    def test_only_the_treebanks_of_xtreme_are_read(self, mirror: Mirror, read: Read) -> None:
        sentence = conllu("1/a/DET/0")
        for folder, name in [
            ("UD_Greek-GDT", "el_gdt"), ("UD_Ancient_Greek-PROIEL", "grc_proiel"), ("UD_Greek-GUD", "el_gud"),
        ]:  # fmt: skip
            mirror(f"ud-treebanks-v2.5/{folder}/{name}-ud-test.conllu", sentence)
        assert [row["id"] for row in read("udpos", "test", "el")] == ["gdt:s1"]

    def test_treebanks_of_one_language_are_joined_and_old_file_names_found(self, mirror: Mirror, read: Read) -> None:
        mirror("ud/UD_Arabic-PADT/ar-ud-test.conllu", conllu("1/و/CONJ/0"))
        mirror("ud/UD_Arabic-PUD/ar_pud-ud-test.conllu", conllu("1/قال/VERB/0"))
        found = read("udpos", "test", "ar")
        assert {row["id"]: row["tags"] for row in found} == {"padt:s1": ["CCONJ"], "pud:s1": ["VERB"]}

    def test_the_languages_of_xtreme_r_come_from_ud_2_7(self, mirror: Mirror, read: Read) -> None:
        for version, text in (("v2.5", "old"), ("v2.7", "new")):
            mirror(f"ud-treebanks-{version}/UD_Polish-PDB/pl_pdb-ud-test.conllu", conllu(f"1/{text}/X/0"))
            mirror(f"ud-treebanks-{version}/UD_English-EWT/en_ewt-ud-test.conllu", conllu(f"1/{text}/X/0"))
        assert read({"type": "udpos", "benchmark": "xtreme_r"}, "test", "pl")[0]["words"] == ["new"]
        assert read("udpos", "test", "en")[0]["words"] == ["old"]

    def test_the_benchmarks_have_33_and_38_languages(self) -> None:
        assert len(Udpos().offered_languages("mirror", "test")) == 33 == len(set(TREEBANKS)) - 5
        more = set(Udpos(benchmark="xtreme_r").offered_languages("mirror", "test")) - set(
            Udpos().offered_languages("mirror", "test")
        )
        assert more == {"lt", "pl", "uk", "wo", "ro"}
        missing = {
            s: set(Udpos().offered_languages("mirror", "test")) - set(Udpos().offered_languages("mirror", s))
            for s in ("train", "dev")
        }
        assert missing == {"train": {"th", "tl", "yo"}, "dev": {"th", "tl", "yo", "kk"}}

    @pytest.mark.parametrize(
        ("text", "line", "what"),
        [
            ("1\ta\tb\n\n", 1, "has 3 columns where CoNLL-U has 10"),
            (conllu("1/a/DET/0", "3/b/NOUN/1"), 3, "is word 3 where word 2 is expected"),
            (conllu("1/a/THING/0"), 2, "part of speech 'THING' is not one of ADJ, ADP"),
            (conllu("1/a/DET/x"), 2, "no usable number in '1' or 'x'"),
            (conllu("1-3/ab/_/_", "1/a/DET/0"), 2, "a multi-word token that ends outside it"),
        ],
    )
    def test_faults_name_file_and_line(self, one: Callable[..., list[Row]], text: str, line: int, what: str) -> None:
        with pytest.raises(BadRow, match=rf"en_ewt-ud-test\.conllu:{line}: .*{what}"):
            one("en", "EWT", text)

    def test_xtremes_own_files(self, mirror: Mirror, read: Read) -> None:
        mirror("udpos/train-en.tsv", "The\tDET\ndog\tNOUN\n\nRun\tVERB\n")  # no blank line at the end
        mirror("udpos/test-en.tsv", "The\ndog\n\nRun\n\n")
        found = read("udpos", "train", "en")
        assert [(row["words"], row["tags"]) for row in found] == [
            (["The", "dog"], ["DET", "NOUN"]),
            (["Run"], ["VERB"]),
        ]
        assert [(row["words"], row["tags"]) for row in read("udpos", "test", "en")] == [
            (["The", "dog"], None), (["Run"], None),
        ]  # fmt: skip

    def test_files_with_tags_are_preferred_to_test_files_without(self, mirror: Mirror, read: Read) -> None:
        mirror("udpos/test-en.tsv", "The\n")
        mirror("ud-treebanks-v2.5/UD_English-EWT/en_ewt-ud-test.conllu", conllu("1/The/DET/0"))
        assert read("udpos", "test", "en")[0]["tags"] == ["DET"]

    @pytest.mark.parametrize(
        ("text", "line", "what"),
        [
            ("The\tDET\ndog\n", 2, "has 1 columns where 2"),
            ("The\tDET\tx\n", 1, "has 3 columns where 2"),
            ("The\tdet\n", 1, "tag 'det' is not one of"),
        ],
    )
    def test_faults_of_xtremes_own_files(self, mirror: Mirror, read: Read, text: str, line: int, what: str) -> None:
        mirror("udpos/dev-en.tsv", text)
        with pytest.raises(BadRow, match=rf"dev-en\.tsv:{line}: {what}"):
            read("udpos", "dev", "en")

    def test_hub_numbers_are_alphabetical_and_not_those_of_universal_dependencies(self) -> None:
        row = Udpos().from_hub({"tokens": ["a", "b", "c"], "pos_tags": [0, 7, 16]}, 3, "test", "en")
        assert row and (row["tags"], row["id"]) == (["ADJ", "NOUN", "X"], "3")
        for wrong in (17, -1):
            with pytest.raises(IndexError):
                Udpos().from_hub({"tokens": ["a"], "pos_tags": [wrong]}, 0, "test", "en")

    def test_hub_tables_that_mix_in_another_language_are_refused_unless_asked_for(self) -> None:
        assert not {"de", "el", "fr", "ru", "zh"} & set(Udpos().offered_languages("hub", "test"))
        with pytest.raises(MissingData, match=r"mixes Ancient Greek into its udpos table of 'el'; use source: mirror"):
            Udpos().hub_part("test", "el")
        asked = Udpos(mixed_tables=True)
        assert "el" in asked.offered_languages("hub", "test")
        assert asked.hub_part("dev", "el")[1:3] == ("udpos.Greek", "validation")
        assert Udpos().hub_part("train", "en")[1:3] == ("udpos.English", "train")
        assert "pl" not in Udpos(benchmark="xtreme_r").offered_languages("hub", "test")


class TestPanx:
    def test_the_original_files_and_their_colons(self, mirror: Mirror, read: Read) -> None:
        mirror("panx_dataset/en/test", "en:New\tB-LOC\nen:York\tI-LOC\nen::\tO\nen:a:b\tO\n\nen: \tO\n\n")
        found = read("panx", "test", "en")
        assert [row["words"] for row in found] == [["New", "York", ":", "a:b"], [""]]
        assert found[0]["tags"] == ["B-LOC", "I-LOC", "O", "O"]
        assert [row["id"] for row in found] == ["1", "6"]
        build_form("tag", ENTITY_TAGS).check_row(found[1], "test", 1)  # a blank token is a word that is scored

    def test_files_as_xtremes_script_names_them(self, mirror: Mirror, read: Read) -> None:
        mirror("panx_dataset/sw-dev", "sw:Anna\tB-PER\n")
        assert words_and_tags(read("panx", "dev", "sw")[0]) == [("Anna", "B-PER")]

    def test_xtremes_own_files(self, mirror: Mirror, read: Read) -> None:
        mirror("panx/train-de.tsv", "\tO\nAnna\tB-PER\n")  # a token may be blank
        assert words_and_tags(read("panx", "train", "de")[0]) == [("", "O"), ("Anna", "B-PER")]

    @pytest.mark.parametrize(
        ("line", "what"),
        [
            ("Anna\tB-PER", "does not begin with 'en:'"),
            ("de:Anna\tB-PER", "does not begin with 'en:'"),
            ("en:Anna", "has 1 columns where 2"),
            ("en:Anna\tB-MISC", "tag 'B-MISC' is not one of O, B-PER"),
        ],
    )
    def test_faults(self, mirror: Mirror, read: Read, line: str, what: str) -> None:
        mirror("panx_dataset/en/dev", f"en:a\tO\n\n{line}\n")
        with pytest.raises(BadRow, match=rf"dev:3: {what}"):
            read("panx", "dev", "en")

    def test_hub_numbers(self) -> None:
        tags = [0, 1, 2, 3, 4, 5, 6]
        row = Panx().from_hub({"tokens": list("abcdefg"), "ner_tags": tags}, 0, "test", "en")
        assert row and row["tags"] == ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]
        assert Panx().hub_part("dev", "sw")[:3] == ("unimelb-nlp/wikiann", "sw", "validation")

    def test_the_benchmarks_have_40_and_48_languages(self) -> None:
        assert len(set(Panx().offered_languages("hub", "test"))) == 40
        more = set(Panx(benchmark="xtreme_r").offered_languages("hub", "test")) - set(
            Panx().offered_languages("hub", "test")
        )
        assert more == {"az", "gu", "lt", "pa", "pl", "qu", "ro", "uk"}


AUTO = (
    "ID=wsj_0001.1 PARSER=GOLD NUMPARSE=1\n"
    "(<T S[dcl] 0 2> (<L NP PRP PRP It NP>) (<T S[dcl]\\NP 0 1> (<L S[dcl]\\NP VBZ VBZ works S[dcl]\\NP_1>) ) )\n"
)


class TestCcg:
    def test_jiants_files(self, mirror: Mirror, read: Read) -> None:
        mirror("ccg/ccg.train", "It works\tNP S[dcl]\\NP\n")
        mirror("ccg/ccg.test", "Dogs\tN\n")
        assert words_and_tags(read("ccg", "train")[0]) == [("It", "NP"), ("works", "S[dcl]\\NP")]
        assert Ccg().label_names() == ("NP", "S[dcl]\\NP", "N")

    def test_the_order_of_jiants_table_of_tags(self, mirror: Mirror) -> None:
        mirror("ccg/ccg.train", "It works\tNP S[dcl]\\NP\n")
        mirror("ccg/tags_to_id.json", json.dumps({"N": 2, "S[dcl]\\NP": 0, "NP": 1}))
        assert Ccg().label_names() == ("S[dcl]\\NP", "NP", "N")

    def test_a_table_of_tags_that_is_none(self, mirror: Mirror) -> None:
        mirror("ccg/ccg.train", "It\tNP\n")
        mirror("ccg/tags_to_id.json", '{"N": 2, "NP": 5}')
        with pytest.raises(BadRow, match=r"tags_to_id\.json.*its numbers are not 0, 1, 2"):
            Ccg().label_names()

    def test_the_derivations_of_ccgbank_in_jiants_split(self, mirror: Mirror, read: Read) -> None:
        for section in ("00", "19", "23"):
            mirror(f"ccgbank_1_1/data/AUTO/{section}/wsj_{section}01.auto", AUTO.replace("0001", f"{section}01"))
        for split, name in (("train", "wsj_0001.1"), ("dev", "wsj_1901.1"), ("test", "wsj_2301.1")):
            found = read("ccg", split)
            assert [row["id"] for row in found] == [name]
            assert words_and_tags(found[0]) == [("It", "NP"), ("works", "S[dcl]\\NP")]

    def test_jiants_tokenised_files_lose_the_number_of_further_subwords(self, mirror: Mirror, read: Read) -> None:
        mirror("ccg/tags_to_id.json", json.dumps({"NP": 0, "S[dcl]\\NP": 1}))
        mirror("ccg/ccg.dev.bert-base-cased", '\ttext\ttags\n0\tIt works\t0 1 2 2\n1\t"a ""b"""\t0 2 1\n')
        found = read("ccg", "dev")
        assert words_and_tags(found[0]) == [("It", "NP"), ("works", "S[dcl]\\NP")]
        assert words_and_tags(found[1]) == [("a", "NP"), ('"b"', "S[dcl]\\NP")]

    @pytest.mark.parametrize(
        ("name", "text", "what"),
        [
            ("ccg/ccg.train", "It works\tNP\n", "ccg.train:1: has 2 words and 1 tags"),
            ("ccg/ccg.train", "It works\n", "ccg.train:1: has 1 columns where 2"),
            ("ccg/ccg.train.x", "\ttext\ttags\n0\tIt\tNP\n", "ccg.train.x:2: holds a tag that is no number"),
            ("ccgbank_1_1/data/AUTO/00/wsj_0001.auto", "ID=a\n(<L NP PRP It>)\n", "auto:2: is not a derivation"),
        ],
    )
    def test_faults(self, mirror: Mirror, read: Read, name: str, text: str, what: str) -> None:
        mirror(name, text)
        with pytest.raises(BadRow, match=what):
            read("ccg", "train")

    def test_without_files_there_are_no_tags_and_reading_says_where_it_looked(self, mirror: Mirror, read: Read) -> None:
        assert Ccg().label_names() == ()
        with pytest.raises(MissingData, match=r"ccg train in en is not under .*ccg/ccg\.train"):
            read("ccg", "train")

    def test_it_is_scored_by_accuracy(self) -> None:
        assert (
            next(iter(build_form("tag", ["N"], Ccg().form_options()).score({"gold": [["N"]], "predicted": [["N"]]})))
            == "accuracy"
        )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("miniature")
    write_tagged(folder, LANGUAGES, 0)
    return folder


class TestMiniature:
    def test_every_language_and_split_passes_the_form(self, world: Path) -> None:
        for reader in (Udpos(), Panx()):
            kind = build_form("tag", reader.label_names())
            for split in ("train", "dev", "test"):
                for language in reader.offered_languages("miniature", split):
                    found = list(rows(reader, "miniature", split, language, world))
                    assert len(found) >= 200
                    for row in found:
                        kind.check_row(row, f"{reader.type_name} {split} {language}", 0)
                    assert len({row["id"] for row in found}) == len(found)

    def test_languages(self) -> None:
        assert set(Panx().offered_languages("miniature", "test")) == set(LANGUAGES)
        assert set(LANGUAGES) - set(Udpos().offered_languages("miniature", "test")) == {"sw"}
        assert "th" not in Udpos().offered_languages("miniature", "train")

    def test_tags_by_hand(self, world: Path) -> None:
        def tagged(reader: Any, language: str, text: str) -> str:
            for split in ("train", "test", "dev"):
                for row in rows(reader, "miniature", split, language, world):
                    if text in row["text"]:
                        return " ".join(f"{word}/{tag}" for word, tag in words_and_tags(row))
            raise AssertionError(text)

        assert "does/AUX not/PART" in tagged(Udpos(), "en", "does not")
        assert "am/ADP Mittag/NOUN" in tagged(Udpos(), "de", "am Mittag")  # one written word, two of grammar
        assert "New/B-LOC York/I-LOC" in tagged(Panx(), "en", "in New York")
        assert "El/B-LOC Cairo/I-LOC" in tagged(Panx(), "es", "en El Cairo")
        assert "Anna/B-PER" in tagged(Panx(), "en", "Anna")
        assert "安娜/B-PER" in tagged(Panx(), "zh", "安娜")

    def test_test_sentences_are_parallel_and_none_is_trained_on(self, world: Path) -> None:
        for reader in (Udpos(), Panx()):
            train = {row["text"] for row in rows(reader, "miniature", "train", "en", world)}
            test = [row["text"] for row in rows(reader, "miniature", "test", "en", world)]
            assert not train & set(test)
            shapes = [
                [row["tags"].count("B-PER") for row in rows(Panx(), "miniature", "test", code, world)]
                for code in ("en", "zh", "sw")
            ]
            assert shapes[0] == shapes[1] == shapes[2]


class TestRealFiles:
    def test_ud_read_as_xtreme_gives_the_words_of_xtremes_file(self, real: Path) -> None:
        path = need(real, "udpos_xtreme_layout/test-es.tsv")
        need(real, "ud/UD_Spanish-PUD")
        ours = list(rows(Udpos(), "mirror", "test", "es", real))
        theirs = {row["text"]: row for row in Udpos().parse(path, "test", "es")}
        both = [row for row in ours if row["text"] in theirs]
        assert len(both) > 0.98 * len(ours)  # 1,427 sentences, a third of them with multi-word tokens
        contractions = [
            (tag, other)
            for row in both
            for word, tag, other in zip(row["words"], row["tags"], theirs[row["text"]]["tags"], strict=True)
            if word in ("del", "al")
        ]
        assert len(contractions) > 300
        assert sum(tag == other for tag, other in contractions) > 0.99 * len(contractions)

    @pytest.mark.parametrize(("language", "split", "count"), [("en", "train", 21_787), ("ar", "dev", 909)])
    def test_xtremes_own_udpos_files(self, real: Path, language: str, split: str, count: int) -> None:
        found = list(Udpos().parse(need(real, f"udpos_xtreme_layout/{split}-{language}.tsv"), split, language))
        assert len(found) == count
        assert {tag for row in found for tag in row["tags"]} <= set(UPOS)

    def test_original_panx_with_tokens_that_are_colons(self, real: Path) -> None:
        need(real, "ner/wikiann_original/fr/dev")
        found = list(rows(Panx(), "mirror", "dev", "fr", real))
        assert len(found) == 2_000
        assert sum(word == ":" for row in found for word in row["words"]) >= 3

    @pytest.mark.parametrize(("language", "split", "count"), [("sw", "train", 1_000), ("hi", "dev", 1_000)])
    def test_xtremes_own_panx_files(self, real: Path, language: str, split: str, count: int) -> None:
        need(real, f"ner/panx/{split}-{language}.tsv")
        found = list(rows(Panx(), "mirror", split, language, real))
        assert len(found) == count
        assert all(row["tags"] for row in found)


def need(real: Path, name: str) -> Path:
    if not (real / name).exists():
        pytest.skip(f"no {name}")
    return real / name
