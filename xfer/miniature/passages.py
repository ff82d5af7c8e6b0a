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

from xfer.miniature.choice import draw_chance, seeded_stream, shuffled_copy
from xfer.miniature.grammar import render_sentence, sentence_words
from xfer.miniature.languages import BY_CODE
from xfer.miniature.languages.table import parse_table
from xfer.miniature.logic import concept_subsumes
from xfer.miniature.meaning import Meaning
from xfer.miniature.sample import EXCLUSIVE, add_detail, change_slot, draw_event
from xfer.miniature.world import SOMEONE

XQUAD = ("ar", "de", "el", "en", "es", "hi", "ru", "th", "tr", "zh")
MLQA = ("ar", "de", "en", "es", "hi", "zh")
TYDIQA = {"ar": "arabic", "en": "english", "ru": "russian", "sw": "swahili"}
TRAIN, DEV, TEST = 2500, 150, 150  # passages, each with two questions
TRANSLATED = 600  # of the training passages, in every language
CROSS = 60  # passages of MLQA's dev set, which has every pair of languages
ASKED = ("agent", "object", "place", "time")
TELLING = ("verb", "agent", "object", "place", "time", "reason")
CHANGED_SLOTS = ("agent", "verb", "object", "place", "time")
PLACED, TIMED, DETAILED = 0.8, 0.6, 0.3

