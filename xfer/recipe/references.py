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
from xfer.core.errors import nearest, suggest
from xfer.models.base import Model
from xfer.models.domain.base import Head
from xfer.models.smoothing.settings import Vote
from xfer.readers.base import Reader
from xfer.recipe.checks.attacked import attacked_faults, tagging, tagging_task
from xfer.recipe.checks.augmentation import augment_faults
from xfer.recipe.checks.discriminators import domain_faults
from xfer.recipe.checks.distillation import distil_faults, option_faults
from xfer.recipe.checks.lexicons import attacker_faults
from xfer.recipe.groups import data_set
from xfer.trainers.base import Mixer, Trainer

Found = tuple[tuple[str | int, ...], str, str]


def references(data: dict[str, Any]) -> Iterator[Found]:
    """(path, message, hint) of each broken reference of a recipe's plain data."""
    stages, evaluations = _block(data.get("stages")), _block(data.get("evaluate"))
    yield from _names(("start",), data.get("start"), stages, "stage")
    learnt, model = {name: _learnt(_block(stage)) for name, stage in stages.items()}, _build(Model, data.get("model"))
    for name, stage in stages.items():
        yield from _names(("stages", name, "start"), _block(stage).get("start"), stages, "stage")
        yield from _mixed(("stages", name, "mixer"), _block(stage))
        yield from _domains(("stages", name), _block(stage))
        yield from option_faults(name, _build(Trainer, _block(stage).get("trainer", {})), learnt[name], model)
    yield from distil_faults(stages, learnt)
    yield from attacked_faults(stages, learnt, data.get("source"))
    yield from augment_faults(stages, data.get("source"))
    yield from _circles(stages)
    for name, evaluation in evaluations.items():
        if isinstance(evaluation, dict):  # else its shape is the fault
            yield from _untrained(("evaluate", name), evaluation, data)
            yield from _evaluation(("evaluate", name), evaluation, stages, data.get("source"))
    yield from _report(_block(data.get("report")), evaluations, stages)
    yield from _names(("benchmark", "start"), _block(data.get("benchmark")).get("start"), stages, "stage")
    for path, reader in _readers(stages):
        if "train" not in reader.card.splits:
            way = reader.advice or f"it has {', '.join(reader.card.splits)}: train on another data set and test on it"
            yield path, f"reader {reader.type_name} has no train split, so no stage can train on it", way
        yield from _languages((*path, "languages"), reader, reader.languages, data.get("source"), "train")
        yield from _source(path, reader, data.get("source"))


def _report(block: dict[str, Any], evaluations: dict[str, Any], stages: dict[str, Any]) -> Iterator[Found]:
    """Names of evaluations that are not there, attacked ones, and two that would share a table."""
    for field in ("compare", "baseline"):
        value, seen = block.get(field), dict[str, str]()
        for i, name in enumerate(value if isinstance(value, list | tuple) else [value]):
            path = ("report", field, i) if isinstance(value, list | tuple) else ("report", field)
            yield from _names(path, name, evaluations, "evaluation")
            found = _block(evaluations.get(str(name)))
            if field == "compare" and found.get("attacker"):
                yield path, "names an attacked evaluation", "attacks are measured against a clean one"
            tasks = _tasks(_block(stages.get(str(found.get("stage")))))
            own = tasks.get(str(found.get("task") or next(iter(tasks), "")))
            tested = _build(Reader, found.get("reader") or own)
            if tested and (other := seen.setdefault(data_set(tested), str(name))) != name:
                yield path, f"'{name}' and '{other}' test one data set", "name one evaluation a data set"


