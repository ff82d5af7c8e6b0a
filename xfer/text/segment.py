"""Words of scripts that are written without spaces: Thai, Lao, Khmer, Burmese, Chinese and Japanese.

ICU's dictionaries find them (Unicode UAX 29, section 4, leaves these scripts to dictionaries), where the extra
``xfer[segment]`` or PyICU is installed. Without it, callers cut pieces of fixed length. Which of the two it is, and
the version, stands in ``segmenter`` and enters the key of what depends on it. Spaced scripts need none of this:
there a word is a run of letters and marks. May import: the standard library, ICU late.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache

PIECES = "pieces"  # what takes the place of words without a segmenter
Ends = Callable[[str], list[int]]


def segmenter_name() -> str:
    """Name and version of what finds words here: "icu 78.3", or "pieces" where nothing does."""
    return _segmenter()[0]


@lru_cache(maxsize=1 << 14)
def word_ends(run: str) -> tuple[int, ...] | None:
    """Where the words of a run of letters end (code points, the last is the length); None without a segmenter.

    The run holds no spaces and no punctuation; it may mix scripts, as Japanese does.
    """
    find_ends = _segmenter()[1]
    return None if find_ends is None else _code_point_ends(run, find_ends(run))


def group_clusters(spans: Sequence[tuple[int, int]], run: str, start: int) -> list[list[tuple[int, int]]] | None:
    """Clusters of a run that begins at ``start``, put together to words; None without a segmenter.

    A word that would end within a cluster goes on to the end of it, so that none begins with a combining mark.
    """
    cuts = word_ends(run)
    if cuts is None:
        return None
    lasts = [end - start for _, end in spans]
    borders = sorted({min(bisect_left(lasts, cut) + 1, len(spans)) for cut in cuts} | {len(spans)})
    return [list(spans[left:right]) for left, right in zip([0, *borders], borders, strict=False) if left < right]


def _code_point_ends(run: str, unit_ends: Iterable[int]) -> tuple[int, ...]:
    """ICU counts UTF-16 units; a character beyond the first plane has two."""
    if run.isascii() or max(run) <= "\uffff":
        return tuple(unit_ends)
    units, position = {}, 0
    for i, char in enumerate(run):
        position += 2 if char > "\uffff" else 1
        units[position] = i + 1
    return tuple(units[end] for end in unit_ends if end in units)


@cache
def _segmenter() -> tuple[str, Ends | None]:
    # late: both are optional
    try:
        from icu4py import icu_version
        from icu4py.breakers import WordBreaker
    except ImportError:
        return _pyicu_segmenter()
    return f"icu {icu_version}", lambda run: [end for _, end in WordBreaker(run, "root").segments()]


def _pyicu_segmenter() -> tuple[str, Ends | None]:
    try:
        from icu import ICU_VERSION, BreakIterator, Locale
    except ImportError:
        return PIECES, None

    def found(run: str) -> list[int]:
        breaks = BreakIterator.createWordInstance(Locale("root"))
        breaks.setText(run)
        return list(breaks)

    return f"icu {ICU_VERSION}", found
