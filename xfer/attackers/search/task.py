"""One example's search between two questions: a greenlet, its random states, and what it asked last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import greenlet

from xfer.attackers.search import random_states
from xfer.core.errors import XferError

if TYPE_CHECKING:
    from xfer.attackers.search.job import QueueItem, SearchJob


class SearchTask(greenlet.greenlet):  # type: ignore[misc, unused-ignore]
    """One example: what it asked last, what came of it, and its random states between two steps."""

    def __init__(self, job: SearchJob) -> None:
        self.key, self.seed, function = job
        super().__init__(function)
        self.asked: dict[str, set[QueueItem]] = {}
        self.states: tuple[Any, ...] | None = None
        self.question: tuple[str, list[QueueItem]] | None = None
        self.answers: Any = None
        self.result: Any = None

    def step(self, answers: list[Any] | Exception | None) -> bool:
        """Runs until the next question; False when the job has ended."""
        self.parent = greenlet.getcurrent()
        if self.states is None:
            random_states.seed_generators(self.seed)
        else:
            random_states.restore_states(self.states)
        self.question = self.answers = None
        try:
            if isinstance(answers, Exception):
                returned = self.throw(answers)
            else:
                returned = self.switch(answers) if self.states is not None else self.switch()
        except XferError:
            raise
        except Exception as error:
            self.result = error
            return False
        if self.dead:
            self.result = returned
            return False
        self.question, self.states = returned, random_states.take_states()
        return True

    def end(self) -> None:
        if not self.dead:
            self.parent = greenlet.getcurrent()
            self.throw(greenlet.GreenletExit)
