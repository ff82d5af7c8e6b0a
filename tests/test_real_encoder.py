"""A real encoder on real sentences, where both are at hand: $XFER_MODELS and $XFER_DATA."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

import xfer

ENCODER = "intfloat/multilingual-e5-small"
LANGUAGES = {"sw": "swh", "ta": "tam"}  # the smallest of its files: 390 and 307 pairs


def real_folders() -> tuple[Path, Path]:
    """The folders of the encoder and of Tatoeba's files; skips where one is not there."""
    model = Path(os.environ.get("XFER_MODELS", "")) / ENCODER
    data = Path(os.environ.get("XFER_DATA", "")) / "tatoeba_v1"
    for folder, what in ((model, f"$XFER_MODELS holds no {ENCODER}"), (data, "$XFER_DATA holds no tatoeba_v1")):
        if not os.environ.get("XFER_MODELS") or not os.environ.get("XFER_DATA") or not folder.is_dir():
            pytest.skip(what)
    return model, data


def sentence_vectors(tokenizer: Any, model: Any, sentences: list[str]) -> np.ndarray:
    """Mean-pooled last states, [sentences, width], by plain transformers alone."""
    vectors = []
    with torch.no_grad():
        for start in range(0, len(sentences), 32):
            inputs = tokenizer(sentences[start : start + 32], padding=True, truncation=True, return_tensors="pt")
            states, mask = model(**inputs).last_hidden_state, inputs["attention_mask"][..., None]
            vectors.append(((states * mask).sum(1) / mask.sum(1)).numpy())
    found = np.concatenate(vectors)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def test_tatoeba_without_training_equals_a_direct_computation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model_folder, data = real_folders()
    tokenizer = transformers.AutoTokenizer.from_pretrained(model_folder)
    model = transformers.AutoModel.from_pretrained(model_folder).eval()
    expected = {}
    for language, code in LANGUAGES.items():
        sides = [
            (data / f"tatoeba.{code}-eng.{side}").read_text(encoding="utf-8").splitlines() for side in (code, "eng")
        ]
        foreign, english = (sentence_vectors(tokenizer, model, sentences) for sentences in sides)
        expected[language] = 100 * float(np.mean((english @ foreign.T).argmax(1) == np.arange(len(english))))
    recipe = tmp_path / "tatoeba.yaml"
    recipe.write_text(
        f"name: tatoeba\nsource: mirror\nmodel: {{type: pretrained, name: {model_folder}}}\n"
        f"evaluate:\n  sentences: {{reader: tatoeba, languages: [{', '.join(LANGUAGES)}]}}\n"
    )
    monkeypatch.chdir(tmp_path)
    report = xfer.run(recipe)
    scores = {language: report["languages"][language]["sentences"]["value"] for language in LANGUAGES}
    assert scores == pytest.approx(expected, abs=1e-9)
    assert min(scores.values()) > 50  # the encoder, and not chance
