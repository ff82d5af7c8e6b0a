"""Multiple choice whose right option is true by construction, in the official layouts.

A group holds as many claims as there are options, no two of which can both be true, and for each claim a premise
that entails it and rules out all others. So every option is right for one premise of its group and wrong for the
rest: options alone tell nothing. Asked the other way round (which of the premises led to this claim?) the same
group gives questions for a cause.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from xfer.miniature.choice import draw_chance, pick_one, seeded_stream, shuffled_copy
from xfer.miniature.files import write_json_lines, write_lines
from xfer.miniature.grammar import render_sentence
from xfer.miniature.logic import CONTRADICTION, ENTAILMENT, pair_relation
from xfer.miniature.meaning import Meaning
from xfer.miniature.sample import DETAILS, EXCLUSIVE, MORE_SPECIAL, add_detail, change_slot, draw_event

LETTERS = "ABCDE"
XCOPA = ("sw", "th", "tr", "zh")
# What says whether a cause or an effect is asked is read from the Estonian file, as XCOPA's own needs it. The world
# does not speak Estonian: its rows are in English.
ESTONIAN = "et"
CLAIM_DETAILS = ("place", "time")
CLAIM_MOVES = ("verb", "object", "colour", "quality", "place", "time")
WORDS = ("agent", "verb", "object", "place")  # where a more special word keeps a premise from repeating its claim
DENIED_SLOTS = ("verb", "place", "time")  # where an event may differ from one that is denied (see pairs)
# Of the claims, those in a place of which there are more special ones, and of those for two options those that one
# denies. Premises share no more words with such a claim than with its rivals.
WIDE_SHARE = 0.6
WIDE_PLACES = ("house", "school", "outside")
NEGATED = 0.3
SPECIAL_SHARE = 0.6  # of the premises, those in other words than the claim's
DETAIL = 0.6  # of the premises, those with a detail more
CAUSES = 0.5
CLAIM_TRIES = 12


class Group(NamedTuple):
    """Claims that exclude each other, and for each the premise that it follows from."""

    claims: tuple[Meaning, ...]
    premises: tuple[Meaning, ...]


class ChoiceQuestion(NamedTuple):
    """A question: ``options[label]`` follows from ``text``, or for a cause the other way round."""

    text: Meaning
    options: tuple[Meaning, ...]
    label: int
    cause: bool


def draw_group(rng: Random, size: int) -> Group:
    """A random group of ``size`` claims."""
    while True:
        claims = _claims(rng, size)
        premises = [_claim_premise(rng, i, claims) for i in range(len(claims))]
        if len(claims) == size and all(premises):
            return Group(tuple(claims), tuple(premise for premise in premises if premise))


def _claims(rng: Random, size: int) -> list[Meaning]:
    wide = draw_chance(rng, WIDE_SHARE)
    first = draw_event(rng)
    first = replace(first, place=pick_one(rng, WIDE_PLACES)) if wide else add_detail(rng, first, CLAIM_DETAILS)
    moves = ("place",) if wide and size <= len(WIDE_PLACES) else CLAIM_MOVES
    if size == 2 and not first.number and draw_chance(rng, NEGATED):  # no third claim would exclude both
        return shuffled_copy(rng, [first, replace(first, negated=True)])
    claims = [first]
    for _ in range(CLAIM_TRIES):
        if len(claims) == size:
            break
        claim = change_slot(rng, pick_one(rng, claims), moves, EXCLUSIVE)
        if all(pair_relation(claim, other) == CONTRADICTION for other in claims):
            claims.append(claim)
    return claims


def _claim_premise(rng: Random, index: int, claims: Sequence[Meaning]) -> Meaning | None:
    """What entails one claim and rules out all others; None where none was found."""
    claim = claims[index]
    for _ in range(CLAIM_TRIES):
        if claim.negated:
            premise = change_slot(rng, replace(claim, negated=False), DENIED_SLOTS, EXCLUSIVE)
        else:
            premise = change_slot(rng, claim, WORDS, MORE_SPECIAL) if draw_chance(rng, SPECIAL_SHARE) else claim
        premise = add_detail(rng, premise, DETAILS) if draw_chance(rng, DETAIL) else premise
        wanted = (ENTAILMENT if i == index else CONTRADICTION for i in range(len(claims)))
        relations = (pair_relation(premise, claim) for claim in claims)
        if premise != claim and all(a == b for a, b in zip(relations, wanted, strict=True)):
            return premise
    return None


def draw_questions(rng: Random, size: int, options: int, seen: set[frozenset[Meaning]]) -> list[ChoiceQuestion]:
    """``size`` questions, shuffled; each label is right equally often. ``seen`` keeps groups apart from others."""
    questions: list[ChoiceQuestion] = []
    while len(questions) < size:
        drawn = draw_group(rng, options)
        if frozenset(drawn.claims) in seen:
            continue
        seen.add(frozenset(drawn.claims))
        cause = draw_chance(rng, CAUSES)
        texts, sides = (drawn.claims, drawn.premises) if cause else (drawn.premises, drawn.claims)
        order = shuffled_copy(rng, range(options))
        questions += [
            ChoiceQuestion(texts[i], tuple(sides[j] for j in order), order.index(i), cause) for i in range(options)
        ]
    return shuffled_copy(rng, questions)[:size]


def write_choices(folder: Path, codes: Sequence[str], seed: int) -> None:
    """All sets; held-out splits are drawn first, and no set of claims is used twice."""
    seen: set[frozenset[Meaning]] = set()
    draw: Callable[..., list[ChoiceQuestion]] = partial(_draw_split, seed=seed, seen=seen)
    _write_copa(folder, codes, draw)
    for split in ("test", "dev", "train"):
        for write, name, options, count in SETS:
            write(folder, split, draw(name, split, count if split == "train" else HELD_OUT, options))


def _draw_split(
    name: str, split: str, size: int, options: int, seed: int, seen: set[frozenset[Meaning]]
) -> list[ChoiceQuestion]:
    return draw_questions(seeded_stream(seed, "choices", name, split), size, options, seen)


def _write_copa(folder: Path, codes: Sequence[str], draw: Callable[..., list[ChoiceQuestion]]) -> None:
    """English COPA, and its dev and test in the languages of XCOPA: the same questions in each."""
    for split, size in (("test", 500), ("val", 100), ("train", 400)):
        drawn = draw("copa", split, size, 2)
        write_json_lines(folder / "COPA" / f"{split}.jsonl", _copa_rows(drawn, "en", split != "test"))
        for code in (ESTONIAN, *(code for code in XCOPA if code in codes)) if split != "train" else ():
            path = folder / "xcopa" / "data" / code / f"{split}.{code}.jsonl"
            write_json_lines(
                path, (row | {"changed": False} for row in _copa_rows(drawn, "en" if code == ESTONIAN else code))
            )


def _copa_rows(drawn: Sequence[ChoiceQuestion], code: str, labelled: bool = True) -> Iterator[dict[str, Any]]:
    for number, item in enumerate(drawn):
        texts = [render_sentence(meaning, code) for meaning in (item.text, *item.options)]
        row: dict[str, Any] = dict(zip(("premise", "choice1", "choice2"), texts, strict=True))
        row["question"] = "cause" if item.cause else "effect"
        yield row | ({"label": item.label} if labelled else {}) | {"idx": number}


def _write_social(folder: Path, split: str, drawn: Sequence[ChoiceQuestion]) -> None:
    def record(item: ChoiceQuestion) -> dict[str, Any]:
        answers = {
            f"answer{letter}": render_sentence(option, "en") for letter, option in zip("ABC", item.options, strict=True)
        }
        question = "What did this follow from?" if item.cause else "What follows from this?"
        return {
            "context": render_sentence(item.text, "en"),
            "question": question,
            **answers,
            "correct": LETTERS[item.label],
        }

    file_split = {"train": "trn", "dev": "dev", "test": "tst"}[split]
    write_json_lines(folder / "siqa" / f"socialIQa_v1.4_{file_split}.jsonl", map(record, drawn))


def _write_hellaswag(folder: Path, split: str, drawn: Sequence[ChoiceQuestion]) -> None:
    def record(number: int, item: ChoiceQuestion) -> dict[str, Any]:
        text, name = render_sentence(item.text, "en"), "val" if split == "dev" else split
        row = {"ind": number, "activity_label": "", "ctx_a": text, "ctx_b": "", "ctx": text, "split": name}
        label = {} if split == "test" else {"label": item.label}
        endings = [render_sentence(option, "en") for option in item.options]
        return row | {"split_type": "indomain"} | label | {"endings": endings, "source_id": f"world~{number}"}

    name = f"hellaswag_{'val' if split == 'dev' else split}.jsonl"
    write_json_lines(folder / "hellaswag" / "data" / name, (record(*pair) for pair in enumerate(drawn)))


def _write_cosmos(folder: Path, split: str, drawn: Sequence[ChoiceQuestion]) -> None:
    """Comma-separated with a header, except for the test. No cell of the world needs quotes."""
    columns = ("id", "context", "question", *(f"answer{i}" for i in range(4)))
    rows = []
    for number, item in enumerate(drawn):
        question = "What may have happened before ?" if item.cause else "What may be true of this ?"
        endings = [render_sentence(option, "en") for option in item.options]
        rows.append([f"world##{split}_{number}", render_sentence(item.text, "en"), question, *endings])
    folder_path = folder / "cosmosqa" / "data"
    if split == "test":
        write_json_lines(folder_path / "test.jsonl", (dict(zip(columns, row, strict=True)) for row in rows))
    else:
        lines = (f"{','.join(row)},{item.label}" for row, item in zip(rows, drawn, strict=True))
        write_lines(
            folder_path / f"{'valid' if split == 'dev' else split}.csv", [",".join((*columns, "label")), *lines]
        )


def _write_commonsense(folder: Path, split: str, drawn: Sequence[ChoiceQuestion]) -> None:
    def record(number: int, item: ChoiceQuestion) -> dict[str, Any]:
        choices = [
            {"label": letter, "text": render_sentence(o, "en")} for letter, o in zip(LETTERS, item.options, strict=True)
        ]
        ask = "Why is that?" if item.cause else "What else is true?"
        question = {"question_concept": "", "choices": choices, "stem": f"{render_sentence(item.text, 'en')} {ask}"}
        answer = {} if split == "test" else {"answerKey": LETTERS[item.label]}
        return answer | {"id": f"{split}{number}", "question": question}

    name = f"{split}_rand_split{'_no_answers' if split == 'test' else ''}.jsonl"
    write_json_lines(folder / "commonsenseqa" / name, (record(*pair) for pair in enumerate(drawn)))


HELD_OUT = 300
SETS: tuple[tuple[Callable[[Path, str, Sequence[ChoiceQuestion]], None], str, int, int], ...] = (
    (_write_social, "siqa", 3, 6000),
    (_write_hellaswag, "hellaswag", 4, 4000),
    (_write_cosmos, "cosmos", 4, 2000),
    (_write_commonsense, "commonsense", 5, 2000),
)
