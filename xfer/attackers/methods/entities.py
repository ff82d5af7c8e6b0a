"""``entity_swap``: names replaced by other names of the same type."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from xfer.attackers.base import AttackRow, FileDigests, ModelFree
from xfer.forms.texts import Mention, column_of_side, is_blank, mentions
from xfer.readers.labels import RowTrait
from xfer.text.edits import Edit


@ModelFree.register("entity_swap")
class EntitySwap(ModelFree):
    """Entities replaced by others of the same type and language (as in RockNER, Lin et al. 2021), from the mentions
    of the data itself. Tags follow: B- and then I- for as many words as the new name has. Names with a
    blank word in them stay, and do not come in."""

    version: ClassVar[int] = 2
    by_words: ClassVar[bool] = False
    rate_of: ClassVar[Literal["words", "entities"] | None] = "entities"
    forms: ClassVar[tuple[str, ...]] = ("tag",)
    required_trait: ClassVar[RowTrait | None] = "entity_tags"
    needs: ClassVar[str] = "all rows of the split under test, or of train, in the language; or lists of names"
    example: ClassVar[str] = "Anna (PER) lives in Rome (LOC) -> Ivan Petrov (PER) lives in Cairo (LOC)"

    rate: float = Field(1.0, ge=0, le=1, description="share of the entities that are replaced")
    donors: Literal["tested", "train"] = Field("tested", description="the split whose names come in")
    folder: str | None = Field(None, description="names of your own instead: <language>.txt, a type, a tab and a name")

    def further_split(self, split: str, languages: Sequence[str]) -> tuple[str, tuple[str, ...]] | None:
        return None if self.folder else (split if self.donors == "tested" else "train", tuple(languages))

    def file_digests(self, languages: Sequence[str], digest: Callable[[Path], str]) -> FileDigests:
        from xfer.attackers.lexicons.dictionaries import checked

        return {language: digest(checked(self.folder, language)) for language in languages} if self.folder else None

    def prepare_state(self, further_rows: Sequence[AttackRow]) -> Any:
        """The different names of each language and type, sorted: an order that no sample of rows changes."""
        names_by_kind: dict[tuple[str, str], set[tuple[str, ...]]] = {}
        for row in further_rows:
            for first, past, kind in mentions(row["tags"] or []):
                name = tuple(row["words"][first:past])
                if not any(map(is_blank, name)):
                    names_by_kind.setdefault((row["language"], kind), set()).add(name)
        return {key: sorted(names) for key, names in sorted(names_by_kind.items())}

    def replacement_names(self, language: str, kind: str, prepared: Any) -> Sequence[tuple[str, ...]]:
        """The names that may come in, as words."""
        if self.folder:
            from xfer.attackers.lexicons.dictionaries import read_word_list, word_list_path

            return [
                tuple(name.split())
                for name in read_word_list(word_list_path(self.folder, language)).get(kind.lower(), ())
            ]
        listed: Sequence[tuple[str, ...]] = (prepared or {}).get((language, kind), ())
        return listed

    def change(
        self, row: AttackRow, form: str = "tag", prepared: Any = None
    ) -> tuple[AttackRow | None, list[dict[str, Any]]]:
        from xfer.text.draws import random_below, random_round, shuffle_items

        if not row["tags"] or any(column_of_side(name, form) == "text" for name in self.protect):
            return row, []
        rng, old = self.random_stream(row), mentions(row["tags"])
        new: dict[int, tuple[str, ...]] = {}
        wanted = random_round(rng, self.rate * len(old))
        for i in shuffle_items(rng, range(len(old))) if wanted else ():
            first, past, kind = old[i]
            old_name = tuple(row["words"][first:past])
            if any(map(is_blank, old_name)):
                continue
            candidates = self.replacement_names(row["language"], kind, prepared)
            drawn = random_below(rng, len(candidates))
            other = next((name for name in (*candidates[drawn : drawn + 2], *candidates[:1]) if name != old_name), None)
            if other:
                new[i] = other
            if len(new) == wanted:
                break
        return _swapped(row, old, new)


def _swapped(
    row: AttackRow, old: list[Mention], new: dict[int, tuple[str, ...]]
) -> tuple[AttackRow, list[dict[str, Any]]]:
    words, tags, edits, done = list[str](), list[str](), list[Edit](), 0
    starts = [0]
    for word in row["words"]:
        starts.append(starts[-1] + len(word) + 1)
    for i, (first, past, kind) in enumerate(old):
        if i in new:
            words += [*row["words"][done:first], *new[i]]
            tags += [*row["tags"][done:first], f"B-{kind}", *[f"I-{kind}"] * (len(new[i]) - 1)]
            edits.append(Edit(starts[first], starts[past] - 1, " ".join(new[i]), "entity_swap"))
            done = past
    words += row["words"][done:]
    tags += row["tags"][done:]
    changed = row | {"words": words, "tags": tags, "text": " ".join(words)}
    return changed, [{"column": "text", **edit._asdict()} for edit in edits]
