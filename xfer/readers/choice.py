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

WITHHELD_LABELS = (None, "", -1, "-1")
XTREME_R_SETTINGS = Settings(
    learning_rate=2e-5,
    epochs=5,
    batch_size=32,
    max_length=128,
    source="XTREME-R's XCOPA scripts: Social IQa, then COPA (reference: xtreme_r section 3; XLM-R large: 3e-5)",
    large_rate=3e-5,
)
HUB_SPLITS = {"train": "train", "dev": "validation", "test": "test"}


class ChoiceLine:
    """The cells of one line of a file (or row of a hub table) and where they stand, for its faults."""

    def __init__(self, cells: Mapping[str, Any], where: str, number: int, split: str) -> None:
        self.cells, self.place, self.number, self.split = cells, where, number, split

    def bad(self, message: str) -> BadRow:
        return BadRow(self.place, self.number, message)

    def cell(self, name: str) -> Any:
        if name not in self.cells:
            raise self.bad(f"has no column '{name}'; found {', '.join(map(str, self.cells))}")
        return self.cells[name]

    def text(self, name: str) -> str:
        value = self.cell(name)
        if not isinstance(value, str):
            raise self.bad(f"column '{name}' holds {value!r}, not text")
        return value

    def texts(self, value: Any, count: int, name: str) -> list[str]:
        """``found`` as ``count`` options."""
        if not isinstance(value, list) or not all(isinstance(option, str) for option in value):
            raise self.bad(f"column '{name}' holds {value!r}, not a list of texts")
        if len(value) != count:
            raise self.bad(f"column '{name}' holds {len(value)} options where {count} are expected")
        return value

    def name(self, column: str) -> str:
        """The row's own name, else its number."""
        return named(self.cells, column, self.number)

    def answer(self, column: str, spellings: Sequence[str]) -> int | None:
        """The index of the right option; None where a test withholds it."""
        value = self.cells.get(column) if self.split == "test" else self.cell(column)
        if self.split == "test" and value in WITHHELD_LABELS:
            return None
        if isinstance(value, bool) or not isinstance(value, str | int) or str(value) not in tuple(spellings):
            raise self.bad(f"label {value!r} in '{column}' is not one of {', '.join(spellings)}")
        return spellings.index(str(value))


class Choice(Reader):
    """What the multiple-choice readers share: ``row`` turns one line into a row, whatever the source."""

    world: ClassVar[str] = "choices"
    form: ClassVar[str] = "choose"
    labels: ClassVar[tuple[str, ...]] = ()

    def line_to_row(self, line: ChoiceLine) -> Row:
        """id, text, question, options and label of one line."""
        raise NotImplementedError

    def parse(self, path: Path, split: str, language: str) -> Iterator[Row | BadRow]:
        csv = path.suffix == ".csv"
        lines = tables.each_tsv(path, dialect=COMMAS, is_row=lambda cells: True) if csv else tables.each_jsonl(path)
        return tables.make_rows(
            lines,
            lambda number, cells: (
                self.line_to_row(ChoiceLine(cells, str(path), number, split)) | {"language": language}
            ),
        )

    def hub_part(self, split: str, language: str) -> HubPart:
        return HubPart(self.card.hub, None, HUB_SPLITS[split])

    def from_hub(self, row: Row, number: int, split: str, language: str) -> Row | None:
        hub_table = self.hub_part(split, language)
        where = f"{hub_table.repository}/{hub_table.config or 'default'}/{hub_table.split}"
        return self.line_to_row(ChoiceLine(row, where, number + 1, split)) | {"language": language}
