"""The words of a text, as the letter attacks count and cut them.

Spaced scripts: a run of letters, marks, digits and joiners, cut where the script changes. Scripts
without spaces: the words that a segmenter finds; pieces of a fixed number of clusters where none is installed. An
address (URL, e-mail, @name) is one word, and never touched. May import: scripts, segment, standard library.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import regex

from xfer.text.scripts import UNSPACED, ZWJ, ZWNJ, graphemes, is_letter, is_virama, script_of
from xfer.text.segment import grouped

Span = tuple[int, int]


class Word(NamedTuple):
    """One counted span, its script (that of its first letter), and the clusters inside it that an attack may touch."""

    start: int
    end: int
    script: str
    cells: tuple[Span, ...]


_UNSPACED = "".join(rf"\p{{{name}}}" for name in UNSPACED) + r"\u30fc\uff70\uff9e\uff9f"
_CHUNK = regex.compile(rf"[{_UNSPACED}][{_UNSPACED}\p{{M}}\u200c\u200d]*+|[^\s{_UNSPACED}]++")
_WORD = regex.compile(r"[\p{L}\p{N}][\p{L}\p{M}\p{N}\u200c\u200d]*+")
# Possessive throughout: a hostile text must not cost more than linear time.
_DOMAIN = regex.compile(r"\P{L}*+(?:[\p{L}\p{N}-]++\.)+(?!\p{Lu})\p{L}{2,}+(?=[/:?#]|\P{L}*+$)")
_CONNECTORS = frozenset("/@?=&#%-_.:")
_DIGIT = "digit"


def cut(text: str) -> list[Word]:
    """All words in order, without overlap; a word without cells is counted and left alone."""
    words: list[Word] = []
    address_end = -1
    for chunk in _CHUNK.finditer(text):
        start, end = chunk.span()
        if address_end == start and _connected(text, start):
            words[-1] = words[-1]._replace(end=end)
            address_end = end
        elif _is_address(chunk.group()):
            words.append(Word(start, end, "", ()))
            address_end = end
        else:
            words.extend(_words(text, start, end))
    return words


def _is_address(chunk: str) -> bool:
    if "@" in chunk or "://" in chunk:
        return True
    return "." in chunk and _DOMAIN.match(chunk) is not None


def _connected(text: str, border: int) -> bool:
    return text[border - 1] in _CONNECTORS or text[border] in _CONNECTORS


def _words(text: str, start: int, end: int) -> Iterator[Word]:
    for match in _WORD.finditer(text, start, end):
        found = _segmented(text, *match.span()) if script_of(text[match.start()]) in UNSPACED else None
        if found is not None:
            yield from found
            continue
        for script, spans in _runs(text, *match.span()):
            size = UNSPACED.get(script, len(spans))
            for first in range(0, len(spans), size):
                yield _word(text, script, spans[first : first + size])


def _segmented(text: str, start: int, end: int) -> list[Word] | None:
    """The words of a run without spaces, Japanese ones across its scripts; None without a segmenter."""
    found = grouped(list(graphemes(text, start, end)), text[start:end], start)
    return None if found is None else [_word(text, _kind(text[spans[0][0]]), spans) for spans in found]


def _runs(text: str, start: int, end: int) -> Iterator[tuple[str, list[Span]]]:
    script, spans = "", list[Span]()
    for span in graphemes(text, start, end):
        found = _kind(text[span[0]])
        joined = _joined(script, found)
        if spans and joined is None:
            yield script, spans
            spans = []
        script = found if joined is None else joined
        spans.append(span)
    yield script, spans


def _kind(char: str) -> str:
    return _DIGIT if char.isnumeric() and not is_letter(char) else script_of(char)


def _joined(run: str, found: str) -> str | None:
    """The script of a run that goes on with ``found``, None when a new run begins there."""
    if found in ("", run):
        return run
    if run == "" or (run == _DIGIT and found not in UNSPACED):
        return found
    return run if found == _DIGIT and run not in UNSPACED else None


def _word(text: str, script: str, spans: list[Span]) -> Word:
    alone = len(spans) == 1 and script not in UNSPACED
    cells = () if alone else tuple(_core(text, *span) for span in spans if is_letter(text[span[0]]))
    return Word(spans[0][0], spans[-1][1], script, cells)


def _core(text: str, start: int, end: int) -> Span:
    # A joiner belongs to the place in the word (Persian, Urdu), not to the letter before it,
    # unless it follows a virama, whose shape it decides.
    while end - start > 1 and text[end - 1] in (ZWNJ, ZWJ) and not is_virama(text[end - 2]):
        end -= 1
    return start, end


def editable(word: Word) -> bool:
    """True when the word has letters to hit."""
    return bool(word.cells)


def follow(text: str, left: Span, right: Span) -> bool:
    """True when nothing but joiners lies between two cells."""
    return not text[left[1] : right[0]].strip(ZWNJ + ZWJ)
