"""Goals of recipes as TextAttack wants them, over any aim of ours.

Importing this module imports TextAttack.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from xfer.attackers.search.goals.base import Aim
from xfer.attackers.search.scheduler import ask_oracle
from xfer.attackers.textattack import load
from xfer.attackers.textattack.adapters import SCORE_DIGITS, AimGoal, MissingWrapper, UpstreamGoal
from xfer.attackers.textattack.text import attacked_columns

if TYPE_CHECKING:  # names for readers: importing TextAttack is left to ``load``
    from textattack.shared import AttackedText

_goals: Any = load.load_textattack().goal_functions

__all__ = ["Confident", "Reduced", "UpstreamFirst", "UpstreamGoal", "UpstreamReduced", "Wrong"]


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


class _HubVictim:
    """Mixed into a goal of TextAttack: its victim is the hub's."""

    def __init__(self, aim: Aim, **options: Any) -> None:
        super().__init__(MissingWrapper(), **options)  # type: ignore[call-arg]
        self.aim = aim
        self.gold: Any = None

    def _call_model_uncached(self, attacked_text_list: Sequence[Any]) -> Any:
        if not attacked_text_list:
            return []
        rows = ask_oracle("victim", [attacked_columns(text) for text in attacked_text_list])
        return self._process_model_outputs(attacked_text_list, torch.from_numpy(np.stack(rows)))  # type: ignore[attr-defined]


class UpstreamReduced(_HubVictim, _goals.InputReduction):
    """TextAttack's input reduction."""


class UpstreamFirst(_HubVictim, _goals.TargetedClassification):
    """TextAttack's goal of one class."""
