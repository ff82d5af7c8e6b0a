"""How often 95% intervals cover, and how often p < 0.05 is wrong, on rows and trainings whose truth is known.

Rows come from classes of difficulty, which every training shares; a training (seed) is better or worse as a whole by a
normal deviation in points of the metric. A cell of the first table has two systems of equal quality on the same rows:

- coverage: how often the interval of the first holds its true value, to be in [0.94, 0.985];
- false: how often the test of their difference finds one, to be at most 0.055.

``languages`` is the mean over eleven languages of translated rows, where a training differs in each language too.
``difference`` is the accuracy of one system minus that of another: its coverage is of a true lead of two points where
the two find other rows hard, its false positives are of two that differ by chance alone. The second table has the
chance of any false positive among five comparisons with one baseline. The third has the test of interaction of these
five, all equal: how often it finds that they differ, at most 0.055, where trainings deviate alike and where those of
one system deviate three times as far. The fourth has how often the smallest effect that a comparison could have found
is found, to be in [0.75, 0.95]: 0.8 is meant. A cell is out of bounds where it is so by more than two standard errors
of the simulation; then the exit code is 1. The draws are the same every time.

    python benchmarks/coverage.py [--quick] [--json FILE] [--workers N]
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import product
from math import sqrt
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.special import ndtri

from xfer.metrics.interaction import interaction_p
from xfer.metrics.intervals import LEVEL, Sample, Variance, half_width, judge, variance_of
from xfer.metrics.power import smallest_effect
from xfer.metrics.significance import dunnett, holm_adjust, shared_correlation

METRICS = ("accuracy", "f1", "languages", "difference")
SEEDS, ROWS, DEVIATIONS = (2, 3, 5, 10), (200, 2_000, 10_000), (0, 1, 3)
FAMILY_SEEDS, FAMILY_ROWS, OTHERS = (2, 3, 5), (200, 2_000), 5  # systems compared with one baseline
LEAST, MOST, FALSE = 0.94, 0.985, 0.055
POWER = (0.75, 0.95)  # of the smallest effect; parts of the variance add on the safe side
REPEATS, FEWER_REPEATS, QUICK = 20_000, 10_000, 20  # fewer: of 10,000 rows, and of families; quick: times fewer
INTERACTIONS = 2_000  # repeats of the tests of interaction
UNLIKE = 3.0  # how many times as far the trainings of one system deviate where systems are unlike
LANGUAGES, SHARED = 11, 0.7  # SHARED: of the variance between trainings, the share that all languages have in common
NORMAL = ndtri((np.arange(2_000) + 0.5) / 2_000)  # a standard normal variable in equal shares
STEPS = 65_536  # chances are drawn in these steps

# the world


class World(NamedTuple):
    """What one system makes of rows. ``values`` [outcomes, 2] is what each outcome adds to a metric's top and bottom.

    ``classes`` [classes] has the share of each class of rows. ``outcomes(quality)`` has the chances [..., classes,
    outcomes] under trainings that are ``quality`` [..., languages] above the others (a share: 0.01 is one point).
    """

    classes: np.ndarray
    values: np.ndarray
    outcomes: Callable[[np.ndarray], np.ndarray]
    languages: int = 1

    def truth(self, deviation: float) -> float:
        """The metric that is expected of a training."""
        spread = deviation * sqrt(SHARED + (1 - SHARED) * self.languages)
        chances = self.outcomes(np.repeat(spread * NORMAL[:, None], self.languages, 1))
        top, bottom = (np.einsum("ick,c->ik", chances, self.classes) @ self.values).T
        return float((top / bottom).mean())


def _moved(right: np.ndarray, classes: np.ndarray, quality: np.ndarray) -> np.ndarray:
    """Chances of being right, ``quality`` higher on average, and most where rows are neither easy nor hopeless."""
    room = right * (1 - right)
    return np.clip(right + quality[..., None] * room / (classes @ room), 0.0, 1.0)


def accuracy_world(right: Sequence[float], classes: Sequence[float]) -> World:
    """Rows that are right or wrong."""
    share, chance = np.array(classes), np.array(right)

    def outcomes(quality: np.ndarray) -> np.ndarray:
        hit = _moved(chance, share, quality[..., 0])
        return np.stack([1 - hit, hit], -1)

    return World(share, np.array([[0.0, 1.0], [1.0, 1.0]]), outcomes)


def f1_world() -> World:
    """Rows with something to find or without: nothing, a hit, a miss or a false alarm, one taken for another."""
    share, found = np.array([0.3, 0.2, 0.4, 0.1]), np.array([0.95, 0.55, 0.0, 0.0])
    otherwise = np.array([[0.0, 0.6, 0.4], [0.0, 2 / 3, 1 / 3], [0.97, 0.03, 0.0], [0.7, 0.3, 0.0]])
    values = np.array([[0.0, 0.0], [2.0, 2.0], [0.0, 1.0], [0.0, 2.0]])

    def outcomes(quality: np.ndarray) -> np.ndarray:
        hit = _moved(found, share, quality[..., 0])
        rest = (1 - hit)[..., None] * otherwise
        return np.stack([rest[..., 0], hit, rest[..., 1], rest[..., 2]], -1)

    def metric(quality: float) -> float:
        top, bottom = np.einsum("ck,c->k", outcomes(np.array([quality])), share) @ values
        return float(top / bottom)

    slope = (metric(1e-4) - metric(-1e-4)) / 2e-4  # so that a point of quality is a point of F1
    return World(share, values, lambda quality: outcomes(quality / slope))


def languages_world(right: Sequence[float], classes: Sequence[float]) -> World:
    """Rows in eleven languages, each harder than the last: how many of the eleven are right."""
    share, even = np.array(classes), np.arange(LANGUAGES + 1)
    chances = [np.array(right) * (1 - 0.03 * language) for language in range(LANGUAGES)]

    def outcomes(quality: np.ndarray) -> np.ndarray:
        several = np.zeros((*quality.shape[:-1], len(share), len(even)))
        several[..., 0] = 1.0
        for language, chance in enumerate(chances):
            hit = _moved(chance, share, quality[..., language])[..., None]
            several = several * (1 - hit) + np.roll(several, 1, -1) * hit
        return several

    return World(share, np.stack([even / LANGUAGES, np.ones(len(even))], -1), outcomes, LANGUAGES)


SAME, SAME_CLASSES = (0.97, 0.70, 0.20), (0.5, 0.3, 0.2)
FIRST, CLASSES = (0.97, 0.70, 0.20, 0.90, 0.30), (0.5, 0.2, 0.15, 0.075, 0.075)
SECOND = (*FIRST[:3], FIRST[4], FIRST[3])  # what of the last two classes is hard for one is easy for the other
LEAD = 0.02


def pair(metric: str) -> tuple[World, World]:
    """Two systems of equal quality."""
    if metric == "f1":
        return f1_world(), f1_world()
    world = languages_world if metric == "languages" else accuracy_world
    return world(FIRST, CLASSES), world(SECOND, CLASSES)


# draws


class Drawn(NamedTuple):
    """One repeat: ``values`` [systems, S] of the metric and ``errors`` [systems, S, rows], what rows add to them."""

    values: np.ndarray
    errors: np.ndarray


def draw(
    rng: np.random.Generator, worlds: Sequence[World], seeds: int, rows: int, deviation: float | np.ndarray
) -> Drawn:
    """Rows and trainings. ``deviation`` is that between trainings, a share; of each system, [systems, 1, 1], or one."""
    shape, world = (len(worlds), seeds), worlds[0]
    common, alone = rng.standard_normal((*shape, 1)), rng.standard_normal((*shape, world.languages))
    quality = deviation * (sqrt(SHARED) * common + sqrt((1 - SHARED) * world.languages) * alone)
    if world.languages == 1:
        quality = deviation * common
    chances = np.stack([one.outcomes(quality[i]) for i, one in enumerate(worlds)])
    limits = np.rint(STEPS * np.cumsum(chances, -1)[..., :-1])  # [systems, S, classes, outcomes - 1]
    even = np.frombuffer(rng.bytes(2 * shape[0] * shape[1] * rows), np.uint16).reshape(*shape, rows)
    outcome, start = np.zeros((*shape, rows), np.uint8), 0
    for number, count in enumerate(rng.multinomial(rows, world.classes)):
        part = slice(start, start + count)
        for limit in range(limits.shape[-1]):
            above = limits[:, :, number, limit, None]
            outcome[:, :, part] += even[:, :, part] >= np.minimum(above, STEPS - 1).astype(np.uint16)
        start += count
    top, bottom = (side[outcome] for side in world.values.T.astype(np.float32))
    below = bottom.sum(-1, dtype=np.float64, keepdims=True)
    ratio = top.sum(-1, dtype=np.float64, keepdims=True) / below
    errors = (top - ratio.astype(np.float32) * bottom) * (sqrt(rows / (rows - 1)) / below).astype(np.float32)
    return Drawn(ratio[..., 0], errors)


class Pairs(NamedTuple):
    """Many repeats of two systems: ``values`` [R, 2, S] and ``products`` [R, 2, S, 2, S] of errors over rows."""

    values: np.ndarray
    products: np.ndarray

    def first(self, seeds: int) -> tuple[np.ndarray, np.ndarray]:
        """The first system under so many seeds."""
        return self.values[:, 0, :seeds], self.products[:, 0, :seeds, 0, :seeds]

    def difference(self, seeds: int) -> tuple[np.ndarray, np.ndarray]:
        """The first system minus the second."""
        p = self.products[:, :, :seeds, :, :seeds]
        products = p[:, 0, :, 0] + p[:, 1, :, 1] - p[:, 0, :, 1] - p[:, 1, :, 0]
        return self.values[:, 0, :seeds] - self.values[:, 1, :seeds], products


def pairs(rng: np.random.Generator, worlds: tuple[World, World], repeats: int, rows: int, deviation: float) -> Pairs:
    """Repeats with as many seeds as any cell has: fewer are the first of these."""
    seeds = max(SEEDS)
    values, products = np.empty((repeats, 2, seeds)), np.empty((repeats, 2, seeds, 2, seeds))
    for i in range(repeats):
        drawn = draw(rng, worlds, seeds, rows, deviation)
        flat = drawn.errors.reshape(2 * seeds, rows)
        values[i], products[i] = drawn.values, (flat @ flat.T).reshape(2, seeds, 2, seeds)
    return Pairs(values, products)


# the tables


def outside(values: np.ndarray, products: np.ndarray, rows: int, truth: float) -> float:
    """The share of intervals that leave out the truth, from values [R, S] and products [R, S, S]."""
    half = half_width(variance_of(values, products, rows))
    return float((np.abs(values.mean(-1) - truth) > half).mean())


def cells(metric: str, rows: int, deviation: int, fewer: int = 1) -> list[dict[str, Any]]:
    """The coverage and the false positives under each number of seeds."""
    rng = np.random.default_rng([METRICS.index(metric), rows, deviation])
    repeats, spread = (FEWER_REPEATS if rows > 2_000 else REPEATS) // fewer, deviation / 100
    first, second = pair(metric)
    lead = LEAD if metric == "difference" else 0.0
    better = first._replace(outcomes=lambda quality: first.outcomes(quality + lead))
    found = pairs(rng, (better, second), repeats, rows, spread)
    truth, null = better.truth(spread), found
    if metric == "difference":
        truth -= second.truth(spread)
        null = pairs(rng, (accuracy_world(SAME, SAME_CLASSES),) * 2, repeats, rows, spread)
    cell = {"metric": metric, "rows": rows, "deviation": deviation, "repeats": repeats}
    made = []
    for seeds in SEEDS:
        tested = found.difference(seeds) if metric == "difference" else found.first(seeds)
        coverage, false = 1 - outside(*tested, rows, truth), outside(*null.difference(seeds), rows, 0.0)
        made.append(cell | {"seeds": seeds, "coverage": coverage, "false": false})
    return made


def families(rows: int, deviation: int, fewer: int = 1) -> list[dict[str, Any]]:
    """How often five systems beside a baseline, all equal, have any false positive: corrected in two ways, and not."""
    rng, repeats = np.random.default_rng([OTHERS, rows, deviation]), FEWER_REPEATS // fewer
    worlds = [accuracy_world(SAME, SAME_CLASSES)] * (OTHERS + 1)
    wrong = {seeds: dict.fromkeys(("dunnett", "holm", "none"), 0) for seeds in FAMILY_SEEDS}
    for _ in range(repeats):
        drawn = draw(rng, worlds, max(FAMILY_SEEDS), rows, deviation / 100)
        values, errors = drawn.values[1:] - drawn.values[0], (drawn.errors[1:] - drawn.errors[0]).astype(np.float64)
        for seeds, counts in wrong.items():
            for name in _wrong(values[:, :seeds], errors[:, :seeds]):
                counts[name] += 1
    cell = {"rows": rows, "deviation": deviation, "repeats": repeats}
    return [cell | {"seeds": seeds} | {k: v / repeats for k, v in counts.items()} for seeds, counts in wrong.items()]


def interactions(rows: int, deviation: int, fewer: int = 1) -> list[dict[str, Any]]:
    """How often five systems, all equal, are found to differ in what they add to a baseline: p of interaction."""
    rng, repeats = np.random.default_rng([OTHERS, rows, deviation, 1]), INTERACTIONS // fewer
    worlds = [accuracy_world(SAME, SAME_CLASSES)] * (OTHERS + 1)
    spreads = {"alike": np.ones(OTHERS + 1), "unlike": np.array([1.0] * OTHERS + [UNLIKE])}
    wrong = {seeds: dict.fromkeys(spreads, 0) for seeds in FAMILY_SEEDS}
    for name, spread in spreads.items():
        for _ in range(repeats):
            drawn = draw(rng, worlds, max(FAMILY_SEEDS), rows, deviation / 100 * spread[:, None, None])
            values, errors = drawn.values[1:] - drawn.values[0], (drawn.errors[1:] - drawn.errors[0]).astype(np.float64)
            for seeds, counts in wrong.items():
                pairs_of_seeds = zip(values[:, :seeds], errors[:, :seeds], strict=True)
                counts[name] += interaction_p([Sample(*one, np.arange(rows)) for one in pairs_of_seeds]) < LEVEL
    cell = {"rows": rows, "deviation": deviation, "repeats": repeats}
    return [cell | {"seeds": seeds} | {k: v / repeats for k, v in counts.items()} for seeds, counts in wrong.items()]


def powers(rows: int, deviation: int, fewer: int = 1) -> list[dict[str, Any]]:
    """How often a difference of the smallest size that could have been found is found, by its true variance."""
    rng, repeats = np.random.default_rng([rows, deviation, 2]), FEWER_REPEATS // fewer
    null = pairs(rng, (accuracy_world(SAME, SAME_CLASSES),) * 2, repeats, rows, deviation / 100)
    made = []
    for seeds in SEEDS:
        values, products = null.difference(seeds)
        parts = variance_of(values, products, rows)
        size = smallest_effect(Variance(*(float(np.mean(part)) for part in parts[:3]), *parts[3:]))
        power = 1 - outside_size(values, half_width(parts), size)
        made.append({"rows": rows, "deviation": deviation, "repeats": repeats, "seeds": seeds, "power": power})
    return made


def outside_size(values: np.ndarray, half: np.ndarray, size: float) -> float:
    """The share of intervals around values [R, S] that hold 0 where the true difference is ``size``."""
    return float((np.abs(values.mean(-1) + size) <= half).mean())


def _wrong(values: np.ndarray, errors: np.ndarray) -> Iterator[str]:
    """The corrections under which any of the differences, values [systems, S], errors [systems, S, rows], is found."""
    half = half_width(variance_of(values, errors @ np.swapaxes(errors, -1, -2), errors.shape[-1]))
    if not (np.abs(values.mean(-1)) > half).any():
        return
    differences = [Sample(*one, np.arange(errors.shape[-1])) for one in zip(values, errors, strict=True)]
    ps = [judge(one).p for one in differences]
    adjusted = {"none": ps, "holm": holm_adjust(ps)}
    adjusted["dunnett"] = dunnett(ps, ["base"] * OTHERS, {"base": shared_correlation(differences)})
    yield from (name for name, found in adjusted.items() if min(found) < LEVEL)


def faults(row: dict[str, Any]) -> list[str]:
    """What of a cell is out of bounds, by more than two standard errors of the simulation."""
    bounds = {"coverage": (LEAST, MOST), "false": (0.0, FALSE), "dunnett": (0.0, FALSE)}
    bounds |= {"alike": (0.0, FALSE), "unlike": (0.0, FALSE), "power": POWER}
    allowed = {name: 2 * sqrt(row[name] * (1 - row[name]) / row["repeats"]) for name in bounds if name in row}
    return [name for name, more in allowed.items() if not bounds[name][0] - more <= row[name] <= bounds[name][1] + more]


def cell_table(rows: Sequence[dict[str, Any]]) -> str:
    """A line a metric and number of seeds; coverage and false positives by rows and deviation."""
    known = {(row["metric"], row["seeds"], row["rows"], row["deviation"]): row for row in rows}
    columns = list(product(ROWS, DEVIATIONS))
    lines = [["metric", "seeds", *[f"{count:,} x {deviation}" for count, deviation in columns]]]
    for metric, seeds in product(METRICS, SEEDS):
        shown = [known[metric, seeds, *column] for column in columns]
        lines.append([metric, str(seeds), *[f"{one['coverage']:.3f} {one['false']:.3f}" for one in shown]])
    return _markdown(lines)


def seed_table(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> str:
    """A line a number of seeds; by rows and deviation the numbers of these names."""
    known = {(row["seeds"], row["rows"], row["deviation"]): row for row in rows if names[0] in row}
    columns = list(product(FAMILY_ROWS, DEVIATIONS))
    lines = [["seeds", *[f"{count:,} x {deviation}" for count, deviation in columns]]]
    for seeds in dict.fromkeys(key[0] for key in known):
        shown = [known[seeds, *column] for column in columns]
        lines.append([str(seeds), *[" ".join(f"{one[name]:.3f}" for name in names) for one in shown]])
    return _markdown(lines)


def _markdown(lines: list[list[str]]) -> str:
    made = ["| " + " | ".join(line) + " |" for line in lines]
    made.insert(1, "|" + "|".join("---:" for _ in lines[0]) + "|")
    return "\n".join(made)


Task = Callable[[], list[dict[str, Any]]]


def _done(task: Task) -> list[dict[str, Any]]:
    return task()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} times fewer repeats")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every cell there")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="processes (2)")
    asked = parser.parse_args()
    fewer = QUICK if asked.quick else 1
    tasks: list[Task] = [partial(cells, *one, fewer) for one in product(METRICS, ROWS, DEVIATIONS)]
    tasks += [partial(families, *one, fewer) for one in product(FAMILY_ROWS, DEVIATIONS)]
    tasks += [partial(make, *one, fewer) for make in (interactions, powers) for one in product(FAMILY_ROWS, DEVIATIONS)]
    found: list[dict[str, Any]] = []
    with ProcessPoolExecutor(asked.workers) as pool:
        for done, rows in enumerate(pool.map(_done, tasks), 1):
            found += rows
            print(f"{done} of {len(tasks)} groups of cells", file=sys.stderr, flush=True)
    print("Coverage and false positives, by rows x deviation between seeds in points:\n")
    print(cell_table([row for row in found if "metric" in row]))
    print(f"\nAny false positive among {OTHERS} comparisons with one baseline (Dunnett, Holm, not corrected):\n")
    print(seed_table(found, ("dunnett", "holm", "none")))
    print("\nFive equal comparisons found to differ (trainings deviate alike, and those of one system more):\n")
    print(seed_table(found, ("alike", "unlike")))
    print("\nThe smallest effect that could have been found is found:\n")
    print(seed_table(found, ("power",)))
    bad = [f"out of bounds: {name} of {row}" for row in found for name in faults(row)]
    print("\n" + "\n".join(bad or ["all cells in bounds"]))
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
