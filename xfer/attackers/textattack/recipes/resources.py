"""What a recipe reads, opened when a search begins: each named by a field of the attacker, or its default.

Importing this module is light.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from xfer.attackers.constraints import CONSTRAINT_TAGGER, Constraints
from xfer.attackers.lexicons import wordnet
from xfer.attackers.lexicons.located import filled, located
from xfer.attackers.textattack.recipes.table import RECIPES, RESOURCES, Resource, recipe_resources
from xfer.core.errors import MissingPart

OMITTED = "none"
SHARED_TAGGER = "the tagger of constraints"  # where the recipe names none of its own
RECIPE_ENCODER, RECIPE_TAGGER = (
    "encoder",
    "tagger",
)  # queues; those of ``constraints`` have other names and maybe other models
DEFAULT_NAMES, DEFAULT_WORDNET = "TextAttack's lists", "$NLTK_DATA"  # as the table has them
MODEL_FIELDS = ("masked_lm", "encoder", "tagger", "language_model")
LOCAL_PREFIXES = (".", "/", "~")


class RecipeOptions(Protocol):
    """What a recipe reads of its attacker, besides the fields that name resources."""

    @property
    def recipe(self) -> str: ...

    @property
    def compat(self) -> str: ...

    @property
    def perturbation(self) -> str | None: ...

    @property
    def constraints(self) -> Constraints: ...


def wanted_resources(attacker: RecipeOptions) -> dict[str, str]:
    """field -> name, of all that the attacker's recipe reads and that is not left out. Raises MissingPart."""
    names = {}
    for resource in _needed_resources(attacker):
        name = getattr(attacker, resource.field) or resource.default or _constraint_tagger(attacker, resource.field)
        if not name:
            raise MissingPart(_absent_message(attacker, resource))
        if name != OMITTED:
            names[resource.field] = str(name)
    return names


def resource_models(attacker: RecipeOptions) -> tuple[str, ...]:
    """The names of the models that the recipe asks."""
    return tuple(
        name
        for field, name in sorted(wanted_resources(attacker).items())
        if field in MODEL_FIELDS and name != SHARED_TAGGER
    )


def resource_files(attacker: RecipeOptions, digest: Callable[[Path], str]) -> dict[str, Any] | None:
    """The digests of the files that the recipe reads. Raises MissingPart where one is not there."""
    digests: dict[str, Any] = {}
    for field, name in sorted(wanted_resources(attacker).items()):
        if field == "wordnet":
            digests[field] = {
                path.name: digest(path)
                for path in sorted(wordnet.wordnet_folders(_wordnet_folder(name))[0].glob("data.*"))
            }
        elif field not in MODEL_FIELDS and name != DEFAULT_NAMES:
            path = located(name)
            if not path.is_file():
                raise MissingPart(f"{field}: there is no file {path}")
            digests[field] = digest(filled(path))
    return digests or None


def resource_faults(attacker: RecipeOptions) -> Iterator[tuple[str, str, str]]:
    """(field, message, hint) for what the recipe needs and has not, and for what it has and does not need."""
    recipe = attacker.recipe
    needed = {resource.field: resource for resource in _needed_resources(attacker)}
    for field in RESOURCES:
        name = getattr(attacker, field)
        if field in needed:
            yield from _resource_fault(attacker, needed[field], name)
        elif name is not None:
            what = f"recipe {recipe} with compat: {attacker.compat} reads no {field}"
            yield field, what, f"it reads {', '.join(needed) or 'nothing'}"
    for field in ("perturbation", "perturbations"):
        if field not in RECIPES[recipe].options and getattr(attacker, field) is not None:
            yield field, f"recipe {recipe} takes no {field}", "leave it out"


def _resource_fault(attacker: RecipeOptions, resource: Resource, name: str | None) -> Iterator[tuple[str, str, str]]:
    field = resource.field
    if name == OMITTED and not resource.omit:
        yield field, f"recipe {attacker.recipe} cannot do without {field}", f"name {resource.what}"
    elif field == "wordnet":
        try:
            wordnet.wordnet_folders(_wordnet_folder(name or ""))
        except MissingPart as error:
            what, _, hint = str(error).partition("; ")
            yield field, what, hint
    elif name is None and not resource.default and not _constraint_tagger(attacker, field):
        what, _, hint = _absent_message(attacker, resource).partition("; ")
        yield field, what, hint
    elif name is not None and name != OMITTED:
        if field in MODEL_FIELDS and name.startswith(LOCAL_PREFIXES) and not Path(name).expanduser().is_dir():
            yield field, f"{name} is not a folder", f"name {resource.what}"
        elif field not in MODEL_FIELDS and not located(name).is_file():
            yield field, f"there is no file {name}", f"name {resource.what}"


def _needed_resources(attacker: RecipeOptions) -> list[Resource]:
    """What the recipe reads with the attacker's options."""
    plain = attacker.perturbation not in (None, "homoglyphs")
    return [
        resource
        for resource in recipe_resources(attacker.recipe, attacker.compat)
        if not (resource.field == "homoglyphs" and plain)
    ]


def _constraint_tagger(attacker: RecipeOptions, field: str) -> str:
    """The tagger that constraints name, such as a stage of the recipe, serves the recipe too."""
    return SHARED_TAGGER if field == "tagger" and attacker.constraints.part_of_speech else ""


def _wordnet_folder(name: str) -> str | None:
    return None if name in ("", DEFAULT_WORDNET) else name


def _absent_message(attacker: RecipeOptions, resource: Resource) -> str:
    way = f", or say {resource.field}: {OMITTED} to do without {resource.omit}" if resource.omit else ""
    what = f"recipe {attacker.recipe} needs {resource.field}: {resource.what}{way}"
    return f"{what}; upstream takes {resource.upstream}"


def resource_oracles(attacker: RecipeOptions, given: Mapping[str, Any]) -> dict[str, Any]:
    """The queues that the recipe asks besides those that are ``given``, the victim's among them. Raises MissingPart."""
    names, recipe, victim = wanted_resources(attacker), attacker.recipe, given["victim"]
    queues: dict[str, Any] = {}
    if "encoder" in names:
        from xfer.attackers.search.oracles.encoder import EncoderOracle  # late, like all oracles: they import torch

        queues[RECIPE_ENCODER] = EncoderOracle(names["encoder"])
    if "tagger" in names:
        from xfer.attackers.search.oracles.tagger import TaggerOracle

        queues[RECIPE_TAGGER] = (
            given[CONSTRAINT_TAGGER] if names["tagger"] == SHARED_TAGGER else TaggerOracle(names["tagger"])
        )
    if "language_model" in names:
        from xfer.attackers.search.oracles.causal import CausalOracle, FirstSubword

        first = recipe == "kuleshov" and attacker.compat == "upstream"
        queues["language_model"] = (FirstSubword if first else CausalOracle)(names["language_model"])
    if "masked_lm" in names and attacker.compat == "fixed":
        from xfer.attackers.search.oracles.masked import MaskOracle, SubwordOracle

        kind: Any = SubwordOracle if recipe == "bert-attack" else MaskOracle
        queues["subwords" if recipe == "bert-attack" else "mlm"] = kind(names["masked_lm"])
    if recipe == "bae" and attacker.compat == "upstream":
        from xfer.attackers.textattack.proposals import ProposalOracle

        queues["proposals"] = ProposalOracle(names["masked_lm"])
    if recipe in ("a2t", "hotflip"):
        from xfer.attackers.search.oracles.gradient import GradientOracle

        queues["gradient"] = GradientOracle(victim)
        queues["slopes"] = queues["gradient"].raw
    return queues
