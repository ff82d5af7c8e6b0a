"""CoNLL-U, the format of Universal Dependencies, and the written words that XTREME makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from xfer.core.errors import BadRow
from xfer.readers import tables

# The alphabetical order of XTREME's and jiant's; UD's own hub tables have another.
UPOS = tuple("ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X".split())
_VERSION_1 = {"CONJ": "CCONJ"}  # renamed in UD 2
# Which of several equally high words is the head of a multi-word token, by part of speech and language.
_RANK = "VERB NOUN PROPN PRON ADJ NUM ADV INTJ AUX ADP DET PART CCONJ SCONJ X PUNCT".split()
_RANKS = {
    "es": "VERB AUX PRON ADP DET".split(),
    "fr": "VERB AUX PRON NOUN ADJ ADV ADP DET PART SCONJ CONJ".split(),
    "it": "VERB AUX ADV PRON ADP DET INTJ".split(),
}


class SyntacticWord(NamedTuple):
    """A syntactic word: form, UPOS, and its heads, those of the enhanced graph included."""

    form: str
    upos: str
    heads: frozenset[int]


class TreebankSentence(NamedTuple):
    """Words in order; ``spans`` maps the first word (from 1) of each multi-word token to its last and its form."""

    name: str
    words: list[SyntacticWord]
    spans: dict[int, tuple[int, str]]


def each_sentence(path: Path) -> Iterator[tuple[int, TreebankSentence | BadRow]]:
    """(line of its first word, sentence) of a file; a sentence that cannot be read is its first BadRow."""
    name, words, spans, first = "", list[SyntacticWord](), dict[int, tuple[int, str]](), 0
    bad: BadRow | None = None
    for line, text in chain(tables.each_line(path), [(0, "")]):
        if isinstance(text, BadRow):
            first, bad = first or line, bad or text
        elif text.startswith("#"):
            key, _, value = text[1:].partition("=")
            name = value.strip() if key.strip() == "sent_id" else name
        elif text.strip():
            first = first or line
            try:
                if bad is None:
                    _read_token(path, line, text, words, spans)
            except BadRow as error:
                bad = error
        elif words or bad:
            if any(end > len(words) or end < start for start, (end, _) in spans.items()):
                what = "begins a sentence with a multi-word token that ends outside it"
                bad = bad or BadRow(str(path), first, what)
            yield first, bad or TreebankSentence(name or str(first), words, spans)
            name, words, spans, first, bad = "", [], {}, 0, None


def _read_token(
    path: Path, line: int, text: str, words: list[SyntacticWord], spans: dict[int, tuple[int, str]]
) -> None:
    cells = text.split("\t")
    if len(cells) != 10:
        raise BadRow(str(path), line, f"has {len(cells)} columns where CoNLL-U has 10")
    number, upos = cells[0], _VERSION_1.get(cells[3], cells[3])
    try:
        if "." in number:  # an empty node of the enhanced graph: nothing is written there
            return
        if "-" in number:
            start, end = map(int, number.split("-"))
            spans[start] = end, cells[1].strip()
            return
        heads = {int(cells[6])} if cells[6] != "_" else set()
        heads |= {int(head) for dep in cells[8].split("|") if (head := dep.split(":")[0]).isdigit()}
        position = int(number)
    except ValueError:
        raise BadRow(str(path), line, f"has no usable number in '{number}' or '{cells[6]}'") from None
    if position != len(words) + 1:
        raise BadRow(str(path), line, f"is word {position} where word {len(words) + 1} is expected")
    if upos not in (*UPOS, "_"):
        raise BadRow(str(path), line, f"part of speech '{cells[3]}' is not one of {', '.join(UPOS)}")
    words.append(SyntacticWord(cells[1].strip(), upos, frozenset(heads)))


def fused_words(sentence: TreebankSentence, language: str) -> tuple[list[str], list[str]] | None:
    """Written words and their tags as XTREME makes them; None for a sentence that it leaves out.

    A multi-word token is one word with the tag of its head. Left out are sentences of which all words, or all
    but one, are masked as ``_`` (and those without a tag). Spaces within words and U+200C are taken out.
    """
    forms, tags, skip = [], [], 0
    for number, word in enumerate(sentence.words, 1):
        if number <= skip:
            continue
        skip, form = sentence.spans.get(number, (number, word.form))
        head = _head_word(sentence.words, range(number, skip + 1), language) if skip > number else number
        forms.append(form)
        tags.append(sentence.words[head - 1].upos)
    masked = forms.count("_")
    if masked and masked >= len(forms) - 1 or "_" in tags:
        return None
    return [form.replace("\u200c", "").replace(" ", "") for form in forms], tags


def _head_word(words: list[SyntacticWord], span: range, language: str) -> int:
    """The word of the span that is nearest to the root; of several the first of the best part of speech."""
    above = {number: len(_word_ancestors(words, number)) for number in span}
    highest = [number for number in span if above[number] == min(above.values())]
    rank = _RANKS.get(language, _RANK)
    return min(highest, key=lambda n: rank.index(words[n - 1].upos) if words[n - 1].upos in rank else len(rank))


def _word_ancestors(words: list[SyntacticWord], number: int) -> set[int]:
    """All words (0 is the root) from which this one is reached, counted as XTREME does: over both graphs."""
    ancestors: set[int] = set()
    waiting = [number]
    while waiting:
        current = waiting.pop()
        heads = words[current - 1].heads if 0 < current <= len(words) else frozenset()
        waiting += [head for head in heads if head not in ancestors]
        ancestors |= heads
    return ancestors - {number}
