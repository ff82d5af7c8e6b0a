"""What each kind of node does, from its job and its parents' results to files under ``out``.

One function a kind: ``kind(node, parents, folder, progress) -> summary``. The summary is a small dict that
the run prints and ``xfer explain`` shows. Heavy packages are imported by the function that needs them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from xfer.core.domains import TRAINED
from xfer.core.errors import BadRow, XferError
from xfer.core.graph import Node
from xfer.core.store import Entry, write_json

Parents = Mapping[str, Entry]
Progress = Callable[..., None]
Rows = dict[str, list[Any]]
Step = Callable[[Node, Parents, Path, Progress], dict[str, Any]]
LEFT_OUT = "left_out.json"  # beside every result: the bad rows that it was made without


def world(node: Node, parents: Parents, folder: Path, progress: Progress) -> dict[str, Any]:
    """The asked parts of the miniature world in the official file formats."""
    from xfer import miniature

    miniature.write(folder / "out", parts=node.job["parts"])
    return {"languages": len(miniature.LANGUAGES)}


def data(node: Node, parents: Parents, folder: Path, progress: Progress) -> dict[str, Any]:
    """The rows of one split in all its languages, checked by the form, as ``rows.parquet``."""
    from xfer.forms.base import form
    from xfer.readers.sources import rows, sample, sample_queries

    reader, spec = node.spec["reader"], node.spec
    root = parents["world"].out if "world" in parents else None
    kind = form(reader.form, reader.label_names(spec["source"]), reader.form_options())
    columns: Rows = {name: [] for name in kind.columns}
    draw = sample_queries if reader.form == "retrieve" else sample
    lost: dict[str, str] = {}  # what is wrong with a bad row -> the language it was met in
    for done, language in enumerate(spec["pool"]):
        bad: list[BadRow] = []
        found = list(rows(reader, spec["source"], spec["split"], language, root, bad, kind.check))
        for one in map(str, bad):
            lost.setdefault(one, language)
        if language not in spec["languages"]:  # its candidates are searched all the same
            found = [row for row in found if row["side"] == "candidate"]
        for row in draw(found, spec["rows"], spec["split"]):
            for name in kind.columns:
                columns[name].append(row.get(name))
        progress(done + 1, len(spec["pool"]))
    if not columns["id"]:
        left_out = f"; {len(lost)} bad rows were left out, the first: {next(iter(lost))}" if lost else ""
        raise BadRow(node.label, 0, f"holds no rows{left_out}")
    write_rows(folder / "out" / "rows.parquet", columns)
    size = {"rows": len(columns["id"]), "characters": sum(map(len, _texts(columns)))}
    if lost:
        size["bad_rows"] = len(lost)
        write_json(folder / "out" / "bad_rows.json", lost, sort=False)
        counts = dict(Counter(lost.values()))
        write_json(folder / "out" / LEFT_OUT, {f"{reader.type_name} {spec['split']}": counts})
    write_json(folder / "out" / "size.json", size)
    return size


def train(node: Node, parents: Parents, folder: Path, progress: Progress) -> dict[str, Any]:
    """One stage: ``selected/<task>`` in Hugging Face layout, ``oracle/<task>`` if another step, ``training.json``."""
    from xfer.forms.base import form
    from xfer.models import threads
    from xfer.models.base import Origin
    from xfer.models.domain.form import judged
    from xfer.models.network import build
    from xfer.trainers import checkpoint, ranks
    from xfer.trainers.loop import Context, TaskData

    job, spec = node.job, node.spec
    tasks = []
    for name in job["order"]:
        about = job["tasks"][name]
        dev = read_rows(parents[f"dev/{name}"]) if f"dev/{name}" in parents else None
        rows = read_rows(parents[f"train/{name}"])
        rows = rows if "head" in about else _labelled(rows, about["form"])
        tasks.append(TaskData(name, about["weight"], rows, dev, tuple(about["languages"]), about.get("exponent", 1.0)))
    if "start" in parents:
        saved = parents["start"].out / "selected"
        origin = Origin(saved / carried(node))
    else:
        progress(0, sum(len(task.train["id"]) for task in tasks), doing="preparing the encoder and its tokenizer")
        origin = spec["model"].origin(lambda: (text for task in tasks for text in _texts(task.train) if text))
    kinds = {
        task.name: form(
            job["tasks"][task.name]["form"], job["tasks"][task.name]["labels"], job["tasks"][task.name]["options"]
        )
        for task in tasks
    }
    for task in tasks:
        if head := spec["heads"].get(task.name):
            seen = job["tasks"][task.name]["conditions"]
            kinds[task.name] = judged(task.name, kinds[task.name], head, seen, task.train)
    network = build(origin, kinds, int(node.seed or 0))
    threads.settle(network.encoder.config)
    network.freeze(job["freeze"]["layers"], job["freeze"]["embeddings"])
    result = spec["trainer"].fit(
        network,
        tasks,
        Context(
            folder,
            int(node.seed or 0),
            spec["limit"],
            spec["mixer"],
            progress,
            _teacher(job, parents, network),
            node.label,
        ),
    )
    if not ranks.here().main:
        return {}
    network.save(folder / "out" / "selected")
    oracle = result["oracle"]
    if oracle and oracle[0] != result["selected"][0]:
        checkpoint.take(folder / "checkpoint", "oracle", oracle[0], network)
        network.save(folder / "out" / "oracle")
    write_json(folder / "out" / "training.json", result | {"order": job["order"]})
    best = result["selected"][1]
    return {"steps": result["steps"], "dev": round(best, 4) if best is not None else None}


def carried(node: Node) -> str:
    """The task of the stage before whose folder a stage starts from: all hold the encoder.

    One of masked LM where the stage has such a task too, as its head is carried along; else the first.
    """
    before = node.parents["start"].job
    masked = [name for name in before["order"] if _masked(before["tasks"][name])]
    wanted = any(map(_masked, node.job["tasks"].values()))
    return str(masked[0] if wanted and masked else before["order"][0])


def _masked(task: Mapping[str, Any]) -> bool:
    return task["form"] == "mask" and "head" not in task


def _teacher(job: Mapping[str, Any], parents: Parents, own: Any) -> Any:
    """The network that a stage learns from beside its labels, or None."""
    if "teacher" not in parents:
        return None
    from xfer.models.network import load
    from xfer.trainers.objective import Teacher, same_subwords

    about = job["distil"]
    network = load(parents["teacher"].out / "selected", about["task"], own.forms[about["taught"][0]])
    same_subwords(network.tokenizer, own.tokenizer)
    return Teacher(network, about["task"], tuple(about["taught"]), about["temperature"], about["weight"])


def predict(node: Node, parents: Parents, folder: Path, progress: Progress) -> dict[str, Any]:
    """The stage's answers to every row, as ``predictions.parquet``."""
    from xfer.models.predictor import decoded
    from xfer.trainers.adversaries.voting import vote

    rows, network, max_length = read_rows(parents["rows"]), *_network(node, parents)
    task, smoothing = node.job["task"], node.spec["smoothing"]
    if smoothing:
        columns = vote(network, task, rows, max_length, smoothing, progress)
    else:
        columns = decoded(network, task, rows, max_length, progress)
    write_rows(folder / "out" / "predictions.parquet", columns)
    return {"rows": len(columns["id"])}


