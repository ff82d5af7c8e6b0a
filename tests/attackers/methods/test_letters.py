"""Typing errors: by hand for what is visible, by property for what must hold on every text."""

import random
import time
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sample_texts import MIXED, SAMPLES, SEEDS, TEXTS

from xfer.attackers.methods.typos import TYPO_OPERATIONS, Typos, typo_edits
from xfer.text import homophones
from xfer.text.edits import Edit, splice_edits
from xfer.text.scripts import count_graphemes, grapheme_spans, is_mark, script_of
from xfer.text.words import counted_words, is_editable

each_language = pytest.mark.parametrize(("language", "text"), SAMPLES, ids=[name for name, _ in SAMPLES])
each_operation = pytest.mark.parametrize("operation", TYPO_OPERATIONS)


def attack(text, language="en", rate=1.0, seed=0, operations=TYPO_OPERATIONS):
    return typo_edits(text, language, rate, random.Random(seed), operations)


def outcomes(word, operation, language="en", seeds=400):
    return {splice_edits(word, attack(word, language, 1.0, seed, (operation,))) for seed in range(seeds)}


def scripts(text):
    return {script_of(char) for char in text} - {""}


def check_edits(text, edits):
    """What holds of every attack on every text."""
    assert edits == sorted(edits)
    assert all(one.end <= two.start for one, two in pairwise(edits))
    for edit in edits:
        (word,) = [word for word in counted_words(text) if word.start <= edit.start and edit.end <= word.end]
        old = text[edit.start : edit.end]
        assert is_editable(word) and edit.new != old and edit.kind in TYPO_OPERATIONS
        assert scripts(edit.new) <= {word.script}
        assert [char for char in old if char.isdigit()] == [char for char in edit.new if char.isdigit()] == []
        left, right = text[word.start : edit.start], text[edit.end : word.end]
        changed = left + edit.new + right
        assert changed and not is_mark(changed[0])
        growth = {"drop": -1, "double": 1}.get(edit.kind, 0)
        whole = text[: edit.start] + edit.new + text[edit.end :]
        assert count_graphemes(whole) - count_graphemes(text) == growth
    assert bool(edits) == (splice_edits(text, edits) != text)


# --- edits


def test_splice_by_hand():
    assert splice_edits("abcdef", [Edit(0, 1, "X", "k"), Edit(2, 4, "", "k"), Edit(6, 6, "!", "k")]) == "Xbef!"
    assert splice_edits("", []) == ""


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        ([Edit(0, 9, "", "k")], "outside"),
        ([Edit(-1, 1, "", "k")], "outside"),
        ([Edit(2, 1, "", "k")], "outside"),
        ([Edit(0, 2, "", "k"), Edit(1, 3, "", "k")], "overlaps"),
        ([Edit(2, 3, "", "k"), Edit(0, 1, "", "k")], "precedes"),
    ],
)
def test_splice_refuses(edits, message):
    with pytest.raises(ValueError, match=message):
        splice_edits("abc", edits)


# --- units


