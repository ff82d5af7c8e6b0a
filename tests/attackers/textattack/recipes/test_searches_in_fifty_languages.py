"""What every search must leave alone, in 50 languages: the label, protected sides, grapheme clusters, its budget, and
that a row's result is its own. The victim's answers are drawn from the text, so that searches go many ways.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import numpy as np
import pytest
import regex
from fifty import TEXTS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xfer.attackers.base import Attacker
from xfer.attackers.search.base import Setting
from xfer.attackers.search.goals.base import form_aim

LABELS = ("no", "maybe", "yes")
BUDGET = 25
SEARCHES: dict[str, dict[str, Any]] = {
    "deepwordbug": {"type": "textattack", "recipe": "deepwordbug"},
    "pruthi": {"type": "textattack", "recipe": "pruthi"},
    "bad-characters": {"type": "textattack", "recipe": "bad-characters"},
}
QUICK = settings(max_examples=15, suppress_health_check=list(HealthCheck))


def victim(items: Sequence[Any]) -> np.ndarray:
    """Probabilities from a hash of the columns; the last label mostly leads."""
    made = [blake2b("\0".join(item).encode("utf-8", "surrogatepass"), digest_size=2).digest() for item in items]
    found = np.array([[one[0] / 255, one[1] / 255, 1.6] for one in made], dtype=np.float32)
    return np.asarray(np.exp(found) / np.exp(found).sum(1, keepdims=True), dtype=np.float32)


def found(name: str, asked: list[dict[str, Any]], width: int = 8, **fields: Any) -> dict[str, dict[str, Any]]:
    attacker: Any = Attacker.model_validate(SEARCHES[name] | {"budget": BUDGET} | fields)
    setting = Setting("classify", LABELS, form_aim("classify", LABELS), {"victim": victim}, width)
    return {one["id"]: one for one in attacker.search_rows(asked, setting)}


def row(language: str, text: str) -> dict[str, Any]:
    return {"id": language, "language": language, "text": text, "pair": TEXTS["en"], "label": "yes"}


@pytest.mark.parametrize("name", SEARCHES)
def test_in_every_language(name: str) -> None:
    rows = [row(language, text) for language, text in TEXTS.items()]
    made = found(name, rows, protect=["pair"])
    again = found(name, rows[::-1], width=3, protect=["pair"])
    moved = 0
    for old in rows:
        new = made[old["id"]]
        assert new == again[old["id"]], "another order or width, another result"
        assert new["status"] in ("succeeded", "failed", "skipped"), new
        assert new["queries"] <= BUDGET and new["pair"] == old["pair"]
        moved += new["text"] != old["text"]
        if name == "deepwordbug":  # marks stay with their letters; what it inserts are letters of the row
            had = set(regex.findall(r"\X", old["text"])) | set(old["text"]) | set(old["pair"])
            assert set(regex.findall(r"\X", new["text"])) <= had, f"{old['language']}: a cluster that the row had not"
    assert moved > len(rows) / 2


@pytest.mark.parametrize("name", SEARCHES)
@QUICK
@given(text=st.text(max_size=40), language=st.sampled_from(sorted(TEXTS)))
def test_of_any_text(name: str, text: str, language: str) -> None:
    (one,) = found(name, [row(language, text)], protect=["pair"]).values()
    assert one["status"] in ("succeeded", "failed", "skipped", "error")
    assert one["pair"] == TEXTS["en"] and one["queries"] <= BUDGET
    if one["status"] in ("skipped", "error"):
        assert one["text"] == text
