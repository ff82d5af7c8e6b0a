"""XQuAD-R in the official layout of LAReQA: parallel passages whose sentences are the candidates."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xfer.miniature.choice import seeded_stream
from xfer.miniature.grammar import render_sentence
from xfer.miniature.passages import XQUAD, Parallel, Passage, draw_passages

ANSWER_PASSAGES = 150  # passages, each with two questions


def write_answers(folder: Path, codes: tuple[str, ...], seed: int) -> None:
    drawn = Parallel(
        draw_passages(seeded_stream(seed, "lareqa"), ANSWER_PASSAGES), tuple(code for code in XQUAD if code in codes)
    )
    for code in drawn.contexts:
        article = drawn.build_article(code, code, "lareqa")
        for paragraph, passage in zip(article["paragraphs"], drawn.passages, strict=True):
            paragraph |= _sentence_breaks(paragraph["context"], passage, code)
        path = folder / "lareqa" / "xquad-r" / f"{code}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(json.dumps({"version": "1.1", "data": [article]}, ensure_ascii=False).encode("utf-8"))


def _sentence_breaks(context: str, passage: Passage, code: str) -> dict[str, Any]:
    """Where each sentence of a passage stands, as (start, end) in characters, and what stands there."""
    breaks: list[Sequence[int]] = []
    start = 0
    for sentence in passage.sentences:
        end = start + len(render_sentence(sentence, code))
        breaks.append([start, end])
        start = end + 1
    return {"sentence_breaks": breaks, "sentences": [context[start:end] for start, end in breaks]}
