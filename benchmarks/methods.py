"""What a training step of each method costs, relative to plain training of the same model on the same rows.

The methods are the recipes in ``recipes/methods``: the last stage in which a recipe differs from ``plain.yaml`` is
built with its adversary, options, mixer, tasks and heads, on pairs of NLI (text for masked language models and
discriminators; tasks of other forms count as NLI). Batches of 32 rows of a task in every method. In each round every
method takes its turn, and is compared with plain training in the same round; the table has the median over rounds.
What a step of a method is stands in its docstring: one of joint tasks trains a batch of each, one of ``freeat`` makes
several updates. ``average_last`` costs at dev scores and not in steps.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path
from typing import Any

import torch
from common import LABELS, LONGEST, clock, nli_rows

from xfer.attackers.lexicons.dictionaries import miniature_words
from xfer.forms.base import build_form
from xfer.miniature import LANGUAGES
from xfer.models.base import Origin
from xfer.models.domain.form import build_domain_form
from xfer.models.network import Network, build_network
from xfer.models.scratch import Scratch
from xfer.recipe.checks.discriminators import conditioning_task
from xfer.recipe.load import load_recipe
from xfer.recipe.recipe import Stage, Task
from xfer.trainers.batches.augmented import Augmentation
from xfer.trainers.loop.fit import Context, Run, TaskData
from xfer.trainers.losses.base import Teacher

RECIPES = Path(__file__).parents[1] / "recipes" / "methods"
PLAIN, MAIN, WARM = "plain", "mnli", 2  # the first steps allocate
FIXED = {"epochs": None, "batch_tokens": None, "batch_size": 32, "learning_rate": 1e-4, "weight_decay": 0.01}
FIXED |= {"warmup": 0.0, "max_length": LONGEST}


def methods(chosen: list[str]) -> dict[str, Stage]:
    """The stage of each recipe that holds its method, plain training first."""
    found = {path.stem: load_recipe(path).recipe.stages for path in sorted(RECIPES.glob("[!_]*.yaml"))}
    plain = found.pop(PLAIN)
    kept = {name: stages for name, stages in found.items() if not chosen or name in chosen}
    different = {name: [s for key, s in stages.items() if s != plain[key]][-1] for name, stages in kept.items()}
    return {PLAIN: plain[MAIN]} | different


def texts(rows: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """The first sentences as unlabelled rows, by turns of one language and another."""
    count = len(rows["id"])
    return {"id": rows["id"], "language": [("en", "xx")[i % 2] for i in range(count)], "text": rows["text"]}


def augmented(task: Task) -> Augmentation | None:
    """What changes the rows of a task as they are drawn; the recipes' attackers need no further rows."""
    attackers: list[Any] = [step.attacker for step in task.augment]
    steps = zip(task.augment, [attacker and attacker.prepare_state([]) for attacker in attackers], strict=True)
    return Augmentation(tuple(steps), None, task.consistency) if task.augment else None


def stage(about: Stage, origin: Origin, rows: dict[str, list[Any]]) -> tuple[Network, list[TaskData]]:
    """The network and the tasks of a method's stage; its main task has one name, and so one order of rows, in all."""
    forms: dict[str, Any] = {}
    tasks, unlabelled = [], texts(rows)
    learnt = {MAIN if name == "xnli" else name: task.reader.form for name, task in about.learnt_tasks.items()}
    for name, task in about.tasks.items():
        own, masked = MAIN if name == "xnli" else name, task.head is not None or task.reader.form == "mask"
        forms[own] = build_form("mask") if masked else build_form("classify", LABELS)
        if task.head:
            forms[own] = build_domain_form(own, forms[own], task.head, conditioning_task(task.head, learnt), unlabelled)
        exponent = task.sampling.exponent if task.sampling else 1.0
        told = unlabelled if masked else rows
        tasks.append(TaskData(own, task.weight, told, None, ("en",), exponent, augmentation=augmented(task)))
    return build_network(origin, forms, 1), tasks


def seconds(about: Stage, origin: Origin, rows: dict[str, list[Any]], steps: int, number: int) -> float:
    """The time of a step of a method."""
    network, tasks = stage(about, origin, rows)
    trainer: Any = about.trainer
    settings = trainer.model_copy(update=FIXED | {"steps": WARM + steps})
    teacher = None
    if about.distil:
        other = build_network(origin, {MAIN: build_form("classify", LABELS)}, 2)
        told = about.distil.temperature, about.distil.weight, about.distil.added
        teacher = Teacher(other, MAIN, (MAIN,), *told)
    with tempfile.TemporaryDirectory() as folder:
        context = Context(Path(folder), number, None, about.mixer, lambda *_, **__: None, teacher)
        run = Run(settings, network, tasks, context)
        run.network.train()
        start = 0.0
        for step in range(WARM + steps):
            if step == WARM:
                start = _now()
            run.train_step(step)
        return (_now() - start) / steps


def _now() -> float:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return clock()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("methods", nargs="*", help="names of recipes; all if left out")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=10, help="timed steps of a turn")
    parser.add_argument("--width", type=int, default=384, help="of the encoder; a head is 32 wide")
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--rows", type=int, default=1024)
    options = parser.parse_args()
    rows = nli_rows(options.rows)
    model = Scratch(
        layers=options.layers,
        width=options.width,
        heads=max(1, options.width // 32),
        feedforward=4 * options.width,
        vocabulary=32_000,
        positions=LONGEST,
    )
    # words that augmentation brings in are whole subwords too, as in a vocabulary of many languages
    brought = [word for other in LANGUAGES for ways in miniature_words("en", other).values() for word in ways]
    origin = model.load_origin(lambda: [*rows["text"], *rows["pair"], *brought])
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else f"{torch.get_num_threads()} threads"
    print(f"{options.layers} layers, {options.width} wide, {len(rows['id'])} rows, batches of 32, {device}", flush=True)
    chosen, found = methods(options.methods), dict[str, list[float]]()
    for number in range(options.rounds):
        for name, about in chosen.items():
            found.setdefault(name, []).append(seconds(about, origin, rows, options.steps, number))
        print(f"  round {number + 1} of {options.rounds} is done", flush=True)
    print(f"\n{'method':20}{'ms a step':>12}{'relative':>10}{'least':>8}{'most':>8}")
    for name, mine in found.items():
        ratios = [own / plain for own, plain in zip(mine, found[PLAIN], strict=True)]
        middle = 1000 * statistics.median(mine)
        print(f"{name:20}{middle:12.1f}{statistics.median(ratios):10.2f}{min(ratios):8.2f}{max(ratios):8.2f}")


if __name__ == "__main__":
    main()
