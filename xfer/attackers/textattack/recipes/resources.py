"""What a recipe reads, opened when a search begins: each named by a field of the attacker, or its default.

Importing this module is light.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from xfer.attackers import constraints
from xfer.attackers.lexicons import wordnet
from xfer.attackers.lexicons.located import filled, located
from xfer.attackers.textattack.recipes.table import RECIPES, RESOURCES, Resource, needs
from xfer.core.errors import MissingPart

OMITTED = "none"
GIVEN = "the tagger of constraints"  # where the recipe names none of its own
ENCODER, TAGGER = "encoder", "tagger"  # queues; those of ``constraints`` have other names and maybe other models
DEFAULT_NAMES, DEFAULT_WORDNET = "TextAttack's lists", "$NLTK_DATA"  # as the table has them
MODELS = ("masked_lm", "encoder", "tagger", "language_model")
LOCAL = (".", "/", "~")


def wanted(attacker: Any) -> dict[str, str]:
    """field -> name, of all that the attacker's recipe reads and that is not left out. Raises MissingPart."""
    found = {}
    for resource in _read(attacker):
        name = getattr(attacker, resource.field) or resource.default or _given(attacker, resource.field)
        if not name:
            raise MissingPart(_absent(attacker, resource))
        if name != OMITTED:
            found[resource.field] = str(name)
    return found


def models(attacker: Any) -> tuple[str, ...]:
    """The names of the models that the recipe asks."""
    return tuple(name for field, name in sorted(wanted(attacker).items()) if field in MODELS and name != GIVEN)


def files(attacker: Any, digest: Callable[[Path], str]) -> dict[str, Any] | None:
    """The digests of the files that the recipe reads. Raises MissingPart where one is not there."""
    found: dict[str, Any] = {}
    for field, name in sorted(wanted(attacker).items()):
        if field == "wordnet":
            found[field] = {path.name: digest(path) for path in sorted(wordnet.places(_folder(name))[0].glob("data.*"))}
        elif field not in MODELS and name != DEFAULT_NAMES:
            path = located(name)
            if not path.is_file():
                raise MissingPart(f"{field}: there is no file {path}")
            found[field] = digest(filled(path))
    return found or None


def faults(attacker: Any) -> Iterator[tuple[str, str, str]]:
    """(field, message, hint) for what the recipe needs and has not, and for what it has and does not need."""
    recipe = attacker.recipe
    needed = {resource.field: resource for resource in _read(attacker)}
    for field in RESOURCES:
        name = getattr(attacker, field)
        if field in needed:
            yield from _fault(attacker, needed[field], name)
        elif name is not None:
            what = f"recipe {recipe} with compat: {attacker.compat} reads no {field}"
            yield field, what, f"it reads {', '.join(needed) or 'nothing'}"
    for field in ("perturbation", "perturbations"):
        if field not in RECIPES[recipe].options and getattr(attacker, field) is not None:
            yield field, f"recipe {recipe} takes no {field}", "leave it out"


def _fault(attacker: Any, resource: Resource, name: str | None) -> Iterator[tuple[str, str, str]]:
    field = resource.field
    if name == OMITTED and not resource.omit:
        yield field, f"recipe {attacker.recipe} cannot do without {field}", f"name {resource.what}"
    elif field == "wordnet":
        try:
            wordnet.places(_folder(name or ""))
        except MissingPart as error:
            what, _, hint = str(error).partition("; ")
            yield field, what, hint
    elif name is None and not resource.default and not _given(attacker, field):
        what, _, hint = _absent(attacker, resource).partition("; ")
        yield field, what, hint
    elif name is not None and name != OMITTED:
        if field in MODELS and name.startswith(LOCAL) and not Path(name).expanduser().is_dir():
            yield field, f"{name} is not a folder", f"name {resource.what}"
        elif field not in MODELS and not located(name).is_file():
            yield field, f"there is no file {name}", f"name {resource.what}"


def _read(attacker: Any) -> list[Resource]:
    """What the recipe reads with the attacker's options."""
    plain = attacker.perturbation not in (None, "homoglyphs")
    return [one for one in needs(attacker.recipe, attacker.compat) if not (one.field == "homoglyphs" and plain)]


def _given(attacker: Any, field: str) -> str:
    """The tagger that constraints name, such as a stage of the recipe, serves the recipe too."""
    return GIVEN if field == "tagger" and attacker.constraints.part_of_speech else ""


def _folder(name: str) -> str | None:
    return None if name in ("", DEFAULT_WORDNET) else name


def _absent(attacker: Any, resource: Resource) -> str:
    way = f", or say {resource.field}: {OMITTED} to do without {resource.omit}" if resource.omit else ""
    what = f"recipe {attacker.recipe} needs {resource.field}: {resource.what}{way}"
    return f"{what}; upstream takes {resource.upstream}"


def oracles(attacker: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """The queues that the recipe asks besides those that are ``given``, the victim's among them. Raises MissingPart."""
    names, recipe, victim = wanted(attacker), attacker.recipe, given["victim"]
    found: dict[str, Any] = {}
    if "encoder" in names:
        from xfer.attackers.search.oracles.encoder import Encoder  # late, like all oracles: they import torch

        found[ENCODER] = Encoder(names["encoder"])
    if "tagger" in names:
        from xfer.attackers.search.oracles.tagger import Tagger

        found[TAGGER] = given[constraints.TAGGER] if names["tagger"] == GIVEN else Tagger(names["tagger"])
    if "language_model" in names:
        from xfer.attackers.search.oracles.causal import Causal, FirstSubword

        first = recipe == "kuleshov" and attacker.compat == "upstream"
        found["language_model"] = (FirstSubword if first else Causal)(names["language_model"])
    if "masked_lm" in names and attacker.compat == "fixed":
        from xfer.attackers.search.oracles.masked import Masked, Subwords

        kind: Any = Subwords if recipe == "bert-attack" else Masked
        found["subwords" if recipe == "bert-attack" else "mlm"] = kind(names["masked_lm"])
    if recipe == "bae" and attacker.compat == "upstream":
        from xfer.attackers.textattack.proposals import Proposals

        found["proposals"] = Proposals(names["masked_lm"])
    if recipe in ("a2t", "hotflip"):
        from xfer.attackers.search.oracles.gradient import Gradient

        found["gradient"] = Gradient(victim)
        found["slopes"] = found["gradient"].raw
    return found
