"""Which files there are, how large, and that no test pair is among the training pairs.

``PARTS`` names the groups of data sets that can be written alone; a reader says in ``world`` which it needs.
"""

from collections.abc import Callable, Collection
from pathlib import Path

from xfer.miniature import files, inference
from xfer.miniature.answers import write_answers
from xfer.miniature.bitext import write_bitext
from xfer.miniature.ccg import write_ccg
from xfer.miniature.choice import seeded_stream, shuffled_copy
from xfer.miniature.choices import write_choices
from xfer.miniature.entities import write_entities
from xfer.miniature.meaning import Meaning
from xfer.miniature.pairs import InferencePair, draw_triple
from xfer.miniature.paraphrases import write_paraphrases
from xfer.miniature.passages import write_passages
from xfer.miniature.tags import write_tagged
from xfer.miniature.text import dictionary_lines, parallel_lines, plain_lines

# Pairs of each split; all splits are drawn from one world without a common hypothesis.
NLI_SIZES = {"test": 500, "dev": 300, "dev_matched": 500, "dev_mismatched": 500, "translated": 6000, "train": 20000}
PLAIN_LINES = 2000
PARALLEL_LINES = 6000
DICTIONARY_LINES = 3000


def write_world(folder: Path, codes: tuple[str, ...], seed: int, parts: Collection[str]) -> None:
    for name in sorted(parts):
        PARTS[name](folder, codes, seed)


def _write_nli(folder: Path, codes: tuple[str, ...], seed: int) -> None:
    splits = draw_splits(seed)
    _write_multinli(folder / "multinli_1.0", splits)
    for split in ("dev", "test"):
        files.write_xnli(folder / "XNLI-1.0" / f"xnli.{split}.tsv", splits[split], codes)
    for code in codes:
        path = folder / "XNLI-MT-1.0" / "multinli" / f"multinli.train.{code}.tsv"
        files.write_translated_train(path, splits["translated"], code)


def _write_inference(folder: Path, codes: tuple[str, ...], seed: int) -> None:
    inference.write_inference(folder, _draw_more(seed, draw_splits(seed)))


def draw_splits(seed: int) -> dict[str, list[InferencePair]]:
    """The pairs of every split, shuffled; a hypothesis is used in one split only."""
    seen: set[Meaning] = set()
    return {name: _draw_pairs(seed, name, size, seen) for name, size in NLI_SIZES.items()}


def _draw_more(seed: int, splits: dict[str, list[InferencePair]]) -> dict[str, list[InferencePair]]:
    """The pairs of SNLI and ANLI, whose hypotheses no other split has."""
    seen = {pair.hypothesis for pairs in splits.values() for pair in pairs}
    return {name: _draw_pairs(seed, name, size, seen) for name, size in inference.INFERENCE_SIZES.items()}


def _draw_pairs(seed: int, name: str, size: int, seen: set[Meaning]) -> list[InferencePair]:
    rng = seeded_stream(seed, "pairs", name)
    pairs: list[InferencePair] = []
    while len(pairs) < size:
        group = draw_triple(rng)
        if group[0].hypothesis not in seen:
            seen.add(group[0].hypothesis)
            pairs += group
    return shuffled_copy(rng, pairs)[:size]


def _write_multinli(folder: Path, splits: dict[str, list[InferencePair]]) -> None:
    for name in ("train", "dev_matched", "dev_mismatched"):
        genres = files.MISMATCHED_GENRES if name == "dev_mismatched" else files.GENRES
        files.write_multinli(folder / f"multinli_1.0_{name}.jsonl", splits[name], genres)


def _write_text(folder: Path, codes: tuple[str, ...], seed: int) -> None:
    for code in codes:
        plain = plain_lines(seeded_stream(seed, "plain", code), code, PLAIN_LINES)
        parallel = parallel_lines(seeded_stream(seed, "parallel", code), code, codes, PARALLEL_LINES)
        entries = dictionary_lines(seeded_stream(seed, "dictionary", code), code, codes, DICTIONARY_LINES)
        files.write_lines(folder / "dictionary" / code / f"{code}.txt", entries)
        files.write_lines(folder / "text" / code / f"{code}.plain.txt", plain)
        files.write_lines(folder / "text" / code / f"{code}.parallel.txt", parallel)


PARTS: dict[str, Callable[[Path, tuple[str, ...], int], None]] = {
    "anli": _write_inference,
    "answers": write_answers,
    "bitext": write_bitext,
    "ccg": write_ccg,
    "choices": write_choices,
    "mentions": write_entities,
    "nli": _write_nli,
    "paraphrases": write_paraphrases,
    "passages": write_passages,
    "tags": write_tagged,
    "text": _write_text,
}
