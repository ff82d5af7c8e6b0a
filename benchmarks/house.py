"""Words and wings of the package in figures, beside those of the projects that we compare ourselves with.

The anchors are exca, confection, lm-eval, fairseq2, pytorch-adapt, tango, mteb, curated-transformers, equinox and dspy,
measured once in the same way; ``before`` is this package before its names and wings were set in order.

    python benchmarks/house.py [--json]
"""

from __future__ import annotations

import ast
import configparser
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import grimp

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "xfer"
VAGUE = frozenset("found told about one part place made known own beside said asked".split())
TENSOR = re.compile(r"\b(Tensor|Tensors|ndarray|JudgeTensors)\b")
SHAPE = re.compile(r"\[[^\]\n]*\]|(?i:any shape|same shape)")


class SourceFile(NamedTuple):
    """A parsed file of the package; ``wing`` is the folder below ``xfer``, if any."""

    path: Path
    wing: str
    tree: ast.Module


class HouseFunction(NamedTuple):
    """A function or method at any depth; ``name`` is its ``__qualname__``."""

    wing: str
    path: Path
    name: str
    node: ast.FunctionDef


class HouseFigure(NamedTuple):
    """A figure with those of the anchors and of this package before; ``goal`` is what it must stay under, or reach."""

    name: str
    now: str
    before: str
    anchors: str
    goal: str


def read_sources(package: Path = PACKAGE) -> list[SourceFile]:
    """All files of the package, parsed."""
    paths = sorted(package.rglob("*.py"))
    return [
        SourceFile(path, _wing_name(path.relative_to(package)), ast.parse(path.read_text("utf-8"))) for path in paths
    ]


def _wing_name(path: Path) -> str:
    return path.parts[0] if len(path.parts) > 1 else ""


def house_functions(sources: Iterable[SourceFile]) -> list[HouseFunction]:
    """Every function and method."""
    return [
        HouseFunction(source.wing, source.path, name, node)
        for source in sources
        for name, node in _named_functions(source.tree.body, "")
    ]


def _named_functions(body: Iterable[ast.stmt], before: str) -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in body:
        if isinstance(node, ast.FunctionDef):
            yield before + node.name, node
            yield from _named_functions(node.body, f"{before}{node.name}.<locals>.")
        if isinstance(node, ast.ClassDef):
            yield from _named_functions(node.body, f"{before}{node.name}.")


def one_word_share(functions: Iterable[HouseFunction]) -> float:
    """Of public functions and methods, the share with a name of one word."""
    names = [function.node.name for function in functions if not function.node.name.startswith("_")]
    return sum("_" not in name for name in names) / len(names)


def assigned_names(sources: Iterable[SourceFile]) -> Counter[str]:
    """How often each name is a parameter or is assigned."""
    names: Counter[str] = Counter()
    for source in sources:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.arg) and node.arg not in ("self", "cls"):
                names[node.arg] += 1
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names[node.id] += 1
    return names


def vague_share(sources: Iterable[SourceFile]) -> float:
    """Of assigned names, the share that says nothing of what it holds."""
    names = assigned_names(sources)
    return sum(names[name] for name in VAGUE) / names.total()


def shared_names(sources: Iterable[SourceFile]) -> tuple[list[str], int]:
    """The top-level names that stand in more than one file, and how many names there are."""
    places: dict[str, set[Path]] = defaultdict(set)
    for source in sources:
        for node in source.tree.body:
            for name in _top_names(node):
                places[name].add(source.path)
    return sorted(name for name, files in places.items() if len(files) > 1), len(places)


def _top_names(node: ast.stmt) -> list[str]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return [target.id for target in targets if isinstance(target, ast.Name)]
    return []


def tensor_functions(functions: Iterable[HouseFunction]) -> list[HouseFunction]:
    """Functions at the top of a file or of a class that take or return a tensor or an array."""
    return [
        function
        for function in functions
        if "<locals>" not in function.name and any(TENSOR.search(text) for _, text in annotations_of(function.node))
    ]


def has_shapes(function: HouseFunction) -> bool:
    """Whether its docstring says what shapes go in or out, such as ``[rows, labels]``."""
    return bool(SHAPE.search(ast.get_docstring(function.node) or ""))


def annotations_of(node: ast.FunctionDef) -> list[tuple[str, str]]:
    """(parameter or "return", annotation) of everything that has one."""
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    written = [(each.arg, ast.unparse(each.annotation)) for each in arguments if each.annotation is not None]
    return [*written, *([("return", ast.unparse(node.returns))] if node.returns is not None else [])]


def bare_any_shares(functions: Iterable[HouseFunction]) -> dict[str, float]:
    """For each wing the share of annotations in signatures that are ``Any`` alone."""
    bare, written = Counter[str](), Counter[str]()
    for function in functions:
        for _, text in annotations_of(function.node) if function.wing else ():
            written[function.wing] += 1
            bare[function.wing] += text == "Any"
    return {wing: bare[wing] / written[wing] for wing in sorted(written)}


