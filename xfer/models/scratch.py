"""A small encoder from nothing: a config, and a tokenizer trained on the stage's own text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from xfer.models.base import Model, Origin

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedTokenizerBase


@Model.register("scratch")
class Scratch(Model):
    """An XLM-RoBERTa of any size with random weights, and its own subword vocabulary."""

    version = 2
    trained: ClassVar[bool] = False
    layers: int = Field(4, ge=1, description="transformer layers")
    width: int = Field(256, ge=8, description="hidden size")
    heads: int = Field(4, ge=1, description="attention heads")
    feedforward: int | None = Field(
        None, ge=8, description="inner size of the feed-forward part; 4 x width if left out"
    )
    vocabulary: int = Field(8000, ge=300, description="subwords of the tokenizer")
    positions: int = Field(512, ge=16, description="longest input in subwords")
    dropout: float = Field(0.1, ge=0, lt=1, description="dropout of states and of attention")

    @model_validator(mode="after")
    def _check_heads(self) -> Scratch:
        if self.width % self.heads:
            hint = {"hint": "a width of 256 goes with 4 or 8 heads", "width": self.width, "heads": self.heads}
            raise PydanticCustomError("width_heads", "width {width} cannot be split among {heads} heads", hint)
        return self

    def load_origin(self, texts: Callable[[], Iterable[str]]) -> Origin:
        from xfer.models.tokenizer import train_tokenizer  # late: imports tokenizers and transformers

        tokenizer = train_tokenizer(texts(), self.vocabulary, self.positions)
        return Origin(None, self._config(tokenizer), tokenizer)

    def longest_input(self) -> int:
        return self.positions

    def _config(self, tokenizer: PreTrainedTokenizerBase) -> PreTrainedConfig:
        from transformers import XLMRobertaConfig

        return XLMRobertaConfig(
            vocab_size=len(tokenizer),
            hidden_size=self.width,
            num_hidden_layers=self.layers,
            num_attention_heads=self.heads,
            intermediate_size=self.feedforward or 4 * self.width,
            hidden_dropout_prob=self.dropout,
            attention_probs_dropout_prob=self.dropout,
            max_position_embeddings=self.positions + 2,  # this architecture counts positions from pad + 1
            type_vocab_size=1,
            pad_token_id=tokenizer.pad_token_id,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
        )

    def parameter_count(self) -> int:
        inner = self.feedforward or 4 * self.width
        layer = 4 * self.width * (self.width + 1) + 2 * self.width * inner + inner + 5 * self.width
        return (self.vocabulary + self.positions + 5) * self.width + self.layers * layer
