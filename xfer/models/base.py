"""The model: what a first stage starts from. Light: the work stands in ``network`` and ``build``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from pydantic import Field

from xfer.core.component import Component
from xfer.models.habits import PoolingHabit


class Origin(NamedTuple):
    """Where an encoder and its tokenizer come from: a folder in Hugging Face layout, or a fresh config."""

    folder: Path | None
    config: Any = None
    tokenizer: Any = None


class Model(Component, kind="model"):
    """An encoder to start from."""

    trained: ClassVar[bool] = True  # whether it knows anything before the first stage

    freeze_layers: int = Field(0, ge=0, description="this many lowest layers are not trained")
    freeze_embeddings: bool = Field(False, strict=True, description="the embeddings are not trained")

    def weights_revision(self, digest: Callable[[Path], str], ask: Callable[[str], str]) -> dict[str, str] | None:
        """What the weights depend on besides the fields: a commit, file digests, or nothing."""
        return None

    def load_origin(self, texts: Callable[[], Iterable[str]]) -> Origin:
        """The encoder and tokenizer to start from. ``texts`` gives the stage's own training text."""
        raise NotImplementedError

    def pooling_habit(self) -> PoolingHabit:
        """How its own folder makes one vector of a text, where it says so."""
        return PoolingHabit()

    def check_form(self, form: str, labels: Sequence[str], options: Mapping[str, Any]) -> None:
        """Raises MissingPart where it has no head for a form, or its states would tell nothing of a text."""

    def longest_input(self) -> int | None:
        """Subwords of the longest input that it reads, where that is known before anything is trained."""
        return None

    def is_large(self) -> bool:
        """Whether published settings for large encoders are taken: a width of 1,024 or more."""
        return False

    def parameter_count(self) -> int | None:
        """The number of parameters of the encoder, for the plan; None where it is not known yet."""
        return None
