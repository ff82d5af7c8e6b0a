"""Sentences and their translations: Tatoeba as LASER gives it, BUCC with its sample and training corpora."""

from collections.abc import Sequence
from pathlib import Path
from random import Random

from xfer.miniature.choice import draw_chance, seeded_stream, shuffled_copy
from xfer.miniature.files import write_lines
from xfer.miniature.grammar import render_sentence
from xfer.miniature.meaning import Meaning
from xfer.miniature.pairs import FRONTED_SHARE, draw_pair

TATOEBA = {"ar": "ara", "de": "deu", "el": "ell", "es": "spa", "hi": "hin", "ru": "rus", "sw": "swh", "th": "tha",
           "tr": "tur", "zh": "cmn"}  # fmt: skip
TATOEBA_SIZE = 300
BUCC = ("de", "ru", "zh")
# Sentences with a translation, foreign ones without, English ones without. The real share of the first is a fortieth,
# which would leave a score here to chance.
BUCC_SIZES = {"sample": (100, 100, 200), "training": (120, 170, 280)}
REPEATED = 5  # sentences of either side that stand twice

TimedMeaning = tuple[Meaning, bool]  # a meaning, and whether its time comes first


def write_bitext(folder: Path, codes: tuple[str, ...], seed: int) -> None:
    """Tatoeba in all languages, with the same sentences; BUCC in its own, whose two corpora share none."""
    spoken = tuple(code for code in codes if code in TATOEBA)
    sentences = draw_sentences(seeded_stream(seed, "tatoeba"), TATOEBA_SIZE, ("en", *spoken))
    for code in spoken:
        name = f"tatoeba.{TATOEBA[code]}-eng"
        write_lines(folder / "tatoeba" / "v1" / f"{name}.{TATOEBA[code]}", rendered_lines(sentences, code))
        write_lines(folder / "tatoeba" / "v1" / f"{name}.eng", rendered_lines(sentences, "en"))
    for code in codes:
        if code in BUCC:
            _write_bucc(folder / "bucc2018" / f"{code}-en", code, seed)


def _write_bucc(folder: Path, code: str, seed: int) -> None:
    rng = seeded_stream(seed, "bucc", code)
    sentences = draw_sentences(rng, sum(map(sum, BUCC_SIZES.values())), ("en", code))
    for name, (both, foreign, english) in BUCC_SIZES.items():
        corpus, sentences = sentences[: both + foreign + english], sentences[both + foreign + english :]
        sides = {code: corpus[: both + foreign], "en": corpus[:both] + corpus[both + foreign :]}
        ids = {}
        for side, wanted in sides.items():
            # what has a translation stands once: of a repeated sentence no id can be told
            lines = shuffled_copy(rng, [*wanted, *shuffled_copy(rng, wanted[both:])[:REPEATED]])
            named = [f"{side}-{number:09d}" for number in range(1, len(lines) + 1)]
            ids[side] = dict(zip(lines, named, strict=True))
            texts = zip(named, rendered_lines(lines, side), strict=True)
            write_lines(folder / f"{code}-en.{name}.{side}", ("\t".join(pair) for pair in texts))
        gold = sorted((ids[code][sentence], ids["en"][sentence]) for sentence in corpus[:both])
        write_lines(folder / f"{code}-en.{name}.gold", map("\t".join, gold))


def draw_sentences(rng: Random, size: int, codes: tuple[str, ...]) -> list[TimedMeaning]:
    """Sentences that differ from each other in every language: of two equal ones none would be the right answer."""
    sentences: list[TimedMeaning] = []
    seen: set[tuple[str, str]] = set()
    while len(sentences) < size:
        sentence = draw_pair(rng).premise, draw_chance(rng, FRONTED_SHARE)
        texts = {(code, text) for code in codes for text in rendered_lines([sentence], code)}
        if not texts & seen:
            seen |= texts
            sentences.append(sentence)
    return sentences


def rendered_lines(sentences: Sequence[TimedMeaning], code: str) -> list[str]:
    return [render_sentence(meaning, code, fronted=fronted) for meaning, fronted in sentences]
