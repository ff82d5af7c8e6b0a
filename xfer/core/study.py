"""The study: one YAML file that varies a recipe along named axes and says what to compare. Frozen data.

``load_study`` reads it and every recipe it stands for, or raises all their faults at once. Validation touches no
data; cells that share work share nodes, because equal nodes have equal keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from xfer.core import yaml
from xfer.core.component import Block
from xfer.core.errors import Fault, RecipeError, suggest
from xfer.core.faults import at, fault, validate
from xfer.core.load import checked, options, read_tree, scale_file
from xfer.core.recipe import Name, Recipe, Seeds
from xfer.core.yaml import Tree

Levels = dict[str, str]  # axis -> the level of one cell
Measure = Literal["score", "drop", "relative", "gap", "gap_growth"]


def _many(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], BeforeValidator(_many, json_schema_input_type=str | tuple[str, ...])]
Chosen = dict[str, Words]  # axis -> the levels that are meant
# What the rows of results are called by: an axis of such a name would hide it.
TAKEN = """run kind scale evaluation data reader attacker stage metric measure language trained value low high
seeds parameters""".split()


class Compare(Block):
    """Each cell beside the cell that differs in these axes alone."""

    against: Levels = Field(min_length=1, description="axis: the level that others are compared with")
    test: Literal["bootstrap", "mcnemar"] = Field(
        "bootstrap", description="paired over the rows that both were tested on; mcnemar is for right and wrong rows"
    )
    adjust: Literal["holm", "none"] = Field("holm", description="correction for several comparisons")


class Hypothesis(Block):
    """A statement that the numbers can contradict: a measure is higher (lower) in some cells than in others."""

    claim: str = Field(min_length=1, description="the hypothesis in one sentence")
    cells: Chosen = Field({}, description="axis: level or levels of the cells that it speaks of; all if left out")
    against: Levels = Field(min_length=1, description="axis: the level of the cells they are laid beside")
    measure: Measure = Field(
        "score",
        description="score; drop: clean minus attacked; relative: drop by clean score; gap: score in the training "
        "languages minus the mean of the others; gap_growth: gap under attack minus clean gap",
    )
    evaluations: Words = Field((), description="the evaluations it speaks of; all that have the measure if left out")
    languages: Literal["all", "transfer", "trained"] = Field(
        "all", description="the unweighted mean over these; transfer: all that the stage was not trained on"
    )
    expect: Literal["higher", "lower"] = Field("higher", description="what the claim says of the cells")


class Fit(Block):
    """A straight line of a measure over the logarithm (base 10) of the encoder's parameters, along one axis."""

    axis: str = Field(description="the axis whose levels have encoders of different size")
    measure: Measure = Field("score", description="what is fitted, averaged over languages")
    evaluations: Words = Field((), description="the evaluations that get a line each; all if left out")


