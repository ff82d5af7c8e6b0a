"""Word vectors from a text file in the format of word2vec or GloVe, and each word's nearest neighbours.

A line is a word and its values, parted by spaces; a first line with two numbers (word2vec) is passed over. The
published searches use counter-fitted vectors (Mrksic et al. 2016), where antonyms are far apart.
"""

from __future__ import annotations

import os
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import numpy as np

from xfer.attackers.lexicons.located import located
from xfer.core.errors import BadRow, MissingPart
from xfer.core.files import FileStamp, file_stamp

NEIGHBOUR_COUNT = 50  # the most that a published search asks for
MAX_BLOCK_CELLS = 1 << 25  # distances computed at once: 128 MB


class Vectors(NamedTuple):
    """``matrix`` float32 [words, width]; ``numbers`` are the rows of the words; the first of equal words counts."""

    words: list[str]
    numbers: dict[str, int]
    matrix: np.ndarray
    neighbours: np.ndarray  # int32 [words, 1 + k]: the word itself, then the nearest, ties in the order of the file


def load_vectors(file: str, cache: Path | None = None) -> Vectors:
    """The vectors of a file and their neighbours, which are kept in ``cache`` if given. Raises MissingPart, BadRow."""
    path = located(file)
    if not path.is_file():
        raise MissingPart(f"vectors: there is no file {path}")
    return _load_cached(path, file_stamp(path), cache)


@lru_cache(maxsize=2)
def _load_cached(path: Path, _stamp: FileStamp, cache: Path | None) -> Vectors:
    words, matrix = read_vectors(path)
    return Vectors(words, {word: i for i, word in enumerate(words)}, matrix, _cached_neighbours(matrix, cache))


def read_vectors(path: Path) -> tuple[list[str], np.ndarray]:
    """Words and their vectors [words, width]. Raises BadRow with the line that has not as many numbers as the first."""
    words: list[str] = []
    rows: list[np.ndarray] = []
    seen: set[str] = set()
    width = 0
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, 1):
            cells = line.rstrip().split(" ")
            if number == 1 and len(cells) == 2 and all(cell.isdigit() for cell in cells):
                continue
            width = width or len(cells) - 1
            if width < 1 or len(cells) <= width:
                raise BadRow(str(path), number, f"is not a word and {width or 'some'} numbers")
            word = " ".join(cells[:-width])  # GloVe has words with spaces
            try:
                row = np.array(cells[-width:], dtype=np.float32)
            except ValueError:
                raise BadRow(str(path), number, f"is not a word and {width} numbers") from None
            if not np.isfinite(row).all():
                raise BadRow(str(path), number, "holds a number that is not finite")
            if word not in seen:
                seen.add(word)
                words.append(word)
                rows.append(row)
    if not words:
        raise BadRow(str(path), 0, "holds no word vectors")
    return words, np.stack(rows)


def _cached_neighbours(matrix: np.ndarray, cache: Path | None) -> np.ndarray:
    """``nearest_neighbours`` of all words, int32 [words, 1 + count], from vectors [words, width].

    Read from the cache if they have been computed before.
    """
    if cache is None:
        return nearest_neighbours(matrix, NEIGHBOUR_COUNT)
    digest = blake2b(np.ascontiguousarray(matrix).tobytes(), digest_size=16).hexdigest()
    file = cache / f"neighbours-{NEIGHBOUR_COUNT}-{digest}.npy"
    if file.is_file():
        stored: np.ndarray = np.load(file, allow_pickle=False)
        return stored
    table = nearest_neighbours(matrix, NEIGHBOUR_COUNT)
    cache.mkdir(parents=True, exist_ok=True)
    aside = file.with_name(f"{file.name}.{os.getpid()}.tmp")
    with aside.open("wb") as out:
        np.save(out, table)
    aside.replace(file)
    return table


def nearest_neighbours(matrix: np.ndarray, count: int) -> np.ndarray:
    """int32 [words, 1 + count]: each word, then its nearest by Euclidean distance, ties in the order of the words."""
    size = len(matrix)
    count = min(count, size - 1)
    squares = np.einsum("ij,ij->i", matrix, matrix)
    table = np.empty((size, 1 + count), dtype=np.int32)
    step = max(1, MAX_BLOCK_CELLS // size)
    for start in range(0, size, step):
        rows = np.arange(start, min(start + step, size))
        distances = squares[None, :] - 2 * (matrix[rows] @ matrix.T)
        distances[np.arange(len(rows)), rows] = -np.inf  # a word comes first, also among words with its vector
        edge = np.partition(distances, count, axis=1)[:, count]
        row, near = np.nonzero(distances <= edge[:, None])  # more than wanted where a tie is cut in two
        order = np.lexsort((near, distances[row, near], row))
        first = np.searchsorted(row, np.arange(len(rows)))
        table[rows] = near[order][first[:, None] + np.arange(1 + count)]
    return table
