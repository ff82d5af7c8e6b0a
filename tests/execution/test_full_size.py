"""Studies at full size plan without a fault where the hub answers: only what no hub has is asked for in files."""

from __future__ import annotations

from pathlib import Path

import pytest

from xfer.execution.studies import compile_cells, nodes_of
from xfer.graph.compile import Resolver
from xfer.graph.jobs import AttackJob, DataJob
from xfer.models.pretrained import Pretrained
from xfer.recipe.load_study import load_study

STUDIES = sorted((Path(__file__).parents[2] / "recipes" / "studies").glob("[!_]*.yaml"))
PLANS = [*((path, "base") for path in STUDIES), (STUDIES[0], "large"), (STUDIES[0], "mmbert")]
MODELS = {
    "base": {"FacebookAI/xlm-roberta-base"},
    "large": {"FacebookAI/xlm-roberta-large"},
    "mmbert": {"jhu-clsp/mmBERT-base"},
}


@pytest.mark.parametrize(("path", "scale"), PLANS, ids=lambda value: getattr(value, "stem", value))
def test_a_study_plans_at_full_size(path: Path, scale: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XFER_DATA", raising=False)
    asked: set[tuple[str, str]] = set()

    def ask(name: str, kind: str) -> str:
        asked.add((kind, name))
        return f"commit of {name}"

    cells = compile_cells(load_study(path, scale), Resolver(lambda path: "digest", ask))
    assert cells and not [cell.problem for cell in cells if cell.problem]
    for node in nodes_of(cells):
        of_files = isinstance(node.job, DataJob) and node.job.source == "mirror" or isinstance(node.job, AttackJob)
        lists_words = "lexica/" in str(node.problem)  # of attackers, in training too
        assert node.problem is None or of_files or lists_words, f"{node.kind} {node.label}: {node.problem}"
    models = {cell.recipe.model.name for cell in cells if isinstance(cell.recipe.model, Pretrained)}
    assert models == {name for kind, name in asked if kind == "model"}
    assert models == MODELS[scale] or path.stem == "model_size"  # whose axis it is
