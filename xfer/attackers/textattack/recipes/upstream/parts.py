"""The parts of recipes as TextAttack 0.3.11 has them (``compat: upstream``), held equal to its own ``build`` by tests.

Importing this module imports TextAttack.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import transformers

from xfer.attackers.lexicons import synonyms, wordnet
from xfer.attackers.search.oracles.loading import load_model
from xfer.attackers.textattack import load
from xfer.attackers.textattack.recipes.parts import INNER_LETTERS, RecipeParts
from xfer.attackers.textattack.recipes.upstream import classes, goals

if TYPE_CHECKING:  # names for readers: importing TextAttack is left to ``load``
    from textattack.constraints import Constraint
    from textattack.goal_functions import GoalFunction
    from textattack.search_methods import SearchMethod
    from textattack.transformations import Transformation

_textattack: Any = load.load_textattack()
_pre: Any = _textattack.constraints.pre_transformation
_swaps: Any = _textattack.transformations
_searches: Any = _textattack.search_methods


class UpstreamParts(RecipeParts):
    """TextAttack's parts, its faults included."""

    # goals and searches

    def wrong(self, **options: Any) -> GoalFunction:
        return self._upstream_goal(goals.UpstreamGoal, options)

    def confident(self, least: float) -> GoalFunction:
        return self._upstream_goal(goals.UpstreamGoal, {"target_max_score": least})

    def reduced(self) -> GoalFunction:
        return self._upstream_goal(goals.UpstreamReduced, {"maximizable": True})

    def unseen_goal(self) -> GoalFunction:
        return self._upstream_goal(goals.UpstreamFirst, {"target_class": 0, "allow_skip": False})

    def _upstream_goal(self, kind: Callable[..., GoalFunction], options: dict[str, Any]) -> GoalFunction:
        """A goal that has the victim's gradients at hand, where its recipe reads them."""
        goal = self._goal(kind, options)
        if self.victim is not None and self.options.recipe in ("a2t", "hotflip"):
            goal.model = classes.UpstreamVictim(self.victim.network, self.gold, self.network_length())
        return goal

    def guards(self) -> list[Constraint]:
        return []

    def ranked(self, method: str, **options: Any) -> SearchMethod:
        return _searches.GreedyWordSwapWIR(wir_method=method, **options)

    def stable_ranked(self) -> SearchMethod:
        return self.ranked("unk")

    def gradient_ranked(self, longest: int) -> SearchMethod:
        return self.ranked("gradient", truncate_words_to=longest)

    def beam(self, width: int = 1) -> SearchMethod:
        return _searches.GreedySearch() if width == 1 else _searches.BeamSearch(width)

    def genetic(self, generations: int) -> SearchMethod:
        return _searches.AlzantotGeneticAlgorithm(pop_size=60, max_iters=generations, post_crossover_check=False)

    def improved_genetic(self, **sizes: Any) -> SearchMethod:
        return _searches.ImprovedGeneticAlgorithm(**sizes)

    def swarm(self, **sizes: Any) -> SearchMethod:
        return _searches.ParticleSwarmOptimization(**sizes)

    def evolution(self, **sizes: Any) -> SearchMethod:
        return _searches.DifferentialEvolution(verbose=False, **sizes)

    # constraints

    def reads_stopwords(self) -> bool:
        return True

    def second_column(self) -> Constraint:
        return _pre.InputColumnModification(["premise", "hypothesis"], {"premise"})

    def similar_vectors(self, least: float, metric: str, window: int | None, original: bool) -> Constraint:
        short = {"window_size": window, "skip_text_shorter_than_window": window is not None}
        return classes.UpstreamEncoder(threshold=least, metric=metric, compare_against_original=original, **short)

    def tag_check(self, nouns_for_verbs: bool) -> Constraint:
        return classes.UpstreamPartOfSpeech(allow_verb_noun_swap=nouns_for_verbs)

    def near_text(self, most: int) -> Constraint:
        return _textattack.constraints.overlap.LevenshteinEditDistance(most)

    def long_words(self, least: int) -> Constraint:
        return _pre.MinWordLength(min_length=least)

    def near_mean(self, most: float) -> Constraint:
        thought = _textattack.constraints.semantics.sentence_encoders.ThoughtVector
        return thought(embedding=self.embedding, threshold=most, metric="max_euclidean")

    def likeliest(self, most: int) -> Constraint:
        return classes.OneWord(most)

    def fluent_window(self, most: float, words: int) -> Constraint:
        return classes.Windowed(words, max_log_prob_diff=most)

    def fluent_word(self, most: float) -> Constraint:
        return classes.FirstPiece(max_log_prob_diff=most)

    # swaps

    def letter_swaps(self) -> list[Transformation]:
        return [
            _swaps.WordSwapNeighboringCharacterSwap(),
            _swaps.WordSwapRandomCharacterSubstitution(),
            _swaps.WordSwapRandomCharacterDeletion(),
            _swaps.WordSwapRandomCharacterInsertion(),
        ]

    def inner_typos(self) -> list[Transformation]:
        every = {"random_one": False} | INNER_LETTERS
        return [
            _swaps.WordSwapNeighboringCharacterSwap(**every),
            _swaps.WordSwapRandomCharacterDeletion(**every),
            _swaps.WordSwapRandomCharacterInsertion(**every),
            _swaps.WordSwapQWERTY(**every),
        ]

    def letter_bugs(self) -> list[Transformation]:
        inner = {"random_one": True} | INNER_LETTERS
        return [
            _swaps.WordSwapRandomCharacterInsertion(letters_to_insert=" ", **inner),
            _swaps.WordSwapRandomCharacterDeletion(**inner),
            _swaps.WordSwapNeighboringCharacterSwap(**inner),
            classes.homoglyph_swap(None),
        ]

    def synonym_swap(self, folder: str | None) -> Transformation:
        return classes.WordNet(wordnet.load_synonyms(folder, "en"))

    def masked_swap(self) -> Transformation:
        return classes.Proposed(method="bae", max_candidates=50, min_confidence=0.0, **self._masked_model())

    def joined_swap(self) -> Transformation:
        return _swaps.WordSwapMaskedLM(method="bert-attack", max_candidates=8, **self._masked_model())

    def masked_edits(self) -> list[Transformation]:
        shared = self._masked_model("AutoModelForCausalLM")
        two = [
            _swaps.WordSwapMaskedLM(method="bae", max_candidates=50, min_confidence=5e-4, **shared),
            _swaps.WordInsertionMaskedLM(max_candidates=50, min_confidence=0.0, **shared),
        ]
        merges = self.has("tagger")
        return two + ([classes.UpstreamMerge(max_candidates=50, min_confidence=5e-3, **shared)] if merges else [])

    def sememe_swap(self, table: Mapping[tuple[str, str], Sequence[str]]) -> Transformation:
        bank: dict[str, dict[str, list[str]]] = {}
        for (word, part_of_speech), others in table.items():
            for word_class in synonyms.WORD_CLASSES[:4] if part_of_speech == "*" else (part_of_speech,):
                bank.setdefault(word, {}).setdefault(word_class, []).extend(others)
        return classes.HowNet(bank)

    def fact_swaps(self) -> list[Transformation]:
        name, place = ([classes.ChangeName()], [classes.ChangeLocation()]) if self.has("tagger") else ([], [])
        return [_swaps.WordSwapExtend(), _swaps.WordSwapContract(), *name, _swaps.WordSwapChangeNumber(), *place]

    def gradient_swap(self) -> Transformation:
        return classes.UpstreamFlip(self.gold)

    def unseen_swap(self, kind: str) -> Transformation:
        if kind == "homoglyphs":
            return classes.homoglyph_swap(self.name("homoglyphs"))
        kinds = {
            "invisible": _swaps.WordSwapInvisibleCharacters,
            "deletions": _swaps.WordSwapDeletions,
            "reorderings": _swaps.WordSwapReorderings,
        }
        return kinds[kind]()

    def _masked_model(self, auto: str = "AutoModelForMaskedLM") -> dict[str, Any]:
        """A masked LM as TextAttack's classes take it, loaded by the class that its recipe names."""
        loaded = load_model(self.name("masked_lm"), auto, "masked_lm")
        transformers.logging.set_verbosity_error()  # TextAttack's own padding warns at each text
        return {"masked_language_model": loaded.model, "tokenizer": loaded.tokenizer, "max_length": loaded.longest}
