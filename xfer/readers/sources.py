"""Where rows come from: the hub, a mirror of official files, or the miniature world.

One way in, ``rows``; one answer to "has it changed?", ``revision``. What can be missing ends with
one line: what was looked for, where, and what would work offline."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from xfer.core.errors import BadRow, MissingData
from xfer.core.seeds import seeded_random
from xfer.readers import hub

if TYPE_CHECKING:
    from xfer.readers.base import HubPart, Reader, Row, Source

PathDigest = Callable[[Path], str]
RowCheck = Callable[["Row", str, int], None]  # row, file, line; raises BadRow
OnBadRow = Callable[[BadRow], None]  # what is done with a row that cannot be used


def mirror_root() -> Path:
    """The folder of official downloads, from $XFER_DATA. Raises MissingData where it is not set."""
    value = os.environ.get("XFER_DATA")
    if not value:
        raise MissingData(
            "source: mirror needs the folder of official files in $XFER_DATA, which is not set; "
            "export XFER_DATA=/path/to/data, or use source: miniature"
        )
    root = Path(value).expanduser()
    if not root.is_dir():
        raise MissingData(f"$XFER_DATA is {root}, which is not a folder; correct it, or use source: miniature")
    return root


def _root(reader: Reader, split: str, language: str) -> Path:
    """The mirror's folder; absolute paths do without one."""
    if "XFER_DATA" not in os.environ and all(map(os.path.isabs, reader.places(split, language))):
        return Path("/")
    return mirror_root()


def split_files(reader: Reader, split: str, language: str, root: Path) -> list[Path]:
    """The official files of one split and language: all matches of the first place that has any."""
    for _, paths in split_places(reader, split, language, root):
        return paths
    what = f"{reader.type_name} {split} in {language}"
    tried = ", ".join(reader.places(split, language))
    raise MissingData(
        f"{what} is not under {root}; looked for {tried}; put the official files there "
        f"({reader.card.layout}), or use source: miniature"
    )


def in_mirror(reader: Reader, split: str, language: str) -> bool:
    """Whether the mirror holds one split and language, by the names of files; True where there is no mirror at all,
    which reading it will say."""
    try:
        for part, its in reader.origin_splits(split, language):
            if (part, its) != (reader, split):
                if not in_mirror(part, its, language):
                    return False
                continue
            root = _root(part, its, language)
            if next(split_places(part, its, language, root), None) is None:
                return False
    except MissingData:
        return True
    return True


def split_places(reader: Reader, split: str, language: str, root: Path) -> Iterator[tuple[str, list[Path]]]:
    """Every place that holds this split and language, the best first, with its files in order."""
    for pattern in reader.places(split, language):
        matches = glob(pattern, root_dir=root) if "*" in pattern else [pattern]
        files = sorted(path for path in (root / match for match in matches) if path.is_file())
        if files:
            yield pattern, files


def rows(
    reader: Reader,
    source: str,
    split: str,
    language: str,
    root: Path | None = None,
    on_bad: OnBadRow | None = None,
    check: RowCheck | None = None,
) -> Iterator[Row]:
    """The rows of one split in one language, in the order of the data set, each checked by ``check``.

    ``root`` is the folder of files for the sources mirror ($XFER_DATA unless given) and miniature. Under the policy
    ``bad_rows: skip`` ``on_bad`` is called with each bad row; without it they are raised under any policy, so that no
    caller loses rows without knowing. Raises MissingData, BadRow or HubUnreachable.
    """
    return _split_rows(reader, source, split, language, root, on_bad if reader.bad_rows == "skip" else None, check)


