"""A change of whole words laid over a share of the words of a text.

May import: draws, units, forms.edits, the standard library.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from xfer.attackers.draws import rounded, shuffled
from xfer.attackers.units import Word, cut
from xfer.forms.edits import Edit, replaced


def some_words(text: str, rate: float, rng: Random, change: Callable[[str], str], kind: str) -> list[Edit]:
    """``change`` applied to a share ``rate`` of the words of ``text``, as sorted edits.

    All words count, those without letters too; a word that ``change`` leaves as it is gives way to another,
    so that fewer are changed only where fewer can be.
    """
    words = cut(text)
    wanted = rounded(rng, rate * len(words))
    edits: list[Edit] = []
    for word in shuffled(rng, filter(_has_letters, words)) if wanted else ():
        edits += replaced(text, word.start, word.end, change(text[word.start : word.end]), kind)
        if len(edits) == wanted:
            break
    return sorted(edits)


def _has_letters(word: Word) -> bool:
    return word.script not in ("", "digit")  # addresses and figures; a word of one letter is a word here
