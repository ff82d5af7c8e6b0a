"""``benchmark: xtreme``: the stages and evaluations that a benchmark's targets stand for.

Every task of the benchmark is trained on its English data from the shared intermediate stage and tested in the
benchmark's languages; BUCC and Tatoeba have no training data and test the intermediate encoder as it is.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from xfer.core import yaml
from xfer.core.component import Block
from xfer.core.errors import suggest
from xfer.core.yaml import Mark, Tree
from xfer.metrics.benchmarks import BENCHMARKS
from xfer.readers.base import Reader

BenchmarkName = Literal["xtreme", "xtreme_r"]

_READERS = {"bucc2018": "bucc", "mewslix": "mewsli_x"}  # where a reader's name is not the official scorer's
_UNTRAINED = ("bucc", "tatoeba")
_SAME_TRAINING = {"mlqa": "xquad"}  # both train on SQuAD 1.1: one stage serves both
DIRECT = "_direct"


def task_names(benchmark: str) -> dict[str, str]:
    """Reader's name -> official name of each task."""
    return {_READERS.get(name, name): name for name in BENCHMARKS[benchmark.replace("_", "-")].tasks}


def _tasks(value: Any) -> Any:
    names = value if isinstance(value, list | tuple) else ()
    if value == "all" or (names and all(isinstance(n, str) for n in names) and len(set(names)) == len(names)):
        return value
    raise PydanticCustomError("tasks", "must be all, or a list of different tasks", {"hint": "such as [xnli, panx]"})


Tasks = Annotated[tuple[str, ...] | Literal["all"], BeforeValidator(_tasks)]