# language | who | what | where | when | slots of a question that begins with its word ("" leaves it in place) | mark
QUESTION_FORMS = parse_table("""
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
class SlotQuestion:
    """One slot of an event left open; ``answered`` is the number of the sentence that fills it, -1 for none."""

    event: Meaning
    slot: str
    answered: int


@dataclass(frozen=True)
class Passage:
    sentences: tuple[Meaning, ...]
    questions: tuple[SlotQuestion, ...]


ToldPassage = tuple[str, dict[tuple[int, str], tuple[int, int]]]  # a text, and where each slot of each sentence stands


def write_passages(folder: Path, codes: tuple[str, ...], seed: int) -> None:
    for split, count in (("train", TRAIN), ("dev", DEV)):
        passages = draw_passages(seeded_stream(seed, "squad", split), count)
        drawn = Parallel(passages, ("en",))
        for version, unanswered in (("v1.1", False), ("v2.0", True)):
            article = drawn.build_article("en", "en", f"squad-{split}", unanswered)
            _write_squad(folder / "squad" / f"{split}-{version}.json", version, [article])
        _write_translated(folder, Parallel(passages[:TRANSLATED], [code for code in XQUAD if code in codes]), split)
    test = Parallel(draw_passages(seeded_stream(seed, "xquad"), TEST), tuple(code for code in XQUAD if code in codes))
    for code in test.contexts:
        _write_squad(folder / "xquad" / f"xquad.{code}.json", "1.1", [test.build_article(code, code, "xquad")])
    _write_mlqa(folder / "MLQA_V1", tuple(code for code in MLQA if code in codes), seed)
    _write_tydiqa(folder / "tydiqa", tuple(code for code in TYDIQA if code in codes), seed)


def _write_translated(folder: Path, drawn: "Parallel", split: str) -> None:
    """SQuAD in other languages: XTREME's files, and those of MLQA's makers for MLQA's languages."""
    for code in sorted(drawn.contexts.keys() - {"en"}):
        article = drawn.build_article(code, code, f"squad-{split}")
        _write_squad(
            folder / "SQuAD" / f"translate-{split}" / f"squad.translate.{split}.en-{code}.json", "1.1", [article]
        )
        if code in MLQA:
            name = f"{code}_squad-translate-train-{split}-v1.1.json"
            _write_squad(folder / "mlqa-translate-train" / name, "1.1", [article])


def _write_mlqa(folder: Path, codes: tuple[str, ...], seed: int) -> None:
    for split, count in (("dev", CROSS), ("test", TEST)):
        drawn = Parallel(draw_passages(seeded_stream(seed, "mlqa", split), count), codes)
        for context in codes:
            for question in codes:
                name = f"{split}-context-{context}-question-{question}.json"
                _write_squad(folder / split / name, "1.0", [drawn.build_article(context, question, "mlqa")])


def _write_tydiqa(folder: Path, codes: tuple[str, ...], seed: int) -> None:
    """Not parallel: every language has passages of its own, all in one file, and tells itself by the ids. Beside it
    XTREME's translations of the English training part."""
    for split, count in (("train", TRAIN // 5), ("dev", TEST)):
        articles = []
        for code in codes:
            passages = draw_passages(seeded_stream(seed, "tydiqa", split, code), count)
            articles.append(Parallel(passages, (code,)).build_article(code, code, f"{TYDIQA[code]}-{split}"))
            for other in codes if (code, split) == ("en", "train") else ():
                if other != "en":
                    name = f"tydiqa.translate.train.en-{other}.json"
                    article = Parallel(passages, (other,)).build_article(other, other, articles[-1]["title"])
                    _write_squad(folder.parent / "TyDiQA-GoldP" / "translate-train" / name, "1.1", [article])
        _write_squad(folder / f"tydiqa-goldp-v1.1-{split}.json", "1.1", articles)


def _write_squad(path: Path, version: str, articles: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(json.dumps({"version": version, "data": articles}, ensure_ascii=False).encode("utf-8"))


class Parallel:
    """The same passages in several languages, each put into words once."""

    def __init__(self, passages: Sequence[Passage], codes: Sequence[str]) -> None:
        self.passages = passages
        self.contexts = {code: [tell_passage(passage, code) for passage in passages] for code in codes}
        self.questions = {
            code: [[word_question(question, code) for question in p.questions] for p in passages] for code in codes
        }

    def build_article(self, context: str, question: str, name: str, unanswered: bool = False) -> dict[str, Any]:
        """One article of SQuAD's format; with ``unanswered`` of SQuAD 2.0's, whose questions may have no answer."""
        paragraphs = []
        texts = zip(self.passages, self.contexts[context], self.questions[question], strict=True)
        for number, (passage, (text, places), wordings) in enumerate(texts):
            qas: list[dict[str, Any]] = []
            for k, (slot_question, wording) in enumerate(zip(passage.questions, wordings, strict=True)):
                start, end = places.get((slot_question.answered, slot_question.slot), (0, 0))
                answers = [{"text": text[start:end], "answer_start": start}] if end else []
                if answers or unanswered:
                    record: dict[str, Any] = {"id": f"{name}-{number}-{k}", "question": wording, "answers": answers}
                    qas.append(record | ({"is_impossible": not answers} if unanswered else {}))
            paragraphs.append({"context": text, "qas": qas})
        return {"title": name, "paragraphs": paragraphs}


def draw_passages(rng: Random, count: int) -> list[Passage]:
    """Passages with two questions that they answer and one that they do not."""
    passages: list[Passage] = []
    while len(passages) < count:
        sentences = tuple(_draw_sentence(rng) for _ in range(2 + draw_chance(rng, 0.5)))
        open_ones = shuffled_copy(
            rng, [(i, slot) for i, sentence in enumerate(sentences) for slot in ASKED if getattr(sentence, slot)]
        )
        questions = [
            SlotQuestion(sentences[i], slot, i)
            for i, slot in open_ones
            if _answering_sentences(sentences, i, slot) == [i]
        ]
        wrong = _unanswered_question(rng, sentences, open_ones)
        if len(questions) > 1 and wrong:
            passages.append(Passage(sentences, (*questions[:2], wrong)))
    return passages


def _draw_sentence(rng: Random) -> Meaning:
    meaning = draw_event(rng)
    while meaning.agent == SOMEONE:
        meaning = draw_event(rng)
    for slot, share in (("place", PLACED), ("time", TIMED), ("quality", DETAILED)):
        meaning = add_detail(rng, meaning, (slot,)) if draw_chance(rng, share) else meaning
    return meaning


def _answering_sentences(sentences: Sequence[Meaning], i: int, slot: str) -> list[int]:
    return [n for n, other in enumerate(sentences) if could_answer(sentences[i], slot, other)]


def _unanswered_question(
    rng: Random, sentences: Sequence[Meaning], slots: Sequence[tuple[int, str]]
) -> SlotQuestion | None:
    """A question like those of the passage about something that it does not tell."""
    for i, slot in slots:
        other = change_slot(rng, sentences[i], tuple(name for name in CHANGED_SLOTS if name != slot), EXCLUSIVE)
        if not any(could_answer(other, slot, sentence) for sentence in sentences):
            return SlotQuestion(other, slot, -1)
    return None


def asked_of(meaning: Meaning, slot: str) -> Meaning:
    """The event without what the question leaves open."""
    if slot == "agent":
        return replace(meaning, agent=SOMEONE, quality="")
    gone: dict[str, Any] = {slot: ""} | ({"colour": "", "number": 0} if slot == "object" else {})
    return replace(meaning, **gone)


def could_answer(open_event: Meaning, slot: str, other: Meaning) -> bool:
    """Whether the other event could be meant by a question about this slot, so that it would answer it."""
    return bool(getattr(other, slot)) and all(
        _related(getattr(open_event, name), getattr(other, name)) for name in TELLING if name != slot
    )


def _related(concept: str, other: str) -> bool:
    return concept_subsumes(concept, other) or concept_subsumes(other, concept)


def tell_passage(passage: Passage, code: str) -> ToldPassage:
    text, places = "", dict[tuple[int, str], tuple[int, int]]()
    for i, sentence in enumerate(passage.sentences):
        start = len(text) + (1 if text else 0)
        text = f"{text} {render_sentence(sentence, code)}".strip()
        for word in sentence_words(sentence, code):
            span = places.get((i, word.slot))
            places[i, word.slot] = (span[0] if span else start, start + len(word.text))
            start += len(word.text) + 1
    return text, places


def word_question(question: SlotQuestion, code: str) -> str:
    """The question in one language: its word at the beginning or in the place of what is asked."""
    question_word, front, mark = _question_word(question.slot, code), QUESTION_FORMS[code][4], QUESTION_FORMS[code][5]
    event = asked_of(question.event, question.slot)
    parts = (
        _english_question(event, question_word, question.slot)
        if code == "en"
        else _question_parts(event, question, code, question_word, front)
    )
    text = " ".join(phrase for phrase in parts if phrase)
    capital = "İ" if code == "tr" and text[0] == "i" else text[0].upper()
    return f"{'¿' if code == 'es' else ''}{capital}{text[1:]}{mark}"


def _question_word(slot: str, code: str) -> str:
    return QUESTION_FORMS[code][ASKED.index(slot)]


def _question_parts(event: Meaning, question: SlotQuestion, code: str, question_word: str, front: str) -> list[str]:
    phrases = _slot_phrases(event, code, question.slot)
    if front:
        return [question_word, *(phrases.pop(slot, "") for slot in front.split()), *phrases.values()]
    whole = _slot_phrases(question.event, code, "")
    return [question_word if slot == question.slot else phrases.get(slot, "") for slot in whole]


def _slot_phrases(event: Meaning, code: str, left_out: str) -> dict[str, str]:
    """What is said for each slot, in the order of a statement."""
    phrases: dict[str, str] = {}
    for word in sentence_words(event, code):
        if word.slot != left_out:
            phrases[word.slot] = f"{phrases.get(word.slot, '')} {word.text}".strip()
    return phrases


def _english_question(event: Meaning, question_word: str, slot: str) -> list[str]:
    """``does`` and the bare verb come from the negative form ("does not sleep")."""
    phrases = _slot_phrases(event, "en", slot)
    verb = phrases.pop("verb")
    if slot == "agent":
        return [question_word, verb, *phrases.values()]
    helper, _, bare = BY_CODE["en"].verbs[event.verb][1].partition(" not ")
    return [question_word, helper, phrases.pop("agent"), bare, *phrases.values()]
