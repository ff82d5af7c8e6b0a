"""What stands against an evaluation: its stage, task, reader, split, languages and attacker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import get_args

from xfer.attackers.base import Attacker
from xfer.core.errors import spelling_hint
from xfer.core.yaml import KeyPath
from xfer.forms.sheet import CLASSIFY, SHEET, form_facts
from xfer.readers.base import Reader, Split
from xfer.recipe.checks.attacked import tagging_stage, tagging_task
from xfer.recipe.checks.lexicons import attacker_faults
from xfer.recipe.checks.names import unknown_name
from xfer.recipe.checks.rows import language_faults, source_faults
from xfer.recipe.partial import PartialEvaluation, PartialRecipe, PathFault
from xfer.recipe.rules import same_labels


def evaluation_faults(recipe: PartialRecipe) -> Iterator[PathFault]:
    """What stands against the evaluations of a recipe."""
    for name, evaluation in recipe.evaluations.items():
        if evaluation:
            yield from _stageless_faults(name, evaluation, recipe)
            yield from _tested_stage_faults(evaluation, recipe)
            if not _tests_discriminator(evaluation, recipe):
                yield from _reader_faults(evaluation, recipe)


def _stageless_faults(name: str, evaluation: PartialEvaluation, recipe: PartialRecipe) -> Iterator[PathFault]:
    """What stands against an evaluation without a stage."""
    path, reader, model = evaluation.path, evaluation.reader, recipe.model
    if evaluation.stage is not None:
        return
    if not evaluation.has_reader:
        spelling = spelling_hint(name, recipe.evaluations.keys() - {name})
        yield path, "names neither a stage nor a reader", spelling or "add the stage to test, or a reader of retrieval"
        return
    if reader and not form_facts(reader.form).searches_pool and not evaluation.has_probe:
        yield (*path, "reader"), f"form {reader.form} needs a head, which no stage has trained", "add stage: ..."
    elif reader and model and not model.trained and recipe.start is None:
        what = f"model {model.type_name} has random weights, so there is nothing to test"
        yield path, what, "add the stage to test, or name a stage in the recipe's start"
    if evaluation.task is not None:
        yield (*path, "task"), "belongs to a stage, and none is named", "add stage: ..., or leave it out"


def _tested_stage_faults(evaluation: PartialEvaluation, recipe: PartialRecipe) -> Iterator[PathFault]:
    """A stage that is not there, or a task that it does not have or that has no answers."""
    path, stage = evaluation.path, recipe.stages.get(evaluation.stage or "")
    yield from unknown_name((*path, "stage"), evaluation.stage, recipe.stages, "stage")
    if stage and stage.fields:
        yield from unknown_name((*path, "task"), evaluation.task, stage.tasks, "task")
    if _tests_discriminator(evaluation, recipe):
        what = f"task '{evaluation.task}' has a discriminator: its accuracy is in the report without an evaluation"
        yield (*path, "task"), what, "name a task that learns labels"


def _tests_discriminator(evaluation: PartialEvaluation, recipe: PartialRecipe) -> bool:
    stage = recipe.stages.get(evaluation.stage or "")
    task = stage.tasks.get(evaluation.task or "") if stage else None
    return task is not None and task.has_head


def _reader_faults(evaluation: PartialEvaluation, recipe: PartialRecipe) -> Iterator[PathFault]:
    """What stands against the rows that an evaluation tests on."""
    path, reader = evaluation.path, recipe.tested_reader(evaluation)
    if reader is None:
        return
    if evaluation.has_reader:
        yield from source_faults((*path, "reader"), reader, recipe)
        yield from _useless_languages((*path, "reader", "languages"), reader)
    yield from _split_faults(evaluation, reader)
    yield from _label_faults(evaluation, reader, recipe.trained_reader(evaluation))
    yield from language_faults((*path, "languages"), reader, evaluation.languages, recipe, evaluation.split)
    if evaluation.has_smoothing and not form_facts(reader.form).single_answer:
        what = f"smoothing votes on one answer a row, which form {reader.form} has not"
        fitting = [name for name, facts in SHEET.items() if facts.single_answer]
        yield (*path, "smoothing"), what, f"it fits {' and '.join(fitting)}"
    yield from _probe_faults(evaluation, reader)
    if evaluation.attacker:
        source = recipe.source_of(reader)
        offered = reader.offered_languages(source, evaluation.split)
        languages: Sequence[str] = offered if evaluation.languages == "all" else evaluation.languages
        yield from attacker_faults((*path, "attacker"), evaluation.attacker, reader, languages, source)
        yield from _tagger_faults((*path, "attacker"), evaluation.attacker, recipe)


def _probe_faults(evaluation: PartialEvaluation, reader: Reader) -> Iterator[PathFault]:
    """What stands against a linear probe: rows that it cannot learn from, or answers that it does not give."""
    if not evaluation.has_probe:
        return
    if reader.form != CLASSIFY.name or not {"train", evaluation.split} <= {*reader.card.splits}:
        what = f"a probe learns labels of texts from a train split, which reader {reader.type_name} does not have"
        yield (*evaluation.path, "probe"), what, "name a reader of form classify with one, such as language"
    elif evaluation.split == "train":
        yield (*evaluation.path, "split"), "a probe learns from the train split", "test it on another"
    if evaluation.has_smoothing:
        yield (*evaluation.path, "smoothing"), "votes of a head, and a probe has none", "leave one of them out"
    if evaluation.attacker and evaluation.attacker.searches:
        yield (*evaluation.path, "attacker"), "searches for what hurts a head, and a probe has none", "leave it out"


def _useless_languages(path: KeyPath, reader: Reader) -> Iterator[PathFault]:
    """Languages to train on, in an evaluation's reader that nothing can train on."""
    trains = "train" in reader.card.splits and not form_facts(reader.form).searches_pool
    if not trains and reader.languages != type(reader).model_fields["languages"].default:
        what = f"name what a stage trains on, and none trains on {reader.type_name} here: they do nothing"
        yield path, what, "say the languages to test beside reader, not in it"


