"""What the recipe leaves out is as published; what it says twice is a fault."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from xfer.readers.base import Settings
from xfer.trainers.finetune import Finetune

PUBLISHED = Settings(learning_rate=2e-5, epochs=3, batch_size=32, max_length=128, weight_decay=0.1, warmup=0.06)


def test_gaps_are_filled_with_what_was_published() -> None:
    filled = Finetune().fill_published(PUBLISHED)
    assert (filled.learning_rate, filled.epochs, filled.batch_size, filled.max_length) == (2e-5, 3, 32, 128)
    assert (filled.weight_decay, filled.warmup) == (0.1, 0.06)
    assert (filled.steps, filled.batch_tokens) == (None, None)


def test_what_the_recipe_says_is_kept() -> None:
    said = Finetune(learning_rate=1e-3, steps=7, batch_tokens=512, max_length=64, weight_decay=0, warmup=0)
    filled = said.fill_published(PUBLISHED)
    assert (filled.learning_rate, filled.steps, filled.batch_tokens, filled.max_length) == (1e-3, 7, 512, 64)
    assert (filled.weight_decay, filled.warmup) == (0, 0)
    assert (filled.epochs, filled.batch_size) == (None, None)


def test_a_least_learning_rate_lifts_smaller_ones_only() -> None:
    assert Finetune().fill_published(PUBLISHED, 1e-3).learning_rate == 1e-3
    assert Finetune(learning_rate=5e-3).fill_published(PUBLISHED, 1e-3).learning_rate == 5e-3


def test_a_raised_rate_warms_up_unless_the_recipe_says_how() -> None:
    abrupt = PUBLISHED._replace(warmup=0.0)
    assert Finetune().fill_published(abrupt).warmup == 0.0
    assert Finetune().fill_published(abrupt, 1e-3).warmup == 0.1
    assert Finetune(warmup=0.02).fill_published(abrupt, 1e-3).warmup == 0.02
    assert Finetune(learning_rate=5e-3).fill_published(abrupt, 1e-3).warmup == 0.0


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"steps": 5, "epochs": 1}, "gives both steps and epochs"),
        ({"batch_size": 5, "batch_tokens": 100}, "gives both batch_size and batch_tokens"),
    ],
)
def test_two_answers_to_one_question_are_a_fault(fields: dict[str, int], what: str) -> None:
    with pytest.raises(ValidationError, match=what):
        Finetune(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "fields",
    [
        {"steps": 0},
        {"epochs": 0},
        {"batch_size": 0},
        {"accumulate": 0},
        {"learning_rate": 0},
        {"warmup": 1},
        {"schedule": "linaer"},
        {"patience": 0},
        {"precision": "fp16"},
        {"learning": 1},
    ],
)
def test_settings_that_cannot_be_are_faults(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Finetune(**fields)  # type: ignore[arg-type]


def test_filled_settings_tell_apart_what_was_published_and_how_often_to_save_does_not_matter() -> None:
    other = PUBLISHED._replace(epochs=2)
    assert Finetune().fill_published(PUBLISHED).identity() != Finetune().fill_published(other).identity()
    assert Finetune(checkpoint_seconds=5).identity() == Finetune().identity()
