"""What each kind of node does, from its job and its parents' results to files under ``out``.

One function a kind: ``kind_step(job, parents, folder, progress) -> summary``. The summary is a small dict that
the run prints and ``xfer explain`` shows. Heavy packages are imported by the function that needs them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xfer.core.errors import BadRow, XferError
from xfer.core.store import write_json
from xfer.graph.jobs import DataJob, Job, PredictJob, ProbeJob, ReportJob, ScoreJob, WorldJob
from xfer.graph.node import Node
from xfer.graph.training import TrainJob
from xfer.reports.changed import ATTACKED_ROLE, GIVEN_ROLE
from xfer.reports.discriminators import TRAINED_ROLE
from xfer.steps.attacks import attack_step
from xfer.steps.network import tested_network
from xfer.steps.portions import PORTIONS_FILE
from xfer.steps.rows import Parents, ProgressFunction, RowColumns, read_rows, row_texts, write_rows
from xfer.steps.training import train_step

if TYPE_CHECKING:
    from xfer.models.network import Network
    from xfer.trainers.distributed import Processes

StepFunction = Callable[[Any, Parents, Path, ProgressFunction], dict[str, Any]]  # the job is that of the step's kind
LEFT_OUT_FILE = "left_out.json"  # beside every result: the bad rows that it was made without


def world_step(job: WorldJob, parents: Parents, folder: Path, progress: ProgressFunction) -> dict[str, Any]:
    """The asked parts of the miniature world in the official file formats."""
    from xfer import miniature

    miniature.write(folder / "out", parts=job.parts)
    return {"languages": len(miniature.LANGUAGES)}


def data_step(job: DataJob, parents: Parents, folder: Path, progress: ProgressFunction) -> dict[str, Any]:
    """The rows of one split in all its languages, checked by the form, as ``rows.parquet``."""
    from xfer.forms.base import build_form
    from xfer.readers.identity import FILE_ID, identified, sharing_note
    from xfer.readers.sources import rows, sample_queries, sample_rows

    reader = job.reader
    root = parents["world"].out if "world" in parents else None
    kind = build_form(reader.form, reader.label_names(job.source), reader.form_options())
    columns: RowColumns = {name: [] for name in (*kind.columns, FILE_ID)}
    sharing = shared = 0
    draw = sample_queries if kind.facts.searches_pool else sample_rows
    lost: dict[str, str] = {}  # what is wrong with a bad row -> the language it was met in
    for done, language in enumerate(job.pool):
        bad: list[BadRow] = []
        named = identified(list(rows(reader, job.source, job.split, language, root, bad.append, kind.check_row)))
        language_rows, sharing, shared = named.rows, sharing + named.sharing, shared + named.shared_ids
        for fault_text in map(str, bad):
            lost.setdefault(fault_text, language)
        if language not in job.languages:  # its candidates are searched all the same
            language_rows = [row for row in language_rows if row["side"] == "candidate"]
        for row in draw(language_rows, job.rows, job.split):
            for name in kind.columns:
                columns[name].append(row.get(name))
            columns[FILE_ID].append(row.get(FILE_ID, row["id"]))
        progress(done + 1, len(job.pool))
    if not columns["id"] and (lost or job.split != "dev" or not reader.holds_out("dev")):
        left_out = f"; {len(lost)} bad rows were left out, the first: {next(iter(lost))}" if lost else ""
        raise BadRow(job.label, 0, f"holds no rows{left_out}")
    if columns[FILE_ID] == columns["id"]:
        del columns[FILE_ID]
    write_rows(folder / "out" / "rows.parquet", columns)
    size = {"rows": len(columns["id"]), "characters": sum(map(len, row_texts(columns)))}
    if lost:
        size["bad_rows"] = len(lost)
        write_json(folder / "out" / "bad_rows.json", lost, sort=False)
        counts = dict(Counter(lost.values()))
        write_json(folder / "out" / LEFT_OUT_FILE, {f"{reader.type_name} {job.split}": counts})
    write_json(folder / "out" / "size.json", size)
    return size | ({"ids": sharing_note(sharing, shared)} if shared else {})


def predict_step(job: PredictJob, parents: Parents, folder: Path, progress: ProgressFunction) -> dict[str, Any]:
    """The stage's answers to every row, as ``predictions.parquet``."""
    from xfer.models.predictor import decoded_predictions
    from xfer.models.smoothing.vote import predict_by_vote
    from xfer.readers.identity import FILE_ID, file_ids_of

    rows, network, max_length = read_rows(parents["rows"]), *tested_network(job.network, parents.get("train"))
    task = job.network.task
    if job.probe:
        columns = _probed_columns(job, job.probe, network, parents, max_length, progress)
    elif job.smoothing:
        columns = predict_by_vote(network, task, rows, max_length, job.smoothing, progress)
    else:
        columns = decoded_predictions(network, task, rows, max_length, progress)
    if FILE_ID in rows:
        columns[FILE_ID] = file_ids_of(columns, rows)
    write_rows(folder / "out" / "predictions.parquet", columns)
    return {"rows": len(columns["id"])}


