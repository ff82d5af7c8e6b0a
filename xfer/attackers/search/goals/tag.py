"""``tag``: enough wrong tags."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, ClassVar

from xfer.attackers.search.candidate import EditableText
from xfer.attackers.search.goal import DEFAULT_BOUND
from xfer.attackers.search.goals.base import AttackedTask, GoalRow
from xfer.attackers.search.outcome import SearchRefused
from xfer.forms.texts import is_blank, is_entity_tag
from xfer.text.tokens import script_alphabet


class TagAim:
    """Wrong tags on a share of the gold tokens: those of entities where the data set has them (``goal.tokens``).

    Words are those of the data set and are never split again; blank ones are never touched. An item is (words, gold
    numbers), -1 where a word does not count; an answer is (p(gold) of the words that count, whether each is right). The
    score is the mean 1 - p(gold); the aim is reached where the share of wrong ones reaches ``goal.bound``. The default
    of half, on entity tokens, is our choice: SeqAttack (Simoncini & Spanakis 2021) asks for any change of the sequence.
    """

    form: ClassVar[str] = "tag"

    def __init__(self, task: AttackedTask) -> None:
        self.task = task
        self.number = {label: i for i, label in enumerate(task.labels)}
        entities = is_entity_tag(task.labels)
        self.entities = task.goal.tokens == "entities" if task.goal.tokens else entities
        self.bound = task.goal.bound or DEFAULT_BOUND

    def text_columns(self, row: GoalRow) -> tuple[str, ...]:
        return ("text",)

    def editable_text(self, row: GoalRow, kind: type[Any] = EditableText) -> Any:
        words, tags = row.get("words"), row.get("tags")
        if not words or not all(isinstance(word, str) for word in words):
            raise SearchRefused("the sentence holds no words")
        placed, start = [], 0
        for word in words:
            placed.append((0, start, start + len(word)))
            start += len(word) + 1
        frozen = self.task.locks.frozen_words(("text",), [(0, word) for word in words], tags)
        frozen |= {i for i, word in enumerate(words) if is_blank(word)}
        return kind([" ".join(words)], placed, script_alphabet(words), tags=tags, frozen=frozen, given=True)

    def victim_item(self, text: Any) -> Hashable:
        return tuple(text.words), tuple(self.number[tag] if self._counts(tag) else -1 for tag in text.tags)

    def gold_answer(self, row: GoalRow) -> None:
        tags = row.get("tags")
        if tags is None:
            raise SearchRefused("the tags are withheld")
        wrong = [tag for tag in tags if tag not in self.number]
        if wrong or len(tags) != len(row["words"]):
            what = f"tag {wrong[0]!r} is not one the model knows" if wrong else "there is not one tag a word"
            raise SearchRefused(what)
        if not any(map(self._counts, tags)):
            raise SearchRefused("the sentence holds no entity", "skipped")

    def judge_answer(self, answer: Any, gold: None) -> tuple[float, bool]:
        sure, right = answer
        if not len(sure):  # every word that counts is deleted
            return 0.0, False
        return 1.0 - float(sure.mean()), 1.0 - float(right.mean()) >= self.bound

    def changed_row(self, row: GoalRow, text: Any) -> GoalRow:
        words = list(text.words)
        return row | {"text": " ".join(words), "words": words, "tags": list(text.tags)}

    def _counts(self, tag: str) -> bool:
        return tag != "O" if self.entities else True
