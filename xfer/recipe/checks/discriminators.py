"""What a recipe says of discriminators: what stands against them, and what the graph and the report need to know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from xfer.core.errors import suggest
from xfer.models.domain.base import COLUMNS, Head
from xfer.readers.base import Reader

Found = tuple[tuple[str | int, ...], str, str]


def conditions(head: Head, forms: Mapping[str, str]) -> str | None:
    """The task whose class probabilities a head sees, from the forms of the tasks that learn labels; None if none."""
    fitting = ("classify", "tag") if head.states == "tokens" else ("classify",)
    wanted = getattr(head, "task", None)
    found = [name for name, form in forms.items() if form in fitting and wanted in (None, name)]
    return found[0] if head.conditional and found else None


def domain_faults(
    path: tuple[str | int, ...], readers: Mapping[str, Reader | None], heads: Mapping[str, Head | None], joint: bool
) -> Iterator[Found]:
    """What stands against the discriminators of a stage. ``heads`` are those of the tasks that have one; a reader or
    head that is faulty by itself is None."""
    forms = {name: reader.form for name, reader in readers.items() if reader and name not in heads}
    for name, head in heads.items():
        here = (*path, "tasks", name, "head")
        if len(heads) == len(readers):
            yield here, "no task of the stage learns labels", "add a task without head beside it"
        if not joint:
            yield here, "a discriminator needs every step to train all tasks", "add mixer: joint to the stage"
        reader = readers[name]
        if reader and head:
            yield from _column(here, (*path, "tasks", name, "reader", "languages"), reader, head)
        if head and head.conditional:
            yield from _conditions(here, head, forms)


def _column(here: tuple[str | int, ...], place: tuple[str | int, ...], reader: Reader, head: Head) -> Iterator[Found]:
    known = COLUMNS[reader.form]
    if head.of not in known:
        what = f"rows of form {reader.form} have no column '{head.of}' to tell apart"
        yield (*here, "of"), what, suggest(head.of, known)
    asked = reader.card.train_languages if reader.languages == "all" else reader.languages
    if head.of == "language" and len(asked) == 1:
        yield place, f"'{asked[0]}' alone cannot be told apart from anything", "name two languages or more"


def _conditions(here: tuple[str | int, ...], head: Head, forms: Mapping[str, str]) -> Iterator[Found]:
    wanted = getattr(head, "task", None)
    if wanted is not None and wanted not in forms:
        yield (*here, "task"), f"the stage has no task '{wanted}' that learns labels", suggest(wanted, forms)
    elif forms and conditions(head, forms) is None:
        what = f"task '{wanted}' gives" if wanted else "the tasks of the stage give"
        way = "form classify has one a row; form tag has one a subword, with states: tokens"
        yield here, f"{what} no class probabilities of what is judged", way