def words_of(text):
    return [text[word.start : word.end] for word in counted_words(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("it's 3 covid19", ["it", "s", "3", "covid19"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("می‌خواهم", ["می‌خواهم"]),
        ("他们在公园", ["他们", "在公", "园"]),
        ("コーヒー飲む", ["コー", "ヒー", "飲", "む"]),
        ("กำลังเล่น", ["กำลังเ", "ล่น"]),
        ("iPhone用了", ["iPhone", "用了"]),
        ("2020年3rd", ["2020", "年", "3rd"]),
        ("한국어로漢字", ["한국어로", "漢字"]),
        ("мойiPhone", ["мой", "iPhone"]),
        ("see https://a.b/c?d=1 now", ["see", "https://a.b/c?d=1", "now"]),
        ("看https://zh.org/北京?a=一 吧", ["看", "https://zh.org/北京?a=一", "吧"]),
        ("to me@x.org.", ["to", "me@x.org."]),
        ("(example.com) end.Start", ["(example.com)", "end", "Start"]),
        ("👨‍👩‍👧 1️⃣", ["1️⃣"]),
    ],
)
def test_units_by_hand(text, expected):
    assert words_of(text) == expected


@given(MIXED)
def test_units_are_ordered_spans(text):
    spans = [(word.start, word.end) for word in counted_words(text)]
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(one[1] <= two[0] for one, two in pairwise(spans))


# --- operations by hand


def test_latin_operations():
    assert outcomes("cat", "swap") == {"act", "cta"}
    assert outcomes("cat", "drop") == {"at", "ct", "ca"}
    assert outcomes("cat", "double") == {"ccat", "caat", "catt"}
    assert outcomes("aa", "neighbour") == {f"{x}a" for x in "qwsz"} | {f"a{x}" for x in "qwsz"}


def test_inner_letters_are_preferred():
    assert outcomes("stone", "swap") == {"sotne", "stnoe"}
    assert outcomes("stone", "drop") == {"sone", "stne", "stoe"}
    assert outcomes("soon", "swap") == {"oson", "sono"}  # the only inner pair is of equal letters


def test_neighbour_keeps_case():
    assert all(word.isupper() and word.isascii() for word in outcomes("HOUSE", "neighbour"))
    assert outcomes("Iİ", "neighbour", "tr") <= {f"{x}İ" for x in "UOKLJ"} | {f"I{x}" for x in "ŞÜĞÇ"}
    assert "İŞ" not in outcomes("IŞ", "neighbour", "tr") and "Iİ" in outcomes("IŞ", "neighbour", "tr")


def test_joiner_stays_in_its_place():
    assert outcomes("می‌خو", "swap", "fa") == {"مخ‌یو"}
    assert all(word.count("\u200c") == 1 for kind in TYPO_OPERATIONS for word in outcomes("می‌خواهم", kind, "fa"))


def test_no_word_begins_with_a_joiner():
    assert outcomes(" ن‌م", "drop", "fa") == {" ن‌"}


def test_no_cluster_merges_into_the_next():
    assert outcomes("थात्", "swap", "hi") == {"थात्"}  # त् before था would become one conjunct


def test_a_mark_typed_apart_stays_with_its_letter():
    assert all(word.endswith("e\u0301") for word in outcomes("te\u0301", "neighbour", "fr"))


def test_edits_of_neighbouring_pieces_do_not_cancel_out():
    text = "我你你他"
    for seed in range(200):
        assert splice_edits(text, attack(text, "zh", 1.0, seed, ("drop", "double"))) != text


def test_a_rare_place_for_a_swap_is_found():
    assert all(attack("a" * 40 + "b", "en", 1.0, seed, ("swap",)) for seed in range(5))


def test_devanagari_stays_well_formed():
    assert outcomes("किला", "swap", "hi") == {"लाकि"}
    for word in outcomes("किला", "neighbour", "hi"):
        kinds = [unicodedata.category(char)[0] for char in word]
        assert kinds == ["L", "M", "L", "M"] and scripts(word) == {"Devanagari"}
    assert "किल" not in outcomes("किला", "drop", "hi") and outcomes("किला", "drop", "hi") == {"कि", "ला"}
    assert outcomes("किला", "diacritic", "hi") == {"कीला"}


def test_thai_vowels_and_tones_stay_in_their_class():
    for word in outcomes("ก่ด้", "neighbour", "th"):
        assert [is_mark(char) for char in word] == [False, True, False, True]
    assert outcomes("ก่ด", "diacritic", "th") == {"กด"}


def test_khmer_and_burmese_stacks_are_not_cut():
    assert outcomes("ក្មេង", "drop", "km") == {"ក្មេ", "ង"}
    assert [splice_edits("ကာလာ", attack("ကာလာ", "my", 1, 0, ("swap",)))] == ["လာကာ"]


def test_hangul_neighbours_are_one_key_away():
    found = outcomes("가가", "neighbour", "ko")
    assert found == {f"{new}가" for new in NEAR_GA} | {f"가{new}" for new in NEAR_GA}
    assert outcomes("내게", "homophone", "ko") == {"네게", "내개"}


NEAR_GA = "다사아라까거기갸개그"


def test_chinese_homophones_keep_the_variant():
    assert outcomes("的", "homophone", "zh") == {"得", "地"}
    assert outcomes("他们进", "homophone", "zh") == {f"{a}{b}" for a in ("她们", "它们", "他门") for b in "近尽"}
    assert outcomes("聽們進", "homophone", "zh") == {f"{a}{b}" for a in ("廳們", "聽門") for b in "近盡"}
    assert attack("的", "zh", 1, 0, ("neighbour",)) == []
    assert outcomes("早", "homophone", "ja") == {"速"}


@pytest.mark.parametrize(
    ("language", "word", "expected"),
    [
        ("fr", "été", {"eté", "éte"}),
        ("vi", "việt", {"viêt", "viẹt", "viet"}),
        ("pl", "łan", {"lan"}),
        ("tr", "aı", {"ai"}),
        ("tr", "İs", {"Is"}),
        ("ru", "ёж", {"еж"}),
        ("el", "ήτα", {"ητα"}),
        ("ar", "أمس", {"امس"}),
        ("fa", "ئن", {"ین"}),
        ("ar", "مَن", {"من"}),
        ("ja", "か", {"が"}),
        ("en", "cat", {"cat"}),
        ("fr", "e\u0301te", {"ete"}),
    ],
)
def test_diacritics_by_hand(language, word, expected):
    assert outcomes(word, "diacritic", language) == expected


@pytest.mark.parametrize(
    "text", ["", "2020 3,14 ٣٤ १२", "https://a.b/cde?f=gh", "me@x.org", "www.example.com/path", "a I o"]
)
def test_left_alone(text):
    assert all(attack(text, "en", 1.0, seed) == [] for seed in range(20))


def test_falls_back_on_another_operation():
    assert all(attack("cat", "en", 1.0, seed, ("homophone", "swap")) for seed in range(20))
    assert all(edit.kind == "double" for edit in attack("aaa", "en", 1, 3, ("swap", "double")))


def test_bad_arguments():
    for rate in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="rate"):
            attack("cat", rate=rate)
    for operations in ((), ("swap", "shout")):
        with pytest.raises(ValueError, match="operations"):
            attack("cat", operations=operations)


# --- every language


@each_operation
@each_language
def test_each_operation_is_sound(language, text, operation):
    for seed in range(8):
        edits = attack(text, language, 1.0, seed, (operation,))
        check_edits(text, edits)
        assert {edit.kind for edit in edits} <= {operation}


@each_language
def test_rate_one_hits_every_editable_word(language, text):
    words = [word for word in counted_words(text) if is_editable(word)]
    for seed in range(5):
        edits = attack(text, language, 1.0, seed)
        assert len(edits) == len(words) > 0
        assert all(word.start <= edit.start and edit.end <= word.end for word, edit in zip(words, edits, strict=True))


@each_language
def test_words_of_one_script(language, text):
    if language != "xx":
        assert scripts(splice_edits(text, attack(text, language))) <= scripts(text)


@pytest.mark.parametrize(
    "language", ["de", "tr", "ru", "el", "ar", "fa", "ur", "he", "hi", "ta", "th", "ko", "ja", "ka"]
)
def test_languages_with_a_layout_have_neighbours(language):
    assert len(attack(TEXTS[language], language, 1.0, 0, ("neighbour",))) >= 3


def test_rate_is_honoured_in_every_draw_and_on_average():
    text = "lorem " * 25
    counts = [len(attack(text, "en", 0.3, seed)) for seed in range(300)]
    assert set(counts) == {7, 8}
    assert 7.35 < sum(counts) / len(counts) < 7.65


def test_results_are_pinned():
    """A change here changes every published number that used this attack."""
    expected = "Seven grey geese crosed the frozenn river bfore qnybody noticd tehm"
    assert splice_edits(TEXTS["en"], attack(TEXTS["en"], "en", 0.5, 7)) == expected


# --- every text


@settings(max_examples=300)
@given(MIXED, st.sampled_from(sorted(TEXTS)), st.floats(0, 1), SEEDS)
def test_any_text(text, language, rate, seed):
    edits = attack(text, language, rate, seed)
    check_edits(text, edits)
    assert edits == attack(text, language, rate, seed)
    assert len(edits) <= rate * len(counted_words(text)) + 1
    assert attack(text, language, 0.0, seed) == []


@settings(max_examples=200)
@given(
    st.lists(st.sampled_from([w for text in TEXTS.values() for w in text.split()]), max_size=12), st.floats(0, 1), SEEDS
)
def test_real_words_mixed(words, rate, seed):
    text = " ".join(words)
    edits = attack(text, "xx", rate, seed)
    check_edits(text, edits)
    possible = sum(map(is_editable, counted_words(text)))
    assert min(possible, int(rate * len(counted_words(text)))) <= len(edits) <= rate * len(counted_words(text)) + 1


def test_the_seed_matters_and_the_global_generator_does_not():
    random.seed(1)
    first = attack(TEXTS["en"], rate=0.5, seed=1)
    random.seed(2)
    assert first == attack(TEXTS["en"], rate=0.5, seed=1) != attack(TEXTS["en"], rate=0.5, seed=2)


HOSTILE = (
    "的我",
    "ab ",
    "a",
    "क्षि त्रि",
    "1",
    "aa.",
    "/的",
    "a@",
    "\u200d",
    "\ud800a",
    "👨‍👩‍👧",
    "한국 ",
    "a\x00\u200f",
    "é",
    "กำ",
)


@pytest.mark.parametrize(
    "text", [*((piece * 50_000)[:50_000] for piece in HOSTILE), "b" + "\u0301" * 49_999], ids=range(16)
)
def test_hostile_texts_take_linear_time(text):
    start = time.process_time()
    edits = attack(text, "zh")
    assert time.process_time() - start < 2
    assert bool(edits) == (splice_edits(text, edits) != text)


# --- tables


@pytest.mark.parametrize("name", ["simplified", "traditional", "japanese"])
def test_homophone_tables(name):
    table = homophones.confusion_table(name)
    coding = {"simplified": "gb2312", "traditional": "big5", "japanese": "shift_jis"}[name]
    for char, others in table.items():
        assert len(set(others)) == len(others) > 0 and char not in others
        assert all(char in table[other] for other in others)
        assert script_of(char) == "Han" and char.encode(coding)
    assert not set(table) & set("一二三四五六七八九十百千万萬亿億零不没沒未无無")


def test_graphemes_cover_the_text():
    for text in TEXTS.values():
        assert "".join(text[start:end] for start, end in grapheme_spans(text)) == text


@each_language
def test_a_number_of_words_is_changed_whatever_the_length(language: str, text: str) -> None:
    able = sum(map(is_editable, counted_words(text)))
    for count in (1, 2, 50):
        edits = typo_edits(text, language, 0.0, random.Random(0), count=count)
        assert len(edits) <= min(count, able) and edits
    assert len(typo_edits(text + " " + text, "en", 0.0, random.Random(1), count=1)) == 1


def test_a_share_and_a_number_of_words_do_not_go_together() -> None:
    with pytest.raises(ValidationError, match="both rate and words"):
        Typos(rate=0.2, words=2)
    assert Typos(words=2).asked() is None
