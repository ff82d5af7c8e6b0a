"""A made-up world told in eleven languages: parallel text and inference pairs, no downloads.

Meanings are drawn at random (`pairs`, `sample`), judged by `logic`, put into words by one
`grammar` over the tables in `languages`, and written in the official layouts (`files`).
"""

from collections.abc import Collection
from pathlib import Path

LANGUAGES: tuple[str, ...] = ("ar", "de", "el", "en", "es", "hi", "ru", "sw", "th", "tr", "zh")
WORLD_VERSION: int = 4  # raise when the written bytes of every part change
PART_VERSIONS: dict[str, int] = {"paraphrases": 5}  # and here, above VERSION, when those of one part do

__all__ = ["LANGUAGES", "world_version", "write"]


def world_version(parts: Collection[str]) -> int:
    """The version of the bytes of these parts."""
    return max([WORLD_VERSION, *(PART_VERSIONS.get(name, WORLD_VERSION) for name in parts)])


def write(folder: Path, *, parts: Collection[str] | None = None, seed: int = 0) -> None:
    """Write the files of these parts of the world (all of them by default) below `folder`.

    A part has the same bytes for a seed, alone or beside others.
    """
    from xfer.miniature.writing import PARTS, write_world  # late: `import xfer.miniature` stays light

    write_world(Path(folder), LANGUAGES, seed, PARTS if parts is None else parts)
