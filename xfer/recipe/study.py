"""The study: one YAML file that varies a recipe along named axes and says what to compare. Frozen data.

``load_study`` reads one. Cells that share work share nodes, because equal nodes have equal keys.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from xfer.core.component import Block
from xfer.core.errors import suggest_name
from xfer.recipe.names import Name
from xfer.recipe.recipe import Recipe, Seeds

Measure = Literal["score", "above_chance", "drop", "relative", "cost_above_chance", "gap", "gap_growth"]


def _as_list(value: object) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else [value]


def _as_axes(value: object) -> object:
    """A list of axes, or one, as a block whose axes have no levels: all of them are meant."""
    names = _as_list(value)
    return dict.fromkeys(names, ()) if all(isinstance(axis, str) for axis in names) else value


def _check_word(value: object) -> str:
    if not isinstance(value, str):
        raise PydanticCustomError("word", "should be a name", {"hint": "in quotes if it looks like a number"})
    return value


MAX_CELLS_VARIABLE, MOST_CELLS = "XFER_MAX_CELLS", 2_000  # ours have 252 at most
NameText = Annotated[str, BeforeValidator(_check_word, json_schema_input_type=str)]
NameTexts = Annotated[tuple[NameText, ...], BeforeValidator(_as_list, json_schema_input_type=str | tuple[str, ...])]
Levels = dict[str, NameText]  # axis -> the level of one cell
ChosenLevels = dict[str, Annotated[NameTexts, Field(min_length=1)]]  # axis -> the levels that are meant
DoseAxes = Annotated[
    dict[str, NameTexts], BeforeValidator(_as_axes, json_schema_input_type=dict[str, NameTexts] | NameTexts)
]
Axis = dict[Name, dict[str, Any]]  # level -> what it lays over the recipe
# What the rows of results are called by: an axis of such a name would hide it.
RESERVED_AXES = """run kind scale evaluation data reader attacker stage metric measure language trained value low high
seeds parameters difference p effect adjusted chance collapsed comparison""".split()


class Compare(Block):
    """Each cell beside the cell that differs in these axes alone."""

    against: Levels = Field(min_length=1, description="axis: the level that others are compared with")
    test: Literal["paired", "mcnemar"] = Field(
        "paired",
        description="over the seeds and the rows that both were tested on; mcnemar is of right and wrong rows alone: "
        "it speaks of these trainings only",
    )
    adjust: Literal["dunnett", "holm", "none"] = Field(
        "dunnett", description="correction for several comparisons; dunnett knows that they share a baseline"
    )


class Hypothesis(Block):
    """A statement that the numbers can contradict: a measure is higher (lower) in some cells than in others."""

    claim: str = Field(min_length=1, description="the hypothesis in one sentence")
    cells: ChosenLevels = Field({}, description="axis: level or levels of the cells that it speaks of; all if left out")
    against: Levels = Field(min_length=1, description="axis: the level of the cells they are laid beside")
    measure: Measure = Field(
        "score",
        description="score; above_chance: score between chance (0) and all right (100); drop: clean minus attacked; "
        "relative: drop by clean score; cost_above_chance: drop by clean score minus chance; gap: score in the "
        "training languages minus the mean of the others; gap_growth: gap under attack minus clean gap",
    )
    evaluations: NameTexts = Field(
        (), description="the evaluations it speaks of; all that have the measure if left out"
    )
    languages: Literal["all", "transfer", "trained"] = Field(
        "all", description="the unweighted mean over these; transfer: all that the stage was not trained on"
    )
    expect: Literal["higher", "lower"] = Field("higher", description="what the claim says of the cells")
    equivalent_within: float | None = Field(
        None, gt=0, description="points: a difference whose whole interval is nearer to 0 than this counts as none"
    )
    family: str = Field(
        "",
        description="hypotheses that make one claim: p is corrected over those of one family; all are one if left out",
    )


class Fit(Block):
    """A straight line of a measure over the logarithm (base 10) of the encoder's parameters, along one axis."""

    axis: str = Field(description="the axis whose levels have encoders of different size")
    measure: Measure = Field("score", description="what is fitted, averaged over languages")
    evaluations: NameTexts = Field((), description="the evaluations that get a line each; all if left out")


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
    only: ChosenLevels = Field(
        {}, description="axis: the levels that are run, of a study that has more; all if left out"
    )
    skip: tuple[ChosenLevels, ...] = Field((), description="combinations of levels that are left out")
    seeds: Seeds | None = Field(None, description="the recipe's seeds if left out")
    compare: Compare | None = Field(None, description="what each cell is compared with")
    hypotheses: dict[Name, Hypothesis] = Field({}, description="what is expected, and is put to the test")
    fits: tuple[Fit, ...] = Field((), description="lines over the size of the encoder")
    doses: DoseAxes = Field(
        {},
        description="axes whose levels are meant to differ in updates, rows or tokens, which marks a comparison "
        "otherwise; axis: levels, where only these differ from the rest on purpose",
    )

    @model_validator(mode="after")
    def _known(self) -> Study:
        errors = list(self._study_errors())
        if errors:
            raise ValidationError.from_exception_data("Study", errors)
        return self

    def _study_errors(self) -> Iterator[InitErrorDetails]:
        """Names that are taken or not there and comparisons of nothing, each where it stands."""
        count, most = prod(map(len, self.vary.values())), most_cells()
        if count > most:
            what = f"the axes make {count:,} cells, and a study has {most:,} at most"
            yield _error_at(("vary",), what, "take levels out, or say --max-cells")
            return
        if self.name == "index.html":
            yield _error_at(("name",), "'index.html' is the page of all studies", "call the study something else")
        unknown = list(self._unknown_names())
        yield from unknown or self._unpaired()
        for name, hypothesis in self.hypotheses.items():
            if hypothesis.measure in ("gap", "gap_growth") and hypothesis.languages != "all":
                what = f"a {hypothesis.measure} is one number, not one of each language"
                yield _error_at(("hypotheses", name, "languages"), what, "leave it out")

    def _unknown_names(self) -> Iterator[InitErrorDetails]:
        """Axes and levels that are not there, or have a name that cannot be."""
        for axis in self.vary:
            if axis in RESERVED_AXES:
                hint = f"results have a column {axis}: call the axis something else"
                yield _error_at(("vary", axis, "[key]"), f"'{axis}' cannot name an axis", hint)
        for path, laid in self._level_overlays():
            for key in laid:
                if not all(key.split(".")):
                    yield _error_at((*path, key, "[key]"), f"'{key}' is not a dotted name", "such as limits.steps")
        for path, chosen in self._named_levels():
            for axis, levels in chosen.items():
                if axis not in self.vary:
                    yield _error_at((*path, axis, "[key]"), f"there is no axis '{axis}'", suggest_name(axis, self.vary))
                for i, level in enumerate(_as_list(levels) if axis in self.vary else ()):
                    if level not in self.vary[axis]:
                        what = f"there is no level of {axis} '{level}'"
                        yield _error_at((*path, axis, i), what, suggest_name(level, self.vary[axis]))
        for i, fit in enumerate(self.fits):
            if fit.axis not in self.vary:
                yield _error_at(
                    ("fits", i, "axis"), f"there is no axis '{fit.axis}'", suggest_name(fit.axis, self.vary)
                )

    def _unpaired(self) -> Iterator[InitErrorDetails]:
        """What lays no cell beside another. Cells that are not run for now (``only``) count."""
        comparisons: list[tuple[tuple[str, ...], Levels, ChosenLevels]] = []
        if self.compare:
            comparisons.append((("compare", "against"), self.compare.against, {}))
        for name, hypothesis in self.hypotheses.items():
            comparisons.append((("hypotheses", name, "against"), hypothesis.against, hypothesis.cells))
        cells = self.level_combinations()
        level_tuples = {tuple(cell.values()) for cell in cells}
        for path, against, chosen in comparisons:
            others = (
                cell | against for cell in cells if matches_levels(cell, chosen) and not matches_levels(cell, against)
            )
            if cells and not any(tuple(other.values()) in level_tuples for other in others):
                hint = "cells must have another level there, and skip must leave both sides"
                yield _error_at(path, "no two cells can be compared", hint)

    def _level_overlays(self) -> Iterator[tuple[tuple[str | int, ...], Mapping[str, Any]]]:
        """What is laid over the recipe."""
        yield ("fixed",), self.fixed
        for axis, levels in self.vary.items():
            yield from ((("vary", axis, level), laid) for level, laid in levels.items())

    def _named_levels(self) -> Iterator[tuple[tuple[str | int, ...], Mapping[str, Any]]]:
        yield ("only",), self.only
        yield from ((("skip", i), chosen) for i, chosen in enumerate(self.skip))
        yield ("doses",), self.doses
        yield ("compare", "against"), self.compare.against if self.compare else {}
        for name, hypothesis in self.hypotheses.items():
            yield ("hypotheses", name, "cells"), hypothesis.cells
            yield ("hypotheses", name, "against"), hypothesis.against

    def level_combinations(self) -> list[Levels]:
        """Every combination of levels that is not skipped, in the order of the file."""
        cells = (dict(zip(self.vary, levels, strict=True)) for levels in product(*self.vary.values()))
        return [cell for cell in cells if not any(matches_levels(cell, chosen) for chosen in self.skip)]


