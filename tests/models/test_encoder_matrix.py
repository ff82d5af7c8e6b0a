"""Families of encoders in the forms of tasks: a sample of ``encoder_matrix``, and what its page says of all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from encoder_matrix import BEGIN, DOCUMENT, END, FAMILIES, FORMS, Verdict, check_pair, sampled_pairs, table_lines
from encoder_zoo import save_family

from xfer.forms.base import build_form
from xfer.models.base import Origin
from xfer.models.network import build_network
from xfer.models.positions import COUNT_FROM_PAD, position_limit

WITHOUT_LIMIT = ("esm",)  # its rotary positions go on


def document_cells() -> dict[tuple[str, str], str]:
    """What the page says of each family in each form."""
    table = DOCUMENT.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0].strip().splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    return {(row[0], form): cell for row in rows for form, cell in zip(FORMS, row[1:], strict=False)}


@pytest.mark.parametrize(("family", "form"), sampled_pairs())
def test_a_family_holds_in_a_form_and_the_page_says_so(family: str, form: str, tmp_path: Path) -> None:
    verdict = check_pair(family, form, tmp_path)
    others = dict.fromkeys(((f, g) for f in FAMILIES for g in FORMS), Verdict(head="?"))
    line = next(line for line in table_lines(others | {(family, form): verdict}) if line.startswith(f"| {family} |"))
    assert line.split("|")[2 + FORMS.index(form)].strip() == document_cells()[family, form]


def test_the_page_names_every_family_once() -> None:
    assert list(dict.fromkeys(family for family, _ in document_cells())) == list(FAMILIES)


@pytest.mark.parametrize("family", FAMILIES)
def test_an_input_of_the_position_limit_is_read_and_a_longer_one_is_not(family: str, tmp_path: Path) -> None:
    save_family(family, tmp_path)
    network = build_network(Origin(tmp_path), {"t": build_form("retrieve", (), {})}, 0).eval()
    encoder: Any = network.encoder
    limit = min(position_limit(encoder.config, 128), 128)

    def read(length: int) -> torch.Tensor:
        ids = torch.full((1, length), 7)
        return network("t", {"input_ids": ids, "attention_mask": torch.ones_like(ids)})

    with torch.no_grad():
        assert read(limit).isfinite().all()
        if family in COUNT_FROM_PAD and family not in WITHOUT_LIMIT:
            with pytest.raises((IndexError, RuntimeError)):
                read(limit + 1)
