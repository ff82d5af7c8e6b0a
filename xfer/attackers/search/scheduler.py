"""The hub: searches of many examples run at once, and what they ask is computed together.

A search is ordinary code that calls ``ask`` wherever it needs an answer, also deep inside a library. Each example
runs in a greenlet of its own, which ``ask`` suspends. When all live examples wait, the hub gathers their questions,
drops those asked before, lets each queue's oracle compute the rest in one go, and resumes the examples in order.
So what is computed together depends on the examples alone, never on time. Foolbox 2 did the same for images by
generators (Rauber et al. 2017); greenlets need no change of the search.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from xfer.attackers.search import random_states
from xfer.attackers.search.job import Oracle, QueueItem, SearchJob
from xfer.core.errors import XferError

SEARCH_WIDTH = 64  # examples at once
CACHED_ANSWERS = 1 << 17  # answers of a queue: some 100 MB of sentence pairs


def ask_oracle(queue: str, items: Sequence[QueueItem]) -> list[Any]:
    """The answers of the queue's oracle to ``items``, in order; called inside a job of ``run``.

    Equal items must have equal answers: each is asked of the oracle once. Answers are shared, so nobody may
    change them in place. Raises what the oracle raises for these items.
    """

    import greenlet  # late: only a running search needs it

    task = greenlet.getcurrent()
    if getattr(task, "asked", None) is None:
        raise RuntimeError(f"'{queue}' was asked outside a hub: call this inside a job of hub.run")
    if not len(items):
        return []
    task.asked.setdefault(queue, set()).update(items)
    answers: list[Any] = task.parent.switch((queue, list(items)))
    return answers


def count_distinct(queue: str) -> int:
    """How many different items the running job has asked of a queue: what it alone would have had computed."""

    import greenlet  # late: only a running search needs it

    return len(getattr(greenlet.getcurrent(), "asked", {}).get(queue, ()))


@dataclass
class QueueCounts:
    """What became of the questions of one queue: ``asked`` = ``known`` + ``repeated`` + ``computed``.

    ``known`` were in the cache, ``repeated`` stood twice in one round; ``calls`` is how often the oracle was called.
    """

    asked: int = 0
    known: int = 0
    repeated: int = 0
    computed: int = 0
    calls: int = 0


@dataclass
class _Queue:
    oracle: Oracle
    counts: QueueCounts
    kept: int
    cache: OrderedDict[QueueItem, Any] = field(default_factory=OrderedDict)

    def answer_lists(self, item_lists: Sequence[Sequence[QueueItem]]) -> list[list[Any] | Exception]:
        """The answers to each list of items; an oracle that fails is asked again for each list alone."""
        try:
            return list(self._answer_together(item_lists))
        except XferError:
            raise
        except Exception as error:
            if len(item_lists) == 1:
                return [error]
            return [self.answer_lists([items])[0] for items in item_lists]

    def _answer_together(self, item_lists: Sequence[Sequence[QueueItem]]) -> list[list[Any]]:
        all_items = [item for items in item_lists for item in items]
        wanted = dict.fromkeys(all_items)
        unknown = [item for item in wanted if item not in self.cache]
        fresh = dict(zip(unknown, self._computed(unknown), strict=True)) if unknown else {}
        answers = {item: fresh[item] if item in fresh else self.cache[item] for item in wanted}
        for item, answer in answers.items():
            self.cache[item] = answer
            self.cache.move_to_end(item)
        while len(self.cache) > self.kept:
            self.cache.popitem(last=False)
        self.counts.asked += len(all_items)
        self.counts.repeated += len(all_items) - len(wanted)
        self.counts.known += len(wanted) - len(unknown)
        self.counts.computed += len(unknown)
        return [[answers[item] for item in items] for items in item_lists]

    def _computed(self, items: list[QueueItem]) -> Sequence[Any]:
        self.counts.calls += 1
        answers = self.oracle(items)
        if len(answers) != len(items):
            raise ValueError(f"an oracle gave {len(answers)} answers to {len(items)} questions")
        return answers


def run_jobs(
    jobs: Iterable[SearchJob],
    oracles: Mapping[str, Oracle],
    width: int = SEARCH_WIDTH,
    kept: int = CACHED_ANSWERS,
    counts: dict[str, QueueCounts] | None = None,
) -> Iterator[tuple[Any, Any]]:
    """(key, result) of each job as it ends; the result is the exception where a job raised one.

    At most ``width`` jobs live at once; jobs are drawn from the iterable when there is room. An oracle takes a list
    of distinct items and answers in order; its answer to an item must not depend on the others. Each job has random
    states of its own, started from its seed; those of the caller are left alone. A result so depends on its job and
    the oracles only. ``counts``, if given, is filled with a Counts for each queue. An XferError ends the run: what is
    missing for one example is missing for all.
    """
    from xfer.attackers.search.task import SearchTask  # late: greenlet, which checking a recipe need not load

    queue_counts = counts if counts is not None else {}
    queues = {
        name: _Queue(oracle, queue_counts.setdefault(name, QueueCounts()), kept) for name, oracle in oracles.items()
    }
    waiting, live = iter(jobs), list[Any]()
    try:
        while True:
            ended = list[Any]()
            with random_states.preserve_states():
                for job in waiting if len(live) < width else ():
                    task = SearchTask(job)
                    (live if task.step(None) else ended).append(task)
                    if len(live) >= width:
                        break
            yield from ((task.key, task.result) for task in ended)
            if not live:
                return
            with random_states.preserve_states():
                _answer_waiting(live, queues)
                ended = [task for task in live if not task.step(task.answers)]
            live = [task for task in live if task.question is not None]
            yield from ((task.key, task.result) for task in ended)
    finally:
        for task in live:  # a run that is not finished leaves no greenlet behind
            task.end()


def _answer_waiting(live: Sequence[Any], queues: Mapping[str, _Queue]) -> None:
    """Gives every waiting task the answers to its question, queue by queue."""
    names = list(dict.fromkeys(task.question[0] for task in live))
    for name in names:
        asking = [task for task in live if task.question[0] == name]
        if name in queues:
            answers = queues[name].answer_lists([task.question[1] for task in asking])
        else:
            answers = [KeyError(f"no oracle for '{name}'")] * len(asking)
        for task, answer in zip(asking, answers, strict=True):
            task.answers = answer
