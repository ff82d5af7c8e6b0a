"""Every reader of the catalog, in miniature: a tiny encoder is trained on it, predicts, and is scored.

The list is the catalog's own, so that a new reader is walked as soon as it has a name.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import yaml

import xfer
from xfer.catalog import CATALOG
from xfer.readers.base import Reader

READERS = sorted(name for name in CATALOG["reader"] if "miniature" in Reader.find_class(name).sources)
STAND_IN = {"xcopa": "copa"}  # what a data set without training rows is tested after
TEXT = {"type": "text", "languages": ["en", "sw"]}
TRAINER = {"max_length": 64, "precision": "fp32"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One store for all, so that the encoder and the parts of the world are made once."""
    return tmp_path_factory.mktemp("walk")


def recipe(name: str) -> dict[str, Any]:
    """Train on the reader, or on what stands in for it, and test it in one or two languages."""
    reader: Any = Reader.model_validate(name)
    splits = [split for split in ("test", "dev") if split in reader.card.splits and split not in reader.unlabelled]
    split = next(split for split in splits if reader.offered_languages("miniature", split))
    languages = sorted(reader.offered_languages("miniature", split), key=lambda language: (language != "en", language))[
        :2
    ]
    stages: dict[str, Any] = {"words": {"reader": TEXT, "seed": 0, "trainer": TRAINER}}
    test: dict[str, Any] = {"split": split, "languages": languages}
    if "train" in reader.card.splits and reader.offered_languages("miniature", "train"):
        stages["one"] = {"reader": name, "trainer": TRAINER}
        test["stage"] = "one"
    elif reader.form == "retrieve":
        test["reader"] = name
    else:
        stages["one"] = {"reader": STAND_IN[name], "trainer": TRAINER}
        test |= {"stage": "one", "reader": name}
    return {
        "name": "walk",
        "source": "miniature",
        "model": {"type": "scratch", "layers": 1, "width": 16, "heads": 2, "feedforward": 16, "vocabulary": 800},
        "start": "words",
        "stages": stages,
        "evaluate": {"clean": test},
        "limits": {"train_rows": 16, "test_rows": 6, "dev_rows": 4, "steps": 2, "least_learning_rate": 1e-3},
    }


@pytest.mark.parametrize("name", READERS)
def test_a_reader_is_trained_on_predicted_and_scored(name: str, store: Path, tmp_path: Path) -> None:
    path, wanted = tmp_path / "walk.yaml", recipe(name)
    path.write_text(yaml.safe_dump(wanted))
    table = xfer.run(path, store=store)
    assert set(table["languages"]) == set(wanted["evaluate"]["clean"]["languages"])
    for row in table["languages"].values():
        assert 0 <= row["clean"]["value"] <= 100 and math.isfinite(row["clean"]["value"])
        assert row["clean"]["rows"] > 0


def test_every_reader_but_own_files_is_walked() -> None:
    assert set(CATALOG["reader"]) - set(READERS) == {"files"}
