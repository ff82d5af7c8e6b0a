"""The abstract meaning of one sentence: what is said, before any language says it."""

from dataclasses import dataclass

from xfer.miniature.world import SOMEONE


@dataclass(frozen=True)
class Meaning:
    """One event. Every field but `number` and `negated` is a concept, "" for left open."""

    agent: str
    verb: str
    quality: str = ""  # of the agent
    object: str = ""
    colour: str = ""  # of the object
    number: int = 0  # of objects; 0 is the one definite object
    place: str = ""
    time: str = ""
    reason: str = ""
    negated: bool = False

    @property
    def is_nobody(self) -> bool:
        """Not(someone does it) is said as "nobody does it" in every language."""
        return self.negated and self.agent == SOMEONE


CONCEPT_SLOTS = ("agent", "verb", "quality", "object", "colour", "place", "time", "reason")
