"""The settings of the training loop: what a recipe may write under ``trainer:``, below everything that reads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, Self

from pydantic import Field, SerializeAsAny, model_validator
from pydantic_core import PydanticCustomError

from xfer.core.component import INCIDENTAL, field_version
from xfer.forms.sheet import form_facts
from xfer.readers.base import Settings
from xfer.trainers.adversaries.base import Adversary, Plain
from xfer.trainers.base import Misfit, Trainer
from xfer.trainers.losses.base import Loss
from xfer.trainers.losses.label_smoothing import LabelSmoothing
from xfer.trainers.losses.mixup import Mixup
from xfer.trainers.options import Adapt, Average, Unfreeze

LEAST_WARMUP = 0.1  # at least this share of the steps, where a rate was raised


class FinetuneSettings(Trainer):
    """The fields of ``finetune``, their rules, and what a published setting fills in; the loop itself stands above."""

    epochs: float | None = Field(None, gt=0, description="passes over the rows; published if neither is given")
    steps: int | None = Field(None, ge=1, description="optimiser steps, instead of epochs")
    batch_size: int | None = Field(None, ge=1, description="rows of a micro-batch; published if neither is given")
    batch_tokens: int | None = Field(
        None, ge=16, description="token budget of a micro-batch with padding, instead of batch_size"
    )
    accumulate: int = Field(1, ge=1, description="gradient accumulation: micro-batches of an optimiser step")
    learning_rate: float | None = Field(None, gt=0, description="peak learning rate")
    weight_decay: float | None = Field(None, ge=0, description="of all weights but biases and layer norms")
    warmup: float | None = Field(None, ge=0, lt=1, description="share of the steps in which the rate rises")
    schedule: Literal["linear", "cosine", "constant"] = Field("linear", description="decay after the warm-up")
    clip: float = Field(1.0, ge=0, description="largest norm of the gradient; 0 for no clipping")
    dropout: float | None = Field(None, ge=0, lt=1, description="in this stage; the model's own if left out")
    max_length: int | None = Field(None, ge=8, description="subwords an input; longer ones are cut")
    precision: Literal["auto", "fp32", "bf16"] = Field("auto", description="auto: bf16 on a GPU that has it")
    gradient_checkpointing: bool = Field(
        False, strict=True, description="compute activations a second time instead of keeping them: less memory"
    )
    shard: bool | None = Field(
        None,
        strict=True,
        description="spread weights and optimiser over the processes (FSDP); from a billion weights on if left out",
        json_schema_extra=INCIDENTAL,
    )
    compile: bool = Field(False, strict=True, description="compile the encoder's layers: slow to start, quicker then")
    adversary: SerializeAsAny[Adversary] = Field(Plain(), description="what perturbs the word embeddings, if anything")
    label_smoothing: float = Field(
        0.0, ge=0, lt=1, description="share of the label that is spread over all answers, in every task of the stage"
    )
    mixup: float = Field(
        0.0, ge=0, description="alpha of the beta distribution by which rows of form classify are mixed; 0 for none"
    )
    losses: tuple[SerializeAsAny[Loss], ...] = Field(
        (), description="further terms of the loss (xfer list losses), each applied to what those before it give"
    )
    layer_decay: float = Field(
        1.0,
        gt=0,
        le=1,
        description="factor of the rate from each layer to the one below, and twice from the heads to the top layer",
        json_schema_extra=field_version(2),
    )
    freeze_encoder: bool = Field(
        False, strict=True, description="only the heads are trained: a linear probe, where a head is one layer"
    )
    unfreeze: Unfreeze | None = Field(None, description="when what is frozen is trained as well; never if left out")
    average: Average | None = Field(None, description="score and save a mean of the run's weights")
    adapt: Adapt | None = Field(None, description="train small added parts instead of the encoder (extra peft)")
    evaluate_every: int | None = Field(
        None, ge=1, description="steps between dev scores; a tenth of the run if left out"
    )
    patience: int | None = Field(None, ge=1, description="dev scores without a better one before stopping early")
    select: Literal["best", "last"] | None = Field(
        None, description="the checkpoint by dev scores, or the last one; published if left out, best with patience"
    )
    dev_rows: int = Field(500, ge=1, description="rows of each dev set that select the checkpoint")
    oracle: bool = Field(
        True, strict=True, description="also keep the checkpoint that the target languages' dev sets would choose"
    )
    checkpoint_seconds: float = Field(120, gt=0, description="time between checkpoints", json_schema_extra=INCIDENTAL)

    @model_validator(mode="after")
    def _one_of_each(self) -> FinetuneSettings:
        for pair in (("steps", "epochs"), ("batch_size", "batch_tokens")):
            if all(getattr(self, name) is not None for name in pair):
                context = {"one": pair[0], "other": pair[1], "hint": "keep one of them"}
                raise PydanticCustomError("both", "gives both {one} and {other}", context)
        if self.patience is not None and self.select == "last":
            context = {"one": "patience", "other": "select: last", "hint": "the last checkpoint needs no patience"}
            raise PydanticCustomError("both", "gives both {one} and {other}", context)
        if self.adapt and (self.freeze_encoder or self.unfreeze):
            other = "freeze_encoder" if self.freeze_encoder else "unfreeze"
            context = {"other": other, "hint": "with adapt the encoder's own weights stay as they are"}
            raise PydanticCustomError("adapt_alone", "gives both adapt and {other}", context)
        return self

    def unshardable_settings(self) -> Iterator[str]:
        """The settings that need whole weights, or that were never tried with parts of them."""
        yield from (name for name in ("adapt", "average", "compile") if getattr(self, name))
        if self.adversary.whole_weights:
            yield "adversary"

    def loss_terms(self, *teachers: Loss) -> tuple[Loss, ...]:
        """The terms of every task of the stage, from the first that is applied to the last.

        Labels are smoothed, then what a teacher says is added, then come further terms; all that is mixed in the end.
        """
        smoothed = [LabelSmoothing(share=self.label_smoothing)] if self.label_smoothing else []
        mixed = [Mixup(alpha=self.mixup)] if self.mixup else []
        return (*smoothed, *teachers, *self.losses, *mixed)

    def _placed_losses(self) -> Iterator[tuple[tuple[str | int, ...], Loss]]:
        yield from ((("losses", number), term) for number, term in enumerate(self.losses))
        if self.mixup:
            yield ("mixup",), Mixup(alpha=self.mixup)

    def find_faults(self, forms: Sequence[str]) -> Iterator[Misfit]:
        for name in self.unshardable_settings() if self.shard else ():
            value = f" {self.adversary.type_name}" if name == "adversary" else ""
            yield ("shard",), f"does not go with {name}{value}, which needs whole weights", f"leave shard or {name} out"
        for where, term in self._placed_losses():
            for path, what, hint in term.find_faults(forms):
                yield (*where, *path), what, hint
        if self.freeze_encoder and any(form_facts(form).searches_pool for form in forms):
            yield ("freeze_encoder",), "leaves nothing to train for retrieval, which has no head", "leave it out"

    def fill_published(self, published: Settings, least_rate: float | None = None) -> Self:
        filled: dict[str, Any] = {}
        for name in ("learning_rate", "weight_decay", "warmup", "max_length"):
            if getattr(self, name) is None:
                filled[name] = getattr(published, name)
        if self.select is None and published.select == "last" and self.patience is None:
            filled["select"] = "last"
        if self.steps is None and self.epochs is None:
            filled["epochs"] = published.epochs
        if self.batch_size is None and self.batch_tokens is None:
            filled["batch_size"] = published.batch_size
        rate = filled.get("learning_rate", self.learning_rate)
        if least_rate and rate is not None and rate < least_rate:
            filled["learning_rate"] = least_rate
            # published rates that start at their peak are small; at this one a fresh head would undo the encoder
            if self.warmup is None:
                filled["warmup"] = max(published.warmup, LEAST_WARMUP)
        return self.model_copy(update=filled)
