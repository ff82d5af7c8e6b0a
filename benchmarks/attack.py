"""Attacks with TextAttack's recipes: xfer against TextAttack's own ``Attacker`` on the same victim and examples.

Claim: at least 10 times as fast for a recipe of characters (deepwordbug) and for one with a masked language model
(bae, with a sentence encoder), on two cores, with the same results: status, queries, text.

Both sides attack the same network (6 layers, 384 wide, random weights that are made sensitive) on the same NLI pairs
with the same seeds, and take turns. The peer is TextAttack's Attacker with its HuggingFaceModelWrapper and, in bae,
its WordSwapMaskedLM and a sentence encoder in batches of 32 texts padded to their longest; taggers are left out on
both sides. As the peer is slow it attacks the first of the examples only (``--peer``), one after the other as it
always does, while xfer attacks all of them at once; speeds are queries a second, results are compared where both have
some. xfer runs its recipes with ``compat: upstream``, in as many processes as there are cores; what is timed is
the search, after both sides have loaded their models.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import random
import statistics
import sys
import tempfile
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.common import LABELS, clock, nli_rows  # noqa: E402

EXAMPLES = {"deepwordbug": 96, "bae": 48}  # few of them fill no batches, and end with one long search alone
FEWER = {"deepwordbug": 8, "bae": 2}  # examples of the peer
POSITIONS = 512
RECIPES = ("deepwordbug", "bae")
SPREAD = 0.08  # of random weights: with the usual 0.02 no change of a text would change much
SHARP = 8.0  # of the masked LM's output: its candidates must not be ties
Row = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", choices=RECIPES, nargs="*", default=RECIPES)
    parser.add_argument("--examples", type=int, help="96 of deepwordbug and 48 of bae if left out")
    parser.add_argument("--peer", type=int, help="examples of the peer; 8 of deepwordbug and 2 of bae if left out")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--width", type=int, default=64)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        count = {recipe: options.examples or EXAMPLES[recipe] for recipe in options.recipe}
        rows = models(folder, max(count.values()))
        for recipe in options.recipe:
            compare(recipe, folder, rows[: count[recipe]], options)


def compare(recipe: str, folder: Path, rows: list[Row], options: argparse.Namespace) -> None:
    """Takes turns, and prints ratio, queries per second, batches and whether the results are equal."""
    peer = Peer(recipe, folder)
    with ours(recipe, folder, rows, options) as run:
        theirs, mine, speeds = {}, {}, {"TextAttack": [], "xfer": []}
        for number in range(options.rounds):
            took, theirs = peer(rows[: options.peer or FEWER[recipe]])
            speeds["TextAttack"].append(_queries(theirs) / took)
            took, mine, counts = run()
            speeds["xfer"].append(_queries(mine) / took)
            told = "  ".join(f"{name} {found[-1]:.1f} queries/s" for name, found in speeds.items())
            print(f"  {recipe} round {number + 1}: {told}", flush=True)
    middle = {name: statistics.median(found) for name, found in speeds.items()}
    print(f"\n{recipe}: {len(theirs)} pairs with {_queries(theirs)} queries by TextAttack, ", end="")
    print(f"{len(mine)} with {_queries(mine)} by xfer in {options.workers} processes")
    print("  " + ", ".join(f"{name} {speed:.1f} queries/s" for name, speed in middle.items()), end="")
    print(f": xfer is {middle['xfer'] / middle['TextAttack']:.1f}x as fast")
    for queue, found in counts.items():
        print(
            f"  queue {queue}: {found['asked']} asked, {found['repeated'] + found['known']} known already, "
            f"{found['computed']} computed in {found['calls']} calls (mean {found['computed'] / found['calls']:.0f}), "
            f"{found['tokens'] / max(found['computed'], 1):.1f} subwords each"
            if queue == "victim"
            else f"  queue {queue}: {found['asked']} asked, {found['computed']} computed in {found['calls']} calls"
        )
    same = sum(theirs[name][:3] == mine[name][:3] for name in theirs)
    worst = max(abs(theirs[name][3] - mine[name][3]) for name in theirs)
    print(f"  equal results (status, queries, text): {same} of {len(theirs)}; scores differ by {worst:.1e} at most\n")


def _queries(found: dict[str, tuple[Any, ...]]) -> int:
    return sum(one[1] for one in found.values())


def models(folder: Path, count: int) -> list[Row]:
    """Writes the victim, the masked LM and the sentence encoder; gives rows with the victim's answers as labels."""
    import torch
    from transformers import BertConfig, BertForMaskedLM, BertModel, BertTokenizerFast

    from xfer.forms.base import build_form
    from xfer.models.network import build_network
    from xfer.models.predictor import predict_rows
    from xfer.models.scratch import Scratch

    columns = nli_rows(2000)
    # as ``common.origin``, but with the 512 positions of the models that TextAttack's wrapper is made for
    made = Scratch(layers=6, width=384, heads=12, vocabulary=32_000, positions=POSITIONS).load_origin(
        lambda: [*columns["text"], *columns["pair"]]
    )
    made.config.initializer_range = SPREAD
    torch.manual_seed(0)
    network = build_network(made, {"nli": build_form("classify", LABELS)}, 0).eval()
    network.save_tasks(folder / "victim")
    words = vocabulary([*columns["text"], *columns["pair"]], folder / "words")
    tokenizer = BertTokenizerFast(vocab=str(words), do_lower_case=True, model_max_length=POSITIONS)
    sizes = {"hidden_size": 384, "num_hidden_layers": 6, "num_attention_heads": 12, "intermediate_size": 1536}
    config = BertConfig(vocab_size=len(tokenizer), initializer_range=SPREAD, pad_token_id=0, **sizes)
    masked, encoder = BertForMaskedLM(config), BertModel(config)
    with torch.no_grad():
        masked.cls.predictions.transform.LayerNorm.weight.mul_(SHARP)
    for name, model in (("masked", masked), ("encoder", encoder)):
        model.save_pretrained(folder / name)
        tokenizer.save_pretrained(folder / name)
    words_of = [len(f"{text} {pair}".split()) for text, pair in zip(columns["text"], columns["pair"], strict=True)]
    short = [i for i, number in enumerate(words_of) if 8 <= number <= 40]
    chosen = random.Random(0).sample(short, count)
    rows = {name: [values[i] for i in chosen] for name, values in columns.items()}
    best = predict_rows(network, "nli", rows, POSITIONS)["logits"].argmax(1)
    rows["label"] = [LABELS[i] for i in best]
    return [{name: values[i] for name, values in rows.items()} | {"language": "en"} for i in range(count)]


