"""Searches of our own against made-up victims: beams over dictionaries and phrases, words of a masked model."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from xfer.attackers.base import Attacker
from xfer.attackers.search import scheduler
from xfer.attackers.search.base import Setting
from xfer.attackers.search.beam import RowSearch, beam_search, word_budget
from xfer.attackers.search.goals.base import form_aim
from xfer.core.seeds import derive_seed
from xfer.readers.base import Reader
from xfer.text.edits import Edit, splice_edits
from xfer.text.function_words import is_function_word
from xfer.text.scripts import word_script

LABELS = ("entailment", "neutral", "contradiction")
WORDS = (
    "the old young big man woman boy reads sees a book letter and dog cat not three Anna in house он книга дом "
    "собака видит читает किताब घर कुत्ता"
)


def attacker(name: str, **fields: Any) -> Any:
    return Attacker.model_validate({"type": name, **fields})


def row(text: str, pair: str | None = None, name: str = "1", language: str = "en") -> dict[str, Any]:
    return {"id": name, "language": language, "text": text, "pair": pair, "label": "entailment"}


class Victim:
    """Doubts a text by a number that its words have: no two texts are alike to it, and none is asked in a batch."""

    def __init__(self, firm: float = 0.9) -> None:
        self.firm, self.asked = firm, list[Any]()

    def doubt(self, item: Any) -> float:
        words = " ".join(map(str, item)).split()
        return sum(derive_seed(word) % 1000 for word in words) / (1000 * len(words))

    def __call__(self, items: Sequence[Any]) -> np.ndarray:
        self.asked += items
        gold = [self.firm - 0.5 * self.doubt(item) for item in items]
        return np.array([(p, (1 - p) / 2, (1 - p) / 2) for p in gold])


def setting(victim: Any, form: str = "classify", labels: Sequence[str] = LABELS, **more: Any) -> Setting:
    return Setting(form, tuple(labels), form_aim(form, labels), {"victim": victim}, **more)


# code mixing


@pytest.fixture
def lists(tmp_path: Path) -> str:
    (tmp_path / "en-de.txt").write_text("dog\tHund\ndog\tVierbeiner\nhouse\tHaus\nold\talt\n", "utf-8")
    (tmp_path / "en-zh.txt").write_text("dog\t狗\nhouse\t房子\n", "utf-8")
    (tmp_path / "zh-en.txt").write_text("苹果\tapple\n", "utf-8")
    return str(tmp_path)


def test_a_wide_beam_finds_the_text_that_hurts_most(lists: str) -> None:
    victim, texts = Victim(), []
    for dog, house, old in product(["dog", "Hund", "Vierbeiner", "狗"], ["house", "Haus", "房子"], ["old", "alt"]):
        texts.append((f"the {old} {dog} sees a {house}", f"a {dog}"))
    worst = max(texts, key=victim.doubt)
    mixer = attacker("code_mixing_search", languages=["de", "zh"], dictionary=lists, beam=100)
    (found,) = mixer.search_rows([row("the old dog sees a house", "a dog")], setting(victim))
    assert (found["text"], found["pair"]) == worst and found["status"] == "failed"
    assert found["queries"] == len(texts) == found["forwards"] and set(victim.asked) == set(texts)
    (narrow,) = attacker("code_mixing_search", languages=["de", "zh"], dictionary=lists, beam=1).search_rows(
        [row("the old dog sees a house", "a dog")], setting(Victim())
    )
    assert narrow["queries"] == 1 + 1 + 3 + 2 and narrow["score"] <= found["score"]


def test_it_ends_when_the_aim_is_reached_and_skips_what_is_wrong(lists: str) -> None:
    def victim(items: Sequence[Any]) -> np.ndarray:
        return np.array([(0.4, 0.6, 0) if "alt" in " ".join(item) else (0.9, 0.1, 0) for item in items])

    mixer = attacker("code_mixing_search", languages=["de"], dictionary=lists)
    (found,) = mixer.search_rows([row("the old dog sees a house")], setting(victim))
    assert found["status"] == "succeeded" and found["text"] == "the alt dog sees a house" and found["queries"] == 2
    (found,) = mixer.search_rows([row("alt dog")], setting(victim))
    assert (found["status"], found["text"], found["queries"]) == ("skipped", "alt dog", 1)


@pytest.mark.parametrize(
    ("fields", "words"), [({"rate": 0.0}, 0), ({"rate": 0.2}, 1), ({"rate": 0.5}, 3), ({"protect": ["premise"]}, 1)]
)
def test_the_rate_and_protected_sides(lists: str, fields: Any, words: int) -> None:
    before = row("the old dog sees a house", "house")
    (found,) = attacker("code_mixing_search", languages=["de"], dictionary=lists, **fields).search_rows(
        [before], setting(Victim())
    )
    changed = [
        one != two
        for side in ("text", "pair")
        for one, two in zip(before[side].split(), found[side].split(), strict=True)
    ]
    assert sum(changed) <= words and (words > 0) == any(changed)
    assert fields.get("protect") is None or found["text"] == before["text"]


def test_nothing_depends_on_width_order_or_budget_of_others(lists: str) -> None:
    rows = [row(f"the old dog {i} sees a house", "the dog", str(i)) for i in range(6)]
    mixer = attacker("code_mixing_search", languages=["de", "zh"], dictionary=lists, budget=7)
    every = {one["id"]: one for one in mixer.search_rows(rows, setting(Victim()))}
    for width, order in ((1, rows), (64, rows[::-1]), (3, rows[3:] + rows[:3])):
        assert {one["id"]: one for one in mixer.search_rows(order, setting(Victim(), width=width))} == every
    assert all(one["queries"] == 7 and "budget of 7" in one["message"] for one in every.values())


def test_tags_and_answers_follow(lists: str) -> None:
    tagged = {"id": "1", "language": "en", "words": ["old", "dog", "Haus"], "tags": ["DET", "NOUN", "NOUN"]}
    tagged["text"] = " ".join(tagged["words"])
    mixer = attacker("code_mixing_search", languages=["de"], dictionary=lists)

    def tagger(items: Sequence[Any]) -> list[Any]:
        doubts = [Victim().doubt(words) for words, _ in items]
        return [
            (np.array([1 - doubt] * len(words)), np.array([True] * len(words)))
            for doubt, (words, _) in zip(doubts, items, strict=True)
        ]

    (found,) = mixer.search_rows([tagged], setting(tagger, "tag", ("DET", "NOUN")))
    best = max((["old", one, "Haus"] for one in ("dog", "Hund", "Vierbeiner")), key=Victim().doubt)
    other = max((["alt", *best[1:]], best), key=Victim().doubt)
    assert found["words"] == other and found["tags"] == tagged["tags"] and found["text"] == " ".join(other)
    blank = {"words": ["old", "", "dog", "\xa0"], "tags": ["DET", "X", "NOUN", "X"], "text": "old  dog \xa0"}
    (found,) = mixer.search_rows([tagged | blank], setting(tagger, "tag", ("DET", "NOUN", "X")))
    assert found["words"][1::2] == ["", "\xa0"] and found["words"][::2] != ["old", "dog"], found

    def reader(items: Sequence[Any]) -> list[Any]:
        return [("dog", 1 - Victim().doubt(item[:2])) for item in items]

    asked = {"id": "1", "language": "en", "text": "old news: a house, a dog", "pair": "dog? house", "label": None}
    asked |= {"answers": ["dog"], "starts": [21]}
    (found,) = mixer.search_rows([asked], setting(reader, "span", ()))
    assert found["text"] != asked["text"] and found["text"].startswith("dog", found["starts"][0])
    assert "dog" in found["pair"]  # an answer stays, and so every occurrence of its word


def test_a_word_put_into_unspaced_text(lists: str) -> None:
    mixer = attacker("code_mixing_search", languages=["en"], dictionary=lists)
    (found,) = mixer.search_rows([row("我喜欢苹果。", language="zh")], setting(Victim(1.0)))
    assert found["text"] in ("我喜欢 apple。", "我喜欢苹果。") and found["queries"] == 2
    (site,) = mixer.edit_sites({"text": "我喜欢苹果。"}, {"language": "zh"}, None)
    assert site.places == (("text", 3, 5),) and site.options == ((" apple",),)


def test_overlapping_places_are_not_chosen_together() -> None:
    from xfer.attackers.search.beam import Site

    sites = [Site((("text", 0, 7),), (("X",),), 2), Site((("text", 4, 7),), (("Y",),), 1)]

    def work() -> Any:
        return beam_search(
            RowSearch(form_aim("classify", LABELS), "classify", row("the old dog"), "k", None), sites, 9, 9
        )

    ((_, outcome),) = scheduler.run_jobs([("1", 0, work)], {"victim": Victim()})
    assert outcome.row["text"] in ("X dog", "the Y dog") and outcome.queries == 3
    assert word_budget({"text": "a b c"}, 0.0) == 0 and word_budget({"text": "a b c"}, 0.1) == 1


# words of a masked language model


@pytest.fixture(scope="module")
def mlm(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A masked language model that was never trained, whose vocabulary is the words above."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from tokenizers.processors import TemplateProcessing
    from transformers import PreTrainedTokenizerFast, XLMRobertaConfig, XLMRobertaForMaskedLM

    folder = tmp_path_factory.mktemp("mlm")
    pieces = sorted({f"▁{word}" for word in WORDS.split()} | set(WORDS) | {"▁"})
    names = ["<s>", "<pad>", "</s>", "<unk>", *pieces, "<mask>"]
    whole = [(name, -5.0 if len(name) > 2 else -20.0) for name in names]
    tokenizer = Tokenizer(models.Unigram(whole, unk_id=3))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    special = {"bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>"}
    special |= {"pad_token": "<pad>", "unk_token": "<unk>", "mask_token": "<mask>"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=64, **special).save_pretrained(folder)
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    config = XLMRobertaConfig(vocab_size=len(names), max_position_embeddings=66, pad_token_id=1, **sizes)
    XLMRobertaForMaskedLM(config).save_pretrained(folder)
    return str(folder)


TEXTS = [
    row("The old man reads a book and sees the dog, not three cats 7.", "the woman", "1"),
    row("собака видит дом", None, "2", "ru"),
    row("किताब घर", None, "3", "hi"),
    row("", None, "4"),
]


@pytest.mark.parametrize("rate", [0.0, 0.3, 1.0])
def test_words_give_way_to_words_of_their_script(mlm: str, rate: float) -> None:
    swap = attacker("masked_words", model=mlm, rate=rate, candidates=3)
    known = swap.prepare_state([])
    together = list(swap.change_rows(TEXTS, "classify", known))
    for before, (changed, edits) in zip(TEXTS, together, strict=True):
        assert (changed, edits) == swap.change(before, "classify", known)  # whoever is asked beside it
        count = sum(len((before[side] or "").split()) for side in ("text", "pair"))
        assert len(edits) <= rate * count + 1 and bool(edits) == (rate > 0 and bool(count)) or rate == 0.3
        for edit in edits:
            old = before[edit["column"]][edit["start"] : edit["end"]]
            assert not is_function_word(old, before["language"]) and old.casefold() != edit["new"].casefold()
            assert word_script(old) == word_script(edit["new"]) and not is_function_word(
                edit["new"], before["language"]
            )
            assert edit["new"].casefold() in WORDS.casefold().split()
        for side in ("text", "pair"):
            own = [Edit(e["start"], e["end"], e["new"], "k") for e in edits if e["column"] == side]
            assert not own or splice_edits(before[side], own) == changed[side]
    if rate == 1.0:
        assert "not three" in together[0][0]["text"] and "7" in together[0][0]["text"]


def test_names_answers_and_questions_stay(mlm: str) -> None:
    swap = attacker("masked_words", model=mlm, rate=1.0)
    known, words = swap.prepare_state([]), ["Anna", "reads", "a", "book"]
    tagged = {"id": "1", "language": "en", "text": " ".join(words), "words": words, "tags": ["B-PER", "O", "O", "O"]}
    changed, edits = swap.change(tagged, "tag", known)
    assert edits and changed["words"][0] == "Anna" and changed["tags"] == tagged["tags"]
    assert not any(word[:1].isupper() for word in changed["words"][1:])  # no name comes in with the tag of none
    asked = {"id": "1", "language": "en", "text": "the old dog", "pair": "dog?", "answers": ["dog"], "starts": [8]}
    changed, edits = swap.change(asked, "span", known)
    assert edits and changed["pair"] == "dog?" and changed["text"].endswith("dog")
    assert changed["text"].startswith("dog", changed["starts"][0])


def test_constraints_hold_without_a_search_too(mlm: str) -> None:
    bound = {"constraints": {"changed_words": 0.2}}
    swap = attacker("masked_words", model=mlm, rate=1.0, **bound)
    assert not list(swap.compatibility_faults(Reader.model_validate("xnli"), ["en"]))
    _, edits = swap.change(TEXTS[0], "classify", swap.prepare_state([]))
    assert 0 < len(edits) <= 3


def test_a_greedy_search_hurts_and_keeps_to_its_limits(mlm: str) -> None:
    rows = [row(f"the old man reads a book and sees the dog {i}", "a man", str(i)) for i in range(4)]
    search = attacker("masked_words_search", model=mlm, rate=0.3, candidates=3)
    clean = {one["id"]: 1 - Victim()([(one["text"], one["pair"])])[0][0] for one in rows}
    found = {one["id"]: one for one in search.search_rows(rows, setting(Victim()))}
    for before in rows:
        one = found[before["id"]]
        moved = [a != b for side in ("text", "pair") for a, b in zip(
            before[side].split(), one[side].split(), strict=True)]  # fmt: skip
        assert one["score"] > clean[one["id"]] and 0 < sum(moved) <= 3 and one["status"] == "failed"
        # the start, eleven words tried, and three words with up to three candidates each
        assert one["queries"] <= 1 + 11 + 3 * 11
    assert {one["id"]: one for one in search.search_rows(rows[::-1], setting(Victim(), width=2))} == found
    still = attacker("masked_words_search", model=mlm, rate=0.0)
    assert [one["text"] for one in still.search_rows(rows, setting(Victim()))] == [one["text"] for one in rows]
    brief = attacker("masked_words_search", model=mlm, budget=5)
    assert all(one["queries"] == 5 and one["message"] for one in brief.search_rows(rows, setting(Victim())))


def test_the_aim_is_reached_by_a_word(mlm: str) -> None:
    def victim(items: Sequence[Any]) -> np.ndarray:
        return np.array([(0.2, 0.8, 0) if "dog" not in item[0] and "[UNK]" not in item[0] else (0.9 - 0.1 * (
            "dog" not in item[0]), 0.1, 0) for item in items])  # fmt: skip

    search = attacker("masked_words_search", model=mlm, candidates=2)
    (found,) = search.search_rows([row("the old dog reads")], setting(victim))
    assert found["status"] == "succeeded" and "dog" not in found["text"].split()
    assert [a == b for a, b in zip(found["text"].split(), "the old dog reads".split(), strict=True)].count(False) == 1
    assert found["queries"] == 1 + 4 + 2


# where labels would not stay true


@pytest.mark.parametrize(
    ("name", "reader", "why"),
    [
        ("masked_words", "pawsx", "nearly equal sentences"), ("masked_words", "paws", "nearly equal sentences"),
        ("masked_words", "udpos", "part of speech"), ("masked_words_search", "pawsx", "nearly equal sentences"),
        ("masked_words_search", "ccg", "left and right"), ("masked_words", "tatoeba", "form retrieve"),
        ("phrase_mixing_search", "pawsx", "the label hangs on"),
    ],
)  # fmt: skip
def test_where_it_is_a_fault(name: str, reader: str, why: str) -> None:
    more = {"languages": ["de"]} if "phrase" in name else {"model": "m"}
    faults = attacker(name, **more).compatibility_faults(Reader.model_validate(reader), ["en"])
    assert any(why in what for _, what, _ in faults)
    if "form" not in why:
        odd = attacker(name, diagnostic=True, **more).compatibility_faults(Reader.model_validate(reader), ["en"])
        assert not any(why in what for _, what, _ in odd)


def test_code_mixing_fits_paraphrases_since_both_sides_change_alike() -> None:
    mixer = attacker("code_mixing_search", languages=["de"])
    assert not list(mixer.compatibility_faults(Reader.model_validate("pawsx"), ["en"]))
    assert attacker("masked_words", model="some/model").model_names() == ("some/model",)


def test_what_no_search_or_model_can_take(mlm: str, lists: str) -> None:
    long, torn = row("the old dog " * 2_000), row("the \ud800 dog")
    mixer = attacker("code_mixing_search", languages=["de"], dictionary=lists)
    assert [one["status"] for one in mixer.search_rows([long, row("")], setting(Victim()))] == ["skipped", "skipped"]
    swap = attacker("masked_words", model=mlm, rate=1.0)
    assert swap.change(torn, "classify", swap.prepare_state([])) == (torn, [])
