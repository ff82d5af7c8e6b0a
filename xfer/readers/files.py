"""Any CSV, TSV, JSONL or text files as rows, by naming columns in YAML: a data set without code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from xfer.core.component import INCIDENTAL
from xfer.core.errors import BadRow, MissingData
from xfer.readers import tables
from xfer.readers.base import Card, Reader, Row, Settings, Source, held_out
from xfer.readers.cells import known_label, spelled
from xfer.readers.labels import LabelBreaker, LabelBreakers
from xfer.readers.quoting import COMMAS, PLAIN, Dialect, unquoted

_LOOKED_AT = 10_000  # lines, for a note alone
_SCHEMA = {"type": ["string", "number", "boolean"]}
Label = Annotated[str, BeforeValidator(spelled), WithJsonSchema(_SCHEMA)]
_ADVICE = {
    "none": "say quoting: csv if cells are quoted as csv's writers do",
    "csv": "close or double the quote, or say quoting: none if quotes are ordinary characters",
}

_SLOT = "{language}"  # stands in a path for the code of a language
_SHOWN = 10  # languages of a file that a message names


@Reader.register("files")
class Files(Reader):
    """Your own files. Paths stand under $XFER_DATA or are absolute; ``{language}`` in a path is filled in.

    A file that holds several languages needs a column that says which (``language``). Its rows in languages that
    nobody asks for are left out; a row without a language is a bad row, and a language that is asked for and has no
    row a fault.

    The ending chooses the format: .tsv (a line a row, quotes are ordinary characters), .csv (commas, cells may be
    quoted), .jsonl, .txt (one text a line); ``delimiter`` and ``quoting`` say otherwise, as ``quoting: csv`` for a .tsv
    that pandas or another csv writer made. Without a ``dev`` or ``test`` file, one row in ``held_out`` of the training
    file is kept for each; the dev set that is kept of a file for all languages is in those of training.
    """

    card: ClassVar[Card] = Card(
        title="Your own files",
        hub="",
        revision=None,
        licence="that of the files",
        citation="",
        languages=(),
        train_languages=(),
        splits=("train", "dev", "test"),
        layout="any .tsv, .csv, .jsonl or .txt",
        sizes={},
    )
    published: ClassVar[Settings] = Settings(
        learning_rate=2e-5,
        epochs=3,
        batch_size=32,
        max_length=128,
        warmup=0.1,
        source="common fine-tuning settings, of our choosing: own files have no published ones",
    )
    sources: ClassVar[tuple[Source, ...]] = ("mirror",)

    form: Literal["classify", "mask"] = Field("classify", description="the form of the rows")  # type: ignore[misc]
    train: str | None = Field(None, description="path of the training file")
    dev: str | None = Field(None, description="path of the dev file")
    test: str | None = Field(None, description="path of the test file")
    header: tuple[str, ...] | None = Field(None, description="column names of files that have no header line")
    text: str = Field("text", description="column of the text, or of the first of two texts")
    pair: str | None = Field(None, description="column of the second text")
    label: str = Field("label", description="column of the label (form classify)")
    id: str | None = Field(None, description="column of the row's name; the line number if left out")
    language: str | None = Field(
        None, description="column of the row's language (as in languages); for files that hold several"
    )
    labels: tuple[Label, ...] = Field(  # type: ignore[misc]
        (), description="the labels in the order of the head's outputs (form classify): texts, numbers or booleans"
    )
    delimiter: str | None = Field(
        None, description="the character between the cells of .tsv and .csv files, if another than tab and comma"
    )
    quoting: Literal["none", "csv"] | None = Field(
        None,
        description="quotes of .tsv and .csv files: none (ordinary characters) or csv (a quoted cell holds anything, "
        "also line ends); if left out, none for .tsv and csv for .csv. A quoted cell whose lines are rows by "
        "themselves is a fault",
    )
    test_languages: tuple[str, ...] | None = Field(None, description="languages of dev and test, if others")
    label_breakers: tuple[LabelBreaker, ...] | None = Field(
        None,
        description="the changes of a text after which its label is no longer true ([] if none is); until they are "
        "named, attackers that make such a change are refused",
        json_schema_extra=INCIDENTAL,
    )
    held_out: int = Field(50, ge=3, description="one training row in this many is kept for dev and for test each")

    @model_validator(mode="after")
    def _complete(self) -> Files:
        if not (self.train or self.dev or self.test):
            raise PydanticCustomError("no_files", "names no file", {"hint": "give train, dev or test a path"})
        if self.form == "classify" and len(set(self.labels)) < 2:
            hint = {"hint": "for example labels: [entailment, neutral, contradiction]"}
            raise PydanticCustomError("no_labels", "form classify needs at least two different labels", hint)
        if len(set(self.labels)) != len(self.labels):
            raise PydanticCustomError("labels", "labels names one twice", {"hint": "each label is one output"})
        if self.delimiter is not None and (len(self.delimiter) != 1 or self.delimiter in '"\r\n'):
            hint = {"hint": 'such as ";", or "\\t" in double quotes for a tab'}
            raise PydanticCustomError("delimiter", "delimiter must be one character, and no quote or line end", hint)
        if self.languages == "all":
            raise PydanticCustomError("all_languages", "languages must be listed", {"hint": "for example [en, de]"})
        self._one_language_a_file()
        return self

    def _one_language_a_file(self) -> None:
        """Raises a PydanticCustomError where one file would be read, whole, as the rows of several languages."""
        read_as: dict[str, dict[str, None]] = {}
        for split in self.card.splits:
            path = self._path(split)
            if path and self.language is None and _SLOT not in path:
                read_as.setdefault(path, {}).update(dict.fromkeys(self.offered_languages("mirror", split)))
        for path, codes in read_as.items():
            if len(codes) > 1:
                hint = f"write {_SLOT} in the path, or language: <the column that says which>"
                context = {"path": path, "codes": ", ".join(codes), "hint": hint}
                raise PydanticCustomError("one_file", "{path} would be read as each of {codes}", context)

    def _path(self, split: str) -> str | None:
        """The file of a split, its own or the one that it is held out of; none where the reader names none."""
        found: str | None = getattr(self, split) or self.train
        return found

    def offered_languages(self, source: Source, split: str) -> tuple[str, ...]:
        trained = tuple(self.languages)
        kept_of_one_file = self.dev is None and self.train is not None and _SLOT not in self.train
        if split == "train" or (split == "dev" and kept_of_one_file):
            return trained
        return self.test_languages or trained

    def breaker_reasons(self) -> LabelBreakers | None:
        names = self.label_breakers
        return None if names is None else dict.fromkeys(names, "label_breakers of its recipe names this change")

    def holds_out(self, split: str) -> bool:
        return split != "train" and getattr(self, split) is None

    def places(self, split: str, language: str) -> Iterable[str]:
        path = self._path(split)
        if not path:
            raise MissingData(f"reader files names no {split} file; give it {split}: PATH")
        yield path.replace(_SLOT, language)

    def tables(self, paths: Sequence[Path], split: str, language: str) -> Iterator[tuple[str, Iterable[Row | BadRow]]]:
        seen: set[str] = set()
        for path in paths:
            yield str(path), self._rows(path, split, language, seen)
        if self.language is not None and language not in seen:
            where, there = ", ".join(map(str, paths)), ", ".join(sorted(seen)[:_SHOWN]) or "none"
            what = f"files {split} in {language}: no row of {where} has '{language}' in its column '{self.language}'"
            raise MissingData(f"{what}; the languages there: {there}")

    def file_caveats(self, split: str, language: str, found: list[Path]) -> list[str]:
        """The files in which quotes look like csv's and are read as text, since nobody says what they are."""
        unsaid = [path for path in found if path.suffix == ".tsv" and self.quoting is None]
        first = ((path, _first_quoted(path, self.delimiter or PLAIN.delimiter)) for path in unsaid)
        return [
            f"{path.name}: csv's writer seems to have quoted cells of it (the first in line {line}), which are read "
            "with their quotes; say quoting: csv to read what they mean, or quoting: none to keep them"
            for path, line in first
            if line
        ]

    def parse(self, path: Path, split: str, language: str) -> Iterator[Row | BadRow]:
        return self._rows(path, split, language, set())

    def _rows(self, path: Path, split: str, language: str, seen: set[str]) -> Iterator[Row | BadRow]:
        """The rows of one file in one language; ``seen`` gets every language that its column names."""
        drawn = getattr(self, split) is None or (split == "train" and not (self.dev and self.test))

        def make(line: int, cells: dict[str, Any]) -> Row | None:
            if self.language is not None:
                written = self._language(path, line, cells, self.language)
                seen.add(written)
                if written != language:
                    return None
            row = self._row(path, line, cells, language)
            return row if not drawn or self._share(row) == split else None

        return tables.make_rows(self._lines(path), make)

    def _share(self, row: Row) -> str:
        """Only the splits that have no file of their own are held out of the training file."""
        share = held_out(f"{row['text']}\t{row.get('pair')}", self.held_out)
        return "train" if share != "train" and getattr(self, share) else share

    def _lines(self, path: Path) -> Iterator[tuple[int, dict[str, Any] | BadRow]]:
        kinds: dict[str, Callable[[], Iterator[tuple[int, dict[str, Any] | BadRow]]]] = {
            ".tsv": lambda: self._cells(path, PLAIN),
            ".csv": lambda: self._cells(path, COMMAS),
            ".jsonl": lambda: tables.each_jsonl(path),
            ".txt": lambda: self._texts(path),
        }
        if path.suffix not in kinds:
            hint = "; jq -c '.[]' makes .jsonl of an array" if path.suffix == ".json" else ""
            raise BadRow(str(path), 0, f"ends in '{path.suffix}', which is none of {', '.join(kinds)}{hint}")
        return kinds[path.suffix]()

    def _cells(self, path: Path, usual: Dialect) -> Iterator[tuple[int, dict[str, Any] | BadRow]]:
        quoting = self.quoting or usual.quoting
        believed = self.form != "classify" and self.quoting is None and quoting == "csv"
        advice = _ADVICE[quoting] + (", quoting: csv if cells may hold line ends" if believed else "")
        dialect = Dialect(self.delimiter or usual.delimiter, quoting, advice)
        labelled = self.form == "classify"
        needed = (self.text, self.id, self.language, self.pair if labelled else None, self.label if labelled else None)
        asked = [name for name in needed if name is not None]
        return tables.each_tsv(path, self.header, dialect, needed=asked, is_row=self._is_row)

    def _is_row(self, cells: dict[str, str]) -> bool:
        """Whether a line inside a quoted cell is surely a row that a stray quote has swallowed."""
        if self.form == "classify":
            return known_label(cells.get(self.label, ""), self.labels) is not None
        return self.quoting is None  # without labels nothing tells it: only who says quoting: csv is believed

    def _texts(self, path: Path) -> Iterator[tuple[int, dict[str, Any] | BadRow]]:
        for line, text in tables.each_line(path):
            if isinstance(text, BadRow) or text.strip():
                yield line, text if isinstance(text, BadRow) else {self.text: text}

    def _language(self, path: Path, line: int, cells: dict[str, Any], column: str) -> str:
        """What a row says of its language. Raises BadRow where it says nothing."""
        if column not in cells:
            raise BadRow(str(path), line, f"has no column '{column}'; found {', '.join(map(str, cells))}")
        written = cells[column]
        if not isinstance(written, str) or not written.strip():
            raise BadRow(str(path), line, f"column '{column}' holds {written!r}, not the code of a language")
        return written.strip()

    def _row(self, path: Path, line: int, cells: dict[str, Any], language: str) -> Row:
        def cell(column: str) -> str:
            if column not in cells:
                raise BadRow(str(path), line, f"has no column '{column}'; found {', '.join(map(str, cells))}")
            text = spelled(cells[column])
            if not isinstance(text, str):
                raise BadRow(str(path), line, f"column '{column}' holds {cells[column]!r}, not text")
            return text

        row: Row = {"id": cell(self.id) if self.id else str(line), "language": language, "text": cell(self.text)}
        if self.form == "classify":
            label = known_label(cell(self.label), self.labels)
            if label is None:
                raise BadRow(str(path), line, f"label '{cell(self.label)}' is not one of {', '.join(self.labels)}")
            row |= {"pair": cell(self.pair) if self.pair else None, "label": label}
        return row


def _first_quoted(path: Path, delimiter: str) -> int:
    """The first line, of the beginning of a file, with a cell that csv's writer may have quoted; 0 if there is none."""
    try:
        for line, text in islice(tables.each_line(path), _LOOKED_AT):
            if isinstance(text, str) and any(unquoted(cell) != cell for cell in text.split(delimiter)):
                return line
    except BadRow:
        pass  # reading the file says what is wrong with it
    return 0