def vocabulary(texts: list[str], folder: Path) -> Path:
    """A WordPiece vocabulary of the texts: TextAttack's masked-LM code knows BERT's kind of subwords."""
    from tokenizers import BertWordPieceTokenizer

    folder.mkdir()
    trained = BertWordPieceTokenizer(lowercase=True)
    trained.train_from_iterator(texts, vocab_size=8000, show_progress=False)
    trained.save_model(str(folder))
    return folder / "vocab.txt"


def attacker(recipe: str, folder: Path) -> Any:
    """The recipe of xfer as a component."""
    from xfer.attackers.textattack.attacker import TextAttack

    own = {"masked_lm": str(folder / "masked"), "encoder": str(folder / "encoder"), "tagger": "none"}
    return TextAttack(recipe=recipe, compat="upstream", **(own if recipe == "bae" else {}))


def seed(recipe: str, folder: Path, row: Row) -> int:
    """What an example's random choices start from, on both sides."""
    from xfer.core.seeds import derive_seed

    found = attacker(recipe, folder)
    return derive_seed(found.seed, found.identity(), row["language"], row["id"])


class Peer:
    """TextAttack as its documentation runs it."""

    def __init__(self, recipe: str, folder: Path) -> None:
        import torch
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        from xfer.attackers.textattack import load as textattack_shim

        self.recipe, self.folder = recipe, folder
        self.textattack: Any = textattack_shim.load_textattack()
        victim = folder / "victim" / "nli"
        model = AutoModelForSequenceClassification.from_pretrained(victim)
        tokenizer = AutoTokenizer.from_pretrained(victim)
        assert tokenizer.model_max_length == POSITIONS
        torch.set_num_threads(len(os.sched_getaffinity(0)))
        wrapper = self.textattack.models.wrappers.HuggingFaceModelWrapper(model.eval(), tokenizer)
        self.attack = self._bae(wrapper) if recipe == "bae" else self._deepwordbug(wrapper)

    def _deepwordbug(self, wrapper: Any) -> Any:
        from xfer.attackers.textattack import load as textattack_shim

        with textattack_shim.own_nltk_data():
            return self.textattack.attack_recipes.DeepWordBugGao2018.build(wrapper)

    def _bae(self, wrapper: Any) -> Any:
        """BAEGarg2019 without its tagger and with another sentence encoder than TensorFlow's."""
        from xfer.attackers.textattack import load as textattack_shim

        ta = self.textattack
        from transformers import AutoModelForMaskedLM, AutoTokenizer

        masked, tokenizer = (
            kind.from_pretrained(self.folder / "masked") for kind in (AutoModelForMaskedLM, AutoTokenizer)
        )
        swap = ta.transformations.WordSwapMaskedLM(
            method="bae", max_candidates=50, min_confidence=0.0, masked_language_model=masked, tokenizer=tokenizer
        )
        pre = ta.constraints.pre_transformation
        with textattack_shim.own_nltk_data():
            constraints = [pre.RepeatModification(), pre.StopwordModification()]
        constraints.append(sentences(ta, self.folder / "encoder"))
        goal = ta.goal_functions.UntargetedClassification(wrapper)
        return ta.Attack(goal, constraints, swap, ta.search_methods.GreedyWordSwapWIR(wir_method="delete"))

    def __call__(self, rows: list[Row]) -> tuple[float, dict[str, tuple[Any, ...]]]:
        """Seconds, and status, queries, text and score of each row."""
        from xfer.attackers.search import random_states

        recipe, folder = self.recipe, self.folder

        class Seeded(self.textattack.datasets.Dataset):  # type: ignore[misc, name-defined]
            """The rows; an example's random choices start from its own seed when the Attacker takes it."""

            def __init__(self) -> None:
                pairs = [(row["text"], row["pair"]) for row in rows]
                labels = [LABELS.index(row["label"]) for row in rows]
                super().__init__(list(zip(pairs, labels, strict=True)), input_columns=["premise", "hypothesis"])

            def __getitem__(self, i: Any) -> Any:
                random_states.seed_generators(seed(recipe, folder, rows[i]))
                return super().__getitem__(i)

        arguments = self.textattack.AttackArgs(num_examples=len(rows), disable_stdout=True, silent=True)
        start = clock()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            found = self.textattack.Attacker(self.attack, Seeded(), arguments).attack_dataset()
        took = clock() - start
        ends = [result.perturbed_result for result in found]
        return took, {
            row["id"]: (int(e.goal_status), e.num_queries, tuple(e.attacked_text._text_input.values()), float(e.score))
            for row, e in zip(rows, ends, strict=True)
        }


