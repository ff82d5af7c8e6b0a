"""What a card says of labels: which changes of a text break them, and what holds of all rows of a data set.

An attacker names the change that it makes and the trait that it needs; whether a label survives is a fact of the data
set. May import: the standard library.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

LabelBreaker = Literal[
    "synonyms",  # a word becomes a listed synonym
    "substitutions",  # a word becomes any other word that fits the place
    "aligned_phrases",  # a phrase becomes the one that it is aligned to in a translation
    "word_order",  # words change places
    "added_sentence",  # a sentence of another text is added
]
LabelBreakers = Mapping[LabelBreaker, str]  # change -> why it breaks a label

RowTrait = Literal[
    "parallel",  # a row has the same id and label in every language of dev and test
    "symmetric",  # the label of a pair does not depend on which of its texts comes first
    "entity_tags",  # tags name entities and their types (B-PER, I-PER, O)
]

NO_BREAKERS: LabelBreakers = {}
SENTENCE_MEANING: LabelBreakers = {"word_order": "the order of the words says who did what to whom"}
NEAR_PARAPHRASES: LabelBreakers = {
    **SENTENCE_MEANING,
    "synonyms": "whether two nearly equal sentences mean the same can hang on one word",
    "substitutions": "whether two nearly equal sentences mean the same can hang on one word",
    "aligned_phrases": "an alignment may link a name or a word to the wrong one, and here these are what the label "
    "hangs on",
}
