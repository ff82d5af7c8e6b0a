"""Neighbours of words: counter-fitted ones as JSON, word lists by language, WordNet, or the short miniature list."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from xfer.attackers.lexicons.dictionaries import read_word_list, word_list_path
from xfer.attackers.lexicons.located import MINIATURE, located
from xfer.attackers.lexicons.wordnet import ENGLISH_INDEX, load_synonyms, wordnet_folders
from xfer.core.errors import BadRow, MissingPart
from xfer.core.files import FileStamp, file_stamp

NeighbourLookup = Callable[[str], Sequence[str]]  # of a word in small letters
OWN_LIST = Path(__file__).parent / "data" / "miniature_neighbours.txt"


def word_neighbours(named: str, language: str) -> NeighbourLookup:
    """What gives the neighbours of a word. Raises MissingPart, BadRow."""
    if named == MINIATURE:
        return _in_table(read_word_list(OWN_LIST)) if language == "en" else lambda word: ()
    path = located(named)
    if path.is_file():
        return _in_table(_json_table(path, file_stamp(path))) if language == "en" else lambda word: ()
    if _is_wordnet(path):
        return load_synonyms(str(path), language)
    return _in_table(read_word_list(word_list_path(named, language)))


def neighbour_files(named: str, languages: Sequence[str]) -> dict[str, Path]:
    """The files that decide the neighbours, by name. Raises MissingPart, BadRow."""
    path = OWN_LIST if named == MINIATURE else located(named)
    if path.is_file():
        word_neighbours(named, "en")
        return {path.name: path}
    if not path.is_dir():
        what = f"neighbours: there is no file or folder {path}; counter-fitted neighbours are"
        raise MissingPart(f"{what} counterfitted_neighbors.json of https://github.com/uclanlp/Robust-XLT")
    if not _is_wordnet(path):
        return {f"{language}.txt": word_list_path(named, language) for language in languages}
    english, others = wordnet_folders(str(path))
    folders = [english, *([others] if others and set(languages) != {"en"} else [])]
    every = sorted(file for folder in folders for file in folder.rglob("*") if file.is_file())
    return {f"{file.parent.name}/{file.name}": file for file in every}


def _is_wordnet(path: Path) -> bool:
    return any((path / part / ENGLISH_INDEX).is_file() for part in ("", "wordnet", "corpora/wordnet"))


def _in_table(table: Mapping[str, Sequence[str]]) -> NeighbourLookup:
    return lambda word: table.get(word, ())


@lru_cache(maxsize=2)
def _json_table(path: Path, _stamp: FileStamp) -> dict[str, tuple[str, ...]]:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise BadRow(str(path), getattr(error, "lineno", 0), f"is not JSON ({error})") from None
    if not isinstance(raw, dict):
        raise BadRow(str(path), 0, "is not a JSON object of words and their neighbours")
    table: dict[str, tuple[str, ...]] = {}
    for word, near in raw.items():
        if not isinstance(near, list) or not all(isinstance(other, str) and other for other in near):
            raise BadRow(str(path), 0, f"'{word[:40]}' does not have a list of words")
        table[word.lower()] = tuple(dict.fromkeys(other for other in near if other.lower() != word.lower()))
    if not any(table.values()):
        raise BadRow(str(path), 0, "is an empty list: no word of it has a neighbour")
    return table
