"""Subwords that are drawn: exact where nothing is drawn, and drawn as the papers say."""

from __future__ import annotations

import math
from collections import Counter
from random import Random
from typing import Any

import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from xfer.core.errors import MissingPart
from xfer.models.subwords import BytePairVocabulary, Cutter, SamplingTokenizer, UnigramVocabulary
from xfer.models.tokenizer import train_tokenizer
from xfer.trainers.augmenting import SubwordSampling

TEXTS = [
    "the old cat sleeps in the garden while two birds sing on the grey roofs",
    "nobody hears the birds that sing in an old garden of grey cats",
    "старый кот спит в саду, пока птицы поют",
    "古い猫が庭で眠る",
]
ODD = ["Ａ strange 文 text <mask> with </s> odd  spaces, 2021!", "", " x", "e\u0301 cafe\u0301", "one\x1ftwo", "the"]
EVERY = TEXTS + ODD
NAMES = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>", "mask_token": "<mask>"}


def unigram() -> Any:
    """As XLM-R's: unigram scores over NFKC text with ``▁`` before words."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trainer = trainers.UnigramTrainer(vocab_size=120, special_tokens=special, unk_token="<unk>", show_progress=False)
    tokenizer.train_from_iterator(TEXTS * 5, trainer)
    ends = [("<s>", 0), ("</s>", 2)]
    pair = "<s> $A </s> </s> $B </s>"
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", pair=pair, special_tokens=ends)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **NAMES)


TOKENIZERS: dict[str, Any] = {"bpe": train_tokenizer(TEXTS, 300, 64), "unigram": unigram()}
PLAIN: dict[str, Any] = {"add_special_tokens": False, "return_attention_mask": False}


@pytest.mark.parametrize("name", TOKENIZERS)
@pytest.mark.parametrize(
    "setting", [SubwordSampling(words=0), SubwordSampling(drop=0, alpha=1000)], ids=["off", "best"]
)
def test_without_a_draw_the_cut_is_the_tokenizers_own(name: str, setting: SubwordSampling) -> None:
    tokenizer = TOKENIZERS[name]
    drawn = SamplingTokenizer(Cutter(tokenizer), setting, 1)
    for options in ({}, {"truncation": True, "max_length": 9}, {"truncation": True, "max_length": 20}):
        for pairs in (None, EVERY[::-1]):
            wanted = tokenizer(EVERY, pairs, return_attention_mask=False, **options)
            assert drawn(EVERY, pairs, return_attention_mask=False, **options) == wanted
    wanted = tokenizer(EVERY, **PLAIN, return_offsets_mapping=True)
    found = drawn(EVERY, **PLAIN, return_offsets_mapping=True)
    assert found["input_ids"] == wanted["input_ids"] and found["offset_mapping"] == wanted["offset_mapping"]
    assert tokenizer("a b")["input_ids"] == drawn("a b")["input_ids"]


@pytest.mark.parametrize("name", TOKENIZERS)
def test_drawn_subwords_spell_the_same_text_at_the_same_places(name: str) -> None:
    tokenizer = TOKENIZERS[name]
    drawn = SamplingTokenizer(Cutter(tokenizer), SubwordSampling(drop=0.5, alpha=0.1), 1)
    found, own = (each(TEXTS, **PLAIN, return_offsets_mapping=True) for each in (drawn, tokenizer))
    number = {i: piece for piece, i in tokenizer.get_vocab().items()}
    assert sum(map(list.__ne__, found["input_ids"], own["input_ids"])) >= 2  # of few words there is but one cut
    both = found["input_ids"], found["offset_mapping"], own["input_ids"]
    for text, ids, places, before in zip(TEXTS, *both, strict=True):
        assert "".join(number[i] for i in ids) == "".join(number[i] for i in before)
        for i, (start, end) in zip(ids, places, strict=True):
            piece = number[i].replace("▁", "")
            assert not piece or text[start:end].strip() == piece or number[i] == "<unk>"
    again = SamplingTokenizer(Cutter(tokenizer), SubwordSampling(drop=0.5, alpha=0.1), 1)(TEXTS[::-1], **PLAIN)[
        "input_ids"
    ][::-1]
    assert again == found["input_ids"]
    assert (
        SamplingTokenizer(Cutter(tokenizer), SubwordSampling(drop=0.5, alpha=0.1), 2)(TEXTS, **PLAIN)["input_ids"]
        != again
    )


def test_a_unigram_cut_is_drawn_by_its_probability_to_a_power() -> None:
    vocabulary = [["a", -1.0], ["b", -1.5], ["c", -2.0], ["ab", -2.2], ["bc", -2.0], ["abc", -3.5]]
    scores, random = UnigramVocabulary({"vocab": vocabulary}), Random(1)
    logs = {"a b c": -4.5, "ab c": -4.2, "a bc": -3.0, "abc": -3.5}
    total = sum(math.exp(0.5 * log) for log in logs.values())
    count = 4000
    seen = Counter(" ".join(scores.drawn("abc", random, SubwordSampling(alpha=0.5))) for _ in range(count))
    assert seen.keys() == logs.keys() and scores.best("abc") == ["a", "bc"] and scores.best("abd") is None
    for cut, log in logs.items():
        share = math.exp(0.5 * log) / total
        assert seen[cut] / count == pytest.approx(share, abs=4 * (share * (1 - share) / count) ** 0.5)


def test_a_merge_is_left_out_with_its_chance() -> None:
    pairs = BytePairVocabulary({"vocab": {}, "merges": [["a", "b"], "ab c", ["b", "c"]]})
    assert pairs.best("abc") == ["abc"]
    assert pairs.drawn("abc", Random(1), SubwordSampling(drop=1)) == ["a", "b", "c"]
    # the first pair is merged with 1 - p, then the second with 1 - p; else (b, c), which stands alone, with 1 - p
    p, count = 0.3, 4000
    wanted = {"abc": (1 - p) ** 2, "ab c": (1 - p) * p, "a bc": p * (1 - p), "a b c": p * p}
    random = Random(2)
    seen = Counter(" ".join(pairs.drawn("abc", random, SubwordSampling(drop=p))) for _ in range(count))
    for cut, share in wanted.items():
        assert seen[cut] / count == pytest.approx(share, abs=4 * (share * (1 - share) / count) ** 0.5)


def test_other_vocabularies_are_refused_in_a_line() -> None:
    words = Tokenizer(models.WordPiece({"[UNK]": 0, "a": 1}, unk_token="[UNK]"))
    with pytest.raises(MissingPart, match="BPE and Unigram vocabularies, and this one is WordPiece"):
        Cutter(PreTrainedTokenizerFast(tokenizer_object=words))
