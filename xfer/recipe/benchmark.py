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
from xfer.core.errors import suggest_name
from xfer.core.yaml import Mark, Tree
from xfer.metrics.benchmarks import BENCHMARKS
from xfer.readers.base import Reader

BenchmarkName = Literal["xtreme", "xtreme_r"]

_READER_NAMES = {"bucc2018": "bucc", "mewslix": "mewsli_x"}  # where a reader's name is not the official scorer's
_UNTRAINED = ("bucc", "tatoeba")
_SAME_TRAINING = {"mlqa": "xquad"}  # both train on SQuAD 1.1: one stage serves both
DIRECT_SUFFIX = "_direct"


def task_names(benchmark: str) -> dict[str, str]:
    """Reader's name -> official name of each task."""
    return {_READER_NAMES.get(name, name): name for name in BENCHMARKS[benchmark.replace("_", "-")].tasks}


def _check_task_names(value: object) -> object:
    names = value if isinstance(value, list | tuple) else ()
    if value == "all" or (names and all(isinstance(n, str) for n in names) and len(set(names)) == len(names)):
        return value
    raise PydanticCustomError("tasks", "must be all, or a list of different tasks", {"hint": "such as [xnli, panx]"})


Tasks = Annotated[tuple[str, ...] | Literal["all"], BeforeValidator(_check_task_names)]


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
    def _short(cls, value: object) -> object:
        if not isinstance(value, str | dict | Targets):
            hint = {"hint": f"such as {' or '.join(get_args(BenchmarkName))}"}
            raise PydanticCustomError("benchmark", "must be the name of a benchmark, or a block with its name", hint)
        return {"name": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _check_names(self) -> Targets:
        official_names = task_names(self.name)
        for task in self.chosen_tasks:
            if task not in official_names:
                hint = {"hint": suggest_name(task, official_names), "task": task, "name": self.name}
                raise PydanticCustomError("unknown_task", "'{task}' is not a task of {name}", hint)
        if self.direct and self.start is None:
            hint = {"hint": "add start: ..., or take direct out"}
            raise PydanticCustomError("direct", "direct compares with an intermediate stage, and none is named", hint)
        return self

    @property
    def chosen_tasks(self) -> tuple[str, ...]:
        """The tasks, by reader."""
        return tuple(task_names(self.name)) if self.tasks == "all" else self.tasks


def expand_benchmark(tree: Tree) -> Tree:
    """The recipe's tree with what its ``benchmark`` stands for laid under its own stages and evaluations.

    A task whose stage or evaluation is ``null`` is left out. What is not valid is left for validation to report.
    """
    benchmark_tree = _value_of(tree, "benchmark")
    targets = _valid_targets(yaml.plain_data(benchmark_tree)) if benchmark_tree else None
    if benchmark_tree is None or targets is None:
        return tree
    sections = {name: _value_of(tree, name) for name in ("stages", "evaluate")}
    null_names = {name for section in sections.values() if section for name in _null_keys(section)}
    targets = targets.model_copy(
        update={"tasks": tuple(task for task in targets.chosen_tasks if task not in null_names)}
    )
    stages = sections["stages"]
    added = benchmark_sections(
        targets if targets.start is None or _value_of(stages, targets.start) else _without_start(targets)
    )
    for name, stage in added["stages"].items():
        if stages and _value_of(stages, name) and _value_of(_value_of(stages, name), "tasks"):
            stage.pop("reader")  # the short form of tasks
    entries = {key: entry for key, entry in tree.value.items() if key != "benchmark"}
    for name, section in sections.items():
        if section and isinstance(section.value, dict):
            remaining = {key: entry for key, entry in section.value.items() if key not in null_names}
            entries[name] = (entries[name][0], Tree(remaining, section.mark))
    expanded = _uniform_tree(added | {"benchmark": targets.model_dump(mode="json")}, benchmark_tree.mark)
    if isinstance(benchmark_tree.value, dict):  # faults are to stand where its own fields stand
        expanded.value["benchmark"][1].value.update({k: v for k, v in benchmark_tree.value.items() if k != "tasks"})
    return yaml.merge_trees(expanded, Tree(entries, tree.mark))


def _without_start(targets: Targets) -> Targets:
    """The targets where ``start`` names no stage: the one fault is to be that, not what would follow from it."""
    trained_tasks = tuple(task for task in targets.chosen_tasks if task not in _UNTRAINED)
    return targets.model_copy(update={"start": None, "tasks": trained_tasks})


def expand_plain_data(data: object) -> object:
    """The same of plain data, where an entry of the recipe's own replaces a whole one of the benchmark."""
    if not isinstance(data, dict) or not isinstance(data.get("benchmark"), str | dict):
        return data
    targets = _valid_targets(data["benchmark"])
    sections = {name: data.get(name) or {} for name in ("stages", "evaluate", "report")}
    if targets is None or not all(isinstance(section, dict) for section in sections.values()):
        return data
    added = benchmark_sections(targets)
    merged = {name: added.get(name, {}) | section for name, section in sections.items()}
    return data | {name: section for name, section in merged.items() if section}


def benchmark_sections(targets: Targets) -> dict[str, Any]:
    """``stages``, ``evaluate`` and ``report`` of a recipe that tests all of the targets."""
    stages: dict[str, Any] = {}
    evaluate: dict[str, Any] = {}
    for task in targets.chosen_tasks:
        _add_target(targets, task, targets.start, "", stages, evaluate)
    sections = {"stages": stages, "evaluate": evaluate}
    if targets.direct and targets.start:
        for task in targets.chosen_tasks:
            _add_target(targets, task, None, DIRECT_SUFFIX, stages, evaluate)
        report = {
            "compare": list(targets.chosen_tasks),
            "baseline": [task + DIRECT_SUFFIX for task in targets.chosen_tasks],
        }
        sections["report"] = report
    return sections


def _add_target(
    targets: Targets, task: str, start: str | None, suffix: str, stages: dict[str, Any], evaluate: dict[str, Any]
) -> None:
    """The stage and the evaluation of one task; ``end`` ends their names."""
    start_block = {"start": start} if start else {}
    reader = _reader_block(task, targets.name)
    shared_task = _SAME_TRAINING.get(task)
    if task in _UNTRAINED:
        evaluate[task + suffix] = ({"stage": start} if start else {}) | {"reader": reader}
    elif shared_task in targets.chosen_tasks:
        evaluate[task + suffix] = {"stage": f"{shared_task}{suffix}", "reader": reader}
    elif task == "xcopa":  # trains on Social IQa, then COPA (reference: xtreme_r section 3)
        stages[f"xcopa_social_iqa{suffix}"] = {"reader": {"type": "social_iqa"}, **start_block}
        stages[task + suffix] = {"reader": {"type": "copa"}, "start": f"xcopa_social_iqa{suffix}"}
        evaluate[task + suffix] = {"stage": task + suffix, "reader": reader}
    else:
        stages[task + suffix] = {"reader": reader, **start_block}
        evaluate[task + suffix] = {"stage": task + suffix}


def _reader_block(task: str, benchmark: str) -> dict[str, Any]:
    try:
        reader_class: Any = Reader.find_class(task)
    except PydanticCustomError:  # validation will say that there is no such reader
        return {"type": task}
    block = {"type": task} | ({"benchmark": benchmark} if "benchmark" in reader_class.model_fields else {})
    return block if "hub" in reader_class.sources else block | {"source": "mirror"}


def _valid_targets(value: object) -> Targets | None:
    try:
        return Targets.model_validate(value)
    except ValidationError:
        return None


def _value_of(tree: Tree | None, key: str) -> Tree | None:
    """The value of a key, None where there is none."""
    if tree is None or not isinstance(tree.value, dict) or key not in tree.value:
        return None
    value: Tree = tree.value[key][1]
    return value if value.value is not None else None


def _null_keys(section: Tree) -> list[str]:
    entries = section.value if isinstance(section.value, dict) else {}
    return [key for key, (_, item) in entries.items() if item.value is None]


def _uniform_tree(data: object, mark: Mark) -> Tree:
    """Plain data as a tree that all stands at one place."""
    if isinstance(data, dict):
        return Tree({key: (mark, _uniform_tree(item, mark)) for key, item in data.items()}, mark)
    return Tree([_uniform_tree(item, mark) for item in data] if isinstance(data, list) else data, mark)