class Targets(Block):
    """The targets of a benchmark, each as a stage and an evaluation named for its reader."""

    name: BenchmarkName = Field(description="the benchmark")
    start: str | None = Field(None, description="the intermediate stage that every target continues")
    tasks: Tasks = Field("all", description="the targets to test, by reader, or all")
    direct: bool = Field(
        False, description="also each target without the intermediate stage, for the column 'bought'; trains twice"
    )

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        if not isinstance(value, str | dict | Targets):
            hint = {"hint": f"such as {' or '.join(get_args(BenchmarkName))}"}
            raise PydanticCustomError("benchmark", "must be the name of a benchmark, or a block with its name", hint)
        return {"name": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _known(self) -> Targets:
        known = task_names(self.name)
        for task in self.chosen:
            if task not in known:
                hint = {"hint": suggest(task, known), "task": task, "name": self.name}
                raise PydanticCustomError("unknown_task", "'{task}' is not a task of {name}", hint)
        if self.direct and self.start is None:
            hint = {"hint": "add start: ..., or take direct out"}
            raise PydanticCustomError("direct", "direct compares with an intermediate stage, and none is named", hint)
        return self

    @property
    def chosen(self) -> tuple[str, ...]:
        """The tasks, by reader."""
        return tuple(task_names(self.name)) if self.tasks == "all" else self.tasks


def expand(tree: Tree) -> Tree:
    """The recipe's tree with what its ``benchmark`` stands for laid under its own stages and evaluations.

    A task whose stage or evaluation is ``null`` is left out. What is not valid is left for validation to report.
    """
    given = _get(tree, "benchmark")
    targets = _targets(yaml.plain(given)) if given else None
    if given is None or targets is None:
        return tree
    own = {name: _get(tree, name) for name in ("stages", "evaluate")}
    nulls = {name for section in own.values() if section for name in _nulls(section)}
    targets = targets.model_copy(update={"tasks": tuple(task for task in targets.chosen if task not in nulls)})
    stages = own["stages"]
    made = additions(targets if targets.start is None or _get(stages, targets.start) else _startless(targets))
    for name, stage in made["stages"].items():
        if stages and _get(stages, name) and _get(_get(stages, name), "tasks"):
            stage.pop("reader")  # the short form of tasks
    entries = {key: entry for key, entry in tree.value.items() if key != "benchmark"}
    for name, section in own.items():
        if section and isinstance(section.value, dict):
            left = {key: entry for key, entry in section.value.items() if key not in nulls}
            entries[name] = (entries[name][0], Tree(left, section.mark))
    expanded = _tree(made | {"benchmark": targets.model_dump(mode="json")}, given.mark)
    if isinstance(given.value, dict):  # faults are to stand where its own fields stand
        expanded.value["benchmark"][1].value.update({k: v for k, v in given.value.items() if k != "tasks"})
    return yaml.merge(expanded, Tree(entries, tree.mark))


def _startless(targets: Targets) -> Targets:
    """The targets where ``start`` names no stage: the one fault is to be that, not what would follow from it."""
    left = tuple(task for task in targets.chosen if task not in _UNTRAINED)
    return targets.model_copy(update={"start": None, "tasks": left})


def expand_plain(data: Any) -> Any:
    """The same of plain data, where an entry of the recipe's own replaces a whole one of the benchmark."""
    if not isinstance(data, dict) or not isinstance(data.get("benchmark"), str | dict):
        return data
    targets = _targets(data["benchmark"])
    sections = {name: data.get(name) or {} for name in ("stages", "evaluate", "report")}
    if targets is None or not all(isinstance(section, dict) for section in sections.values()):
        return data
    made = additions(targets)
    merged = {name: made.get(name, {}) | section for name, section in sections.items()}
    return data | {name: section for name, section in merged.items() if section}


def additions(targets: Targets) -> dict[str, Any]:
    """``stages``, ``evaluate`` and ``report`` of a recipe that tests all of the targets."""
    stages: dict[str, Any] = {}
    evaluate: dict[str, Any] = {}
    for task in targets.chosen:
        _add(targets, task, targets.start, "", stages, evaluate)
    made = {"stages": stages, "evaluate": evaluate}
    if targets.direct and targets.start:
        for task in targets.chosen:
            _add(targets, task, None, DIRECT, stages, evaluate)
        both = {"compare": list(targets.chosen), "baseline": [task + DIRECT for task in targets.chosen]}
        made["report"] = both
    return made


def _add(
    targets: Targets, task: str, start: str | None, end: str, stages: dict[str, Any], evaluate: dict[str, Any]
) -> None:
    """The stage and the evaluation of one task; ``end`` ends their names."""
    after = {"start": start} if start else {}
    reader = _reader(task, targets.name)
    other = _SAME_TRAINING.get(task)
    if task in _UNTRAINED:
        evaluate[task + end] = ({"stage": start} if start else {}) | {"reader": reader}
    elif other in targets.chosen:
        evaluate[task + end] = {"stage": f"{other}{end}", "reader": reader}
    elif task == "xcopa":  # trains on Social IQa, then COPA (reference: xtreme_r section 3)
        stages[f"xcopa_social_iqa{end}"] = {"reader": {"type": "social_iqa"}, **after}
        stages[task + end] = {"reader": {"type": "copa"}, "start": f"xcopa_social_iqa{end}"}
        evaluate[task + end] = {"stage": task + end, "reader": reader}
    else:
        stages[task + end] = {"reader": reader, **after}
        evaluate[task + end] = {"stage": task + end}


def _reader(task: str, benchmark: str) -> dict[str, Any]:
    try:
        leaf: Any = Reader.lookup(task)
    except PydanticCustomError:  # validation will say that there is no such reader
        return {"type": task}
    found = {"type": task} | ({"benchmark": benchmark} if "benchmark" in leaf.model_fields else {})
    return found if "hub" in leaf.sources else found | {"source": "mirror"}


def _targets(value: Any) -> Targets | None:
    try:
        return Targets.model_validate(value)
    except ValidationError:
        return None


def _get(tree: Tree | None, key: str) -> Tree | None:
    """The value of a key, None where there is none."""
    if tree is None or not isinstance(tree.value, dict) or key not in tree.value:
        return None
    found: Tree = tree.value[key][1]
    return found if found.value is not None else None


def _nulls(section: Tree) -> list[str]:
    entries = section.value if isinstance(section.value, dict) else {}
    return [key for key, (_, item) in entries.items() if item.value is None]


def _tree(data: Any, mark: Mark) -> Tree:
    """Plain data as a tree that all stands at one place."""
    if isinstance(data, dict):
        return Tree({key: (mark, _tree(item, mark)) for key, item in data.items()}, mark)
    return Tree([_tree(item, mark) for item in data] if isinstance(data, list) else data, mark)
