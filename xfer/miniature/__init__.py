"""A made-up world told in eleven languages: parallel text and inference pairs, no downloads.

Meanings are drawn at random (`pairs`, `sample`), judged by `logic`, put into words by one
`grammar` over the tables in `languages`, and written in the official layouts (`files`).
"""

from pathlib import Path

LANGUAGES: tuple[str, ...] = ("ar", "de", "el", "en", "es", "hi", "ru", "sw", "th", "tr", "zh")
VERSION: int = 3  # raise when the written bytes change

__all__ = ["LANGUAGES", "VERSION", "write"]


def write(folder: Path, *, seed: int = 0) -> None:
    """Write every file of the miniature world below `folder` (the same bytes for a seed)."""
    from xfer.miniature.writing import write_world  # late: `import xfer.miniature` stays light

    write_world(Path(folder), LANGUAGES, seed)
