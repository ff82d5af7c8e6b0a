"""The searches of fixed recipes: TextAttack's, with what is wrong in them put right (``faults``).

Importing this module imports TextAttack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import softmax

from xfer.attackers.textattack import load
from xfer.attackers.textattack.adapters import StableRanking
from xfer.attackers.textattack.recipes.edits import word_gradients

if TYPE_CHECKING:  # names for readers: importing TextAttack is left to ``load``
    from textattack.goal_function_results import GoalFunctionResult
    from textattack.search_methods import PopulationMember
    from textattack.shared import AttackedText

_textattack: Any = load.load_textattack()
_searches: Any = _textattack.search_methods
_DONE: Any = _textattack.goal_function_results.GoalFunctionResultStatus.SUCCEEDED


class Ranking(StableRanking):
    """Greedy search over words in the order of their importance; a word keeps its rank when others come and go.

    ``wir_method`` is ``unk``, ``delete``, ``weighted-saliency`` (Ren et al. 2019, section 3.2) or ``gradient``.
    """

    def _get_index_order(self, initial_text: AttackedText, max_len: int = -1) -> tuple[np.ndarray, bool]:
        """Word numbers from the most to the least important, [words], and whether the budget is spent."""
        if self.wir_method == "unk":
            return super()._get_index_order(initial_text, max_len)
        order = np.array(sorted(map(int, self.get_indices_to_order(initial_text)[1])), dtype=np.int64)
        scorers = {"delete": self._deleted, "weighted-saliency": self._salient, "gradient": self._steep}
        scores, over = scorers[self.wir_method](initial_text, order) if len(order) else (np.zeros(0), False)
        scores = np.concatenate([scores, np.full(len(order) - len(scores), -np.inf)])  # those behind a spent budget
        return order[np.argsort(-scores, kind="stable")], over

    def _deleted(self, text: AttackedText, order: np.ndarray) -> tuple[np.ndarray, bool]:
        """The score without each word of ``order`` [words], and whether the budget is spent.

        Scores are [words]; fewer where the budget ends before.
        """
        results, over = self.get_goal_results([text.delete_word_at_index(int(index)) for index in order])
        return np.array([result.score for result in results], dtype=np.float64), over

    def _salient(self, text: AttackedText, order: np.ndarray) -> tuple[np.ndarray, bool]:
        """Saliency, a softmax over words, times the score of the best replacement of each word of ``order`` [words].

        Also whether the budget is spent. Values are [words]; fewer where the budget ends before.
        """
        unknown = [text.replace_word_at_index(int(index), self.unk_token) for index in order]
        results, over = self.get_goal_results(unknown)
        scores = np.array([result.score for result in results], dtype=np.float64)
        weights = softmax(scores) if len(scores) else scores
        gains = np.zeros(len(scores))
        for number, index in enumerate(order[: len(scores)]):
            new = [] if over else self.get_transformations(text, original_text=text, indices_to_modify=[int(index)])
            if new:
                results, over = self.get_goal_results(new)
                gains[number] = max((result.score for result in results), default=0.0)
        return np.round(weights * gains, 8), over

    def _steep(self, text: AttackedText, order: np.ndarray) -> tuple[np.ndarray, bool]:
        """The size of the gradient at each word of ``order`` [words], [words]; it costs no budget."""
        norms = word_gradients(text, self.goal_function.gold, 0).norms[order]
        return np.array([float(f"{norm:.5g}") for norm in norms]), False

    def perform_search(self, initial_result: GoalFunctionResult) -> GoalFunctionResult:
        original = initial_result.attacked_text
        order, over = self._get_index_order(original)
        best = initial_result
        for index in order.tolist():
            current_index = int(best.attacked_text.origin[index])
            if over or current_index < 0:
                continue
            candidates = self.get_transformations(
                best.attacked_text, original_text=original, indices_to_modify=[current_index]
            )
            if not candidates:
                continue
            results, over = self.get_goal_results(candidates)
            results = sorted(results, key=lambda result: -result.score)
            if not results or results[0].score <= best.score:
                continue
            best = results[0]
            if best.goal_status == _DONE:
                return _most_alike(results)
        return best

    @property
    def is_black_box(self) -> bool:
        return self.wir_method != "gradient"


def _most_alike(results: list[GoalFunctionResult]) -> GoalFunctionResult:
    """Of the first results, all successes, the one most like the original; the first where likeness is not known."""
    best, most = results[0], -np.inf
    for result in results:
        score = result.attacked_text.attack_attrs.get("similarity_score")
        if result.goal_status != _DONE or score is None:
            break
        if score > most:
            best, most = result, score
    return best


class Beam(_searches.BeamSearch):
    """Beam search with a stable order, which returns the best text of all its steps."""

    def perform_search(self, initial_result: GoalFunctionResult) -> GoalFunctionResult:
        original = initial_result.attacked_text
        beam, best, over = [original], initial_result, False
        while not over and best.goal_status != _DONE:
            candidates = [new for text in beam for new in self.get_transformations(text, original_text=original)]
            candidates = list(dict.fromkeys(candidates))  # two texts of the beam may lead to one
            if not candidates:
                break
            results, over = self.get_goal_results(candidates)
            results = sorted(results, key=lambda result: -result.score)
            if results and results[0].score > best.score:
                best = results[0]
            beam = [result.attacked_text for result in results[: self.beam_width]]
        return best


class _FitParents:
    """Mixed into a genetic search: parents are the likelier the better they are (Alzantot et al. 2018, algorithm 1)."""

    def perform_search(self: Any, initial_result: GoalFunctionResult) -> GoalFunctionResult:
        self._search_over = False
        if not initial_result.attacked_text.num_words:
            return initial_result
        population = self._initialize_population(initial_result, self.pop_size)
        for _ in range(self.max_iters):
            population = sorted(population, key=lambda member: -member.result.score)
            if self._search_over or population[0].result.goal_status == _DONE:
                break
            scores = np.array([member.result.score for member in population], dtype=np.float64)
            chances = softmax(scores / self.temp)
            size = len(population)
            mothers, fathers = (np.random.choice(size, size=size - 1, p=chances) for _ in range(2))
            children = []
            for mother, father in zip(mothers, fathers, strict=True):
                child = self._crossover(population[mother], population[father], initial_result.attacked_text)
                if not self._search_over:
                    child = self._perturb(child, initial_result)
                children.append(child)
                if self._search_over:
                    break
            population = [population[0], *children]
        return max(population, key=lambda member: member.result.score).result

    def _crossover(
        self: Any, first: PopulationMember, second: PopulationMember, original: AttackedText
    ) -> PopulationMember:
        text, attributes = self._crossover_operation(first, second)
        ours, theirs = first.attacked_text, second.attacked_text
        taken = text.attack_attrs["newly_modified_indices"]
        text.attack_attrs["modified_indices"] = (ours.attack_attrs["modified_indices"] - taken) | (
            theirs.attack_attrs["modified_indices"] & taken
        )
        for parent in (theirs, ours):
            if "last_transformation" in parent.attack_attrs:
                text.attack_attrs["last_transformation"] = parent.attack_attrs["last_transformation"]
        results, self._search_over = self.get_goal_results([text])
        if not results:
            return first
        return _searches.PopulationMember(text, result=results[0], attributes=attributes)


class Alzantot(_FitParents, _searches.AlzantotGeneticAlgorithm):
    """Genetic search where each word of a child comes from either parent (Alzantot et al. 2018)."""


class Improved(_FitParents, _searches.ImprovedGeneticAlgorithm):
    """Genetic search where a child has one cut, and starts from the best swap of each word (Wang et al. 2019)."""

    def _perturb(
        self, pop_member: PopulationMember, original_result: GoalFunctionResult, index: int | None = None
    ) -> PopulationMember:
        if index is None:
            return super()._perturb(pop_member, original_result)
        candidates = self.get_transformations(
            pop_member.attacked_text, original_text=original_result.attacked_text, indices_to_modify=[index]
        )
        if not candidates or self._search_over:
            return pop_member
        results, self._search_over = self.get_goal_results(candidates)
        best = max(results, key=lambda result: result.score, default=None)
        if best is None or best.score <= pop_member.result.score:
            return pop_member
        return self._modify_population_member(pop_member, best.attacked_text, best, index)


class Swarm(_searches.ParticleSwarmOptimization):
    """Particle swarm (Zang et al. 2020, section 4.2); a text without words is left as it is."""

    def perform_search(self, initial_result: GoalFunctionResult) -> GoalFunctionResult:
        return super().perform_search(initial_result) if initial_result.attacked_text.num_words else initial_result


class Evolution(_searches.DifferentialEvolution):
    """Differential evolution (Boucher et al. 2022, section 3.4) that ends where nothing can be asked any more."""

    def perform_search(self, initial_result: GoalFunctionResult) -> GoalFunctionResult:
        from scipy.optimize import differential_evolution  # late: this search alone needs it

        text, best = initial_result.attacked_text, initial_result
        bounds, precomputed = self.get_bounds_and_precomputed(text, self.max_perturbs)
        if not bounds:
            return initial_result
        over = False

        def loss(vector: np.ndarray) -> float:
            nonlocal best, over
            changed = self.apply_perturbation(text, vector.copy(), precomputed)
            results: list[Any] = []
            if not over and self.filter_transformations([changed], text, text):
                results, over = self.get_goal_results([changed])
            if not results:
                return float("inf")
            if results[0].score > best.score:
                best = results[0]
            return -float(results[0].score)

        # the last step of scipy's own, a descent by gradients, means nothing where places are rounded
        differential_evolution(
            loss, bounds, maxiter=self.maxiter, popsize=self.popsize, polish=False, callback=lambda *_: over
        )
        return best
