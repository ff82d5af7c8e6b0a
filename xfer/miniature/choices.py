"""Multiple choice whose right option is true by construction, in the official layouts.

A group holds as many claims as there are options, no two of which can both be true, and for each claim a premise
that entails it and rules out all others. So every option is right for one premise of its group and wrong for the
rest: options alone tell nothing. Asked the other way round (which of the premises led to this claim?) the same
group gives questions for a cause.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from xfer.miniature.choice import chance, pick, shuffled, stream
from xfer.miniature.files import write_lines
from xfer.miniature.grammar import render
from xfer.miniature.logic import CONTRADICTION, ENTAILMENT, relation
from xfer.miniature.meaning import Meaning
from xfer.miniature.sample import DETAILS, EXCLUSIVE, MORE_SPECIAL, add_detail, change, event

LETTERS = "ABCDE"
XCOPA = ("sw", "th", "tr", "zh")
# What says whether a cause or an effect is asked is read from the Estonian file, as XCOPA's own needs it. The world
# does not speak Estonian: its rows are in English.
ESTONIAN = "et"
CIRCUMSTANCES = ("place", "time")
MOVES = ("verb", "object", "colour", "quality", "place", "time")
WORDS = ("agent", "verb", "object", "place")  # where a more special word keeps a premise from repeating its claim
FREE = ("verb", "place", "time")  # where an event may differ from one that is denied (see pairs)
# Of the claims, those in a place of which there are more special ones, and of those for two options those that one
# denies. Premises share no more words with such a claim than with its rivals.
WIDE = 0.6
WIDE_PLACES = ("house", "school", "outside")
NEGATED = 0.3
SPECIAL = 0.6  # of the premises, those in other words than the claim's
DETAIL = 0.6  # of the premises, those with a detail more
CAUSES = 0.5
TRIES = 12


class Group(NamedTuple):
    """Claims that exclude each other, and for each the premise that it follows from."""

    claims: tuple[Meaning, ...]
    premises: tuple[Meaning, ...]


class Item(NamedTuple):
    """A question: ``options[label]`` follows from ``text``, or for a cause the other way round."""

    text: Meaning
    options: tuple[Meaning, ...]
    label: int
    cause: bool


def group(rng: Random, size: int) -> Group:
    """A random group of ``size`` claims."""
    while True:
        claims = _claims(rng, size)
        premises = [_premise(rng, i, claims) for i in range(len(claims))]
        if len(claims) == size and all(premises):
            return Group(tuple(claims), tuple(premise for premise in premises if premise))


def _claims(rng: Random, size: int) -> list[Meaning]:
    wide = chance(rng, WIDE)
    first = event(rng)
    first = replace(first, place=pick(rng, WIDE_PLACES)) if wide else add_detail(rng, first, CIRCUMSTANCES)
    moves = ("place",) if wide and size <= len(WIDE_PLACES) else MOVES
    if size == 2 and not first.number and chance(rng, NEGATED):  # no third claim would exclude both
        return shuffled(rng, [first, replace(first, negated=True)])
    claims = [first]
    for _ in range(TRIES):
        if len(claims) == size:
            break
        claim = change(rng, pick(rng, claims), moves, EXCLUSIVE)
        if all(relation(claim, other) == CONTRADICTION for other in claims):
            claims.append(claim)
    return claims


def _premise(rng: Random, place: int, claims: Sequence[Meaning]) -> Meaning | None:
    """What entails one claim and rules out all others; None where none was found."""
    claim = claims[place]
    for _ in range(TRIES):
        if claim.negated:
            premise = change(rng, replace(claim, negated=False), FREE, EXCLUSIVE)
        else:
            premise = change(rng, claim, WORDS, MORE_SPECIAL) if chance(rng, SPECIAL) else claim
        premise = add_detail(rng, premise, DETAILS) if chance(rng, DETAIL) else premise
        wanted = (ENTAILMENT if i == place else CONTRADICTION for i in range(len(claims)))
        found = (relation(premise, claim) for claim in claims)
        if premise != claim and all(a == b for a, b in zip(found, wanted, strict=True)):
            return premise
    return None


def items(rng: Random, size: int, options: int, seen: set[frozenset[Meaning]]) -> list[Item]:
    """``size`` questions, shuffled; each label is right equally often. ``seen`` keeps groups apart from others."""
    found: list[Item] = []
    while len(found) < size:
        drawn = group(rng, options)
        if frozenset(drawn.claims) in seen:
            continue
        seen.add(frozenset(drawn.claims))
        cause = chance(rng, CAUSES)
        texts, sides = (drawn.claims, drawn.premises) if cause else (drawn.premises, drawn.claims)
        order = shuffled(rng, range(options))
        found += [Item(texts[i], tuple(sides[j] for j in order), order.index(i), cause) for i in range(options)]
    return shuffled(rng, found)[:size]


def write_choices(folder: Path, codes: Sequence[str], seed: int) -> None:
    """All sets; held-out splits are drawn first, and no set of claims is used twice."""
    seen: set[frozenset[Meaning]] = set()
    draw: Callable[..., list[Item]] = partial(_draw, seed=seed, seen=seen)
    _write_copa(folder, codes, draw)
    for split in ("test", "dev", "train"):
        for write, name, options, count in SETS:
            write(folder, split, draw(name, split, count if split == "train" else HELD_OUT, options))


def _draw(name: str, split: str, size: int, options: int, seed: int, seen: set[frozenset[Meaning]]) -> list[Item]:
    return items(stream(seed, "choices", name, split), size, options, seen)


def _lines(path: Path, records: Iterator[dict[str, Any]]) -> None:
    write_lines(path, (json.dumps(record, ensure_ascii=False) for record in records))


def _write_copa(folder: Path, codes: Sequence[str], draw: Callable[..., list[Item]]) -> None:
    """English COPA, and its dev and test in the languages of XCOPA: the same questions in each."""
    for split, size in (("test", 500), ("val", 100), ("train", 400)):
        drawn = draw("copa", split, size, 2)
        _lines(folder / "COPA" / f"{split}.jsonl", _copa(drawn, "en", split != "test"))
        for code in (ESTONIAN, *(code for code in XCOPA if code in codes)) if split != "train" else ():
            path = folder / "xcopa" / "data" / code / f"{split}.{code}.jsonl"
            _lines(path, (row | {"changed": False} for row in _copa(drawn, "en" if code == ESTONIAN else code)))


def _copa(drawn: Sequence[Item], code: str, labelled: bool = True) -> Iterator[dict[str, Any]]:
    for number, item in enumerate(drawn):
        said = [render(meaning, code) for meaning in (item.text, *item.options)]
        row: dict[str, Any] = dict(zip(("premise", "choice1", "choice2"), said, strict=True))
        row["question"] = "cause" if item.cause else "effect"
        yield row | ({"label": item.label} if labelled else {}) | {"idx": number}


def _write_social(folder: Path, split: str, drawn: Sequence[Item]) -> None:
    def record(item: Item) -> dict[str, Any]:
        answers = {f"answer{letter}": render(one, "en") for letter, one in zip("ABC", item.options, strict=True)}
        question = "What did this follow from?" if item.cause else "What follows from this?"
        return {"context": render(item.text, "en"), "question": question, **answers, "correct": LETTERS[item.label]}

    part = {"train": "trn", "dev": "dev", "test": "tst"}[split]
    _lines(folder / "siqa" / f"socialIQa_v1.4_{part}.jsonl", map(record, drawn))


def _write_hellaswag(folder: Path, split: str, drawn: Sequence[Item]) -> None:
    def record(number: int, item: Item) -> dict[str, Any]:
        text, name = render(item.text, "en"), "val" if split == "dev" else split
        row = {"ind": number, "activity_label": "", "ctx_a": text, "ctx_b": "", "ctx": text, "split": name}
        label = {} if split == "test" else {"label": item.label}
        endings = [render(option, "en") for option in item.options]
        return row | {"split_type": "indomain"} | label | {"endings": endings, "source_id": f"world~{number}"}

    name = f"hellaswag_{'val' if split == 'dev' else split}.jsonl"
    _lines(folder / "hellaswag" / "data" / name, (record(*pair) for pair in enumerate(drawn)))


def _write_cosmos(folder: Path, split: str, drawn: Sequence[Item]) -> None:
    """Comma-separated with a header, except for the test. No cell of the world needs quotes."""
    columns = ("id", "context", "question", *(f"answer{i}" for i in range(4)))
    rows = []
    for number, item in enumerate(drawn):
        question = "What may have happened before ?" if item.cause else "What may be true of this ?"
        said = [render(option, "en") for option in item.options]
        rows.append([f"world##{split}_{number}", render(item.text, "en"), question, *said])
    where = folder / "cosmosqa" / "data"
    if split == "test":
        _lines(where / "test.jsonl", (dict(zip(columns, row, strict=True)) for row in rows))
    else:
        lines = (f"{','.join(row)},{item.label}" for row, item in zip(rows, drawn, strict=True))
        write_lines(where / f"{'valid' if split == 'dev' else split}.csv", [",".join((*columns, "label")), *lines])


def _write_commonsense(folder: Path, split: str, drawn: Sequence[Item]) -> None:
    def record(number: int, item: Item) -> dict[str, Any]:
        choices = [{"label": letter, "text": render(o, "en")} for letter, o in zip(LETTERS, item.options, strict=True)]
        ask = "Why is that?" if item.cause else "What else is true?"
        question = {"question_concept": "", "choices": choices, "stem": f"{render(item.text, 'en')} {ask}"}
        answer = {} if split == "test" else {"answerKey": LETTERS[item.label]}
        return answer | {"id": f"{split}{number}", "question": question}

    name = f"{split}_rand_split{'_no_answers' if split == 'test' else ''}.jsonl"
    _lines(folder / "commonsenseqa" / name, (record(*pair) for pair in enumerate(drawn)))


HELD_OUT = 300
SETS: tuple[tuple[Callable[[Path, str, Sequence[Item]], None], str, int, int], ...] = (
    (_write_social, "siqa", 3, 6000),
    (_write_hellaswag, "hellaswag", 4, 4000),
    (_write_cosmos, "cosmos", 4, 2000),
    (_write_commonsense, "commonsense", 5, 2000),
)
