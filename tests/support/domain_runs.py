"""Tiny stages with a discriminator that the tests of this folder share."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import torch
from tiny_runs import WORDS, context, settings

from xfer.forms.base import build_form
from xfer.models.base import Origin
from xfer.models.domain.base import Head
from xfer.models.domain.form import build_domain_form
from xfer.models.network import Network, build_network
from xfer.models.scratch import Scratch
from xfer.recipe.checks.discriminators import conditioning_task
from xfer.trainers.finetune import Finetune
from xfer.trainers.loop.fit import Run, TaskData, fit
from xfer.trainers.mixers import Joint

OTHER = "le vieux chat dort dans un jardin pendant que deux oiseaux chantent sur les toits gris".split()
SPOKEN = {"en": WORDS, "fr": OTHER}
NAMES = Head.known_names()
Tensors = dict[str, torch.Tensor]


def head(name: str = "domain", **fields: Any) -> Head:
    return Head.model_validate({"type": name, **fields})


def texts(language: str, count: int = 24) -> list[str]:
    words = SPOKEN[language]
    return [" ".join([*words[i % 9 : i % 9 + 2 + i * 5 % 7], words[i % 2]]) for i in range(count)]


def rows(kind: str, languages: Sequence[str] = ("en", "fr"), count: int = 24) -> dict[str, list[Any]]:
    """Rows of form classify, tag or mask; without labels unless there is one language."""
    made: dict[str, list[Any]] = {"id": [], "language": [], "text": []}
    for language in languages:
        made["id"] += [str(i) for i in range(count)]
        made["language"] += [language] * count
        made["text"] += texts(language, count)
    size = len(made["id"])
    if kind == "classify":
        made |= {"pair": [None] * size, "label": [None] * size}
        if len(languages) == 1:
            made["label"] = [("no", "yes")[text.endswith(SPOKEN[languages[0]][1])] for text in made["text"]]
    if kind == "tag":
        made["words"] = [text.split() for text in made["text"]]
        made["tags"] = [[("O", "B-LOC")[len(word) > 4] for word in words] for words in made["words"]]
    return made


LABELS = {"classify": ["no", "yes"], "tag": ["O", "B-LOC"], "mask": []}


@cache
def origin(dropout: float) -> Origin:
    every = [text for language in SPOKEN for text in texts(language)]
    return Scratch(layers=2, width=16, heads=2, vocabulary=300, positions=40, dropout=dropout).load_origin(
        lambda: every
    )


def stage(
    one: Head, kind: str = "mask", main: str = "classify", dropout: float = 0.0, weight: float = 1.0, dev: bool = False
) -> tuple[Network, list[TaskData]]:
    """A network and its tasks: ``main`` learns English labels, ``language`` has a discriminator over two languages."""
    unlabelled = rows(kind)
    seen = conditioning_task(one, {"main": main})
    forms = {
        "main": build_form(main, LABELS[main]),
        "language": build_domain_form("language", build_form(kind, LABELS[kind]), one, seen, unlabelled),
    }
    tasks = [
        TaskData("main", 1.0, rows(main, ["en"]), None, ("en",)),
        TaskData("language", weight, unlabelled, rows(kind, count=6) if dev else None, ("en", "fr")),
    ]
    return build_network(origin(dropout), forms, 1), tasks


def chosen(**fields: Any) -> Finetune:
    return settings(**{"batch_size": 6, "learning_rate": 5e-3} | fields)


def run(folder: Path, one: Head, kind: str = "mask", main: str = "classify", weight: float = 1.0, **fields: Any) -> Run:
    network, tasks = stage(one, kind, main, weight=weight)
    return Run(chosen(**{"clip": 0} | fields), network, tasks, context(folder, mixer=Joint()))


def trained(folder: Path, one: Head, *progress: Any, **fields: Any) -> tuple[Network, dict[str, Any]]:
    """Eight steps with dropout, dev scores and a checkpoint every four."""
    network, tasks = stage(one, dropout=0.1, dev=True)
    about = {"steps": 8, "evaluate_every": 4} | fields
    return network, fit(chosen(**about), network, tasks, context(folder, 1, None, *progress, mixer=Joint()))


def alone(made: Run, step: int = 0) -> Tensors:
    """The gradients of the discriminator's task by itself, at ``step``."""
    (micro,) = made._micro_batches("language", made.next_batches("language", 1, step), step)
    micro.backward(micro.loss(micro.logits()))
    found = {n: p.grad.clone() for n, p in made.inner.named_parameters() if p.grad is not None}
    made.optimizer.zero_grad(set_to_none=True)
    return found
