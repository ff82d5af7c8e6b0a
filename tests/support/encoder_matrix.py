"""What every family of encoders must do in every form, checked against plain transformers with its own tokenizer.

``python tests/support/encoder_matrix.py`` tries all pairs (two minutes) and writes the table of docs/encoders.md.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import transformers
from encoder_zoo import FAMILIES, TEXTS, save_family
from tokenizers import pre_tokenizers

from xfer.core.errors import MissingPart
from xfer.forms.base import Columns, build_form
from xfer.models.adapt import inject_adapters
from xfer.models.base import Origin
from xfer.models.embeddings import embedding_width, shifted_embeddings
from xfer.models.inputs import reads_padding
from xfer.models.network import Network, build_network, load_network
from xfer.models.predictor import predict_rows
from xfer.trainers.loop.layers import parameter_depths
from xfer.trainers.options import Adapt

LONGEST = 64
COMMON = ("xlm-roberta", "modernbert")
DOCUMENT = Path(__file__).parents[2] / "docs" / "encoders.md"
BEGIN, END = "<!-- the matrix begins -->", "<!-- the matrix ends -->"
LABELS = {"classify": ("yes", "no", "maybe"), "tag": ("B-PER", "I-PER", "O")}
FORMS = ("classify", "choose", "tag", "span", "mask", "retrieve")


def matrix_rows(form: str) -> Columns:
    """Rows of a form in several scripts, of different lengths."""
    texts = list(TEXTS)
    common: Columns = {"id": [str(i) for i in range(len(texts))], "language": ["en"] * len(texts), "text": texts}
    others = texts[1:] + texts[:1]
    if form == "classify":
        return common | {"pair": others, "label": ["yes", "no", "maybe", "yes", "no", "maybe", "yes"]}
    if form == "choose":
        options = [[others[i][:20], texts[-1 - i]] for i in range(len(texts))]
        return common | {"question": [None] * len(texts), "options": options, "label": [0, 1, 0, 1, 0, 1, 0]}
    if form == "tag":
        words = [text.split() for text in texts]
        return common | {"words": words, "tags": [[("O", "B-PER")[i % 2] for i, _ in enumerate(w)] for w in words]}
    if form == "span":
        answers = [[text.split()[-1]] for text in texts]
        starts = [[text.rindex(answer[0])] for text, answer in zip(texts, answers, strict=True)]
        return common | {"pair": others, "answers": answers, "starts": starts}
    if form == "retrieve":
        return common | {"pair": [None] * 7, "side": ["query"] * 7, "part": ["test"] * 7, "gold": [None] * 7}
    return common


class Verdict(NamedTuple):
    """What was seen of a family in a form."""

    refusal: str = ""  # why it is refused; empty where everything holds
    head: str = ""  # the class of the saved folder
    adversary: bool = False  # whether word embeddings can be perturbed
    layers: bool = False  # whether there is one stack of layers, each with parameters of its own


def check_pair(family: str, form: str, folder: Path) -> Verdict:
    """Everything that must hold of a family in a form. Raises AssertionError where something does not."""
    save_family(family, folder / "hub")
    try:
        network = build_network(Origin(folder / "hub"), {"task": build_form(form, LABELS.get(form, ()), {})}, 1)
        rows = matrix_rows(form)
        _check_training(network, rows)
    except MissingPart as error:
        return Verdict(str(error))
    assert not network.random_heads, "the pretrained head is not carried"
    adversary = _check_perturbation(network, rows)
    network.save_tasks(folder / "saved")
    _check_plain(network, rows, folder / "saved" / "task")
    _check_reloaded(network, rows, folder / "saved")
    layers = _check_options(network)
    return Verdict(head=type(network.heads["task"]).__name__, adversary=adversary, layers=layers)


def _batch(network: Network, rows: Columns, index: list[int]) -> dict[str, torch.Tensor]:
    form = network.forms["task"]
    encoded = form.encode(rows, network.tokenizer, LONGEST)
    targets = form.loss_targets(rows)
    seeds = list(index) if form.facts.masks_text else None
    return form.build_batch(encoded, targets, np.array(index), network.tokenizer, seeds)


def _check_training(network: Network, rows: Columns) -> None:
    form = network.forms["task"]
    if form.facts.searches_pool:
        return
    network.train()
    batch = _batch(network, rows, [0, 1, 2])
    loss = form.unit_losses(network("task", batch), batch).mean()
    assert torch.isfinite(loss), "the loss is not finite"
    loss.backward()
    encoder: Any = network.encoder
    gradient = encoder.get_input_embeddings().weight.grad if _has_table(network) else None
    assert gradient is None or gradient.abs().sum() > 0, "no gradient reaches the embeddings"
    network.zero_grad()


def _has_table(network: Network) -> bool:
    encoder: Any = network.encoder
    try:
        return encoder.get_input_embeddings() is not None
    except NotImplementedError:
        return False


def _check_perturbation(network: Network, rows: Columns) -> bool:
    """A shift of padding changes nothing, one of the words something. Whether words can be shifted at all."""
    if not _has_table(network):
        return False
    network.eval()
    batch = _batch(network, rows, [0, 4])
    mask = batch["attention_mask"]
    noise = torch.randn(*mask.shape, embedding_width(network), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        plain = network("task", batch)
        try:
            moved, padded = (_shift_effect(network, batch, plain, noise * m[..., None]) for m in (mask, 1 - mask))
        except MissingPart:
            return False
    assert moved > 1e-4, f"a shift of words changes {moved:.1e}"
    assert padded < 1e-5 or reads_padding(network.encoder.config), f"a shift of padding changes {padded:.1e}"
    return True


def _shift_effect(network: Network, batch: dict[str, Any], plain: torch.Tensor, shift: torch.Tensor) -> float:
    """The largest change of what a network answers when word embeddings are shifted."""
    with shifted_embeddings(network, shift):
        difference = network("task", batch) - plain
    if network.forms["task"].name == "span":  # answers of padding are never read
        difference = difference * batch["attention_mask"][..., None]
    return float(difference.abs().max())


def _check_plain(network: Network, rows: Columns, folder: Path) -> None:
    """Logits of all rows in batches equal those of plain transformers, each row alone, by its own tokenizer."""
    compare: Callable[[Network, Columns, Path], float] = COMPARISONS[network.forms["task"].name]
    network.eval()
    with torch.no_grad():
        difference = compare(network, rows, folder)
    assert difference < 1e-4, f"differs from plain transformers by {difference:.1e}"


def _plain(folder: Path) -> tuple[Any, Any]:
    config = transformers.AutoConfig.from_pretrained(folder)
    model = getattr(transformers, config.architectures[0]).from_pretrained(folder).eval()
    return transformers.AutoTokenizer.from_pretrained(folder), model


def _compare_classify(network: Network, rows: Columns, folder: Path) -> float:
    tokenizer, model = _plain(folder)
    ours = predict_rows(network, "task", rows, LONGEST)["logits"]
    plain = [
        model(**tokenizer(text, pair, truncation=True, max_length=LONGEST, return_tensors="pt")).logits[0].numpy()
        for text, pair in zip(rows["text"], rows["pair"], strict=True)
    ]
    return float(np.abs(ours - np.stack(plain)).max())


def _compare_choose(network: Network, rows: Columns, folder: Path) -> float:
    tokenizer, model = _plain(folder)
    ours = predict_rows(network, "task", rows, LONGEST)["logits"]
    worst = 0.0
    for row, (text, options) in enumerate(zip(rows["text"], rows["options"], strict=True)):
        cut = {"truncation": True, "max_length": LONGEST, "padding": True}
        both = tokenizer([text] * len(options), options, return_tensors="pt", **cut)
        if "MultipleChoice" in type(model).__name__:
            both = {name: tensor[None] for name, tensor in both.items()}
        worst = max(worst, float(np.abs(model(**both).logits.flatten().numpy() - ours[row]).max()))
    return worst


def _compare_tag(network: Network, rows: Columns, folder: Path) -> float:
    tokenizer, model = _plain(folder)
    ours = predict_rows(network, "task", rows, LONGEST)
    worst, start = 0.0, 0
    sure = np.concatenate(ours["sure"])[np.argsort(ours["word"])]
    for words in rows["words"]:
        ids, places = _split_words(tokenizer, words)
        logits = model(input_ids=torch.tensor([ids])).logits[0][places]
        worst = max(worst, float(np.abs(logits.softmax(-1).amax(-1).numpy() - sure[start : start + len(words)]).max()))
        start += len(words)
    return worst


def _split_words(tokenizer: Any, words: list[str]) -> tuple[list[int], list[int]]:
    """Subwords of a sentence that is split into words, and the place of each word's first."""
    if not tokenizer.is_fast:  # of characters: one subword each, after a mark and a blank
        ends = [sum(len(word) + 1 for word in words[:i]) for i in range(len(words))]
        return tokenizer(" " + " ".join(words))["input_ids"], [2 + end for end in ends]
    if isinstance(tokenizer.backend_tokenizer.pre_tokenizer, pre_tokenizers.ByteLevel):
        tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    encoding = tokenizer(words, is_split_into_words=True)
    return encoding["input_ids"], [encoding.word_ids().index(number) for number in range(len(words))]