def sentences(ta: Any, folder: Path) -> Any:
    """BAE's similarity with the mean state of an encoder, in batches of 32 padded to their longest."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    model, tokenizer = AutoModel.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)

    class Mean(ta.constraints.semantics.sentence_encoders.SentenceEncoder):  # type: ignore[misc, name-defined]
        def encode(self, texts: list[str]) -> torch.Tensor:
            return torch.cat([self._batch(texts[i : i + 32]) for i in range(0, len(texts), 32)])

        def _batch(self, texts: list[str]) -> torch.Tensor:
            inputs = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
            with torch.no_grad():
                random_states = model(**inputs).last_hidden_state
            mask = inputs["attention_mask"][..., None]
            return torch.nn.functional.normalize((random_states * mask).sum(1) / mask.sum(1), dim=1)

    options = {"threshold": 0.936338023, "metric": "cosine", "compare_against_original": True}
    return Mean(window_size=15, skip_text_shorter_than_window=True, **options)


@contextlib.contextmanager
def ours(recipe: str, folder: Path, rows: list[Row], options: argparse.Namespace) -> Iterator[Any]:
    """A function that searches all rows in several processes, which have loaded their models when this is entered."""
    order = sorted(rows, key=lambda row: -len(row["text"] + row["pair"]))
    context, lines = get_context("spawn"), []
    try:
        for number in range(options.workers):
            here, there = context.Pipe()
            share = order[number :: options.workers]
            process = context.Process(target=serve, args=(there, recipe, folder, share, options.width), daemon=True)
            process.start()
            lines.append((process, here))
        for _, line in lines:
            line.recv()  # it is ready

        def run() -> tuple[float, dict[str, tuple[Any, ...]], dict[str, dict[str, int]]]:
            start, found, counts = clock(), {}, {}
            for _, line in lines:
                line.send("go")
            for _, line in lines:
                results, asked = line.recv()
                found |= results
                for queue, numbers in asked.items():
                    so_far = counts.setdefault(queue, dict.fromkeys(numbers, 0))
                    counts[queue] = {name: so_far[name] + number for name, number in numbers.items()}
            return clock() - start, found, counts

        yield run
    finally:
        for process, _ in lines:
            process.terminate()


def serve(line: Any, recipe: str, folder: Path, rows: list[Row], width: int) -> None:
    """Searches its share whenever it is told to; nothing is kept from one time to the next but the models."""
    import dataclasses

    import torch

    from xfer.attackers.search.base import Setting
    from xfer.attackers.search.goals.base import form_aim
    from xfer.forms.base import build_form
    from xfer.models.network import load_network
    from xfer.models.victims.build import build_victim

    torch.set_num_threads(1)
    network = load_network(folder / "victim", "nli", build_form("classify", LABELS))
    search = attacker(recipe, folder)
    counted = Tokens()

    def setting() -> Any:
        wanted = form_aim("classify", LABELS)
        oracles = {"victim": build_victim(network, "nli", POSITIONS)}
        return Setting("classify", tuple(LABELS), wanted, oracles, width)

    search.make_slot(setting())  # loads TextAttack
    search.extra_oracles(setting())
    names = ("succeeded", "failed", "", "skipped")
    line.send("ready")
    while line.recv() == "go":
        given = setting()
        with counted.watching():
            found = {
                one["id"]: (names.index(one["status"]), one["queries"], (one["text"], one["pair"]), one["score"])
                for one in search.search_rows(rows, given)
            }
        tokens = {"victim": counted.subwords}
        counts = {
            queue: dataclasses.asdict(number) | {"tokens": tokens.get(queue, 0)}
            for queue, number in given.counts.items()
        }
        line.send((found, counts))


class Tokens:
    """Counts the subwords of what the victim computes, filling and padding left out."""

    def __init__(self) -> None:
        self.subwords = 0

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        from xfer.models import canonical

        self.subwords, plain = 0, canonical._unit_sizes

        def counted(encoded: Any) -> Any:
            sizes = plain(encoded)
            self.subwords += int(sizes[0].sum())
            return sizes

        canonical._unit_sizes = counted
        try:
            yield
        finally:
            canonical._unit_sizes = plain


if __name__ == "__main__":
    main()
