"""What readers share that take the texts of another one: its languages, splits and texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic_core import PydanticCustomError

from xfer.readers.base import Languages, Reader, Row, Source


def check_taken(of: Reader, take: Sequence[str]) -> None:
    """Raises PydanticCustomError for splits that the other reader does not have, or that are named twice."""
    missing = [split for split in take if split not in of.card.splits]
    if missing or len(set(take)) != len(take):
        what = {"name": of.type_name, "hint": f"it has {', '.join(of.card.splits)}, each once"}
        raise PydanticCustomError("take", "take names no split of {name}, or one twice", what)


def taken_languages(of: Reader, take: Sequence[str]) -> tuple[str, ...]:
    """The languages that the splits have in any source."""
    return tuple(sorted({language for split in take for language in of.known_languages(split)}))


def present_languages(of: Reader, take: Sequence[str], source: Source, wanted: Languages) -> tuple[str, ...]:
    """The wanted ones of the languages that the splits have in a source."""
    present = {language for split in take for language in _in_all_languages(of).offered_languages(source, split)}
    return tuple(sorted(present if wanted == "all" else present & set(wanted)))


def taken_splits(of: Reader, take: Sequence[str], language: str) -> tuple[tuple[Reader, str], ...]:
    """The splits that are read for a language, each with its reader."""
    every = _in_all_languages(of)
    return tuple((every, split) for split in take if language in every.known_languages(split))


def taken_texts(of: Reader, row: Row) -> Iterator[tuple[str, str]]:
    """Each text of a row of the other reader, after the column that holds it."""
    for column in of.texts:
        value = row.get(column)
        yield from ((column, text) for text in ([value] if isinstance(value, str) else value or ()))


def taken_worlds(of: Reader, take: Sequence[str]) -> tuple[str, ...]:
    """The parts of the miniature world that the splits are read from."""
    return tuple(sorted({world for split in take for world in of.world_parts(split)}))


def _in_all_languages(of: Reader) -> Reader:
    return of.model_copy(update={"languages": "all"})