def _compare_span(network: Network, rows: Columns, folder: Path) -> float:
    tokenizer, model = _plain(folder)
    worst = 0.0
    form = network.forms["task"]
    encoded = form.encode(rows, network.tokenizer, LONGEST)
    windows = np.bincount(encoded.kept["row"])
    for unit, row in enumerate(encoded.kept["row"]):
        if windows[row] > 1:
            continue
        inputs = tokenizer(rows["pair"][row], rows["text"][row], return_tensors="pt")
        output = model(**inputs)
        plain = output.logits if "logits" in output else torch.stack([output.start_logits, output.end_logits], -1)
        length = plain.shape[1]
        ours = network("task", _batch(network, rows, [unit] if reads_padding(model.config) else [unit, 0, 5]))
        worst = max(worst, float((ours[0, :length] - plain[0]).abs().max()))
    assert (windows == 1).any(), "no row fits into one window"
    return worst


def _compare_mask(network: Network, rows: Columns, folder: Path) -> float:
    _, model = _plain(folder)
    batch = _batch(network, rows, list(range(len(rows["id"]))))
    inputs = {name: batch[name] for name in ("input_ids", "attention_mask", "token_type_ids") if name in batch}
    plain = model(**inputs).logits.flatten(0, 1)[batch["positions"]]
    return float((network("task", batch) - plain).abs().max())


