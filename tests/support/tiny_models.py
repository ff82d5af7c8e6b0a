"""Sizes, texts and rows that the tests of this folder share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import transformers

WORDS = "the old cat sleeps in a garden while two birds sing on grey roofs and nobody hears them".split()
TEXTS = [" ".join(WORDS[i % 11 : i % 11 + 1 + i * 5 % 12]) for i in range(60)]

COMMON = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
CONFIGS: dict[str, Callable[..., Any]] = {
    "bert": lambda **rest: transformers.BertConfig(**COMMON, **rest),
    "deberta": lambda **rest: transformers.DebertaV2Config(
        relative_attention=True, pos_att_type=["p2c", "c2p"], position_biased_input=False, **COMMON, **rest
    ),
    "distilbert": lambda **rest: transformers.DistilBertConfig(dim=32, n_layers=2, n_heads=2, hidden_dim=64, **rest),
    "xlm": lambda **rest: transformers.XLMConfig(emb_dim=32, n_layers=2, n_heads=2, n_langs=1, pad_index=1, **rest),
    "albert": lambda **rest: transformers.AlbertConfig(embedding_size=16, **COMMON, **rest),
}


def rows(texts: list[str], pairs: list[str] | None = None) -> dict[str, list[Any]]:
    count = len(texts)
    labels = ["yes" if i % 3 else "no" for i in range(count)]
    return {
        "id": [str(i) for i in range(count)],
        "language": ["en"] * count,
        "text": texts,
        "pair": list(pairs) if pairs else [None] * count,
        "label": labels,
    }