class Study(Block):
    """One YAML file of named axes over a recipe."""

    name: Name = Field(description="names the folder of results")
    title: str = Field("", description="the heading of its page; the name if left out")
    question: str = Field(min_length=1, description="what the study asks, in one sentence")
    description: str = Field("", description="what is held fixed, and what is not")
    papers: tuple[str, ...] = Field((), description="the publications it stands on")
    recipe: str = Field(description="the recipe that is varied, a path beside this file")
    vary: dict[Name, dict[Name, dict[str, Any]]] = Field(
        min_length=1,
        description="axis: level: what the level lays over the recipe, as blocks or by dotted names; null removes",
    )
    fixed: dict[str, Any] = Field(
        {}, description="what every cell lays over the recipe, under its levels; written as a level is"
    )
    only: Chosen = Field({}, description="axis: the levels that are run, of a study that has more; all if left out")
    skip: tuple[Chosen, ...] = Field((), description="combinations of levels that are left out")
    seeds: Seeds | None = Field(None, description="the recipe's seeds if left out")
    compare: Compare | None = Field(None, description="what each cell is compared with")
    hypotheses: dict[Name, Hypothesis] = Field({}, description="what is expected, and is put to the test")
    fits: tuple[Fit, ...] = Field((), description="lines over the size of the encoder")

    @model_validator(mode="after")
    def _known(self) -> Study:
        found = list(self._faults())
        if found:
            raise ValidationError.from_exception_data("Study", found)
        return self

    def _faults(self) -> Iterator[InitErrorDetails]:
        """Axes and levels that are not there, each where it stands."""
        for axis in self.vary:
            if axis in TAKEN:
                hint = f"results have a column {axis}: call the axis something else"
                yield _bad(("vary", axis, "[key]"), f"'{axis}' cannot name an axis", hint)
        for path, chosen in self._named():
            for axis, levels in chosen.items():
                if axis not in self.vary:
                    yield _bad((*path, axis, "[key]"), f"there is no axis '{axis}'", suggest(axis, self.vary))
                for i, level in enumerate(_many(levels) if axis in self.vary else ()):
                    if level not in self.vary[axis]:
                        what = f"there is no level of {axis} '{level}'"
                        yield _bad((*path, axis, i), what, suggest(level, self.vary[axis]))
        for i, fit in enumerate(self.fits):
            if fit.axis not in self.vary:
                yield _bad(("fits", i, "axis"), f"there is no axis '{fit.axis}'", suggest(fit.axis, self.vary))

    def _named(self) -> Iterator[tuple[tuple[str | int, ...], Mapping[str, Any]]]:
        yield ("only",), self.only
        yield from ((("skip", i), chosen) for i, chosen in enumerate(self.skip))
        yield ("compare", "against"), self.compare.against if self.compare else {}
        for name, hypothesis in self.hypotheses.items():
            yield ("hypotheses", name, "cells"), hypothesis.cells
            yield ("hypotheses", name, "against"), hypothesis.against

    def cells(self) -> list[Levels]:
        """Every combination of levels that is run and not skipped, in the order of the file."""
        axes = list(self.vary)
        every = [dict(zip(axes, levels, strict=True)) for levels in product(*self.vary.values())]
        return [c for c in every if meant(c, self.only) and not any(meant(c, chosen) for chosen in self.skip)]


def meant(cell: Levels, chosen: Mapping[str, Sequence[str]]) -> bool:
    """Whether a cell has one of the named levels on each named axis."""
    return all(cell[axis] in _many(levels) for axis, levels in chosen.items())


def _bad(path: tuple[str | int, ...], message: str, hint: str) -> InitErrorDetails:
    error = PydanticCustomError("unknown_axis", "{message}", {"message": message, "hint": hint})
    return InitErrorDetails(type=error, loc=path, input={})


class Cell(NamedTuple):
    """One combination of levels and the recipe that it stands for."""

    levels: Levels
    recipe: Recipe


class LoadedStudy(NamedTuple):
    """A checked study with the recipe of every cell."""

    study: Study
    cells: tuple[Cell, ...]
    path: Path
    scale: str | None


