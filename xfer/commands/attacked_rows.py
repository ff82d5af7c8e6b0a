"""What ``xfer attack`` is given and what comes of it: rows, an attacker, and each row before and after."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

if TYPE_CHECKING:
    from xfer.attackers.base import ModelFree
    from xfer.attackers.changes import SideChange
    from xfer.core.errors import UsageError

GivenRow = dict[str, Any]


class AttackResult(NamedTuple):
    """One row and what became of it: ``changed``, ``unchanged``, ``dropped``, or what a search came to."""

    row: GivenRow
    status: str
    why: str
    sides: list[SideChange]

    def plain(self) -> dict[str, Any]:
        """Everything as plain data."""
        facts = {"id": self.row["id"], "language": self.row["language"], "status": self.status}
        return (
            facts | ({"why": self.why} if self.why else {}) | {"sides": {s.column: _side_facts(s) for s in self.sides}}
        )

    def flat(self) -> dict[str, Any]:
        """The same of a row that has no name; of one text, that text alone."""
        why = {"status": self.status, "why": self.why} if self.status == "dropped" else {}
        if len(self.sides) == 1:
            return _side_facts(self.sides[0]) | why
        return {"sides": {side.column: _side_facts(side) for side in self.sides}} | why


def _side_facts(side: SideChange) -> dict[str, Any]:
    from xfer.attackers.changes import changed_share

    edits = [edit._asdict() for edit in side.edits]
    return {
        "original": side.original,
        "changed": side.changed,
        "edits": edits,
        "rate": changed_share(side.original, side.edits),
    }


def build_attacker(text: str) -> ModelFree:
    """The attacker that a name or an inline block means. Raises UsageError, also for one that needs a model."""
    from pydantic import ValidationError

    from xfer.attackers.base import Attacker, ModelFree
    from xfer.core import yaml
    from xfer.core.errors import RecipeError, UsageError

    try:
        built = Attacker.model_validate(yaml.plain_data(yaml.parse_tree(text, "ATTACKER")))
    except RecipeError as error:
        raise UsageError(" ".join(error.message_lines())) from None
    except ValidationError as error:
        first = error.errors()[0]
        location, hint = ".".join(map(str, first["loc"])), first.get("ctx", {}).get("hint", "")
        raise UsageError(": ".join(filter(None, [location, first["msg"]])) + (f"; {hint}" if hint else "")) from None
    if not isinstance(built, ModelFree):
        what = f"attacker {built.type_name} searches for what a model gets wrong"
        raise UsageError(f"{what}; name a recipe that has one: xfer attack RECIPE")
    return built


def row_from_options(language: str, text: str | None, pair: str | None, question: str | None) -> GivenRow:
    """The row that the options describe."""
    from xfer.core.errors import UsageError

    if text is None:
        raise UsageError("say what to change: --text '...' or --file ROWS.jsonl ('-' is standard input)")
    if pair is not None and question is not None:
        raise UsageError("--pair and --question exclude each other: a text has a second sentence or a question")
    row: GivenRow = {"id": "1", "language": language, "text": _stdin().removesuffix("\n") if text == "-" else text}
    if question is not None:
        return row | {"pair": question, "answers": None, "starts": None}
    return row | {"pair": pair, "label": ""}


def _stdin() -> str:
    return sys.stdin.buffer.read().decode("utf-8", "surrogateescape")


def rows_from_file(file: Path, language: str, texts: Sequence[str | None]) -> list[GivenRow]:
    """The rows of a file of JSON lines, whose id and language may be left out. Raises UsageError."""
    from xfer.core.errors import UsageError
    from xfer.readers.identity import identified, sharing_note

    if any(text is not None for text in texts):
        raise UsageError("--file has its own texts: leave --text, --pair and --question out")
    name = "<stdin>" if str(file) == "-" else str(file)
    try:
        raw = _stdin() if str(file) == "-" else file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} is not UTF-8 (byte {error.start})") from None
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror or error}") from None
    rows = [_parse_row(line, name, i, language) for i, line in enumerate(raw.split("\n"), 1) if line.strip()]
    if not rows:
        raise UsageError(f"{name} holds no rows")
    named = identified(rows)
    if named.shared_ids:
        click.echo(f"note: {name}: {sharing_note(named.sharing, named.shared_ids)}", err=True)
    return named.rows


def _parse_row(line: str, name: str, number: int, language: str) -> GivenRow:
    """One row, with the columns that its form needs and that were left out."""
    from xfer.attackers.changes import row_form
    from xfer.core.errors import BadRow, UsageError
    from xfer.forms.sheet import form_facts
    from xfer.readers.json_text import parsed

    def bad(what: str) -> UsageError:
        return UsageError(f"{name}:{number}: {what}")

    try:
        row = parsed(line, Path(name), number)
    except BadRow as error:
        raise UsageError(str(error)) from None
    if not isinstance(row, dict):
        raise bad('is no JSON object; a row is {"text": ...}')
    facts = form_facts(row_form(row))
    row = {"id": str(number), "language": language, **facts.defaults, **row}
    if facts.tags_words:
        if not _is_text_list(row["words"]) or not row["words"]:
            raise bad("words is no list of texts")
        if row["tags"] is not None and (not _is_text_list(row["tags"]) or len(row["tags"]) != len(row["words"])):
            raise bad("has not one tag for each word")
        row["text"] = " ".join(row["words"])
    if not isinstance(row.get("text"), str):
        raise bad("has no text")
    for column in ("pair", "question"):
        if row.get(column) is not None and not isinstance(row[column], str):
            raise bad(f"{column} is no text")
    if "options" in facts.columns and not _is_text_list(row["options"]):
        raise bad("options is no list of texts")
    if facts.locates_answers:
        _check_answers(row, bad)
    return row | {"id": str(row["id"]), "language": str(row["language"])}


def _check_answers(row: GivenRow, row_fault: Callable[[str], UsageError]) -> None:
    answers, starts = row["answers"], row["starts"]
    if answers is None and starts is None:
        return
    are_numbers = isinstance(starts, list) and all(type(start) is int for start in starts)
    if not _is_text_list(answers) or not are_numbers or len(answers) != len(starts):
        raise row_fault("has not one start for each answer")
    for answer, start in zip(answers, starts, strict=True):
        if start < 0 or not answer or not row["text"].startswith(answer, start):
            raise row_fault(f"the answer '{answer}' does not stand at {start}")


def _is_text_list(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def attack_given_rows(attacker: ModelFree, rows: Sequence[GivenRow], whole: bool) -> list[AttackResult]:
    """Each row as ``attacker`` leaves it. ``whole``: the rows are all there are, for one that takes from others."""
    from xfer.attackers.changes import row_form, side_changes

    check_attackable(attacker, rows, whole)
    prepared = attacker.prepare_state(rows)
    results = []
    runs = [(form, list(run_rows)) for form, run_rows in groupby(rows, row_form)]  # many at once where that is cheaper
    changes = (
        (form, row, *change)
        for form, run_rows in runs
        for row, change in zip(run_rows, attacker.change_rows(run_rows, form, prepared), strict=True)
    )
    for form, row, changed, edits in changes:
        if changed is None:
            results.append(AttackResult(row, "dropped", "its label cannot follow", side_changes(form, row, row, [])))
        else:
            status = "changed" if edits else "unchanged"
            why = "" if edits else f"{attacker.type_name} finds nothing to change"
            results.append(AttackResult(row, status, why, side_changes(form, row, changed, edits)))
    return results


def check_attackable(attacker: ModelFree, rows: Sequence[GivenRow], whole: bool) -> None:
    """Raises UsageError if these rows cannot be given to ``attacker``, as ``xfer check`` would say it of a recipe."""
    from xfer.attackers.changes import row_form
    from xfer.core.errors import UsageError, XferError
    from xfer.forms.sheet import form_facts
    from xfer.readers.base import Reader

    lenient = attacker.model_copy(update={"diagnostic": True})  # nothing is scored: no label need stay true
    languages = sorted({row["language"] for row in rows})
    for form in sorted({row_form(row) for row in rows}):
        readers = [Reader.model_validate(name) for name in form_facts(form).readers]
        faults = [list(lenient.compatibility_faults(reader, languages)) for reader in readers]
        if all(faults):
            _, message, hint = faults[0][0]
            raise UsageError(f"{message}; {hint}" if hint else message)
    further = attacker.further_split("test", languages)
    if further and not whole:
        raise UsageError(f"attacker {attacker.type_name} needs {attacker.needs}: give all rows with --file")
    try:
        attacker.file_digests(languages, lambda path: "")
    except XferError as error:
        raise UsageError(str(error)) from None


# of a recipe


def run_recipe_attacks(
    recipe: Path, scale: str | None, sets: Sequence[str], store: Path | None, show: int
) -> list[tuple[dict[str, Any], list[AttackResult]]]:
    """Runs the attacks of a recipe: of each its label, counts of rows by status and share of words, and a sample."""
    from xfer.commands.console import Console
    from xfer.core.errors import UsageError
    from xfer.core.store import Store
    from xfer.execution.walk import default_store, execute_graph, open_graph, run_failure
    from xfer.graph.node import subgraph_of
    from xfer.recipe.load import load_recipe
    from xfer.reports.changed import attacked_rows_of, measured

    opened = Store(store or default_store())
    graph = open_graph(load_recipe(recipe, scale, sets).recipe, opened)
    wanted = [node for node in graph.nodes.values() if node.kind == "attack"]
    if not wanted:
        raise UsageError(f"{recipe} attacks nothing: no evaluation of it has an attacker")
    graph = subgraph_of(graph, wanted)
    outcome = execute_graph(graph, opened, Console())
    error = run_failure(outcome, graph)
    if error:
        raise error
    attacks = []
    for node in wanted:
        entry = outcome.entries[node.key]
        share = measured(entry)
        changes = attacked_rows_of(entry, outcome.entries[node.parents["rows"].key], share)
        summary = {"label": node.label, "key": node.key, "rows": len(changes.rows), "statuses": changes.statuses()}
        sample = [
            AttackResult({"id": row.id, "language": row.language}, row.status, "", row.sides)
            for row in changes.sample(show)
        ]
        shares = {"words": changes.share(), "portion": changes.portion(), "of": share.of}
        attacks.append((summary | shares, sample))
    return attacks
