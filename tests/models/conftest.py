"""Two-layer encoders of width 32 and a few made-up rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import transformers
from tiny_models import CONFIGS, TEXTS

from xfer.models.base import Origin
from xfer.models.scratch import Scratch


@pytest.fixture(scope="session")
def origin() -> Origin:
    """A fresh XLM-R-like config and its tokenizer."""
    model = Scratch(layers=2, width=32, heads=2, vocabulary=300, positions=40, dropout=0.1)
    return model.load_origin(lambda: [*TEXTS, "die Katze schläft", "кошка спит", "猫在睡觉"])


@pytest.fixture(scope="session")
def local(origin: Origin, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """``local(architecture)``: a folder as a masked language model of that architecture would be published."""
    made: dict[str, Path] = {}

    def local(name: str) -> Path:
        if name not in made:
            sizes = {"vocab_size": len(origin.tokenizer), "max_position_embeddings": 48, "pad_token_id": 1}
            torch.manual_seed(5)
            network = transformers.AutoModelForMaskedLM.from_config(CONFIGS[name](**sizes))
            for parameter in network.parameters():
                torch.nn.init.normal_(parameter, std=0.3)  # so that biases and norms are not all alike
            made[name] = tmp_path_factory.mktemp(name)
            network.save_pretrained(made[name])
            origin.tokenizer.save_pretrained(made[name])
        return made[name]

    return local
