"""Sentences and their translations: Tatoeba as LASER gives it, BUCC with its sample and training corpora."""

from collections.abc import Sequence
from pathlib import Path
from random import Random

from xfer.miniature.choice import chance, shuffled, stream
from xfer.miniature.files import write_lines
from xfer.miniature.grammar import render
from xfer.miniature.meaning import Meaning
from xfer.miniature.pairs import FRONTED, single

TATOEBA = {"ar": "ara", "de": "deu", "el": "ell", "es": "spa", "hi": "hin", "ru": "rus", "sw": "swh", "th": "tha",
           "tr": "tur", "zh": "cmn"}  # fmt: skip
TATOEBA_SIZE = 300
BUCC = ("de", "ru", "zh")
# Sentences with a translation, foreign ones without, English ones without. The real share of the first is a fortieth,
# which would leave a score here to chance.
BUCC_SIZES = {"sample": (100, 100, 200), "training": (120, 170, 280)}
REPEATED = 5  # sentences of either side that stand twice

Said = tuple[Meaning, bool]  # a meaning, and whether its time comes first


def write_bitext(folder: Path, codes: tuple[str, ...], seed: int) -> None:
    """Tatoeba in all languages, with the same sentences; BUCC in its own, whose two corpora share none."""
    spoken = tuple(code for code in codes if code in TATOEBA)
    said = _draw(stream(seed, "tatoeba"), TATOEBA_SIZE, ("en", *spoken))
    for code in spoken:
        name = f"tatoeba.{TATOEBA[code]}-eng"
        write_lines(folder / "tatoeba" / "v1" / f"{name}.{TATOEBA[code]}", _lines(said, code))
        write_lines(folder / "tatoeba" / "v1" / f"{name}.eng", _lines(said, "en"))
    for code in codes:
        if code in BUCC:
            _write_bucc(folder / "bucc2018" / f"{code}-en", code, seed)


def _write_bucc(folder: Path, code: str, seed: int) -> None:
    rng = stream(seed, "bucc", code)
    said = _draw(rng, sum(map(sum, BUCC_SIZES.values())), ("en", code))
    for name, (both, foreign, english) in BUCC_SIZES.items():
        own, said = said[: both + foreign + english], said[both + foreign + english :]
        sides = {code: own[: both + foreign], "en": own[:both] + own[both + foreign :]}
        ids = {}
        for side, wanted in sides.items():
            # what has a translation stands once: of a repeated sentence no id can be told
            lines = shuffled(rng, [*wanted, *shuffled(rng, wanted[both:])[:REPEATED]])
            named = [f"{side}-{number:09d}" for number in range(1, len(lines) + 1)]
            ids[side] = dict(zip(lines, named, strict=True))
            texts = zip(named, _lines(lines, side), strict=True)
            write_lines(folder / f"{code}-en.{name}.{side}", ("\t".join(pair) for pair in texts))
        gold = sorted((ids[code][sentence], ids["en"][sentence]) for sentence in own[:both])
        write_lines(folder / f"{code}-en.{name}.gold", map("\t".join, gold))


def _draw(rng: Random, size: int, codes: tuple[str, ...]) -> list[Said]:
    """Sentences that differ from each other in every language: of two equal ones none would be the right answer."""
    found: list[Said] = []
    seen: set[tuple[str, str]] = set()
    while len(found) < size:
        sentence = single(rng).premise, chance(rng, FRONTED)
        texts = {(code, text) for code in codes for text in _lines([sentence], code)}
        if not texts & seen:
            seen |= texts
            found.append(sentence)
    return found


def _lines(said: Sequence[Said], code: str) -> list[str]:
    return [render(meaning, code, fronted=fronted) for meaning, fronted in said]
