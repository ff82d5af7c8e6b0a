"""``constraints:`` of an attacker: how far a changed text may be from the original one.

``Bounds`` need the two texts alone and hold for every attacker; ``Constraints`` add what a search can ask a model.
All compare with the original text, never with the step before, over the sides that may change. May import: aims,
distance, engine.hub.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from xfer.attackers.aims.texts import Locks, plain
from xfer.attackers.distance import distance
from xfer.attackers.textattack_words import clusters, spans
from xfer.core.component import Block
from xfer.core.errors import MissingPart
from xfer.core.seeds import derive
from xfer.forms.edits import Edit, splice
from xfer.forms.texts import Edits, is_entity_tag

ENCODER, TAGGER = "constraint encoder", "constraint tagger"  # queues: a search may ask other models of its own
NAMED = {"NOUN", "PROPN"}
ROUNDING = 1e-6  # of a similarity: what another batch shape may change must not decide


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

    def words(self) -> frozenset[str]:
        """The protected words as ``aims.texts.plain`` makes them. Raises MissingPart where the file cannot be read."""
        more = _lines(self.protected_file) if self.protected_file else ()
        return frozenset(plain(word) for word in (*self.protected, *more))

    def near(self, old: Sequence[Sequence[str]], new: Sequence[Sequence[str]]) -> bool:
        """Whether words of sides that may change stay within the share of changed words."""
        if self.changed_words is None:
            return True
        changed = sum(distance(one, two) for one, two in zip(old, new, strict=True))
        return changed <= math.floor(self.changed_words * sum(map(len, old)) + 1e-9)

    def close(self, old: Sequence[str], new: Sequence[str]) -> bool:
        """Whether sides that may change stay within the distances in graphemes."""
        if self.edit_distance is None and self.edit_share is None:
            return True
        before, after = [_clusters(side) for side in old], [_clusters(side) for side in new]
        most = [] if self.edit_distance is None else [self.edit_distance]
        if self.edit_share is not None:
            most.append(math.floor(self.edit_share * sum(map(len, before)) + 1e-9))
        return sum(distance(one, two) for one, two in zip(before, after, strict=True)) <= min(most)

    def kept(self, found: Mapping[str, str], edits: Edits) -> Edits:
        """Of the edits of several texts those that keep within the bounds.

        Edits at protected words go. Of the rest each is taken, in an order that the text alone decides, unless it
        would break a bound together with those before it.
        """
        if self == type(self)():
            return edits
        words = self.words()
        wanted = [(name, edit) for name, one in edits.items() for edit in one]
        wanted = [(name, edit) for name, edit in wanted if not (words and _at(found[name], edit, words))]
        wanted.sort(key=lambda named: derive(*named[:1], found[named[0]], *named[1]))
        kept: Edits = {name: [] for name in found}
        for name, edit in wanted:
            tried = kept | {name: sorted([*kept[name], edit])}
            changed = [splice(text, tried[side]) for side, text in found.items()]
            if self.close(list(found.values()), changed) and self.near(*map(_split, (found.values(), changed))):
                kept = tried
        return kept


class Similarity(Block):
    """How alike the sentence vectors of a side and of what it became must be; each edited side by itself."""

    encoder: str = Field(description="any encoder: a local folder, or a hub name; the mean of its last states")
    at_least: float = Field(ge=-1, le=1, description="what each edited side must reach")
    measure: Literal["cosine", "angular"] = Field(
        "cosine", description="the cosine, or 1 - angle / pi (Cer et al. 2018, section 5; TextFooler)"
    )

    def of(self, one: Any, two: Any) -> float:
        """The similarity of two arrays of length 1, from -1 (angular: 0) to 1."""
        cosine = min(max(float(one.astype("float64") @ two.astype("float64")), -1.0), 1.0)
        return cosine if self.measure == "cosine" else 1.0 - math.acos(cosine) / math.pi


class Tagged(Block):
    """A tagger of parts of speech: a stage of this recipe that learnt to tag, or a model."""

    stage: str | None = Field(None, description="a stage of the recipe that learnt to tag words")
    task: str | None = Field(None, description="the task of that stage; its first that tags, if left out")
    model: str | None = Field(None, description="a token classifier: a local folder, or a hub name")

    @model_validator(mode="after")
    def _one(self) -> Tagged:
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

    def same(self, one: str, two: str) -> bool:
        """Whether a word tagged ``two`` may stand for one tagged ``one``."""
        both = {"NOUN" if tag in NAMED else tag for tag in (one, two)}
        return len({one, two}) == 1 or self.nouns_for_verbs and both <= {"NOUN", "VERB"}


class Constraints(Bounds):
    """What must hold between a text and what a search makes of it."""

    entities: Literal["free", "kept", "only"] = Field(
        "free", description="of tagged entities: their words may change, must not, or are all that may"
    )
    similarity: Similarity | None = Field(None, description="by a sentence encoder, of each edited side")
    part_of_speech: PartOfSpeech | None = Field(None, description="of replaced words, by a tagger")

    def locks(self, protect: Sequence[str]) -> Locks:
        """The words that no edit touches; ``protect`` are columns by role."""
        return Locks(frozenset(protect), self.words(), self.entities)

    def faults(self, form: str, labels: Sequence[str]) -> Iterator[tuple[str, str, str]]:
        """(field, message, hint) of what does not fit tasks of this form and these labels."""
        if self.entities != "free" and not (form == "tag" and is_entity_tag(list(labels))):
            yield "entities", f"rows of form {form} have no tagged entities here", "leave it out"

    def models(self) -> tuple[str, ...]:
        """The models that they ask."""
        tagger = self.part_of_speech.tagger.model if self.part_of_speech else None
        return tuple(name for name in (self.similarity and self.similarity.encoder, tagger) if name)

    @property
    def tagger(self) -> Tagged | None:
        """The stage that tags words, if one is named."""
        found = self.part_of_speech.tagger if self.part_of_speech else None
        return found if found and found.stage else None

    def oracles(self, tagger: Any = None) -> dict[str, Any]:
        """The queues that ``Checks`` asks; ``tagger`` is the oracle of the stage that tags. Loads the models."""
        found: dict[str, Any] = {}
        if self.similarity:
            from xfer.attackers.oracles.encoder import Encoder  # late: imports torch

            found[ENCODER] = Encoder(self.similarity.encoder)
        if self.part_of_speech:
            found[TAGGER] = tagger
            if self.part_of_speech.tagger.model:
                from xfer.attackers.oracles.tagger import Tagger  # late: imports torch

                found[TAGGER] = Tagger(self.part_of_speech.tagger.model)
        return found

    @property
    def checked(self) -> bool:
        """Whether there is anything that candidates must be asked for."""
        given = (self.changed_words, self.edit_distance, self.edit_share, self.similarity, self.part_of_speech)
        return any(value is not None for value in given)


class Checks:
    """Constraints as a search asks them: many candidates at once, encoder and tagger through the hub."""

    def __init__(self, constraints: Constraints, ask: Callable[[str, Sequence[Any]], list[Any]]) -> None:
        self.constraints, self.ask = constraints, ask

    def allowed(self, original: Any, candidates: Sequence[Any]) -> list[bool]:
        """Whether each candidate (a Text) may stand for the original one. Cheap ones are asked first."""
        found = [self._within(original, candidate) for candidate in candidates]
        for check in (self._parts_of_speech, self._alike):
            left = [i for i, kept in enumerate(found) if kept]
            for i, kept in zip(left, check(original, [candidates[i] for i in left]), strict=True):
                found[i] = kept
        return found

    def _within(self, old: Any, new: Any) -> bool:
        return self.constraints.near(_sides(old), _sides(new)) and self.constraints.close(_fields(old), _fields(new))

    def _alike(self, old: Any, candidates: Sequence[Any]) -> list[bool]:
        wanted = self.constraints.similarity
        if wanted is None:
            return [True] * len(candidates)
        pairs = [
            [(one, two) for one, two in zip(old.fields, new.fields, strict=True) if one != two] for new in candidates
        ]
        texts = list(dict.fromkeys(text for edited in pairs for pair in edited for text in pair))
        vectors = dict(zip(texts, self.ask(ENCODER, texts), strict=True)) if texts else {}
        least = wanted.at_least - ROUNDING
        return [all(wanted.of(vectors[one], vectors[two]) >= least for one, two in edited) for edited in pairs]

    def _parts_of_speech(self, old: Any, candidates: Sequence[Any]) -> list[bool]:
        wanted = self.constraints.part_of_speech
        if wanted is None:
            return [True] * len(candidates)
        replaced = [_replaced(old, new) for new in candidates]
        sentences = list(dict.fromkeys(side for pairs in replaced for _, _, one, two in pairs for side in (one, two)))
        tags = dict(zip(sentences, self.ask(TAGGER, sentences), strict=True)) if sentences else {}
        return [all(wanted.same(tags[one][i], tags[two][j]) for i, j, one, two in pairs) for pairs in replaced]


def _at(text: str, edit: Edit, words: frozenset[str]) -> bool:
    """Whether an edit lies in one of ``words`` or beside it, where it could join it with another."""
    near = (word for word in spans(text) if edit.start <= word.end and edit.end >= word.start)
    return any(plain(text[word.start : word.end]) in words for word in near)


def _split(texts: Iterable[str]) -> list[list[str]]:
    return [[text[word.start : word.end] for word in spans(text)] for text in texts]


def _replaced(old: Any, new: Any) -> list[tuple[int, int, tuple[str, ...], tuple[str, ...]]]:
    """Of each replaced word: its number in its side before and after, and the words of that side before and after."""
    sides = list(zip(map(tuple, _sides(old)), map(tuple, _sides(new)), strict=True))
    places, found = _places(new.word_columns), []
    for (column, i), now in zip(_places(old.word_columns), _origin(old, new), strict=True):
        if now >= 0 and sides[column][0][i] != sides[column][1][places[now][1]]:
            found.append((i, places[now][1], *sides[column]))
    return found


def _origin(old: Any, new: Any) -> Sequence[int]:
    """Where each word of ``old`` is in ``new``, -1 if it is gone: as ``new`` knows it, if it came of ``old`` by edits.

    Else, where a row was split anew, words pair up within the stretches that differ, if these have as many words.
    """
    known: Sequence[int] = new.origin.tolist()
    if len(known) == old.num_words:
        return known
    found = [-1] * old.num_words
    before = [(column, word) for column, word in zip(old.word_columns, old.words, strict=True)]
    after = [(column, word) for column, word in zip(new.word_columns, new.words, strict=True)]
    for _, start, end, first, past in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if end - start == past - first:
            found[start:end] = range(first, past)
    return found


def _places(columns: Sequence[int]) -> list[tuple[int, int]]:
    """Of each word its column and its number there."""
    counts: dict[int, int] = {}
    found = []
    for column in columns:
        found.append((column, counts.get(column, 0)))
        counts[column] = found[-1][1] + 1
    return found


def _sides(text: Any) -> list[list[str]]:
    """The words of each column."""
    found: list[list[str]] = [[] for _ in text.fields]
    for column, word in zip(text.word_columns, text.words, strict=True):
        found[column].append(word)
    return found


def _fields(text: Any) -> tuple[str, ...]:
    fields: tuple[str, ...] = text.fields
    return fields


@lru_cache(maxsize=4096)
def _clusters(text: str) -> tuple[str, ...]:
    return tuple(clusters(text))


@lru_cache(maxsize=8)
def _lines(path: str) -> tuple[str, ...]:
    try:
        text = Path(path).expanduser().read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise MissingPart(f"constraints.protected_file {path} cannot be read: {error}") from None
    return tuple(line.strip() for line in text.splitlines() if line.strip())
