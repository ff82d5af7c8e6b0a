"""The trained vocabulary: the same text gives the same bytes, in XLM-R's shape."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from tiny_models import TEXTS
from transformers import PreTrainedTokenizerFast

from xfer.models.tokenizer import train_tokenizer

MIXED = [*TEXTS, "die Katze schläft auf dem Dach", "кошка спит в саду", "猫在花园里睡觉", "القطة تنام", "बिल्ली सोती है"]


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return train_tokenizer(MIXED, 300, 40)


def written(tokenizer: PreTrainedTokenizerFast) -> str:
    return tokenizer.backend_tokenizer.to_str()


def test_the_same_text_gives_the_same_vocabulary_and_another_another(tokenizer: PreTrainedTokenizerFast) -> None:
    assert written(train_tokenizer(MIXED, 300, 40)) == written(tokenizer)
    assert written(train_tokenizer(MIXED[:30], 300, 40)) != written(tokenizer)


def test_the_vocabulary_is_the_same_in_other_processes(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    """Another hash seed, and another number of threads."""
    (tmp_path / "text").write_text("\n".join(MIXED), encoding="utf-8")
    program = (
        "import sys; from xfer.models.tokenizer import train_tokenizer as t; "
        "sys.stdout.buffer.write(t(open(sys.argv[1], encoding='utf-8').read().split('\\n'), 300, 40)"
        ".backend_tokenizer.to_str().encode())"
    )
    variables = os.environ | {"PYTHONHASHSEED": "123", "RAYON_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    words = [sys.executable, "-c", program, str(tmp_path / "text")]
    done = subprocess.run(words, capture_output=True, env=variables, check=True)
    assert done.stdout.decode() == written(tokenizer)


def test_a_generator_of_texts_will_do(tokenizer: PreTrainedTokenizerFast) -> None:
    assert written(train_tokenizer((text for text in MIXED), 300, 40)) == written(tokenizer)


def test_no_more_subwords_than_asked(tokenizer: PreTrainedTokenizerFast) -> None:
    assert len(tokenizer) <= 300
    assert len(train_tokenizer(MIXED * 3, 120, 40)) <= 120


def test_special_tokens_stand_where_xlm_r_has_them(tokenizer: PreTrainedTokenizerFast) -> None:
    assert tokenizer.convert_tokens_to_ids(["<s>", "<pad>", "</s>", "<unk>", "<mask>"]) == [0, 1, 2, 3, 4]
    assert (tokenizer.bos_token_id, tokenizer.pad_token_id, tokenizer.eos_token_id) == (0, 1, 2)
    assert (tokenizer.mask_token_id, tokenizer.model_max_length) == (4, 40)


def test_one_text_and_two_texts_have_the_ends_of_xlm_r(tokenizer: PreTrainedTokenizerFast) -> None:
    cat = tokenizer("the old cat", add_special_tokens=False)["input_ids"]
    birds = tokenizer("two birds", add_special_tokens=False)["input_ids"]
    assert tokenizer("the old cat")["input_ids"] == [0, *cat, 2]
    assert tokenizer("the old cat", "two birds")["input_ids"] == [0, *cat, 2, 2, *birds, 2]
    assert "token_type_ids" not in tokenizer("the old cat", "two birds")


def test_texts_come_back_from_their_subwords(tokenizer: PreTrainedTokenizerFast) -> None:
    for text in MIXED:
        assert tokenizer.decode(tokenizer(text)["input_ids"], skip_special_tokens=True) == text


def test_words_are_told_apart_by_their_start_and_widths_of_letters_do_not_matter(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    assert tokenizer.tokenize("the cat")[0].startswith("▁")
    assert tokenizer.tokenize("ｔｈｅ  ｃａｔ") == tokenizer.tokenize("the cat")  # full-width letters, two spaces


def test_a_letter_never_seen_is_unknown_and_not_lost(tokenizer: PreTrainedTokenizerFast) -> None:
    assert tokenizer.unk_token_id in tokenizer("the ✈ cat")["input_ids"]


def test_a_saved_vocabulary_reads_back_the_same(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    tokenizer.save_pretrained(tmp_path)
    again = PreTrainedTokenizerFast.from_pretrained(tmp_path)
    assert [again(a, b)["input_ids"] for a, b in pairwise(MIXED)] == [
        tokenizer(a, b)["input_ids"] for a, b in pairwise(MIXED)
    ]
