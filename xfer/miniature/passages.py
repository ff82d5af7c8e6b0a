"""Short passages with questions whose answers stand in them, in the official layouts of SQuAD and its family.

A passage tells two or three events. A question leaves one thing of one event open and is asked only where no
other event of the passage would answer it too.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from xfer.miniature.choice import chance, shuffled, stream
from xfer.miniature.grammar import render, words
from xfer.miniature.languages import BY_CODE
from xfer.miniature.languages.table import table
from xfer.miniature.logic import subsumes
from xfer.miniature.meaning import Meaning
from xfer.miniature.sample import EXCLUSIVE, add_detail, change, event
from xfer.miniature.world import SOMEONE

XQUAD = ("ar", "de", "el", "en", "es", "hi", "ru", "th", "tr", "zh")
MLQA = ("ar", "de", "en", "es", "hi", "zh")
TYDIQA = {"ar": "arabic", "en": "english", "ru": "russian", "sw": "swahili"}
TRAIN, DEV, TEST = 2500, 150, 150  # passages, each with two questions
TRANSLATED = 600  # of the training passages, in every language
CROSS = 60  # passages of MLQA's dev set, which has every pair of languages
ASKED = ("agent", "object", "place", "time")
TELLING = ("verb", "agent", "object", "place", "time", "reason")
CHANGED = ("agent", "verb", "object", "place", "time")
PLACED, TIMED, DETAILED = 0.8, 0.6, 0.3

# language | who | what | where | when | slots of a question that begins with its word ("" leaves it in place) | mark
QUESTIONS = table("""
ar | من | ماذا | أين | متى | verb agent object place time | ؟
de | wer | was | wo | wann | verb agent object time place | ?
el | ποιος | τι | πού | πότε | verb agent object place time | ;
en | who | what | where | when | verb agent object place time | ?
es | quién | qué | dónde | cuándo | verb agent object place time | ?
hi | कौन | क्या | कहाँ | कब | | ?
ru | кто | что | где | когда | agent verb object place time | ?
sw | nani | nini | wapi | lini | | ?
th | ใคร | อะไร | ที่ไหน | เมื่อไร | |
tr | kim | ne | nerede | ne zaman | | ?
zh | 谁 | 什么 | 在 哪里 | 什么 时候 | | ？
""")


@dataclass(frozen=True)
class Question:
    """One slot of an event left open; ``answered`` is the number of the sentence that fills it, -1 for none."""

    event: Meaning
    slot: str
    answered: int


@dataclass(frozen=True)
class Passage:
    sentences: tuple[Meaning, ...]
    questions: tuple[Question, ...]


Told = tuple[str, dict[tuple[int, str], tuple[int, int]]]  # a text, and where each slot of each sentence stands


def write_passages(folder: Path, codes: tuple[str, ...], seed: int) -> None:
    for split, count in (("train", TRAIN), ("dev", DEV)):
        passages = draw(stream(seed, "squad", split), count)
        drawn = Parallel(passages, ("en",))
        for version, unanswered in (("v1.1", False), ("v2.0", True)):
            article = drawn.article("en", "en", f"squad-{split}", unanswered)
            _write(folder / "squad" / f"{split}-{version}.json", version, [article])
        _write_translated(folder, Parallel(passages[:TRANSLATED], [code for code in XQUAD if code in codes]), split)
    test = Parallel(draw(stream(seed, "xquad"), TEST), tuple(code for code in XQUAD if code in codes))
    for code in test.contexts:
        _write(folder / "xquad" / f"xquad.{code}.json", "1.1", [test.article(code, code, "xquad")])
    _write_mlqa(folder / "MLQA_V1", tuple(code for code in MLQA if code in codes), seed)
    _write_tydiqa(folder / "tydiqa", tuple(code for code in TYDIQA if code in codes), seed)


def _write_translated(folder: Path, drawn: "Parallel", split: str) -> None:
    """SQuAD in other languages: XTREME's files, and those of MLQA's makers for MLQA's languages."""
    for code in sorted(drawn.contexts.keys() - {"en"}):
        article = drawn.article(code, code, f"squad-{split}")
        _write(folder / "SQuAD" / f"translate-{split}" / f"squad.translate.{split}.en-{code}.json", "1.1", [article])
        if code in MLQA:
            name = f"{code}_squad-translate-train-{split}-v1.1.json"
            _write(folder / "mlqa-translate-train" / name, "1.1", [article])


