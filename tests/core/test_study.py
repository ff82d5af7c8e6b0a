"""Loading a study: its cells, their recipes, what they share, and every fault at its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from xfer.core.errors import Fault, RecipeError
from xfer.core.graph import Resolver
from xfer.core.study import LoadedStudy, is_study, load_study
from xfer.executors.studies import compiled, nodes_of

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
    cells = compiled(loaded(text), Resolver(lambda path: "same", lambda name, kind: "same"))
    assert [cell.problem for cell in cells] == [""] * 9
    trained = [node for node in nodes_of(cells) if node.kind == "train"]
    middle = [node for node in trained if node.label.startswith("middle")]
    assert len(middle) == 3 * 2  # 3 tasks and 2 seeds, not one for each of 9 cells
    assert len(trained) - len(middle) == 9 * 2
    assert len({node.key for node in trained}) == len(trained)


def test_a_cell_that_cannot_be_compiled_stops_no_other(loaded: Callable[..., LoadedStudy]) -> None:
    german = "none: {stages.middle.reader: {type: xquad, languages: [de]}}"
    text = HEAD.replace("none: {stages: {middle: null, target: {start: null}}}", german) + "fixed: {source: hub}\n"
    cells = compiled(loaded(text), Resolver(lambda path: "same", lambda name, kind: "same"))
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
        ("hypotheses: {h: {claim: c, against: {before: [x]}}}", "[x]", "valid string"),
        ("hypotheses: {h: {claim: c, cells: {after: p}, against: {before: mnli}}}", "p}", "hypotheses.h.cells"),
        ("fits: [{axis: size}]", "size", "fits[0].axis: there is no axis 'size'"),
        ("skip: [{before: [mnli, squad, none]}]", "[{", "no cell is left"),
        ("at: {minature: {seeds: [1]}}", "minature", "there is no scale 'minature'"),
        ("at: 3", "3", "is not a block of scales"),
        ("titel: T", "titel", "no such field"),
        ("  data: {one: {}}", "data", "'data' cannot name an axis"),
    ],
)  # fmt: skip
def test_faults_of_the_study_itself(loaded: Callable[..., LoadedStudy], text: str, place: str, words: str) -> None:
    found = faults(loaded, HEAD + text + "\n")
    assert len(found) == 1, found
    assert words in str(found[0])
    assert found[0][:3] == ("study.yaml", 15, text.index(place) + 1)


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
    assert not is_study(write("broken.yaml", "vary: [")) and not is_study(Path("nowhere.yaml"))


def test_check_takes_studies(write: Write, xfer: Callable[..., object]) -> None:
    write("base.yaml", BASE)
    good = xfer("check", write("s.yaml", HEAD), "base.yaml")
    assert good.code == 0 and "s.yaml is good: 9 cells, 9 evaluations, 2 seeds" in good.out  # type: ignore[attr-defined]
    assert "base.yaml is good: 2 stages" in good.out  # type: ignore[attr-defined]
    bad = xfer("check", write("t.yaml", HEAD.replace("squad_v1", "squadd_v1")), "--json")
    assert bad.code == 2 and [fault["line"] for fault in bad.json["faults"]] == [8]  # type: ignore[attr-defined]
