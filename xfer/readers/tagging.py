"""Sequence tagging in many languages: parts of speech (UDPOS) and entities (PAN-X).

Tags are kept as words: the hub, Universal Dependencies and XTREME number the same tags in different orders.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from xfer.core.errors import BadRow, MissingData
from xfer.readers import tables
from xfer.readers.base import Card, HubPart, Reader, Row, Settings, Source
from xfer.readers.conllu import UPOS, TreebankSentence, each_sentence, fused_words
from xfer.readers.labels import NO_BREAKERS
from xfer.readers.treebanks import ALL_SPLITS, MASKED_TREEBANKS, TREEBANK_SPLITS, TREEBANKS

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
ENTITY_TAGS = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")  # the order of both hub sets

_XTREME = "XTREME scripts/train_{}.sh (reference: xtreme section 3)"
_CITATION = "Hu et al.: XTREME: A Massively Multilingual Multi-task Benchmark. ICML 2020"
BenchmarkChoice = Literal["xtreme", "xtreme_r"]
CellBlock = list[tuple[int, list[str]]]  # lines and their cells


def tag_row(name: str, language: str, words: Sequence[str], tags: Sequence[str] | None) -> Row:
    """One row of form tag."""
    kept = {"words": list(words), "tags": None if tags is None else list(tags)}
    return {"id": name, "language": language, "text": " ".join(words), **kept}


def xtreme_layout(path: Path, language: str, labels: Sequence[str]) -> Iterator[Row | BadRow]:
    """XTREME's preprocessed files: ``token TAB tag`` or, in test files, the token alone; blank lines between.

    A sentence with other lines, with unknown tags or of which only some words are tagged is a BadRow.
    """

    def make(line: int, cells: CellBlock) -> Row:
        width = len(cells[0][1])
        for number, parts in cells:
            if len(parts) != width or width > 2:
                raise BadRow(str(path), number, f"has {len(parts)} columns where {min(width, 2)} are expected")
            if width == 2 and parts[1].strip() not in labels:
                raise BadRow(str(path), number, f"tag '{parts[1]}' is not one of {', '.join(labels)}")
        words = [parts[0].strip() for _, parts in cells]
        return tag_row(str(line), language, words, [p[1].strip() for _, p in cells] if width == 2 else None)

    return tables.make_rows(_cell_blocks(path), make)


def _cell_blocks(path: Path) -> Iterator[tuple[int, CellBlock | BadRow]]:
    """(first line, its lines as cells) of every run of lines that are not blank."""
    block: CellBlock = []
    bad: BadRow | None = None
    for number, text in chain(tables.each_line(path), [(0, "")]):
        if type(text) is str and text.strip(" "):  # quicker than isinstance, once a word
            block.append((number, text.split("\t")))
        elif isinstance(text, BadRow):
            bad = bad or text
        elif block or bad:
            yield (bad.line, bad) if bad else (block[0][0], block)
            block, bad = [], None


def _tag_names(ids: Sequence[Any], labels: Sequence[str]) -> list[str]:
    """Tags by number, or by name where a copy of the hub holds names. Raises IndexError for an unknown number."""
    if any(isinstance(i, int) and i < 0 for i in ids):
        raise IndexError(min(ids))
    return [labels[i] if isinstance(i, int) else i for i in ids]


class _Tagging(Reader):
    world: ClassVar[str] = "tags"
    form: ClassVar[str] = "tag"
    benchmark: BenchmarkChoice = Field(
        "xtreme", description="whose languages: those of xtreme, or the more of xtreme_r"
    )
    added: ClassVar[tuple[str, ...]]  # languages of XTREME-R alone

    def layout_variants(self) -> tuple[Reader, ...]:
        return (self.model_copy(update={"benchmark": "xtreme_r"}),)

    def offered_languages(self, source: Source, split: str) -> tuple[str, ...]:
        left_out = self.added if self.benchmark == "xtreme" else ()
        return tuple(language for language in super().offered_languages(source, split) if language not in left_out)


def _treebank(path: Path) -> str:
    """``gsd`` of ``UD_German-GSD/de_gsd-ud-dev.conllu``; UD 1 has no treebank in its file names."""
    return path.name.split("-ud-")[0].partition("_")[2] or path.parent.name.partition("-")[2].lower()


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
        label_breakers={
            "substitutions": "another word may be another part of speech",
            "word_order": "a part of speech depends on the words around",
        },
    )
    published: ClassVar[Settings] = Settings(
        learning_rate=2e-5, epochs=10, batch_size=32, max_length=128, source=_XTREME.format("udpos")
    )
    mixed_tables: bool = Field(
        False, description="hub: also the tables of de, el, fr, ru and zh, which mix in another language"
    )

    def offered_languages(self, source: Source, split: str) -> tuple[str, ...]:
        languages = [lang for lang in super().offered_languages(source, split) if split != "dev" or lang not in _NO_DEV]
        if source == "hub":
            languages = [lang for lang in languages if lang in _HUB_NAMES and (self.mixed_tables or lang not in _MIXED)]
        return tuple(languages)

    def places(self, split: str, language: str) -> Iterable[str]:
        name = f"UD_*/{language}[_-]*ud-{split}.conllu"  # UD 1 has no treebank in its file names
        versions = ("v2.7",) if language in _ADDED_POS else ("v2.5", "v2.7")
        yield from (f"{base}ud-treebanks-{version}/{name}" for version in versions for base in ("", "udpos/"))
        yield from (f"ud/{name}", name)
        yield from (f"{folder}/{split}-{language}.tsv" for folder in ("udpos", "udpos_xtreme_layout"))

    def parse(self, path: Path, split: str, language: str) -> Iterator[Row | BadRow]:
        if path.suffix == ".tsv":
            yield from xtreme_layout(path, language, self.labels)
            return
        treebank = _treebank(path)
        if treebank not in {"miniature", *map(str.lower, TREEBANKS[language])}:
            return  # a treebank that later versions of UD added

        def make(line: int, sentence: TreebankSentence) -> Row | None:
            written = fused_words(sentence, language)
            return tag_row(f"{treebank}:{sentence.name}", language, *written) if written else None

        yield from tables.make_rows(each_sentence(path), make)

    def file_caveats(self, split: str, language: str, files: list[Path]) -> list[str]:
        """The treebanks that XTREME has in this split and this mirror has not."""
        present = {_treebank(path) for path in files if path.suffix == ".conllu"}
        if not present or "miniature" in present:
            return []
        missing = [
            name
            for name in TREEBANKS[language]
            if name.lower() not in present and split in TREEBANK_SPLITS.get(name, ALL_SPLITS)
        ]
        missing = [name for name in missing if f"{language} {name}" not in MASKED_TREEBANKS]
        what = f"udpos {split} in {language}: the mirror lacks {', '.join(missing)}, which XTREME has"
        return [f"{what}; scores are not comparable with its"] if missing else []

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
        return tag_row(str(number), language, row["tokens"], _tag_names(row["pos_tags"], UPOS))


@Reader.register("panx")
class Panx(_Tagging):
    """PAN-X, the balanced part of WikiANN: persons, organisations and places in Wikipedia, by silver-standard
    labels. Scored by entity F1."""

    labels: ClassVar[tuple[str, ...]] = ENTITY_TAGS
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
        label_breakers=NO_BREAKERS,
        traits=("entity_tags",),
    )
    published: ClassVar[Settings] = Settings(
        learning_rate=2e-5, epochs=10, batch_size=32, max_length=128, source=_XTREME.format("panx")
    )

    def places(self, split: str, language: str) -> Iterable[str]:
        for folder in ("panx_dataset", "panx/panx_dataset", "wikiann", "ner/wikiann_original"):
            yield from (f"{folder}/{language}/{split}", f"{folder}/{language}-{split}")
        yield from (f"{folder}/{split}-{language}.tsv" for folder in ("panx", "ner/panx"))

    def parse(self, path: Path, split: str, language: str) -> Iterator[Row | BadRow]:
        if path.suffix == ".tsv":
            yield from xtreme_layout(path, language, self.labels)
            return

        def make(line: int, cells: CellBlock) -> Row:
            words, tags = zip(*(self._word(path, number, parts, language) for number, parts in cells), strict=True)
            return tag_row(str(line), language, words, tags)

        yield from tables.make_rows(_cell_blocks(path), make)

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
        return tag_row(str(number), language, row["tokens"], _tag_names(row["ner_tags"], ENTITY_TAGS))
