"""Faults that no single field shows: names that point nowhere, circles, languages and forms that do not fit.

Works on plain data, block by block, so that a mistake in one place does not hide those in another.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from xfer.attackers.base import Attacker
from xfer.attackers.constraints import Tagged
from xfer.core.component import Component
from xfer.core.errors import spelling_hint, suggest_name
from xfer.forms.sheet import SHEET, form_facts
from xfer.models.base import Model
from xfer.models.domain.base import Head
from xfer.readers.base import Reader
from xfer.recipe.checks.attacked import attacked_faults, tagging_stage, tagging_task
from xfer.recipe.checks.augmentation import augment_faults
from xfer.recipe.checks.discriminators import domain_faults
from xfer.recipe.checks.distillation import distil_faults, option_faults
from xfer.recipe.checks.lexicons import attacker_faults
from xfer.recipe.groups import data_set_id
from xfer.trainers.base import Mixer, Trainer

_PathFault = tuple[tuple[str | int, ...], str, str]


def broken_references(data: dict[str, Any]) -> Iterator[_PathFault]:
    """(path, message, hint) of each broken reference of a recipe's plain data."""
    stages, evaluations = _as_mapping(data.get("stages")), _as_mapping(data.get("evaluate"))
    yield from _unknown_name(("start",), data.get("start"), stages, "stage")
    learnt, model = (
        {name: _learnt_readers(_as_mapping(stage)) for name, stage in stages.items()},
        _valid_component(Model, data.get("model")),
    )
    for name, stage in stages.items():
        yield from _unknown_name(("stages", name, "start"), _as_mapping(stage).get("start"), stages, "stage")
        yield from _mixer_faults(("stages", name, "mixer"), _as_mapping(stage))
        yield from _discriminator_faults(("stages", name), _as_mapping(stage))
        yield from option_faults(
            name, _valid_component(Trainer, _as_mapping(stage).get("trainer", {})), learnt[name], model
        )
    yield from distil_faults(stages, learnt)
    yield from attacked_faults(stages, learnt, data.get("source"))
    yield from augment_faults(stages, data.get("source"))
    yield from _circle_faults(stages)
    for name, evaluation in evaluations.items():
        if isinstance(evaluation, dict):  # else its shape is the fault
            yield from _stageless_faults(("evaluate", name), evaluation, data)
            yield from _evaluation_faults(("evaluate", name), evaluation, stages, data.get("source"))
    yield from _report_faults(_as_mapping(data.get("report")), evaluations, stages)
    yield from _unknown_name(("benchmark", "start"), _as_mapping(data.get("benchmark")).get("start"), stages, "stage")
    for path, reader in _training_readers(stages):
        if "train" not in reader.card.splits:
            way = reader.advice or f"it has {', '.join(reader.card.splits)}: train on another data set and test on it"
            yield path, f"reader {reader.type_name} has no train split, so no stage can train on it", way
        yield from _language_faults((*path, "languages"), reader, reader.languages, data.get("source"), "train")
        yield from _source_faults(path, reader, data.get("source"))


def _report_faults(block: dict[str, Any], evaluations: dict[str, Any], stages: dict[str, Any]) -> Iterator[_PathFault]:
    """Names of evaluations that are not there, attacked ones, and two that would share a table."""
    for field in ("compare", "baseline"):
        value, seen = block.get(field), dict[str, str]()
        for i, name in enumerate(value if isinstance(value, list | tuple) else [value]):
            path = ("report", field, i) if isinstance(value, list | tuple) else ("report", field)
            yield from _unknown_name(path, name, evaluations, "evaluation")
            evaluation = _as_mapping(evaluations.get(str(name)))
            if field == "compare" and evaluation.get("attacker"):
                yield path, "names an attacked evaluation", "attacks are measured against a clean one"
            tasks = _task_readers(_as_mapping(stages.get(str(evaluation.get("stage")))))
            task_reader = tasks.get(str(evaluation.get("task") or next(iter(tasks), "")))
            tested = _valid_component(Reader, evaluation.get("reader") or task_reader)
            if tested and (other := seen.setdefault(data_set_id(tested), str(name))) != name:
                yield path, f"'{name}' and '{other}' test one data set", "name one evaluation a data set"


def _as_mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _unknown_name(path: tuple[str | int, ...], value: Any, names: dict[str, Any], what: str) -> Iterator[_PathFault]:
    if isinstance(value, str) and value not in names:
        yield path, f"there is no {what} '{value}'", suggest_name(value, names)


def _circle_faults(stages: dict[str, Any]) -> Iterator[_PathFault]:
    for name in stages:
        seen, current = [name], _as_mapping(stages[name]).get("start")
        while isinstance(current, str) and current in stages and current not in seen:
            seen.append(current)
            current = _as_mapping(stages[current]).get("start")
        if current == name:
            yield (
                ("stages", name, "start"),
                f"goes in a circle: {' -> '.join([*seen, name])}",
                "start one from the model",
            )


