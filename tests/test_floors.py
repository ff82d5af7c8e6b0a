"""The floors of the house: a wing imports only from wings below it, and no files import each other in a circle."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[1]


def test_every_wing_imports_only_from_wings_below_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert lint_imports(config_filename="setup.cfg", no_logo=True, cache_dir=None) == 0


def test_floors_in_another_order_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    upside_down = tmp_path / "setup.cfg"
    floors = (ROOT / "setup.cfg").read_text()
    upside_down.write_text(floors.replace("    steps\n    graph\n", "    graph\n    steps\n"))
    assert lint_imports(config_filename=str(upside_down), no_logo=True, cache_dir=None) == 1


def test_no_files_import_each_other_in_a_circle() -> None:
    graph = grimp.build_graph("xfer", cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as circle:
        pytest.fail(" -> ".join(circle.args[1]))
