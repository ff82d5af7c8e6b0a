"""``constraints:`` of an attacker: how far a changed text may be from the original one.

``Bounds`` need the two texts alone and hold for every attacker; ``Constraints`` add what a search can ask a model.
All compare with the original text, never with the step before, over the sides that may change. May import: aims,
distance.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from xfer.attackers.lexicons.located import located
from xfer.core.component import Block
from xfer.core.errors import MissingPart
from xfer.core.seeds import derive_seed
from xfer.forms.sheet import form_facts
from xfer.forms.texts import ColumnEdits, is_entity_tag
from xfer.text.distance import edit_distance
from xfer.text.edits import Edit, splice_edits
from xfer.text.scripts import grapheme_clusters
from xfer.text.words import searchable_words

if TYPE_CHECKING:
    import numpy as np

CONSTRAINT_ENCODER, CONSTRAINT_TAGGER = (
    "constraint encoder",
    "constraint tagger",
)  # queues: a search may ask other models of its own
NOUN_TAGS = {"NOUN", "PROPN"}


class Bounds(Block):
    """What must hold between a text and what an attack makes of it."""

    changed_words: float | None = Field(
        None,
        ge=0,
        le=1,
        description="the most words that may change, as a share of the original's words: an inserted, deleted or "
        "replaced word counts one (BERT-Attack: Li et al. 2020, section 4.1, 0.4)",
    )
    edit_distance: int | None = Field(
        None, ge=0, description="the most graphemes inserted, deleted or replaced (DeepWordBug: Gao et al. 2018, 30)"
    )
    edit_share: float | None = Field(None, ge=0, description="the same as a share of the original's graphemes")
    protected: tuple[str, ...] = Field((), description="words that nothing may change, whatever their case")
    protected_file: str | None = Field(None, description="a UTF-8 file with more of them, one a line")

    def protected_words(self) -> frozenset[str]:
        """The protected words as ``aims.texts.plain`` makes them. Raises MissingPart where the file cannot be read."""
        more = _protected_lines(self.protected_file) if self.protected_file else ()
        return frozenset(folded_word(word) for word in (*self.protected, *more))

    def within_word_share(self, old: Sequence[Sequence[str]], new: Sequence[Sequence[str]]) -> bool:
        """Whether words of sides that may change stay within the share of changed words."""
        if self.changed_words is None:
            return True
        changed = sum(edit_distance(old_words, new_words) for old_words, new_words in zip(old, new, strict=True))
        return changed <= math.floor(self.changed_words * sum(map(len, old)) + 1e-9)

    def within_distance(self, old: Sequence[str], new: Sequence[str]) -> bool:
        """Whether sides that may change stay within the distances in graphemes."""
        if self.edit_distance is None and self.edit_share is None:
            return True
        before, after = [_cached_clusters(side) for side in old], [_cached_clusters(side) for side in new]
        most = [] if self.edit_distance is None else [self.edit_distance]
        if self.edit_share is not None:
            most.append(math.floor(self.edit_share * sum(map(len, before)) + 1e-9))
        return sum(edit_distance(old_side, new_side) for old_side, new_side in zip(before, after, strict=True)) <= min(
            most
        )

    def bounded_edits(self, side_texts: Mapping[str, str], edits: ColumnEdits) -> ColumnEdits:
        """Of the edits of several texts those that keep within the bounds.

        Edits at protected words go. Of the rest each is taken, in an order that the text alone decides, unless it
        would break a bound together with those before it.
        """
        if self == type(self)():
            return edits
        words = self.protected_words()
        wanted = [(name, edit) for name, side_edits in edits.items() for edit in side_edits]
        wanted = [
            (name, edit) for name, edit in wanted if not (words and _touches_protected(side_texts[name], edit, words))
        ]
        wanted.sort(key=lambda named: derive_seed(*named[:1], side_texts[named[0]], *named[1]))
        kept: ColumnEdits = {name: [] for name in side_texts}
        for name, edit in wanted:
            tried = kept | {name: sorted([*kept[name], edit])}
            changed = [splice_edits(text, tried[side]) for side, text in side_texts.items()]
            if self.within_distance(list(side_texts.values()), changed) and self.within_word_share(
                *map(_side_words, (side_texts.values(), changed))
            ):
                kept = tried
        return kept


class Similarity(Block):
    """How alike the sentence vectors of a side and of what it became must be; each edited side by itself."""

    encoder: str = Field(description="any encoder: a local folder, or a hub name; the mean of its last states")
    at_least: float = Field(ge=-1, le=1, description="what each edited side must reach")
    measure: Literal["cosine", "angular"] = Field(
        "cosine", description="the cosine, or 1 - angle / pi (Cer et al. 2018, section 5; TextFooler)"
    )

    def vector_similarity(self, first: np.ndarray, second: np.ndarray) -> float:
        """The similarity of two vectors [width] of Euclidean length 1, from -1 (angular: 0) to 1."""
        cosine = min(max(float(first.astype("float64") @ second.astype("float64")), -1.0), 1.0)
        return cosine if self.measure == "cosine" else 1.0 - math.acos(cosine) / math.pi


class Tagged(Block):
    """A tagger of parts of speech: a stage of this recipe that learnt to tag, or a model."""

    stage: str | None = Field(None, description="a stage of the recipe that learnt to tag words")
    task: str | None = Field(None, description="the task of that stage; its first that tags, if left out")
    model: str | None = Field(None, description="a token classifier: a local folder, or a hub name")

    @model_validator(mode="after")
    def _check_source(self) -> Tagged:
        if (self.stage is None) == (self.model is None):
            hint = {"hint": "say stage: <a stage that learnt to tag>, or model: <a folder>"}
            raise PydanticCustomError("tagger", "names not one of stage and model", hint)
        if self.task is not None and self.stage is None:
            raise PydanticCustomError("tagger", "names a task but no stage", {"hint": "leave task out"})
        return self


class PartOfSpeech(Block):
    """Every word that took another's place has its part of speech."""

    tagger: Tagged = Field(description="tells the part of speech of words")
    nouns_for_verbs: bool = Field(
        False,
        strict=True,
        description="a noun, or a name, may replace a verb and the other way round (TextFooler: Jin et al. 2020)",
    )

    def allows_tag(self, old_tag: str, new_tag: str) -> bool:
        """Whether a word tagged ``two`` may stand for one tagged ``one``."""
        classes = {"NOUN" if tag in NOUN_TAGS else tag for tag in (old_tag, new_tag)}
        return len({old_tag, new_tag}) == 1 or self.nouns_for_verbs and classes <= {"NOUN", "VERB"}


