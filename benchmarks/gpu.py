"""Training at the size of XLM-R base on one card: tokens a second, and the share of the card's measured matrix rate.

Random weights, texts of drawn subwords whose lengths are drawn between ``--shortest`` and ``--longest`` subwords, pairs
for the classifier. Plain training, FreeLB (2 ascent steps) and DANN (the discriminator's own batches count as tokens),
each with padded rows and without padding (see xfer/models/packed.py). The matrix rate is what a square product in bf16
reaches on this card just now. A step's arithmetic is that of the real subwords: 6 per weight of the layers and heads
(forward 2, backward 4; embeddings are looked up, not multiplied), and 12 * layers * width * length for attention's
scores; times 3 for FreeLB's passes. Padding and what is computed a second time are no arithmetic: they lower the share.

    python benchmarks/gpu.py                 # on a GPU; the table in a few minutes
    python benchmarks/gpu.py --toy           # on any machine: small, and only to see that it runs
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from common import clock

from xfer.forms.base import build_form
from xfer.models import packed
from xfer.models.base import Origin
from xfer.models.domain.base import Head
from xfer.models.domain.form import build_domain_form
from xfer.models.network import Network, build_network
from xfer.models.scratch import Scratch
from xfer.trainers.finetune import Finetune
from xfer.trainers.loop.fit import Context, Run, TaskData
from xfer.trainers.mixers import Joint, Proportional

WARM = 3  # the first steps allocate
METHODS = {"plain": ("none", 1), "freelb": ("freelb", 3), "dann": ("none", 1)}  # adversary, passes of a step
LANGUAGES = "en", "xx"
WORDS = [f"{a}{b}{c}" for a in "bdfgkl" for b in "aeiou" for c in ("n", "r", "s", "ta", "mo")]


class Size(NamedTuple):
    """What is measured."""

    layers: int
    width: int
    vocabulary: int
    rows: int
    shortest: int
    longest: int


BASE = Size(12, 768, 250_002, 64, 64, 256)
TOY = Size(2, 32, 400, 8, 8, 24)


def origin(size: Size) -> Origin:
    """A scratch encoder of that size, with a tokenizer that knows a few words; the other subwords are never met."""
    about: dict[str, Any] = {"layers": size.layers, "width": size.width, "heads": max(2, size.width // 64)}
    made = Scratch(**about, vocabulary=400, positions=size.longest + 2).load_origin(lambda: [" ".join(WORDS)] * 4)
    made.config.vocab_size = size.vocabulary
    return made


def rows(size: Size, count: int) -> dict[str, list[Any]]:
    """Texts of as many words as a drawn length, of which what is over the longest is cut."""
    draw = np.random.Generator(np.random.PCG64(1))
    lengths = draw.integers(size.shortest, size.longest + 1, count)
    return {
        "id": [str(i) for i in range(count)],
        "language": [LANGUAGES[i % 2] for i in range(count)],
        "text": [" ".join(draw.choice(WORDS, length)) for length in lengths],
        "pair": [None] * count,
        "label": [("no", "yes")[i % 2] for i in range(count)],
    }


def started(method: str, size: Size, base: Origin, texts: dict[str, list[Any]], folder: Path) -> Run:
    """A run of a method that is ready to step."""
    adversary, _ = METHODS[method]
    forms: dict[str, Any] = {"main": build_form("classify", ["no", "yes"])}
    tasks = [TaskData("main", 1.0, texts, None, ("en",))]
    if method == "dann":
        head: Any = Head.model_validate({"type": "domain"})
        forms["language"] = build_domain_form("language", build_form("mask"), head, None, texts)
        tasks.append(TaskData("language", 1.0, texts, None, LANGUAGES))
    network: Network = build_network(base, forms, 1)
    settings = Finetune.model_validate(
        {"steps": 1000, "batch_size": size.rows, "learning_rate": 1e-5, "weight_decay": 0.01, "warmup": 0.0}
        | {"max_length": size.longest, "adversary": adversary, "precision": "auto" if size == BASE else "fp32"}
    )
    mixer = Joint() if method == "dann" else Proportional()
    run = Run(settings, network, tasks, Context(folder, 1, None, mixer, lambda *_, **__: None))
    run.network.train()
    return run


def arithmetic(run: Run, subwords: int, squares: int, passes: int) -> float:
    """Operations of a step over so many real subwords, whose rows' lengths squared add up to ``squares``."""
    encoder: Any = run.inner.encoder
    embedded = sum(p.numel() for p in encoder.embeddings.parameters())
    weights = sum(p.numel() for p in run.inner.heads.parameters()) - embedded
    scores = 12 * encoder.config.num_hidden_layers * encoder.config.hidden_size * squares
    return passes * (6.0 * weights * subwords + scores)


