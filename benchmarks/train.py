"""Training speed against the Hugging Face ``Trainer`` on the same model, rows and cores, in turns.

Each variant passes once over the same rows. The Trainer runs as ``run_xnli.py`` configures it (padded to
128, batch 32), with dynamic padding, and with grouping by length; ours with length-sorted batches of
1,536 subwords, in fp32 as the Trainer and in the precision that a recipe gets by default (bf16 where the
processor has it). Prints examples per second, ratios, and the mean loss of each quarter of the pass.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from common import LABELS, clock, nli_rows, origin, peer_rows, summary, turns
from transformers import DataCollatorWithPadding, Trainer, TrainerCallback, TrainingArguments, default_data_collator

from xfer.forms.base import build_form
from xfer.models.network import build_network, seeded_torch
from xfer.models.pretrained import Pretrained
from xfer.trainers.finetune import Finetune
from xfer.trainers.loop.fit import Context, Run, TaskData
from xfer.trainers.mixers import Proportional

RATE = 1e-4


class _Clock(TrainerCallback):
    def __init__(self) -> None:
        self.seconds = 0.0

    def on_train_begin(self, *_: Any, **__: Any) -> None:
        self.seconds = -clock()

    def on_train_end(self, *_: Any, **__: Any) -> None:
        self.seconds += clock()


def peer(folder: Path, data: Any, tokenizer: Any, seed: int, padded: bool, grouped: bool) -> tuple[float, list[float]]:
    """Seconds of one pass by the Trainer, and its losses."""
    from transformers import AutoModelForSequenceClassification

    with seeded_torch(seed):
        model = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=len(LABELS))
    sampling = {"train_sampling_strategy": "group_by_length"} if grouped else {}
    arguments = TrainingArguments(
        output_dir=tempfile.mkdtemp(),
        per_device_train_batch_size=32,
        num_train_epochs=1,
        learning_rate=RATE,
        seed=seed,
        logging_steps=1,
        report_to=[],
        save_strategy="no",
        disable_tqdm=True,
        use_cpu=True,
        **sampling,
    )
    watch = _Clock()
    collator = default_data_collator if padded else DataCollatorWithPadding(tokenizer)
    trainer = Trainer(model=model, args=arguments, train_dataset=data, data_collator=collator, callbacks=[watch])
    trainer.log = lambda logs, *_, **__: trainer.state.log_history.append(logs)  # type: ignore[method-assign]
    trainer.train()
    return watch.seconds, [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


def ours(folder: Path, rows: dict[str, list[Any]], seed: int, precision: Any = "fp32") -> tuple[float, list[float]]:
    """Seconds of one pass by our loop, and its losses. In fp32, as the Trainer, unless ``precision`` says otherwise."""
    network = build_network(
        Pretrained(name=str(folder)).load_origin(list), {"nli": build_form("classify", LABELS)}, seed
    )
    settings = Finetune(
        epochs=1,
        batch_tokens=1536,
        learning_rate=RATE,
        weight_decay=0.0,
        warmup=0.0,
        max_length=128,
        precision=precision,
    )
    context = Context(Path(tempfile.mkdtemp()), seed, None, Proportional(), lambda *_, **__: None)
    run = Run(settings, network, [TaskData("nli", 1.0, rows, None, ("en",))], context)
    run.network.train()
    start, losses = clock(), []
    for step in range(run.steps):
        losses.append(run.train_step(step)[0])
    return clock() - start, losses


def quarters(losses: list[float]) -> str:
    return "  ".join(f"{np.mean(part):.3f}" for part in np.array_split(losses, 4))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    rows = nli_rows(options.rows)
    start = origin(nli_rows(40_000))
    folder = Path(tempfile.mkdtemp())
    network = build_network(start, {"nli": build_form("classify", LABELS)}, 0)
    network.heads["nli"].save_pretrained(folder)
    network.tokenizer.save_pretrained(folder)
    data = {padded: peer_rows(rows, start.tokenizer, padded) for padded in (True, False)}
    lengths = [len(ids) for ids in data[False]["input_ids"]]
    print(f"{len(lengths)} pairs of {np.mean(lengths):.0f} subwords on average, {torch.get_num_threads()} threads")
    losses: dict[str, list[list[float]]] = {}

    def timed(name: str, run: Any) -> Any:
        def once(number: int) -> float:
            seconds, found = run(number)
            losses.setdefault(name, []).append(found)
            return float(seconds)

        return once

    variants = {
        "Trainer, padded to 128": lambda n: peer(folder, data[True], start.tokenizer, n, True, False),
        "Trainer, dynamic padding": lambda n: peer(folder, data[False], start.tokenizer, n, False, False),
        "Trainer, group_by_length": lambda n: peer(folder, data[False], start.tokenizer, n, False, True),
        "xfer": lambda n: ours(folder, rows, n),
        "xfer, precision auto": lambda n: ours(folder, rows, n, "auto"),
    }
    speeds = turns({name: timed(name, run) for name, run in variants.items()}, options.rounds, options.rows)
    summary(speeds, "xfer")
    print("\nmean training loss in each quarter of the pass, by round")
    for name, found in losses.items():
        for number, one in enumerate(found):
            print(f"  {name:28} {number + 1}  {quarters(one)}")


if __name__ == "__main__":
    main()
