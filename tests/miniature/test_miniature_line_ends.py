"""Every reader reads the same rows whether the lines of its files end in LF, in CR LF or in CR alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from xfer.catalog import CATALOG
from xfer.readers.base import Reader
from xfer.readers.sources import rows, split_files

READERS = sorted(name for name in CATALOG["reader"] if "miniature" in Reader.find_class(name).sources)


def offered(reader: Reader) -> tuple[str, str]:
    """A split of few rows, and a language of it that is not English where there is one."""
    splits = [split for split in ("test", "dev", "train") if split in reader.card.splits]
    split = next(split for split in splits if reader.offered_languages("miniature", split))
    return split, sorted(reader.offered_languages("miniature", split), key=lambda language: language == "en")[0]


def copied(reader: Reader, split: str, language: str, world: Path, root: Path, end: bytes) -> None:
    """The files of one split under ``root``, their lines ending in ``end``."""
    for part, its in reader.origin_splits(split, language):
        if (part, its) != (reader, split):
            copied(part, its, language, world, root, end)
            continue
        for path in split_files(part, its, language, world):
            for file in (path, path.parent / "tags_to_id.json", *part.companion_files(path, its, language)):
                if file.is_file():
                    target = root / file.relative_to(world)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(file.read_bytes().replace(b"\n", end))


@pytest.mark.parametrize("end", [b"\r", b"\r\n"], ids=["CR", "CR LF"])
@pytest.mark.parametrize("name", READERS)
def test_lines_may_end_as_they_like(name: str, end: bytes, world: Path, tmp_path: Path) -> None:
    reader: Any = Reader.model_validate(name)
    split, language = offered(reader)
    wanted = list(rows(reader, "miniature", split, language, world))
    copied(reader, split, language, world, tmp_path, end)
    assert wanted and list(rows(reader, "miniature", split, language, tmp_path)) == wanted
