"""A small vocabulary, trained once, in XLM-R's manner and in BERT's (with segments)."""

from __future__ import annotations

from typing import Any

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from xfer.models.tokenizer import train_tokenizer

WORDS = "the old cat sleeps in a garden while two birds sing on grey roofs and nobody hears them".split()
TEXTS = [" ".join(WORDS[i % 17 : i % 17 + 3 + i % 9]) for i in range(60)]


@pytest.fixture(scope="session")
def tokenizer() -> Any:
    return train_tokenizer([*TEXTS, "die Katze schläft", "кошка спит", "猫在睡觉"], 400, 64)


@pytest.fixture(scope="session")
def segments() -> Any:
    """Whole words, and a segment number for each of two texts."""
    names = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]", *WORDS]
    inner = Tokenizer(models.WordLevel({name: i for i, name in enumerate(names)}, unk_token="[UNK]"))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    inner.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        unk_token="[UNK]",
        mask_token="[MASK]",
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )
