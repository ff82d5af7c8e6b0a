"""The words of a text, as the letter attacks count and cut them.

Spaced scripts: a run of letters, marks, digits and joiners, cut where the script changes. Scripts
without spaces: the words that a segmenter finds; pieces of a fixed number of clusters where none is installed. An
address (URL, e-mail, @name) is one word, and never touched. May import: scripts, segment, standard library.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import regex

from xfer.text.scripts import UNSPACED, ZWJ, ZWNJ, grapheme_spans, is_letter, is_virama, script_of
from xfer.text.segment import group_clusters

CellSpan = tuple[int, int]


class TextWord(NamedTuple):
    """One counted span, its script (that of its first letter), and the clusters inside it that an attack may touch."""

    start: int
    end: int
    script: str
    cells: tuple[CellSpan, ...]


_UNSPACED_CHARS = "".join(rf"\p{{{name}}}" for name in UNSPACED) + r"\u30fc\uff70\uff9e\uff9f"
_CHUNK = regex.compile(rf"[{_UNSPACED_CHARS}][{_UNSPACED_CHARS}\p{{M}}\u200c\u200d]*+|[^\s{_UNSPACED_CHARS}]++")
_WORD_RUN = regex.compile(r"[\p{L}\p{N}][\p{L}\p{M}\p{N}\u200c\u200d]*+")
# Possessive throughout: a hostile text must not cost more than linear time.
_DOMAIN = regex.compile(r"\P{L}*+(?:[\p{L}\p{N}-]++\.)+(?!\p{Lu})\p{L}{2,}+(?=[/:?#]|\P{L}*+$)")
_CONNECTORS = frozenset("/@?=&#%-_.:")
_DIGIT = "digit"


def cut_words(text: str) -> list[TextWord]:
    """All words in order, without overlap; a word without cells is counted and left alone."""
    words: list[TextWord] = []
    address_end = -1
    for chunk in _CHUNK.finditer(text):
        start, end = chunk.span()
        if address_end == start and _connected(text, start):
            words[-1] = words[-1]._replace(end=end)
            address_end = end
        elif _is_address(chunk.group()):
            words.append(TextWord(start, end, "", ()))
            address_end = end
        else:
            words.extend(_chunk_words(text, start, end))
    return words


def _is_address(chunk: str) -> bool:
    if "@" in chunk or "://" in chunk:
        return True
    return "." in chunk and _DOMAIN.match(chunk) is not None


def _connected(text: str, border: int) -> bool:
    return text[border - 1] in _CONNECTORS or text[border] in _CONNECTORS


def _chunk_words(text: str, start: int, end: int) -> Iterator[TextWord]:
    for match in _WORD_RUN.finditer(text, start, end):
        segmented = _segmented_words(text, *match.span()) if script_of(text[match.start()]) in UNSPACED else None
        if segmented is not None:
            yield from segmented
            continue
        for script, spans in _script_runs(text, *match.span()):
            size = UNSPACED.get(script, len(spans))
            for first in range(0, len(spans), size):
                yield _word_of_clusters(text, script, spans[first : first + size])


def _segmented_words(text: str, start: int, end: int) -> list[TextWord] | None:
    """The words of a run without spaces, Japanese ones across its scripts; None without a segmenter."""
    groups = group_clusters(list(grapheme_spans(text, start, end)), text[start:end], start)
    return (
        None if groups is None else [_word_of_clusters(text, _char_kind(text[spans[0][0]]), spans) for spans in groups]
    )


def _script_runs(text: str, start: int, end: int) -> Iterator[tuple[str, list[CellSpan]]]:
    script, spans = "", list[CellSpan]()
    for span in grapheme_spans(text, start, end):
        kind = _char_kind(text[span[0]])
        merged = _merged_script(script, kind)
        if spans and merged is None:
            yield script, spans
            spans = []
        script = kind if merged is None else merged
        spans.append(span)
    yield script, spans


def _char_kind(char: str) -> str:
    return _DIGIT if char.isnumeric() and not is_letter(char) else script_of(char)


def _merged_script(run: str, kind: str) -> str | None:
    """The script of a run that goes on with ``found``, None when a new run begins there."""
    if kind in ("", run):
        return run
    if run == "" or (run == _DIGIT and kind not in UNSPACED):
        return kind
    return run if kind == _DIGIT and run not in UNSPACED else None


def _word_of_clusters(text: str, script: str, spans: list[CellSpan]) -> TextWord:
    single = len(spans) == 1 and script not in UNSPACED
    cells = () if single else tuple(_cell_core(text, *span) for span in spans if is_letter(text[span[0]]))
    return TextWord(spans[0][0], spans[-1][1], script, cells)


def _cell_core(text: str, start: int, end: int) -> CellSpan:
    # A joiner belongs to the place in the word (Persian, Urdu), not to the letter before it,
    # unless it follows a virama, whose shape it decides.
    while end - start > 1 and text[end - 1] in (ZWNJ, ZWJ) and not is_virama(text[end - 2]):
        end -= 1
    return start, end


def is_editable(word: TextWord) -> bool:
    """True when the word has letters to hit."""
    return bool(word.cells)


def are_adjacent(text: str, left: CellSpan, right: CellSpan) -> bool:
    """True when nothing but joiners lies between two cells."""
    return not text[left[1] : right[0]].strip(ZWNJ + ZWJ)
