"""TextAttack's classes, joined to xfer's victim and mended for all scripts.

Importing this module imports TextAttack (through the shim). Its search loop, constraints and the four
edits run unmodified; what is replaced are the seams: the call of the model, the ranking of ties, what a letter is.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from xfer.attackers.constraints import Constraints
from xfer.attackers.search.checks import ConstraintChecks
from xfer.attackers.search.goals.base import Aim
from xfer.attackers.search.scheduler import ask_oracle
from xfer.attackers.textattack import load
from xfer.attackers.textattack.text import SpanText, attacked_columns, word_columns
from xfer.text.scripts import grapheme_clusters, word_script

if TYPE_CHECKING:  # names for readers: importing TextAttack is left to ``load``
    from textattack.shared import AttackedText

_textattack: Any = load.load_textattack()
_pre: Any = _textattack.constraints.pre_transformation
_swaps: Any = _textattack.transformations
SCORE_DIGITS = 4  # of a score: less than this is the rounding of another batch shape, and must not decide a rank


class MissingWrapper:
    """What a goal function wants to be given as its model; ours never call it."""

    model = None


class UpstreamGoal(_textattack.goal_functions.UntargetedClassification):
    """TextAttack's untargeted goal with the hub's victim behind it.

    ``_call_model_uncached`` is the seam: query counts, budget and scores stay TextAttack's own.
    """

    def __init__(self, aim: Aim, **options: Any) -> None:
        super().__init__(MissingWrapper(), **options)
        self.aim = aim
        self.gold: Any = None  # of the example under attack

    def _call_model_uncached(self, attacked_text_list: Sequence[Any]) -> Any:
        if not attacked_text_list:
            return []
        rows = ask_oracle("victim", [attacked_columns(text) for text in attacked_text_list])
        return self._process_model_outputs(attacked_text_list, torch.from_numpy(np.stack(rows)))


class AimGoal(UpstreamGoal):
    """Any aim as a goal of TextAttack, with scores of four digits, and with no second softmax over probabilities."""

    def _call_model_uncached(self, attacked_text_list: Sequence[Any]) -> Any:
        return ask_oracle("victim", [self.aim.victim_item(text) for text in attacked_text_list])

    def _process_model_outputs(self, inputs: Sequence[Any], scores: Any) -> Any:
        return scores

    def _get_score(self, model_output: Any, _: AttackedText) -> float:
        return round(self.aim.judge_answer(model_output, self.gold)[0], SCORE_DIGITS)

    def _is_goal_complete(self, model_output: Any, _: AttackedText) -> bool:
        return self.aim.judge_answer(model_output, self.gold)[1]

    def _get_displayed_output(self, raw_output: Any) -> Any:
        return raw_output


class StableRanking(_textattack.search_methods.GreedyWordSwapWIR):
    """Greedy search over words ranked by the loss of ``[UNK]``, ties in the order of the words.

    Upstream's sort is unstable and its word indices come from a set, so ties fall differently by machine.
    """

    def _get_index_order(self, initial_text: AttackedText, max_len: int = -1) -> tuple[np.ndarray, bool]:
        """Word numbers from the most to the least important, [words], and whether the budget is spent."""
        _, indices = self.get_indices_to_order(initial_text)
        order = np.array(sorted(indices), dtype=np.int64)
        unknown = [initial_text.replace_word_at_index(int(index), self.unk_token) for index in order]
        results, over = self.get_goal_results(unknown)
        scores = np.array([result.score for result in results], dtype=np.float64)
        return order[np.argsort(-scores, kind="stable")], over


class NearEnough(_textattack.constraints.overlap.LevenshteinEditDistance):
    """The edit distance of TextAttack, measured between the ends that two texts share: the same number, faster."""

    def _check_constraint(self, transformed_text: AttackedText, reference_text: AttackedText) -> bool:
        new, old = transformed_text.text, reference_text.text
        left = _shared_length(min(len(new), len(old)), lambda size: new[:size] == old[:size])
        most = min(len(new), len(old)) - left
        right = _shared_length(most, lambda size: new[len(new) - size :] == old[len(old) - size :])
        core = _Text(new[left : len(new) - right]), _Text(old[left : len(old) - right])
        return bool(super()._check_constraint(*core))


def _shared_length(most: int, equal: Callable[[int], bool]) -> int:
    """The largest size up to ``most`` at which the two ends are equal, by bisection."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if equal(middle) else (low, middle - 1)
    return low