def _block(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _names(path: tuple[str | int, ...], value: Any, known: dict[str, Any], what: str) -> Iterator[Found]:
    if isinstance(value, str) and value not in known:
        yield path, f"there is no {what} '{value}'", suggest(value, known)


def _circles(stages: dict[str, Any]) -> Iterator[Found]:
    for name in stages:
        seen, here = [name], _block(stages[name]).get("start")
        while isinstance(here, str) and here in stages and here not in seen:
            seen.append(here)
            here = _block(stages[here]).get("start")
        if here == name:
            yield (
                ("stages", name, "start"),
                f"goes in a circle: {' -> '.join([*seen, name])}",
                "start one from the model",
            )


def _mixed(path: tuple[str | int, ...], stage: dict[str, Any]) -> Iterator[Found]:
    mixer = _build(Mixer, stage.get("mixer"))
    for inner, what, hint in mixer.faults(_tasks(stage)) if mixer else ():
        yield (*path, *inner), what, hint


def _domains(path: tuple[str | int, ...], stage: dict[str, Any]) -> Iterator[Found]:
    mixer = _build(Mixer, stage.get("mixer", {}))
    raw = {name: _block(_block(stage.get("tasks")).get(name)).get("head") for name in _tasks(stage)}
    heads = {name: _build(Head, head) for name, head in raw.items() if head is not None}
    readers = {name: _build(Reader, reader) for name, reader in _tasks(stage).items()}
    yield from domain_faults(path, readers, heads, mixer is None or mixer.together)


def _learnt(stage: dict[str, Any]) -> dict[str, Any]:
    """The readers of the tasks that learn labels."""
    return {name: _build(Reader, raw) for name, raw in _tasks(stage).items() if name not in _headed(stage)}


def _headed(stage: dict[str, Any]) -> set[str]:
    """The tasks with a discriminator."""
    return {name for name, task in _block(stage.get("tasks")).items() if _block(task).get("head") is not None}


def _tasks(stage: dict[str, Any]) -> dict[str, Any]:
    if "tasks" in stage:
        found = {name: _block(task).get("reader") for name, task in _block(stage["tasks"]).items()}
        return dict(sorted(found.items(), key=lambda item: item[0] in _headed(stage)))
    reader = stage.get("reader")
    return {str(_block(reader).get("type") or reader).rpartition(":")[2]: reader} if reader is not None else {}


def _readers(stages: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], Reader]]:
    for name, stage in stages.items():
        for task, raw in _tasks(_block(stage)).items():
            reader = _build(Reader, raw)
            if reader:
                inner = ("tasks", task, "reader") if "tasks" in stage else ("reader",)
                yield ("stages", name, *inner), reader


def _build(kind: type[Component], raw: Any) -> Any:
    """The component, or None where its own validation already reports what is wrong."""
    try:
        return kind.model_validate(raw) if raw is not None else None
    except ValidationError:
        return None


def _evaluation(path: tuple[str, ...], block: dict[str, Any], stages: dict[str, Any], source: Any) -> Iterator[Found]:
    yield from _names((*path, "stage"), block.get("stage"), stages, "stage")
    stage = _block(stages.get(str(block.get("stage"))))
    tasks = _tasks(stage)
    if stage:
        yield from _names((*path, "task"), block.get("task"), tasks, "task")
    if isinstance(block.get("task"), str) and block["task"] in _headed(stage):
        what = f"task '{block['task']}' has a discriminator: its accuracy is in the report without an evaluation"
        yield (*path, "task"), what, "name a task that learns labels"
        return
    asked = block.get("task") or next(iter(tasks), "")
    trained = _build(Reader, tasks.get(str(asked)))
    reader = _build(Reader, block["reader"]) if "reader" in block else trained
    if "reader" in block and reader:
        yield from _source((*path, "reader"), reader, source)
        yield from _training_languages((*path, "reader", "languages"), reader)
    if reader:
        yield from _fits(path, block, reader, trained)
        yield from _languages(
            (*path, "languages"), reader, block.get("languages", "all"), source, block.get("split", "test")
        )
    if block.get("smoothing") is not None and reader and reader.form not in Vote.FORMS:
        what = f"smoothing votes on one answer a row, which form {reader.form} has not"
        yield (*path, "smoothing"), what, f"it fits {' and '.join(Vote.FORMS)}"
    attacker = _build(Attacker, block.get("attacker"))
    if attacker and reader:
        offered = reader.offered(_origin(reader, source), block.get("split", "test"))
        languages = offered if block.get("languages", "all") == "all" else block["languages"]
        languages = languages if isinstance(languages, list | tuple) else ()
        for field, what, hint in attacker_faults(attacker, reader, languages, _origin(reader, source)):
            yield (*path, "attacker", *filter(None, field.split("."))), what, hint
        yield from _tagger((*path, "attacker", "constraints", "part_of_speech", "tagger"), tagging(attacker), stages)


