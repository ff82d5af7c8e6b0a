"""The commands that look: list, show, read, schema, explain, train --dry-run, and what all do with wrong words."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from xfer.catalog import CATALOG
from xfer.cli import COMMANDS
from xfer.core.component import plural_kind
from xfer.core.errors import XferError
from xfer.core.store import Entry, Store
from xfer.execution.walk import execute_graph, open_graph
from xfer.forms.sheet import SHEET
from xfer.graph.compile import Node
from xfer.recipe.load import load_recipe

ROOT = Path(__file__).parents[2]
STUDY_SCHEMA = "xfer-study.schema.json"
SHIPPED = sorted(ROOT.glob("recipes/**/*.yaml"))

Xfer = Callable[..., Any]
Write = Callable[..., Path]

RECIPE = """\
name: small
source: miniature
model: {type: scratch, layers: 1, width: 16, heads: 2}
seeds: [1]
stages:
  mnli: {reader: mnli, trainer: {epochs: 1, batch_size: 10}}
  xnli: {reader: xnli, start: mnli, trainer: {steps: 7, batch_tokens: 100}}
evaluate:
  clean: {stage: xnli, languages: [en, sw]}
  typos: {stage: xnli, languages: [en, sw], attacker: {type: typos, rate: 0.1}}
report: {compare: clean}
limits: {train_rows: 100, dev_rows: 5, test_rows: 20}
"""


@pytest.fixture
def recipe(write: Write) -> Path:
    return write("r.yaml", RECIPE)


def fake(node: Node, parents: Mapping[str, Entry], folder: Path, progress: Callable[..., None]) -> dict[str, Any]:
    (folder / "out" / "size.json").write_text('{"rows": 40, "characters": 8000}')
    return {"rows": 40}


def finish(recipe: Path, *sets: str, work: Callable[..., dict[str, Any]] = fake) -> None:
    """Fills the default store with made-up results of a recipe."""
    store = Store(Path(".xfer"))
    execute_graph(open_graph(load_recipe(recipe, None, sets).recipe, store), store, work=work)


# usage


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["trian", "r.yaml"], "train"),
        (["check"], "RECIPE"),
        (["train"], "RECIPE"),
        (["check", "r.yaml", "--sets", "a=1"], "--set"),
        (["read", "xnli", "--split", "tset"], "test"),
        (["read", "xnli", "--limit", "-1"], "limit"),
        (["read", "xnly"], "did you mean 'xnli'?"),
        (["read", "{type: text, foldr: x}"], "foldr"),
        (["read", "{type: [}"], "not valid YAML"),
        (["read", "xnli", "--language", "xx"], "no test rows in 'xx'"),
        (["list", "reader5"], "did you mean 'readers'?"),
        (["show", "reader", "xnly"], "did you mean 'xnli'?"),
        (["show", "raeder", "xnli"], "did you mean 'reader'?"),
        (["show", "recipes"], "did you mean 'recipe'?"),
        (["show", "reader"], "xfer list reader"),
        (["explain", "r.yaml", "xnly"], "did you mean 'xnli'?"),
        (["report", "r.yaml"], "xfer train r.yaml"),
        (["report", "r.yaml", "--format", "latex"], "markdown"),
        (["train", "r.yaml", "--scale", "big"], "there is no scale 'big'"),
    ],
)
def test_wrong_words_end_with_two_and_a_hint(words: list[str], said: str, recipe: Path, xfer: Xfer) -> None:
    found = xfer(*words)
    assert (found.code, found.out) == (2, "")
    assert said in found.err
    assert "Traceback" not in found.err


def test_help_names_every_command(xfer: Xfer) -> None:
    found = xfer("--help")
    assert found.code == 0
    assert [name for name in COMMANDS if f"\n  {name} " not in found.out] == []


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help_and_takes_json(name: str, xfer: Xfer) -> None:
    found = xfer(name, "--help")
    assert found.code == 0
    assert "Usage: " in found.out
    assert "--json" in found.out or name == "schema"


@pytest.mark.parametrize("command", ["report", "export"])
def test_what_is_not_finished_is_made_by_the_command_that_is_named(command: str, recipe: Path, xfer: Xfer) -> None:
    given = ["r.yaml", "--scale", "miniature", "--set", "seeds=[4, 5]", "--store", "else where"]
    found = xfer(command, *given, *(["--xtreme", "out"] if command == "export" else []))
    assert found.code == 2
    said = found.err.strip().rpartition("; run: ")[2]
    assert shlex.split(said) == ["xfer", "train", *given]


def test_an_error_tells_scripts_what_it_is(recipe: Path, xfer: Xfer) -> None:
    found = xfer("report", recipe, "--json")
    assert found.code == 2
    assert found.json["ok"] is False
    assert "is not finished" in found.json["errors"][0]


# check


def test_check_says_what_a_good_recipe_holds(recipe: Path, xfer: Xfer) -> None:
    assert xfer("check", recipe) == (0, "r.yaml is good: 2 stages, 2 evaluations, 1 seed\n", "")


def test_check_takes_scale_and_set(recipe: Path, xfer: Xfer) -> None:
    found = xfer("check", recipe, "--scale", "miniature", "--set", "seeds=[4, 5, 6]")
    assert (found.code, found.out) == (0, "r.yaml is good: 4 stages, 2 evaluations, 3 seeds\n")


def test_check_of_a_folder_leaves_out_the_parts_of_others(recipe: Path, write: Callable[..., Path], xfer: Xfer) -> None:
    write("_part.yaml", "no: recipe\n")
    assert xfer("check", recipe.parent).out == f"{recipe.parent / 'r.yaml'} is good: 2 stages, 2 evaluations, 1 seed\n"
    (recipe.parent / "empty").mkdir()
    found = xfer("check", "empty")
    assert found.code == 2 and "there is no file *.yaml in the folder empty" in found.err


@pytest.mark.parametrize("path", sorted(ROOT.glob("recipes/*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_recipe_is_good(path: Path, xfer: Xfer) -> None:
    """Nothing is wrong with it but for lists that are not on this machine."""
    done = xfer("check", path, "--json")
    assert [fault for fault in done.json["faults"] if "lexica/" not in fault["message"]] == []
    assert done.code == (2 if done.json["faults"] else 0)


# list and show


def test_list_names_everything_in_the_catalogue(xfer: Xfer) -> None:
    found = xfer("list", "--json").json
    assert {kind: [line["name"] for line in lines] for kind, lines in found.items()} == {
        kind: sorted(names) for kind, names in CATALOG.items()
    } | {"form": list(SHEET)}


@pytest.mark.parametrize("word", ["reader", "readers"])
def test_list_takes_one_kind(word: str, xfer: Xfer) -> None:
    found = xfer("list", word, "--json").json
    assert list(found) == ["reader"]
    (line,) = [line for line in found["reader"] if line["name"] == "xnli"]
    assert (line["form"], line["licence"], len(line["languages"])) == ("classify", "CC-BY-NC-4.0", 15)


def test_list_shows_a_summary_of_each(xfer: Xfer) -> None:
    found = xfer("list")
    assert found.code == 0
    assert "readers\n" in found.out and "  xnli" in found.out
    (line,) = [line for line in found.out.splitlines() if line.startswith("  xnli ")]
    assert [cell.strip() for cell in line.split("  ") if cell.strip()] == [
        "xnli",
        "classify",
        "15 languages",
        "train 392,702, dev 2,490, test 5,010",
        "CC-BY-NC-4.0",
    ]


def test_show_tells_fields_card_and_place(xfer: Xfer) -> None:
    found = xfer("show", "reader", "xnli", "--json").json
    assert (found["kind"], found["name"], found["labels"]) == (
        "reader",
        "xnli",
        ["entailment", "neutral", "contradiction"],
    )
    assert found["card"]["hub"] == "facebook/xnli" and "Conneau" in found["card"]["citation"]
    assert found["published"]["learning_rate"] == 2e-5
    fields = {field["name"]: field for field in found["fields"]}
    assert fields["languages"]["default"] == ["en"] and not fields["languages"]["required"]
    file, line = found["defined"].rsplit(":", 1)
    assert 'register("xnli")' in Path(file).read_text().split("\n")[int(line) - 1]


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in CATALOG.items() for name in names])
def test_show_describes_every_component(kind: str, name: str, xfer: Xfer) -> None:
    found = xfer("show", kind, name)
    assert found.code == 0
    assert found.out.startswith(f"{kind} {name} ")
    assert xfer("show", plural_kind(kind), name, "--json").json["name"] == name


def test_show_tells_required_fields(xfer: Xfer) -> None:
    fields = {
        field["name"]: field["required"] for field in xfer("show", "model", "pretrained", "--json").json["fields"]
    }
    assert fields["name"] is True and fields["commit"] is False


def _told(fields: list[dict[str, Any]], path: str = "") -> dict[str, dict[str, Any]]:
    """Every field by its dotted path, those of blocks too."""
    found: dict[str, dict[str, Any]] = {}
    for field in fields:
        here = f"{path}{field['name']}"
        found |= {here: field} | _told(field.get("fields", []), f"{here}.")
    return found


def test_show_tells_every_field_of_a_recipe_and_of_a_study(xfer: Xfer) -> None:
    recipe = _told(xfer("show", "recipe", "--json").json["fields"])
    for path in (
        "limits.steps",
        "stages.tasks.attacked.share",
        "evaluate.smoothing.radius",
        "report.against",
        "extends",
    ):
        assert path in recipe
    assert recipe["stages.tasks"]["type"] == "{name: block}" and recipe["stages.tasks"]["required"]
    assert recipe["seeds"]["type"] == "[whole number, ...]" and recipe["seeds"]["default"] == [1]
    assert "stages.tasks.reader.languages" not in recipe  # a kind has fields by its type
    study = _told(xfer("show", "study", "--json").json["fields"])
    assert {"hypotheses.evaluations", "compare.adjust", "at"} <= set(study)
    out = xfer("show", "recipe").out
    assert "\n  limits: block  (default {})\n" in out and "\n      steps: whole number | null  (default null)\n" in out


def test_show_tells_the_fields_of_a_components_blocks(xfer: Xfer) -> None:
    fields = _told(xfer("show", "trainer", "finetune", "--json").json["fields"])
    assert fields["average.last"]["type"] == "whole number | null"
    assert fields["adversary"]["type"] == "adversary" and "fields" not in fields["adversary"]


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in CATALOG.items() for name in names])
def test_show_tells_types_in_words_of_yaml(kind: str, name: str, xfer: Xfer) -> None:
    types = [field["type"] for field in _told(xfer("show", kind, name, "--json").json["fields"]).values()]
    assert [text for text in types if "typing" in text or "xfer." in text or "Optional" in text or "<" in text] == []


# read


@pytest.fixture
def mirror(write: Write, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    lines = [f"premise {i}\thypothesis {i}\tneutral" for i in range(9)]
    write("data/xnli/test-sw.tsv", "\n".join(lines))
    monkeypatch.setenv("XFER_DATA", str(folder / "data"))


def test_read_prints_one_object_a_line(mirror: None, xfer: Xfer) -> None:
    found = xfer("read", "xnli", "--language", "sw", "--split", "test", "--source", "mirror", "--limit", "3", "--json")
    assert (found.code, found.err) == (0, "")
    assert [json.loads(line) for line in found.out.splitlines()] == [
        {"id": str(i + 1), "language": "sw", "text": f"premise {i}", "pair": f"hypothesis {i}", "label": "neutral"}
        for i in range(3)
    ]


@pytest.mark.parametrize(("limit", "count"), [([], 5), (["--limit", "0"], 9), (["--limit", "99"], 9)])
def test_read_takes_five_rows_or_as_many_as_asked(limit: list[str], count: int, mirror: None, xfer: Xfer) -> None:
    assert len(xfer("read", "xnli", "--language", "sw", "--json", *limit).out.splitlines()) == count


def test_read_shows_rows_to_people(mirror: None, xfer: Xfer) -> None:
    assert "text='premise 0'  pair='hypothesis 0'  label='neutral'" in xfer("read", "xnli", "--language", "sw").out


def test_read_takes_a_block(write: Write, xfer: Xfer, mirror: None) -> None:
    write("data/own.tsv", "text\tlabel\nno\tyes\n")
    block = "{type: files, test: own.tsv, labels: ['yes', no], languages: [no]}"
    found = xfer("read", block, "--language", "no", "--json", "--source", "mirror")
    assert found.err == ""
    assert json.loads(found.out) == {"id": "2", "language": "no", "text": "no", "pair": None, "label": "yes"}


def test_read_keeps_other_scripts_readable_and_survives_lone_surrogates(write: Write, xfer: Xfer, mirror: None) -> None:
    write("data/own.jsonl", '{"text": "नमस्ते \\ud800", "label": "a"}\n')
    block = "{type: files, test: own.jsonl, labels: [a, b]}"
    found = xfer("read", block, "--json")
    assert found.code == 0
    assert "नमस्ते" in found.out
    assert json.loads(found.out)["label"] == "a"


def read_in_a_process(folder: Path, *words: str, **variables: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "xfer", "read", "xnli", "--language", "sw", "--json", *words]
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | variables
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder, env=environment)


def test_read_survives_a_terminal_without_the_letters(write: Write, mirror: None, folder: Path) -> None:
    write("data/xnli/test-sw.tsv", "नमस्ते\tb\tneutral\n")
    out, err = read_in_a_process(folder, PYTHONIOENCODING="latin-1").communicate(timeout=60)
    assert b"Traceback" not in err
    assert json.loads(out)["pair"] == "b"


def test_read_stops_quietly_when_nobody_listens(write: Write, mirror: None, folder: Path) -> None:
    write("data/xnli/test-sw.tsv", "a\tb\tneutral\n" * 50_000)
    process = read_in_a_process(folder, "--limit", "0")
    assert process.stdout is not None and process.stderr is not None
    assert process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(60) != 0


def test_read_ends_at_a_bad_row_with_one_line(write: Write, xfer: Xfer, mirror: None) -> None:
    write("data/xnli/test-sw.tsv", "a\tb\tneutral\na\tb\tmaybe\n")
    found = xfer("read", "xnli", "--language", "sw", "--json")
    row, *error = map(json.loads, found.out.splitlines())
    assert (found.code, row["id"], [line["ok"] for line in error]) == (1, "1", [False])
    assert len(found.err.splitlines()) == 1
    assert "test-sw.tsv:2: label 'maybe'" in found.err


def test_read_of_miniature_writes_the_world_once(xfer: Xfer, monkeypatch: pytest.MonkeyPatch) -> None:
    from xfer import miniature

    written: list[Path] = []

    def world(folder: Path, **_: Any) -> None:
        written.append(folder)
        (folder / "xnli").mkdir(parents=True)
        (folder / "xnli" / "test-sw.tsv").write_text("a\tb\tneutral\n")

    monkeypatch.setattr(miniature, "write", world)
    for _ in range(2):
        found = xfer("read", "xnli", "--language", "sw", "--source", "miniature", "--json")
        assert json.loads(found.out)["text"] == "a"
    assert len(written) == 1


# schema


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    from xfer.recipe.schema import schema_text

    return dict(json.loads(schema_text()))


def errors(schema: dict[str, Any], text: str) -> list[str]:
    """What an editor would underline: numbers, booleans and words are read as xfer reads them."""
    from xfer.core import yaml as ours

    validator = jsonschema.Draft202012Validator(schema)
    return [error.message for error in validator.iter_errors(ours.plain_data(ours.parse_tree(text, "f.yaml")))]


def test_the_schema_is_a_json_schema(schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(ROOT / "recipes")))
def test_every_shipped_recipe_obeys_the_schema(path: Path, schema: dict[str, Any]) -> None:
    if STUDY_SCHEMA in path.read_text().split("\n")[0]:
        schema = json.loads((ROOT / STUDY_SCHEMA).read_text())
    assert errors(schema, path.read_text()) == []


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(ROOT / "recipes")))
def test_every_shipped_recipe_wires_the_schema_into_editors(path: Path) -> None:
    first = path.read_text().split("\n")[0]
    assert first.startswith("# yaml-language-server: $schema=")
    assert (path.parent / first.partition("=")[2]).resolve() in (ROOT / "xfer.schema.json", ROOT / STUDY_SCHEMA)


def test_the_schema_of_studies_is_one_and_finds_mistakes() -> None:
    schema = json.loads((ROOT / STUDY_SCHEMA).read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    whole = "name: a\nquestion: q\nrecipe: r.yaml\nvary: {axis: {one: {}, two: {seeds: [1]}}}\n"
    assert errors(schema, whole + "only: {axis: one}\nat: {miniature: {seeds: [1], vary: {axis: {two: null}}}}") == []
    for wrong in ("compare: {againts: {axis: one}}", "seeds: one", "at: {miniature: {sedds: [1]}}", "hypothesis: {}"):
        assert errors(schema, whole + wrong), wrong


def test_the_shipped_schema_is_current(xfer: Xfer) -> None:
    fresh = xfer("schema", "--study").out
    assert fresh == (ROOT / STUDY_SCHEMA).read_text(), f"run `xfer schema --study --output {STUDY_SCHEMA}`"
    assert xfer("schema").out == (ROOT / "xfer.schema.json").read_text(), "run `xfer schema --output xfer.schema.json`"


GOOD = [
    RECIPE,
    "extends: other.yaml\nname: a\n",
    "model: scratch\nstages: {one: {reader: xnli, trainer: finetune}}\n",
    "stages: {one: {tasks: {a: {reader: {type: mnli, languages: all}, weight: 2}}, mixer: {type: capped, cap: 3}}}\n",
    "model: {type: 'mine.mod:Model', anything: 1}\n",
    "stages: {one: {reader: 'mine.mod:Reader'}}\n",
    "evaluate: {a: {stage: one, attacker: typos, languages: all}}\n",
    "stages: {one: {trainer: {epochs: 1}}}\n",
    "stages: {one: null}\n",
]
BAD = [
    "nam: a\n",
    "model: {type: scratch, widht: 5}\n",
    "model: {width: 5}\n",
    "model: scrach\n",
    "stages: {one: {reader: xnly}}\n",
    "stages: {one: {reader: {type: xnli, lang: [en]}}}\n",
    "stages: {one: {reader: xnli, trainer: {epoch: 1}}}\n",
    "stages: {one: {reader: xnli, trainer: {epochs: many}}}\n",
    "evaluate: {a: {stage: one, split: tst}}\n",
    "evaluate: {a: {stage: one, attacker: {type: typos, rate: 2}}}\n",
    "evaluate: {a: {stage: one, languages: en}}\n",
    "seeds: 1\n",
    "limits: {step: 1}\n",
]


@pytest.mark.parametrize("text", GOOD)
def test_the_schema_takes_what_check_takes(text: str, schema: dict[str, Any]) -> None:
    assert errors(schema, text) == []


@pytest.mark.parametrize("text", BAD)
def test_the_schema_refuses_what_check_refuses(text: str, schema: dict[str, Any]) -> None:
    assert errors(schema, text) != []


def test_the_schema_describes_fields_for_editors(schema: dict[str, Any]) -> None:
    assert schema["properties"]["seeds"]["description"]
    assert schema["$defs"]["model.scratch"]["properties"]["width"]["description"] == "hidden size"


def test_the_schema_can_be_written_to_a_file(xfer: Xfer, folder: Path) -> None:
    found = xfer("schema", "--output", "s.json")
    assert (found.code, found.out) == (0, "")
    assert (folder / "s.json").read_text() == xfer("schema").out


def test_a_full_disk_or_a_missing_folder_is_one_line(xfer: Xfer) -> None:
    found = xfer("schema", "--output", "gone/s.json")
    assert (found.code, len(found.err.splitlines())) == (1, 1)
    assert "gone/s.json" in found.err


# train --dry-run


def test_a_dry_run_tells_scripts_the_plan(recipe: Path, xfer: Xfer, folder: Path) -> None:
    found = xfer("train", recipe, "--dry-run", "--json")
    assert found.code == 0
    assert found.json["ok"] is True
    lines = {f"{line['kind']} {line['label']}": line for line in found.json["nodes"]}
    assert {"kind", "key", "label", "stored", "problem", "rows", "tokens", "steps", "parameters"} <= set(
        lines["train xnli seed 1"]
    )
    assert lines["data mnli train en"]["rows"] == 100
    assert lines["data xnli test 2 languages"]["rows"] == 40
    assert lines["train mnli seed 1"]["steps"] == 10
    assert lines["train xnli seed 1"]["steps"] == 7
    assert lines["train xnli seed 1"]["tokens"] == 700
    assert lines["train xnli seed 1"]["parameters"] == lines["train mnli seed 1"]["parameters"] > 16 * 8000
    assert not any(line["stored"] for line in lines.values())
    assert not (folder / ".xfer" / "nodes").exists() and not (folder / "runs").exists()


def test_a_dry_run_tells_people_the_plan(recipe: Path, xfer: Xfer) -> None:
    found = xfer("train", recipe, "--dry-run")
    lines = found.out.splitlines()
    assert any(line.startswith("train ") and "mnli seed 1" in line and "10 steps" in line for line in lines)
    assert lines[-1] == "16 nodes, 0 in the store, 16 to run (numbers are estimates until the rows are in the store)"
    assert len(lines) == 17


def test_a_dry_run_sees_what_is_in_the_store(recipe: Path, xfer: Xfer) -> None:
    finish(recipe)
    found = xfer("train", recipe, "--dry-run", "--set", "stages.xnli.trainer.clip=0.5", "--json").json
    stored = {f"{line['kind']} {line['label']}" for line in found["nodes"] if line["stored"]}
    assert {"world miniature nli", "data mnli train en", "train mnli seed 1"} <= stored
    assert "train xnli seed 1" not in stored
    assert xfer("train", recipe, "--dry-run").out.splitlines()[-1].startswith("16 nodes, 16 in the store, 0 to run")


def test_a_dry_run_counts_rows_that_are_stored(recipe: Path, xfer: Xfer) -> None:
    finish(recipe)
    lines = {
        f"{line['kind']} {line['label']}": line for line in xfer("train", recipe, "--dry-run", "--json").json["nodes"]
    }
    assert (lines["data mnli train en"]["rows"], lines["data mnli train en"]["tokens"]) == (40, 2000)
    assert lines["train mnli seed 1"]["steps"] == 4


def test_a_dry_run_names_missing_data(recipe: Path, xfer: Xfer) -> None:
    found = xfer("train", recipe, "--set", "source=mirror", "--dry-run", "--json")
    problems = {line["label"]: line["problem"] for line in found.json["nodes"] if line["problem"]}
    assert found.json["ok"] is False
    assert "$XFER_DATA" in problems["mnli train en"]


def test_languages_that_are_left_out_are_noted_once(recipe: Path, xfer: Xfer) -> None:
    found = xfer("train", recipe, "--set", "evaluate.clean.languages=[en, sw, vi]", "--dry-run", "--json")
    assert found.code == 0
    notes = found.err.splitlines()
    assert notes.count("note: evaluation clean: no rows in vi in this source; left out") == 1


def test_damage_in_the_store_is_one_line_with_the_path(recipe: Path, xfer: Xfer) -> None:
    finish(recipe)
    broken = next(Path(".xfer/nodes/train").iterdir())
    (broken / "done.json").write_text("{")
    for words in (["train", recipe, "--dry-run"], ["train", recipe], ["report", recipe]):
        found = xfer(*words)
        assert found.code == 1
        assert str(broken) in found.err
        assert "Traceback" not in found.err


def test_a_store_that_cannot_be_made_is_one_line(recipe: Path, xfer: Xfer, write: Write) -> None:
    write("file", "x")
    found = xfer("train", recipe, "--store", "file")
    assert found.code == 1
    assert "Traceback" not in found.err
    assert "file" in found.err.splitlines()[-1]


# explain


def why(found: Any, label: str) -> tuple[str, str]:
    """State and reasons of one node."""
    (line,) = [line for line in found.json if f"{line['kind']} {line['label']}" == label]
    return line["state"], "\n".join(line["why"])


def test_explain_says_that_nothing_is_finished_yet(recipe: Path, xfer: Xfer) -> None:
    found = xfer("explain", recipe, "--json")
    assert len(found.json) == 16
    assert why(found, "train mnli seed 1") == ("not in the store", "no train node is finished yet")


def test_explain_says_what_is_in_the_store(recipe: Path, xfer: Xfer) -> None:
    finish(recipe)
    state, reason = why(xfer("explain", recipe, "--json"), "train mnli seed 1")
    assert state == "in the store"
    assert "finished" in reason


def test_explain_says_what_differs_from_the_nearest(recipe: Path, xfer: Xfer) -> None:
    finish(recipe)
    found = xfer("explain", recipe, "--json", "--set", "stages.mnli.trainer.learning_rate=0.5", "--set", "seeds=[2]")
    state, reason = why(found, "train mnli seed 2")
    assert state == "not in the store"
    assert "job.trainer.learning_rate: 1e-05 -> 0.5" in reason
    assert "seed: 1 -> 2" in reason
    assert "clip" not in reason
    state, reason = why(found, "train xnli seed 2")
    assert "parents.start" in reason and re.match(r"nearest finished: \w{6}  xnli seed 1\n", reason)
    assert why(found, "data mnli train en")[0] == "in the store"


def test_explain_names_the_nearest_of_several(recipe: Path, xfer: Xfer) -> None:
    finish(recipe)
    finish(recipe, "stages.mnli.trainer.clip=0.5", "stages.mnli.trainer.schedule=cosine")
    found = xfer("explain", recipe, "--json", "--set", "stages.mnli.trainer.clip=0.5")
    assert "schedule" in why(found, "train mnli seed 1")[1] or "clip" in why(found, "train mnli seed 1")[1]
    assert why(found, "train mnli seed 1")[1].count("\n") == 1


def test_explain_says_what_failed(recipe: Path, xfer: Xfer) -> None:
    def broken(node: Node, *rest: Any) -> dict[str, Any]:
        if node.kind == "train":
            raise XferError("the learning rate is a fish")
        return fake(node, *rest)

    finish(recipe, work=broken)
    found = xfer("explain", recipe, "--json")
    state, reason = why(found, "train mnli seed 1")
    assert state == "failed"
    assert "the learning rate is a fish" in reason
    assert "begun and not finished" in reason
    assert why(found, "train xnli seed 1")[0] == "not in the store"


def test_explain_takes_one_stage_or_evaluation(recipe: Path, xfer: Xfer) -> None:
    assert [line["label"] for line in xfer("explain", recipe, "mnli", "--json").json] == ["mnli seed 1"]
    kinds = [line["kind"] for line in xfer("explain", recipe, "typos", "--json").json]
    assert kinds == ["attack", "predict", "score"]


def test_explain_tells_people(recipe: Path, xfer: Xfer) -> None:
    finish(recipe)
    found = xfer("explain", recipe, "mnli", "--set", "stages.mnli.trainer.clip=0.5")
    assert "train " in found.out and "not in the store" in found.out and "job.trainer.clip" in found.out


def test_explain_names_damage(recipe: Path, xfer: Xfer) -> None:
    finish(recipe)
    broken = next(Path(".xfer/nodes/world").iterdir())
    (broken / "out" / "size.json").unlink()
    state, reason = why(xfer("explain", recipe, "--json"), "world miniature nli")
    assert state == "damaged"
    assert str(broken) in reason


def test_explain_survives_a_record_that_is_not_what_was_written(recipe: Path, xfer: Xfer) -> None:
    """The size is as it was, so that only a look at the contents can tell."""
    finish(recipe)
    record = next(Path(".xfer/nodes/world").iterdir()) / "node.json"
    record.write_text("x" * len(record.read_text()))
    state, reason = why(xfer("explain", recipe, "--json"), "world miniature nli")
    assert state == "damaged"
    assert str(record.parent) in reason


# the first line of recipes


def test_shipped_recipes_are_plain_yaml_for_other_tools_too() -> None:
    for path in SHIPPED:
        assert isinstance(yaml.safe_load(path.read_text()), dict), path
