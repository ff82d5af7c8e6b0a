"""The words of a text, by two rules; no other module cuts texts into words.

``counted_words`` is the rule of attackers without a victim, of rates and of what reports count: a hyphen and an
apostrophe end a word, so that the parts of a compound count one by one; a change of script ends it, since an edit draws
letters of one script; an address (URL, e-mail, @name) is one word, and never touched.

``searchable_words`` is the rule of searches, which ask a model with a word left out or replaced: what a reader takes
for one word stays whole (don't, well-known), in any mix of scripts, and addresses are words as others. TextAttack
splits by Python's ``\\w``, which cuts Hindi, Tamil or pointed Arabic at each combining mark.

In scripts without spaces both take the words that a segmenter finds, or pieces of a fixed number of clusters where none
is installed; the last piece of a search is never a single cluster, which could not be edited. Results depend on both
rules, so neither can take the other's place. May import: scripts, segment, standard library.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import regex

from xfer.text.scripts import UNSPACED, ZWJ, ZWNJ, grapheme_spans, is_letter, is_virama, script_of
from xfer.text.segment import group_clusters

CellSpan = tuple[int, int]


class WordSpan(NamedTuple):
    """A word: ``text[start:end]`` of one column (code points)."""

    start: int
    end: int


class TextWord(NamedTuple):
    """One counted span, its script (that of its first letter), and the clusters inside it that an attack may touch."""

    start: int
    end: int
    script: str
    cells: tuple[CellSpan, ...]


def _scripts_by_size() -> dict[int, str]:
    """The unspaced scripts as a class of characters, by how many clusters stand for a word."""
    classes = {UNSPACED["Katakana"]: "\u30fc"}  # the sign of a long vowel, which belongs to no script
    for name, size in UNSPACED.items():
        classes[size] = classes.get(size, "") + rf"\p{{{name}}}"
    return classes


_UNSPACED_CHARS = "".join(rf"\p{{{name}}}" for name in UNSPACED) + r"\u30fc\uff70\uff9e\uff9f"
_CHUNK = regex.compile(rf"[{_UNSPACED_CHARS}][{_UNSPACED_CHARS}\p{{M}}\u200c\u200d]*+|[^\s{_UNSPACED_CHARS}]++")
_WORD_RUN = regex.compile(r"[\p{L}\p{N}][\p{L}\p{M}\p{N}\u200c\u200d]*+")
# Possessive throughout: a hostile text must not cost more than linear time.
_DOMAIN = regex.compile(r"\P{L}*+(?:[\p{L}\p{N}-]++\.)+(?!\p{Lu})\p{L}{2,}+(?=[/:?#]|\P{L}*+$)")
_CONNECTORS = frozenset("/@?=&#%-_.:")
_DIGIT = "digit"
_SEARCH_UNSPACED = "".join(_scripts_by_size().values())
_SEARCH_RUNS = "|".join(
    rf"(?P<run{size}>[[{scripts}]&&[\p{{L}}\p{{N}}]][[{scripts}\p{{M}}]&&[\p{{L}}\p{{M}}\p{{N}}]]*)"
    for size, scripts in _scripts_by_size().items()
)
# A word starts with a letter or digit: a mark, joiner, hyphen or apostrophe can only follow one.
_SEARCH_WORD = (
    rf"(?P<word>[[\p{{L}}\p{{N}}]--[{_SEARCH_UNSPACED}]]"
    rf"[[\p{{L}}\p{{M}}\p{{N}}\u200c\u200d'’-]--[{_SEARCH_UNSPACED}]]*)"
)
_SEARCH_TOKEN = regex.compile(f"{_SEARCH_RUNS}|{_SEARCH_WORD}", regex.V1)


def counted_words(text: str) -> list[TextWord]:
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


def searchable_words(text: str) -> list[WordSpan]:
    """The words that a search may edit, in order. No span starts with a combining mark; none is empty."""
    words: list[WordSpan] = []
    for match in _SEARCH_TOKEN.finditer(text):
        if match.lastgroup == "word":
            words.append(WordSpan(match.start(), match.start() + len(match.group().rstrip("'’-"))))
        else:
            words += _run_words(match.group(), match.start(), int((match.lastgroup or "run2")[3:]))
    return words


def _run_words(run: str, start: int, size: int) -> list[WordSpan]:
    """The words of a run without spaces. Without a segmenter it is cut after every ``size`` clusters; a single one
    left over joins the piece before it."""
    cells = [(start + first, start + past) for first, past in grapheme_spans(run)]
    words = group_clusters(cells, run, start)
    if words is not None:
        return [WordSpan(word[0][0], word[-1][1]) for word in words]
    ends = [end - start for _, end in cells]
    cuts = ends[size - 1 :: size]
    if len(cuts) * size < len(ends):
        if cuts and len(ends) - len(cuts) * size == 1:
            cuts.pop()  # one cluster alone could not be edited
        cuts.append(ends[-1])
    return [WordSpan(start + left, start + right) for left, right in zip([0, *cuts], cuts, strict=False)]