def attack(node: Node, parents: Parents, folder: Path, progress: Progress) -> dict[str, Any]:
    """The rows with changed text as ``rows.parquet`` and what was done to each as ``edits.parquet``."""
    rows = read_rows(parents["rows"])
    attacker = node.spec["attacker"]
    each = [dict(zip(rows, values, strict=True)) for values in zip(*rows.values(), strict=True)]
    made = (_search if attacker.searches else _changes)(node, parents, folder, progress, each)
    columns: Rows = {name: [] for name in rows}
    notes: Rows = {name: [] for name in ("id", "language", "status", "queries", "forwards", "message", "edits")}
    for changed, note in made:
        for name in columns if changed else ():
            columns[name].append(changed[name])
        for name in notes:
            notes[name].append(note.get(name))
    left = len(columns["id"])
    if not left:
        raise XferError(f"attack {node.label}: none of the {len(each)} rows keeps its label under {attacker.type_name}")
    write_rows(folder / "out" / "rows.parquet", columns)
    write_rows(folder / "out" / "edits.parquet", notes)
    write_json(folder / "out" / "size.json", {"rows": left})
    moved = sum(note["status"] in ("changed", "succeeded") for _, note in made)
    return {"rows": left, "changed": moved} | ({"dropped": len(each) - left} if left < len(each) else {})


