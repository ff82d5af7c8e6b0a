"""CCG supertags: CCGbank's derivations, and the files that jiant makes of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

from xfer.core.errors import BadRow, MissingData
from xfer.core.files import FileStamp, file_stamp
from xfer.readers import tables
from xfer.readers.base import JIANT, Card, Reader, Row, Settings, Source
from xfer.readers.json_text import parsed
from xfer.readers.quoting import WRITTEN
from xfer.readers.sources import mirror_root, split_files
from xfer.readers.tagging import tag_row

TaggedSentence = tuple[str, list[str], list[str]]  # name, words, tags

# jiant's split, not the usual 02-21, 00, 23; the key is a folder of CCGbank.
_SECTIONS = {f"{i:02}": "train" if i < 19 else "dev" if i < 22 else "test" for i in range(25)}


@Reader.register("ccg")
class Ccg(Reader):
    """CCG supertags of CCGbank, by token accuracy. The data is licensed (LDC2005T13) and read from local files alone
    (in miniature it is made up); the tags are those of the files, in the order of jiant's tags_to_id.json if it lies
    beside them, else of first appearance."""

    form: ClassVar[str] = "tag"
    labels: ClassVar[tuple[str, ...]] = ()
    world: ClassVar[str] = "ccg"
    sources: ClassVar[tuple[Source, ...]] = ("mirror", "miniature")
    card: ClassVar[Card] = Card(
        title="CCGbank (supertagging)",
        hub="",
        revision=None,
        licence="LDC2005T13, for licensees",
        citation="Hockenmaier, Steedman: CCGbank: A Corpus of CCG Derivations and Dependency Structures Extracted "
        "from the Penn Treebank. Computational Linguistics 2007",
        languages=("en",),
        train_languages=("en",),
        splits=("train", "dev", "test"),
        layout="jiant's ccg/ccg.{train,dev,test} (words TAB tags) or ccg/ccg.<split>.<tokenizer>, or "
        "ccgbank_1_1/data/AUTO/<section>/wsj_*.auto (train 00-18, dev 19-21, test 22-24 as in jiant)",
        sizes={"train": 38_015, "dev": 5_484},
        label_breakers={
            "substitutions": "another word may take other words on its left and right",
            "word_order": "a category says what stands on the left and right",
        },
    )
    published: ClassVar[Settings] = JIANT

    def form_options(self) -> dict[str, Any]:
        return {"metric": "accuracy"}

    def label_names(self, source: Source | None = None) -> tuple[str, ...]:
        """The tags of the files; none where there are no files, which reading them will tell."""
        if (source or self.source) == "miniature":
            from xfer.miniature.ccg import CCG_TAGS  # late: only the miniature source needs its tables

            return CCG_TAGS
        stamps: dict[Path, FileStamp] = {}
        for split in ("train", "test", "dev"):  # the order in which jiant numbered them
            try:
                stamps |= {path: file_stamp(path) for path in split_files(self, split, "en", mirror_root())}
            except MissingData:
                continue
        return _all_tags(tuple(stamps.items()))

    def places(self, split: str, language: str) -> Iterable[str]:
        yield from (f"ccg/ccg.{split}", f"ccg.{split}", f"ccg/ccg.{split}.*")
        yield from (f"{base}ccgbank_1_1/data/AUTO/[0-2][0-9]/wsj_*.auto" for base in ("", "ccg/"))

    def parse(self, path: Path, split: str, language: str) -> Iterator[Row | BadRow]:
        if path.suffix == ".auto" and _SECTIONS.get(path.parent.name) != split:
            return
        table = path.parent / "tags_to_id.json"
        known_tags = set(_numbered_tags(table)) if table.is_file() else None

        def make(line: int, sentence: TaggedSentence) -> Row:
            name, words, tags = sentence
            strange = [tag for tag in tags if known_tags is not None and tag not in known_tags]
            if strange:
                raise BadRow(str(path), line, f"tag '{strange[0]}' is not in {table.name}")
            return tag_row(name, language, words, tags)

        yield from tables.make_rows(_tagged_lines(path), make)


@lru_cache(maxsize=2)
def _all_tags(stamped: tuple[tuple[Path, FileStamp], ...]) -> tuple[str, ...]:
    """All tags of these files (with their stamps)."""
    numbered = next((path.parent / "tags_to_id.json" for path, _ in stamped), None)
    if numbered and numbered.is_file():
        return tuple(_numbered_tags(numbered))
    sentences = (
        sentence for path, _ in stamped for _, sentence in _tagged_lines(path) if not isinstance(sentence, BadRow)
    )
    return tuple(dict.fromkeys(tag for _, _, tags in sentences for tag in tags))


def _numbered_tags(path: Path) -> list[str]:
    """The tags of jiant's tags_to_id.json in the order of their numbers."""
    try:
        numbers = parsed(path.read_text(encoding="utf-8"), path)
        if sorted(numbers.values()) != list(range(len(numbers))):
            raise ValueError("its numbers are not 0, 1, 2 ...")
        return sorted(numbers, key=numbers.__getitem__)
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise BadRow(str(path), 0, f"is not jiant's table of tags: {error}") from None


