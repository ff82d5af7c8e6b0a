"""From files to a recipe, or to every fault with its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xfer.core.errors import Fault, RecipeError
from xfer.recipe.load import load_recipe
from xfer.recipe.recipe import Recipe

Write = Callable[[str, str], Path]

HEAD = """\
name: a
model: scratch
stages:
  one: {reader: mnli}
  two: {reader: xnli, start: one}
"""


def faults(path: Path, *sets: str, scale: str | None = None) -> list[Fault]:
    with pytest.raises(RecipeError) as caught:
        load_recipe(path, scale, sets)
    return caught.value.faults


@pytest.fixture
def recipe(write: Write) -> Callable[..., Recipe]:
    """The recipe of a text."""
    return lambda text, *sets: load_recipe(write("r.yaml", text), None, sets).recipe


@pytest.fixture
def one_fault(write: Write) -> Callable[..., Fault]:
    """The only fault of a text."""

    def one_fault(text: str, *sets: str) -> Fault:
        found = faults(write("r.yaml", text), *sets)
        assert len(found) == 1, found
        return found[0]

    return one_fault


# many faults at once

MANY = """\
name: bad
model: {type: scratch, width: wide}
seeds: [1, 1]
stages:
  mnli: {reader: mnlii}
  xnli:
    reader: {type: xnli, languages: [en, xx]}
    start: mnl
    trainer:
      epochs: 1
      learning_rat: 1e-5
evaluate:
  clean: {stage: xnli, languages: [no]}
  typos:
    stage: xnly
    attacker: {type: typo}
