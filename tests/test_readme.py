"""What the README shows works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from xfer.core import yaml
from xfer.readers.base import Reader
from xfer.readers.sources import rows
from xfer.recipe.load import load_recipe
from xfer.recipe.load_study import load_study

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_recipe_shown_is_the_shipped_one(tmp_path: Path) -> None:
    shown = tmp_path / "shown.yaml"
    parent = ROOT / "recipes" / "_base" / "xlmr_base.yaml"
    shown.write_text(blocks("yaml")[0].replace("_base/xlmr_base.yaml", str(parent)), encoding="utf-8")
    shipped = load_recipe(ROOT / "recipes" / "mnli_to_xnli.yaml").recipe
    assert load_recipe(shown).recipe.model_copy(update={"description": shipped.description}) == shipped


STAGES = "stages: {xnli: {reader: xnli}, panx: {reader: panx}}\n"


@pytest.mark.parametrize("scale", [None, "miniature"])
@pytest.mark.parametrize("block", [b for b in blocks("yaml")[1:] if re.match("stages:|evaluate:", b)])
def test_every_piece_of_a_recipe_is_good(block: str, scale: str | None, tmp_path: Path) -> None:
    shown = tmp_path / "shown.yaml"
    head = "name: shown\nextends: _base/xlmr_base.yaml\n" + ("" if block.startswith("stages:") else STAGES)
    shown.write_text(head + block, encoding="utf-8")
    assert load_recipe(shown, scale).recipe.name == "shown"


def test_there_are_three_such_pieces() -> None:
    assert sum(bool(re.match("stages:|evaluate:", block)) for block in blocks("yaml")[1:]) == 3


@pytest.mark.parametrize("scale", [None, "miniature"])
def test_the_study_shown_is_whole(scale: str | None, tmp_path: Path) -> None:
    (text,) = [block for block in blocks("yaml") if "question:" in block]
    (tmp_path / "mnli_to_xnli.yaml").write_text((ROOT / "recipes" / "mnli_to_xnli.yaml").read_text("utf-8"), "utf-8")
    (tmp_path / "study.yaml").write_text(text, encoding="utf-8")
    study = load_study(tmp_path / "study.yaml", scale)
    assert len(study.cells) == 2
    for hypothesis in study.study.hypotheses.values():
        assert set(hypothesis.evaluations) <= set(study.cells[0].recipe.evaluate)


def test_the_files_block_is_a_reader() -> None:
    block = yaml.plain_data(yaml.parse_tree(blocks("yaml")[1], "README.md"))["reader"]
    assert Reader.model_validate(block).label_names() == ("entailment", "neutral", "contradiction")


def test_the_reader_in_ten_lines_reads(tmp_path: Path) -> None:
    code = next(block for block in blocks("python") if "class Reviews" in block)
    namespace: dict[str, object] = {}
    known = dict(Reader.names)
    try:
        exec(compile(code, "README.md", "exec"), namespace)
        (tmp_path / "reviews").mkdir()
        (tmp_path / "reviews" / "test-sw.tsv").write_text("text\tlabel\nNzuri sana\tpositive\n", encoding="utf-8")
        found = list(rows(Reader.model_validate("reviews"), "mirror", "test", "sw", tmp_path))
    finally:
        Reader.names.clear()
        Reader.names.update(known)
    assert found == [{"id": "2", "language": "sw", "text": "Nzuri sana", "pair": None, "label": "positive"}]


@pytest.mark.parametrize("path", re.findall(r"(?<![\w/])((?:recipes|benchmarks|xfer)/[\w./]+\.(?:yaml|py|md))", README))
def test_every_file_the_readme_names_exists(path: str) -> None:
    assert (ROOT / path).is_file()
