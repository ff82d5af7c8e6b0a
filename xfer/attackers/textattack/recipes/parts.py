"""What recipes are put together from: the parts that are the same in both modes.

Importing this module imports TextAttack.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xfer.attackers.lexicons import vectors
from xfer.attackers.search.goals.base import Aim
from xfer.attackers.textattack import load
from xfer.attackers.textattack.adapters import UntouchedColumns
from xfer.attackers.textattack.recipes import resources
from xfer.attackers.textattack.recipes.pieces import RecipePieces
from xfer.core.errors import MissingPart

if TYPE_CHECKING:  # names for readers: importing TextAttack is left to ``load``
    from textattack import Attack
    from textattack.constraints import Constraint
    from textattack.goal_functions import GoalFunction
    from textattack.search_methods import SearchMethod
    from textattack.shared import WordEmbedding
    from textattack.transformations import Transformation

_textattack: Any = load.load_textattack()
_pre: Any = _textattack.constraints.pre_transformation
_overlap: Any = _textattack.constraints.overlap
_semantics: Any = _textattack.constraints.semantics
INNER_LETTERS = {"skip_first_char": True, "skip_last_char": True}


class RecipeParts(RecipePieces):
    """The parts of one recipe for one language and set of protected columns (by index).

    ``attacker`` is the component with its fields, ``victim`` the oracle that white-box recipes read, ``cache`` the
    folder of tables that are computed once.
    """

    def __init__(
        self,
        attacker: Any,
        aim: Aim,
        language: str,
        protect: Collection[int],
        victim: Any = None,
        cache: Path | None = None,
    ) -> None:
        self.options, self.aim, self.language, self.protect = attacker, aim, language, frozenset(protect)
        self.victim, self.cache = victim, cache
        self.english = language.lower().replace("_", "-").split("-")[0] == "en"
        self.names = resources.wanted_resources(attacker)
        self.goal: Any = None

    def has(self, field: str) -> bool:
        """If the recipe reads a resource: it may be left out."""
        return field in self.names

    def name(self, field: str) -> str:
        """What the attacker names, or the default."""
        return self.names[field]

    # goals

    def _goal(self, kind: Callable[..., GoalFunction], options: dict[str, Any]) -> GoalFunction:
        limit = float("inf") if self.options.budget is None else self.options.budget
        self.goal = kind(self.aim, query_budget=limit, **options)
        return self.goal

    def gold(self) -> int:
        """The gold class of the example under attack."""
        label: int = self.goal.gold
        return label

    # an attack as a whole

    def attack(
        self,
        goal: GoalFunction,
        constraints: Sequence[Constraint],
        transformation: Transformation,
        search: SearchMethod,
    ) -> Attack:
        """A ``textattack.Attack`` that leaves protected columns and frozen words alone."""
        all_constraints = list(constraints)
        if self.protect:
            all_constraints.append(UntouchedColumns(self.protect))
        all_constraints += self.guards()
        return _textattack.Attack(goal, all_constraints, transformation, search)

    # constraints

    def once(self, words: Collection[str] | None = None) -> list[Constraint]:
        """No word twice, and no function word."""
        return [_pre.RepeatModification(), self.content(words)]

    def content(self, words: Collection[str] | None = None) -> Constraint:
        """No function word. There are lists for English only; their words mean other things elsewhere."""
        listed = load.english_stopwords() if words is None else words
        return _pre.StopwordModification(stopwords=listed if self.reads_stopwords() else ())

    def second_only(self) -> list[Constraint]:
        """Where the task is entailment, only the second sentence is edited."""
        entails = any("entail" in str(label).lower() for label in getattr(self.aim, "labels", ()))
        return [self.second_column()] if entails else []

    def few(self, **most: Any) -> Constraint:
        """At most a number or a share of changed words."""
        return _overlap.MaxWordsPerturbed(**most)

    def near(self, **most: Any) -> Constraint:
        """Swapped words are near by their vectors."""
        return _semantics.WordEmbeddingDistance(embedding=self.embedding, **most)

    def alike(
        self, least: float, metric: str = "cosine", window: int | None = None, original: bool = True
    ) -> list[Constraint]:
        """Sentence vectors are alike."""
        return [self.similar_vectors(least, metric, window, original)] if self.has("encoder") else []

    def same_part(self, nouns_for_verbs: bool = True) -> list[Constraint]:
        """Swapped words keep their part of speech."""
        return [self.tag_check(nouns_for_verbs)] if self.has("tagger") else []

    # words

    @cached_property
    def vectors(self) -> vectors.Vectors:
        """The word vectors."""
        return vectors.load_vectors(self.name("vectors"), self.cache)

    @cached_property
    def embedding(self) -> WordEmbedding:
        """The word vectors as TextAttack wants them."""
        table = self.vectors
        return _textattack.shared.WordEmbedding(
            table.matrix, table.numbers, dict(enumerate(table.words)), table.neighbours
        )

    def near_words(self, most: int) -> Transformation:
        """A word gives way to its nearest neighbours."""
        return _textattack.transformations.WordSwapEmbedding(max_candidates=most, embedding=self.embedding)

    def network_length(self) -> int:
        """The longest input of the victim's network. Raises MissingPart where there is none."""
        if getattr(self.victim, "network", None) is None:
            raise MissingPart(
                f"recipe {self.options.recipe} reads the victim's gradient, so the victim must be a network"
            )
        return int(self.victim.max_length)
