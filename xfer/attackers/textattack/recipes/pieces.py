"""The pieces of recipes that differ by mode: ``FixedParts`` mended, ``UpstreamParts`` as TextAttack has them.

Importing this module is light.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # names for readers: importing TextAttack is left to ``load``
    from textattack.constraints import Constraint
    from textattack.goal_functions import GoalFunction
    from textattack.search_methods import SearchMethod
    from textattack.transformations import Transformation


class RecipePieces(ABC):
    """One method a piece; what it gives is an object of TextAttack."""

    @abstractmethod
    def wrong(self, **options: Any) -> GoalFunction:
        """The goal of another answer."""

    @abstractmethod
    def confident(self, least: float) -> GoalFunction:
        """The goal of another answer by at least ``least`` (upstream: of a gold probability below that)."""

    @abstractmethod
    def reduced(self) -> GoalFunction:
        """The goal of the same answer to as few words as possible."""

    @abstractmethod
    def unseen_goal(self) -> GoalFunction:
        """The goal of bad-characters."""

    @abstractmethod
    def guards(self) -> list[Constraint]:
        """The attacker's own constraints, as TextAttack's searches take them."""

    @abstractmethod
    def ranked(self, method: str, **options: Any) -> SearchMethod:
        """Greedy search over words in the order of their importance."""

    @abstractmethod
    def stable_ranked(self) -> SearchMethod:
        """The search of deepwordbug."""

    @abstractmethod
    def gradient_ranked(self, longest: int) -> SearchMethod:
        """Greedy search in the order of the victim's gradient, which reads ``longest`` subwords."""

    @abstractmethod
    def beam(self, width: int = 1) -> SearchMethod:
        """Beam search; greedy with one."""

    @abstractmethod
    def genetic(self, generations: int) -> SearchMethod:
        """Alzantot's genetic search, 60 texts a generation."""

    @abstractmethod
    def improved_genetic(self, **sizes: Any) -> SearchMethod:
        """The genetic search of iga."""

    @abstractmethod
    def swarm(self, **sizes: Any) -> SearchMethod:
        """Particle swarm search."""

    @abstractmethod
    def evolution(self, **sizes: Any) -> SearchMethod:
        """Differential evolution."""

    @abstractmethod
    def reads_stopwords(self) -> bool:
        """If the English list of function words counts in this language."""

    @abstractmethod
    def second_column(self) -> Constraint:
        """Of several columns the first stays."""

    @abstractmethod
    def similar_vectors(self, least: float, metric: str, window: int | None, original: bool) -> Constraint:
        """The check of sentence vectors."""

    @abstractmethod
    def tag_check(self, nouns_for_verbs: bool) -> Constraint:
        """The check of parts of speech."""

    @abstractmethod
    def near_text(self, most: int) -> Constraint:
        """At most so many characters of edit distance."""

    @abstractmethod
    def long_words(self, least: int) -> Constraint:
        """Words of at least so many letters."""

    @abstractmethod
    def near_mean(self, most: float) -> Constraint:
        """The mean word vectors of two texts are near."""

    @abstractmethod
    def likeliest(self, most: int) -> Constraint:
        """The words of a place that a language model likes best."""

    @abstractmethod
    def fluent_window(self, most: float, words: int) -> Constraint:
        """A window of words is as likely as before, to a log-probability of ``most``."""

    @abstractmethod
    def fluent_word(self, most: float) -> Constraint:
        """A word is as likely after what stands before it, to a log-probability of ``most``."""

    @abstractmethod
    def letter_swaps(self) -> list[Transformation]:
        """Deepwordbug's four: swap, substitution, deletion, insertion."""

    @abstractmethod
    def inner_typos(self) -> list[Transformation]:
        """Pruthi's four, all places of a word but its first and last letter."""

    @abstractmethod
    def letter_bugs(self) -> list[Transformation]:
        """Textbugger's four: a space, a deletion, a swap, a look-alike."""

    @abstractmethod
    def synonym_swap(self, folder: str | None) -> Transformation:
        """WordNet's synonyms."""

    @abstractmethod
    def masked_swap(self) -> Transformation:
        """What a masked LM reads in the place of a word."""

    @abstractmethod
    def joined_swap(self) -> Transformation:
        """The likeliest joined subwords of a masked LM that reads the text unmasked."""

    @abstractmethod
    def masked_edits(self) -> list[Transformation]:
        """What a masked LM reads in the place of a word, before it, or for it and the next."""

    @abstractmethod
    def sememe_swap(self, table: Mapping[tuple[str, str], Sequence[str]]) -> Transformation:
        """Words of a table by word and part of speech."""

    @abstractmethod
    def fact_swaps(self) -> list[Transformation]:
        """Contractions, names, places and numbers."""

    @abstractmethod
    def gradient_swap(self) -> Transformation:
        """Flips along the victim's gradient."""

    @abstractmethod
    def unseen_swap(self, kind: str) -> Transformation:
        """Changes that no reader sees: homoglyphs, invisible, deletions or reorderings."""
