"""Sequence tagging: parts of speech (UDPOS), entities (PAN-X) and CCG supertags.

Tags are kept as words: the hub, Universal Dependencies and XTREME number the same tags in different orders.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from xfer.core.errors import BadRow, MissingData
from xfer.readers import tables
from xfer.readers.base import JIANT, Card, HubPart, Reader, Row, Settings, Source
from xfer.readers.conllu import UPOS, fused, sentences
from xfer.readers.sources import files, mirror_root

# Treebanks of Universal Dependencies 2.5 that XTREME's file-name prefix selects, and for the languages that
# XTREME-R adds those of 2.7 (reference: languages.csv). Those whose forms are masked give few or no sentences.
TREEBANKS = {
    language: tuple(names.split())
    for language, names in {
        "af": "AfriBooms", "ar": "PADT PUD NYUAD", "bg": "BTB", "de": "GSD HDT LIT PUD", "el": "GDT",
        "en": "EWT GUM LinES ParTUT PUD Pronouns ESL", "es": "AnCora GSD PUD", "et": "EDT EWT", "eu": "BDT",
        "fa": "Seraji", "fi": "FTB PUD TDT", "fr": "FQB GSD ParTUT PUD Sequoia Spoken FTB", "he": "HTB",
        "hi": "HDTB PUD", "hu": "Szeged", "id": "GSD PUD", "it": "ISDT ParTUT PoSTWITA PUD TWITTIRO VIT",
        "ja": "GSD Modern PUD BCCWJ", "kk": "KTB", "ko": "GSD Kaist PUD", "mr": "UFAL", "nl": "Alpino LassySmall",
        "pt": "Bosque GSD PUD", "ru": "GSD PUD SynTagRus Taiga", "ta": "TTB", "te": "MTG", "th": "PUD", "tl": "TRG",
        "tr": "GB IMST PUD", "ur": "UDTB", "vi": "VTB", "yo": "YTB", "zh": "CFL GSD GSDSimp HK PUD",
        "lt": "ALKSNIS HSE", "pl": "LFG PDB PUD", "uk": "IU", "wo": "WTB", "ro": "Nonstandard RRT SiMoNERo",
    }.items()
}  # fmt: skip
_ADDED_POS = ("lt", "pl", "uk", "wo", "ro")
_TEST_ONLY = ("th", "tl", "yo")
_NO_DEV = (*_TEST_ONLY, "kk")
_HUB_NAMES = dict(
    pair.split(":")
    for pair in "af:Afrikaans ar:Arabic bg:Bulgarian de:German el:Greek en:English es:Spanish et:Estonian eu:Basque "
    "fa:Persian fi:Finnish fr:French he:Hebrew hi:Hindi hu:Hungarian id:Indonesian it:Italian ja:Japanese kk:Kazakh "
    "ko:Korean mr:Marathi nl:Dutch pt:Portuguese ru:Russian ta:Tamil te:Telugu th:Thai tl:Tagalog tr:Turkish ur:Urdu "
    "vi:Vietnamese yo:Yoruba zh:Chinese".split()
)
# google/xtreme chose files by the English name, so that these tables hold another language too.
_MIXED = {
    "de": "Swiss German",
    "el": "Ancient Greek",
    "fr": "Old French",
    "ru": "Old Russian",
    "zh": "Classical Chinese",
}

_PANX = "ar he vi id jv ms tl eu ml ta te af nl en de el bn hi mr ur fa fr it pt es bg ru ja ka ko th sw yo my zh kk tr"
_PANX_XTREME = tuple(sorted(f"{_PANX} et fi hu".split()))
_PANX_ADDED = tuple("az gu lt pa pl qu ro uk".split())
ENTITIES = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")  # the order of both hub sets

_XTREME = "XTREME scripts/train_{}.sh (reference: xtreme section 3)"
_CITATION = "Hu et al.: XTREME: A Massively Multilingual Multi-task Benchmark. ICML 2020"
Benchmark = Literal["xtreme", "xtreme_r"]


def tag_row(name: str, language: str, words: Sequence[str], tags: Sequence[str] | None) -> Row:
    """One row of form tag."""
    kept = {"words": list(words), "tags": None if tags is None else list(tags)}
    return {"id": name, "language": language, "text": " ".join(words), **kept}


def xtreme_layout(path: Path, language: str, labels: Sequence[str]) -> Iterator[Row]:
    """XTREME's preprocessed files: ``token TAB tag`` or, in test files, the token alone; blank lines between.

    Raises BadRow for other lines, unknown tags and sentences of which only some words are tagged.
    """
    for line, cells in _blocks(path):
        width = len(cells[0][1])
        for number, parts in cells:
            if len(parts) != width or width > 2:
                raise BadRow(str(path), number, f"has {len(parts)} columns where {min(width, 2)} are expected")
            if width == 2 and parts[1].strip() not in labels:
                raise BadRow(str(path), number, f"tag '{parts[1]}' is not one of {', '.join(labels)}")
        words = [parts[0].strip() for _, parts in cells]
        yield tag_row(str(line), language, words, [p[1].strip() for _, p in cells] if width == 2 else None)


def _blocks(path: Path) -> Iterator[tuple[int, list[tuple[int, list[str]]]]]:
    """(first line, its lines as cells) of every run of lines that are not blank."""
    block: list[tuple[int, list[str]]] = []
    for number, text in chain(tables.lines(path), [(0, "")]):
        if text.strip(" "):
            block.append((number, text.split("\t")))
        elif block:
            yield block[0][0], block
            block = []


def _named(ids: Sequence[Any], labels: Sequence[str]) -> list[str]:
    """Tags by number, or by name where a copy of the hub holds names. Raises IndexError for an unknown number."""
    if any(isinstance(i, int) and i < 0 for i in ids):
        raise IndexError(min(ids))
    return [labels[i] if isinstance(i, int) else i for i in ids]


class _Tagging(Reader):
    world: ClassVar[str] = "tags"
    form: ClassVar[str] = "tag"
    benchmark: Benchmark = Field("xtreme", description="whose languages: those of xtreme, or the more of xtreme_r")
    added: ClassVar[tuple[str, ...]]  # languages of XTREME-R alone

    def offered(self, source: Source, split: str) -> tuple[str, ...]:
        left = self.added if self.benchmark == "xtreme" else ()
        return tuple(language for language in super().offered(source, split) if language not in left)


@Reader.register("udpos")
class Udpos(_Tagging):
    """Universal parts of speech as XTREME draws them from Universal Dependencies: written words, a multi-word
    token being one word with the tag of its head. Scored as XTREME does, by the F1 of runs of equal tags;
    token accuracy stands beside it."""

    labels: ClassVar[tuple[str, ...]] = UPOS
    added: ClassVar[tuple[str, ...]] = _ADDED_POS
    card: ClassVar[Card] = Card(
        title="UDPOS (XTREME's part-of-speech tagging)",
        hub="google/xtreme",
        revision=None,
        licence="by treebank, mostly CC-BY-SA-4.0, some CC-BY-NC-SA",
        citation=f"Nivre et al.: Universal Dependencies v2. LREC 2020; {_CITATION}",
        languages=tuple(sorted(TREEBANKS)),
        train_languages=tuple(sorted(TREEBANKS.keys() - set(_TEST_ONLY))),
        splits=("train", "dev", "test"),
        layout="ud-treebanks-v2.5/UD_*/<language>_<treebank>-ud-<split>.conllu (XTREME-R's lt pl uk wo ro: v2.7), "
        "or XTREME's udpos/<split>-<language>.tsv, whose test files have no tags",
        sizes={"train": 21_253, "dev": 3_974, "test": 5_440},
    )
    published: ClassVar[Settings] = Settings(
        learning_rate=2e-5, epochs=10, batch_size=32, max_length=128, source=_XTREME.format("udpos")
    )
    mixed_tables: bool = Field(
        False, description="hub: also the tables of de, el, fr, ru and zh, which mix in another language"
    )

    def offered(self, source: Source, split: str) -> tuple[str, ...]:
        known = [lang for lang in super().offered(source, split) if split != "dev" or lang not in _NO_DEV]
        if source == "hub":
            known = [lang for lang in known if lang in _HUB_NAMES and (self.mixed_tables or lang not in _MIXED)]
        return tuple(known)

    def places(self, split: str, language: str) -> Iterable[str]:
        name = f"UD_*/{language}[_-]*ud-{split}.conllu"  # UD 1 has no treebank in its file names
        versions = ("v2.7",) if language in _ADDED_POS else ("v2.5", "v2.7")
        yield from (f"{base}ud-treebanks-{version}/{name}" for version in versions for base in ("", "udpos/"))
        yield from (f"ud/{name}", name)
        yield from (f"{folder}/{split}-{language}.tsv" for folder in ("udpos", "udpos_xtreme_layout"))

    def parse(self, path: Path, split: str, language: str) -> Iterator[Row]:
        if path.suffix == ".tsv":
            yield from xtreme_layout(path, language, self.labels)
            return
        treebank = path.name.split("-ud-")[0].partition("_")[2] or path.parent.name.partition("-")[2].lower()
        if treebank not in {"miniature", *map(str.lower, TREEBANKS[language])}:
            return  # a treebank that later versions of UD added
        for sentence in sentences(path):
            found = fused(sentence, language)
            if found:
                yield tag_row(f"{treebank}:{sentence.name}", language, *found)

    def hub_part(self, split: str, language: str) -> HubPart:
        if language not in _HUB_NAMES:
            raise MissingData(f"{self.card.hub} has no udpos table in '{language}'; use source: mirror with UD 2.7")
        if language in _MIXED and not self.mixed_tables:
            raise MissingData(
                f"{self.card.hub} mixes {_MIXED[language]} into its udpos table of '{language}'; use source: mirror "
                "with UD 2.5, or set mixed_tables: true to take it as it is"
            )
        return HubPart(self.card.hub, f"udpos.{_HUB_NAMES[language]}", {"dev": "validation"}.get(split, split))

    def from_hub(self, row: Row, number: int, split: str, language: str) -> Row | None:
        return tag_row(str(number), language, row["tokens"], _named(row["pos_tags"], UPOS))


@Reader.register("panx")
class Panx(_Tagging):
    """PAN-X, the balanced part of WikiANN: persons, organisations and places in Wikipedia, by silver-standard
    labels. Scored by entity F1."""

    labels: ClassVar[tuple[str, ...]] = ENTITIES
    added: ClassVar[tuple[str, ...]] = _PANX_ADDED
    card: ClassVar[Card] = Card(
        title="PAN-X (WikiANN)",
        hub="unimelb-nlp/wikiann",
        revision=None,
        licence="not stated; the text is Wikipedia's (CC-BY-SA)",
        citation="Pan et al.: Cross-lingual Name Tagging and Linking for 282 Languages. ACL 2017; Rahimi, Li, Cohn: "
        "Massively Multilingual Transfer for NER. ACL 2019",
        languages=tuple(sorted((*_PANX_XTREME, *_PANX_ADDED))),
        train_languages=tuple(sorted((*_PANX_XTREME, *_PANX_ADDED))),
        splits=("train", "dev", "test"),
        layout="panx_dataset/<language>/{train,dev,test} with lines <language>:<token> TAB <tag>, or XTREME's "
        "panx/<split>-<language>.tsv, whose test files have no tags",
        sizes={"train": 20_000, "dev": 10_000, "test": 10_000},
    )
    published: ClassVar[Settings] = Settings(
        learning_rate=2e-5, epochs=10, batch_size=32, max_length=128, source=_XTREME.format("panx")
    )

    def places(self, split: str, language: str) -> Iterable[str]:
        for folder in ("panx_dataset", "panx/panx_dataset", "wikiann", "ner/wikiann_original"):
            yield from (f"{folder}/{language}/{split}", f"{folder}/{language}-{split}")
        yield from (f"{folder}/{split}-{language}.tsv" for folder in ("panx", "ner/panx"))

    def parse(self, path: Path, split: str, language: str) -> Iterator[Row]:
        if path.suffix == ".tsv":
            yield from xtreme_layout(path, language, self.labels)
            return
        for line, cells in _blocks(path):
            words, tags = zip(*(self._word(path, number, parts, language) for number, parts in cells), strict=True)
            yield tag_row(str(line), language, words, tags)

    def _word(self, path: Path, line: int, parts: list[str], language: str) -> tuple[str, str]:
        prefix, colon, word = parts[0].partition(":")  # the first colon: a token may be one
        if not colon or prefix != language:
            raise BadRow(str(path), line, f"does not begin with '{language}:' as the lines of PAN-X do")
        if len(parts) != 2:
            raise BadRow(str(path), line, f"has {len(parts)} columns where 2 are expected")
        if parts[1].strip() not in self.labels:
            raise BadRow(str(path), line, f"tag '{parts[1]}' is not one of {', '.join(self.labels)}")
        return word.strip(), parts[1].strip()

    def hub_part(self, split: str, language: str) -> HubPart:
        return HubPart(self.card.hub, language, {"dev": "validation"}.get(split, split))

    def from_hub(self, row: Row, number: int, split: str, language: str) -> Row | None:
        return tag_row(str(number), language, row["tokens"], _named(row["ner_tags"], ENTITIES))


# jiant's split, not the usual 02-21, 00, 23; the key is a folder of CCGbank.
_SECTIONS = {f"{i:02}": "train" if i < 19 else "dev" if i < 22 else "test" for i in range(25)}


@Reader.register("ccg")
class Ccg(Reader):
    """CCG supertags of CCGbank, by token accuracy. The data is licensed (LDC2005T13) and read from local files
    alone; the tags are those of the files, in the order of jiant's tags_to_id.json if it lies beside them, else
    of first appearance."""

    form: ClassVar[str] = "tag"
    labels: ClassVar[tuple[str, ...]] = ()
    sources: ClassVar[tuple[Source, ...]] = ("mirror",)
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
    )
    published: ClassVar[Settings] = JIANT

    def form_options(self) -> dict[str, Any]:
        return {"metric": "accuracy"}

    def label_names(self) -> tuple[str, ...]:
        """The tags of the files; none where there are no files, which reading them will tell."""
        found: dict[Path, int] = {}
        for split in ("train", "test", "dev"):  # the order in which jiant numbered them
            try:
                found |= {path: path.stat().st_mtime_ns for path in files(self, split, "en", mirror_root())}
            except MissingData:
                continue
        return _tags(tuple(found.items()))

    def places(self, split: str, language: str) -> Iterable[str]:
        yield from (f"ccg/ccg.{split}", f"ccg.{split}", f"ccg/ccg.{split}.*")
        yield from (f"{base}ccgbank_1_1/data/AUTO/[0-2][0-9]/wsj_*.auto" for base in ("", "ccg/"))

    def parse(self, path: Path, split: str, language: str) -> Iterator[Row]:
        if path.suffix == ".auto" and _SECTIONS.get(path.parent.name) != split:
            return
        for name, words, tags in _supertagged(path):
            yield tag_row(name, language, words, tags)


@lru_cache(maxsize=2)
def _tags(stamped: tuple[tuple[Path, int], ...]) -> tuple[str, ...]:
    """All tags of these files (with their times of change)."""
    numbered = next((path.parent / "tags_to_id.json" for path, _ in stamped), None)
    if numbered and numbered.is_file():
        return tuple(_numbered(numbered))
    return tuple(dict.fromkeys(tag for path, _ in stamped for _, _, tags in _supertagged(path) for tag in tags))


def _numbered(path: Path) -> list[str]:
    """The tags of jiant's tags_to_id.json in the order of their numbers."""
    try:
        numbers = json.loads(path.read_text(encoding="utf-8"))
        if sorted(numbers.values()) != list(range(len(numbers))):
            raise ValueError("its numbers are not 0, 1, 2 ...")
        return sorted(numbers, key=numbers.__getitem__)
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise BadRow(str(path), 0, f"is not jiant's table of tags: {error}") from None