def _split_faults(evaluation: PartialEvaluation, reader: Reader) -> Iterator[PathFault]:
    """A split that is not there, or whose labels nobody has."""
    split, card = evaluation.split, reader.card
    key = "split" if "split" in evaluation.fields else "reader" if evaluation.has_reader else "stage"
    labelled = [name for name in ("test", "dev") if name in card.splits and name not in reader.unlabelled]
    hint = f"say split: {labelled[0]}" if labelled else f"it has {', '.join(card.splits)}"
    if split in get_args(Split) and split not in card.splits:
        yield (*evaluation.path, key), f"reader {reader.type_name} has no {split} split", hint
    elif split in reader.unlabelled:
        what = f"the {split} labels of reader {reader.type_name} are withheld, so nothing can be scored there"
        yield (*evaluation.path, key), what, hint


def _label_faults(evaluation: PartialEvaluation, reader: Reader, trained: Reader | None) -> Iterator[PathFault]:
    """A reader of an evaluation's own with labels that the head of its stage does not give."""
    if trained is None or not evaluation.has_reader or form_facts(reader.form).searches_pool or evaluation.has_probe:
        return
    if not same_labels(reader, trained):
        what = f"reader {reader.type_name} has another form or other labels than the stage was trained on"
        yield (*evaluation.path, "reader"), what, "test a stage on the form and labels it learnt"


def _tagger_faults(path: KeyPath, attacker: Attacker, recipe: PartialRecipe) -> Iterator[PathFault]:
    """What stands against the stage that an attacker asks for parts of speech."""
    tagging = tagging_stage(attacker)
    if tagging is None:
        return
    path = (*path, "constraints", "part_of_speech", "tagger")
    yield from unknown_name((*path, "stage"), tagging.stage, recipe.stages, "stage")
    if tagging.stage in recipe.stages:
        learnt = recipe.learnt_readers(tagging.stage)
        if None not in learnt.values() and not tagging_task(tagging, learnt)[0]:
            what = f"stage '{tagging.stage}' has learnt no task {tagging.task or ''}".rstrip() + " of form tag"
            yield (*path, "task" if tagging.task else "stage"), what, "name a stage that trains on udpos, for example"