report: {compare: cleen}
"""

MISTAKES = [
    (2, 31, "model.width", "valid integer", "not 'wide'"),
    (3, 8, "seeds", "twice", "each seed is one run"),
    (5, 18, "stages.mnli.reader", "reader 'mnlii' is not known", "did you mean 'mnli'?"),
    (7, 42, "stages.xnli.reader.languages[1]", "no train data in 'xx'", ""),
    (8, 12, "stages.xnli.start", "there is no stage 'mnl'", "did you mean 'mnli'?"),
    (11, 7, "stages.xnli.trainer.learning_rat", "no such field", "did you mean 'learning_rate'?"),
    (13, 36, "evaluate.clean.languages[0]", "no test data in 'no'", ""),
    (15, 12, "evaluate.typos.stage", "there is no stage 'xnly'", "did you mean 'xnli'?"),
    (16, 22, "evaluate.typos.attacker.type", "attacker 'typo' is not known", "did you mean 'typos'?"),
    (17, 19, "report.compare", "there is no evaluation 'cleen'", "did you mean 'clean'?"),
]


def test_every_mistake_is_told_at_once_with_its_place(write: Write) -> None:
    found = faults(write("bad.yaml", MANY))
    assert [(fault.line, fault.column, fault.path) for fault in found] == [mistake[:3] for mistake in MISTAKES]
    for fault, (_, _, _, message, rest) in zip(found, MISTAKES, strict=True):
        assert message in fault.message
        assert rest in f"{fault.message}; {fault.hint}"


def test_check_prints_them_and_exits_with_two(write: Write, xfer: Callable[..., Any]) -> None:
    found = xfer("check", write("bad.yaml", MANY))
    assert (found.code, found.out) == (2, "")
    *lines, last = found.err.splitlines()
    wanted = [f"bad.yaml:{line}:{column}: {path}: " for line, column, path, *_ in MISTAKES]
    assert [line[: len(start)] for line, start in zip(lines, wanted, strict=True)] == wanted
    assert last == "10 faults"
    assert "Traceback" not in found.err


def test_check_tells_them_to_scripts(write: Write, xfer: Callable[..., Any]) -> None:
    found = xfer("check", write("bad.yaml", MANY), "--json")
    assert found.code == 2
    assert set(found.json) == {"ok", "faults"}
    assert found.json["ok"] is False
    for fault, (line, column, path, *_) in zip(found.json["faults"], MISTAKES, strict=True):
        assert list(fault) == ["file", "line", "column", "path", "message", "hint"]
        assert (fault["file"], fault["line"], fault["column"], fault["path"]) == ("bad.yaml", line, column, path)


def test_every_command_that_takes_a_recipe_tells_its_faults(write: Write, xfer: Callable[..., Any]) -> None:
    path = write("bad.yaml", MANY)
    for words in (("train", path), ("train", path, "--dry-run"), ("explain", path), ("report", path)):
        found = xfer(*words)
        assert (found.code, found.out) == (2, ""), words
        assert len(found.err.splitlines()) == 11, words


def test_faults_of_several_recipes_are_told_together(write: Write, xfer: Callable[..., Any]) -> None:
    good, bad = write("good.yaml", HEAD), write("bad.yaml", HEAD + "seed: 1\n")
    found = xfer("check", good, bad, "gone.yaml", "--json")
    assert found.code == 2
    assert [(fault["file"], fault["line"]) for fault in found.json["faults"]] == [("bad.yaml", 6), ("gone.yaml", 0)]


def test_a_good_recipe_has_no_fault(write: Write, xfer: Callable[..., Any]) -> None:
    found = xfer("check", write("good.yaml", HEAD), "--json")
    assert (found.code, found.json) == (0, {"ok": True, "faults": []})


# single faults


@pytest.mark.parametrize("missing", ["name", "model", "stages"])
def test_a_missing_field_is_told(missing: str, one_fault: Callable[..., Fault]) -> None:
    blocks = {"name": "name: a\n", "model": "model: scratch\n", "stages": "stages: {one: {reader: mnli}}\n"}
    fault = one_fault("".join(text for name, text in blocks.items() if name != missing))
    assert fault.path == missing
    assert "missing" in fault.message


def test_a_stage_without_reader_is_told_at_the_stage(one_fault: Callable[..., Fault]) -> None:
    fault = one_fault("name: a\nmodel: scratch\nstages:\n  one: {seed: 1}\n")
    assert (fault.line, fault.column) == (4, 3)
    assert fault.path.startswith("stages.one")


def test_reader_and_tasks_together_are_told_without_naming_the_same_word(one_fault: Callable[..., Fault]) -> None:
    fault = one_fault("name: a\nmodel: scratch\nstages:\n  one: {reader: mnli, tasks: {a: {reader: xnli}}}\n")
    assert fault.line == 4
    assert fault.path.startswith("stages.one")
    assert "tasks" in fault.message and "reader" in fault.message


def test_a_word_where_a_list_is_wanted_is_one_fault(one_fault: Callable[..., Fault]) -> None:
    fault = one_fault(HEAD + "evaluate:\n  clean: {stage: two, languages: en}\n")
    assert (fault.line, fault.column, fault.path) == (7, 34, "evaluate.clean.languages")


def test_a_number_among_languages_is_one_fault_in_the_list(one_fault: Callable[..., Fault]) -> None:
    fault = one_fault(HEAD + "evaluate:\n  clean: {stage: two, languages: [en, 5]}\n")
    assert (fault.line, fault.path.removesuffix("[1]")) == (7, "evaluate.clean.languages")


def test_an_item_of_the_wrong_kind_is_told_at_the_item(one_fault: Callable[..., Fault]) -> None:
    fault = one_fault(HEAD + "seeds: [1, two, 3]\n")
    assert (fault.line, fault.column, fault.path) == (6, 12, "seeds[1]")


def test_a_number_of_five_thousand_digits_is_told(one_fault: Callable[..., Fault]) -> None:
    fault = one_fault(HEAD + f"seeds: [1, {'9' * 5000}]\n")
    assert (fault.line, fault.column, fault.path) == (6, 12, "seeds[1]")


def test_a_choice_names_what_there_is_to_choose(one_fault: Callable[..., Fault]) -> None:
    fault = one_fault(HEAD + "source: mirrors\n")
    assert (fault.line, fault.column, fault.path) == (6, 9, "source")
    assert fault.hint == "did you mean 'mirror'?"


def test_a_bad_item_of_a_list_is_told_at_the_item(one_fault: Callable[..., Fault]) -> None:
    attacker = "{type: typos, operations: [swap, flip]}"
    fault = one_fault(HEAD + f"evaluate:\n  t: {{stage: two, attacker: {attacker}}}\n")
    assert fault.path == "evaluate.t.attacker.operations[1]"
    assert fault.column == len("  t: {stage: two, attacker: {type: typos, operations: [swap, ") + 1


def test_a_list_whose_only_item_is_bad_is_one_fault(one_fault: Callable[..., Fault]) -> None:
    fault = one_fault(HEAD + "evaluate:\n  t: {stage: two, attacker: {type: typos, operations: [keyboard]}}\n")
    assert fault.path == "evaluate.t.attacker.operations[0]"
    assert str(fault).count("neighbour") == 1 and fault.hint == "take one of these"  # the choices stand there once


def test_an_empty_list_is_told(one_fault: Callable[..., Fault]) -> None:
    fault = one_fault(HEAD + "evaluate:\n  t: {stage: two, attacker: {type: typos, operations: []}}\n")
    assert (fault.path, fault.message) == ("evaluate.t.attacker.operations", "is empty")


@pytest.mark.parametrize(
    "text, path, words",
    [
        ("report: clean\n", "report", "should be a block of fields, not 'clean'"),
        ("seeds: 1\n", "seeds", "should be a list, not 1"),
        ("evaluate: {t: two}\n", "evaluate.t", "should be a block of fields, not 'two'"),
    ],
)
def test_a_wrong_shape_is_told_once_in_words_of_yaml(
    text: str, path: str, words: str, one_fault: Callable[..., Fault]
) -> None:
    fault = one_fault(HEAD + text)
    assert (fault.path, fault.message) == (path, words)


@pytest.mark.parametrize(
    "text, hint",
    [
        ("train_rows: 5\n", "it is a field of limits"),
        ("  three: {reader: mnli, epochs: 3}\n", "it is a field of trainer"),
        ("  three: {reader: mnli, augment: typos}\n", "it is a field of each of tasks"),
        ("evaluate:\n  t: {stage: two, attacker: typos, operations: [swap]}\n", "it is a field of attacker"),
        ("evaluate:\n  t: {stage: two, operations: [swap]}\n", "known: attacker"),  # none says which attacker
    ],
)
def test_a_field_in_the_wrong_block_is_sent_to_its_own(text: str, hint: str, one_fault: Callable[..., Fault]) -> None:
    fault = one_fault(HEAD + text)
    assert fault.message == "no such field" and fault.hint.startswith(hint)


def test_a_name_of_another_kind_is_sent_to_its_own(one_fault: Callable[..., Fault]) -> None:
    fault = one_fault(HEAD.replace("start: one", "trainer: freelb"))
    assert (fault.path, fault.hint) == ("stages.two.trainer", "'freelb' is one of the adversaries")


def test_a_study_is_no_recipe(one_fault: Callable[..., Fault]) -> None:
    fault = one_fault("name: s\nrecipe: r.yaml\nvary: {a: {b: {}}}\n")
    assert (fault.line, fault.column, fault.hint) == (3, 1, "xfer study runs it")


def test_two_fields_that_exclude_each_other_are_told_at_their_block(one_fault: Callable[..., Fault]) -> None:
    fault = one_fault(HEAD.replace("start: one", "trainer: {epochs: 1, steps: 2}"))
    assert (fault.line, fault.path) == (5, "stages.two.trainer")
    assert "steps" in fault.message and "epochs" in fault.message


def test_an_unknown_field_of_the_recipe_is_told_at_its_key(one_fault: Callable[..., Fault]) -> None:
    fault = one_fault(HEAD + "evaluat: {}\n")
    assert (fault.line, fault.column, fault.path) == (6, 1, "evaluat")
    assert fault.hint == "did you mean 'evaluate'?"


def test_a_bad_stage_name_is_told_at_its_key(one_fault: Callable[..., Fault]) -> None:
    fault = one_fault(HEAD + "  a/b: {reader: mnli}\n")
    assert (fault.line, fault.column, fault.path) == (6, 3, "stages.a/b")


def test_an_infinite_number_is_told(one_fault: Callable[..., Fault]) -> None:
    fault = one_fault(HEAD.replace("start: one", "trainer: {learning_rate: .inf}"))
    assert (fault.line, fault.path) == (5, "stages.two.trainer.learning_rate")


@pytest.mark.parametrize("text", ["hello", "[a, b]", "5"])
def test_a_file_that_is_no_block_is_told(text: str, one_fault: Callable[..., Fault]) -> None:
    assert "not a block" in one_fault(text).message


@pytest.mark.parametrize(
    "text",
    [
        "stages: [a]",
        "stages: {a: }",
        "stages: {a: 5}",
        "evaluate: [x]",
        "evaluate: {x: 5}",
        "evaluate: {x: {stage: [a]}}",
        "evaluate: {x: {stage: one, task: {a: 1}}}",
        "model: [a]",
        "model: {type: [a]}",
        "model: 5",
        "report: clean",
        "seeds: 1",
        "stages: {a: {tasks: [x]}}",
        "stages: {a: {tasks: {x: 1}}}",
        "stages: {a: {reader: [mnli]}}",
        "start: [a]",
        "stages: {a: {reader: mnli, start: {}}}",
        "stages: {a: {reader: {type: {}}}}",
        "source: [hub]",
        "limits: 3",
        "evaluate: {x: {stage: one, attacker: [typos]}}",
        "evaluate: {x: {stage: one, split: [test]}}",
        "name: [x]",
    ],
)
def test_a_value_of_the_wrong_shape_is_a_fault_and_no_traceback(text: str, write: Write) -> None:
    assert faults(write("r.yaml", text))


def test_a_file_that_is_not_utf8_is_told(write: Write) -> None:
    (fault,) = faults(write("r.yaml", "name: é".encode("latin-1")))  # type: ignore[arg-type]
    assert (fault.file, fault.line) == ("r.yaml", 1)
    assert "UTF-8" in fault.message


def test_a_byte_order_mark_is_passed_over(write: Write) -> None:
    assert load_recipe(write("r.yaml", "\ufeff" + HEAD)).recipe.name == "a"


def test_a_file_that_is_not_there_is_told_with_the_nearest(write: Write) -> None:
    write("recipe.yaml", HEAD)
    (fault,) = faults(Path("recpe.yaml"))
    assert (fault.file, fault.line, fault.hint) == ("recpe.yaml", 0, "did you mean 'recipe.yaml'?")


def test_a_folder_is_no_recipe(folder: Path) -> None:
    (folder / "dir.yaml").mkdir()
    assert "cannot be read" in faults(Path("dir.yaml"))[0].message


# extends


def test_extends_lays_a_file_over_its_parent(write: Write) -> None:
    write("base/b.yaml", HEAD + "seeds: [4]\n")
    recipe = load_recipe(write("r.yaml", "extends: base/b.yaml\nname: child\nstages: {two: {seed: 9}}\n")).recipe
    assert (recipe.name, recipe.seeds, recipe.stages["two"].seed, recipe.stages["two"].start) == (
        "child",
        (4,),
        9,
        "one",
    )


def test_extends_goes_on_from_parent_to_parent(write: Write) -> None:
    write("a.yaml", HEAD)
    write("b.yaml", "extends: a.yaml\nname: b\nseeds: [2]\n")
    recipe = load_recipe(write("c.yaml", "extends: b.yaml\nname: c\n")).recipe
    assert (recipe.name, recipe.seeds) == ("c", (2,))


def test_extends_is_relative_to_the_file_that_says_it(write: Write) -> None:
    write("x/y/a.yaml", HEAD)
    write("x/b.yaml", "extends: y/a.yaml\n")
    assert load_recipe(write("z/c.yaml", "extends: ../x/b.yaml\n")).recipe.name == "a"


def test_null_takes_a_stage_of_the_parent_away(write: Write) -> None:
    write("a.yaml", HEAD)
    recipe = load_recipe(write("c.yaml", "extends: a.yaml\nstages: {two: null}\n")).recipe
    assert list(recipe.stages) == ["one"]


def test_a_model_of_another_type_replaces_the_parents(write: Write) -> None:
    write("a.yaml", HEAD.replace("model: scratch", "model: {type: scratch, width: 64}"))
    recipe = load_recipe(write("c.yaml", "extends: a.yaml\nmodel: {type: pretrained, name: x}\n")).recipe
    assert recipe.model.model_dump(exclude_defaults=True) == {"type": "pretrained", "name": "x"}


def test_a_circle_of_parents_is_a_fault(write: Write) -> None:
    write("a.yaml", "extends: b.yaml\n")
    write("b.yaml", "name: b\nextends: a.yaml\n")
    (fault,) = faults(Path("a.yaml"))
    assert fault[:4] == ("b.yaml", 2, 10, "extends")


def test_a_file_that_extends_itself_is_a_fault(write: Write) -> None:
    (fault,) = faults(write("a.yaml", "extends: ./a.yaml\n"))
    assert fault[:4] == ("a.yaml", 1, 10, "extends")


def test_a_missing_parent_is_a_fault_with_the_nearest(write: Write) -> None:
    write("base.yaml", HEAD)
    (fault,) = faults(write("r.yaml", "name: r\nextends: bases.yaml\n"))
    assert fault[:4] == ("r.yaml", 2, 10, "extends")
    assert fault.hint == "did you mean 'base.yaml'?"


def test_the_shipped_base_is_there_for_any_folder(write: Write) -> None:
    shipped = Path(__file__).parents[2] / "recipes" / "_base" / "xlmr_base.yaml"
    assert "xlm-roberta-base" in shipped.read_text(encoding="utf-8")
    path = write("deep/er/r.yaml", "extends: _base/xlmr_base.yaml\nname: r\nstages: {one: {reader: mnli}}\n")
    assert getattr(load_recipe(path).recipe.model, "name", "") == "FacebookAI/xlm-roberta-base"
    write("_base/xlmr_base.yaml", "model: scratch\n")
    assert load_recipe(path).recipe.model.type_name == "scratch"  # the nearest folder's wins


def test_a_missing_parent_is_not_the_file_itself(write: Write) -> None:
    (fault,) = faults(write("mine.yaml", "name: r\nextends: mein.yaml\n"))
    assert (fault.line, fault.hint) == (2, "")


@pytest.mark.parametrize("value", ["[a.yaml, b.yaml]", "{a: b}", "5"])
def test_there_is_one_parent(value: str, write: Write) -> None:
    (fault,) = faults(write("r.yaml", f"extends: {value}\n"))
    assert (fault.line, fault.path) == (1, "extends")


def test_a_fault_in_a_parents_value_names_the_parents_file_and_line(write: Write) -> None:
    write("base/b.yaml", HEAD + "seeds: [4, x]\n")
    (fault,) = faults(write("r.yaml", "extends: base/b.yaml\nname: child\n"))
    assert fault[:4] == ("base/b.yaml", 6, 12, "seeds[1]")


def test_a_broken_parent_names_the_parents_file(write: Write) -> None:
    write("b.yaml", "a: [1\n")
    (fault,) = faults(write("r.yaml", "extends: b.yaml\nname: child\n"))
    assert fault.file == "b.yaml"


# --set and --scale


def test_set_changes_one_field(recipe: Callable[..., Recipe]) -> None:
    found = recipe(HEAD, "stages.two.trainer.learning_rate=1e-5", "seeds=[5]")
    assert (found.stages["two"].trainer.learning_rate, found.seeds) == (1e-5, (5,))  # type: ignore[attr-defined]


def test_set_knows_norwegian(recipe: Callable[..., Recipe]) -> None:
    files = "stages.one.reader={type: files, train: a.tsv, labels: [x, y]}"
    found = recipe(HEAD, "source=mirror", files, "stages.one.reader.languages=[no]")
    assert found.stages["one"].first.reader.languages == ("no",)


def test_one_file_for_several_languages_is_told_at_its_reader(one_fault: Callable[..., Fault]) -> None:
    files = "stages.one.reader={type: files, train: a.tsv, labels: [x, y], languages: [en, de]}"
    fault = one_fault(HEAD, "source=mirror", files)
    assert (fault.path, fault.message) == ("stages.one.reader", "a.tsv would be read as each of en, de")
    assert "language:" in fault.hint


def test_set_null_removes(recipe: Callable[..., Recipe]) -> None:
    assert list(recipe(HEAD, "stages.two=null").stages) == ["one"]


def test_set_of_a_word_replaces_a_block_of_another_type(recipe: Callable[..., Recipe]) -> None:
    found = recipe(HEAD.replace("model: scratch", "model: {type: pretrained, name: x}"), "model=scratch")
    assert found.model.type_name == "scratch"


def test_the_last_set_wins(recipe: Callable[..., Recipe]) -> None:
    assert recipe(HEAD, "name=b", "name=c").name == "c"


def test_a_fault_of_set_names_the_option(one_fault: Callable[..., Fault]) -> None:
    fault = one_fault(HEAD, "stages.two.trainer.epoch=1")
    assert (fault.file, fault.line, fault.path) == ("--set stages.two.trainer.epoch=1", 0, "stages.two.trainer.epoch")
    assert (
        str(fault)
        == "--set stages.two.trainer.epoch=1: stages.two.trainer.epoch: no such field; did you mean 'epochs'?"
    )


def test_every_broken_set_is_told_beside_the_faults_of_the_file(write: Write) -> None:
    found = faults(write("r.yaml", HEAD + "seed: 1\n"), "seeds", "name=[", "source=mirrors")
    assert [fault.file for fault in found] == ["--set name=[", "--set seeds", "--set source=mirrors", "r.yaml"]


def test_a_scale_is_laid_over_the_recipe(write: Write) -> None:
    write("_scale/tiny.yaml", "limits: {steps: 7}\nmodel: {type: scratch, width: 32}\n")
    recipe = load_recipe(write("r.yaml", HEAD), "tiny", ["limits.dev_rows=2"]).recipe
    assert (recipe.limits.steps, recipe.limits.dev_rows, recipe.model.width) == (7, 2, 32)  # type: ignore[attr-defined]


def test_a_scale_beside_the_recipe_wins_over_the_shipped_one(write: Write) -> None:
    write("_scale/miniature.yaml", "limits: {steps: 7}\n")
    assert load_recipe(write("r.yaml", HEAD), "miniature").recipe.source == "hub"


def test_the_shipped_scales_hold_for_any_folder(write: Write) -> None:
    assert load_recipe(write("r.yaml", HEAD), "miniature").recipe.source == "miniature"


def test_an_unknown_scale_is_a_fault_with_the_nearest(write: Write) -> None:
    (fault,) = faults(write("r.yaml", HEAD), scale="miniture")
    assert fault.hint == "did you mean 'miniature'?"


def test_a_fault_in_a_scale_names_its_file(write: Write) -> None:
    write("_scale/tiny.yaml", "limits:\n  step: 7\n")
    (fault,) = faults(write("r.yaml", HEAD), scale="tiny")
    assert (fault.file, fault.line, fault.path) == ("_scale/tiny.yaml", 2, "limits.step")


# interpolation


def test_a_value_may_be_taken_from_another_place(recipe: Callable[..., Recipe]) -> None:
    text = HEAD + "description: ${stages.two.start}/${source}\nsource: mirror\n"
    assert recipe(text).description == "one/mirror"


def test_an_interpolation_sees_what_extends_and_set_brought(write: Write) -> None:
    write("b.yaml", HEAD + "description: of ${name}\n")
    assert load_recipe(write("r.yaml", "extends: b.yaml\nname: child\n")).recipe.description == "of child"
    assert load_recipe(Path("r.yaml"), None, ["name=set"]).recipe.description == "of set"


def test_a_wrong_value_that_was_put_in_is_told_where_it_was_asked_for(one_fault: Callable[..., Fault]) -> None:
    fault = one_fault(HEAD + "description: x\nlimits: {steps: '${description}'}\n")
    assert (fault.line, fault.path) == (7, "limits.steps")


# references


def test_a_stage_that_is_not_there_is_told_wherever_it_is_named(write: Write) -> None:
    text = HEAD.replace("start: one", "start: on") + "start: oe\nevaluate: {c: {stage: tow}}\n"
    assert [(fault.path, fault.hint) for fault in faults(write("r.yaml", text))] == [
        ("stages.two.start", "did you mean 'one'?"),
        ("start", "did you mean 'one'?"),
        ("evaluate.c.stage", "did you mean 'two'?"),
    ]


def test_a_circle_of_stages_is_told_at_each(write: Write) -> None:
    text = HEAD.replace("one: {reader: mnli}", "one: {reader: mnli, start: two}")
    found = faults(write("r.yaml", text))
    assert [(fault.line, fault.column, fault.path) for fault in found] == [
        (4, 30, "stages.one.start"),
        (5, 30, "stages.two.start"),
    ]
    assert "one -> two -> one" in found[0].message


def test_a_stage_that_continues_itself_is_a_circle(one_fault: Callable[..., Fault]) -> None:
    assert "one -> one" in one_fault(HEAD.replace("one: {reader: mnli}", "one: {reader: mnli, start: one}")).message


@pytest.mark.parametrize("field", ["compare", "baseline"])
def test_the_report_names_evaluations_that_are_there(field: str, one_fault: Callable[..., Fault]) -> None:
    fault = one_fault(HEAD + f"evaluate: {{clean: {{stage: two}}}}\nreport: {{{field}: clear}}\n")
    assert (fault.line, fault.path, fault.hint) == (7, f"report.{field}", "did you mean 'clean'?")


def test_attacked_rows_are_not_compared_with_attacked_rows(one_fault: Callable[..., Fault]) -> None:
    evaluations = "evaluate: {clean: {stage: two}, t: {stage: two, attacker: typos}}\n"
    assert one_fault(HEAD + evaluations + "report: {compare: t}\n").path == "report.compare"


def test_a_language_that_the_reader_has_not_is_told_at_its_item(one_fault: Callable[..., Fault]) -> None:
    fault = one_fault(HEAD + "evaluate:\n  c:\n    stage: two\n    languages:\n    - en\n    - jp\n")
    assert (fault.line, fault.column, fault.path) == (11, 7, "evaluate.c.languages[1]")
    assert "'jp'" in fault.message


def test_a_training_language_that_the_reader_has_not_is_told(one_fault: Callable[..., Fault]) -> None:
    fault = one_fault(HEAD.replace("reader: mnli", "reader: {type: mnli, languages: [de]}"))
    assert fault.path == "stages.one.reader.languages[0]"


def test_a_split_that_is_not_there_is_told(one_fault: Callable[..., Fault]) -> None:
    fault = one_fault(HEAD + "evaluate: {c: {stage: one}}\n")
    assert fault.message == "reader mnli has no test split"
    fault = one_fault(HEAD + "evaluate: {c: {stage: one, split: test}}\n")
    assert (fault.path, fault.hint) == ("evaluate.c.split", "say split: dev")


def test_an_attacker_that_does_not_fit_the_form_is_told(one_fault: Callable[..., Fault]) -> None:
    text = HEAD.replace("reader: mnli", "reader: text") + "evaluate: {c: {stage: one, attacker: textattack}}\n"
    fault = one_fault(text)
    assert fault.path == "evaluate.c.attacker"
    assert "mask" in fault.message and "classify" in fault.hint


def test_a_reader_of_another_form_cannot_test_a_stage(one_fault: Callable[..., Fault]) -> None:
    assert one_fault(HEAD + "evaluate: {c: {stage: two, reader: text}}\n").path == "evaluate.c.reader"


def test_a_reader_with_other_labels_cannot_test_a_stage(one_fault: Callable[..., Fault]) -> None:
    reader = "{type: files, test: t.tsv, labels: [neutral, entailment, contradiction]}"
    text = HEAD + f"source: mirror\nevaluate: {{c: {{stage: two, reader: {reader}}}}}\n"
    assert one_fault(text).path == "evaluate.c.reader"


def test_a_task_that_the_stage_has_not_is_told(one_fault: Callable[..., Fault]) -> None:
    fault = one_fault(HEAD + "evaluate: {c: {stage: two, task: xnly}}\n")
    assert (fault.path, fault.hint) == ("evaluate.c.task", "did you mean 'xnli'?")


def test_a_task_of_a_dotted_reader_is_known_by_the_name_it_gets(recipe: Callable[..., Recipe]) -> None:
    text = HEAD.replace("reader: xnli", "reader: 'xfer.readers.nli:Xnli'") + "evaluate: {c: {stage: two, task: Xnli}}\n"
    assert list(recipe(text).stages["two"].tasks) == ["Xnli"]


@pytest.mark.parametrize("place", ["stages", "evaluate"])
def test_a_reader_without_miniature_rows_is_told(place: str, one_fault: Callable[..., Fault]) -> None:
    files = "{type: files, train: t.tsv, labels: [entailment, neutral, contradiction]}"
    if place == "stages":
        text = HEAD.replace("reader: mnli", f"reader: {files}")
    else:
        text = HEAD + f"evaluate: {{c: {{stage: two, reader: {files}}}}}\n"
    fault = one_fault(text, "source=miniature")
    assert "miniature" in fault.message
    assert fault.path == ("stages.one.reader" if place == "stages" else "evaluate.c.reader")


def test_a_reader_of_files_is_not_looked_for_on_the_hub(one_fault: Callable[..., Fault]) -> None:
    files = "{type: files, train: t.tsv, labels: [entailment, neutral, contradiction]}"
    fault = one_fault(HEAD.replace("reader: mnli", f"reader: {files}"), "source=hub")
    assert fault.path.startswith("stages.one.reader")
    assert "mirror" in str(fault)


# the short and the long form of a stage

LONG = """\
name: a
model: scratch
stages:
  one:
    tasks:
      first: {reader: mnli}
      second:
        reader: {type: xnli, langs: [en]}
        weight: -1