def _supertagged(path: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    """(name, words, tags) of the sentences of a file in any of the three layouts."""
    if path.suffix == ".auto":
        yield from _derivations(path)
        return
    aligned = path.name.count(".") > 1
    beside = path.parent / "tags_to_id.json"
    names = _numbered(beside) if aligned and beside.is_file() else None
    lines = tables.tsv(path, quoted=True) if aligned else tables.tsv(path, ("text", "tags"))
    for line, cells in lines:
        if not {"text", "tags"} <= cells.keys():
            raise BadRow(str(path), line, f"has no columns text and tags; found {', '.join(cells)}")
        words, tags = cells["text"].split(), cells["tags"].split()
        if aligned:
            tags = _whole_words(path, line, tags, names, len(words))
        if len(words) != len(tags) or not words:
            raise BadRow(str(path), line, f"has {len(words)} words and {len(tags)} tags")
        yield str(line), words, tags


def _whole_words(path: Path, line: int, tags: list[str], names: list[str] | None, words: int) -> list[str]:
    """The tags of words where jiant gave every further subword a number of its own, the last."""
    try:
        numbers = [int(tag) for tag in tags]
        last = len(names) if names else 1363
        kept = [number for number in numbers if number != last]
        return [names[number] if names else str(number) for number in kept]
    except (ValueError, IndexError):
        raise BadRow(str(path), line, "holds a tag that is no number of tags_to_id.json") from None


def _derivations(path: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    """The leaves ``(<L category POS POS word predicate>)`` of an AUTO file (LDC's AUTO.readme)."""
    name = ""
    for line, text in tables.lines(path):
        if text.startswith("ID="):
            name = text[3:].split(" ")[0]
        elif "<" in text:
            leaves = [part.split(">")[0].split(" ") for part in text.split("<")[1:] if part.startswith("L ")]
            if not leaves or any(len(leaf) != 6 for leaf in leaves):
                raise BadRow(str(path), line, "is not a derivation whose leaves have six fields")
            yield name or str(line), [leaf[4] for leaf in leaves], [leaf[1] for leaf in leaves]
