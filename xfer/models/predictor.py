"""Predictions of one task over many rows, in one length-sorted stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from xfer.core.seeds import derive_seed
from xfer.forms.base import Columns, EncodedUnits, by_language
from xfer.models.inputs import reads_padding
from xfer.models.network import Network

BATCH_TOKENS = {"cpu": 2048, "cuda": 65536}  # subwords a batch, padding included: what each device does best
ProgressCallback = Callable[[int, int], None]


def default_device() -> torch.device:
    """The GPU if there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def length_batches(lengths: np.ndarray, tokens: int, equal: bool = False) -> list[np.ndarray]:
    """Row numbers in order of length, longest first, cut where rows x longest would exceed ``tokens``.

    ``lengths`` [rows] are in subwords. With ``equal`` rows of different lengths are never together.
    """
    order = np.argsort(-lengths, kind="stable")
    cuts, start = [], 0
    while start < len(order):
        longest = int(lengths[order[start]])
        past = start + max(1, tokens // max(longest, 1))
        if equal:
            past = min(past, int(np.searchsorted(-lengths[order], -longest, side="right")))
        cuts.append(order[start:past])
        start = past
    return cuts


def prediction_batches(network: Network, encoded: EncodedUnits) -> list[np.ndarray]:
    """The numbers of the units [batch] that are answered together: all in an order of length."""
    tokens = BATCH_TOKENS[next(network.parameters()).device.type]
    alone = reads_padding(network.encoder.config)
    return length_batches(encoded.lengths, 1 if alone and encoded.groups is not None else tokens, alone)


def predict_rows(
    network: Network, task: str, rows: Columns, max_length: int, progress: ProgressCallback | None = None
) -> dict[str, Any]:
    """What the task's form keeps of every row, in the order of ``rows``."""
    encoded = network.forms[task].encode(rows, network.tokenizer, max_length)
    return predict_encoded(network, task, encoded, rows, progress)


def decoded_predictions(
    network: Network, task: str, rows: Columns, max_length: int, progress: ProgressCallback
) -> Columns:
    """The task's predictions of all rows; language by language where the answers of all would be too large."""
    form, columns, before = network.forms[task], Columns(), 0
    for language_rows in by_language(rows).values() if form.decodes_by_language else [rows]:

        def told(done: int, total: int, before: int = before) -> None:
            progress(before + done, len(rows["id"]) if form.decodes_by_language else total)

        for name, column in form.decode(
            predict_rows(network, task, language_rows, max_length, told), language_rows
        ).items():
            columns.setdefault(name, []).extend(column)
        before += len(language_rows["id"])
    return columns


def predict_encoded(
    network: Network,
    task: str,
    encoded: EncodedUnits,
    rows: Columns,
    progress: ProgressCallback | None = None,
    salt: str = "predict",
) -> dict[str, Any]:
    """``predict`` over rows that are already encoded. Masks are drawn from each row's own name."""
    form, target = network.forms[task], next(network.parameters()).device
    targets, kept = form.loss_targets(rows), dict[str, Any]()
    parts, done, training = [], 0, network.training
    network.eval()
    cuts = prediction_batches(network, encoded)
    with torch.inference_mode():
        for index in cuts:
            seeds = (
                [derive_seed(salt, rows["language"][i], rows["id"][i]) for i in index]
                if form.facts.masks_text
                else None
            )
            batch = form.build_batch(encoded, targets, index, network.tokenizer, seeds)
            batch = {name: tensor.to(target) for name, tensor in batch.items()}
            parts.append(form.unit_answers(network(task, batch), batch))
            done += len(index)
            if progress:
                progress(done, len(encoded.lengths))
    network.train(training)
    order = np.concatenate(cuts) if cuts else np.zeros(0, dtype=np.int64)
    for name in parts[0] if parts else ():
        kept[name] = _restore_order([batch_answers[name] for batch_answers in parts], order)
    return kept | dict(encoded.kept)


def _restore_order(parts: list[Any], order: np.ndarray) -> Any:
    """Answers of batches, [units of a batch, ...] each, put back into the order of the units, [units, ...].

    Ragged ones stay lists. ``order`` [units] holds the number of each unit as it was computed.
    """
    if isinstance(parts[0], list):
        ordered: Any = [None] * len(order)
        for position, value in zip(order, (value for batch_answers in parts for value in batch_answers), strict=True):
            ordered[position] = value
        return ordered
    ordered = np.empty((len(order), *parts[0].shape[1:]), dtype=parts[0].dtype)
    start = 0
    for batch_answers in parts:  # one by one: answers may fill half of the memory
        ordered[order[start : start + len(batch_answers)]] = batch_answers
        start += len(batch_answers)
    return ordered
