"""What each kind of node does, from its job and its parents' results to files under ``out``.

One function a kind: ``kind(node, parents, folder, progress) -> summary``. The summary is a small dict that
the run prints and ``xfer explain`` shows. Heavy packages are imported by the function that needs them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xfer.core.errors import BadRow, XferError
from xfer.core.store import Entry, write_json
from xfer.graph.compile import Node
from xfer.reports.changed import ATTACKED_ROLE, GIVEN_ROLE
from xfer.reports.discriminators import TRAINED_ROLE
from xfer.steps.attacks import attack_step
from xfer.steps.network import tested_network
from xfer.steps.portions import FILE as PORTIONS
from xfer.steps.rows import Parents, ProgressFunction, RowColumns, read_rows, row_texts, write_rows
from xfer.steps.training import train_step

if TYPE_CHECKING:
    from xfer.trainers.distributed import Processes

Step = Callable[..., dict[str, Any]]  # node, parents, folder, progress; of a stage also the processes
LEFT_OUT_FILE = "left_out.json"  # beside every result: the bad rows that it was made without


def world_step(node: Node, parents: Parents, folder: Path, progress: ProgressFunction) -> dict[str, Any]:
    """The asked parts of the miniature world in the official file formats."""
    from xfer import miniature

    miniature.write(folder / "out", parts=node.job["parts"])
    return {"languages": len(miniature.LANGUAGES)}


def data_step(node: Node, parents: Parents, folder: Path, progress: ProgressFunction) -> dict[str, Any]:
    """The rows of one split in all its languages, checked by the form, as ``rows.parquet``."""
    from xfer.forms.base import build_form
    from xfer.readers.identity import FILE_ID, identified, sharing_note
    from xfer.readers.sources import rows, sample_queries, sample_rows

    reader, spec = node.spec["reader"], node.spec
    root = parents["world"].out if "world" in parents else None
    kind = build_form(reader.form, reader.label_names(spec["source"]), reader.form_options())
    columns: RowColumns = {name: [] for name in (*kind.columns, FILE_ID)}
    sharing = shared = 0
    draw = sample_queries if reader.form == "retrieve" else sample_rows
    lost: dict[str, str] = {}  # what is wrong with a bad row -> the language it was met in
    for done, language in enumerate(spec["pool"]):
        bad: list[BadRow] = []
        named = identified(list(rows(reader, spec["source"], spec["split"], language, root, bad, kind.check_row)))
        language_rows, sharing, shared = named.rows, sharing + named.sharing, shared + named.shared_ids
        for fault_text in map(str, bad):
            lost.setdefault(fault_text, language)
        if language not in spec["languages"]:  # its candidates are searched all the same
            language_rows = [row for row in language_rows if row["side"] == "candidate"]
        for row in draw(language_rows, spec["rows"], spec["split"]):
            for name in kind.columns:
                columns[name].append(row.get(name))
            columns[FILE_ID].append(row.get(FILE_ID, row["id"]))
        progress(done + 1, len(spec["pool"]))
    if not columns["id"] and (lost or spec["split"] != "dev" or not reader.holds_out("dev")):
        left_out = f"; {len(lost)} bad rows were left out, the first: {next(iter(lost))}" if lost else ""
        raise BadRow(node.label, 0, f"holds no rows{left_out}")
    if columns[FILE_ID] == columns["id"]:
        del columns[FILE_ID]
    write_rows(folder / "out" / "rows.parquet", columns)
    size = {"rows": len(columns["id"]), "characters": sum(map(len, row_texts(columns)))}
    if lost:
        size["bad_rows"] = len(lost)
        write_json(folder / "out" / "bad_rows.json", lost, sort=False)
        counts = dict(Counter(lost.values()))
        write_json(folder / "out" / LEFT_OUT_FILE, {f"{reader.type_name} {spec['split']}": counts})
    write_json(folder / "out" / "size.json", size)
    return size | ({"ids": sharing_note(sharing, shared)} if shared else {})


def predict_step(node: Node, parents: Parents, folder: Path, progress: ProgressFunction) -> dict[str, Any]:
    """The stage's answers to every row, as ``predictions.parquet``."""
    from xfer.models.predictor import decoded_predictions
    from xfer.models.smoothing.vote import predict_by_vote
    from xfer.readers.identity import FILE_ID, file_ids_of

    rows, network, max_length = read_rows(parents["rows"]), *tested_network(node, parents)
    task, smoothing = node.job["task"], node.spec["smoothing"]
    if smoothing:
        columns = predict_by_vote(network, task, rows, max_length, smoothing, progress)
    else:
        columns = decoded_predictions(network, task, rows, max_length, progress)
    if FILE_ID in rows:
        columns[FILE_ID] = file_ids_of(columns, rows)
    write_rows(folder / "out" / "predictions.parquet", columns)
    return {"rows": len(columns["id"])}


