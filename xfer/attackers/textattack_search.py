"""TextAttack's recipes on xfer's examples: one typed row an example, whatever the example holds.

``deepwordbug`` is Gao et al. 2018, "Black-box Generation of Adversarial Text Sequences to Evade Deep
Learning Classifiers" (IEEE S&P workshops). Importing this module is light; the first call of ``attack``
imports TextAttack through ``textattack_shim``.
"""

from __future__ import annotations

import operator
import random
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from warnings import catch_warnings, simplefilter

import numpy as np

from xfer.attackers import textattack_shim
from xfer.attackers.textattack_victim import CachedVictim, Fields
from xfer.core.seeds import derive

RECIPES: tuple[str, ...] = ("deepwordbug",)
COMPATS: tuple[str, ...] = ("fixed", "upstream")
# Code points of an example that a search takes. Greedy ranking writes every text once a word, so cost grows with
# the square of the length, and upstream's splitting with its cube.
LONGEST = {"fixed": 20_000, "upstream": 4_000}

Victim = Callable[[list[Fields]], np.ndarray]


class Example(NamedTuple):
    """A row to attack: ``fields`` is ``(text,)`` or ``(premise, hypothesis)``, ``label`` the index of its class."""

    id: str
    fields: Fields
    label: int


@dataclass(frozen=True)
class Outcome:
    """What became of one example.

    ``status``: ``succeeded`` (another class), ``failed`` (``fields`` is the text that hurt most), ``skipped``
    (wrong before any change, or too long) or ``error``; ``fields`` of the last two are the original ones.
    ``score`` is 1 - p(label) of ``fields``. ``queries`` counts as TextAttack does, with repetitions; ``forwards``
    are the rows that the victim computed, fewer when an earlier example asked the same text (so of all fields
    it alone depends on what else has run).
    """

    id: str
    status: str
    fields: Fields
    queries: int
    forwards: int
    score: float
    message: str = ""


class Refused(Exception):
    """Why an example cannot be searched, and the status that says so."""

    def __init__(self, message: str, status: str = "error") -> None:
        super().__init__(message)
        self.status = status


def attack(
    examples: Iterable[Example],
    victim: Victim,
    *,
    recipe: str,
    protect: Collection[int] = (),
    budget: int | None = None,
    seed: int = 0,
    language: str = "en",
    compat: str = "fixed",
) -> Iterator[Outcome]:
    """Attacks ``examples`` one after the other and yields an Outcome for each, in order.

    ``victim`` takes n texts and returns float32 probabilities [n, classes]. ``protect`` are the columns (by
    index) that no edit touches, ``budget`` the most queries an example. An outcome depends on its example, the
    options and the victim, never on the other examples. ``compat="upstream"`` gives TextAttack's own results.
    Raises ValueError for wrong options and TextAttackMissing, both at the call and not at the first example.
    """
    _check(recipe, protect, budget, compat)
    textattack_shim.load()
    from xfer.attackers import textattack_parts as parts  # late: they import torch and TextAttack
    from xfer.attackers import textattack_text as texts

    model = CachedVictim(victim)
    fixed = compat == "fixed"
    with catch_warnings():
        simplefilter("ignore")  # a deprecated logging call
        search = getattr(parts, recipe)(model, language=language, fixed=fixed, protect=protect, budget=budget)
    runner = _Runner(search, model, texts, (seed, f"textattack:{recipe}", language), frozenset(protect), compat)
    return (runner.run(example) for example in examples)


def example_seed(seed: int, recipe: str, language: str, id: str) -> int:
    """The 63-bit seed of one example's random choices, the same on every machine and in any order."""
    return derive(seed, f"textattack:{recipe}", language, id)


def seed_generators(seed: int) -> None:
    """Sets the global generators that TextAttack draws from, ``random`` and ``numpy.random``."""
    random.seed(seed)
    np.random.seed([seed & 0xFFFFFFFF, seed >> 32])


