"""Recipe YAML: PyYAML's nodes under our own rules, every value with the place it came from.

The rules are YAML 1.2's core schema: only ``true`` and ``false`` are booleans (``no`` is Norwegian),
``1e-5`` is a number, a key given twice is a fault, tags are faults. Faults are collected, not raised
one by one. Knows nothing of recipes; imports PyYAML and ``errors`` only (OmegaConf where ``${`` occurs).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar, NamedTuple

import yaml

from xfer.core.errors import Fault, RecipeError

MAX_NODES = 100_000  # a recipe that expands beyond this through aliases is an attack, not a recipe
MAX_DEPTH = 100
MAX_DIGITS = 4000  # Python refuses to read longer whole numbers

_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)")
_CONSTANTS: dict[str, bool | None] = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
_CONSTANTS |= dict.fromkeys(("true", "True", "TRUE"), True) | dict.fromkeys(("false", "False", "FALSE"), False)

KeyPath = tuple[str | int, ...]
Scalar = bool | int | float | str | None


class Mark(NamedTuple):
    """A place in a file, counted from 1; line 0 where there is no file (``--set``)."""

    file: str
    line: int
    column: int


class Tree(NamedTuple):
    """A value with its place: a scalar, a list of trees, or a dict of (place of the key, tree)."""

    value: Any
    mark: Mark


class _Loader(yaml.SafeLoader):
    """PyYAML's composer with no implicit types: every plain scalar arrives as its own text."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}  # type: ignore[misc]

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        tag = getattr(self.peek_event(), "tag", None)
        node = super().compose_node(parent, index)
        if tag and node is not None:
            node.tag = f"explicit {tag}"  # ``!!str 5`` must not look like a plain 5
        return node


def parse_scalar(text: str) -> Scalar:
    """The value of a plain (unquoted) scalar under YAML 1.2's core schema."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INT.fullmatch(text) and len(text) < MAX_DIGITS:
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    if _FLOAT.fullmatch(text):
        return float(text.replace(".inf", "inf").replace(".Inf", "inf").replace(".INF", "inf"))
    return text


def parse_tree(text: str, file: str, line: int | None = None) -> Tree:
    """The tree of one YAML document.

    ``line`` fixes the line of every mark (0 for text that stands in no file).
    Raises RecipeError with every fault of the text at once.
    """
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        raise RecipeError([_syntax_fault(error, file, line)]) from None
    except yaml.reader.ReaderError as error:
        what = f"character {error.character!r} cannot stand in YAML"
        raise RecipeError([Fault(file, *_line_column(text, error.position), "", what)]) from None
    except RecursionError:
        raise RecipeError([Fault(file, 1, 1, "", "nested too deeply to be a recipe")]) from None
    builder = _Builder(file, line)
    tree = Tree({}, Mark(file, 1, 1)) if node is None else builder.build_tree(node, ())
    if builder.faults:
        raise RecipeError(builder.faults)
    return tree


def _syntax_fault(error: yaml.MarkedYAMLError, file: str, line: int | None) -> Fault:
    mark = error.problem_mark or error.context_mark
    row, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    what = " ".join(filter(None, (error.context, error.problem)))
    return Fault(file, row if line is None else line, column, "", f"not valid YAML: {what}")


def _line_column(text: str, position: int) -> tuple[int, int]:
    before = text[:position]
    return before.count("\n") + 1, position - before.rfind("\n")


class _Builder:
    """Turns PyYAML nodes into trees and keeps the faults it meets on the way."""

    def __init__(self, file: str, line: int | None) -> None:
        self.file, self.line, self.faults, self.count = file, line, list[Fault](), 0

    def mark_of(self, node: yaml.Node) -> Mark:
        start = node.start_mark
        return Mark(self.file, start.line + 1 if self.line is None else self.line, start.column + 1)

    def add_fault(self, node: yaml.Node, path: KeyPath, message: str, hint: str = "") -> None:
        self.faults.append(Fault(*self.mark_of(node), dotted_path(path), message, hint))

    def build_tree(self, node: yaml.Node, path: KeyPath) -> Tree:
        self.count += 1
        if self.count > MAX_NODES or len(path) > MAX_DEPTH:
            fault = Fault(
                *self.mark_of(node), dotted_path(path[:3]), "expands without end", "an anchor that holds itself?"
            )
            raise RecipeError([fault])
        if not node.tag.startswith("tag:yaml.org,2002:") or node.tag.rsplit(":", 1)[1] not in ("str", "map", "seq"):
            self.add_fault(node, path, f"the tag {node.tag.split()[-1]} is not used in recipes", "remove it")
            return Tree(None, self.mark_of(node))
        if isinstance(node, yaml.MappingNode):
            return self.build_mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return Tree([self.build_tree(item, (*path, i)) for i, item in enumerate(node.value)], self.mark_of(node))
        plain_style = isinstance(node, yaml.ScalarNode) and node.style is None
        return Tree(parse_scalar(node.value) if plain_style else node.value, self.mark_of(node))

    def build_mapping(self, node: yaml.MappingNode, path: KeyPath) -> Tree:
        entries: dict[str, tuple[Mark, Tree]] = {}
        merged: dict[str, tuple[Mark, Tree]] = {}
        for key, item in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.add_fault(key, path, "a key must be a word, not a list or a block")
            elif key.value == "<<" and key.style is None:
                for source in item.value if isinstance(item, yaml.SequenceNode) else [item]:
                    tree = self.build_tree(source, (*path, "<<"))
                    if isinstance(tree.value, dict):
                        merged = tree.value | merged
                    else:
                        self.add_fault(source, path, "'<<' merges a block, not a single value")
            elif key.value in entries:
                first = entries[key.value][0]
                what = f"'{key.value}' is given twice, first in line {first.line}"
                self.add_fault(key, (*path, key.value), what, "keep one of them")
            else:
                entries[key.value] = (self.mark_of(key), self.build_tree(item, (*path, key.value)))
        return Tree(merged | entries, self.mark_of(node))


def plain_data(tree: Tree) -> Any:
    """The tree without its marks: dicts, lists and scalars."""
    if isinstance(tree.value, dict):
        return {key: plain_data(item) for key, (_, item) in tree.value.items()}
    if isinstance(tree.value, list):
        return [plain_data(item) for item in tree.value]
    return tree.value


def dotted_path(path: KeyPath) -> str:
    """``stages.mnli.seeds[0]`` for ("stages", "mnli", "seeds", 0)."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    return text.removeprefix(".")


