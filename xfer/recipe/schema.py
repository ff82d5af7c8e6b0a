"""The JSON Schema of a recipe: every kind is one of its registered types, by block or by bare name. And of a study."""

from __future__ import annotations

import json
from typing import Any, get_args

from pydantic_core import PydanticCustomError

from xfer.core.component import Component, plural_kind
from xfer.recipe.benchmark import BenchmarkName
from xfer.recipe.recipe import Recipe
from xfer.recipe.study import Study

# What a file may say besides the fields of the recipe or study: what becomes of it is laid over the rest.
OF_FILE: dict[str, dict[str, str]] = {
    "recipe": {"extends": "another recipe that this one is laid over: a path beside this file"},
    "study": {
        "extends": "another study that this one is laid over: a path beside this file",
        "at": "scale: what is laid over the study itself at that scale; null removes",
    },
}


def schema_text() -> str:
    """The schema as text with sorted keys, the same on every run."""
    schema = Recipe.model_json_schema()
    schema |= {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "xfer recipe"}
    definitions = schema.setdefault("$defs", {})
    for kind, base in component_kinds().items():
        options: list[dict[str, Any]] = [{"enum": base.known_names(), "description": f"one of the {plural_kind(kind)}"}]
        for name in base.known_names():
            try:
                component = base.find_class(name)
            except PydanticCustomError:  # a plug-in that does not import keeps its name, without its fields
                continue
            definitions[f"{kind}.{name}"] = _component_schema(component, name, definitions)
            options.append({"$ref": f"#/$defs/{kind}.{name}"})
        options.append({"type": "object", "properties": {"type": {"pattern": ".+:.+"}}, "required": ["type"]})
        options.append({"type": "string", "pattern": ".+:.+", "description": "package.module:Class"})
        definitions[base.__name__] = {"anyOf": options, "title": kind}
    schema["properties"]["extends"] = {"type": "string", "description": OF_FILE["recipe"]["extends"]}
    # A recipe that extends another may leave to it what is required here: `xfer check` sees the whole.
    schema.pop("required", None)
    for holder, field in ((schema, "stages"), (schema, "evaluate"), (definitions["Stage"], "tasks")):
        inner = holder["properties"][field]  # in a recipe that extends another, null takes an entry away
        inner["additionalProperties"] = {"anyOf": [inner["additionalProperties"], {"type": "null"}]}
    stage = definitions["Stage"]
    stage["properties"]["reader"] = {"$ref": "#/$defs/Reader", "description": "short for one task of this name"}
    stage.pop("required", None)
    definitions["Task"].pop("required", None)
    task = definitions["Task"]["properties"]
    step = {"anyOf": [task["augment"].pop("items"), {"$ref": "#/$defs/Attacker"}]}  # an attacker alone is a step
    task["augment"] = {"anyOf": [step, {"type": "array", "items": step}], "description": task["augment"]["description"]}
    names = {"enum": list(get_args(BenchmarkName)), "description": "the name of a benchmark"}
    schema["properties"]["benchmark"]["anyOf"].insert(0, names)
    return json.dumps(schema, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def study_schema_text() -> str:
    """The schema of a study: its levels stay open, since they are pieces of recipes; ``xfer check`` sees the whole."""
    schema = Study.model_json_schema()
    schema |= {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "xfer study"}
    fields = schema["properties"]
    axis = fields["vary"]["additionalProperties"]
    axis["additionalProperties"] = {"anyOf": [axis["additionalProperties"], {"type": "null"}]}
    fields["vary"]["additionalProperties"] = {"anyOf": [axis, {"type": "null"}]}
    hypotheses = fields["hypotheses"]
    hypotheses["additionalProperties"] = {"anyOf": [hypotheses["additionalProperties"], {"type": "null"}]}
    fields["at"] = {
        "type": "object",
        "additionalProperties": {"$ref": "#"},
        "description": OF_FILE["study"]["at"],
    }
    fields["extends"] = {"type": "string", "description": OF_FILE["study"]["extends"]}
    for block in (schema, *schema["$defs"].values()):
        block.pop("required", None)  # one that extends another may leave to it what is required here
    return json.dumps(schema, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _component_schema(component: type[Component], name: str, definitions: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = component.model_json_schema()
    for inner, definition in schema.pop("$defs", {}).items():
        definitions.setdefault(inner, definition)  # a kind within a kind is already known as all its types
    schema["properties"] = {"type": {"const": name}} | schema.get("properties", {})
    if component.default_type != name:
        schema["required"] = ["type", *schema.get("required", [])]
    return schema


def component_kinds() -> dict[str, type[Component]]:
    """``kind -> base class``; importing the bases imports nothing heavy."""
    from xfer.attackers.base import Attacker
    from xfer.models.base import Model
    from xfer.models.domain.base import Head
    from xfer.readers.base import Reader
    from xfer.trainers.adversaries.base import Adversary
    from xfer.trainers.base import Mixer, Trainer
    from xfer.trainers.losses.base import Loss

    bases: list[type[Component]] = [Adversary, Attacker, Head, Loss, Mixer, Model, Reader, Trainer]
    return {base.kind: base for base in bases}
