"""Runs of TextAttack's recipes over a few rows, by us and by TextAttack itself."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any
from warnings import catch_warnings, simplefilter
from zlib import crc32

import numpy as np
from small_parts import LABELS

from xfer.attackers.search import random_states
from xfer.attackers.search.base import Setting
from xfer.attackers.textattack import load as shim
from xfer.attackers.textattack.attacker import TextAttack
from xfer.attackers.textattack.recipes.table import recipe_resources
from xfer.core.seeds import derive_seed

Row = dict[str, Any]
TEXTS: list[tuple[str, ...]] = [
    ("the old man saw a bad movie in the city .",),
    ("she watched two good movies in london", "the man was not very old"),
    ("do not like 12 places", "a poor person loved the old place"),
    ("mary saw paris",),
    ("the film was awful and the town ancient", "she viewed a fine picture"),
]


def cheap(texts: list[tuple[str, ...]]) -> np.ndarray:
    """A victim that costs nothing: chances from sums over hashed letters."""
    weights = np.random.default_rng(2).normal(size=(997, len(LABELS)))
    sums = [
        weights[[crc32(f"{i}{char}".encode()) % 997 for t in text for i, char in enumerate(t)]].sum(0) for text in texts
    ]
    powers = np.exp(np.array(sums) / 3)
    found: np.ndarray = (powers / powers.sum(1, keepdims=True)).astype(np.float32)
    return found


def rows(victim: Any, texts: list[tuple[str, ...]] = TEXTS, language: str = "en") -> list[Row]:
    """The texts with what the victim says of them as labels."""
    best = np.stack(victim(texts)).argmax(axis=1)
    return [
        {
            "id": str(i),
            "language": language,
            "text": t[0],
            "pair": t[1] if len(t) > 1 else None,
            "label": LABELS[best[i]],
        }
        for i, t in enumerate(texts)
    ]


def attacker(parts: dict[str, str], recipe: str, compat: str = "fixed", **options: Any) -> TextAttack:
    """A recipe with all that it reads."""
    read = {one.field: parts[one.field] for one in recipe_resources(recipe, compat)}
    return TextAttack(**({"recipe": recipe, "compat": compat} | read | options))


def search(
    one: TextAttack, victim: Any, asked: list[Row], labels: tuple[str, ...] = LABELS, width: int = 64
) -> list[Row]:
    """The results in the order of the rows."""
    setting = Setting("classify", labels, one.task_aim("classify", labels, {}), {"victim": victim}, width)
    found = {result["id"]: result for result in one.search_rows(asked, setting)}
    return [found[row["id"]] for row in asked]


def essence(results: list[Row]) -> list[Any]:
    return [(r["status"], r["queries"], r["text"], r["pair"], r["score"]) for r in results]


def stock(
    textattack: Any, build: Callable[[Any], Any], one: TextAttack, victim: Any, asked: list[Row]
) -> Iterator[Any]:
    """TextAttack's ``Attack`` on TextAttack's texts."""

    class Wrapper(textattack.models.wrappers.ModelWrapper):
        model = None

        def __call__(self, texts: list[Any]) -> np.ndarray:
            return np.stack(victim([(text,) if isinstance(text, str) else tuple(text) for text in texts]))

    with shim.own_nltk_data(), catch_warnings():
        simplefilter("ignore")
        attack = build(Wrapper())
    attack.goal_function.query_budget = one.budget or float("inf")
    for row in asked:
        random_states.seed_generators(derive_seed(one.seed, one.identity(), row["language"], row["id"]))
        pair = OrderedDict(premise=row["text"], hypothesis=row["pair"])
        result = attack.attack(pair if row["pair"] else row["text"], LABELS.index(row["label"])).perturbed_result
        fields = (*result.attacked_text._text_input.values(), None)[:2]
        yield ("succeeded", "failed", "", "skipped")[int(result.goal_status)], result.num_queries, *fields, result.score
