"""Mewsli-X: the description, in any language, of the entity that a piece of news mentions (Ruder et al. 2021).

The files are those that the makers' get-mewsli-x.sh leaves. A mention is read as in google-research/xtreme
(third_party/utils_mewslix.py): its words, a colon, and its sentence with the mention in braces.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tarfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from xfer.core.errors import BadRow, MissingData
from xfer.readers import sources, tables
from xfer.readers.base import Card, Reader, Row, Settings, Source

ENTITIES = "candidate_set_entities.jsonl"
ARCHIVE = "raw.tar.gz"
_DESCRIBED = re.compile(r'"description_language"\s*:\s*"([^"\\]+)"')
_NAMED = re.compile(r'"entity_id"\s*:\s*"([^"\\]+)"')
_BRACES = re.compile(r"\{(.*?)\}")
Span = tuple[int, int]


@Reader.register("mewsli_x")
class MewsliX(Reader):
    """Mewsli-X: the entity that a mention in the news means, among a million descriptions in 50 languages, which
    are searched together. Training pairs are from Wikipedia, in English, and so is what training selects by.

    Descriptions in a language without mentions are read with the English ones.
    """

    world: ClassVar[str] = "mentions"
    form: ClassVar[str] = "retrieve"
    labels: ClassVar[tuple[str, ...]] = ()
    card: ClassVar[Card] = Card(
        title="Mewsli-X",
        hub="izhx/mewsli-x",
        revision=None,
        licence="Apache-2.0; its text: WikiNews CC-BY-2.5, Wikipedia CC-BY-SA",
        citation="Ruder et al.: XTREME-R: Towards More Challenging and Nuanced Multilingual Evaluation. EMNLP 2021",
        languages=tuple("ar de en es fa ja pl ro ta tr uk".split()),
        train_languages=("en",),
        splits=("train", "dev", "test"),
        layout="mewsli_x/ with wikinews_mentions-{dev,test}.jsonl, wikipedia_pairs-{train,dev}.jsonl and "
        f"{ENTITIES}, as get-mewsli-x.sh leaves them",
        sizes={},
    )
    published: ClassVar[Settings] = Settings(
        learning_rate=2e-5,
        epochs=2,
        batch_size=256,
        max_length=64,
        source="XTREME-R scripts/train_mewslix.sh for mBERT (reference: xtreme_r section 3; its batches are 64 x 4, so "
        "that a mention there has 63 wrong entities beside it, here 255; XLM-R large: 1e-5 and 8 x 4)",
    )

    layer: int | None = Field(None, ge=0, description="hidden state that gives the vectors, 0 the embeddings; the last")
    pooling: Literal["mean", "cls", "max"] = Field("cls", description="how a text's subwords become one vector")

    dev: Literal["wikipedia", "wikinews"] = Field(
        "wikipedia",
        description="split dev: pairs like those of training, among their own entities, or the news in 11 languages",
    )

    def offered(self, source: Source, split: str) -> tuple[str, ...]:
        return ("en",) if self._paired(split) else super().offered(source, split)

    def variants(self) -> tuple[Reader, ...]:
        return tuple(self.model_copy(update={"dev": dev}) for dev in ("wikipedia", "wikinews"))

    def form_options(self) -> dict[str, Any]:
        return {"pool": "shared", "task": "ranking", "layer": self.layer, "pooling": self.pooling}

    def places(self, split: str, language: str) -> Iterable[str]:
        yield from (f"{folder}{self._file(split)}" for folder in ("mewsli_x/", "mewslix/", "mewsli-x/", ""))

    def beside(self, path: Path, split: str, language: str) -> Iterable[Path]:
        return () if self._paired(split) else (path.with_name(ENTITIES),)

    def parse(self, path: Path, split: str, language: str) -> Iterator[Row | BadRow]:
        if self._paired(split):
            yield from pairs(path, language)
            return
        wanted: dict[str, str] = {}
        for row in mentions(path, language):
            if not isinstance(row, BadRow):
                wanted.setdefault(row["gold"][0], row["id"])
            yield row
        if not wanted:
            raise MissingData(f"{path} holds no mention in {language}")
        beside = path.with_name(ENTITIES)
        if not beside.is_file():
            raise MissingData(f"{beside} is not there; {self.type_name} searches its entities ({self.card.layout})")
        yield from entities(beside, self._described(language), wanted)
        if wanted:
            entity, mention = min(wanted.items())
            raise BadRow(str(path), 0, f"the entity {entity} of mention {mention} is not among those of {beside.name}")

    def _paired(self, split: str) -> bool:
        """Whether a split's mentions stand with their entities."""
        return split == "train" or (split == "dev" and self.dev == "wikipedia")

    def _file(self, split: str) -> str:
        return f"{'wikipedia_pairs' if self._paired(split) else 'wikinews_mentions'}-{split}.jsonl"

    def _described(self, language: str) -> Callable[[str], bool]:
        """Whether the descriptions in a language are read with the rows of ``language``."""
        known = self.card.languages
        return lambda code: code == language or (language == "en" and code not in known)

    def hub_rows(self, split: str, language: str) -> Iterator[Row | BadRow] | None:
        return self.parse(_unpacked(self.card) / self._file(split), split, language)


