"""English inference on a real encoder, by xfer and by plain transformers in the lines below: the same curve and scores?

Multilingual E5 small with frozen word embeddings, a linear head on the mean of its states, 32 rows an update, the same
rate, warm-up and decay, other draws. Prints the mean training loss of each quarter and the accuracy on XNLI's test rows
of five languages, for each seed. Needs $XFER_MODELS with intfloat/multilingual-e5-small, and $XFER_DATA.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from common import LABELS, nli_rows

from xfer.forms.base import build_form
from xfer.models.network import build_network, seeded_torch
from xfer.models.predictor import predict_rows
from xfer.models.pretrained import Pretrained
from xfer.readers.base import Reader
from xfer.readers.sources import rows as read_rows
from xfer.trainers.finetune import Finetune
from xfer.trainers.loop.fit import Context, Run, TaskData
from xfer.trainers.mixers import Proportional

ENCODER = "intfloat/multilingual-e5-small"
RATE, BATCH, LONGEST, WARMUP, DECAY = 2e-4, 32, 128, 0.1, 0.01
LANGUAGES = ("en", "de", "zh", "sw", "ur")
Columns = dict[str, list[Any]]


class PlainClassifier(torch.nn.Module):
    """transformers' encoder and a linear layer on the mean of its states."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.encoder = transformers.AutoModel.from_pretrained(folder, add_pooling_layer=False)
        self.classifier = torch.nn.Linear(self.encoder.config.hidden_size, len(LABELS))
        torch.nn.init.normal_(self.classifier.weight, std=0.02)
        torch.nn.init.zeros_(self.classifier.bias)
        self.encoder.embeddings.word_embeddings.weight.requires_grad_(False)

    def forward(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        """Logits [rows, labels]."""
        states, mask = self.encoder(**inputs).last_hidden_state, inputs["attention_mask"][..., None]
        vectors = (states * mask).sum(1) / mask.sum(1)
        logits: torch.Tensor = self.classifier(torch.nn.functional.dropout(vectors, 0.1, self.training))
        return logits


def plain(folder: Path, rows: Columns, tests: dict[str, Columns], steps: int, seed: int) -> tuple[list[float], Columns]:
    """Losses of each update, and what is answered in each language."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    options = {"truncation": True, "max_length": LONGEST, "padding": True, "return_tensors": "pt"}
    with seeded_torch(seed):
        model = PlainClassifier(folder)
        decayed = [p for p in model.parameters() if p.requires_grad and p.ndim > 1]
        others = [p for p in model.parameters() if p.requires_grad and p.ndim < 2]
        optimizer = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}], lr=RATE
        )
        schedule = transformers.get_linear_schedule_with_warmup(optimizer, int(WARMUP * steps), steps)
        order, losses = np.random.default_rng(seed).permutation(len(rows["text"])), []
        model.train()
        for step in range(steps):
            index = order[step * BATCH : (step + 1) * BATCH]
            inputs = tokenizer([rows["text"][i] for i in index], [rows["pair"][i] for i in index], **options)
            target = torch.tensor([LABELS.index(rows["label"][i]) for i in index])
            loss = torch.nn.functional.cross_entropy(model(dict(inputs)), target)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            losses.append(float(loss))
        model.eval()
        answers: Columns = {}
        with torch.no_grad():
            for language, columns in tests.items():
                answers[language] = []
                for start in range(0, len(columns["text"]), BATCH):
                    part = slice(start, start + BATCH)
                    inputs = tokenizer(columns["text"][part], columns["pair"][part], **options)
                    answers[language] += model(dict(inputs)).argmax(1).tolist()
    return losses, answers


def ours(folder: Path, rows: Columns, tests: dict[str, Columns], steps: int, seed: int) -> tuple[list[float], Columns]:
    """The same by xfer."""
    form = build_form("classify", LABELS, {"pooling": "mean"})
    network = build_network(Pretrained(name=str(folder)).load_origin(list), {"nli": form}, seed)
    network.freeze_lowest(0, embeddings=True)
    settings = Finetune(
        steps=steps, batch_size=BATCH, learning_rate=RATE, weight_decay=DECAY, warmup=WARMUP, max_length=LONGEST
    )
    context = Context(Path(tempfile.mkdtemp()), seed, None, Proportional(), lambda *_, **__: None)
    run = Run(settings, network, [TaskData("nli", 1.0, rows, None, ("en",))], context)
    run.network.train()
    losses = [run.train_step(step)[0] for step in range(run.steps)]
    answers = {
        language: predict_rows(network, "nli", columns, LONGEST)["logits"].argmax(1).tolist()
        for language, columns in tests.items()
    }
    return losses, answers


def main() -> None:
    """Trains both, seed by seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--rows", type=int, default=300, help="test rows of each language")
    options = parser.parse_args()
    folder = Path(os.environ["XFER_MODELS"]) / ENCODER
    rows = nli_rows(70_000)
    tests = {language: _test_rows(language, options.rows) for language in LANGUAGES}
    for seed in range(options.seeds):
        for name, train in (("transformers", plain), ("xfer", ours)):
            losses, answers = train(folder, rows, tests, options.steps, seed)
            curve = "  ".join(f"{np.mean(part):.3f}" for part in np.array_split(losses, 4))
            scores = {language: _accuracy(tests[language], answers[language]) for language in LANGUAGES}
            shown = "  ".join(f"{language} {score:.1f}" for language, score in scores.items())
            print(
                f"seed {seed}  {name:12}  loss {curve}  {shown}  mean {np.mean(list(scores.values())):.1f}", flush=True
            )


def _test_rows(language: str, count: int) -> Columns:
    found = read_rows(Reader.model_validate("xnli"), "mirror", "test", language)
    taken = [row for row, _ in zip(found, range(count), strict=False)]
    return {name: [row[name] for row in taken] for name in ("id", "language", "text", "pair", "label")}


def _accuracy(columns: Columns, answers: list[int]) -> float:
    return 100 * float(
        np.mean([LABELS[answer] == gold for answer, gold in zip(answers, columns["label"], strict=True)])
    )


if __name__ == "__main__":
    main()
