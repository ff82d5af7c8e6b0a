"""Names, docstrings and wings stay within the figures that ``benchmarks/house.py`` measures."""

from __future__ import annotations

import ast
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from house import load_house

WINGS = ("attackers", "forms", "metrics", "models", "reports", "trainers")
BARE_ANY = 0.05


@pytest.fixture(scope="module")
def house() -> ModuleType:
    return load_house()


@pytest.fixture(scope="module")
def measured(house: ModuleType) -> dict[str, Any]:
    measured: dict[str, Any] = house.measure_house()
    return measured


def parsed(house: ModuleType, text: str, name: str = "forms/some.py") -> Any:
    return house.SourceFile(Path(name), name.split("/")[0], ast.parse(text))


@pytest.mark.parametrize("wing", WINGS)
def test_every_function_of_tensors_states_shapes_in_its_docstring(house: ModuleType, wing: str) -> None:
    sources = [source for source in house.read_sources() if source.wing == wing]
    tensors = house.tensor_functions(house.house_functions(sources))
    silent = [f"{each.path.name}:{each.node.lineno} {each.name}" for each in tensors if not house.has_shapes(each)]
    assert tensors and silent == []


def test_the_wings_above_are_all_that_have_functions_of_tensors(house: ModuleType) -> None:
    tensors = house.tensor_functions(house.house_functions(house.read_sources()))
    assert {each.wing for each in tensors} == set(WINGS)


@pytest.mark.parametrize(
    ("docstring", "stated"),
    [("Logits [rows, labels].", True), ("A loss, [].", True), ("Any shape.", True), ("Logits.", False), ("", False)],
)
def test_what_counts_as_a_shape(house: ModuleType, docstring: str, stated: bool) -> None:
    source = parsed(house, f'def f(x: torch.Tensor) -> int:\n    """{docstring}"""\n')
    (function,) = house.tensor_functions(house.house_functions([source]))
    assert house.has_shapes(function) is stated


def test_figures_by_hand(house: ModuleType) -> None:
    text = "def read_rows(found: int, rows: Any) -> Any:\n    part = 1\n"
    text += "class A:\n    def go(self): ...\n    def _x(self): ...\n"
    sources = [parsed(house, text), parsed(house, "A = 1\nB: int = 2\n", "forms/other.py")]
    functions = house.house_functions(sources)
    assert [function.name for function in functions] == ["read_rows", "A.go", "A._x"]
    assert house.one_word_share(functions) == 1 / 2  # go of go and read_rows
    assert house.vague_share(sources) == 2 / 5  # found and part of found, rows, part, A, B
    assert house.shared_names(sources) == (["A"], 3)
    assert house.bare_any_shares(functions) == {"forms": 2 / 3}
    imports = parsed(house, "from xfer.core import _a, __b__\nfrom numpy import _c\n", "xfer/forms/more.py")
    assert house.private_imports([imports]) == [("forms/more.py", "_a")]


def test_arrows_and_circles_by_hand(house: ModuleType) -> None:
    arrows = {("xfer.core.a", "xfer.steps.b"), ("xfer.steps.b", "xfer.core.c"), ("xfer.core.c", "xfer.core.a")}
    assert house.upward_arrows(arrows) == [("xfer.core.a", "xfer.steps.b")]
    assert house.import_circles(arrows) == [["xfer.core.a", "xfer.core.c", "xfer.steps.b"]]
    assert house.import_circles(arrows - {("xfer.core.c", "xfer.core.a")}) == []


@pytest.mark.parametrize(("figure", "limit"), [("one_word", 0.40), ("vague", 0.02), ("shared", 0.03)])
def test_names_stay_below_their_goals(measured: dict[str, Any], figure: str, limit: float) -> None:
    assert measured[figure] < limit, measured["shared_names"] if figure == "shared" else figure


def test_no_circles_and_no_imports_from_a_wing_above(measured: dict[str, Any]) -> None:
    assert measured["circles"] == [] and measured["upward"] == []


def test_no_file_imports_a_private_name_of_another(measured: dict[str, Any]) -> None:
    assert measured["private_imports"] == []


def test_bare_any_stays_below_its_goal_in_every_wing(measured: dict[str, Any]) -> None:
    assert {wing: share for wing, share in measured["bare_any"].items() if share >= BARE_ANY} == {}


def test_the_table_has_a_line_for_each_figure(
    house: ModuleType, measured: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    house.print_figures(house.house_figures(measured))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "| figure | now | before | anchors | goal |"
    assert len(lines) == 2 + 7 + len(measured["bare_any"]) + len(measured["top_files"])
    assert f"| public functions of one word | {measured['one_word']:.1%} | 79% | 15 to 49% | < 40% |" in lines
