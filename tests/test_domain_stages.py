"""Discriminators from YAML to the report: a stage of labelled and unlabelled files, with reversal and without."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

import xfer
from xfer.recipe.load import load_recipe
from xfer.recipe.recipe import Recipe
from xfer.reports.write import report_markdown, report_text

WORDS = {"en": "cat dog bird house tree river", "de": "Katze Hund Vogel Haus Baum Fluss"}
TRAINER = "{steps: 60, batch_size: 12, learning_rate: 5e-3, max_length: 24, evaluate_every: 60, precision: fp32}"
STAGE = """
  NAME:
    mixer: joint
    trainer: TRAINER
    tasks:
      language:
        reader: {type: text, languages: [en, de], folder: plain, held_out: 4}
        head: HEAD
      verdict: {reader: READER}
"""
READER = (
    "{type: files, train: 'train-{language}.tsv', test: 'test-{language}.tsv', labels: [good, bad], languages: [en]}"
)
HEADS = {
    "left": "{type: domain, reverse: {peak: 0}, learning_rate: 0.02}",
    "turned": "{type: domain, reverse: {peak: 1, ramp: dann}, learning_rate: 0.02}",
    "confused": "{type: confusion, reverse: {peak: 20}, learning_rate: 0.02}",
}


def recipe_text() -> str:
    found = "name: tiny\nsource: mirror\nseeds: [1]\n"
    found += "model: {type: scratch, layers: 1, width: 16, heads: 2, feedforward: 16, vocabulary: 300, dropout: 0}\n"
    found += "stages:"
    for name, head in HEADS.items():
        stage = STAGE.replace("NAME", name).replace("HEAD", head).replace("TRAINER", TRAINER)
        found += stage.replace("READER", READER)
    found += "  after: {start: turned, reader: READER, trainer: {steps: 2, batch_size: 8, max_length: 24}}\n"
    found += "evaluate:\n  clean: {stage: turned, languages: [en]}\n  later: {stage: after, languages: [en]}\n"
    return found.replace("READER", READER)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The recipe and its data: sentences of words of one language."""
    made, draw = tmp_path_factory.mktemp("domain"), Random(1)
    (made / "plain").mkdir()
    for language, words in WORDS.items():
        lines = sorted({" ".join(draw.choices(words.split(), k=draw.randint(2, 6))) for _ in range(120)})
        (made / "plain" / f"{language}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        for split, count in (("train", 60), ("test", 20)):
            rows = [f"{line}\t{('good', 'bad')[line.split()[0] == words.split()[0]]}" for line in lines[:count]]
            (made / f"{split}-{language}.tsv").write_text("\n".join(["text\tlabel", *rows]) + "\n", encoding="utf-8")
    (made / "tiny.yaml").write_text(recipe_text(), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XFER_DATA", str(made))
        yield made


@pytest.fixture(scope="module")
def report(folder: Path) -> dict[str, Any]:
    return xfer.run(folder / "tiny.yaml", store=folder / "store")


def test_the_recipe_round_trips_and_labels_stand_first(folder: Path) -> None:
    recipe = load_recipe(folder / "tiny.yaml").recipe
    assert Recipe.model_validate(recipe.model_dump(mode="json")) == recipe
    stage = recipe.stages["turned"]
    assert list(stage.tasks) == ["verdict", "language"] and list(stage.learnt_tasks) == ["verdict"]
    assert stage.first.reader.type_name == "files"


def test_every_discriminator_is_in_the_report_beside_its_chance(report: dict[str, Any]) -> None:
    parts = {part["stage"]: part for part in report["discriminators"]}
    assert list(parts) == list(HEADS)
    assert all((part["task"], part["of"], part["chance"]) == ("language", "language", 50.0) for part in parts.values())
    for shown in (report_markdown(report), report_text(report)):
        assert "discriminators" in shown and f"{parts['confused']['mean']:.1f}" in shown and "50.0" in shown


def test_a_discriminator_that_the_encoder_is_turned_against_ends_nearer_to_chance(report: dict[str, Any]) -> None:
    found = {part["stage"]: part["mean"] for part in report["discriminators"]}
    assert found["left"] > 85
    assert abs(found["confused"] - 50) < abs(found["left"] - 50) - 10
    assert found["turned"] < found["left"] - 25


def test_training_says_so_too(report: dict[str, Any], folder: Path) -> None:
    files = sorted((folder / "store").rglob("training.json"))
    told = [json.loads(path.read_text()) for path in files]
    headed = [each for each in told if "domain" in each]
    assert len(told) == 4 and len(headed) == 3
    assert all(each["order"] == ["verdict", "language"] for each in headed)
    means = sorted(part["mean"] for part in report["discriminators"])
    assert sorted(100 * each["domain"]["language"]["accuracy"] for each in headed) == pytest.approx(means)


def test_a_discriminators_languages_are_not_what_the_stage_was_trained_on(report: dict[str, Any]) -> None:
    assert report["evaluations"]["clean"]["trained"] == ["en"]
