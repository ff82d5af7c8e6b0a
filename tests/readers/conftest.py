"""A mirror of small official files, written by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xfer.readers.base import Reader, Row
from xfer.readers.sources import rows


@pytest.fixture
def mirror(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """``mirror(name, text)`` writes a file under $XFER_DATA; text may be bytes or a list of lines of cells."""
    root = folder / "data"
    root.mkdir()
    monkeypatch.setenv("XFER_DATA", str(root))

    def write(name: str, content: str | bytes | list[list[str]]) -> Path:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, list):
            content = "".join("\t".join(cells) + "\n" for cells in content)
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def read(mirror: Callable[..., Path]) -> Callable[..., list[Row]]:
    """``read(reader, split, language)``: the rows that the mirror holds."""

    def read(reader: Any, split: str, language: str = "en") -> list[Row]:
        return list(rows(Reader.model_validate(reader), "mirror", split, language))

    return read


@pytest.fixture
def hub(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """``hub(repository, {config: {split: columns}})`` writes parquet files as the hub keeps them."""
    monkeypatch.setenv("XFER_HUB", str(folder / "hub"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")

    def write(repository: str, configs: dict[str, dict[str, dict[str, list[Any]]]]) -> None:
        import datasets
        import pyarrow as pa
        import pyarrow.parquet as pq

        monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", folder / "cache")
        lines = ["---", "configs:"]
        for config, splits in configs.items():
            lines += [f"- config_name: {config}", "  data_files:"]
            for split, columns in splits.items():
                path = folder / "hub" / repository / config / f"{split}-00000-of-00001.parquet"
                path.parent.mkdir(parents=True, exist_ok=True)
                pq.write_table(pa.table(columns), path)
                lines += [f"  - split: {split}", f"    path: {config}/{split}-*.parquet"]
        (folder / "hub" / repository / "README.md").write_text("\n".join([*lines, "---", ""]))

    return write