def _tagger(path: tuple[str, ...], named: Tagged | None, stages: dict[str, Any]) -> Iterator[Found]:
    """What stands against the stage that an attacker asks for parts of speech."""
    if named is None:
        return
    yield from _names((*path, "stage"), named.stage, stages, "stage")
    if named.stage in stages:
        learnt = _learnt(_block(stages[named.stage]))
        if None not in learnt.values() and not tagging_task(named, learnt)[0]:
            what = f"stage '{named.stage}' has learnt no task {named.task or ''}".rstrip() + " of form tag"
            yield (*path, "task" if named.task else "stage"), what, "name a stage that trains on udpos, for example"


def _origin(reader: Reader, source: Any) -> Any:
    return "miniature" if source == "miniature" else reader.source or source or "hub"


def _untrained(path: tuple[str, ...], block: dict[str, Any], data: dict[str, Any]) -> Iterator[Found]:
    """What stands against an evaluation without a stage."""
    if block.get("stage") is not None:
        return
    if block.get("reader") is None:
        near = nearest(path[-1], data["evaluate"].keys() - {path[-1]})
        yield path, "names neither a stage nor a reader", near or "add the stage to test, or a reader of retrieval"
        return
    reader, model = _build(Reader, block["reader"]), _build(Model, data.get("model"))
    if reader and reader.form != "retrieve":
        yield (*path, "reader"), f"form {reader.form} needs a head, which no stage has trained", "add stage: ..."
    elif reader and model and not model.trained and data.get("start") is None:
        what = f"model {model.type_name} has random weights, so there is nothing to test"
        yield path, what, "add the stage to test, or name a stage in the recipe's start"
    if block.get("task") is not None:
        yield (*path, "task"), "belongs to a stage, and none is named", "add stage: ..., or leave it out"


def _source(path: tuple[str, ...], reader: Reader, source: Any) -> Iterator[Found]:
    here = _origin(reader, source)
    if here in ("hub", "mirror", "miniature") and here not in reader.sources:
        ways = " or ".join(f"source: {way}" for way in reader.sources)
        yield path, f"reader {reader.type_name} cannot read from source {here}", f"it needs {ways}"
    inner = getattr(reader, "of", None)
    if isinstance(inner, Reader) and here in ("hub", "mirror", "miniature"):
        yield from _source((*path, "of"), inner, here)


def _fits(path: tuple[str, ...], block: dict[str, Any], reader: Reader, trained: Reader | None) -> Iterator[Found]:
    split = block.get("split", "test")
    where = "split" if "split" in block else "reader" if "reader" in block else "stage"
    labelled = [name for name in ("test", "dev") if name in reader.card.splits and name not in reader.unlabelled]
    way = f"say split: {labelled[0]}" if labelled else f"it has {', '.join(reader.card.splits)}"
    if split in ("train", "dev", "test") and split not in reader.card.splits:
        yield (*path, where), f"reader {reader.type_name} has no {split} split", way
    elif split in reader.unlabelled:
        what = f"the {split} labels of reader {reader.type_name} are withheld, so nothing can be scored there"
        yield (*path, where), what, way
    other = trained and (reader.form, reader.label_names()) != (trained.form, trained.label_names())
    if other and "reader" in block and reader.form != "retrieve":
        what = f"reader {reader.type_name} has another form or other labels than the stage was trained on"
        yield (*path, "reader"), what, "test a stage on the form and labels it learnt"


def _training_languages(path: tuple[str, ...], reader: Reader) -> Iterator[Found]:
    """What stands against an evaluation's reader that names languages to train on, where nothing can train on it."""
    trains = "train" in reader.card.splits and reader.form != "retrieve"
    if not trains and reader.languages != type(reader).model_fields["languages"].default:
        what = f"name what a stage trains on, and none trains on {reader.type_name} here: they do nothing"
        yield path, what, "say the languages to test beside reader, not in it"


def _languages(path: tuple[str, ...], reader: Reader, asked: Any, source: Any, split: str) -> Iterator[Found]:
    known = reader.known_languages(split)
    if not known or not isinstance(asked, list | tuple):
        return
    if reader.any_language and "mirror" in (reader.source, source) and getattr(reader, "of", None) is None:
        return
    for i, language in enumerate(asked):
        if isinstance(language, str) and language not in known:
            hint = suggest(language, known) if len(known) < 20 else f"'xfer show reader {reader.type_name}' lists them"
            yield (*path, i), f"reader {reader.type_name} has no {split} data in '{language}'", hint