def _changes(
    node: Node, parents: Parents, folder: Path, progress: Progress, rows: list[dict[str, Any]]
) -> list[tuple[Any, Any]]:
    """Each row changed without a model, or None in its place where its label cannot follow."""
    attacker, made = node.spec["attacker"], []
    further = read_rows(parents["further"]) if "further" in parents else {}
    known = attacker.prepare([dict(zip(further, row, strict=True)) for row in zip(*further.values(), strict=True)])
    for number, row in enumerate(rows, 1):
        spoken = row | {"language": node.spec["language"] or row["language"]}
        changed, edits = attacker.change(spoken, node.spec["form"], known)
        changed = changed and changed | {"language": row["language"]}
        status = "dropped" if changed is None else "changed" if edits else "unchanged"
        note = {
            "id": row["id"],
            "language": row["language"],
            "status": status,
            "edits": json.dumps(edits, ensure_ascii=True),
        }
        made.append((changed, note | {"queries": 0, "forwards": 0, "message": ""}))
        if number % 500 == 0 or number == len(rows):
            progress(number, len(rows))
    return made


def _search(
    node: Node, parents: Parents, folder: Path, progress: Progress, rows: list[dict[str, Any]]
) -> list[tuple[Any, Any]]:
    """Runs a search, appending each outcome to ``results.jsonl``, so that a killed attack goes on where it was."""
    from xfer.models.predictor import Victim

    path = folder / "results.jsonl"
    known = {(found["language"], found["id"]): found for found in _whole_lines(path)}
    left = [row for row in rows if (row["language"], row["id"]) not in known]
    network, max_length = _network(node, parents)
    victim, labels = Victim(network, node.job["task"], max_length), node.job["labels"]
    with path.open("a", encoding="utf-8") as file:
        for number, found in enumerate(node.spec["attacker"].search(left, victim, labels), len(rows) - len(left) + 1):
            file.write(json.dumps(found, ensure_ascii=True) + "\n")
            file.flush()
            known[found["language"], found["id"]] = found
            progress(number, len(rows), queries=found["queries"])
    made = []
    for row in rows:
        found = known[row["language"], row["id"]]
        made.append((row | {name: found[name] for name in ("text", "pair") if name in found}, found | {"edits": None}))
    return made


def _whole_lines(path: Path) -> list[dict[str, Any]]:
    """The complete lines of a file that a kill may have cut short; the rest is taken off."""
    if not path.is_file():
        return []
    raw = path.read_bytes()
    whole = raw[: raw.rfind(b"\n") + 1]
    if whole != raw:
        path.write_bytes(whole)
    return [json.loads(line) for line in whole.splitlines()]


def score(node: Node, parents: Parents, folder: Path, progress: Progress) -> dict[str, Any]:
    """Each language's metrics as ``scores.json`` and what each row adds to them as ``credit.parquet``."""
    from xfer.forms.base import by_language, form, graded
    from xfer.reports.credits import credit_columns

    kind = form(node.job["form"], node.job["labels"], node.job["options"])
    scored, credit = {}, Rows()
    for language, part in by_language(graded(read_rows(parents["predict"], "predictions.parquet"))).items():
        sure = node.spec["smoothing"].parts(part) if node.spec["smoothing"] else {}
        shares = {name: sum(top) / len(top) for name, (top, _) in sure.items()}
        scored[language] = {"rows": len(part["id"]), **kind.score(part), **shares}
        added = {"id": part["id"], "language": part["language"], **credit_columns(kind.parts(part) | sure)}
        for name, column in added.items():
            credit.setdefault(name, []).extend(column)
    if not scored:
        raise XferError(f"{node.label}: no row has a gold label, so nothing can be scored; test on a labelled split")
    write_json(folder / "out" / "scores.json", scored, sort=False)
    write_rows(folder / "out" / "credit.parquet", credit)
    first = [next(v for k, v in found.items() if k != "rows") for found in scored.values()]
    return {"languages": len(scored), "mean": round(sum(first) / len(first), 4)}


def report(node: Node, parents: Parents, folder: Path, progress: Progress) -> dict[str, Any]:
    """The tables of the recipe as ``report.json``, ``report.md`` and ``report.csv``."""
    from xfer.reports.discriminators import told
    from xfer.reports.summary import collect
    from xfer.reports.write import csv_table, markdown

    stages = {name.removeprefix(TRAINED): entry for name, entry in parents.items() if name.startswith(TRAINED)}
    scored = {name: entry for name, entry in parents.items() if not name.startswith(TRAINED)}
    found = collect(node.job, {name: read_rows(entry, "credit.parquet") for name, entry in scored.items()})
    if stages:
        found["discriminators"] = told(node.job, {name: entry.read("training.json") for name, entry in stages.items()})
    found["notes"] = [*node.job.get("notes", ()), *_told(left_out(parents))]
    write_json(folder / "out" / "report.json", found)
    (folder / "out" / "report.md").write_text(markdown(found), encoding="utf-8")
    (folder / "out" / "report.csv").write_text(csv_table(found), encoding="utf-8")
    return {"evaluations": len(node.job["evaluations"])}