def _probed_columns(
    job: PredictJob, probe: ProbeJob, network: Network, parents: Parents, length: int, progress: ProgressFunction
) -> RowColumns:
    """What a linear probe answers, in the columns of its form."""
    from xfer.forms.base import build_form
    from xfer.models.probe import probe_logits

    rows, learnt, form = read_rows(parents["rows"]), read_rows(parents["fit"]), probe.form
    logits = probe_logits(network, job.network.task, learnt, rows, form.labels, probe.l2, length, progress)
    return build_form(form.name, form.labels, form.options).decode({"logits": logits}, rows)


def score_step(job: ScoreJob, parents: Parents, folder: Path, progress: ProgressFunction) -> dict[str, Any]:
    """Each language's metrics as ``scores.json``, what each row adds to them as ``credit.parquet``, and the chance
    level and the most frequent answer as ``answers.json``."""
    from xfer.forms.base import build_form, by_language, graded_predictions
    from xfer.forms.chance import baseline
    from xfer.reports.collapse import ANSWERS, answer_facts
    from xfer.reports.credits import credit_columns

    form = job.form.name, job.form.labels, job.form.options
    kind, base, pools = build_form(*form), baseline(*form), _candidate_counts(job, parents)
    scored, credit, answers = {}, RowColumns(), {}
    for language, language_rows in by_language(
        graded_predictions(read_rows(parents["predict"], "predictions.parquet"))
    ).items():
        certified = job.smoothing.metric_ratios(language_rows) if job.smoothing else {}
        shares = {name: sum(top) / len(top) for name, (top, _) in certified.items()}
        scored[language] = {"rows": len(language_rows["id"]), **kind.score(language_rows), **shares}
        if base:
            answers[language] = answer_facts(base, language_rows, pools.get(language, 0))
        added = {
            "id": language_rows["id"],
            "language": language_rows["language"],
            **credit_columns(kind.metric_ratios(language_rows) | certified),
        }
        for name, column in added.items():
            credit.setdefault(name, []).extend(column)
    if not scored:
        raise XferError(f"{job.label}: no row has a gold label, so nothing can be scored; test on a labelled split")
    write_json(folder / "out" / "scores.json", scored, sort=False)
    write_rows(folder / "out" / "credit.parquet", credit)
    write_json(folder / "out" / ANSWERS, answers, sort=False)
    first = [next(v for k, v in values.items() if k != "rows") for values in scored.values()]
    return {"languages": len(scored), "mean": round(sum(first) / len(first), 4)}


def _candidate_counts(job: ScoreJob, parents: Parents) -> dict[str, int]:
    """How many candidates the queries of each language search; of other forms than retrieval nothing."""
    from xfer.forms.chance import pool_sizes

    if "rows" not in parents:
        return {}
    columns = read_rows(parents["rows"], columns=("language", "side", "part"))
    return pool_sizes(columns, job.form.options.get("pool") == "shared")


