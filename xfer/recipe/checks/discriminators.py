"""What a recipe says of discriminators: what stands against them, and what the graph and the report need to know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from xfer.core.errors import suggest_name
from xfer.forms.sheet import form_facts
from xfer.models.domain.base import Head
from xfer.readers.base import Reader

_PathFault = tuple[tuple[str | int, ...], str, str]


def conditioning_task(head: Head, forms: Mapping[str, str]) -> str | None:
    """The task whose class probabilities a head sees, from the forms of the tasks that learn labels; None if none."""
    wanted = getattr(head, "task", None)
    tasks = [name for name, form in forms.items() if _gives_classes(form, head) and wanted in (None, name)]
    return tasks[0] if head.conditional and tasks else None


def _gives_classes(form: str, head: Head) -> bool:
    """Whether a task of this form has class probabilities of what the head judges: rows, or subwords."""
    facts = form_facts(form)
    return facts.classifies_rows or facts.tags_words and head.states == "tokens"


def domain_faults(
    path: tuple[str | int, ...], readers: Mapping[str, Reader | None], heads: Mapping[str, Head | None], joint: bool
) -> Iterator[_PathFault]:
    """What stands against the discriminators of a stage. ``heads`` are those of the tasks that have one; a reader or
    head that is faulty by itself is None."""
    forms = {name: reader.form for name, reader in readers.items() if reader and name not in heads}
    for name, head in heads.items():
        head_path = (*path, "tasks", name, "head")
        if len(heads) == len(readers):
            yield head_path, "no task of the stage learns labels", "add a task without head beside it"
        if not joint:
            yield head_path, "a discriminator needs every step to train all tasks", "add mixer: joint to the stage"
        reader = readers[name]
        if reader and head:
            yield from _column_faults(head_path, (*path, "tasks", name, "reader", "languages"), reader, head)
        if head and head.conditional:
            yield from _condition_faults(head_path, head, forms)


def _column_faults(
    head_path: tuple[str | int, ...], languages_path: tuple[str | int, ...], reader: Reader, head: Head
) -> Iterator[_PathFault]:
    columns = form_facts(reader.form).domain_columns
    if head.of not in columns:
        what = f"rows of form {reader.form} have no column '{head.of}' to tell apart"
        yield (*head_path, "of"), what, suggest_name(head.of, columns)
    languages = reader.card.train_languages if reader.languages == "all" else reader.languages
    if head.of == "language" and len(languages) == 1:
        yield languages_path, f"'{languages[0]}' alone cannot be told apart from anything", "name two languages or more"


def _condition_faults(head_path: tuple[str | int, ...], head: Head, forms: Mapping[str, str]) -> Iterator[_PathFault]:
    wanted = getattr(head, "task", None)
    if wanted is not None and wanted not in forms:
        yield (*head_path, "task"), f"the stage has no task '{wanted}' that learns labels", suggest_name(wanted, forms)
    elif forms and conditioning_task(head, forms) is None:
        what = f"task '{wanted}' gives" if wanted else "the tasks of the stage give"
        hint = "form classify has one a row; form tag has one a subword, with states: tokens"
        yield head_path, f"{what} no class probabilities of what is judged", hint
