"""Goals of recipes as TextAttack wants them, over any aim of ours.

Importing this module imports TextAttack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xfer.attackers.search.goals.base import Aim
from xfer.attackers.textattack import load
from xfer.attackers.textattack.adapters import SCORE_DIGITS, AimGoal

if TYPE_CHECKING:  # names for readers: importing TextAttack is left to ``load``
    from textattack.shared import AttackedText

_goals: Any = load.load_textattack().goal_functions

__all__ = ["Confident", "Reduced", "Wrong"]


class Wrong(AimGoal):
    """Any wrong answer."""


class Confident(AimGoal):
    """A wrong answer, and a score of the aim of at least ``least``."""

    def __init__(self, aim: Aim, least: float, **options: Any) -> None:
        super().__init__(aim, **options)
        self.least = least

    def _is_goal_complete(self, model_output: Any, attacked_text: AttackedText) -> bool:
        score, done = self.aim.judge_answer(model_output, self.gold)
        return bool(done) and score >= self.least

    def _should_skip(self, model_output: Any, attacked_text: AttackedText) -> bool:
        return bool(self.aim.judge_answer(model_output, self.gold)[1])


class Reduced(AimGoal):
    """The right answer to fewer words; of as many words, the one that the victim is surest of (Feng et al. 2018)."""

    def _is_goal_complete(self, model_output: Any, attacked_text: AttackedText) -> bool:
        return not self.aim.judge_answer(model_output, self.gold)[1] and attacked_text.num_words <= 1

    def _should_skip(self, model_output: Any, attacked_text: AttackedText) -> bool:
        return bool(self.aim.judge_answer(model_output, self.gold)[1])

    def _get_score(self, model_output: Any, attacked_text: AttackedText) -> float:
        score, done = self.aim.judge_answer(model_output, self.gold)
        word_count = self.initial_attacked_text.num_words
        if done or not word_count:
            return 0.0
        removed_share = max(word_count - attacked_text.num_words, 0) / word_count
        return min(round(removed_share + (1.0 - score) / word_count, SCORE_DIGITS), 1.0)
