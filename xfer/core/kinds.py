"""The abstract base of every kind, by name."""

from __future__ import annotations

from xfer.core.component import Component


def kinds() -> dict[str, type[Component]]:
    """``kind -> base class``; importing the bases imports nothing heavy."""
    from xfer.attackers.base import Attacker
    from xfer.models.base import Model
    from xfer.models.domain.base import Head
    from xfer.readers.base import Reader
    from xfer.trainers.adversaries.base import Adversary
    from xfer.trainers.base import Mixer, Trainer

    bases: list[type[Component]] = [Adversary, Attacker, Head, Mixer, Model, Reader, Trainer]
    return {base.kind: base for base in bases}
