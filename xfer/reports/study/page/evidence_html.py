"""The sections of ``evidence`` as HTML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xfer.reports.study.page.evidence import EvidenceSection, evidence_sections
from xfer.reports.study.page.grids import StudyData
from xfer.reports.study.page.rows import table_html
from xfer.reports.study.page.svg import escape_markup, make_tag


def evidence_html(study: StudyData) -> Iterator[tuple[str, str, str]]:
    """Of each section its id, its heading and its body."""
    for section in evidence_sections(study):
        yield section.name, section.title, _section_body(section)


def _section_body(section: EvidenceSection) -> str:
    lines = [make_tag("h3", escape_markup(heading)) + _sentence_list(sentences) for heading, sentences in section.lines]
    return "".join([*lines, *map(table_html, section.grids)])


def _sentence_list(sentences: Sequence[str]) -> str:
    return make_tag("ul", *(make_tag("li", escape_markup(_true_minus(line))) for line in sentences))


def _true_minus(text: str) -> str:
    """Numbers below 0 with a true minus sign; hyphens of words stay."""
    return text.replace(" -", " \u2212").replace("[-", "[\u2212")