def _write_mlqa(folder: Path, codes: tuple[str, ...], seed: int) -> None:
    for split, count in (("dev", CROSS), ("test", TEST)):
        drawn = Parallel(draw(stream(seed, "mlqa", split), count), codes)
        for context in codes:
            for question in codes:
                name = f"{split}-context-{context}-question-{question}.json"
                _write(folder / split / name, "1.0", [drawn.article(context, question, "mlqa")])


def _write_tydiqa(folder: Path, codes: tuple[str, ...], seed: int) -> None:
    """Not parallel: every language has passages of its own, all in one file, and tells itself by the ids. Beside it
    XTREME's translations of the English training part."""
    for split, count in (("train", TRAIN // 5), ("dev", TEST)):
        articles = []
        for code in codes:
            passages = draw(stream(seed, "tydiqa", split, code), count)
            articles.append(Parallel(passages, (code,)).article(code, code, f"{TYDIQA[code]}-{split}"))
            for other in codes if (code, split) == ("en", "train") else ():
                if other != "en":
                    name = f"tydiqa.translate.train.en-{other}.json"
                    article = Parallel(passages, (other,)).article(other, other, articles[-1]["title"])
                    _write(folder.parent / "TyDiQA-GoldP" / "translate-train" / name, "1.1", [article])
        _write(folder / f"tydiqa-goldp-v1.1-{split}.json", "1.1", articles)


def _write(path: Path, version: str, articles: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(json.dumps({"version": version, "data": articles}, ensure_ascii=False).encode("utf-8"))


class Parallel:
    """The same passages in several languages, each put into words once."""

    def __init__(self, passages: Sequence[Passage], codes: Sequence[str]) -> None:
        self.passages = passages
        self.contexts = {code: [told(passage, code) for passage in passages] for code in codes}
        self.questions = {code: [[ask(one, code) for one in p.questions] for p in passages] for code in codes}

    def article(self, context: str, question: str, name: str, unanswered: bool = False) -> dict[str, Any]:
        """One article of SQuAD's format; with ``unanswered`` of SQuAD 2.0's, whose questions may have no answer."""
        paragraphs = []
        texts = zip(self.passages, self.contexts[context], self.questions[question], strict=True)
        for number, (passage, (text, places), asked) in enumerate(texts):
            qas: list[dict[str, Any]] = []
            for k, (one, wording) in enumerate(zip(passage.questions, asked, strict=True)):
                start, end = places.get((one.answered, one.slot), (0, 0))
                answers = [{"text": text[start:end], "answer_start": start}] if end else []
                if answers or unanswered:
                    record: dict[str, Any] = {"id": f"{name}-{number}-{k}", "question": wording, "answers": answers}
                    qas.append(record | ({"is_impossible": not answers} if unanswered else {}))
            paragraphs.append({"context": text, "qas": qas})
        return {"title": name, "paragraphs": paragraphs}


def draw(rng: Random, count: int) -> list[Passage]:
    """Passages with two questions that they answer and one that they do not."""
    found: list[Passage] = []
    while len(found) < count:
        sentences = tuple(_sentence(rng) for _ in range(2 + chance(rng, 0.5)))
        open_ones = shuffled(
            rng, [(i, slot) for i, one in enumerate(sentences) for slot in ASKED if getattr(one, slot)]
        )
        asked = [Question(sentences[i], slot, i) for i, slot in open_ones if _answers(sentences, i, slot) == [i]]
        wrong = _unanswered(rng, sentences, open_ones)
        if len(asked) > 1 and wrong:
            found.append(Passage(sentences, (*asked[:2], wrong)))
    return found


def _sentence(rng: Random) -> Meaning:
    meaning = event(rng)
    while meaning.agent == SOMEONE:
        meaning = event(rng)
    for slot, share in (("place", PLACED), ("time", TIMED), ("quality", DETAILED)):
        meaning = add_detail(rng, meaning, (slot,)) if chance(rng, share) else meaning
    return meaning


def _answers(sentences: Sequence[Meaning], i: int, slot: str) -> list[int]:
    return [n for n, other in enumerate(sentences) if fits(sentences[i], slot, other)]


def _unanswered(rng: Random, sentences: Sequence[Meaning], slots: Sequence[tuple[int, str]]) -> Question | None:
    """A question like those of the passage about something that it does not tell."""
    for i, slot in slots:
        other = change(rng, sentences[i], tuple(name for name in CHANGED if name != slot), EXCLUSIVE)
        if not any(fits(other, slot, one) for one in sentences):
            return Question(other, slot, -1)
    return None


def asked_of(meaning: Meaning, slot: str) -> Meaning:
    """The event without what the question leaves open."""
    if slot == "agent":
        return replace(meaning, agent=SOMEONE, quality="")
    gone: dict[str, Any] = {slot: ""} | ({"colour": "", "number": 0} if slot == "object" else {})
    return replace(meaning, **gone)


def fits(asked: Meaning, slot: str, other: Meaning) -> bool:
    """Whether the other event could be meant by a question about this slot, so that it would answer it."""
    return bool(getattr(other, slot)) and all(
        _near(getattr(asked, name), getattr(other, name)) for name in TELLING if name != slot
    )


def _near(one: str, other: str) -> bool:
    return subsumes(one, other) or subsumes(other, one)


def told(passage: Passage, code: str) -> Told:
    text, places = "", dict[tuple[int, str], tuple[int, int]]()
    for i, sentence in enumerate(passage.sentences):
        start = len(text) + (1 if text else 0)
        text = f"{text} {render(sentence, code)}".strip()
        for word in words(sentence, code):
            known = places.get((i, word.slot))
            places[i, word.slot] = (known[0] if known else start, start + len(word.text))
            start += len(word.text) + 1
    return text, places


def ask(question: Question, code: str) -> str:
    """The question in one language: its word at the beginning or in the place of what is asked."""
    asked, front, mark = _word(question.slot, code), QUESTIONS[code][4], QUESTIONS[code][5]
    event = asked_of(question.event, question.slot)
    parts = _english(event, asked, question.slot) if code == "en" else _parts(event, question, code, asked, front)
    text = " ".join(part for part in parts if part)
    capital = "İ" if code == "tr" and text[0] == "i" else text[0].upper()
    return f"{'¿' if code == 'es' else ''}{capital}{text[1:]}{mark}"


def _word(slot: str, code: str) -> str:
    return QUESTIONS[code][ASKED.index(slot)]


def _parts(event: Meaning, question: Question, code: str, asked: str, front: str) -> list[str]:
    said = _slots(event, code, question.slot)
    if front:
        return [asked, *(said.pop(slot, "") for slot in front.split()), *said.values()]
    whole = _slots(question.event, code, "")
    return [asked if slot == question.slot else said.get(slot, "") for slot in whole]


def _slots(event: Meaning, code: str, left_out: str) -> dict[str, str]:
    """What is said for each slot, in the order of a statement."""
    said: dict[str, str] = {}
    for word in words(event, code):
        if word.slot != left_out:
            said[word.slot] = f"{said.get(word.slot, '')} {word.text}".strip()
    return said


def _english(event: Meaning, asked: str, slot: str) -> list[str]:
    """``does`` and the bare verb come from the negative form ("does not sleep")."""
    said = _slots(event, "en", slot)
    verb = said.pop("verb")
    if slot == "agent":
        return [asked, verb, *said.values()]
    helper, _, bare = BY_CODE["en"].verbs[event.verb][1].partition(" not ")
    return [asked, helper, said.pop("agent"), bare, *said.values()]