@contextmanager
def padded() -> Any:
    """Inside, rows stay padded."""
    own = packed.attention_kernel
    packed.attention_kernel = lambda states: None  # type: ignore[assignment]
    try:
        yield
    finally:
        packed.attention_kernel = own


def now() -> float:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return clock()


def measured(run: Run, steps: int, passes: int) -> tuple[float, float]:
    """Real subwords a second and operations a second."""
    seen: list[torch.Tensor] = []
    real = run.task_batch

    def watched(task: str, number: int) -> Any:
        batch = real(task, number)
        seen.append(batch["attention_mask"].sum(1))
        return batch

    run.task_batch = watched  # type: ignore[method-assign]
    for step in range(WARM):
        run.train_step(step)
    seen.clear()
    start = now()
    for step in range(WARM, WARM + steps):
        run.train_step(step)
    seconds = now() - start
    lengths = torch.cat(seen).double()
    subwords, squares = int(lengths.sum()), int(lengths.square().sum())
    return subwords / seconds, arithmetic(run, subwords, squares, passes) / seconds


def matrix_rate(size: int, kind: torch.dtype, repeats: int = 20) -> float:
    """Operations a second of a square product, the median of five."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    one = torch.randn(size, size, device=device, dtype=kind)
    found = []
    for _ in range(5):
        start = now()
        for _ in range(repeats):
            one @ one
        found.append(2 * size**3 * repeats / (now() - start))
    return statistics.median(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--toy", action="store_true", help="a tiny encoder, on any machine")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=20, help="timed steps of a turn")
    parser.add_argument("--rows", type=int, help="rows of a batch")
    parser.add_argument("--shortest", type=int, help="subwords of the shortest text")
    parser.add_argument("--longest", type=int, help="subwords of the longest text")
    options = parser.parse_args()
    if not (options.toy or torch.cuda.is_available()):
        parser.error("there is no GPU here; --toy shows that the benchmark runs")
    given = {n: getattr(options, n) for n in ("rows", "shortest", "longest") if getattr(options, n)}
    size = (TOY if options.toy else BASE)._replace(**given)
    kind = torch.float32 if options.toy else torch.bfloat16
    rate = matrix_rate(256 if options.toy else 8192, kind)
    name = torch.cuda.get_device_name() if torch.cuda.is_available() else f"{torch.get_num_threads()} threads"
    print(f"{name}, torch {torch.__version__}; {str(kind)[6:]} products: {rate / 1e12:.2f} T operations a second")
    print(f"{size}; {options.rounds} rounds of {options.steps} steps", flush=True)
    base, texts = origin(size), rows(size, 40 * size.rows)
    ways: dict[str, Callable[[], Any]] = {"padded": padded, "no padding": unpadded}
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for number in range(options.rounds):
        for method, (_, passes) in METHODS.items():
            for way, inside in ways.items():
                with tempfile.TemporaryDirectory() as folder, inside():
                    run = started(method, size, base, texts, Path(folder))
                    found.setdefault((method, way), []).append(measured(run, options.steps, passes))
                    del run
        print(f"  round {number + 1} of {options.rounds} is done", flush=True)
    print(f"\n{'method':10}{'rows':14}{'subwords/s':>12}{'T op/s':>10}{'share':>8}{'relative':>10}")
    plain = statistics.median(speed for speed, _ in found["plain", "padded"])
    for (method, way), values in found.items():
        speed, work = (statistics.median(each) for each in zip(*values, strict=True))
        share = f"{work / rate:8.1%}"
        print(f"{method:10}{way:14}{speed:12.0f}{work / 1e12:10.2f}{share}{speed / plain:10.2f}")


@contextmanager
def unpadded() -> Any:
    """Inside, what production would do; without a GPU the plain kernel, so that the way is walked at least."""
    own = packed.attention_kernel
    if not torch.cuda.is_available():
        packed.attention_kernel = lambda states: packed.plain_attention  # type: ignore[assignment]
    try:
        yield
    finally:
        packed.attention_kernel = own


if __name__ == "__main__":
    main()
