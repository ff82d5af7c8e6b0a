"""What several commands read rows from: the reader that a word means, and the miniature world."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xfer.readers.base import Reader


def build_reader(text: str) -> Reader:
    """The reader that a name or an inline block means. Raises UsageError."""
    from pydantic import ValidationError

    from xfer.core import yaml
    from xfer.core.errors import UsageError
    from xfer.readers.base import Reader

    try:
        return Reader.model_validate(yaml.plain_data(yaml.parse_tree(text, "READER")))
    except ValidationError as error:
        first = error.errors()[0]
        location = ".".join(map(str, first["loc"]))
        hint = first.get("ctx", {}).get("hint", "")
        raise UsageError(": ".join(filter(None, [location, first["msg"]])) + (f"; {hint}" if hint else "")) from None


def world_folder(store: Path | None, parts: tuple[str, ...]) -> Path:
    """The folder of these parts of the miniature world, made if the store does not hold it."""
    from xfer.core.store import Store
    from xfer.execution.walk import default_store, run_alone
    from xfer.graph import compile

    return run_alone(compile.world_node(parts), Store(store or default_store())).out