def report_step(job: ReportJob, parents: Parents, folder: Path, progress: ProgressFunction) -> dict[str, Any]:
    """The tables of the recipe as ``report.json``, ``report.md`` and ``report.csv``."""
    from xfer.reports.attack_tables import attack_portions
    from xfer.reports.changed import attacks_by_evaluation
    from xfer.reports.collapse import ANSWERS
    from xfer.reports.discriminators import discriminator_results
    from xfer.reports.shortfalls import shortfalls
    from xfer.reports.summary import build_report
    from xfer.reports.write import csv_table, report_markdown

    stages = {
        name.removeprefix(TRAINED_ROLE): entry for name, entry in parents.items() if name.startswith(TRAINED_ROLE)
    }
    scored = {
        name: entry for name, entry in parents.items() if not name.startswith((TRAINED_ROLE, ATTACKED_ROLE, GIVEN_ROLE))
    }
    credit = {name: read_rows(entry, "credit.parquet") for name, entry in scored.items()}
    answers = {name: entry.read(ANSWERS) for name, entry in scored.items()}
    data = job.hashed_data()
    tables = build_report(data, credit, attacks_by_evaluation(parents), answers)
    if stages:
        tables["discriminators"] = discriminator_results(
            data, {name: entry.read("training.json") for name, entry in stages.items()}
        )
    changed = shortfalls([*attack_portions(tables), *inherited_portions(parents)])
    tables["notes"] = [*job.notes, *_left_out_notes(left_out_rows(parents)), *changed]
    write_json(folder / "out" / "report.json", tables)
    (folder / "out" / "report.md").write_text(report_markdown(tables), encoding="utf-8")
    (folder / "out" / "report.csv").write_text(csv_table(tables), encoding="utf-8")
    return {"evaluations": len(job.evaluations)}


def left_out_rows(parents: Parents) -> dict[str, dict[str, int]]:
    """The bad rows that ``parents`` were made without: reader and split -> language -> rows."""
    lost: dict[str, dict[str, int]] = {}
    for entry in parents.values():
        if (entry.out / LEFT_OUT_FILE).is_file():
            lost |= entry.read(LEFT_OUT_FILE)
    return lost


def inherited_portions(parents: Parents) -> list[dict[str, Any]]:
    """What attackers changed of the rows that stages before ``parents`` learnt, each once."""
    portions: list[dict[str, Any]] = []
    for entry in parents.values():
        stored = entry.read(PORTIONS_FILE) if (entry.out / PORTIONS_FILE).is_file() else []
        portions += [portion for portion in stored if portion not in portions]
    return portions


def _left_out_notes(lost: Mapping[str, Mapping[str, int]]) -> list[str]:
    return [
        f"bad rows left out of {name}: {', '.join(f'{count:,} in {language}' for language, count in counts.items())}"
        for name, counts in lost.items()
    ]


def _carry_left_out(step: StepFunction) -> StepFunction:
    """The step, which also hands on what its parents were made without, and what changed the rows they learnt."""

    def carrying(job: Job, parents: Parents, folder: Path, progress: ProgressFunction) -> dict[str, Any]:
        summary = step(job, parents, folder, progress)
        lost = left_out_rows(parents)
        if lost and summary:  # a process that only helps writes nothing
            write_json(folder / "out" / LEFT_OUT_FILE, lost)
        if (inherited := inherited_portions(parents)) and summary:
            file = folder / "out" / PORTIONS_FILE
            portions = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []
            write_json(file, [*inherited, *(portion for portion in portions if portion not in inherited)])
        return summary

    return carrying


STEP_FUNCTIONS: dict[str, StepFunction] = {
    "world": world_step,
    "data": data_step,
    "train": _carry_left_out(train_step),
    "predict": _carry_left_out(predict_step),
    "attack": _carry_left_out(attack_step),
    "score": _carry_left_out(score_step),
    "report": report_step,
}


def work(node: Node[Job], parents: Parents, folder: Path, progress: ProgressFunction) -> dict[str, Any]:
    """Does what the node's kind does; results go to ``folder/out``."""
    return STEP_FUNCTIONS[node.kind](node.job, parents, folder, progress)


def train_together(
    job: TrainJob, parents: Parents, folder: Path, progress: ProgressFunction, processes: Processes
) -> dict[str, Any]:
    """What ``work`` does with a stage, in each of the processes that train it together."""
    return _carry_left_out(partial(train_step, processes=processes))(job, parents, folder, progress)