def _check(recipe: str, protect: Collection[int], budget: int | None, compat: str) -> None:
    if recipe not in RECIPES:
        raise ValueError(f"recipe {recipe!r} is not known; known: {', '.join(RECIPES)}")
    if compat not in COMPATS:
        raise ValueError(f"compat {compat!r} is not known; known: {', '.join(COMPATS)}")
    if budget is not None and budget < 1:
        raise ValueError(f"budget is the number of queries an example and must be at least 1, not {budget}")
    if any(column not in (0, 1) for column in protect):
        raise ValueError(f"protect holds column indexes, 0 or 1, not {sorted(protect)}")


@dataclass(frozen=True)
class _Runner:
    """One search object and what it needs for one example after the other."""

    search: Any
    model: CachedVictim
    texts: Any  # the module textattack_text
    names: tuple[int, str, str]
    protect: frozenset[int]
    compat: str

    def run(self, example: Example) -> Outcome:
        """The outcome of one example; the random states of the caller are left alone."""
        seed, recipe, language = self.names
        before = self.model.rows
        self.search.goal_function.num_queries = 0
        with _generators(derive(seed, recipe, language, example.id)):
            try:
                found = self._search(example)
            except Exception as error:  # one bad example must not end a run of thousands
                status = error.status if isinstance(error, Refused) else "error"
                queries = self.search.goal_function.num_queries
                found = Outcome(example.id, status, example.fields, queries, 0, 0.0, _line(error))
            finally:
                self.search.clear_cache()  # TextAttack does so after finished searches only
        return replace(found, forwards=self.model.rows - before)

    def _search(self, example: Example) -> Outcome:
        self._refuse(example)
        label = self._label(example)
        result = self.search.attack(self.texts.attacked_text(example.fields, fixed=self.compat == "fixed"), label)
        end = result.perturbed_result
        status = ("succeeded", "failed", "", "skipped")[int(end.goal_status)]
        fields = self.texts.columns(end.attacked_text)
        if any(fields[column] != example.fields[column] for column in self.protect if column < len(fields)):
            raise Refused("TextAttack edited a protected column")
        goal = self.search.goal_function
        spent = status == "failed" and goal.num_queries >= goal.query_budget
        message = f"the budget of {goal.query_budget} queries is spent" if spent else ""
        return Outcome(example.id, status, fields, int(end.num_queries), 0, float(end.score), message)

    def _refuse(self, example: Example) -> None:
        """Raises Refused for what no search can take."""
        fields = example.fields
        if len(fields) not in self.texts.ROLES:
            raise Refused(f"an example has one or two text columns, not {len(fields)}")
        if not all(isinstance(field, str) for field in fields):
            raise Refused("a text column does not hold text")
        length, most = sum(map(len, fields)), LONGEST[self.compat]
        if length > most:
            raise Refused(f"{length} characters are more than the {most} that a search takes", "skipped")
        if self.compat == "upstream" and any("<SPLIT>" in field for field in fields):
            raise Refused("upstream TextAttack cannot attack a text that holds its own mark <SPLIT>")

    def _label(self, example: Example) -> int:
        """The label as a plain int, checked against the classes of the victim (a row that the search asks anyway)."""
        label = operator.index(example.label)
        classes = self.model.ask([example.fields]).shape[1]
        if not 0 <= label < classes:
            raise Refused(f"label {label} is not one of the victim's {classes} classes")
        return label


@contextmanager
def _generators(seed: int) -> Iterator[None]:
    """Seeds the global generators, and puts the caller's states back afterwards."""
    python, numpy = random.getstate(), np.random.get_state()
    seed_generators(seed)
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)


def _line(error: Exception) -> str:
    """An exception as one line that any file can hold."""
    text = str(error) if isinstance(error, Refused) else f"{type(error).__name__}: {error}"
    return " ".join(text.split()).encode("utf-8", "backslashreplace").decode("utf-8")
