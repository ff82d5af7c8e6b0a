"""How many rows each file of a reader gives, and how their labels are distributed: what ``xfer count`` prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from xfer.core.errors import BadRow, MissingData
from xfer.forms.sheet import form_facts
from xfer.readers import sources
from xfer.readers.base import Reader, Row, Source
from xfer.readers.sources import OnBadRow

WITHHELD = "withheld"


class Count(NamedTuple):
    """One split of one language in one place. ``labels`` counts what ``facts`` tells; ``bad`` says what is wrong."""

    reader: str
    split: str
    language: str
    place: str
    rows: int
    labels: dict[str, int]
    bad: list[str]


def count_rows(
    reader: Reader, source: Source, root: Path | None = None, reading: Callable[[str], None] = lambda _: None
) -> Iterator[Count]:
    """Every split and language that has a file, in every place that holds it, each file read whole.

    Bad rows are left out and told, whatever the reader's policy. ``reading`` hears what comes next. A reader that
    joins others has no files of its own, and gives nothing unless it rewrites them (``text`` with ``of``).
    """
    seen: set[tuple[str, str, str]] = set()
    for variant in reader.layout_variants():
        skipping = variant.model_copy(update={"bad_rows": "skip"})
        for split in skipping.card.splits:
            for language in skipping.offered_languages(source, split):
                for location in _places(skipping, source, split, language, root):
                    if (location.name, split, language) not in seen:
                        seen.add((location.name, split, language))
                        reading(f"{skipping.type_name} {split} {language}: {location.name}")
                        yield _count_source(skipping, split, language, location)


def count_split(reader: Reader, source: Source, split: str, language: str, root: Path | None = None) -> Count | None:
    """The rows of one split in one language where a run reads them, the first place that holds any; None if none does.

    Of the hub nothing is read: its card says how many rows a split has in all languages, and ``rows`` is that or 0.
    """
    if source == "hub":
        return Count(reader.type_name, split, language, "hub", reader.card.sizes.get(split, 0), {}, [])
    skipping = reader.model_copy(update={"bad_rows": "skip"})
    place = next(_read_places(skipping, source, split, language, root), None)
    return None if place is None else _count_source(skipping, split, language, place)


def _read_places(reader: Reader, source: Source, split: str, language: str, root: Path | None) -> Iterator[_Place]:
    """The places of a split; of a reader that joins others, the rows that these give together."""
    from xfer.forms.base import build_form  # late: forms import numpy, and listing readers must not

    if reader.origin_splits(split, language) == ((reader, split),):
        yield from _places(reader, source, split, language, root)
    elif source != "mirror" or sources.in_mirror(reader, split, language):
        check = build_form(reader.form, reader.label_names(source), reader.form_options()).check_row
        yield _Place(source, lambda on_bad: sources.rows(reader, source, split, language, root, on_bad, check))


class _Place(NamedTuple):
    """A place that holds a split. ``read`` adds bad rows to the list it is given; ``shared`` says whether other splits
    draw rows from the same files."""

    name: str
    read: Callable[[OnBadRow], Iterable[Row]]
    shared: Callable[[], bool] = lambda: False


def _places(reader: Reader, source: Source, split: str, language: str, root: Path | None) -> Iterator[_Place]:
    """Every place that holds a split; the hub is one."""
    from xfer.forms.base import build_form  # late: forms import numpy, and listing readers must not

    check = build_form(reader.form, reader.label_names(source), reader.form_options()).check_row
    origins = reader.origin_splits(split, language)
    if source == "hub" or origins != ((reader, split),):
        if source == "hub" or getattr(reader, "of", None) is not None:
            yield _Place(source, lambda on_bad: sources.rows(reader, source, split, language, root, on_bad, check))
        return
    folder = root or sources.mirror_root()
    for place, paths in _files(reader, split, language, folder):

        def read(on_bad: OnBadRow, paths: list[Path] = paths) -> Iterator[Row]:
            for path, table in reader.tables(paths, split, language):
                yield from sources.usable_rows(table, path, on_bad, check)

        def shared(place: str = place, paths: list[Path] = paths) -> bool:
            others = (other for other in reader.card.splits if other != split)
            same = (other for other in others if place in dict(_files(reader, other, language, folder)))
            found = (row for other in same for path in paths for row in reader.parse(path, other, language))
            return any(isinstance(row, dict) for row in found)

        yield _Place(place, read, shared)


def _files(reader: Reader, split: str, language: str, folder: Path) -> Iterator[tuple[str, list[Path]]]:
    """``sources.places``; none for a split that a reader of own files names no file for."""
    try:
        yield from sources.split_places(reader, split, language, folder)
    except MissingData:
        return


def _count_source(reader: Reader, split: str, language: str, location: _Place) -> Count:
    lost: list[BadRow] = []
    labels: Counter[str] = Counter()
    rows = 0
    problem = []
    try:
        for row in location.read(lost.append):
            rows += 1
            labels.update(row_facts(reader.form, row))
    except (BadRow, MissingData) as error:  # the file is unreadable as a whole, or another that it needs is not there
        problem = [str(error)]
    if not (rows or lost or problem or location.shared()):
        problem = [str(BadRow(location.name, 0, "holds no rows"))]
    bad = [*dict.fromkeys(map(str, lost)), *problem]
    return Count(reader.type_name, split, language, location.name, rows, dict(sorted(labels.items())), bad)


def row_facts(form: str, row: Row) -> dict[str, int]:
    """What is counted of a row: its label, its tags, whether it is answered, its characters."""
    facts = form_facts(form)
    if not facts.gold:
        return {"characters": len(row["text"])}
    if facts.searches_pool:
        return {f"{row['part']} {row['side']}": 1}
    answer = row[facts.gold]
    if answer is None:
        labels = {WITHHELD: 1}
    elif facts.locates_answers:
        labels = {"answered" if answer else "no answer": 1}
    else:
        labels = dict(Counter(map(str, answer if isinstance(answer, list | tuple) else [answer])))
    return labels | ({f"{len(row['options'])} options": 1} if "options" in facts.columns else {})


def count_json(count: Count) -> dict[str, Any]:
    """The same for JSON."""
    return count._asdict()
