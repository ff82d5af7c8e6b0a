"""What the readers of multiple choice share: one line as a row, with a fault for each thing that it may lack.

Every data set writes its answers in another way (numbers from 0 or from 1, as numbers or as text, letters, a file
of their own, "" or -1 where they are withheld); rows hold the index of the right option, counted from 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from xfer.core.errors import BadRow
from xfer.readers import tables
from xfer.readers.base import HubPart, Reader, Row, Settings
from xfer.readers.cells import named
from xfer.readers.quoting import COMMAS

WITHHELD = (None, "", -1, "-1")
XTREME_R = Settings(
    learning_rate=2e-5,
    epochs=5,
    batch_size=32,
    max_length=128,
    source="XTREME-R's XCOPA scripts: Social IQa, then COPA (reference: xtreme_r section 3; XLM-R large: 3e-5)",
)
HUB_SPLITS = {"train": "train", "dev": "validation", "test": "test"}


class Line:
    """The cells of one line of a file (or row of a hub table) and where they stand, for its faults."""

    def __init__(self, cells: Mapping[str, Any], place: str, number: int, split: str) -> None:
        self.cells, self.place, self.number, self.split = cells, place, number, split

    def bad(self, message: str) -> BadRow:
        return BadRow(self.place, self.number, message)

    def cell(self, name: str) -> Any:
        if name not in self.cells:
            raise self.bad(f"has no column '{name}'; found {', '.join(map(str, self.cells))}")
        return self.cells[name]

    def text(self, name: str) -> str:
        found = self.cell(name)
        if not isinstance(found, str):
            raise self.bad(f"column '{name}' holds {found!r}, not text")
        return found

    def texts(self, found: Any, count: int, name: str) -> list[str]:
        """``found`` as ``count`` options."""
        if not isinstance(found, list) or not all(isinstance(option, str) for option in found):
            raise self.bad(f"column '{name}' holds {found!r}, not a list of texts")
        if len(found) != count:
            raise self.bad(f"column '{name}' holds {len(found)} options where {count} are expected")
        return found

    def name(self, column: str) -> str:
        """The row's own name, else its number."""
        return named(self.cells, column, self.number)

    def answer(self, column: str, spellings: Sequence[str]) -> int | None:
        """The index of the right option; None where a test withholds it."""
        found = self.cells.get(column) if self.split == "test" else self.cell(column)
        if self.split == "test" and found in WITHHELD:
            return None
        if isinstance(found, bool) or not isinstance(found, str | int) or str(found) not in tuple(spellings):
            raise self.bad(f"label {found!r} in '{column}' is not one of {', '.join(spellings)}")
        return spellings.index(str(found))


class Choice(Reader):
    """What the multiple-choice readers share: ``row`` turns one line into a row, whatever the source."""

    world: ClassVar[str] = "choices"
    form: ClassVar[str] = "choose"
    labels: ClassVar[tuple[str, ...]] = ()

    def row(self, line: Line) -> Row:
        """id, text, question, options and label of one line."""
        raise NotImplementedError

    def parse(self, path: Path, split: str, language: str) -> Iterator[Row | BadRow]:
        csv = path.suffix == ".csv"
        lines = tables.each_tsv(path, dialect=COMMAS, is_row=lambda cells: True) if csv else tables.each_jsonl(path)
        return tables.made(
            lines, lambda number, cells: self.row(Line(cells, str(path), number, split)) | {"language": language}
        )

    def hub_part(self, split: str, language: str) -> HubPart:
        return HubPart(self.card.hub, None, HUB_SPLITS[split])

    def from_hub(self, row: Row, number: int, split: str, language: str) -> Row | None:
        part = self.hub_part(split, language)
        place = f"{part.repository}/{part.config or 'default'}/{part.split}"
        return self.row(Line(row, place, number + 1, split)) | {"language": language}