# files


def mentions(path: Path, language: str) -> Iterator[Row | BadRow]:
    """The mentions in one language of a file of WikiNews articles, a BadRow in the place of each of no use."""
    for number, article in tables.each_jsonl(path):
        if isinstance(article, BadRow):
            yield article
            continue
        place = _Place(path, number)
        try:
            context, found = place.part(article, "context"), article.get("mentions")
            if place.text(context, "language") != language:
                continue
            if not isinstance(found, list):
                raise place.bad("has no list 'mentions'")
        except BadRow as bad:
            yield bad
            continue
        for mention in found:
            try:
                yield _mention(place, context, mention, language)
            except BadRow as bad:
                yield bad


def pairs(path: Path, language: str) -> Iterator[Row | BadRow]:
    """Mentions and, each at its first mention, their entities of a file of training pairs."""
    known: set[str] = set()
    for number, pair in tables.each_jsonl(path):
        if isinstance(pair, BadRow):
            yield pair
            continue
        try:
            query, entity = _pair(_Place(path, number), pair, language)
        except BadRow as bad:
            yield bad
            continue
        yield query
        if entity["id"] not in known:
            known.add(entity["id"])
            yield entity


def entities(path: Path, described: Callable[[str], bool], wanted: dict[str, str]) -> Iterator[Row | BadRow]:
    """The entities with a description in the languages that ``described`` says, one at a time.

    Takes the ids of all entities out of ``wanted``. The lines of other languages are not parsed: the file holds a
    million.
    """
    for number, line in tables.each_line(path):
        if isinstance(line, BadRow):
            yield line
            continue
        name, code = _NAMED.search(line), _DESCRIBED.search(line)
        if name:
            wanted.pop(name[1], None)
        if line.strip() and not (code and name and not described(code[1])):
            place = _Place(path, number)
            try:
                yield _entity(place, place.parsed(line))
            except BadRow as bad:
                yield bad


class _Place:
    """A line of a file, for the faults of what it holds."""

    def __init__(self, path: Path, number: int) -> None:
        self.path, self.number = path, number

    def bad(self, message: str) -> BadRow:
        return BadRow(str(self.path), self.number, message)

    def parsed(self, line: str) -> dict[str, Any]:
        try:
            found = json.loads(line)
        except json.JSONDecodeError as error:
            raise self.bad(f"is not JSON: {error.msg} at column {error.colno}") from None
        except RecursionError:
            raise self.bad("nests too deeply") from None
        if not isinstance(found, dict):
            raise self.bad("is not a JSON object")
        return found

    def part(self, value: Any, key: str) -> dict[str, Any]:
        found = value.get(key) if isinstance(value, dict) else None
        if not isinstance(found, dict):
            raise self.bad(f"has no object '{key}'")
        return found

    def text(self, value: dict[str, Any], key: str) -> str:
        if not isinstance(value.get(key), str):
            raise self.bad(f"'{key}' is {value.get(key)!r}, not text")
        return str(value[key])

    def span(self, value: Any, text: str, what: str) -> Span:
        start, end = (value.get("start"), value.get("end")) if isinstance(value, dict) else (None, None)
        if type(start) is not int or type(end) is not int or not 0 <= start < end <= len(text):
            raise self.bad(f"{what} is from {start!r} to {end!r}, which is not within a text of {len(text)} characters")
        return start, end

    def spans(self, value: dict[str, Any], text: str) -> list[Span]:
        found = value.get("sentence_spans")
        if not isinstance(found, list) or not found:
            raise self.bad("has no list 'sentence_spans'")
        return [self.span(one, text, "a sentence") for one in found]