def _tagged_lines(path: Path) -> Iterator[tuple[int, TaggedSentence | BadRow]]:
    """(line, (name, words, tags)) of the sentences of a file in any of the three layouts."""
    if path.suffix == ".auto":
        yield from _derivations(path)
        return
    aligned = path.name.count(".") > 1
    numbers_file = path.parent / "tags_to_id.json"
    names = _numbered_tags(numbers_file) if aligned and numbers_file.is_file() else None
    lines = tables.each_tsv(path, dialect=WRITTEN) if aligned else tables.each_tsv(path, ("text", "tags"))
    for line, cells in lines:
        try:
            yield line, cells if isinstance(cells, BadRow) else _tagged_sentence(path, line, cells, aligned, names)
        except BadRow as bad:
            yield line, bad


def _tagged_sentence(
    path: Path, line: int, cells: dict[str, str], aligned: bool, names: list[str] | None
) -> TaggedSentence:
    if not {"text", "tags"} <= cells.keys():
        raise BadRow(str(path), line, f"has no columns text and tags; found {', '.join(cells)}")
    words, tags = cells["text"].split(), cells["tags"].split()
    if aligned:
        tags = _whole_words(path, line, tags, names, len(words))
    if len(words) != len(tags) or not words:
        raise BadRow(str(path), line, f"has {len(words)} words and {len(tags)} tags")
    return str(line), words, tags


def _whole_words(path: Path, line: int, tags: list[str], names: list[str] | None, words: int) -> list[str]:
    """The tags of words where jiant gave every further subword a number of its own, the last."""
    try:
        numbers = [int(tag) for tag in tags]
        last = len(names) if names else 1363
        kept = [number for number in numbers if number != last]
        return [names[number] if names else str(number) for number in kept]
    except (ValueError, IndexError):
        raise BadRow(str(path), line, "holds a tag that is no number of tags_to_id.json") from None


def _derivations(path: Path) -> Iterator[tuple[int, TaggedSentence | BadRow]]:
    """The leaves ``(<L category POS POS word predicate>)`` of an AUTO file (LDC's AUTO.readme)."""
    name = ""
    for line, text in tables.each_line(path):
        if isinstance(text, BadRow):
            yield line, text
        elif text.startswith("ID="):
            name = text[3:].split(" ")[0]
        elif "<" in text:
            leaves = [chunk.split(">")[0].split(" ") for chunk in text.split("<")[1:] if chunk.startswith("L ")]
            if not leaves or any(len(leaf) != 6 for leaf in leaves):
                yield line, BadRow(str(path), line, "is not a derivation whose leaves have six fields")
            else:
                yield line, (name or str(line), [leaf[4] for leaf in leaves], [leaf[1] for leaf in leaves])