"""


def test_faults_of_the_long_form_have_its_path(write: Write) -> None:
    assert [(fault.line, fault.column, fault.path) for fault in faults(write("r.yaml", LONG))] == [
        (8, 30, "stages.one.tasks.second.reader.langs"),
        (9, 17, "stages.one.tasks.second.weight"),
    ]


def test_faults_of_the_short_form_have_the_path_in_the_file(one_fault: Callable[..., Fault]) -> None:
    fault = one_fault("name: a\nmodel: scratch\nstages:\n  one:\n    reader:\n      type: xnli\n      langs: [en]\n")
    assert (fault.line, fault.column, fault.path) == (7, 7, "stages.one.reader.langs")
    assert fault.hint == "did you mean 'languages'?"


def test_a_language_of_the_long_form_is_told_at_its_item(one_fault: Callable[..., Fault]) -> None:
    text = LONG.replace("langs: [en]", "languages: [en, xx]").replace("-1", "1")
    fault = one_fault(text)
    assert (fault.line, fault.column, fault.path) == (8, 46, "stages.one.tasks.second.reader.languages[1]")


def test_a_name_that_holds_the_word_type_keeps_its_path(one_fault: Callable[..., Fault]) -> None:
    assert one_fault(HEAD.replace("reader: mnli", "reader: prototypes")).path == "stages.one.reader"


def test_a_wrong_type_in_a_block_is_told_at_the_type(one_fault: Callable[..., Fault]) -> None:
    fault = one_fault(HEAD.replace("reader: mnli", "reader: {source: hub, type: mnl}"))
    assert (fault.line, fault.column, fault.path) == (4, 37, "stages.one.reader.type")