def _mention(place: _Place, context: dict[str, Any], mention: Any, language: str) -> Row:
    """A query: the mention and its sentence, in which it stands between braces."""
    if not isinstance(mention, dict):
        raise place.bad("holds a mention that is not an object")
    name, text = place.text(mention, "example_id"), place.text(context, "text")
    if not text:
        raise place.bad(f"the text of mention {name} was taken out for the release; get-mewsli-x.sh puts it back")
    given = place.part(mention, "mention_span")
    start, end = place.span(given, text, f"mention {name}")
    if text[start:end] != place.text(given, "text"):
        raise place.bad(f"mention {name} is '{given['text']}', but '{text[start:end]}' stands at {start} of its text")
    sentences = place.spans(context, text)
    first = max((one for one, _ in sentences if one <= start), default=None)
    last = min((one for _, one in sentences if one >= end), default=None)
    if first is None or last is None:
        raise place.bad(f"mention {name} stands in no sentence")
    left, right = (_BRACES.sub(r"(\1)", side) for side in (text[first:start], text[end:last]))
    words = text[start:end]
    marked = " ".join(f"{words}: {left} {{ {words} }} {right}".split())
    return _row(name, language, "query", marked, [place.text(mention, "entity_id")])


def _pair(place: _Place, pair: dict[str, Any], language: str) -> tuple[Row, Row]:
    contextual, entity = place.part(pair, "contextual_mention"), _entity(place, place.part(pair, "entity"))
    query = _mention(place, place.part(contextual, "context"), contextual.get("mention"), language)
    if query["gold"] != [entity["id"]]:
        what = f"mention {query['id']} means {query['gold'][0]}, but the entity beside it is {entity['id']}"
        raise place.bad(what)
    return query, entity


def _entity(place: _Place, entity: dict[str, Any]) -> Row:
    """A candidate: the sentences of its description."""
    description = place.text(entity, "description")
    sentences = (description[start:end] for start, end in place.spans(entity, description))
    text = " ".join(" ".join(sentences).split())
    language = place.text(entity, "description_language")
    return _row(place.text(entity, "entity_id"), language, "candidate", text, None)


def _row(name: str, language: str, side: str, text: str, gold: list[str] | None) -> Row:
    row = {"id": name, "language": language, "side": side, "text": text, "pair": None}
    return row | {"gold": gold, "part": "test"}


# the hub


def _unpacked(card: Card) -> Path:
    """The folder of the official files, unpacked once from the archive that the hub's copy holds beside its tables.

    The tables themselves lack the ids of the entities.
    """
    from huggingface_hub import cached_assets_path, hf_hub_download  # late: only the hub needs its client

    local = sources.local_hub(card.hub)
    if local:
        archive = local / ARCHIVE
        if not archive.is_file():
            raise MissingData(f"{local} holds no {ARCHIVE}")
        version = f"{archive.stat().st_size}-{archive.stat().st_mtime_ns}"
    else:
        version = card.revision or sources.hub_commit(card.hub)
        with sources.hub_offline(bool(os.environ.get("HF_HUB_OFFLINE"))):
            archive = Path(hf_hub_download(card.hub, ARCHIVE, repo_type="dataset", revision=version))
    folder = cached_assets_path(library_name="xfer", namespace=card.hub, subfolder=version)
    _unpack(archive, folder)
    return folder


def _unpack(archive: Path, folder: Path) -> None:
    wanted = {ENTITIES, *(f"wikipedia_pairs-{split}.jsonl" for split in ("train", "dev"))}
    wanted |= {f"wikinews_mentions-{split}.jsonl" for split in ("dev", "test")}
    if all((folder / name).is_file() for name in wanted):
        return
    try:
        with tarfile.open(archive) as packed:
            for member in packed:
                name = Path(member.name).name
                source = packed.extractfile(member) if name in wanted else None
                if source is not None:
                    aside = folder / f"{name}.part"
                    with source, aside.open("wb") as file:
                        shutil.copyfileobj(source, file)
                    aside.replace(folder / name)
                    wanted.discard(name)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise BadRow(str(archive), 0, f"cannot be unpacked: {error}") from None
    if wanted:
        raise BadRow(str(archive), 0, f"holds no {', '.join(sorted(wanted))}")