class _Text:
    """All that the edit distance reads of a text."""

    def __init__(self, text: str) -> None:
        self.text = text


class UntouchedColumns(_textattack.constraints.PreTransformationConstraint):
    """Lets no word of the protected columns be modified, by column index and whatever the columns are called.

    TextAttack's ``InputColumnModification`` compares names and allows everything when they differ.
    """

    def __init__(self, protected: Collection[int]) -> None:
        self.protected = frozenset(protected)

    def _get_modifiable_indices(self, current_text: AttackedText) -> set[int]:
        return {index for index, column in enumerate(word_columns(current_text)) if column not in self.protected}


class Clusters(tuple[str, ...]):
    """A word as grapheme clusters that slices and adds like a string.

    So TextAttack's four edits, written for strings, run unmodified and never part a letter from its marks.
    """

    def __getitem__(self, key: Any) -> Clusters:  # type: ignore[override]
        item = super().__getitem__(key)
        return Clusters(item if isinstance(key, slice) else (item,))

    def __add__(self, other: Iterable[str]) -> Clusters:  # type: ignore[override]
        return Clusters((*self, *other))

    def __str__(self) -> str:
        return "".join(super().__iter__())


class ClusterSwap:
    """Mixed into an edit of strings: it works on clusters and inserts letters of the word's own script."""

    letters_to_insert: Sequence[str]

    def _get_transformations(self, current_text: SpanText, indices_to_modify: Iterable[int]) -> list[SpanText]:
        candidates = []
        for index in sorted(map(int, indices_to_modify)):
            word = Clusters(grapheme_clusters(current_text.words[index]))
            # A word without letters (a number) or with letters that nothing may insert takes from itself.
            self.letters_to_insert = current_text.letters.get(word_script(str(word))) or list(map(str, word))
            candidates += self._variants(current_text, index, word)
        return candidates

    def _variants(self, text: SpanText, index: int, word: Clusters) -> list[SpanText]:
        new: list[Clusters] = self._get_replacement_words(word)  # type: ignore[attr-defined]
        return [
            text.replace_words_at_indices([index], [str(replacement)])
            for replacement in new
            if str(replacement) != str(word)
        ]

    def _get_random_letter(self) -> Clusters:
        return Clusters((random.choice(self.letters_to_insert),))


class Swap(ClusterSwap, _swaps.WordSwapNeighboringCharacterSwap):
    """Two neighbouring clusters change places (Gao et al. 2018, section III)."""


class Substitute(ClusterSwap, _swaps.WordSwapRandomCharacterSubstitution):
    """A cluster gives way to a random letter."""


class Delete(ClusterSwap, _swaps.WordSwapRandomCharacterDeletion):
    """A cluster goes."""


class Insert(ClusterSwap, _swaps.WordSwapRandomCharacterInsertion):
    """A random letter comes before a cluster."""


class HeldConstraints(_textattack.constraints.Constraint):
    """What a recipe of ours says in ``constraints:``, against the original text; all candidates of a step at once."""

    def __init__(self, constraints: Constraints) -> None:
        super().__init__(compare_against_original=True)
        self.checks = ConstraintChecks(constraints, ask_oracle)

    def call_many(self, transformed_texts: Sequence[AttackedText], reference_text: AttackedText) -> list[Any]:
        allowed = self.checks.allowed(reference_text, transformed_texts)
        return [text for text, kept in zip(transformed_texts, allowed, strict=True) if kept]

    def __call__(self, transformed_text: AttackedText, reference_text: AttackedText) -> bool:
        return self.checks.allowed(reference_text, [transformed_text])[0]

    def _check_constraint(self, transformed_text: AttackedText, reference_text: AttackedText) -> bool:
        return self(transformed_text, reference_text)


class UnfrozenWords(_textattack.constraints.PreTransformationConstraint):
    """Words that are not frozen: edits of the others would come to nothing."""

    def _get_modifiable_indices(self, current_text: AttackedText) -> set[int]:
        return set(range(current_text.num_words)) - current_text.frozen


def constraint_guards(constraints: Constraints) -> list[Any]:
    """What a ``textattack.Attack`` needs so that its results hold ``constraints`` (and leave frozen words alone)."""
    return [UnfrozenWords(), *([HeldConstraints(constraints)] if constraints.needs_checks else [])]
