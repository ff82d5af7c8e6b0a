"""What recipes are put together from: each part as TextAttack has it, or as it should be.

Importing this module imports TextAttack.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from xfer.attackers.lexicons import vectors
from xfer.attackers.search.goals.base import Aim
from xfer.attackers.textattack import load
from xfer.attackers.textattack.adapters import UntouchedColumns, constraint_guards
from xfer.attackers.textattack.recipes import constraints as alike
from xfer.attackers.textattack.recipes import goals, resources, searches, upstream
from xfer.core.errors import MissingPart

_textattack: Any = load.load_textattack()
_pre: Any = _textattack.constraints.pre_transformation
_overlap: Any = _textattack.constraints.overlap
_semantics: Any = _textattack.constraints.semantics


class RecipeParts:
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
        self.fixed = attacker.compat == "fixed"
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

    def wrong(self, **options: Any) -> Any:
        """The goal of another answer."""
        return self._goal(goals.Wrong if self.fixed else goals.UpstreamGoal, options)

    def confident(self, least: float) -> Any:
        """The goal of another answer by at least ``least`` (upstream: of a gold probability below that)."""
        if self.fixed:
            return self._goal(goals.Confident, {"least": least})
        return self._goal(goals.UpstreamGoal, {"target_max_score": least})

    def reduced(self) -> Any:
        """The goal of the same answer to as few words as possible."""
        return self._goal(goals.Reduced if self.fixed else goals.UpstreamReduced, {"maximizable": True})

    def first_class(self) -> Any:
        """TextAttack's goal of class 0."""
        return self._goal(goals.UpstreamFirst, {"target_class": 0, "allow_skip": False})

    def _goal(self, kind: Any, options: dict[str, Any]) -> Any:
        limit = float("inf") if self.options.budget is None else self.options.budget
        self.goal = kind(self.aim, query_budget=limit, **options)
        if not self.fixed and self.victim is not None and self.options.recipe in ("a2t", "hotflip"):
            self.goal.model = upstream.UpstreamVictim(self.victim.network, self.gold, self.network_length())
        return self.goal

    def gold(self) -> int:
        """The gold class of the example under attack."""
        label: int = self.goal.gold
        return label

    # an attack as a whole

    def attack(self, goal: Any, constraints: Sequence[Any], transformation: Any, search: Any) -> Any:
        """A ``textattack.Attack`` that leaves protected columns and frozen words alone."""
        all_constraints = list(constraints)
        if self.protect:
            all_constraints.append(UntouchedColumns(self.protect))
        if self.fixed:
            all_constraints += constraint_guards(self.options.constraints)
        return _textattack.Attack(goal, all_constraints, transformation, search)

    def ranked(self, method: str, **options: Any) -> Any:
        """Greedy search over words in the order of their importance."""
        kind = searches.Ranking if self.fixed else _textattack.search_methods.GreedyWordSwapWIR
        return kind(wir_method=method, **options)

    def beam(self, width: int = 1) -> Any:
        """Beam search; greedy with one."""
        if self.fixed:
            return searches.Beam(beam_width=width)
        return _textattack.search_methods.GreedySearch() if width == 1 else _textattack.search_methods.BeamSearch(width)

    # constraints

    def once(self, words: Collection[str] | None = None) -> list[Any]:
        """No word twice, and no function word."""
        return [_pre.RepeatModification(), self.content(words)]

    def content(self, words: Collection[str] | None = None) -> Any:
        """No function word. There are lists for English only; their words mean other things elsewhere."""
        listed = load.english_stopwords() if words is None else words
        return _pre.StopwordModification(stopwords=listed if self.english or not self.fixed else ())

    def second_only(self) -> list[Any]:
        """Where the task is entailment, only the second sentence is edited."""
        if not any("entail" in str(label).lower() for label in getattr(self.aim, "labels", ())):
            return []
        if self.fixed:
            return [alike.SecondOnly()]
        return [_pre.InputColumnModification(["premise", "hypothesis"], {"premise"})]

    def few(self, **most: Any) -> Any:
        """At most a number or a share of changed words."""
        return _overlap.MaxWordsPerturbed(**most)

    def near(self, **most: Any) -> Any:
        """Swapped words are near by their vectors."""
        return _semantics.WordEmbeddingDistance(embedding=self.embedding, **most)

    def alike(
        self, least: float, metric: str = "cosine", window: int | None = None, original: bool = True
    ) -> list[Any]:
        """Sentence vectors are alike."""
        if not self.has("encoder"):
            return []
        if self.fixed:
            return [alike.SentenceSimilarity(least, metric, window, original)]
        short = {"window_size": window, "skip_text_shorter_than_window": window is not None}
        return [upstream.UpstreamEncoder(threshold=least, metric=metric, compare_against_original=original, **short)]

    def same_part(self, nouns_for_verbs: bool = True) -> list[Any]:
        """Swapped words keep their part of speech."""
        if not self.has("tagger"):
            return []
        kind: Any = alike.SamePartOfSpeech(nouns_for_verbs) if self.fixed else None
        return [kind or upstream.UpstreamPartOfSpeech(allow_verb_noun_swap=nouns_for_verbs)]

    def tags(self) -> Callable[[Any], Sequence[str]]:
        """The parts of speech of a text's words; unknown ones where no tagger is."""
        return alike.tags_of if self.has("tagger") else lambda text: ["X"] * text.num_words

    # words

    @cached_property
    def vectors(self) -> vectors.Vectors:
        """The word vectors."""
        return vectors.load_vectors(self.name("vectors"), self.cache)

    @cached_property
    def embedding(self) -> Any:
        """The word vectors as TextAttack wants them."""
        table = self.vectors
        return _textattack.shared.WordEmbedding(
            table.matrix, table.numbers, dict(enumerate(table.words)), table.neighbours
        )

    def near_words(self, most: int) -> Any:
        """A word gives way to its nearest neighbours."""
        return _textattack.transformations.WordSwapEmbedding(max_candidates=most, embedding=self.embedding)

    def network_length(self) -> int:
        """The longest input of the victim's network. Raises MissingPart where there is none."""
        if getattr(self.victim, "network", None) is None:
            raise MissingPart(
                f"recipe {self.options.recipe} reads the victim's gradient, so the victim must be a network"
            )
        return int(self.victim.max_length)
