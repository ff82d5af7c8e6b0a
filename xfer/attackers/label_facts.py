"""Which data sets an attacker fits, and whose labels survive it, read from the cards of all readers."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic_core import PydanticCustomError

from xfer.readers.base import Card, Reader
from xfer.readers.labels import LabelBreaker, LabelBreakers, RowTrait


def _form_cards(form: str) -> dict[str, Card]:
    """The cards of all readers of one form by name; a plug-in that does not import is left out."""
    cards: dict[str, Card] = {}
    for name in Reader.known_names():
        try:
            reader = Reader.find_class(name)
        except PydanticCustomError:
            continue
        if issubclass(reader, Reader) and getattr(reader, "form", None) == form:
            cards[name] = reader.card
    return cards


def readers_with_trait(forms: Sequence[str], trait: RowTrait) -> list[str]:
    """The names of the readers of these forms whose cards have a trait."""
    return [name for form in forms for name, card in _form_cards(form).items() if trait in card.traits]


def kept_and_broken(
    forms: Sequence[str], trait: RowTrait | None, breaker: LabelBreaker | None
) -> tuple[list[str], dict[str, str]]:
    """Where labels stay true (forms, or data sets if a trait is needed), and why not in others.

    A form all of whose data sets give one reason stands for them.
    """
    kept, broken = list[str](), dict[str, str]()
    for form in forms:
        declared = _declared_breakers(form)
        reasons = {name: why[breaker] for name, why in declared.items() if breaker is not None and breaker in why}
        if reasons and len(set(reasons.values())) == 1 and len(reasons) == len(declared):
            broken[form] = next(iter(reasons.values()))
        else:
            kept.append(form)
            broken |= reasons
    return readers_with_trait(kept, trait) if trait else kept, broken


def _declared_breakers(form: str) -> dict[str, LabelBreakers]:
    """What breaks the labels of each reader of a form whose card says so."""
    cards = _form_cards(form).items()
    return {name: card.label_breakers for name, card in cards if card.label_breakers is not None}
