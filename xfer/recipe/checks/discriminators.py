"""What a recipe says of discriminators: what stands against them, and what the graph and the report need to know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from xfer.core.errors import suggest_name
from xfer.core.yaml import KeyPath
from xfer.forms.sheet import form_facts
from xfer.models.domain.base import Head
from xfer.readers.base import Reader
from xfer.recipe.partial import PartialRecipe, PathFault


def conditioning_task(head: Head, forms: Mapping[str, str]) -> str | None:
    """The task whose class probabilities a head sees, from the forms of the tasks that learn labels; None if none."""
    wanted = getattr(head, "task", None)
    tasks = [name for name, form in forms.items() if _gives_classes(form, head) and wanted in (None, name)]
    return tasks[0] if head.conditional and tasks else None


def _gives_classes(form: str, head: Head) -> bool:
    """Whether a task of this form has class probabilities of what the head judges: rows, or subwords."""
    facts = form_facts(form)
    return facts.classifies_rows or facts.tags_words and head.states == "tokens"


def domain_faults(recipe: PartialRecipe) -> Iterator[PathFault]:
    """What stands against the discriminators of a recipe's stages."""
    for stage in recipe.stages.values():
        judges = {name: task for name, task in stage.tasks.items() if task.has_head}
        for name, task in judges.items():
            path = (*task.path, "head")
            if len(judges) == len(stage.tasks):
                yield path, "no task of the stage learns labels", "add a task without head beside it"
            if stage.mixer and not stage.mixer.together:
                yield path, "a discriminator needs every step to train all tasks", "add mixer: joint to the stage"
            if task.reader and task.head:
                yield from _column_faults(task.path, task.reader, task.head)
            if task.head and task.head.conditional:
                forms = {name: reader.form for name, reader in stage.learnt_readers.items() if reader}
                yield from _condition_faults(path, task.head, forms)


def _column_faults(path: KeyPath, reader: Reader, head: Head) -> Iterator[PathFault]:
    """A column that the rows do not have, or in which all are alike."""
    columns = form_facts(reader.form).domain_columns
    if head.of not in columns:
        what = f"rows of form {reader.form} have no column '{head.of}' to tell apart"
        yield (*path, "head", "of"), what, suggest_name(head.of, columns)
    languages = reader.card.train_languages if reader.languages == "all" else reader.languages
    if head.of == "language" and len(languages) == 1:
        what = f"'{languages[0]}' alone cannot be told apart from anything"
        yield (*path, "reader", "languages"), what, "name two languages or more"


def _condition_faults(path: KeyPath, head: Head, forms: Mapping[str, str]) -> Iterator[PathFault]:
    """A head that sees class probabilities of tasks, where those of its stage (``forms``) give none."""
    wanted = getattr(head, "task", None)
    if wanted is not None and wanted not in forms:
        yield (*path, "task"), f"the stage has no task '{wanted}' that learns labels", suggest_name(wanted, forms)
    elif forms and conditioning_task(head, forms) is None:
        what = f"task '{wanted}' gives" if wanted else "the tasks of the stage give"
        hint = "form classify has one a row; form tag has one a subword, with states: tokens"
        yield path, f"{what} no class probabilities of what is judged", hint
