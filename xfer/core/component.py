"""The component: one frozen Pydantic class that is configuration, documentation, schema and identity.

``@Reader.register("xnli")`` names a class, ``type: xnli`` in YAML (or the bare word) builds it.
Built-in names come from ``xfer.catalog`` as "module:Class" strings and are imported when used;
plug-ins come in by entry points (group ``xfer.<kind>``) or as a dotted ``package.module:Class``.
Validating a component touches no file and imports no heavy package; its methods do the work.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, ClassVar, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    SerializerFunctionWrapHandler,
    ValidatorFunctionWrapHandler,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

from xfer.catalog import CATALOG
from xfer.core.errors import suggest_name
from xfer.core.included import include_hint, is_included

C = TypeVar("C", bound="type[Component]")

INCIDENTAL: dict[str, Any] = {"incidental": True}  # json_schema_extra of a field that cannot change a result


def field_version(version: int, *values: str) -> dict[str, Any]:
    """json_schema_extra of a field of which what it does has changed (or what these values of it do).

    Results that do not use it keep their identity: only a field that differs from its default takes part in one.
    """
    return {"version": version, "version_of": list(values)}


class Block(BaseModel):
    """A frozen piece of a recipe that takes no unknown field."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Component(Block):
    """Base of every registered kind. A kind is a direct subclass: ``class Reader(Component, kind="reader")``."""

    kind: ClassVar[str] = ""
    type_name: ClassVar[str] = ""
    version: ClassVar[int] = 1
    default_type: ClassVar[str] = ""  # the type of a block of this kind that names none
    names: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls, kind: str = "", **rest: Any) -> None:
        super().__init_subclass__(**rest)
        if kind:
            cls.kind = kind
            cls.names = dict(CATALOG.get(kind, {}))

    @classmethod
    def register(cls, name: str) -> Callable[[C], C]:
        """Class decorator: makes the class known as ``name`` among its kind."""

        def decorate(component: C) -> C:
            registered = cls.names.get(name)
            target = f"{component.__module__}:{component.__qualname__}"
            if registered not in (None, target) and _target_path(registered) != target:
                raise ValueError(
                    f"{cls.kind} '{name}' is taken by {_target_path(registered)}; choose another name for {target}"
                )
            component.type_name = name
            cls.names[name] = component
            return component

        return decorate

    @classmethod
    def known_names(cls) -> list[str]:
        """Every name of this kind, plug-ins included, sorted."""
        return sorted({name for name in (*cls.names, *plugin_targets(cls.kind)) if ":" not in name})

    @classmethod
    def find_class(cls, name: str) -> type[Component]:
        """The class of ``name``. Raises a PydanticCustomError (a fault of the recipe) if there is none."""
        target = cls.names.get(name)
        if target is None:
            target = cls._own_code(name) if ":" in name else plugin_targets(cls.kind).get(name)
        if target is None:
            raise PydanticCustomError(
                "unknown_name",
                "{kind} '{name}' is not known",
                {
                    "kind": cls.kind,
                    "name": name,
                    "hint": _other_kind_hint(cls.kind, name) or suggest_name(name, cls.known_names()),
                },
            )
        if isinstance(target, str):
            target = cls._import(target, name)
        if not (isinstance(target, type) and issubclass(target, cls)):
            raise _broken_plugin(cls.kind, name, f"is not a {cls.kind}")
        if "type_name" not in target.__dict__:  # an unregistered class must not pass for its parent
            target.type_name = name
        cls.names[name] = target
        return target

    @classmethod
    def _own_code(cls, name: str) -> str:
        """A dotted name, if it is built in or the user includes its module. Raises a PydanticCustomError."""
        module = name.partition(":")[0]
        if name in CATALOG.get(cls.kind, {}).values():
            return name
        if module.split(".")[0] == "xfer":
            hint = f"it is no {cls.kind} of xfer's; known: {', '.join(cls.known_names())}"
            raise PydanticCustomError(
                "unknown_name", "{kind} '{name}' is not known", {"kind": cls.kind, "name": name, "hint": hint}
            )
        if not is_included(module):
            context = {"kind": cls.kind, "name": name, "hint": include_hint(module)}
            raise PydanticCustomError("not_included", "{kind} '{name}' is code from outside xfer", context)
        return name

    @classmethod
    def _import(cls, target: str, name: str) -> object:
        module, _, attribute = target.partition(":")
        try:
            return getattr(import_module(module), attribute)
        except Exception as error:  # a plug-in may fail in any way when it is imported
            raise _broken_plugin(cls.kind, name, f"cannot be imported from {target}: {error}") from error

    @model_validator(mode="wrap")
    @classmethod
    def _dispatch(cls, value: object, handler: ValidatorFunctionWrapHandler) -> Any:
        if isinstance(value, str):
            value = {"type": value}
        if not isinstance(value, dict):
            return handler(value)
        name = value.get("type", cls.default_type if cls.__dict__.get("kind") else None) or None
        rest = {key: item for key, item in value.items() if key != "type"}
        if name is not None:
            if not isinstance(name, str):
                raise PydanticCustomError("type_name", "type must be a name, of kind {kind}", {"kind": cls.kind})
            if name != cls.type_name or cls.__dict__.get("kind"):
                leaf = cls.find_class(name)
                if leaf is not cls:
                    return leaf.model_validate(rest)
        elif cls.__dict__.get("kind"):
            context = {"kind": cls.kind, "hint": f"known: {', '.join(cls.known_names())}"}
            raise PydanticCustomError("no_type", "a {kind} needs a type", context)
        return handler(rest)

    @model_serializer(mode="wrap")
    def _tagged(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {"type": self.type_name, **handler(self)} if self.type_name else handler(self)

    def identity(self) -> dict[str, Any]:
        """What makes this component itself: kind, type, version and the fields that differ from their default.

        Fields marked INCIDENTAL are left out. A change of a default or of behaviour must raise ``version``.
        """
        return {"kind": self.kind, "type": self.type_name, "version": self.version, **changed_fields(self)}


def changed_fields(block: BaseModel) -> dict[str, Any]:
    """The fields of ``block`` that differ from their default, as canonical plain data."""
    changed = {}
    for name, field in sorted(type(block).model_fields.items()):
        extra: dict[str, Any] = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        value = getattr(block, name)
        if not extra.get("incidental") and value != field.get_default(call_default_factory=True):
            changed[name] = _canonical_value(value)
            if "version" in extra and (not extra["version_of"] or value in extra["version_of"]):
                changed[name] = {"value": changed[name], "version": extra["version"]}
    return changed


def _canonical_value(value: object) -> object:
    if isinstance(value, Component):
        return value.identity()
    if isinstance(value, BaseModel):
        return changed_fields(value)
    if isinstance(value, dict):
        return {str(key): _canonical_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical_value(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _target_path(component: str | type[Component]) -> str:
    return component if isinstance(component, str) else f"{component.__module__}:{component.__qualname__}"


def plugin_targets(kind: str) -> dict[str, str]:
    """The names of a kind that installed packages add by entry points, with their ``module:name``."""
    from importlib.metadata import entry_points  # late: only an unknown name or a listing needs it

    return {point.name: point.value for point in entry_points(group=f"xfer.{plural_kind(kind)}")}


def _other_kind_hint(kind: str, name: str) -> str:
    """A hint for a name that another kind has."""
    others = (other for other, names in CATALOG.items() if other != kind and name in names and name != "none")
    return next((f"'{name}' is one of the {plural_kind(other)}" for other in others), "")


def plural_kind(kind: str) -> str:
    """Readers, but adversaries and losses."""
    if kind.endswith("y"):
        return f"{kind[:-1]}ies"
    return f"{kind}es" if kind.endswith("s") else f"{kind}s"


def _broken_plugin(kind: str, name: str, what: str) -> PydanticCustomError:
    context = {"kind": kind, "name": name, "what": what, "hint": "a plug-in must be importable and registered"}
    return PydanticCustomError("broken_component", "{kind} '{name}' {what}", context)