def private_imports(sources: Iterable[SourceFile]) -> list[tuple[str, str]]:
    """(importing file, name) of what begins with an underscore and is another file's own."""
    return [
        (source.path.as_posix().partition("xfer/")[2], alias.name)
        for source in sources
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("xfer")
        for alias in node.names
        if alias.name.startswith("_") and not alias.name.endswith("__")
    ]


def top_files(sources: Iterable[SourceFile]) -> dict[str, int]:
    """Files at the top of each wing, without ``__init__.py``."""
    counts: Counter[str] = Counter()
    for source in sources:
        parts = source.path.relative_to(PACKAGE).parts
        if len(parts) == 2 and parts[1] != "__init__.py":
            counts[source.wing] += 1
    return dict(sorted(counts.items()))


def import_arrows() -> set[tuple[str, str]]:
    """(importing file, imported file) of the package, late imports included, as dotted names."""
    graph = grimp.build_graph("xfer", cache_dir=None)
    return {(name, other) for name in graph.modules for other in graph.find_modules_directly_imported_by(name)}


def upward_arrows(arrows: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Imports from a wing that stands above, in the order that ``setup.cfg`` gives (roof first)."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    floors = config["importlinter:contract:floors"]["layers"].split()
    height = {wing: -i for i, wing in enumerate(floors)}
    pairs = ((name, other, *(each.split(".")[1:2] for each in (name, other))) for name, other in arrows)
    known = ((name, other, a[0], b[0]) for name, other, a, b in pairs if a and b and {a[0], b[0]} <= height.keys())
    return sorted((name, other) for name, other, a, b in known if height[b] > height[a])


def import_circles(arrows: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Sets of files that import each other in circles."""
    outgoing: dict[str, set[str]] = defaultdict(set)
    for name, other in arrows:
        outgoing[name].add(other)
    reach = {name: _reachable(name, outgoing) for name in list(outgoing)}
    circles = {frozenset(o for o in reach[name] if name in reach.get(o, ())) for name in reach if name in reach[name]}
    return sorted(sorted(circle) for circle in circles)


def _reachable(start: str, outgoing: Mapping[str, set[str]]) -> set[str]:
    seen, pending = set[str](), [*outgoing[start]]
    while pending:
        name = pending.pop()
        if name not in seen:
            seen.add(name)
            pending += outgoing.get(name, ())
    return seen


def measure_house() -> dict[str, Any]:
    """All figures as plain data."""
    sources = read_sources()
    functions, arrows = house_functions(sources), import_arrows()
    shared, names = shared_names(sources)
    tensors = tensor_functions(functions)
    return {
        "one_word": one_word_share(functions),
        "vague": vague_share(sources),
        "shared": len(shared) / names,
        "shared_names": shared,
        "shapes": sum(map(has_shapes, tensors)) / len(tensors),
        "bare_any": bare_any_shares(functions),
        "private_imports": private_imports(sources),
        "circles": import_circles(arrows),
        "upward": upward_arrows(arrows),
        "top_files": top_files(sources),
    }


def house_figures(measured: Mapping[str, Any]) -> list[HouseFigure]:
    """The figures as lines of a table."""
    shares = {name: f"{measured[name]:.1%}" for name in ("one_word", "vague", "shared", "shapes")}
    wings = [
        HouseFigure(f"bare Any in {wing}", f"{share:.1%}", "17% (commands)" if wing == "commands" else "", "", "< 5%")
        for wing, share in measured["bare_any"].items()
    ]
    before = {"core": "33", "attackers": "56"}
    rooms = [
        HouseFigure(f"files at the top of {wing}", str(count), before.get(wing, ""), "", "")
        for wing, count in measured["top_files"].items()
    ]
    return [
        HouseFigure("public functions of one word", shares["one_word"], "79%", "15 to 49%", "< 40%"),
        HouseFigure("vague among assigned names", shares["vague"], "13.0%", "at most 1.0%", "< 2%"),
        HouseFigure("top-level names in several files", shares["shared"], "113 names", "", "< 3%"),
        HouseFigure("tensor functions that state shapes", shares["shapes"], "", "38 to 43%", "100%"),
        HouseFigure("private names imported", str(len(measured["private_imports"])), "", "", "0"),
        HouseFigure("circles of files", str(len(measured["circles"])), "3", "", "0"),
        HouseFigure("imports from a wing above", str(len(measured["upward"])), "5", "", "0"),
        *wings,
        *rooms,
    ]


def print_figures(figures: Iterable[HouseFigure]) -> None:
    """A Markdown table."""
    print("| figure | now | before | anchors | goal |\n|---|---:|---:|---:|---:|")
    for figure in figures:
        print(f"| {' | '.join(figure)} |")


if __name__ == "__main__":
    MEASURED = measure_house()
    if "--json" in sys.argv[1:]:
        print(json.dumps(MEASURED, indent=1))
    else:
        print_figures(house_figures(MEASURED))
