"""Unpaired surrogates: half characters that Python's strings may hold and UTF-8, files and tokenizers may not."""

from __future__ import annotations

import re

_UNPAIRED = re.compile("[\ud800-\udfff]")  # a pair is one character of a Python string


def without_surrogates(text: str) -> str:
    """The text with U+FFFD for each unpaired surrogate, so that offsets stay what they are."""
    return _UNPAIRED.sub("\ufffd", text)