def _mixer_faults(path: tuple[str | int, ...], stage: dict[str, Any]) -> Iterator[_PathFault]:
    mixer = _valid_component(Mixer, stage.get("mixer"))
    for inner, what, hint in mixer.find_faults(_task_readers(stage)) if mixer else ():
        yield (*path, *inner), what, hint


def _discriminator_faults(path: tuple[str | int, ...], stage: dict[str, Any]) -> Iterator[_PathFault]:
    mixer = _valid_component(Mixer, stage.get("mixer", {}))
    raw = {name: _as_mapping(_as_mapping(stage.get("tasks")).get(name)).get("head") for name in _task_readers(stage)}
    heads = {name: _valid_component(Head, head) for name, head in raw.items() if head is not None}
    readers = {name: _valid_component(Reader, reader) for name, reader in _task_readers(stage).items()}
    yield from domain_faults(path, readers, heads, mixer is None or mixer.together)


def _learnt_readers(stage: dict[str, Any]) -> dict[str, Any]:
    """The readers of the tasks that learn labels."""
    return {
        name: _valid_component(Reader, raw)
        for name, raw in _task_readers(stage).items()
        if name not in _discriminator_tasks(stage)
    }


def _discriminator_tasks(stage: dict[str, Any]) -> set[str]:
    """The tasks with a discriminator."""
    return {name for name, task in _as_mapping(stage.get("tasks")).items() if _as_mapping(task).get("head") is not None}


def _task_readers(stage: dict[str, Any]) -> dict[str, Any]:
    if "tasks" in stage:
        readers = {name: _as_mapping(task).get("reader") for name, task in _as_mapping(stage["tasks"]).items()}
        return dict(sorted(readers.items(), key=lambda item: item[0] in _discriminator_tasks(stage)))
    reader = stage.get("reader")
    return {str(_as_mapping(reader).get("type") or reader).rpartition(":")[2]: reader} if reader is not None else {}


def _training_readers(stages: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], Reader]]:
    for name, stage in stages.items():
        for task, raw in _task_readers(_as_mapping(stage)).items():
            reader = _valid_component(Reader, raw)
            if reader:
                inner = ("tasks", task, "reader") if "tasks" in stage else ("reader",)
                yield ("stages", name, *inner), reader


def _valid_component(kind: type[Component], raw: Any) -> Any:
    """The component, or None where its own validation already reports what is wrong."""
    try:
        return kind.model_validate(raw) if raw is not None else None
    except ValidationError:
        return None


def _evaluation_faults(
    path: tuple[str, ...], block: dict[str, Any], stages: dict[str, Any], source: Any
) -> Iterator[_PathFault]:
    yield from _unknown_name((*path, "stage"), block.get("stage"), stages, "stage")
    stage = _as_mapping(stages.get(str(block.get("stage"))))
    tasks = _task_readers(stage)
    if stage:
        yield from _unknown_name((*path, "task"), block.get("task"), tasks, "task")
    if isinstance(block.get("task"), str) and block["task"] in _discriminator_tasks(stage):
        what = f"task '{block['task']}' has a discriminator: its accuracy is in the report without an evaluation"
        yield (*path, "task"), what, "name a task that learns labels"
        return
    task_name = block.get("task") or next(iter(tasks), "")
    trained = _valid_component(Reader, tasks.get(str(task_name)))
    reader = _valid_component(Reader, block["reader"]) if "reader" in block else trained
    if "reader" in block and reader:
        yield from _source_faults((*path, "reader"), reader, source)
        yield from _training_languages((*path, "reader", "languages"), reader)
    if reader:
        yield from _split_faults(path, block, reader, trained)
        yield from _language_faults(
            (*path, "languages"), reader, block.get("languages", "all"), source, block.get("split", "test")
        )
    if block.get("smoothing") is not None and reader and not form_facts(reader.form).single_answer:
        what = f"smoothing votes on one answer a row, which form {reader.form} has not"
        yield (
            (*path, "smoothing"),
            what,
            f"it fits {' and '.join(name for name, facts in SHEET.items() if facts.single_answer)}",
        )
    attacker = _valid_component(Attacker, block.get("attacker"))
    if attacker and reader:
        offered = reader.offered_languages(_origin_of(reader, source), block.get("split", "test"))
        languages = offered if block.get("languages", "all") == "all" else block["languages"]
        languages = languages if isinstance(languages, list | tuple) else ()
        for field, what, hint in attacker_faults(attacker, reader, languages, _origin_of(reader, source)):
            yield (*path, "attacker", *filter(None, field.split("."))), what, hint
        yield from _tagger_faults(
            (*path, "attacker", "constraints", "part_of_speech", "tagger"), tagging_stage(attacker), stages
        )


