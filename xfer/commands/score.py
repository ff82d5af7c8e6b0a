"""``xfer score``: official scores of predictions that were made elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xfer.commands.options import as_json, echo_json

if TYPE_CHECKING:
    from xfer.metrics.benchmarks import BenchmarkTask

_PATH_TYPE = click.Path(path_type=Path)


@click.command()
@click.argument("reader")
@click.option("--gold", required=True, type=_PATH_TYPE, help="Gold file, or folder of test-<language> files.")
@click.option("--predictions", required=True, type=_PATH_TYPE, help="The same for the predictions.")
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
        benchmark_scores = score_benchmark(BENCHMARKS[name], gold, predictions)
        echo_json(benchmark_scores) if as_json else click.echo(benchmark_text(benchmark_scores, published), nl=False)
        _echo_notes(benchmark_scores["notes"])
        return
    task_scores = score_task(_scored_task(reader), gold, predictions, language)
    echo_json(task_scores) if as_json else click.echo(task_text(task_scores), nl=False)
    _echo_notes(task_scores["notes"])


def _echo_notes(notes: list[str]) -> None:
    for note in notes:
        click.echo(f"note: {note}", err=True)


def _scored_task(text: str) -> BenchmarkTask:
    """The task of XTREME of this name, else one with the form and the labels of the reader that is meant."""
    from xfer.commands.inputs import build_reader
    from xfer.core.errors import UsageError
    from xfer.forms.sheet import form_facts
    from xfer.metrics.benchmarks import BenchmarkTask, find_task

    task = find_task(text)
    if task:
        return task
    reader = build_reader(text)
    layout: Any = form_facts(reader.form).layout
    if not layout:
        raise UsageError(f"{reader.type_name} ({reader.form}) has no layout of predictions to score")
    metrics = form_facts(reader.form).metrics
    labels = {str(i): None for i in range(5)} if layout == "choices" else reader.label_names()
    return BenchmarkTask(reader.type_name, layout, metrics, reader.card.languages, tuple(labels))
