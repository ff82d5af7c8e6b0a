"""Loading a study: its cells, their recipes, what they share, and every fault at its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xfer.core.errors import Fault, RecipeError
from xfer.execution.studies import compile_cells, nodes_of
from xfer.graph.compile import Resolver
from xfer.recipe.load_study import check_study, is_study, load_study
from xfer.recipe.study import LoadedStudy

Write = Callable[[str, str], Path]

BASE = """\
name: base
source: miniature
model: {type: scratch, layers: 1, width: 16, heads: 2}
stages:
  middle: {reader: mnli}
  target: {reader: xnli, start: middle}
evaluate:
  clean: {stage: target}
limits: {train_rows: 20, test_rows: 4, dev_rows: 2, steps: 2}
"""
HEAD = """\
name: grid
question: Which?
recipe: base.yaml
seeds: [1, 2]
vary:
  before:
    mnli: {}
    squad: {stages.middle.reader: squad_v1}
    none: {stages: {middle: null, target: {start: null}}}
  after:
    xnli: {}
    pawsx: {stages.target.reader: pawsx}
    panx:
      stages.target.reader: panx
"""


@pytest.fixture
def loaded(write: Write) -> Callable[..., LoadedStudy]:
    """The study of a text beside the base recipe."""

    def loaded(text: str, *sets: str, scale: str | None = None) -> LoadedStudy:
        write("base.yaml", BASE)
        return load_study(write("study.yaml", text), scale, sets)

    return loaded


def faults(loaded: Callable[..., LoadedStudy], text: str, *sets: str, scale: str | None = None) -> list[Fault]:
    with pytest.raises(RecipeError) as caught:
        loaded(text, *sets, scale=scale)
    return caught.value.faults


def told(found: LoadedStudy) -> list[str]:
    return [" ".join(cell.levels.values()) for cell in found.cells]


def test_cells_are_every_combination_in_the_order_of_the_file(loaded: Callable[..., LoadedStudy]) -> None:
    found = loaded(HEAD)
    assert told(found) == [f"{a} {b}" for a in ("mnli", "squad", "none") for b in ("xnli", "pawsx", "panx")]
    recipes = {" ".join(cell.levels.values()): cell.recipe for cell in found.cells}
    assert all(recipe.seeds == (1, 2) for recipe in recipes.values())
    readers = {name: recipe.stages["target"].first.reader.type_name for name, recipe in recipes.items()}
    assert readers["squad pawsx"] == "pawsx" and readers["mnli xnli"] == "xnli" and readers["none panx"] == "panx"
    assert list(recipes["none panx"].stages) == ["target"] and recipes["none panx"].start_of("target") is None
    assert recipes["squad xnli"].stages["middle"].first.reader.type_name == "squad_v1"


def test_cells_share_their_intermediate_stages(loaded: Callable[..., LoadedStudy]) -> None:
    text = HEAD.replace("none: {stages: {middle: null, target: {start: null}}}", "qqp: {stages.middle.reader: qqp}")
    cells = compile_cells(loaded(text), Resolver(lambda path: "same", lambda name, kind: "same"))
    assert [cell.problem for cell in cells] == [""] * 9
    trained = [node for node in nodes_of(cells) if node.kind == "train"]
    middle = [node for node in trained if node.label.startswith("middle")]
    assert len(middle) == 3 * 2  # 3 tasks and 2 seeds, not one for each of 9 cells
    assert len(trained) - len(middle) == 9 * 2
    assert len({node.key for node in trained}) == len(trained)


def test_a_cell_that_cannot_be_compiled_stops_no_other(loaded: Callable[..., LoadedStudy]) -> None:
    german = "none: {stages.middle.reader: {type: xquad, languages: [de]}}"
    text = HEAD.replace("none: {stages: {middle: null, target: {start: null}}}", german) + "fixed: {source: hub}\n"
    cells = compile_cells(loaded(text), Resolver(lambda path: "same", lambda name, kind: "same"))
    broken = [cell for cell in cells if cell.problem]
    assert {cell.levels["before"] for cell in broken} == {"none"} and len(
        broken
    ) == 3  # the hub has it in English alone
    assert all(cell.graph is None and "no language left in this source" in cell.problem for cell in broken)
    assert sum(node.kind == "report" for node in nodes_of(cells)) == 6


def test_skip_only_and_sets(loaded: Callable[..., LoadedStudy]) -> None:
    skip = "skip:\n  - {before: none, after: [pawsx, panx]}\n  - {after: pawsx}\n"
    assert told(loaded(HEAD + skip)) == ["mnli xnli", "mnli panx", "squad xnli", "squad panx", "none xnli"]
    assert told(loaded(HEAD + skip + "only: {before: [squad, none]}\n")) == ["squad xnli", "squad panx", "none xnli"]
    found = loaded(HEAD, "limits.steps=7", "seeds=[5]")
    assert {(cell.recipe.limits.steps, cell.recipe.seeds) for cell in found.cells} == {(7, (5,))}


def test_fixed_lies_under_the_levels(loaded: Callable[..., LoadedStudy]) -> None:
    text = HEAD + "fixed: {limits.steps: 9, stages.target.reader: tydiqa, evaluate.more: {stage: target, rows: 3}}\n"
    found = {" ".join(cell.levels.values()): cell.recipe for cell in loaded(text).cells}
    assert {recipe.limits.steps for recipe in found.values()} == {9}
    assert found["mnli xnli"].stages["target"].first.reader.type_name == "tydiqa"
    assert found["mnli pawsx"].stages["target"].first.reader.type_name == "pawsx"
    assert found["mnli xnli"].evaluate["more"].rows == 3


def test_a_scale_lies_over_the_recipe_and_at_over_the_study(loaded: Callable[..., LoadedStudy]) -> None:
    at = "at:\n  miniature: {seeds: [4], vary: {after: {panx: null}}, fixed: {limits.steps: 5}}\n"
    small = loaded(HEAD + at, scale="miniature")
    assert {cell.recipe.seeds for cell in small.cells} == {(4,)} and len(small.cells) == 6
    assert {(cell.recipe.start, cell.recipe.limits.steps) for cell in small.cells} == {("miniature_encoder", 5)}
    whole = loaded(HEAD + at)
    assert len(whole.cells) == 9 and {cell.recipe.start for cell in whole.cells} == {None}


def test_the_faults_of_all_cells_stand_at_once_each_once(loaded: Callable[..., LoadedStudy]) -> None:
    text = HEAD.replace("reader: squad_v1", "reader: squadd_v1").replace(
        "pawsx: {stages.target.reader: pawsx}", "pawsx: {stagess: 1}"
    )
    found = faults(loaded, text + "fixed: {limits.stepz: 9}\n", "seeds=[1, 1]")
    places = {(fault.file, fault.line, fault.column, fault.path) for fault in found}
    assert len(found) == len(places) == 4
    assert {(file, line, path) for file, line, _, path in places} == {
        ("study.yaml", 8, "stages.middle.reader"),
        ("study.yaml", 12, "stagess"),
        ("study.yaml", 15, "limits.stepz"),
        ("--set seeds=[1, 1]", 0, "seeds"),
    }
    told = {fault.path: fault.hint for fault in found}
    assert (
        "squad_v1" in told["stages.middle.reader"] and "stages" in told["stagess"] and "steps" in told["limits.stepz"]
    )
    columns = {path: column for _, _, column, path in places}
    assert columns["stages.middle.reader"] == text.split("\n")[7].index("squadd_v1") + 1


@pytest.mark.parametrize(
    "text, place, words",
    [
        ("skip: [{befor: mnli}]", "befor", "skip[0].befor: there is no axis 'befor'; did you mean 'before'?"),
        ("only: {after: xnlii}", "xnlii", "only.after: there is no level of after 'xnlii'; did you mean 'xnli'?"),
        ("only: {after: [xnli, pawx]}", "pawx", "only.after[1]: there is no level of after 'pawx'; did you mean"),
        ("compare: {against: {before: mnl}}", "mnl", "compare.against.before: there is no level of before 'mnl'"),
        ("hypotheses: {h: {claim: c, against: {before: [x]}}}", "[x]", "should be a name"),
        ("hypotheses: {h: {claim: c, cells: {after: p}, against: {before: mnli}}}", "p}", "hypotheses.h.cells"),
        ("fits: [{axis: size}]", "size", "fits[0].axis: there is no axis 'size'"),
        ("skip: [{before: [mnli, squad, none]}]", "[{", "no cell is left"),
        ("at: {minature: {seeds: [1]}}", "minature", "there is no scale 'minature'"),
        ("at: 3", "3", "is not a block of scales"),
        ("titel: T", "titel", "no such field"),
        ("  data: {one: {}}", "data", "'data' cannot name an axis"),
        ("  p: {one: {}}", "p", "'p' cannot name an axis"),
        ("  size: {}", "size", "vary.size: is empty"),
        ("  size: {small: {stages..x: 1}}", "stages", "'stages..x' is not a dotted name; such as limits.steps"),
        ("  size: {small: }", " }", "vary.size.small: should be a block of fields, not null"),
        ("only: {before: []}", "[]", "only.before: is empty"),
        ("only: {before: 1}", "1", "only.before: should be a name; in quotes if it looks like a number"),
        ("compare: {against: {before: 0.1}}", "0.1", "compare.against.before: should be a name; in quotes"),
        ("hypotheses: {h: {claim: c, cells: {before: mnli}, against: {before: mnli}}}", "against", "no two cells"),
        ("hypotheses: {h: {claim: c, measure: gap, languages: transfer, against: {before: mnli}}}", "transfer",
         "a gap is one number"),
        ("hypotheses: {h: {claim: c, evaluations: cleen, against: {before: mnli}}}", "cleen",
         "hypotheses.h.evaluations: no cell has an evaluation 'cleen'; did you mean 'clean'?"),
        ("hypotheses: {h: {claim: c, measure: drop, against: {before: mnli}}}", "drop",
         "only an attacked evaluation has a drop; add an evaluation with an attacker"),
        ("fits: [{axis: before, evaluations: [clean, clen]}]", "clen", "no cell has an evaluation 'clen'"),
        ("at: {miniature: small}", "small", "at.miniature: should be a block of fields"),
        ("at: {miniature: null}", "null", "at.miniature: should be a block of fields"),
        ("fixed: {stages.midle.trainer.steps: 3}", "stages", "stages.midle: trains on nothing; did you mean 'middle'?"),
        ("fixed: {stages.pre.trainer.steps: 3}", "stages", "stages.pre: trains on nothing; add reader: or tasks:"),
        ("fixed: {evaluate.cleen.rows: 3}", "evaluate", "names neither a stage nor a reader; did you mean 'clean'?"),
        ("stages: {target: {reader: xnli}}", "stages", "is a field of a recipe, not of a study; recipe: names"),
    ],
)  # fmt: skip
def test_faults_of_the_study_itself(loaded: Callable[..., LoadedStudy], text: str, place: str, words: str) -> None:
    found = faults(loaded, HEAD + text + "\n")
    assert len(found) == 1, found
    assert words in str(found[0])
    assert found[0][:3] == ("study.yaml", 15, text.index(place) + 1)


@pytest.mark.parametrize(
    "text, line, words",
    [
        ("name: index.html", 1, "'index.html' is the page of all studies"),
        ("name: a/b", 1, "'a/b' cannot name a folder"),
        ("name: ..", 1, "'..' cannot name a folder"),
        ('name: "a\\nb"', 1, "study.yaml:1:7: name: 'a b' cannot name a folder"),
        ("recipe: study.yaml", 3, "recipe: study.yaml is a study; name a recipe"),
        ("seeds: [1, 1]", 4, "seeds: holds a number twice"),
    ],
)
def test_faults_of_the_head(loaded: Callable[..., LoadedStudy], text: str, line: int, words: str) -> None:
    lines = HEAD.split("\n")
    (found,) = faults(loaded, "\n".join([*lines[: line - 1], text, *lines[line:]]))
    assert found[:2] == ("study.yaml", line)
    assert words in str(found) and "\n" not in str(found)


def test_sides_of_a_comparison_that_are_skipped_are_told(loaded: Callable[..., LoadedStudy]) -> None:
    about = "compare: {against: {before: mnli}}\nhypotheses: {h: {claim: c, against: {before: mnli}}}\n"
    found = faults(loaded, HEAD + about + "skip: [{before: mnli}]\n")
    assert [(fault.line, fault.path) for fault in found] == [(15, "compare.against"), (16, "hypotheses.h.against")]
    assert len(loaded(HEAD + about + "only: {before: squad}\n").cells) == 3  # the others may be run another day


def test_cells_that_are_compared_have_the_same_seeds(loaded: Callable[..., LoadedStudy]) -> None:
    text = HEAD.replace("seeds: [1, 2]\n", "").replace("    xnli: {}", "    xnli: {seeds: [1, 2]}")
    (found,) = faults(loaded, text)
    assert (found.line, found.path) == (11, "vary.after.pawsx") and "compared seed by seed" in found.message
    assert {cell.recipe.seeds for cell in loaded(text, "seeds=[3]").cells} == {(3,)}


def test_what_a_scale_leaves_out_need_not_be_named(loaded: Callable[..., LoadedStudy]) -> None:
    head = HEAD + "fixed: {evaluate.more: {stage: target, rows: 3}}\n"
    head += "hypotheses: {h: {claim: c, evaluations: [clean, more], against: {before: mnli}}}\n"
    assert len(loaded(head + "at: {miniature: {fixed: {evaluate.more: null}}}\n", scale="miniature").cells) == 9
    both = "at: {miniature: {fixed: {evaluate.more: null, evaluate.clean: null, evaluate.one: {stage: target}}}}\n"
    found = faults(loaded, head + both, scale="miniature")
    assert [fault.message for fault in found] == [f"no cell has an evaluation '{name}'" for name in ("clean", "more")]


def test_every_scale_that_a_study_speaks_of_is_checked(loaded: Callable[..., LoadedStudy], xfer: Any) -> None:
    good = "at: {miniature: {seeds: [4]}}\n"
    assert loaded(HEAD + good).study.seeds == check_study(Path("study.yaml")).study.seeds == (1, 2)
    wrong = "at:\n  miniature: {only: {after: xnlii}}\n  base: {fixed: {stages.midle.seed: 3}}\n"
    loaded(HEAD + wrong)
    found = xfer("check", "study.yaml")
    assert found.code == 2 and found.err.splitlines()[-1] == "2 faults"
    assert "study.yaml:16:29: only.after: there is no level of after 'xnlii'" in found.err
    assert "study.yaml:17:18: stages.midle: trains on nothing" in found.err
    one = xfer("check", "study.yaml", "--scale", "miniature")
    assert one.code == 2 and len(one.err.splitlines()) == 1


def test_set_is_for_the_recipes_of_the_cells(loaded: Callable[..., LoadedStudy]) -> None:
    for option in ("compare.adjust=none", "name=other", "vary.after.panx=null"):
        (found,) = faults(loaded, HEAD, option)
        assert (found.file, found.path) == (f"--set {option}", option.partition("=")[0].partition(".")[0])
        assert "is a field of the study" in found.message


def test_a_level_may_refer_to_its_recipe(loaded: Callable[..., LoadedStudy]) -> None:
    text = HEAD.replace("xnli: {}", 'xnli: {stages.target.trainer: {steps: "${limits.dev_rows}"}}')
    assert {cell.recipe.stages["target"].trainer.steps for cell in loaded(text).cells} == {2, None}  # type: ignore[attr-defined]
    found = faults(loaded, text.replace("limits.dev_rows", "limits.nothing"))
    assert {(fault.line, fault.path) for fault in found} == {(11, "stages.target.trainer.steps")}


def test_a_study_that_extends_a_recipe_is_told(loaded: Callable[..., LoadedStudy]) -> None:
    found = faults(loaded, HEAD + "extends: base.yaml\n")
    assert {fault.path for fault in found} == {"source", "model", "stages", "evaluate", "limits"}
    assert all(fault.file == "base.yaml" and "is a field of a recipe" in fault.message for fault in found)


def test_all_unknown_levels_are_told_at_once(loaded: Callable[..., LoadedStudy]) -> None:
    found = faults(loaded, HEAD + "only: {before: x}\ncompare: {against: {after: y}}\n")
    assert [(fault.line, fault.path) for fault in found] == [(15, "only.before"), (16, "compare.against.after")]


def test_levels_that_change_nothing_are_told(loaded: Callable[..., LoadedStudy]) -> None:
    same = "pawsx: {stages.target.reader: xnli}"
    found = faults(loaded, HEAD.replace("pawsx: {stages.target.reader: pawsx}", same))
    assert [fault[:2] for fault in found] == [("study.yaml", 12)] * 3
    assert "gives the same recipe as after: xnli (with before: mnli)" in found[0].message
    assert len(loaded(HEAD, "stages.target.reader=xnli").cells) == 9  # --set may level what the file tells apart


def test_a_recipe_is_no_study(write: Write) -> None:
    with pytest.raises(RecipeError) as caught:
        load_study(write("r.yaml", BASE))
    (fault,) = caught.value.faults
    assert (fault.line, fault.message) == (1, "is a recipe and no study")


def test_a_recipe_that_is_not_there(loaded: Callable[..., LoadedStudy], write: Write) -> None:
    found = faults(loaded, HEAD.replace("base.yaml", "bse.yaml"))
    assert [(fault.line, fault.path) for fault in found] == [(3, "recipe")] and "bse.yaml" in found[0].message


def test_a_study_is_told_from_a_recipe(write: Write) -> None:
    assert is_study(write("s.yaml", HEAD)) and not is_study(write("r.yaml", BASE))
    assert is_study(write("varry.yaml", HEAD.replace("vary:", "varry:")))
    assert not is_study(write("broken.yaml", "vary: [")) and not is_study(Path("nowhere.yaml"))


def test_check_takes_studies(write: Write, xfer: Callable[..., object]) -> None:
    write("base.yaml", BASE)
    good = xfer("check", write("s.yaml", HEAD), "base.yaml")
    assert good.code == 0 and "s.yaml is good: 9 cells, 9 evaluations, 2 seeds" in good.out  # type: ignore[attr-defined]
    assert "base.yaml is good: 2 stages" in good.out  # type: ignore[attr-defined]
    bad = xfer("check", write("t.yaml", HEAD.replace("squad_v1", "squadd_v1")), "--json")
    assert bad.code == 2 and [fault["line"] for fault in bad.json["faults"]] == [8]  # type: ignore[attr-defined]
