"""The shape of one language's data, and the reading of its hand-written tables."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

FormTable = Mapping[str, tuple[str, ...]]


def parse_table(text: str) -> dict[str, tuple[str, ...]]:
    """Lines of `concept | form | form ...` -> the forms of each concept, NFC normalised."""
    rows: dict[str, tuple[str, ...]] = {}
    for line in unicodedata.normalize("NFC", text).strip().splitlines():
        concept, *forms = (cell.strip() for cell in line.split("|"))
        rows[concept] = tuple(forms)
    return rows


@dataclass(frozen=True)
class Language:
    """A dictionary and the settings of the shared grammar.

    Forms may hold several words with spaces between them, in Chinese and Thai too: those
    are written as segmented text (as XLM read them, Conneau and Lample 2019, section 5.1),
    since an encoder this small cannot also learn where words end.
    """

    code: str
    # Slots in the order in which they are spoken: agent verb object place time
    # reason, "not" for a free negation word, "end" for a verb's second part.
    order: str
    agents: FormTable  # concept | subject form | gender or noun class
    objects: FormTable  # concept | object form | gender or class | counted form
    qualities: FormTable  # one form for all, or one per gender in the order of `genders`
    verbs: FormTable  # affirmative, by gender; "~" is the place of the negation word
    phrases: FormTable  # places, times and reasons
    someone: str
    nobody: str
    fronted: str = ""  # the order when the time comes first; "" moves it and nothing else
    nobody_order: str = ""  # the order after "nobody", where it differs
    genders: tuple[str, ...] = ("m", "f", "n")
    negation: str = ""
    negative_forms: bool = False  # the verb's last column is its negative form
    nobody_negates: bool = False  # "nobody" takes the negative verb
    nobody_prefix: tuple[str, str] = ("", "")  # verb prefix and what replaces it after "nobody"
    negations: Mapping[str, str] = field(default_factory=dict)  # verbs with their own
    ends: Mapping[str, str] = field(default_factory=dict)  # verbs with a second part
    subject_articles: Mapping[str, str] = field(default_factory=dict)  # by gender
    object_articles: Mapping[str, str] = field(default_factory=dict)
    article_exceptions: Mapping[str, str] = field(default_factory=dict)  # by noun form
    # Articles that keep their form before some beginnings only, and have another otherwise.
    article_before: Mapping[str, tuple[tuple[str, ...], str]] = field(default_factory=dict)
    numerals: Mapping[str, str] = field(default_factory=dict)  # "2", or "2f" by gender
    count_order: str = "numeral noun"
    adjective_after: bool = False
    unheadlined: tuple[str, ...] = ()  # words that headlines leave out
    stop: str = "."