def _network(node: Node, parents: Parents) -> tuple[Any, int]:
    """The network that is tested, on the best device, and its longest input."""
    from xfer.models import threads
    from xfer.models.predictor import device

    network, length = _loaded(node, parents)
    threads.settle(network.encoder.config)
    return network.to(device()), length


def _loaded(node: Node, parents: Parents) -> tuple[Any, int]:
    """The network that is tested and its longest input: as it was trained, else as published."""
    from xfer.forms.base import form
    from xfer.models.base import Origin
    from xfer.models.network import build, load
    from xfer.trainers.finetune import Finetune
    from xfer.trainers.loop import longest

    job, kind = node.job, form(node.job["form"], node.job["labels"], node.job["options"])
    if "train" not in parents:
        network = build(node.spec["model"].origin(lambda: ()), {job["task"]: kind}, 0).eval()
        return network, longest(Finetune(max_length=job["max_length"]), network)
    trained, role = parents["train"], job.get("role", "selected")
    folder = trained.out / role if (trained.out / role).is_dir() else trained.out / "selected"
    if "max_length" in job:
        network = build(Origin(folder / job["task"]), {job["task"]: kind}, 0).eval()
        return network, longest(Finetune(max_length=job["max_length"]), network)
    network = load(folder, job["task"], kind)
    return network, int(trained.read("training.json")["max_length"])


def _labelled(rows: Rows, form: str) -> Rows:
    """Training rows must have a label where the form has one."""
    gold = {"classify": "label", "choose": "label", "span": "answers", "tag": "tags"}.get(form)
    if gold and None in rows[gold]:
        number = rows[gold].index(None)
        raise BadRow("training data", number + 1, f"row {rows['id'][number]} has no label")
    return rows


def _texts(columns: Rows) -> Iterator[str]:
    """All texts, row by row."""
    names = [name for name in ("text", "pair", "question", "options") if name in columns]
    for row in zip(*(columns[name] for name in names), strict=True):
        for value in row:
            if value is not None:
                yield from [value] if isinstance(value, str) else value


def write_rows(path: Path, columns: Rows) -> None:
    """Columns as parquet. Unpaired surrogates, which UTF-8 cannot hold, become U+FFFD."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays = {}
    for name, values in columns.items():
        try:
            arrays[name] = pa.array(values)
        except (UnicodeEncodeError, pa.lib.ArrowInvalid):
            arrays[name] = pa.array([_utf8(value) for value in values])
    pq.write_table(pa.table(arrays), path, compression="zstd")


def _utf8(value: Any) -> Any:
    if isinstance(value, list):
        return [_utf8(item) for item in value]
    return (
        value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace") if isinstance(value, str) else value
    )


def read_rows(entry: Entry, name: str = "rows.parquet") -> Rows:
    """The columns of a finished node."""
    import pyarrow.parquet as pq

    found: Rows = pq.read_table(entry.out / name).to_pydict()
    return found


def left_out(parents: Parents) -> dict[str, dict[str, int]]:
    """The bad rows that ``parents`` were made without: reader and split -> language -> rows."""
    found: dict[str, dict[str, int]] = {}
    for entry in parents.values():
        if (entry.out / LEFT_OUT).is_file():
            found |= entry.read(LEFT_OUT)
    return found


def _told(lost: Mapping[str, Mapping[str, int]]) -> list[str]:
    return [
        f"bad rows left out of {name}: {', '.join(f'{count:,} in {language}' for language, count in counts.items())}"
        for name, counts in lost.items()
    ]


def _carrying(step: Step) -> Step:
    """The step, which also hands on what its parents were made without."""

    def carrying(node: Node, parents: Parents, folder: Path, progress: Progress) -> dict[str, Any]:
        summary = step(node, parents, folder, progress)
        lost = left_out(parents)
        if lost and summary:  # a process that only helps writes nothing
            write_json(folder / "out" / LEFT_OUT, lost)
        return summary

    return carrying


STEPS: dict[str, Step] = {
    "world": world,
    "data": data,
    "train": _carrying(train),
    "predict": _carrying(predict),
    "attack": _carrying(attack),
    "score": _carrying(score),
    "report": report,
}
