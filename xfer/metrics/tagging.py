"""Entity precision, recall and F1, and token accuracy, of tagged sentences.

Entities are found as seqeval finds them by default (Ramshaw & Marcus 1995's IOB2, read leniently as conlleval
does): what XTREME scores both PAN-X and UDPOS with. XTREME was published with seqeval 0.0.12; where later
versions differ (they cut the first letter off a bare tag, so that CCONJ and SCONJ become one type), 0.0.12
is followed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from xfer.metrics.classification import accuracy

Entity = tuple[str, int, int]  # type, first word, last word
Sentences = Sequence[Sequence[str]]


def entities(tags: Sequence[str]) -> list[Entity]:
    """The entities of one sentence in order.

    An ``I-`` that continues nothing of its type begins an entity. Bare tags, as of parts of speech, are
    their own type: a run of equal ones is one entity. A bare tag that begins with S is read as a single-word
    one (IOBES), so that SCONJ and SYM never merge.
    """
    found: list[Entity] = []
    start, before, kind = 0, "O", ""
    for place, (mark, type_) in enumerate([*map(_parts, tags), ("O", "")]):
        apart = type_ != kind
        if before != "O" and (apart or _ends(before, mark)):
            found.append((kind, start, place - 1))
        if mark != "O" and (apart or _begins(before, mark)):
            start = place
        before, kind = mark, type_
    return found


def _parts(tag: str) -> tuple[str, str]:
    """The chunk mark (the first letter) and the type of a tag; a tag without a hyphen is its own type."""
    mark, hyphen, type_ = tag.partition("-")
    return (mark[:1] or "O", type_) if hyphen and len(mark) == 1 else (tag[:1] or "O", tag)


def _ends(before: str, mark: str) -> bool:
    return before in "ES" or (before in "BI" and mark in "BSO")


def _begins(before: str, mark: str) -> bool:
    return mark in "BS" or (before in "ESO" and mark in "EI")


def entity_counts(gold: Sentences, predicted: Sentences) -> np.ndarray:
    """Right, predicted and gold entities of each sentence, shape [n, 3].

    An entity is right if type, start and end are. Entities never cross sentences, so that the F1 of any
    set of sentences follows from sums of these rows (``f1_of``).
    """
    counts = np.zeros((len(gold), 3), dtype=np.int64)
    for row, (wanted, found) in enumerate(_checked(gold, predicted)):
        there, here = set(entities(wanted)), set(entities(found))
        counts[row] = len(there & here), len(here), len(there)
    return counts


def f1_of(counts: np.ndarray) -> tuple[float, float, float]:
    """Micro-averaged F1, precision and recall of entity counts [n, 3]; 0 where nothing can be right."""
    right, predicted, gold = (int(total) for total in counts.reshape(-1, 3).sum(0))
    f1 = 2 * right / (predicted + gold) if right else 0.0
    return f1, right / predicted if predicted else 0.0, right / gold if gold else 0.0


def entity_f1(gold: Sentences, predicted: Sentences) -> dict[str, float]:
    """``f1``, ``precision`` and ``recall`` over all entities of all sentences (micro-averaged), in [0, 1].

    Raises ValueError unless both have the same sentences of the same lengths, and at least one.
    """
    if not gold:
        raise ValueError("no sentence to score")
    f1, precision, recall = f1_of(entity_counts(gold, predicted))
    return {"f1": f1, "precision": precision, "recall": recall}


def token_accuracy(gold: Sentences, predicted: Sentences) -> float:
    """The share of words with the right tag, over all sentences. Raises ValueError as ``entity_f1`` does."""
    pairs = list(_checked(gold, predicted))
    return accuracy([tag for wanted, _ in pairs for tag in wanted], [tag for _, found in pairs for tag in found])


def _checked(gold: Sentences, predicted: Sentences) -> Iterable[tuple[Sequence[str], Sequence[str]]]:
    if len(gold) != len(predicted):
        raise ValueError(f"{len(gold)} gold sentences against {len(predicted)} predicted ones")
    for number, (wanted, found) in enumerate(zip(gold, predicted, strict=True), 1):
        if len(wanted) != len(found):
            raise ValueError(f"sentence {number}: {len(wanted)} gold tags against {len(found)} predicted ones")
        yield wanted, found