def most_cells() -> int:
    """How many cells a study may have: what --max-cells says, which the processes that a command starts inherit."""
    return int(os.environ.get(MAX_CELLS_VARIABLE, MOST_CELLS))


def matches_levels(cell: Levels, chosen: Mapping[str, Sequence[str]]) -> bool:
    """Whether a cell has one of the named levels on each named axis."""
    return all(cell[axis] in _as_list(levels) for axis, levels in chosen.items())


def paired_levels(cells: Sequence[Levels], against: Levels) -> Iterator[tuple[int, int]]:
    """Each cell with the one that has the named levels and is equal on all other axes, by their places."""
    places = {tuple(levels.values()): i for i, levels in enumerate(cells)}
    for i, levels in enumerate(cells):
        other = places.get(tuple((levels | against).values()))
        if other is not None and other != i:
            yield i, other


def _error_at(path: tuple[str | int, ...], message: str, hint: str) -> InitErrorDetails:
    error = PydanticCustomError("bad_study", "{message}", {"message": message, "hint": hint})
    return InitErrorDetails(type=error, loc=path, input={})


class StudyCell(NamedTuple):
    """One combination of levels and the recipe that it stands for."""

    levels: Levels
    recipe: Recipe


class LoadedStudy(NamedTuple):
    """A checked study with the recipe of every cell."""

    study: Study
    cells: tuple[StudyCell, ...]
    path: Path
    scale: str | None
