"""Seeds and hashes derived from names, never from call order. Standard library only."""

from __future__ import annotations

import json
from hashlib import blake2b
from random import Random


def json_digest(value: object, size: int = 16) -> str:
    """Hexadecimal blake2b (``size`` bytes) of the canonical JSON of ``value``."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).hexdigest()


def derive_seed(*names: object) -> int:
    """A 63-bit seed for these names, the same on every machine and in every process."""
    return int(json_digest([str(name) for name in names], 8), 16) >> 1


def seeded_random(*names: object) -> Random:
    """A private random stream for these names."""
    return Random(derive_seed(*names))
