"""How many subwords an encoder has positions for. Light: reads a Hugging Face configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

# These count positions from pad + 1, so that many fewer subwords fit than the table has rows.
COUNT_FROM_PAD = (
    *("camembert", "data2vec-text", "esm", "ibert", "layoutlmv3", "lilt", "longformer", "luke", "markuplm", "mluke"),
    *("mpnet", "roberta", "roberta-prelayernorm", "xlm-roberta", "xlm-roberta-xl", "xmod"),
)
FIXED_PADS = {"mpnet": 1}  # which is written into the code of the family, whatever its tokenizer says


def position_limit(config: PreTrainedConfig, default: int) -> int:
    """Subwords of the longest input, special ones included; ``default`` where the configuration names no limit."""
    rows = int(getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None) or default)
    pad = FIXED_PADS.get(config.model_type, getattr(config, "pad_token_id", None))
    return rows - (int(pad) + 1) if config.model_type in COUNT_FROM_PAD and pad is not None else rows
