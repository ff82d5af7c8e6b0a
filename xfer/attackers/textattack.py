"""``textattack``: TextAttack's published recipes against our batching victim."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field

from xfer.attackers.base import FIELDS, Row, Search
from xfer.core.errors import MissingPart


@Search.register("textattack")
class TextAttack(Search):
    """A TextAttack recipe by name (DeepWordBug: Gao et al. 2018), its faults for other scripts fixed.

    Needs the package: ``pip install --no-deps textattack==0.3.11`` (``make setup`` does it).
    """

    forms: ClassVar[tuple[str, ...]] = ("classify",)

    recipe: Literal["deepwordbug"] = Field("deepwordbug", description="the recipe's name")
    budget: int | None = Field(None, ge=1, description="queries an example; no limit if left out")
    compat: Literal["fixed", "upstream"] = Field(
        "fixed", description="upstream keeps every choice of TextAttack, also those wrong outside Latin script"
    )

    def search(
        self, rows: Sequence[Row], victim: Callable[[list[tuple[str, ...]]], Any], labels: Sequence[str]
    ) -> Iterator[dict[str, Any]]:
        from xfer.attackers import textattack_search as engine  # late: textattack is optional
        from xfer.attackers.textattack_shim import TextAttackMissing

        for row in rows:
            columns = [name for name in FIELDS if row.get(name) is not None]
            protect = [i for i, name in enumerate(columns) if name in self.protect]
            fields = tuple(row[name] for name in columns)
            example = engine.Example(row["id"], fields, labels.index(row["label"]))
            options = {"budget": self.budget, "seed": self.seed, "language": row["language"], "compat": self.compat}
            try:
                outcome = next(iter(engine.attack([example], victim, recipe=self.recipe, protect=protect, **options)))
            except TextAttackMissing as error:
                raise MissingPart(str(error)) from None
            result = {
                "id": row["id"],
                "language": row["language"],
                "status": outcome.status,
                "message": outcome.message,
            }
            yield (
                result
                | {"queries": outcome.queries, "forwards": outcome.forwards}
                | dict(zip(columns, outcome.fields, strict=True))
            )