def _split_rows(
    reader: Reader,
    source: str,
    split: str,
    language: str,
    root: Path | None,
    on_bad: OnBadRow | None,
    check: RowCheck | None,
) -> Iterator[Row]:
    if split not in reader.card.splits:
        raise MissingData(f"{reader.type_name} has no {split} split; it has {', '.join(reader.card.splits)}")
    origins = reader.origin_splits(split, language)
    if origins == ((reader, split),):
        for where, table in _split_tables(reader, source, split, language, root):
            yield from usable_rows(table, where, on_bad, check)
        return
    origin_rows = (
        row
        for origin_reader, origin_split in origins
        for row in _split_rows(
            origin_reader,
            source,
            origin_split,
            language,
            root,
            on_bad,
            check if _same_answers(origin_reader, reader, source) else None,
        )
    )
    yield from reader.rows_from_origins(origin_rows, split, language)


def _same_answers(origin: Reader, reader: Reader, source: str) -> bool:
    """Whether the rows of an origin are checked as those of the reader: they have its form and its labels."""
    rows_of = cast("Source", source)
    return origin.form == reader.form and origin.label_names(rows_of) == reader.label_names(rows_of)


def _split_tables(
    reader: Reader, source: str, split: str, language: str, root: Path | None
) -> Iterator[tuple[str, Iterable[Row | BadRow]]]:
    """(where it lies, its rows) of every file, or of the hub's table."""
    if source == "hub":
        yield f"{reader.card.hub} {split} {language}", _hub_rows(reader, split, language)
        return
    yield from reader.tables(
        split_files(reader, split, language, root or _root(reader, split, language)), split, language
    )


def usable_rows(
    parsed: Iterable[Row | BadRow], where: str, on_bad: OnBadRow | None = None, check: RowCheck | None = None
) -> Iterator[Row]:
    """The rows that can be used; ``on_bad`` is called with the others, or they are raised where that is None."""
    for number, row in enumerate(parsed, 1):
        if isinstance(row, BadRow):
            fault = row
        else:
            line, file = row.pop("line", number), row.pop("file", where)
            try:
                if check is not None:
                    check(row, file, 0)
            except BadRow as error:
                fault = BadRow(file, line() if callable(line) else line, error.message)
            else:
                yield row
                continue
        if on_bad is None:
            raise fault
        on_bad(fault)


def found_files(reader: Reader, source: str, split: str, language: str, root: Path | None = None) -> list[Path]:
    """The files that the rows of one split and language come from; none of a hub, or where there are none."""
    if source == "hub":
        return []
    found: list[Path] = []
    for part, its in reader.origin_splits(split, language):
        if (part, its) != (reader, split):
            found += found_files(part, source, its, language, root)
            continue
        try:
            found += split_files(part, its, language, root or _root(part, its, language))
        except MissingData:
            continue
    return found


def mirror_caveats(
    reader: Reader, source: str, split: str, languages: Iterable[str], root: Path | None = None
) -> list[str]:
    """What somebody must know of the files of a mirror; nothing where they cannot be found."""
    notes: list[str] = []
    for language in languages if source == "mirror" else ():
        for origin_reader, origin_split in reader.origin_splits(split, language):
            if (origin_reader, origin_split) != (reader, split):
                notes += mirror_caveats(origin_reader, source, origin_split, (language,), root)
            elif paths := found_files(origin_reader, source, origin_split, language, root):
                notes += origin_reader.file_caveats(origin_split, language, paths)
    return notes


def sample_rows(all_rows: list[Row], limit: int | None, name: str) -> list[Row]:
    """At most ``limit`` rows, drawn by ``name`` and the number of rows: parallel files keep parallel rows."""
    if limit is None or len(all_rows) <= limit:
        return all_rows
    order = seeded_random("sample", name, len(all_rows))
    keyed = sorted((order.random(), i) for i in range(len(all_rows)))[:limit]
    return [all_rows[i] for _, i in sorted(keyed, key=lambda pair: pair[1])]


def sample_queries(all_rows: list[Row], limit: int | None, name: str) -> list[Row]:
    """At most ``limit`` queries of each part, and the candidates that they search: all of them, so that a search stays
    as hard as it is; in a training set their own."""
    if limit is None:
        return all_rows
    parts = {
        part_name: [row for row in all_rows if (row["side"], row["part"]) == ("query", part_name)]
        for part_name in ("test", "tune")
    }
    kept = [row for part_name, queries in parts.items() for row in sample_rows(queries, limit, f"{name} {part_name}")]
    wanted = {(row["part"], gold) for row in kept for gold in row["gold"] or ()}
    chosen = {id(row) for row in kept}
    return [
        row
        for row in all_rows
        if id(row) in chosen or row["side"] == "candidate" and (name != "train" or (row["part"], row["id"]) in wanted)
    ]