class Constraints(Bounds):
    """What must hold between a text and what a search makes of it."""

    entities: Literal["free", "kept", "only"] = Field(
        "free", description="of tagged entities: their words may change, must not, or are all that may"
    )
    similarity: Similarity | None = Field(None, description="by a sentence encoder, of each edited side")
    part_of_speech: PartOfSpeech | None = Field(None, description="of replaced words, by a tagger")

    def edit_locks(self, protect: Sequence[str]) -> Locks:
        """The words that no edit touches; ``protect`` are columns by role."""
        return Locks(frozenset(protect), self.protected_words(), self.entities)

    def compatibility_faults(self, form: str, labels: Sequence[str]) -> Iterator[tuple[str, str, str]]:
        """(field, message, hint) of what does not fit tasks of this form and these labels."""
        if self.entities != "free" and not (form_facts(form).tags_words and is_entity_tag(list(labels))):
            yield "entities", f"rows of form {form} have no tagged entities here", "leave it out"

    def model_names(self) -> tuple[str, ...]:
        """The models that they ask."""
        tagger = self.part_of_speech.tagger.model if self.part_of_speech else None
        return tuple(name for name in (self.similarity and self.similarity.encoder, tagger) if name)

    @property
    def tagger_stage(self) -> Tagged | None:
        """The stage that tags words, if one is named."""
        source = self.part_of_speech.tagger if self.part_of_speech else None
        return source if source and source.stage else None

    def constraint_oracles(self, tagger: Any = None) -> dict[str, Any]:
        """The queues that ``Checks`` asks; ``tagger`` is the oracle of the stage that tags. Loads the models."""
        queues: dict[str, Any] = {}
        if self.similarity:
            from xfer.attackers.search.oracles.encoder import EncoderOracle  # late: imports torch

            queues[CONSTRAINT_ENCODER] = EncoderOracle(self.similarity.encoder)
        if self.part_of_speech:
            queues[CONSTRAINT_TAGGER] = tagger
            if self.part_of_speech.tagger.model:
                from xfer.attackers.search.oracles.tagger import TaggerOracle  # late: imports torch

                queues[CONSTRAINT_TAGGER] = TaggerOracle(self.part_of_speech.tagger.model)
        return queues

    @property
    def needs_checks(self) -> bool:
        """Whether there is anything that candidates must be asked for."""
        given = (self.changed_words, self.edit_distance, self.edit_share, self.similarity, self.part_of_speech)
        return any(value is not None for value in given)


def _touches_protected(text: str, edit: Edit, words: frozenset[str]) -> bool:
    """Whether an edit lies in one of ``words`` or beside it, where it could join it with another."""
    nearby = (word for word in searchable_words(text) if edit.start <= word.end and edit.end >= word.start)
    return any(folded_word(text[word.start : word.end]) in words for word in nearby)


def _side_words(texts: Iterable[str]) -> list[list[str]]:
    return [[text[word.start : word.end] for word in searchable_words(text)] for text in texts]


@lru_cache(maxsize=4096)
def _cached_clusters(text: str) -> tuple[str, ...]:
    return tuple(grapheme_clusters(text))


@lru_cache(maxsize=8)
def _protected_lines(path: str) -> tuple[str, ...]:
    try:
        text = located(path).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise MissingPart(f"constraints.protected_file {path} cannot be read: {error}") from None
    words = tuple(line.strip() for line in text.splitlines() if line.strip())
    if not words:
        raise MissingPart(f"constraints.protected_file {path} is an empty list; a line of it is a word")
    return words


@dataclass(frozen=True)
class Locks:
    """Words that no edit touches: those of the protected columns (by role, as ``forms.texts.COLUMNS`` names them),
    those equal to one of ``words`` (whatever their case), and of tagged sentences the entities, or all but them."""

    columns: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()  # as ``plain`` makes them
    entities: str = "free"  # free, kept or only

    def frozen_words(
        self, names: Sequence[str], placed: Sequence[tuple[int, str]], tags: Sequence[Any] | None
    ) -> set[int]:
        """The indices of the words that stay. ``placed`` is the column number and the word, ``names`` the columns."""
        locked = {i for i, (column, _) in enumerate(placed) if names[column] in self.columns}
        if self.words:
            locked |= {i for i, (_, word) in enumerate(placed) if folded_word(word) in self.words}
        if self.entities != "free" and tags is not None:
            entities = {i for i, tag in enumerate(tags) if tag != "O"}
            locked |= entities if self.entities == "kept" else set(range(len(tags))) - entities
        return locked


def folded_word(word: str) -> str:
    """A word without case, composed (NFC): what protected words are compared by."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", word).casefold())
