"""Unpaired surrogates: half characters that Python's strings may hold and UTF-8, files and tokenizers may not."""

from __future__ import annotations

import re


def without_surrogates(text: str) -> str:
    """The text as UTF-16 reads it: a pair of surrogates is its character, an unpaired one U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def masked_surrogates(text: str) -> str:
    """U+FFFD for each surrogate, paired or not, so that offsets into the text stay what they are."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)