def _compare_retrieve(network: Network, rows: Columns, folder: Path) -> float:
    tokenizer, model = _plain(folder)
    ours = predict_rows(network, "task", rows, LONGEST)["vectors"]
    worst = 0.0
    for row, text in enumerate(rows["text"]):
        states = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0]
        worst = max(worst, float(np.abs(states.mean(0).numpy() - ours[row]).max()))
    return worst


COMPARISONS = {
    "classify": _compare_classify,
    "choose": _compare_choose,
    "tag": _compare_tag,
    "span": _compare_span,
    "mask": _compare_mask,
    "retrieve": _compare_retrieve,
}


def _check_reloaded(network: Network, rows: Columns, folder: Path) -> None:
    """The folder that was saved answers as the network did."""
    loaded = load_network(folder, "task", network.forms["task"])
    batch = _batch(network, rows, [0, 1, 2])
    with torch.no_grad():
        difference = (loaded("task", batch) - network.eval()("task", batch)).abs().max()
    assert difference < 1e-5, f"reloaded: {float(difference):.1e}"


def _check_options(network: Network) -> bool:
    """Layers, frozen embeddings and adapters are found. Whether there is one stack of layers."""
    layers = network.layer_stack()
    if layers is not None:
        table = network.encoder.get_input_embeddings() if _has_table(network) else None
        lowest = {id(p) for p in table.parameters()} if table is not None else set()
        depths = parameter_depths(network)
        assert all(depths[name] == 0 for name, p in network.named_parameters() if id(p) in lowest), "depths"
    network.freeze_lowest(1 if layers is not None else 0, embeddings=_has_table(network))
    inject_adapters(network, Adapt(method="lora"), 1)
    assert any("lora_A" in name for name, _ in network.named_parameters()), "no adapters"
    return layers is not None


def sampled_pairs() -> list[tuple[str, str]]:
    """Each family in one form, by turns; the families that most people use in all."""
    turns = [(family, FORMS[i % len(FORMS)]) for i, family in enumerate(FAMILIES)]
    return [*turns, *((family, form) for family in COMMON for form in FORMS if (family, form) not in turns)]


def table_lines(verdicts: Mapping[tuple[str, str], Verdict]) -> list[str]:
    """The table of the documents: families by forms."""
    lines = [f"| family | {' | '.join(FORMS)} | adversaries | layers |", f"|---|{'---|' * (len(FORMS) + 2)}"]
    for family in FAMILIES:
        seen = [verdicts[family, form] for form in FORMS]
        cells = [_cell(verdict, form) for verdict, form in zip(seen, FORMS, strict=True)]
        working = [verdict for verdict in seen if not verdict.refusal]
        facts = [all(v.adversary for v in working), all(v.layers for v in working)]
        lines.append(f"| {family} | {' | '.join([*cells, *('yes' if fact else 'no' for fact in facts)])} |")
    return lines


def _cell(verdict: Verdict, form: str) -> str:
    if verdict.refusal:
        return "fast tokenizer" if "fast tokenizer" in verdict.refusal else "no head"
    stands_in = form in ("choose", "span") and not any(end in verdict.head for end in ("MultipleChoice", "Question"))
    return "yes, stand-in" if stands_in else "yes"


def main() -> None:
    """Tries every pair, and writes the table into the page of the documents."""
    verdicts = {}
    for family, form in product(FAMILIES, FORMS):
        with tempfile.TemporaryDirectory() as folder:
            verdicts[family, form] = check_pair(family, form, Path(folder))
        print(family, form, verdicts[family, form].refusal or "holds", flush=True)
    page = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    DOCUMENT.write_text("\n".join([before + BEGIN, *table_lines(verdicts), END + after]), encoding="utf-8")


if __name__ == "__main__":
    main()
