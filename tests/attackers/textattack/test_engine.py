"""The engine: many searches at once give what each gives alone, and what TextAttack gives without any hub."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from xfer.attackers.search import random_states, scheduler
from xfer.attackers.search.goals.base import form_aim
from xfer.attackers.textattack import load
from xfer.core.errors import XferError
from xfer.core.seeds import derive_seed

Found = dict[str, tuple[Any, ...]]
PAIRS = {
    "en": [
        ("The old man never liked this film.", "A man liked a film."),
        ("She bought fresh bread today.", "She eats"),
    ],
    "de": [("Der alte Mann mochte diesen Film nie.", "Er mag Filme."), ("Sie kaufte heute Brot.", "Das Brot ist alt.")],
    "hi": [("मैंने इस फिल्म को नहीं देखा।", "वह किताब लंबी थी।"), ("आज मौसम बहुत अच्छा है।", "बारिश हो रही है।")],
    "th": [("ฉันไม่ชอบภาพยนตร์เรื่องนี้เลย", "วันนี้อากาศดีมาก"), ("เขาซื้อขนมปังใหม่", "ขนมปังเก่า")],
    "zh": [("我不喜欢这部电影的结局。", "今天天气很好。"), ("她今天买了新鲜的面包。", "面包是旧的。")],
}
EXAMPLES = [(f"{language}-{i}", language, pair) for language, pairs in PAIRS.items() for i, pair in enumerate(pairs)]
WEIGHTS = np.random.default_rng(5).normal(size=(4096, 3))
RULES = form_aim("classify", ("0", "1", "2"))


def victim(items: list[Any]) -> list[np.ndarray]:
    """A linear classifier over hashed character pairs."""
    found = []
    for fields in items:
        keys = [f"{c}{f[i : i + 2]}" for c, f in enumerate(fields) for i in range(max(1, len(f) - 1))]
        logits = WEIGHTS[[zlib.crc32(key.encode()) % 4096 for key in keys]].sum(0) * (2.5 / len(keys) ** 0.5)
        powers = np.exp(logits - logits.max())
        found.append((powers / powers.sum()).astype(np.float32))
    return found


def compositions() -> dict[str, Callable[[Any], Any]]:
    """Each search of TextAttack with cheap edits: a function from a goal to an Attack."""
    ta: Any = load.load_textattack()
    swaps, searches, pre = ta.transformations, ta.search_methods, ta.constraints.pre_transformation

    def greedy(goal: Any) -> Any:
        return ta.Attack(goal, [pre.RepeatModification()], letters(), searches.GreedyWordSwapWIR("unk"))

    def beam(goal: Any) -> Any:
        return ta.Attack(goal, [pre.RepeatModification()], letters(), searches.BeamSearch(2))

    def genetic(goal: Any) -> Any:
        search = searches.AlzantotGeneticAlgorithm(pop_size=4, max_iters=2, post_crossover_check=False)
        return ta.Attack(goal, [], letters(), search)

    def swarm(goal: Any) -> Any:
        return ta.Attack(goal, [], letters(), searches.ParticleSwarmOptimization(pop_size=3, max_iters=2))

    def evolution(goal: Any) -> Any:
        edit = swaps.WordSwapInvisibleCharacters()
        search = searches.DifferentialEvolution(popsize=2, maxiter=2, max_perturbs=2)
        return ta.Attack(goal, [], edit, search)

    def letters() -> Any:
        return swaps.CompositeTransformation(
            [swaps.WordSwapNeighboringCharacterSwap(), swaps.WordSwapRandomCharacterSubstitution()]
        )

    return {"greedy": greedy, "beam": beam, "genetic": genetic, "swarm": swarm, "evolution": evolution}


def text(pair: tuple[str, str]) -> Any:
    from xfer.attackers.textattack.text import SpanText

    return SpanText.split(pair)


def gold(pair: tuple[str, str]) -> int:
    return int(victim([pair])[0].argmax())


def seed(name: str) -> int:
    return derive_seed("test", name)


def told(result: Any) -> tuple[Any, ...]:
    """Status, queries, text and score."""
    end = result.perturbed_result
    return int(end.goal_status), end.num_queries, end.attacked_text.text, float(end.score)


def alone(build: Callable[[Any], Any]) -> Found:
    """TextAttack by itself, one example after the other."""
    ta: Any = load.load_textattack()

    class Wrapper(ta.models.wrappers.ModelWrapper):  # type: ignore[misc]
        model = None

        def __call__(self, texts: list[Any]) -> np.ndarray:
            return np.stack(victim([(text,) if isinstance(text, str) else tuple(text) for text in texts]))

    attack, found = build(ta.goal_functions.UntargetedClassification(Wrapper())), {}
    for name, _, pair in EXAMPLES:
        random_states.seed_generators(seed(name))
        found[name] = told(attack.attack(text(pair), gold(pair)))
    return found


def together(build: Callable[[Any], Any], examples: list[Any], width: int, counts: Any = None) -> Found:
    """The same through the hub."""
    from xfer.attackers.textattack.adapters import UpstreamGoal

    def job(name: str, pair: tuple[str, str]) -> scheduler.SearchJob:
        return name, seed(name), lambda: told(build(UpstreamGoal(RULES)).attack(text(pair), gold(pair)))

    jobs = (job(name, pair) for name, _, pair in examples)
    return dict(scheduler.run_jobs(jobs, {"victim": victim}, width, counts=counts))


@pytest.mark.parametrize("name", ["greedy", "beam", "genetic", "swarm", "evolution"])
def test_neither_hub_nor_width_nor_order_nor_shares_change_a_result(name: str) -> None:
    build = compositions()[name]
    expected = alone(build)
    assert {status for status, *_ in expected.values()} <= {0, 1} and len({q for _, q, *_ in expected.values()}) > 1
    assert together(build, EXAMPLES, 1) == expected
    counts: dict[str, scheduler.QueueCounts] = {}
    assert together(build, EXAMPLES, 64, counts) == expected
    assert counts["victim"].calls < sum(queries for _, queries, *_ in expected.values()) / 4
    mixed = random.Random(1).sample(EXAMPLES, len(EXAMPLES))
    assert together(build, mixed, 3) == expected
    first, rest = together(build, mixed[:4], 64), together(build, mixed[4:], 64)  # resumed, or two workers
    assert first | rest == expected


def test_questions_meet_and_are_asked_once() -> None:
    asked: list[list[Any]] = []

    def oracle(items: list[Any]) -> list[Any]:
        asked.append(items)
        return [item * 10 for item in items]

    def job(number: int) -> Any:
        def work() -> list[int]:
            one = scheduler.ask_oracle("times", [number % 3, 7])
            two = scheduler.ask_oracle("times", [number % 3, number, number])
            assert scheduler.count_distinct("times") == len({number % 3, 7, number})
            return one + two

        return work

    counts: dict[str, scheduler.QueueCounts] = {}
    jobs = [(number, 0, job(number)) for number in range(5)]
    found = dict(scheduler.run_jobs(jobs, {"times": oracle}, counts=counts))
    assert found == {n: [n % 3 * 10, 70, n % 3 * 10, n * 10, n * 10] for n in range(5)}
    assert asked == [[0, 7, 1, 2], [3, 4]]
    assert counts["times"] == scheduler.QueueCounts(asked=25, known=3, repeated=16, computed=6, calls=2)
    small = dict(scheduler.run_jobs([(number, 0, job(number)) for number in range(5)], {"times": oracle}, 2, kept=1))
    assert small == found


def test_a_job_that_fails_is_its_own_result_and_a_bad_item_harms_its_asker_only() -> None:
    def oracle(items: list[Any]) -> list[Any]:
        if 3 in items:
            raise ValueError("three")
        return items

    def job(number: int) -> list[Any]:
        if number == 1:
            raise KeyError("one")
        return scheduler.ask_oracle("echo", [number]) if number != 4 else scheduler.ask_oracle("nobody", [4])

    found = dict(scheduler.run_jobs(((n, 0, lambda n=n: job(n)) for n in range(5)), {"echo": oracle}))
    assert {n: str(e) for n, e in found.items() if isinstance(e, Exception)} == {
        1: "'one'", 3: "three", 4: "\"no oracle for 'nobody'\"",
    }  # fmt: skip
    assert (found[0], found[2]) == ([0], [2])


def test_what_is_missing_for_one_ends_the_run_and_leaves_no_job_behind() -> None:
    closed = []

    def job(number: int) -> Any:
        def work() -> Any:
            try:
                if number == 2:
                    raise XferError("no model")
                return scheduler.ask_oracle("echo", [number])
            finally:
                closed.append(number)

        return work

    with pytest.raises(XferError, match="no model"):
        list(scheduler.run_jobs([(n, 0, job(n)) for n in range(4)], {"echo": list}))
    assert sorted(closed) == [0, 1, 2]
    with pytest.raises(RuntimeError, match="outside a hub"):
        scheduler.ask_oracle("echo", [1])


def test_every_job_draws_from_its_own_states_and_the_callers_stay() -> None:
    import torch

    def job() -> list[float]:
        drawn: list[float] = []
        for number in range(3):
            drawn += [random.random(), float(np.random.random()), float(torch.rand(()))]
            scheduler.ask_oracle("echo", [number])
        return drawn

    def drawing(items: list[Any]) -> list[Any]:
        random.random(), np.random.random(), torch.rand(())
        return items

    def run(names: list[int], width: int) -> Iterator[Any]:
        return scheduler.run_jobs(((name, derive_seed(name), job) for name in names), {"echo": drawing}, width)

    random_states.seed_generators(9)
    before = random_states.take_states()
    whole = dict(run([1, 2, 3, 4], 64))
    assert dict(run([4, 2], 1)) == {n: whole[n] for n in (4, 2)}
    found = run([3, 1, 2, 4], 2)
    first = dict([next(found)])
    random.random()  # a caller that draws between two results
    assert first | dict(found) == whole and len({tuple(drawn) for drawn in whole.values()}) == 4
    random_states.seed_generators(9)
    list(run([1, 2], 1))
    after = random_states.take_states()
    assert before[0] == after[0] and str(before[1]) == str(after[1]) and torch.equal(before[2], after[2])
