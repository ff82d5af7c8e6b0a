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


def extract_entities(tags: Sequence[str]) -> list[Entity]:
    """The entities of one sentence in order.

    An ``I-`` that continues nothing of its type begins an entity. Bare tags, as of parts of speech, are
    their own type: a run of equal ones is one entity. A bare tag that begins with S is read as a single-word
    one (IOBES), so that SCONJ and SYM never merge.
    """
    spans: list[Entity] = []
    start, before, kind = 0, "O", ""
    for index, (mark, type_) in enumerate([*map(_tag_parts, tags), ("O", "")]):
        type_changed = type_ != kind
        if before != "O" and (type_changed or _ends_chunk(before, mark)):
            spans.append((kind, start, index - 1))
        if mark != "O" and (type_changed or _begins_chunk(before, mark)):
            start = index
        before, kind = mark, type_
    return spans


def _tag_parts(tag: str) -> tuple[str, str]:
    """The chunk mark (the first letter) and the type of a tag; a tag without a hyphen is its own type."""
    mark, hyphen, type_ = tag.partition("-")
    return (mark, type_) if hyphen and len(mark) == 1 else (tag[:1] or "O", tag)


def _ends_chunk(before: str, mark: str) -> bool:
    return before in "ES" or (before in "BI" and mark in "BSO")


def _begins_chunk(before: str, mark: str) -> bool:
    return mark in "BS" or (before in "ESO" and mark in "EI")


def entity_counts(gold: Sentences, predicted: Sentences) -> np.ndarray:
    """Right, predicted and gold entities of each sentence, shape [n, 3].

    An entity is right if type, start and end are. Entities never cross sentences, so that the F1 of any
    set of sentences follows from sums of these rows (``f1_of``).
    """
    counts = np.zeros((len(gold), 3), dtype=np.int64)
    for row, (gold_tags, predicted_tags) in enumerate(_checked_pairs(gold, predicted)):
        gold_entities, predicted_entities = set(extract_entities(gold_tags)), set(extract_entities(predicted_tags))
        counts[row] = len(gold_entities & predicted_entities), len(predicted_entities), len(gold_entities)
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
    pairs = list(_checked_pairs(gold, predicted))
    return accuracy(
        [tag for gold_tags, _ in pairs for tag in gold_tags],
        [tag for _, predicted_tags in pairs for tag in predicted_tags],
    )


def _checked_pairs(gold: Sentences, predicted: Sentences) -> Iterable[tuple[Sequence[str], Sequence[str]]]:
    if len(gold) != len(predicted):
        raise ValueError(f"{len(gold)} gold sentences against {len(predicted)} predicted ones")
    for number, (gold_tags, predicted_tags) in enumerate(zip(gold, predicted, strict=True), 1):
        if len(gold_tags) != len(predicted_tags):
            raise ValueError(
                f"sentence {number}: {len(gold_tags)} gold tags against {len(predicted_tags)} predicted ones"
            )
        yield gold_tags, predicted_tags
