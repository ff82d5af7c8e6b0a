"""``xfer score``: official scores of predictions that were made elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from xfer.commands.options import as_json, echo_json

PATH = click.Path(path_type=Path)


@click.command()
@click.argument("reader")
@click.option("--gold", required=True, type=PATH, help="Gold file, or folder of test-<language> files.")
@click.option("--predictions", required=True, type=PATH, help="The same for the predictions.")
@click.option("--language", help="ISO 639-1 code of a file that is not named test-<language>; in a folder, only this.")
@click.option("--published", is_flag=True, help="With a benchmark: lay published scores beside.")
@as_json
def score(reader: str, gold: Path, predictions: Path, language: str | None, published: bool, as_json: bool) -> None:
    """Score files in XTREME's submission layout by the rules of READER, in percent.

    READER is a reader or a task of XTREME (xnli, pawsx, panx, udpos, xquad, mlqa, tydiqa, bucc2018, tatoeba, xcopa,
    lareqa, mewslix), or a benchmark: xtreme or xtreme-r, whose folders hold a folder for each task. Files are read as
    strictly as XTREME's own script reads them: an empty line is a row, and "1" is not 1.
    """
    from xfer.metrics.benchmarks import BENCHMARKS
    from xfer.reports.official import benchmark_text, score_benchmark, score_task, task_text

    name = reader.lower().replace("_", "-")
    if name in BENCHMARKS:
        if language:
            raise click.UsageError(f"{reader} has all languages in one folder; leave --language out")
        whole = score_benchmark(BENCHMARKS[name], gold, predictions)
        echo_json(whole) if as_json else click.echo(benchmark_text(whole, published), nl=False)
        _echo_notes(whole["notes"])
        return
    found = score_task(_task(reader), gold, predictions, language)
    echo_json(found) if as_json else click.echo(task_text(found), nl=False)
    _echo_notes(found["notes"])


def _echo_notes(notes: list[str]) -> None:
    for note in notes:
        click.echo(f"note: {note}", err=True)


_FORMS: dict[str, tuple[Any, str]] = {
    "classify": ("labels", "accuracy"),
    "choose": ("choices", "accuracy"),
    "tag": ("tags", "f1"),
    "span": ("answers", "f1 exact"),
}


def _task(text: str) -> Any:
    """The task of XTREME of this name, else one with the form and the labels of the reader that is meant."""
    from xfer.commands.inputs import build
    from xfer.core.errors import UsageError
    from xfer.metrics.benchmarks import Task, find_task

    task = find_task(text)
    if task:
        return task
    reader = build(text)
    if reader.form not in _FORMS:
        raise UsageError(f"{reader.type_name} ({reader.form}) has no layout of predictions to score")
    layout, metrics = _FORMS[reader.form]
    labels = {str(i): None for i in range(5)} if layout == "choices" else reader.label_names()
    return Task(reader.type_name, layout, tuple(metrics.split()), reader.card.languages, tuple(labels))
