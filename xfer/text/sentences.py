"""Where the sentences of a text end, by its punctuation. May import: scripts, the standard library, ``regex``."""

from __future__ import annotations

import regex

from xfer.text.scripts import UNSPACED, script_of

# A stop with what closes after it. With spaces, the next sentence must not begin with a small letter, and what
# stands before must be no initial and no number that counts something.
_CLOSING = r"[\"'”’»)\]]*+"
_SENTENCE_END = regex.compile(
    rf"(?:(?<!\b\p{{Lu}})(?<!\b\d{{1,3}})\.|[!?…؟۔।॥։።])+{_CLOSING}(?=\s+(?!\p{{Ll}})\S)\s+|[。！？｡]+[”’」』）]*+\s*|\n+"
)
_FINAL = regex.compile(r"[.!?…؟۔।॥։።。！？｡]+[\"'”’»)\]」』）]*+\s*$")


def sentence_bounds(text: str) -> list[tuple[int, int]]:
    """The spans of the sentences, each with the space after it, which together are the text."""
    ends = [match.end() for match in _SENTENCE_END.finditer(text) if match.end() < len(text)]
    return list(zip([0, *ends], [*ends, len(text)], strict=True)) if text else []


def before_stop(text: str) -> int:
    """The place before the final punctuation of a text, or its end."""
    match = _FINAL.search(text)
    return match.start() if match else len(text.rstrip())


def is_unspaced(text: str) -> bool:
    """Whether a text is written without spaces between words, by the script of most of its letters."""
    scripts = [script for char in text if (script := script_of(char))]
    return sum(script in UNSPACED for script in scripts) * 2 > len(scripts)
