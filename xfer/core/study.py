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
from xfer.core.study_faults import evaluations, foreign, not_of_cells, other_seeds, same, unknown_evaluations
from xfer.core.yaml import Tree

Measure = Literal["score", "drop", "relative", "gap", "gap_growth"]


def _many(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


def _word(value: Any) -> Any:
    if not isinstance(value, str):
        raise PydanticCustomError("word", "should be a name", {"hint": "in quotes if it looks like a number"})
    return value


Word = Annotated[str, BeforeValidator(_word, json_schema_input_type=str)]
Words = Annotated[tuple[Word, ...], BeforeValidator(_many, json_schema_input_type=str | tuple[str, ...])]
Levels = dict[str, Word]  # axis -> the level of one cell
Chosen = dict[str, Annotated[Words, Field(min_length=1)]]  # axis -> the levels that are meant
Axis = dict[Name, dict[str, Any]]  # level -> what it lays over the recipe
# What the rows of results are called by: an axis of such a name would hide it.
TAKEN = """run kind scale evaluation data reader attacker stage metric measure language trained value low high
seeds parameters difference p effect adjusted""".split()


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
    vary: dict[Name, Annotated[Axis, Field(min_length=1)]] = Field(
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
        """Names that are taken or not there and comparisons of nothing, each where it stands."""
        if self.name == "index.html":
            yield _bad(("name",), "'index.html' is the page of all studies", "call the study something else")
        unknown = list(self._unknown())
        yield from unknown or self._unpaired()
        for name, about in self.hypotheses.items():
            if about.measure in ("gap", "gap_growth") and about.languages != "all":
                what = f"a {about.measure} is one number, not one of each language"
                yield _bad(("hypotheses", name, "languages"), what, "leave it out")

    def _unknown(self) -> Iterator[InitErrorDetails]:
        """Axes and levels that are not there, or have a name that cannot be."""
        for axis in self.vary:
            if axis in TAKEN:
                hint = f"results have a column {axis}: call the axis something else"
                yield _bad(("vary", axis, "[key]"), f"'{axis}' cannot name an axis", hint)
        for path, laid in self._laid():
            for key in laid:
                if not all(key.split(".")):
                    yield _bad((*path, key, "[key]"), f"'{key}' is not a dotted name", "such as limits.steps")
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

    def _unpaired(self) -> Iterator[InitErrorDetails]:
        """What lays no cell beside another. Cells that are not run for now (``only``) count."""
        asked: list[tuple[tuple[str, ...], Levels, Chosen]] = []
        if self.compare:
            asked.append((("compare", "against"), self.compare.against, {}))
        for name, about in self.hypotheses.items():
            asked.append((("hypotheses", name, "against"), about.against, about.cells))
        every = self.combinations()
        there = {tuple(cell.values()) for cell in every}
        for path, against, chosen in asked:
            others = (cell | against for cell in every if meant(cell, chosen) and not meant(cell, against))
            if every and not any(tuple(other.values()) in there for other in others):
                hint = "cells must have another level there, and skip must leave both sides"
                yield _bad(path, "no two cells can be compared", hint)

    def _laid(self) -> Iterator[tuple[tuple[str | int, ...], Mapping[str, Any]]]:
        """What is laid over the recipe."""
        yield ("fixed",), self.fixed
        for axis, levels in self.vary.items():
            yield from ((("vary", axis, level), laid) for level, laid in levels.items())

    def _named(self) -> Iterator[tuple[tuple[str | int, ...], Mapping[str, Any]]]:
        yield ("only",), self.only
        yield from ((("skip", i), chosen) for i, chosen in enumerate(self.skip))
        yield ("compare", "against"), self.compare.against if self.compare else {}
        for name, hypothesis in self.hypotheses.items():
            yield ("hypotheses", name, "cells"), hypothesis.cells
            yield ("hypotheses", name, "against"), hypothesis.against

    def combinations(self) -> list[Levels]:
        """Every combination of levels that is not skipped, in the order of the file."""
        every = (dict(zip(self.vary, levels, strict=True)) for levels in product(*self.vary.values()))
        return [cell for cell in every if not any(meant(cell, chosen) for chosen in self.skip)]


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
    tree = _scaled(_study_tree(path), scale, path)
    study = _study(tree)
    whole = _base(tree, path.parent / study.recipe, scale)
    over, bad = options(sets)
    bad += not_of_cells(over, Study.model_fields.keys() - {"seeds"})
    if bad:
        raise RecipeError(bad)
    cells, known = [], dict[str, bool]()
    for levels in study.combinations():
        varied = _varied(whole, tree, levels, study, over)
        for name, attacked in evaluations(varied):
            known[name] = attacked or known.get(name, False)
        if meant(levels, study.only):
            try:
                cells.append(Cell(levels, checked(varied)))
            except RecipeError as error:
                bad += error.faults
    if not bad:
        bad += other_seeds(tree, cells)
        bad += [] if cells else [fault(tree, ("skip",), "no cell is left", "skip fewer combinations")]
    if not bad and not sets:  # --set may level what the file tells apart, and take evaluations away
        bad += [*unknown_evaluations(tree, study, known, bool(scale)), *same(tree, cells)]
    if bad:
        raise RecipeError(bad)
    return LoadedStudy(study, tuple(cells), path, scale)


def _study_tree(path: Path) -> Tree:
    """The tree of a study's file. Raises RecipeError for a recipe, or a study with a recipe's fields."""
    tree = read_tree(path)
    if _is_recipe(tree):
        what, way = "is a recipe and no study", "xfer train runs it; a study names it as recipe: and varies it"
        raise RecipeError([at(tree.mark, (), what, way)])
    strange = list(foreign(tree, Recipe.model_fields.keys() - Study.model_fields.keys()))
    if strange:
        raise RecipeError(strange)
    return tree


def _is_recipe(tree: Tree) -> bool:
    return "vary" not in tree.value and bool(tree.value.keys() & {"stages", "evaluate", "benchmark"})


def _study(tree: Tree) -> Study:
    """The study of a whole tree. Raises RecipeError with all faults."""
    data, faults = yaml.resolve(tree)
    # ${...} in what is laid over the recipe speaks of the recipe, and is resolved there.
    faults = [one for one in faults if not one.path.startswith(("vary.", "fixed."))]
    study, invalid = validate(data, tree, Study)
    if study is None or faults:
        raise RecipeError([*faults, *invalid])
    return study


def _base(tree: Tree, path: Path, scale: str | None) -> Tree:
    """The tree of the recipe that is varied, with the overlay of the scale. Raises RecipeError."""
    if not path.is_file():
        raise RecipeError([fault(tree, ("recipe",), f"there is no file {path}", "a path beside the study")])
    whole = read_tree(path)
    if "vary" in whole.value:
        raise RecipeError([fault(tree, ("recipe",), f"{path} is a study", "name a recipe; extends lays studies over")])
    return yaml.merge(whole, read_tree(scale_file(path, scale))) if scale else whole


def _scaled(tree: Tree, scale: str | None, path: Path) -> Tree:
    """The study with its own overlay for the scale, if it has one. Raises RecipeError with the faults of ``at``."""
    overlays = _overlays(tree, path)
    left = Tree({key: entry for key, entry in tree.value.items() if key != "at"}, tree.mark)
    return yaml.merge(left, overlays[scale]) if scale in overlays else left


def _overlays(tree: Tree, path: Path) -> dict[str, Tree]:
    """What stands under ``at``, by scale. Raises RecipeError if that is no block of blocks, each named for a scale."""
    if "at" not in tree.value:
        return {}
    found = tree.value["at"][1]
    example = "at: {miniature: {seeds: [1, 2]}}"
    if not isinstance(found.value, dict):
        raise RecipeError([at(found.mark, ("at",), "is not a block of scales", example)])
    bad = list[Fault]()
    for name, (mark, overlay) in found.value.items():
        try:
            scale_file(path, name)
        except RecipeError as error:
            bad += [at(mark, ("at", name), one.message, one.hint) for one in error.faults]
        if not isinstance(overlay.value, dict):
            bad.append(at(overlay.mark, ("at", name), "should be a block of fields", example))
    if bad:
        raise RecipeError(bad)
    return {name: overlay for name, (_, overlay) in found.value.items()}


def check_study(path: Path, scale: str | None = None, sets: Sequence[str] = ()) -> LoadedStudy:
    """The study as it is at ``scale``; without one it is also checked at every scale that its file speaks of.

    Raises RecipeError with the faults of all.
    """
    bad, found = list[Fault](), list[LoadedStudy]()
    for one in [scale, *(_overlays(_study_tree(path), path) if scale is None else ())]:
        try:
            found.append(load_study(path, one, sets))
        except RecipeError as error:
            bad += error.faults
    if bad:
        raise RecipeError(bad)
    return found[0]


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
    """Whether a YAML file is a study and not a recipe: it has axes, or a question and nothing to run."""
    try:
        tree = read_tree(path)
    except RecipeError:
        return False
    return "vary" in tree.value or "question" in tree.value and not _is_recipe(tree)


def is_recipe(path: Path) -> bool:
    """Whether a YAML file is a recipe; one that cannot be read is not."""
    try:
        return _is_recipe(read_tree(path))
    except RecipeError:
        return False
