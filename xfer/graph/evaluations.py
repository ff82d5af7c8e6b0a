"""The nodes of an evaluation: its rows, what an attack makes of them, the predictions and their scores."""

from __future__ import annotations

from typing import Any

from xfer.core.seeds import digest
from xfer.graph.attacks import Target, attack_node
from xfer.graph.compiling import Compiling, form_of
from xfer.graph.node import Node
from xfer.graph.stages import stage_node
from xfer.readers.base import Reader
from xfer.recipe.checks.attacked import tagging
from xfer.recipe.recipe import Evaluation


def told(about: Compiling, evaluation: Evaluation) -> dict[str, Any]:
    """What the report says of an evaluation."""
    recipe = about.recipe
    attacker = evaluation.attacker.identity() if evaluation.attacker else None
    asked = evaluation.attacker.asked() if evaluation.attacker else None
    tasks = recipe.stages[evaluation.stage].learnt.values() if evaluation.stage else ()
    languages = sorted({language for task in tasks for language in about.trained(task.reader)})
    reader = recipe.reader_of(evaluation)
    rows = digest([_tested(reader, evaluation.split), evaluation.split, recipe.source_of(reader)])
    shown = {"stage": evaluation.stage, "attacker": attacker, "trained": languages, "rows": rows}
    return shown | ({"asked": asked._asdict()} if asked else {})


def roles(about: Compiling, name: str, evaluation: Evaluation) -> tuple[str, ...]:
    """The checkpoints an evaluation tests: the selected one, and the oracle's beside the clean scores."""
    if evaluation.stage is None:
        return ("selected",)
    stage = about.recipe.stages[evaluation.stage]
    clean = name in about.compared and getattr(stage.trainer, "oracle", False)
    readers = [task.reader for task in stage.learnt.values()]
    learnt = about.recipe.reader_of(evaluation).form in {reader.form for reader in readers}
    targets = any(about.targets(reader)[0] for reader in readers)
    return ("selected", "oracle") if clean and learnt and targets else ("selected",)


def score_node(about: Compiling, name: str, seed: int, role: str) -> Node:
    """The scores of an evaluation under one of the recipe's seeds; all that they need comes before in the graph."""
    recipe, evaluation = about.recipe, about.recipe.evaluate[name]
    tested, reader = recipe.tested(evaluation), recipe.reader_of(evaluation)
    tasks = recipe.stages[tested].tasks if tested else {}
    task = evaluation.task or next(iter(tasks), reader.type_name)
    form = form_of(reader, recipe.source_of(reader))
    rows = _rows(about, name, evaluation)
    parents = {"train": stage_node(about, tested, seed)} if tested else {}
    if evaluation.attacker:
        label = f"{name} seed {seed}" if evaluation.attacker.searches else name
        named = tagging(evaluation.attacker)
        asked = parents | ({"tagger": stage_node(about, str(named.stage), seed)} if named else {})
        rows = attack_node(about, evaluation.attacker, Target(f"evaluation {name}", label, reader, rows, asked, task))
    job, problem = ({}, None) if tested else about.model()
    if reader.form == "retrieve" and (task not in tasks or tasks[task].reader.form != "retrieve"):
        job["max_length"] = reader.published.max_length  # nothing was trained on such rows
    job |= {"task": task, "role": role, **form}
    spec, judged = {"model": recipe.model, "smoothing": evaluation.smoothing}, dict(form)
    if evaluation.smoothing:
        job["smoothing"] = evaluation.smoothing.model_dump(mode="json", exclude={"at"})
        judged["at"] = list(evaluation.smoothing.at)
    label = f"{name} seed {seed}" if role == "selected" else f"{name} {role} seed {seed}"
    node = Node("predict", label, job, parents | {"rows": rows}, spec=spec, problem=problem)
    searched = {"rows": rows} if reader.form == "retrieve" else {}  # chance depends on how many candidates there are
    return about.graph.add(Node("score", label, judged, {"predict": about.graph.add(node)} | searched, spec=spec))


def _rows(about: Compiling, name: str, evaluation: Evaluation) -> Node:
    """The rows that an evaluation tests on, as they come."""
    reader = about.recipe.reader_of(evaluation)
    offered = reader.offered(about.recipe.source_of(reader), evaluation.split)
    asked = offered if evaluation.languages == "all" else evaluation.languages
    languages = about.kept(f"evaluation {name}", tuple(asked), offered)
    caps = [cap for cap in (evaluation.rows, about.recipe.limits.test_rows) if cap]
    return about.data(reader, evaluation.split, languages, min(caps) if caps else None)


def _tested(reader: Reader, split: str) -> dict[str, Any]:
    """What of a reader decides the rows of one split: not its training side."""
    own = getattr(reader, split, None)
    aside = {"languages", "test_languages", *reader.form_options()} | (
        {"train", "dev", "test"} - {split} if own else set()
    )
    return {name: value for name, value in reader.identity().items() if name not in aside}
