"""Where sentences stand in a running text: our own rule, for texts whose makers did not mark them.

LAReQA cuts SQuAD's paragraphs by a list of patterns made for that corpus; ours is shorter and knows more scripts. A
sentence ends at a mark of its end and what closes behind it (quotes, brackets, a reference such as [12]), if a blank
and no small letter follow; Chinese and Japanese marks need no blank. Initials and common abbreviations do not end
one, unless a word comes next that mostly begins a sentence. Thai writes no marks: its sentences end with the
paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

SentenceSpan = tuple[int, int]

_REFERENCES = r"(?:\[[^\]\[]{1,20}\])*"
_END = re.compile(rf"""[.!?…؟।॥\u037e]+["'”’»)\]]*{_REFERENCES}(?=\s)|[。！？]+[”’」』）"]*{_REFERENCES}|\n\s*\n""")
_OPENING = re.compile(r"""\s*["'“‘«(\[¿¡]*""")
_ABBREVIATED = re.compile(
    r"""\b(?:[^\W\d_]|(?:[A-Z]\.)+[A-Z]|e\.g|i\.e|Mrs?|Ms|Dr|Prof|Rev|Fr|Sr|St|Sta|Gen|Col|Lt|Maj|Capt|Sgt|Adm|Gov"""
    r"""|Sen|Rep|Pres|Mt|Ft|No|Nos|Vol|Art|Sec|vs?|cf|ca|approx|al|pp|esp|Bros|Jan|Feb|Aug|Sept?|Oct|Nov|Dec)\.$"""
)
_OPENER = re.compile(
    r"""(?:The|This|That|These|Those|It|He|She|They|There|In|On|At|By|As|For|From|After|Before|During|Although|While"""
    r"""|When|However|Meanwhile|Under|Some|Many|Most|All|Its|His|Her|Their|According)\b"""
)


def find_sentences(text: str) -> list[SentenceSpan]:
    """(start, end) of each sentence in characters, without blanks around it; they cover all but blanks."""
    borders, start = [], 0
    for match in _END.finditer(text):
        if _ends_sentence(text, match):
            borders.append((start, match.end()))
            start = match.end()
    borders.append((start, len(text)))
    return [span for span in (_stripped_span(text, *span) for span in borders) if span[0] < span[1]]


def sentence_at(spans: Sequence[SentenceSpan], offset: int) -> int:
    """The number of the sentence that holds a character; one between two sentences counts to the former."""
    return max((number for number, (start, _) in enumerate(spans) if start <= offset), default=0)


def _ends_sentence(text: str, match: re.Match[str]) -> bool:
    mark = match[0]
    if mark[0] in "。！？\n":
        return True
    opening = _OPENING.match(text, match.end())
    after = opening.end() if opening else match.end()
    if after >= len(text) or text[after].islower():
        return False
    before = text[max(0, match.start() - 12) : match.start() + 1]
    return mark != "." or not _ABBREVIATED.search(before) or bool(_OPENER.match(text, after))


def _stripped_span(text: str, start: int, end: int) -> SentenceSpan:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
