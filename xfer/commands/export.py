"""``xfer export``: what a run has predicted, in the files that others read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from xfer.commands.options import command_line, echo_json, recipe_options

if TYPE_CHECKING:
    from xfer.core.store import Entry
    from xfer.metrics.benchmarks import BenchmarkTask
    from xfer.readers.base import Reader
    from xfer.recipe.recipe import Recipe

PredictedColumns = dict[str, list[Any]]
_PATH_TYPE = click.Path(path_type=Path)


class EvaluationPredictions(NamedTuple):
    """The predictions of one evaluation, the reader whose rows they answer, and how many rows a language it took.

    ``left_out`` says of each row of the data set that has no prediction what was wrong with it.
    """

    name: str
    reader: Reader
    rows: PredictedColumns
    limit: int | None = None
    left_out: Sequence[str] = ()


@click.command()
@click.option("--xtreme", is_flag=True, help="As XTREME's submission layout: DEST/<task>/test-<language>.")
@click.argument("run", type=_PATH_TYPE, metavar="RUN_OR_PREDICTIONS")
@click.argument("dest", type=_PATH_TYPE)
@click.option("--evaluation", "names", multiple=True, help="Evaluation of the run; may be repeated.  [all clean ones]")
@click.option("--seed", type=int, help="Seed of the run.  [the first]")
@click.option("--reader", help="What a predictions.parquet answers: a reader's name or block.")
@click.option("--gold", type=_PATH_TYPE, help="Folder to write the gold answers to, in the same layout.")
@recipe_options
def export(
    xtreme: bool,
    run: Path,
    dest: Path,
    names: tuple[str, ...],
    seed: int | None,
    reader: str | None,
    gold: Path | None,
    scale: str | None,
    sets: tuple[str, ...],
    store: Path | None,
    as_json: bool,
) -> None:
    """Write the stored predictions of RUN_OR_PREDICTIONS to files under DEST; nothing is trained.

    RUN_OR_PREDICTIONS is a recipe that is finished, the folder runs/<recipe> that 'xfer train' made, or a
    predictions.parquet of the store (with --reader).
    """
    from xfer.core.errors import UsageError

    if not xtreme:
        raise click.UsageError("say how to write them: --xtreme")
    if run.suffix == ".parquet" or (run / "predictions.parquet").is_file():
        all_predictions = [_file_predictions(run, reader)]
    elif reader:
        raise UsageError("--reader belongs to a predictions.parquet; a run knows its readers")
    else:
        all_predictions = _run_predictions(_recipe_file(run), names, seed, scale, sets, store)
    for predictions in all_predictions:
        _tell_left_out(predictions)
    written = [path for predictions in all_predictions for path in _write_files(predictions, dest, gold)]
    if as_json:
        echo_json({"ok": True, "files": [str(path) for path in written]})
    else:
        click.echo(f"{len(written)} file{'s' if len(written) != 1 else ''} written to {dest}")


def _file_predictions(path: Path, reader: str | None) -> EvaluationPredictions:
    from xfer.commands.inputs import build_reader
    from xfer.core.errors import BadRow, UsageError

    path = path / "predictions.parquet" if path.is_dir() else path
    if not path.is_file():
        raise UsageError(f"{path} is not there")
    if not reader:
        raise UsageError(f"{path} does not say what it answers; name the reader: --reader xnli")
    import pyarrow as pa  # late: only this command needs the table itself
    import pyarrow.parquet as pq

    try:
        rows: PredictedColumns = pq.read_table(path).to_pydict()
    except pa.ArrowInvalid as error:
        raise BadRow(str(path), 0, f"is not a parquet file ({error})") from None
    lacking = [name for name in ("id", "language", "gold", "predicted") if name not in rows]
    if lacking:
        raise BadRow(str(path), 0, f"has no column {lacking[0]}; a predictions.parquet of the store is expected")
    return EvaluationPredictions(path.name, build_reader(reader), rows, left_out=_left_out(path.resolve().parents[1]))


def _left_out(node: Path) -> list[str]:
    """What was wrong with the rows that a predict node, the folder ``node`` of a store, was made without.

    Bad rows are left out of the data, and an attack drops rows whose label cannot follow. Nothing is known of a file
    that lies outside a store.
    """
    from xfer.core.store import Entry

    reasons: list[str] = []
    entry = Entry("predict", node.name, node)
    while (entry.path / "node.json").is_file() and (key := entry.node_record()["parents"].get("rows")):
        kind = next((kind for kind in ("data", "attack") if (node.parents[1] / kind / key).is_dir()), "data")
        entry = Entry(kind, key, node.parents[1] / kind / key)
        reasons += _bad_rows(entry) if kind == "data" else _dropped_rows(entry)
    return reasons


def _bad_rows(data: Entry) -> list[str]:
    return list(data.read("bad_rows.json")) if (data.out / "bad_rows.json").is_file() else []


def _dropped_rows(attack: Entry) -> list[str]:
    from xfer.steps.rows import read_rows

    notes = read_rows(attack, "edits.parquet")
    each = zip(notes["id"], notes["language"], notes["status"], strict=True)
    return [f"an attack dropped row {name} in {language}" for name, language, status in each if status == "dropped"]


def _recipe_file(run: Path) -> Path:
    """The recipe that a run is named by: itself, or the copy in its folder of results."""
    from xfer.core.errors import UsageError

    if not run.is_dir():
        return run
    if not (run / "recipe.json").is_file():
        raise UsageError(f"{run} holds no recipe.json and no predictions.parquet; give a recipe or a folder of results")
    return run / "recipe.json"


def _run_predictions(
    path: Path, names: tuple[str, ...], seed: int | None, scale: str | None, sets: tuple[str, ...], store: Path | None
) -> list[EvaluationPredictions]:
    """The wanted evaluations of a finished run."""
    from xfer.core.errors import UsageError
    from xfer.core.store import Store
    from xfer.execution.walk import default_store, open_graph
    from xfer.recipe.load import load_recipe
    from xfer.steps.rows import read_rows

    recipe = load_recipe(path, scale, sets).recipe
    chosen = recipe.seeds[0] if seed is None else seed
    if chosen not in recipe.seeds:
        raise UsageError(f"{path} has no seed {seed}; it has {', '.join(map(str, recipe.seeds))}")
    opened = Store(store or default_store())
    graph = open_graph(recipe, opened)
    predictions = []
    for name in _wanted_evaluations(recipe, path, names):
        assert graph.report is not None
        node = graph.report.parents[f"{name}/selected/{chosen}"].parents["predict"]
        entry = opened.find(node.kind, node.key)
        if entry is None:
            way = f"run: {command_line('train', path, scale, sets, store)}"
            raise UsageError(f"{path} is not finished: {node.label} has no predictions yet; {way}")
        limit = recipe.evaluate[name].rows or recipe.limits.test_rows
        reader = recipe.reader_of(recipe.evaluate[name])
        predictions.append(
            EvaluationPredictions(name, reader, read_rows(entry, "predictions.parquet"), limit, _left_out(entry.path))
        )
    return predictions


def _wanted_evaluations(recipe: Recipe, path: Path, names: tuple[str, ...]) -> list[str]:
    """The named evaluations; else for each task of XTREME the clean one that the report compares, or the first."""
    from xfer.core.errors import UsageError, suggest_name
    from xfer.metrics.benchmarks import find_task

    for name in names:
        if name not in recipe.evaluate:
            raise UsageError(f"{path} has no evaluation '{name}'; {suggest_name(name, recipe.evaluate)}")
    name_by_task: dict[str, str] = {}
    clean = [name for name, evaluation in recipe.evaluate.items() if evaluation.attacker is None]
    for name in names or sorted(clean, key=lambda name: name not in recipe.report.named("compare")):
        task = find_task(recipe.reader_of(recipe.evaluate[name]).type_name)
        if task is None and not names:
            continue
        key = task.name if task else name
        if key in name_by_task and names:
            raise UsageError(
                f"evaluations {name_by_task[key]} and {name} are both of {key}, whose files can be written once"
            )
        if key in name_by_task:
            click.echo(f"note: {name} is of {key} too and left out; --evaluation {name} writes it instead", err=True)
        name_by_task.setdefault(key, name)
    if not name_by_task:
        raise UsageError(f"{path} has no clean evaluation on a task of XTREME; name one with --evaluation")
    return list(name_by_task.values())


def _tell_left_out(part: EvaluationPredictions) -> None:
    """A note where rows without a prediction count as wrong; UsageError where a file has a line for every row."""
    from xfer.core.errors import UsageError
    from xfer.metrics.benchmarks import find_task

    task = find_task(part.reader.type_name)
    if task is None or not part.left_out:
        return
    count = len(part.left_out)
    rows = f"{count:,} row{'s' if count > 1 else ''} of the data set {'have' if count > 1 else 'has'} no prediction"
    what = f"{part.name}: {rows} ({part.left_out[0]}{', ...' if count > 1 else ''})"
    if task.layout in ("labels", "choices", "tags"):
        raise UsageError(f"{what}, but a file of {task.name} has a line for every row: mend the data and run again")
    click.echo(f"note: {what}: the official gold has it, and counts it as wrong", err=True)


def _write_files(predictions: EvaluationPredictions, dest: Path, gold: Path | None) -> list[Path]:
    """A file for each language, and one beside it for the gold answers if they are wanted and known."""
    from xfer.core.errors import UsageError
    from xfer.forms.base import by_language
    from xfer.metrics.benchmarks import find_task

    task = find_task(predictions.reader.type_name)
    if task is None:
        raise UsageError(f"{predictions.name}: {predictions.reader.type_name} is no task of XTREME")
    contents, written = content_writer(predictions.reader.form), list[Path]()
    if contents is None:
        raise UsageError(
            f"{predictions.name}: predictions of the form {predictions.reader.form} cannot be exported yet"
        )
    if predictions.limit:
        click.echo(
            f"note: {predictions.name} tested at most {predictions.limit:,} rows a language, a part of {task.name}",
            err=True,
        )
    for language, rows in by_language(predictions.rows).items():
        name = Path(task.name) / task.named(language)
        if lost := _overwritten(task, rows):
            what = f"{lost:,} of {len(rows['id']):,} answers {'is' if lost == 1 else 'are'} left out"
            why = f"a file of {task.name} holds one answer an id, and a later row has the same id"
            click.echo(f"note: {predictions.name} {language}: {what}: {why}", err=True)
        written.append(_write_text(dest / name, contents(task, predictions.reader, rows, "predicted")))
        if gold is not None and None not in rows["gold"]:
            written.append(_write_text(gold / name, contents(task, predictions.reader, rows, "gold")))
    return written


def _overwritten(task: BenchmarkTask, rows: PredictedColumns) -> int:
    """How many predictions a file by id cannot hold, since a later row with the same id is answered otherwise."""
    from xfer.readers.identity import file_ids

    if task.layout not in ("answers", "rankings"):
        return 0
    last = dict(zip(file_ids(rows), rows["predicted"], strict=True))
    return sum(last[name] != found for name, found in zip(file_ids(rows), rows["predicted"], strict=True))


def _write_text(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _label_text(task: BenchmarkTask, reader: Reader, rows: PredictedColumns, column: str) -> str:
    """Labels in XTREME's spelling, which has the order of the reader's labels where the words differ."""
    from xfer.readers.submission import submission_text

    labels = reader.label_names()
    spelling = dict(zip(labels, labels if set(labels) == set(task.labels) else task.labels, strict=True))
    return submission_text(task.layout, [spelling[label] for label in rows[column]])


def _column_text(task: BenchmarkTask, reader: Reader, rows: PredictedColumns, column: str) -> str:
    from xfer.readers.submission import submission_text

    return submission_text(task.layout, rows[column])


def _answer_text(task: BenchmarkTask, reader: Reader, rows: PredictedColumns, column: str) -> str:
    from xfer.readers.identity import file_ids
    from xfer.readers.submission import squad_text, submission_text

    names = file_ids(rows)
    return squad_text(rows["gold"], names) if column == "gold" else submission_text(task.layout, rows[column], names)


def _retrieval_text(task: BenchmarkTask, reader: Reader, rows: PredictedColumns, column: str) -> str:
    """The best answer of each query, its pairs, or its ranking."""
    from xfer.readers.identity import file_ids
    from xfer.readers.submission import submission_text

    answers = [ids[0] for ids in rows[column]] if task.layout == "labels" else rows[column]
    return submission_text(task.layout, answers, file_ids(rows))


def content_writer(form: str) -> Callable[[Any, Any, PredictedColumns, str], str] | None:
    """What writes the predictions of a form; None where no benchmark has a file of them."""
    from xfer.forms.sheet import form_facts

    facts = form_facts(form)
    if facts.searches_pool:
        return _retrieval_text
    if facts.locates_answers:
        return _answer_text
    if facts.classifies_rows:
        return _label_text
    return _column_text if facts.layout else None
