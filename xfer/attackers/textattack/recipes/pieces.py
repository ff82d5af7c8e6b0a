"""The pieces of recipes that differ by mode: ``FixedParts`` mended, ``UpstreamParts`` as TextAttack has them.

Importing this module is light.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any


class RecipePieces(ABC):
    """One method a piece; what it gives is an object of TextAttack."""

    @abstractmethod
    def wrong(self, **options: Any) -> Any:
        """The goal of another answer."""

    @abstractmethod
    def confident(self, least: float) -> Any:
        """The goal of another answer by at least ``least`` (upstream: of a gold probability below that)."""

    @abstractmethod
    def reduced(self) -> Any:
        """The goal of the same answer to as few words as possible."""

    @abstractmethod
    def unseen_goal(self) -> Any:
        """The goal of bad-characters."""

    @abstractmethod
    def guards(self) -> list[Any]:
        """The attacker's own constraints, as TextAttack's searches take them."""

    @abstractmethod
    def ranked(self, method: str, **options: Any) -> Any:
        """Greedy search over words in the order of their importance."""

    @abstractmethod
    def stable_ranked(self) -> Any:
        """The search of deepwordbug."""

    @abstractmethod
    def gradient_ranked(self, longest: int) -> Any:
        """Greedy search in the order of the victim's gradient, which reads ``longest`` subwords."""

    @abstractmethod
    def beam(self, width: int = 1) -> Any:
        """Beam search; greedy with one."""

    @abstractmethod
    def genetic(self, generations: int) -> Any:
        """Alzantot's genetic search, 60 texts a generation."""

    @abstractmethod
    def improved_genetic(self, **sizes: Any) -> Any:
        """The genetic search of iga."""

    @abstractmethod
    def swarm(self, **sizes: Any) -> Any:
        """Particle swarm search."""

    @abstractmethod
    def evolution(self, **sizes: Any) -> Any:
        """Differential evolution."""

    @abstractmethod
    def reads_stopwords(self) -> bool:
        """If the English list of function words counts in this language."""

    @abstractmethod
    def second_column(self) -> Any:
        """Of several columns the first stays."""

    @abstractmethod
    def similar_vectors(self, least: float, metric: str, window: int | None, original: bool) -> Any:
        """The check of sentence vectors."""

    @abstractmethod
    def tag_check(self, nouns_for_verbs: bool) -> Any:
        """The check of parts of speech."""

    @abstractmethod
    def near_text(self, most: int) -> Any:
        """At most so many characters of edit distance."""

    @abstractmethod
    def long_words(self, least: int) -> Any:
        """Words of at least so many letters."""

    @abstractmethod
    def near_mean(self, most: float) -> Any:
        """The mean word vectors of two texts are near."""

    @abstractmethod
    def likeliest(self, most: int) -> Any:
        """The words of a place that a language model likes best."""

    @abstractmethod
    def fluent_window(self, most: float, words: int) -> Any:
        """A window of words is as likely as before, to a log-probability of ``most``."""

    @abstractmethod
    def fluent_word(self, most: float) -> Any:
        """A word is as likely after what stands before it, to a log-probability of ``most``."""

    @abstractmethod
    def letter_swaps(self) -> list[Any]:
        """Deepwordbug's four: swap, substitution, deletion, insertion."""

    @abstractmethod
    def inner_typos(self) -> list[Any]:
        """Pruthi's four, all places of a word but its first and last letter."""

    @abstractmethod
    def letter_bugs(self) -> list[Any]:
        """Textbugger's four: a space, a deletion, a swap, a look-alike."""

    @abstractmethod
    def synonym_swap(self, folder: str | None) -> Any:
        """WordNet's synonyms."""

    @abstractmethod
    def masked_swap(self) -> Any:
        """What a masked LM reads in the place of a word."""

    @abstractmethod
    def joined_swap(self) -> Any:
        """The likeliest joined subwords of a masked LM that reads the text unmasked."""

    @abstractmethod
    def masked_edits(self) -> list[Any]:
        """What a masked LM reads in the place of a word, before it, or for it and the next."""

    @abstractmethod
    def sememe_swap(self, table: Mapping[tuple[str, str], Sequence[str]]) -> Any:
        """Words of a table by word and part of speech."""

    @abstractmethod
    def fact_swaps(self) -> list[Any]:
        """Contractions, names, places and numbers."""

    @abstractmethod
    def gradient_swap(self) -> Any:
        """Flips along the victim's gradient."""

    @abstractmethod
    def unseen_swap(self, kind: str) -> Any:
        """Changes that no reader sees: homoglyphs, invisible, deletions or reorderings."""
