"""References between the fields of a recipe, ``${stages.mnli.seed}``, and what keeps a stranger's from doing harm.

A reference names a field. OmegaConf's resolvers are refused, since ``${oc.env:NAME}`` would carry secrets into stored
recipes and messages; variables called XFER_* are xfer's own and may be read. What references stand for is bounded
before any is replaced: a few hundred bytes can stand for more than any memory holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from xfer.core.errors import Fault
from xfer.core.yaml import KeyPath, Tree, dotted_path, plain_data, scalar_leaves

MOST_VALUES = 100_000  # characters and fields that all references of a file may stand for
DEEPEST = 50  # references one behind the other
_ALLOWED = re.compile(r"\$\{\s*(?:oc\.env:\s*XFER_[A-Z0-9_]+\s*|[^${}:]+)\}")
_FIELD = re.compile(r"\$\{\s*([^${}:]+?)\s*\}")
_KEY = re.compile(r"[^.\[\]]+")


def resolve_references(tree: Tree) -> tuple[Any, list[Fault]]:
    """The plain data with every ``${a.b}`` replaced, and a fault for each one that points nowhere."""
    data, faults = plain_data(tree), list[Fault]()
    wanted = [(path, leaf) for path, leaf in scalar_leaves(tree) if isinstance(leaf.value, str) and "${" in leaf.value]
    if not wanted:
        return data, faults
    refused = [fault for path, leaf in wanted for fault in _refused(path, leaf)] or _too_large(data, wanted)
    if refused:
        return data, refused
    from omegaconf import OmegaConf  # late: 0.1 s that most recipes need not pay
    from omegaconf.errors import OmegaConfBaseException

    try:
        config = OmegaConf.create(data)
    except OmegaConfBaseException:  # some ``${`` is not even well formed: find out which
        return data, [malformed for path, leaf in wanted for malformed in _malformed_faults(path, leaf)]
    for path, leaf in wanted:
        try:
            holder: Any = config
            for key in path:
                holder = holder[key]
            value = OmegaConf.to_container(holder, resolve=True) if OmegaConf.is_config(holder) else holder
        except OmegaConfBaseException as error:
            what = str(error).split("\n")[0]
            faults.append(Fault(*leaf.mark, dotted_path(path), f"'{leaf.value}' cannot be resolved: {what}"))
        else:
            target = data
            for key in path[:-1]:
                target = target[key]
            target[path[-1]] = value
    return data, faults


def _refused(path: KeyPath, leaf: Tree) -> Iterator[Fault]:
    """A fault where a text asks for more than fields: an interpolation that is well formed and names none."""
    if "${" in _ALLOWED.sub("", leaf.value) and not any(_malformed_faults(path, leaf)):
        what = f"'{leaf.value}' asks for something else than a field"
        yield Fault(*leaf.mark, dotted_path(path), what, "write ${stages.name.field}, or ${oc.env:XFER_NAME}")


def _malformed_faults(path: KeyPath, leaf: Tree) -> Iterator[Fault]:
    from omegaconf import OmegaConf  # late: as in resolve
    from omegaconf.errors import GrammarParseError

    try:
        OmegaConf.create({"value": leaf.value})
    except GrammarParseError:
        yield Fault(*leaf.mark, dotted_path(path), f"'{leaf.value}' is not well formed", "write ${stages.name.field}")


class _Extent(NamedTuple):
    """What a value is once its references are replaced: characters and fields, and references one behind the other."""

    size: int = 0
    depth: int = 0


class _TooLarge(Exception):
    """What references stand for, or how they are chained, is beyond the bounds; says which."""


def _too_large(data: Any, wanted: Sequence[tuple[KeyPath, Tree]]) -> list[Fault]:
    """The fault of the first reference that stands for more than the bounds allow."""
    known: dict[KeyPath, _Extent] = {}
    for path, leaf in wanted:
        try:
            _measure(data, path, (), known)
        except _TooLarge as error:
            return [Fault(*leaf.mark, dotted_path(path), f"references {error}", "write it out, or refer to less")]
    return []


def _measure(data: Any, path: KeyPath, chain: tuple[KeyPath, ...], known: dict[KeyPath, _Extent]) -> _Extent:
    """The extent of the value at a path; nothing where it refers to itself or to nothing, which resolving it says.

    ``chain`` are the references that led here. Raises _TooLarge.
    """
    if path in known or path in chain:
        return known.get(path, _Extent())
    value = _value_at(data, path)
    if isinstance(value, dict | list):
        keys = value if isinstance(value, dict) else range(len(value))
        extent = _joined(1, 0, [_measure(data, (*path, key), chain, known) for key in keys])
    elif isinstance(value, str):
        targets = [_target(name, path) for name in _FIELD.findall(value)]
        parts = [_measure(data, target, (*chain, path), known) for target in targets if len(chain) <= DEEPEST]
        extent = _joined(1 + len(value), 1 if targets else 0, parts)
    else:
        extent = _Extent(1)
    known[path] = extent
    return extent


def _joined(size: int, depth: int, parts: Sequence[_Extent]) -> _Extent:
    """The extent of a value of these parts. Raises _TooLarge where it is beyond the bounds."""
    extent = _Extent(size + sum(part.size for part in parts), depth + max((part.depth for part in parts), default=0))
    if extent.size > MOST_VALUES:
        raise _TooLarge(f"stand for more than {MOST_VALUES:,} characters and fields")
    if extent.depth > DEEPEST:
        raise _TooLarge(f"are chained more than {DEEPEST} deep")
    return extent


def _target(name: str, path: KeyPath) -> KeyPath:
    """The path that a reference at ``path`` names: from the top, or with dots from the blocks around it."""
    dots = len(name) - len(name.lstrip("."))
    keys = tuple(int(key) if key.isdigit() else key for key in _KEY.findall(name))
    return (*path[: len(path) - dots], *keys) if dots else keys


def _value_at(data: Any, path: KeyPath) -> Any:
    """The value at a path; None where there is none."""
    for key in path:
        if isinstance(data, dict):
            data = data.get(key, data.get(str(key)))
        elif isinstance(data, list) and isinstance(key, int) and key < len(data):
            data = data[key]
        else:
            return None
    return data