def locate_mark(tree: Tree, path: KeyPath, key: bool = False) -> Mark:
    """The place of the value at ``path`` (of its key if ``key``), or of the nearest block around it."""
    mark = tree.mark
    for i, step in enumerate(path):
        if isinstance(tree.value, dict) and step in tree.value:
            key_mark, tree = tree.value[step]
            mark = key_mark if key and i == len(path) - 1 else tree.mark
            if not isinstance(tree.value, dict | list) and i < len(path) - 1:
                return mark
            if isinstance(tree.value, dict) and not key:
                mark = key_mark  # a block is best found by the line that names it
        elif isinstance(tree.value, list) and isinstance(step, int) and step < len(tree.value):
            tree = tree.value[step]
            mark = tree.mark
        else:
            return mark
    return mark


def merge_trees(base: Tree, over: Tree) -> Tree:
    """``over`` laid on ``base``: blocks merge key by key, everything else is replaced.

    A block whose ``type`` changes is replaced as a whole (its old fields belong to another class);
    ``null`` removes a key; a bare word beside a block is short for ``{type: word}``.
    """
    left, right = _as_block(base, over), _as_block(over, base)
    if not (isinstance(left.value, dict) and isinstance(right.value, dict)):
        return over
    if _type_name(left) and _type_name(right) and _type_name(left) != _type_name(right):
        return over
    entries = dict(left.value)
    for key, (mark, item) in right.value.items():
        if item.value is None and key in entries:
            del entries[key]
        else:
            entries[key] = (mark, merge_trees(entries[key][1], item)) if key in entries else (mark, item)
    return Tree(entries, over.mark)


def _as_block(tree: Tree, other: Tree) -> Tree:
    """``tree``, or ``{type: tree}`` if it is a bare word that stands beside a block."""
    if isinstance(tree.value, str) and isinstance(other.value, dict):
        return Tree({"type": (tree.mark, tree)}, tree.mark)
    return tree


def _type_name(tree: Tree) -> object:
    return tree.value["type"][1].value if "type" in tree.value else None


def parse_option(text: str) -> Tree:
    """The tree of one ``--set a.b=value`` option, under the same rules as a file."""
    name = f"--set {text}"
    path, equals, value = text.partition("=")
    keys = path.strip().split(".")
    if not equals or not all(keys):
        raise RecipeError(
            [Fault(name, 0, 0, "", "not of the form a.b=value", "for example stages.xnli.trainer.epochs=1")]
        )
    mark = Mark(name, 0, 0)
    tree = parse_tree(value, name, line=0) if value.strip() else Tree(None, mark)
    for key in reversed(keys):
        tree = Tree({key: (mark, tree)}, mark)
    return tree


def scalar_leaves(tree: Tree, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Tree]]:
    """Every scalar of the tree with its path."""
    if isinstance(tree.value, dict):
        for key, (_, item) in tree.value.items():
            yield from scalar_leaves(item, (*path, key))
    elif isinstance(tree.value, list):
        for i, item in enumerate(tree.value):
            yield from scalar_leaves(item, (*path, i))
    else:
        yield path, tree
