"""The linear probe: equal to another implementation, all of what can be told, nothing of what cannot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from sklearn.linear_model import LogisticRegression

import xfer
from xfer.core.errors import RecipeError
from xfer.models.probe import fit_probe
from xfer.readers.base import Reader
from xfer.recipe.load import load_recipe

RECIPE = """\
name: probed
source: miniature
model: {type: scratch, layers: 1, width: 16, heads: 2, feedforward: 16, vocabulary: 800}
stages:
  xnli: {reader: xnli, trainer: {steps: 2, oracle: false}}
evaluate:
  clean: {stage: xnli}
  language: {stage: xnli, reader: language, probe: {}}
limits: {train_rows: 20, test_rows: 6, dev_rows: 4}
"""


def drawn(rows: int, labels: int, width: int, apart: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Vectors [rows, width] around a centre of each label, and the labels [rows]."""
    random = np.random.default_rng(seed)
    targets = np.arange(rows) % labels
    centres = random.normal(size=(labels, width)) * apart
    return (centres[targets] + random.normal(size=(rows, width))).astype(np.float32), targets


def test_it_is_the_regression_of_another_library_on_standardised_vectors() -> None:
    vectors, targets = drawn(120, 3, 5, 1.0)
    probe = fit_probe(vectors, targets, 3, 0.01)
    inputs = (vectors.astype(np.float64) - vectors.mean(0, dtype=np.float64)) / vectors.std(0, dtype=np.float64)
    peer = LogisticRegression(C=1 / (0.01 * len(vectors)), tol=1e-10, max_iter=10_000).fit(inputs, targets)
    ours = probe.logits(vectors)
    theirs = peer.decision_function(inputs)
    assert ours - ours.mean(1, keepdims=True) == pytest.approx(theirs - theirs.mean(1, keepdims=True), abs=1e-4)


def test_what_lies_apart_is_told_whole_and_labels_without_a_reason_are_not() -> None:
    vectors, targets = drawn(400, 4, 8, 10.0)
    learnt, tested = slice(0, 200), slice(200, 400)
    probe = fit_probe(vectors[learnt], targets[learnt], 4, 1e-3)
    assert (probe.logits(vectors[tested]).argmax(1) == targets[tested]).all()
    shuffled = np.random.default_rng(1).permutation(targets)
    probe = fit_probe(vectors[learnt], shuffled[learnt], 4, 1e-3)
    right = (probe.logits(vectors[tested]).argmax(1) == shuffled[tested]).mean()
    assert right == pytest.approx(0.25, abs=4 * (0.25 * 0.75 / 200) ** 0.5)


def test_a_column_that_does_not_vary_and_the_order_of_rows_change_nothing() -> None:
    vectors, targets = drawn(90, 3, 4, 1.0)
    still = np.concatenate([vectors, np.full((90, 1), 7.0, np.float32)], 1)
    order = np.random.default_rng(0).permutation(90)
    wanted = fit_probe(vectors, targets, 3, 0.01).logits(vectors)
    assert fit_probe(still, targets, 3, 0.01).logits(still) == pytest.approx(wanted, abs=1e-4)
    assert fit_probe(vectors[order], targets[order], 3, 0.01).logits(vectors) == pytest.approx(wanted, abs=1e-4)


def test_translations_of_a_row_stand_on_one_side_together() -> None:
    reader = Reader.model_validate({"type": "language", "of": {"type": "xnli"}})
    # every second text stands in two rows, as the premises of XNLI stand in three
    origin = [{"id": str(n), "text": f"{{}} text {n}", "pair": f"{{}} pair {n // 2}"} for n in range(300)]
    texts: dict[str, set[str]] = {"train": set(), "test": set()}
    sides: dict[str, dict[str, set[str]]] = {}
    for split in ("train", "test"):
        for language in ("de", "sw"):
            rows = (
                row | {"text": row["text"].format(language), "pair": row["pair"].format(language)} for row in origin
            )
            read = list(reader.rows_from_origins(rows, split, language))
            assert {row["label"] for row in read} == {language}
            texts[split] |= {row["text"].removeprefix(language) for row in read}
            sides.setdefault(split, {})[language] = {row["id"].split(":")[0] for row in read}
    for split in sides:
        assert sides[split]["de"] == sides[split]["sw"]
    assert not sides["train"]["de"] & sides["test"]["de"]
    assert not texts["train"] & texts["test"] and not any("pair" in text for text in texts["train"] | texts["test"])
    assert len(sides["train"]["de"] | sides["test"]["de"]) == 300 and 70 < len(sides["test"]["de"]) < 130


def test_a_probe_of_a_stage_is_reported_beside_its_chance(tmp_path: Path) -> None:
    path = tmp_path / "probed.yaml"
    path.write_text(RECIPE)
    report = xfer.run(path, store=tmp_path / "store")
    table = next(table for table in report["tables"] if table["reader"] == "language")
    assert len(table["languages"]) == 11
    assert table["mean"]["language"]["chance"] == pytest.approx(100 / 11)
    assert table["mean"]["language"]["value"] > 2 * 100 / 11  # scripts alone tell more than that
    assert any("linear probe on mean-pooled last hidden states" in note for note in report["notes"])


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("reader", "xcopa", "a probe learns labels of texts from a train split"),
        ("split", "train", "a probe learns from the train split"),
        ("smoothing", {}, "a probe has none"),
        ("attacker", {"type": "textattack", "recipe": "deepwordbug"}, "a probe has none"),
    ],
)
def test_what_a_probe_cannot_answer_is_a_fault(field: str, value: object, message: str, tmp_path: Path) -> None:
    raw = yaml.safe_load(RECIPE)
    raw["evaluate"]["language"][field] = value
    path = tmp_path / "probed.yaml"
    path.write_text(yaml.safe_dump(raw))
    with pytest.raises(RecipeError) as refused:
        load_recipe(path)
    assert any(message in fault.message for fault in refused.value.faults), refused.value.faults
