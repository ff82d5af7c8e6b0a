"""A small search for tests: one word becomes ``roofs``, whichever hurts the victim most, within a budget."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from xfer.attackers.search import scheduler
from xfer.attackers.search.base import Search, Setting
from xfer.attackers.search.outcome import SearchOutcome
from xfer.attackers.search.runner import Slot


class Swap(Search):
    """Changes the text of single sentences only."""

    forms: ClassVar[tuple[str, ...]] = ("classify",)
    word: str = Field("roofs", description="what a word becomes")
    budget: int = Field(6, description="questions a row")

    def make_slot(self, setting: Setting) -> Slot:
        aim = setting.aim

        def look(rows: list[dict[str, Any]]) -> list[tuple[float, bool]]:
            answers = scheduler.ask_oracle("victim", [aim.victim_item(aim.editable_text(row)) for row in rows])
            return [aim.judge_answer(answer, aim.gold_answer(rows[0])) for answer in answers]

        def work(row: dict[str, Any]) -> SearchOutcome:
            ((score, wrong),) = look([row])
            words = row["text"].split()
            places = range(min(len(words), self.budget - 1))
            texts = [" ".join([*words[:i], self.word, *words[i + 1 :]]) for i in places]
            if wrong:
                return SearchOutcome("skipped", row, 1, score)
            found = look([row | {"text": text} for text in texts])
            best = max(places, key=lambda i: found[i][0])
            status = "succeeded" if found[best][1] else "failed"
            return SearchOutcome(status, row | {"text": texts[best]}, 1 + len(texts), found[best][0])

        return work
