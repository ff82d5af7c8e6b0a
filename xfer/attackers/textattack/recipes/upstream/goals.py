"""TextAttack's own goals, their victim behind the queue of the search.

Importing this module imports TextAttack.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from xfer.attackers.search.goals.base import Aim
from xfer.attackers.search.scheduler import ask_oracle
from xfer.attackers.textattack import load
from xfer.attackers.textattack.adapters import MissingWrapper, UpstreamGoal
from xfer.attackers.textattack.text import attacked_columns

_goals: Any = load.load_textattack().goal_functions

__all__ = ["UpstreamFirst", "UpstreamGoal", "UpstreamReduced"]


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
