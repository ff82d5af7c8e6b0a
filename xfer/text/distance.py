"""How far two sequences lie apart: Levenshtein's distance (1966), each insertion, deletion and replacement one.

May import: the standard library.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence


def distance(one: Sequence[Hashable], two: Sequence[Hashable]) -> int:
    """The least number of edits that make ``one`` ``two``; of strings or tuples of words or clusters.

    Bit-parallel over Python's long numbers (Hyyrö 2003, figure 8), after common ends are cut off.
    """
    left, most = 0, min(len(one), len(two))
    while left < most and one[left] == two[left]:
        left += 1
    right = 0
    while right < most - left and one[-1 - right] == two[-1 - right]:
        right += 1
    one, two = one[left : len(one) - right], two[left : len(two) - right]
    if not one or not two:
        return len(one) + len(two)
    places: dict[Hashable, int] = {}
    for i, item in enumerate(one):
        places[item] = places.get(item, 0) | 1 << i
    every, last = (1 << len(one)) - 1, 1 << (len(one) - 1)
    more, less, found = every, 0, len(one)
    for item in two:
        equal = places.get(item, 0)
        same = (((equal & more) + more) ^ more) | equal | less
        up, down = less | ~(same | more) & every, more & same
        found += bool(up & last) - bool(down & last)
        up, down = (up << 1 | 1) & every, (down << 1) & every
        more, less = down | ~(same | up) & every, up & same
    return found