def load_study(path: str | Path, scale: str | None = None, sets: Sequence[str] = ()) -> LoadedStudy:
    """Reads a study and the recipe of each of its cells; ``sets`` are laid over each of these.

    A cell is the recipe, then the overlay of ``scale``, what is ``fixed``, each axis in the order of the file, and
    ``sets``. What stands in the study under ``at: {miniature: ...}`` is laid over the study itself at that scale.
    Raises RecipeError with the faults of the study and of all cells.
    """
    path = Path(path)
    tree = read_tree(path)
    if "vary" not in tree.value and tree.value.keys() & {"stages", "evaluate", "benchmark"}:
        what, way = "is a recipe and no study", "xfer train runs it; a study names it as recipe: and varies it"
        raise RecipeError([at(tree.mark, (), what, way)])
    tree = _scaled(tree, scale, path)
    data, faults = yaml.resolve(tree)
    study, invalid = validate(data, tree, Study)
    if study is None or faults:
        raise RecipeError([*faults, *invalid])
    base = path.parent / study.recipe
    if not base.is_file():
        raise RecipeError([fault(tree, ("recipe",), f"there is no file {base}", "a path beside the study")])
    whole = read_tree(base)
    if scale:
        whole = yaml.merge(whole, read_tree(scale_file(base, scale)))
    over, bad = options(sets)
    cells = []
    for levels in study.cells():
        try:
            cells.append(Cell(levels, checked(_varied(whole, tree, levels, study, over))))
        except RecipeError as error:
            bad += error.faults
    if bad or not cells:
        nothing = [] if cells or bad else [fault(tree, ("skip",), "no cell is left", "skip fewer combinations")]
        raise RecipeError(list(dict.fromkeys([*bad, *nothing])))  # most faults are those of many cells
    if not sets and (same := list(_same(tree, cells))):
        raise RecipeError(same)
    return LoadedStudy(study, tuple(cells), path, scale)


def _same(tree: Tree, cells: Sequence[Cell]) -> Iterator[Fault]:
    """Levels that change nothing: cells of one recipe would be laid beside themselves."""
    seen: dict[str, Levels] = {}
    for cell in cells:
        other = seen.setdefault(cell.recipe.model_dump_json(), cell.levels)
        axis = next((axis for axis, level in cell.levels.items() if level != other[axis]), None)
        if axis:
            rest = ", ".join(f"{name}: {level}" for name, level in cell.levels.items() if name != axis)
            what = f"gives the same recipe as {axis}: {other[axis]}" + (f" (with {rest})" if rest else "")
            yield fault(tree, ("vary", axis, cell.levels[axis]), what, "say what differs, or skip one of them")


def _scaled(tree: Tree, scale: str | None, path: Path) -> Tree:
    """The study with its own overlay for the scale, if it has one. Raises RecipeError for a scale there is not."""
    entry = tree.value.pop("at", None)
    if entry is None:
        return tree
    found = entry[1]
    if not isinstance(found.value, dict):
        raise RecipeError([at(found.mark, ("at",), "is not a block of scales", "at: {miniature: {seeds: [1, 2]}}")])
    for name, (mark, _) in found.value.items():
        try:
            scale_file(path, name)
        except RecipeError as error:
            raise RecipeError([at(mark, ("at", name), error.faults[0].message, error.faults[0].hint)]) from None
    return yaml.merge(tree, found.value[scale][1]) if scale in found.value else tree


def _varied(whole: Tree, study: Tree, levels: Levels, about: Study, over: Sequence[Tree]) -> Tree:
    """The tree of one cell's recipe."""
    tree = _laid(whole, study.value["fixed"][1]) if about.fixed else whole
    for axis, level in levels.items():
        tree = _laid(tree, study.value["vary"][1].value[axis][1].value[level][1])
    if about.seeds is not None:
        tree = yaml.merge(tree, Tree({"seeds": study.value["seeds"]}, study.mark))
    for option in over:
        tree = yaml.merge(tree, option)
    return tree


def _laid(tree: Tree, level: Tree) -> Tree:
    """A level's blocks and dotted names over a recipe."""
    for key, (mark, item) in level.value.items():
        block = item
        for name in reversed(key.split(".")):
            block = Tree({name: (mark, block)}, item.mark)
        tree = yaml.merge(tree, block)
    return tree


def is_study(path: Path) -> bool:
    """Whether a YAML file is a study and not a recipe: it has axes."""
    try:
        tree = read_tree(path)
    except RecipeError:
        return False
    return "vary" in tree.value


def faults_of(path: Path, scale: str | None, sets: Sequence[str]) -> list[Fault]:
    """The faults of a study file, none if it is good."""
    try:
        load_study(path, scale, sets)
    except RecipeError as error:
        return list(error.faults)
    return []
