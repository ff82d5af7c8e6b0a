"""What several commands read rows from: the reader that a word means, and the miniature world."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def build(text: str) -> Any:
    """The reader that a name or an inline block means. Raises UsageError."""
    from pydantic import ValidationError

    from xfer.core import yaml
    from xfer.core.errors import UsageError
    from xfer.readers.base import Reader

    try:
        return Reader.model_validate(yaml.plain(yaml.parse(text, "READER")))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        hint = first.get("ctx", {}).get("hint", "")
        raise UsageError(": ".join(filter(None, [where, first["msg"]])) + (f"; {hint}" if hint else "")) from None


def world(store: Path | None, parts: tuple[str, ...]) -> Path:
    """The folder of these parts of the miniature world, made if the store does not hold it."""
    from xfer.core.store import Store
    from xfer.execution.walk import alone, default_store
    from xfer.graph import compile

    return alone(compile.world(parts), Store(store or default_store())).out
