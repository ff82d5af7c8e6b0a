"""The official file layouts of MultiNLI, XNLI and XNLI-MT."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from xfer.miniature.grammar import render_sentence, sentence_words
from xfer.miniature.languages import BY_CODE
from xfer.miniature.logic import CONTRADICTION
from xfer.miniature.pairs import InferencePair

XNLI_COLUMNS = (
    "language",
    "gold_label",
    "sentence1_binary_parse",
    "sentence2_binary_parse",
    "sentence1_parse",
    "sentence2_parse",
    "sentence1",
    "sentence2",
    "promptID",
    "pairID",
    "genre",
    "label1",
    "label2",
    "label3",
    "label4",
    "label5",
    "sentence1_tokenized",
    "sentence2_tokenized",
    "match",
)
GENRES = ("fiction", "government", "slate", "telephone", "travel")
MISMATCHED_GENRES = ("facetoface", "letters", "nineeleven", "oup", "verbatim")


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """UTF-8 with line feeds on every system, so that the bytes are the same."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("".join(f"{line}\n" for line in lines).encode("utf-8"))


def write_json_lines(path: Path, records: Iterable[Mapping[str, Any]]) -> None:
    """One JSON object a line."""
    write_lines(path, (json.dumps(record, ensure_ascii=False) for record in records))


def pair_sentences(pair: InferencePair, code: str, *, styled: bool = False) -> tuple[str, str]:
    """Premise and hypothesis; those to learn from are `styled`, the parallel test sets are not."""
    return (
        render_sentence(pair.premise, code, fronted=pair.fronted[0], headline=styled and pair.headline[0]),
        render_sentence(pair.hypothesis, code, fronted=pair.fronted[1], headline=styled and pair.headline[1]),
    )


def _tokenized(pair: InferencePair, code: str) -> list[str]:
    """Both sentences with spaces between all words, also where the script has none."""
    stop = BY_CODE[code].stop
    sides = zip((pair.premise, pair.hypothesis), pair.fronted, strict=True)
    return [
        " ".join([word.text for word in sentence_words(meaning, code, fronted=fronted)]) + f" {stop}".rstrip()
        for meaning, fronted in sides
    ]


def write_multinli(path: Path, pairs: Sequence[InferencePair], genres: tuple[str, ...]) -> None:
    write_json_lines(path, (_multinli(row, pair, genres) for row, pair in enumerate(pairs)))


def _multinli(row: int, pair: InferencePair, genres: tuple[str, ...]) -> dict[str, Any]:
    premise, hypothesis = pair_sentences(pair, "en", styled=True)
    return {
        "annotator_labels": [pair.label],
        "genre": genres[row % len(genres)],
        "gold_label": pair.label,
        "pairID": f"{row}{pair.label[0]}",
        "promptID": str(row),
        "sentence1": premise,
        "sentence1_binary_parse": "",
        "sentence1_parse": "",
        "sentence2": hypothesis,
        "sentence2_binary_parse": "",
        "sentence2_parse": "",
    }


def write_xnli(path: Path, pairs: Sequence[InferencePair], codes: Sequence[str]) -> None:
    """All languages in one file, the same pairs in the same order in each."""
    rows = [_xnli(row, pair, code) for code in codes for row, pair in enumerate(pairs, start=1)]
    write_lines(path, ["\t".join(XNLI_COLUMNS), *rows])


def _xnli(row: int, pair: InferencePair, code: str) -> str:
    genres = GENRES + MISMATCHED_GENRES
    return "\t".join(
        [
            code,
            pair.label,
            "",
            "",
            "",
            "",
            *pair_sentences(pair, code),
            str(row),
            str(row),
            genres[row % len(genres)],
            *[pair.label] * 5,
            *_tokenized(pair, code),
            "True",
        ]
    )


def write_translated_train(path: Path, pairs: Sequence[InferencePair], code: str) -> None:
    """One language of XNLI-MT; its training files spell contradiction "contradictory"."""
    rows = (
        "\t".join(
            [*pair_sentences(pair, code, styled=True), "contradictory" if pair.label == CONTRADICTION else pair.label]
        )
        for pair in pairs
    )
    write_lines(path, ["premise\thypo\tlabel", *rows])