def data_revision(
    reader: Reader, source: str, split: str, languages: tuple[str, ...], digest: PathDigest, ask: Callable[[str], str]
) -> Any:
    """What the rows depend on besides the reader: file digests, the hub's commit, or the world's version.

    ``digest(path)`` hashes a file; ``ask(repository)`` resolves a hub repository to a commit.
    """
    if source == "miniature":
        from xfer import miniature  # late: its tables are needed by this source only

        return {"world": miniature.world_version(reader.world_parts(split))}
    origins = dict.fromkeys(origin for language in languages for origin in reader.origin_splits(split, language))
    if tuple(origins) != ((reader, split),):
        parts = []
        for origin_reader, origin_split in origins:
            its_languages = tuple(
                lang for lang in languages if (origin_reader, origin_split) in reader.origin_splits(split, lang)
            )
            parts.append(data_revision(origin_reader, source, origin_split, its_languages, digest, ask))
        return {"parts": parts}
    if source == "hub":
        return _hub_revision(reader, split, languages, digest, ask)
    root = _root(reader, split, languages[0])
    paths = set()
    for language in languages:
        for path in split_files(reader, split, language, root):
            paths |= {path, *(other for other in reader.companion_files(path, split, language) if other.is_file())}
    return {"files": {os.path.relpath(path, root): digest(path) for path in sorted(paths)}}


def _hub_revision(
    reader: Reader, split: str, languages: tuple[str, ...], digest: PathDigest, ask: Callable[[str], str]
) -> dict[str, Any]:
    """The digests of the folders, or the commits of the repositories, that hold these languages: one, mostly."""
    card_table = (reader.card.hub, reader.card.revision)
    hub_parts = [_hub_part(reader, split, language) for language in languages]
    tables = {
        (hub_table.repository, hub_table.revision)
        if hub_table and hub_table.repository != card_table[0]
        else card_table
        for hub_table in hub_parts
    }
    repositories = sorted(tables, key=lambda table: (table != card_table, table[0]))
    revisions: dict[str, Any] = {}
    for repository, pinned in repositories:
        local = hub.local_copy(repository)
        if local:
            revisions.setdefault("files", {}).update(
                {os.path.relpath(path, local): digest(path) for path in _files_inside(local)}
                if repository == card_table[0]
                else {f"{repository}/{os.path.relpath(path, local)}": digest(path) for path in _files_inside(local)}
            )
        else:
            revisions["revision" if repository == card_table[0] else repository] = pinned or ask(repository)
    return revisions


def _hub_part(reader: Reader, split: str, language: str) -> HubPart | None:
    """The table; None where there is none, which reading it will say."""
    try:
        return reader.hub_part(split, language)
    except MissingData:
        return None


def _files_inside(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _hub_rows(reader: Reader, split: str, language: str) -> Iterator[Row | BadRow]:
    own_rows = reader.hub_rows(split, language)
    if own_rows is not None:
        yield from own_rows
        return
    hub_table = reader.hub_part(split, language)
    where = f"{hub_table.repository}/{hub_table.config or 'default'}/{hub_table.split}"
    pinned = hub_table.revision or (reader.card.revision if hub_table.repository == reader.card.hub else None)
    for number, row in enumerate(hub.load_table(hub_table.repository, hub_table.config, hub_table.split, pinned)):
        try:
            converted = reader.from_hub(row, number, split, language)
        except (KeyError, IndexError, TypeError) as error:
            what = f"has not the columns that {reader.type_name} expects: {error!r}"
            yield BadRow(where, number + 1, what)
        except BadRow as error:
            yield error
        else:
            if converted:
                converted["line"] = number + 1
                yield converted