def _tagger_faults(path: tuple[str, ...], tagging: Tagged | None, stages: dict[str, Any]) -> Iterator[_PathFault]:
    """What stands against the stage that an attacker asks for parts of speech."""
    if tagging is None:
        return
    yield from _unknown_name((*path, "stage"), tagging.stage, stages, "stage")
    if tagging.stage in stages:
        learnt = _learnt_readers(_as_mapping(stages[tagging.stage]))
        if None not in learnt.values() and not tagging_task(tagging, learnt)[0]:
            what = f"stage '{tagging.stage}' has learnt no task {tagging.task or ''}".rstrip() + " of form tag"
            yield (*path, "task" if tagging.task else "stage"), what, "name a stage that trains on udpos, for example"


def _origin_of(reader: Reader, source: Any) -> Any:
    return "miniature" if source == "miniature" else reader.source or source or "hub"


def _stageless_faults(path: tuple[str, ...], block: dict[str, Any], data: dict[str, Any]) -> Iterator[_PathFault]:
    """What stands against an evaluation without a stage."""
    if block.get("stage") is not None:
        return
    if block.get("reader") is None:
        spelling = spelling_hint(path[-1], data["evaluate"].keys() - {path[-1]})
        yield path, "names neither a stage nor a reader", spelling or "add the stage to test, or a reader of retrieval"
        return
    reader, model = _valid_component(Reader, block["reader"]), _valid_component(Model, data.get("model"))
    if reader and not form_facts(reader.form).searches_pool:
        yield (*path, "reader"), f"form {reader.form} needs a head, which no stage has trained", "add stage: ..."
    elif reader and model and not model.trained and data.get("start") is None:
        what = f"model {model.type_name} has random weights, so there is nothing to test"
        yield path, what, "add the stage to test, or name a stage in the recipe's start"
    if block.get("task") is not None:
        yield (*path, "task"), "belongs to a stage, and none is named", "add stage: ..., or leave it out"


def _source_faults(path: tuple[str, ...], reader: Reader, source: Any) -> Iterator[_PathFault]:
    origin = _origin_of(reader, source)
    if origin in ("hub", "mirror", "miniature") and origin not in reader.sources:
        ways = " or ".join(f"source: {way}" for way in reader.sources)
        yield path, f"reader {reader.type_name} cannot read from source {origin}", f"it needs {ways}"
    inner = getattr(reader, "of", None)
    if isinstance(inner, Reader) and origin in ("hub", "mirror", "miniature"):
        yield from _source_faults((*path, "of"), inner, origin)


def _split_faults(
    path: tuple[str, ...], block: dict[str, Any], reader: Reader, trained: Reader | None
) -> Iterator[_PathFault]:
    split = block.get("split", "test")
    key = "split" if "split" in block else "reader" if "reader" in block else "stage"
    labelled = [name for name in ("test", "dev") if name in reader.card.splits and name not in reader.unlabelled]
    hint = f"say split: {labelled[0]}" if labelled else f"it has {', '.join(reader.card.splits)}"
    if split in ("train", "dev", "test") and split not in reader.card.splits:
        yield (*path, key), f"reader {reader.type_name} has no {split} split", hint
    elif split in reader.unlabelled:
        what = f"the {split} labels of reader {reader.type_name} are withheld, so nothing can be scored there"
        yield (*path, key), what, hint
    differs = trained and (reader.form, reader.label_names()) != (trained.form, trained.label_names())
    if differs and "reader" in block and not form_facts(reader.form).searches_pool:
        what = f"reader {reader.type_name} has another form or other labels than the stage was trained on"
        yield (*path, "reader"), what, "test a stage on the form and labels it learnt"


def _training_languages(path: tuple[str, ...], reader: Reader) -> Iterator[_PathFault]:
    """What stands against an evaluation's reader that names languages to train on, where nothing can train on it."""
    trains = "train" in reader.card.splits and not form_facts(reader.form).searches_pool
    if not trains and reader.languages != type(reader).model_fields["languages"].default:
        what = f"name what a stage trains on, and none trains on {reader.type_name} here: they do nothing"
        yield path, what, "say the languages to test beside reader, not in it"


def _language_faults(
    path: tuple[str, ...], reader: Reader, languages: Any, source: Any, split: str
) -> Iterator[_PathFault]:
    offered = reader.known_languages(split)
    if not offered or not isinstance(languages, list | tuple):
        return
    if reader.any_language and "mirror" in (reader.source, source) and getattr(reader, "of", None) is None:
        return
    for i, language in enumerate(languages):
        if isinstance(language, str) and language not in offered:
            hint = (
                suggest_name(language, offered)
                if len(offered) < 20
                else f"'xfer show reader {reader.type_name}' lists them"
            )
            yield (*path, i), f"reader {reader.type_name} has no {split} data in '{language}'", hint
