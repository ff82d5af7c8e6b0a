"""Searches on every form: unmodified TextAttack searches against tiny networks, and what must be true of the rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from xfer.attackers.base import Attacker, Setting
from xfer.core.component import Component
from xfer.forms.base import form
from xfer.models.network import build
from xfer.models.scratch import Scratch
from xfer.models.victims import victim

WORDS = "the old man never saw a green house near some very quiet water today and nobody asked him why".split()
LONGEST = 40
NETWORKS: dict[str, tuple[list[str], dict[str, Any]]] = {
    "classify": (["a", "b", "c"], {}),
    "choose": ([], {}),
    "tag": (["O", "B-PER", "I-PER", "B-LOC"], {}),
    "span": ([], {"stride": 8, "question": 8, "longest": 4}),
    "retrieve": ([], {"task": "nearest"}),
}


def sentence(seed: int, count: int = 7) -> list[str]:
    return [str(word) for word in np.random.default_rng(seed).choice(WORDS, size=count)]


def rows(name: str, count: int = 8) -> list[dict[str, Any]]:
    """Rows of a form, some of them hostile."""
    made = []
    for i in range(count):
        text = " ".join(sentence(i)) + "."
        row: dict[str, Any] = {"id": f"r{i}", "language": "en", "text": text}
        if name == "classify":
            row |= {"pair": " ".join(sentence(i + 50, 4)), "label": "abc"[i % 3]}
        elif name == "choose":
            row |= {
                "question": "asked why?" if i % 2 else None,
                "options": ["the man", "a house", "him"],
                "label": i % 3,
            }
        elif name == "tag":
            tags = ["O", "B-PER", "I-PER", "O", "B-LOC", "O", "O"]
            row |= {"words": sentence(i), "tags": tags, "text": " ".join(sentence(i))}
        elif name == "span":
            row |= {"text": f"{text} Yes, {text}", "pair": "who asked?"}
            row |= {
                "answers": [text[:-1].split()[i % 4]],
                "starts": [len(" ".join(text.split()[: i % 4])) + (i % 4 > 0)],
            }
        else:
            row |= {"pair": None, "side": "query", "gold": [f"c{i}"], "part": "test", "pool": "en"}
        made.append(row)
    return made


def candidates(count: int = 8) -> list[dict[str, Any]]:
    blank = {"pair": None, "side": "candidate", "gold": None, "part": "test"}
    return [{"id": f"c{i}", "language": "en", "text": " ".join(sentence(i)) + " today", **blank} for i in range(count)]


@pytest.fixture(scope="module")
def victims() -> dict[str, Any]:
    origin = Scratch(layers=1, width=16, heads=2, vocabulary=300, positions=LONGEST + 4).origin(lambda: WORDS * 9)
    found = {}
    for name, (labels, options) in NETWORKS.items():
        network = build(origin, {name: form(name, labels, options)}, 3).eval()
        found[name] = victim(network, name, LONGEST, candidates() if name == "retrieve" else ())
    return found


def searched(victims: dict[str, Any], name: str, asked: list[dict[str, Any]], **fields: Any) -> dict[str, Any]:
    attacker: Any = Attacker.model_validate({"type": "textattack", "budget": 60} | fields)
    labels, options = NETWORKS[name]
    aim = attacker.aim(name, labels, options)
    more = fields.pop("oracles", {})
    setting = Setting(name, tuple(labels), aim, {"victim": victims[name]} | more, 4)
    found = {one["id"]: one for one in attacker.search(asked, setting)}
    assert isinstance(attacker, Component) and len(found) == len(asked)
    return found


@pytest.mark.parametrize("name", NETWORKS)
def test_a_search_of_textattacks_on_every_form(victims: dict[str, Any], name: str) -> None:
    asked = rows(name)
    found = searched(victims, name, asked)
    assert {one["status"] for one in found.values()} <= {"succeeded", "failed", "skipped"}
    tried = [one for one in found.values() if one["status"] != "skipped"]
    assert tried and any(one["queries"] > 1 for one in tried)
    assert any(one["text"] != row["text"] for one, row in zip(found.values(), asked, strict=True) if one in tried)
    labels, options = NETWORKS[name]
    aim: Any = Attacker.model_validate("textattack").aim(name, labels, options)  # type: ignore[attr-defined]
    for row in asked:
        one = found[row["id"]]
        changed = {key: one[key] for key in row}
        form(name, labels, options).check(changed, "test", 1)
        (answer,) = victims[name]([aim.item(aim.text(changed))])
        score, done = aim.judge(answer, aim.gold(row))
        assert done == (one["status"] in ("succeeded", "skipped"))  # what is told is what the model says of the row
        assert one["status"] == "skipped" or score == pytest.approx(one["score"], abs=1e-4)
        kept = {"choose": ("options", "label"), "tag": ("tags",), "span": ("answers",)}.get(name, ())
        assert all(changed[key] == row[key] for key in (*kept, "id", "language"))
    alone = searched(victims, name, asked[3:4])
    assert alone == {asked[3]["id"]: found[asked[3]["id"]]}
