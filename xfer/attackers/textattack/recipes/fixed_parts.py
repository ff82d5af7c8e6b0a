"""The parts of recipes as they should be (``compat: fixed``): what ``faults`` names is put right.

Importing this module imports TextAttack.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from xfer.attackers.lexicons import names, wordnet
from xfer.attackers.search.oracles.masked import load_masked_model
from xfer.attackers.textattack.adapters import (
    Delete,
    Insert,
    NearEnough,
    StableRanking,
    Substitute,
    Swap,
    constraint_guards,
)
from xfer.attackers.textattack.recipes import constraints as alike
from xfer.attackers.textattack.recipes import edits, facts, goals, invisible, masks, searches
from xfer.attackers.textattack.recipes.parts import INNER_LETTERS, RecipeParts
from xfer.attackers.textattack.recipes.resources import DEFAULT_NAMES

if TYPE_CHECKING:  # names for readers: importing TextAttack is left to ``load``
    from textattack.constraints import Constraint
    from textattack.goal_functions import GoalFunction
    from textattack.search_methods import SearchMethod
    from textattack.transformations import Transformation


class FixedParts(RecipeParts):
    """Parts that fit every script and form."""

    # goals and searches

    def wrong(self, **options: Any) -> GoalFunction:
        return self._goal(goals.Wrong, options)

    def confident(self, least: float) -> GoalFunction:
        return self._goal(goals.Confident, {"least": least})

    def reduced(self) -> GoalFunction:
        return self._goal(goals.Reduced, {"maximizable": True})

    def unseen_goal(self) -> GoalFunction:
        return self.wrong()

    def guards(self) -> list[Constraint]:
        return list(constraint_guards(self.options.constraints))

    def ranked(self, method: str, **options: Any) -> SearchMethod:
        return searches.Ranking(wir_method=method, **options)

    def stable_ranked(self) -> SearchMethod:
        return StableRanking()

    def gradient_ranked(self, longest: int) -> SearchMethod:
        return self.ranked("gradient")

    def beam(self, width: int = 1) -> SearchMethod:
        return searches.Beam(beam_width=width)

    def genetic(self, generations: int) -> SearchMethod:
        return searches.Alzantot(pop_size=60, max_iters=generations, post_crossover_check=False)

    def improved_genetic(self, **sizes: Any) -> SearchMethod:
        return searches.Improved(**sizes)

    def swarm(self, **sizes: Any) -> SearchMethod:
        return searches.Swarm(**sizes)

    def evolution(self, **sizes: Any) -> SearchMethod:
        return searches.Evolution(**sizes)

    # constraints

    def reads_stopwords(self) -> bool:
        return self.english

    def second_column(self) -> Constraint:
        return alike.SecondOnly()

    def similar_vectors(self, least: float, metric: str, window: int | None, original: bool) -> Constraint:
        return alike.SentenceSimilarity(least, metric, window, original)

    def tag_check(self, nouns_for_verbs: bool) -> Constraint:
        return alike.SamePartOfSpeech(nouns_for_verbs)

    def near_text(self, most: int) -> Constraint:
        return NearEnough(most)

    def long_words(self, least: int) -> Constraint:
        return alike.LongWords(least)

    def near_mean(self, most: float) -> Constraint:
        return alike.NearWords(self.vectors, most)

    def likeliest(self, most: int) -> Constraint:
        return alike.Likeliest(most)

    def fluent_window(self, most: float, words: int) -> Constraint:
        return alike.Fluent(most, words)

    def fluent_word(self, most: float) -> Constraint:
        return alike.Fluent(most)

    # swaps

    def letter_swaps(self) -> list[Transformation]:
        return [Swap(), Substitute(), Delete(), Insert()]

    def inner_typos(self) -> list[Transformation]:
        every = {"random_one": False} | INNER_LETTERS
        return [Swap(**every), Delete(**every), Insert(**every), edits.KeyboardSwap(self.language, **every)]

    def letter_bugs(self) -> list[Transformation]:
        inner = {"random_one": True} | INNER_LETTERS
        return [edits.InsertSpace(**inner), Delete(**inner), Swap(**inner), edits.LookAlike()]

    def synonym_swap(self, folder: str | None) -> Transformation:
        return edits.FromList(wordnet.load_synonyms(folder, self.language))

    def masked_swap(self) -> Transformation:
        return masks.Replace(50, 0.0)

    def joined_swap(self) -> Transformation:
        loaded, vocabulary = load_masked_model(self.name("masked_lm"))

        def join(ids: Iterable[int]) -> str:
            return str(loaded.tokenizer.decode(list(ids), clean_up_tokenization_spaces=False)).strip()

        return masks.JoinedSubwords(8, vocabulary, join)

    def masked_edits(self) -> list[Transformation]:
        merge = [masks.MergeWords(50, 5e-3, self.tags())] if self.has("tagger") else []
        return [masks.Replace(50, 5e-4), masks.InsertWord(50, 0.0), *merge]

    def sememe_swap(self, table: Mapping[tuple[str, str], Sequence[str]]) -> Transformation:
        return edits.FromTable(table, self.tags())

    def fact_swaps(self) -> list[Transformation]:
        name = self.name("name_list")
        name_table = facts.packaged_names() if name == DEFAULT_NAMES else names.read_names(name)
        return [facts.Extend(), facts.Contract(), facts.ChangeNames(name_table), facts.ChangeNumbers()]

    def gradient_swap(self) -> Transformation:
        return edits.GradientFlip(self.gold, each=10, best=None)

    def unseen_swap(self, kind: str) -> Transformation:
        return invisible.PERTURBATIONS[kind](self.protect)

    def tags(self) -> Callable[[Any], Sequence[str]]:
        """The parts of speech of a text's words; unknown ones where no tagger is."""
        return alike.tags_of if self.has("tagger") else lambda text: ["X"] * text.num_words
