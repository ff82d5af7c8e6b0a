"""``finetune``: the one trainer, which hands its settings to the loop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xfer.trainers.base import Trainer
from xfer.trainers.settings import FinetuneSettings


@Trainer.register("finetune")
class Finetune(FinetuneSettings):
    """AdamW with warm-up and linear or cosine decay, over batches sorted by length.

    Every field that is left out takes the value that was published for the stage's first reader
    (``xfer show reader NAME``).
    """

    def fit(self, network: Any, tasks: Sequence[Any], context: Any) -> dict[str, Any]:
        from xfer.trainers.loop.fit import fit  # late: imports torch

        return fit(self, network, tasks, context)
