"""Prediction speed against ``Trainer.predict`` on the same model, rows and cores, in turns.

The Trainer predicts padded to 128 (as ``run_xnli.py``) and with dynamic padding, batch 32; ours one
length-sorted stream, with the rows tokenised beforehand (as the Trainer's are) and inside the clock.
"""

from __future__ import annotations

import argparse
import tempfile
from typing import Any

import numpy as np
import torch
from common import LABELS, LONGEST, clock, nli_rows, origin, peer_rows, summary, turns
from transformers import DataCollatorWithPadding, Trainer, TrainingArguments, default_data_collator

from xfer.forms.base import build_form
from xfer.models.network import build_network
from xfer.models.predictor import predict_encoded, predict_rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2048)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    rows = nli_rows(options.rows)
    start = origin(nli_rows(40_000))
    network = build_network(start, {"nli": build_form("classify", LABELS)}, 0).eval()
    encoded = network.forms["nli"].encode(rows, network.tokenizer, LONGEST)
    mean, threads = encoded.lengths.mean(), torch.get_num_threads()
    print(f"{options.rows} pairs of {mean:.0f} subwords on average, {threads} threads")
    kept: dict[str, Any] = {}

    def peer(padded: bool) -> Any:
        data = peer_rows(rows, start.tokenizer, padded)
        arguments = TrainingArguments(
            output_dir=tempfile.mkdtemp(), per_device_eval_batch_size=32, report_to=[], disable_tqdm=True, use_cpu=True
        )
        collator = default_data_collator if padded else DataCollatorWithPadding(start.tokenizer)
        head = network.heads["nli"]
        head.set_attn_implementation("sdpa")  # the peer's own attention
        trainer = Trainer(model=head, args=arguments, data_collator=collator)

        def once(number: int) -> float:
            begun = clock()
            kept[f"peer {padded}"] = trainer.predict(data).predictions
            return clock() - begun

        return once

    def ours(number: int) -> float:
        begun = clock()
        kept["ours"] = predict_encoded(network, "nli", encoded, rows)["logits"]
        return clock() - begun

    def with_tokens(number: int) -> float:
        begun = clock()
        predict_rows(network, "nli", rows, LONGEST)
        return clock() - begun

    variants = {
        "Trainer.predict, padded to 128": peer(True),
        "Trainer.predict, dynamic padding": peer(False),
        "xfer, tokenising in the clock": with_tokens,
        "xfer": ours,
    }
    summary(turns(variants, options.rounds, options.rows), "xfer")
    print(f"\nlargest difference of logits: {np.abs(kept['ours'] - kept['peer False']).max():.1e}")


if __name__ == "__main__":
    main()