def score_step(node: Node, parents: Parents, folder: Path, progress: ProgressFunction) -> dict[str, Any]:
    """Each language's metrics as ``scores.json``, what each row adds to them as ``credit.parquet``, and the chance
    level and the most frequent answer as ``answers.json``."""
    from xfer.forms.base import build_form, by_language, graded_predictions
    from xfer.forms.chance import baseline
    from xfer.reports.collapse import ANSWERS, answer_facts
    from xfer.reports.credits import credit_columns

    about = node.job["form"], node.job["labels"], node.job["options"]
    kind, base, pools = build_form(*about), baseline(*about), _pools(node, parents)
    scored, credit, answers = {}, RowColumns(), {}
    for language, language_rows in by_language(
        graded_predictions(read_rows(parents["predict"], "predictions.parquet"))
    ).items():
        certified = node.spec["smoothing"].metric_ratios(language_rows) if node.spec["smoothing"] else {}
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
        raise XferError(f"{node.label}: no row has a gold label, so nothing can be scored; test on a labelled split")
    write_json(folder / "out" / "scores.json", scored, sort=False)
    write_rows(folder / "out" / "credit.parquet", credit)
    write_json(folder / "out" / ANSWERS, answers, sort=False)
    first = [next(v for k, v in values.items() if k != "rows") for values in scored.values()]
    return {"languages": len(scored), "mean": round(sum(first) / len(first), 4)}


def _pools(node: Node, parents: Parents) -> dict[str, int]:
    """How many candidates the queries of each language search; of other forms than retrieval nothing."""
    from xfer.forms.chance import pool_sizes

    if "rows" not in parents:
        return {}
    columns = read_rows(parents["rows"], columns=("language", "side", "part"))
    return pool_sizes(columns, node.job["options"].get("pool") == "shared")


def report_step(node: Node, parents: Parents, folder: Path, progress: ProgressFunction) -> dict[str, Any]:
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
    tables = build_report(node.job, credit, attacks_by_evaluation(parents), answers)
    if stages:
        tables["discriminators"] = discriminator_results(
            node.job, {name: entry.read("training.json") for name, entry in stages.items()}
        )
    changed = shortfalls([*attack_portions(tables), *portions(parents)])
    tables["notes"] = [*node.job.get("notes", ()), *_left_out_notes(left_out_rows(parents)), *changed]
    write_json(folder / "out" / "report.json", tables)
    (folder / "out" / "report.md").write_text(report_markdown(tables), encoding="utf-8")
    (folder / "out" / "report.csv").write_text(csv_table(tables), encoding="utf-8")
    return {"evaluations": len(node.job["evaluations"])}


def left_out_rows(parents: Parents) -> dict[str, dict[str, int]]:
    """The bad rows that ``parents`` were made without: reader and split -> language -> rows."""
    lost: dict[str, dict[str, int]] = {}
    for entry in parents.values():
        if (entry.out / LEFT_OUT_FILE).is_file():
            lost |= entry.read(LEFT_OUT_FILE)
    return lost


def portions(parents: Parents) -> list[dict[str, Any]]:
    """What attackers changed of the rows that stages before ``parents`` learnt, each once."""
    found: list[dict[str, Any]] = []
    for entry in parents.values():
        more = entry.read(PORTIONS) if (entry.out / PORTIONS).is_file() else []
        found += [one for one in more if one not in found]
    return found


def _left_out_notes(lost: Mapping[str, Mapping[str, int]]) -> list[str]:
    return [
        f"bad rows left out of {name}: {', '.join(f'{count:,} in {language}' for language, count in counts.items())}"
        for name, counts in lost.items()
    ]


def _carry_left_out(step: Step) -> Step:
    """The step, which also hands on what its parents were made without."""

    def carrying(
        node: Node, parents: Parents, folder: Path, progress: ProgressFunction, *processes: Processes
    ) -> dict[str, Any]:
        summary = step(node, parents, folder, progress, *processes)
        lost = left_out_rows(parents)
        if lost and summary:  # a process that only helps writes nothing
            write_json(folder / "out" / LEFT_OUT_FILE, lost)
        if (changed := portions(parents)) and summary:
            own = folder / "out" / PORTIONS
            more = json.loads(own.read_text(encoding="utf-8")) if own.is_file() else []
            write_json(own, [*changed, *(one for one in more if one not in changed)])
        return summary

    return carrying


STEP_FUNCTIONS: dict[str, Step] = {
    "world": world_step,
    "data": data_step,
    "train": _carry_left_out(train_step),
    "predict": _carry_left_out(predict_step),
    "attack": _carry_left_out(attack_step),
    "score": _carry_left_out(score_step),
    "report": report_step,
}


def work(
    node: Node,
    parents: Mapping[str, Entry],
    folder: Path,
    progress: Callable[..., None],
    processes: Processes | None = None,
) -> dict[str, Any]:
    """Does what the node's kind does; results go to ``folder/out``. ``processes`` are those that train a stage."""
    together = [processes] if processes and node.kind == "train" else []
    return STEP_FUNCTIONS[node.kind](node, parents, folder, progress, *together)
