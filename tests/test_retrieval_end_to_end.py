"""Retrieval from a recipe to scores: encoders as they are, after other tasks, and trained as dual encoders."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import pytest
import torch
from pydantic import Field

from xfer import miniature
from xfer.attackers.base import Attacker
from xfer.core.store import Store
from xfer.execution.walk import execute_graph, open_graph, run_failure
from xfer.forms.base import build_form
from xfer.metrics.retrieval import best_threshold, mine_sentences, mining_f1, pairs_above, top_k, unit_vectors
from xfer.miniature.bitext import draw_sentences, rendered_lines
from xfer.miniature.choice import seeded_stream
from xfer.models.base import Origin
from xfer.models.network import build_network
from xfer.models.predictor import predict_rows
from xfer.readers import tables
from xfer.readers.base import Card, Reader, Row, Settings
from xfer.recipe.load import load_recipe
from xfer.steps.rows import read_rows
from xfer.trainers.finetune import Finetune
from xfer.trainers.loop.fit import Context, Run, TaskData, fit
from xfer.trainers.mixers import Proportional

Xfer = Callable[..., Any]
SIZES = {"train": 800, "dev": 40, "test": 60}
LANGUAGES = ("de", "ru")


class Pairs(Reader):
    """Sentences and their translations into English, to train on."""

    form: ClassVar[str] = "retrieve"
    labels: ClassVar[tuple[str, ...]] = ()
    sources: ClassVar[Any] = ("mirror",)
    card: ClassVar[Card] = Card("", "", None, "", "", LANGUAGES, LANGUAGES, ("train", "dev", "test"), "", {})
    published: ClassVar[Settings] = Settings(learning_rate=3e-3, epochs=1, batch_size=32, max_length=32)
    pool: Literal["own", "shared"] = Field("own", description="what is searched")

    def form_options(self) -> dict[str, Any]:
        return {"pool": self.pool, "task": "ranking"}

    def places(self, split: str, language: str) -> Iterable[str]:
        yield f"pairs/{split}-{language}.tsv"

    def parse(self, path: Path, split: str, language: str) -> Iterator[Row]:
        for line, cells in tables.tsv(path, ("foreign", "english")):
            name = f"{language}-{line}"
            both = {"language": language, "pair": None, "part": "test", "id": name}
            yield both | {"side": "query", "text": cells["english"], "gold": [name]}
            yield both | {"side": "candidate", "text": cells["foreign"], "gold": None}


RECIPE = """\
name: bitext
source: mirror
model: {type: scratch, layers: 2, width: 32, heads: 2, vocabulary: 500, positions: 40, dropout: 0}
start: words
stages:
  words:
    reader: {type: files, form: mask, train: "text-{language}.txt", languages: [de, en, ru], held_out: 9}
    trainer: {steps: 8, batch_tokens: 400, learning_rate: 3e-3, max_length: 32, evaluate_every: 8, precision: fp32}
  reviews:
    reader:
      {type: files, train: train-en.tsv, dev: train-en.tsv, header: [text, label], text: text, label: label,
       labels: [bad, good]}
    trainer: {steps: 3, batch_size: 8, learning_rate: 1e-3, max_length: 16, precision: fp32}
  pairs:
    reader: {type: "test_retrieval_end_to_end:Pairs", languages: all}
    trainer: {steps: 120, batch_size: 32, learning_rate: 4e-3, evaluate_every: 40, precision: fp32}
evaluate:
  plain: {reader: tatoeba, languages: [de, ru]}
  embeddings: {reader: {type: tatoeba, layer: 0, pooling: max}, languages: [de, ru]}
  reviews: {stage: reviews, reader: tatoeba, languages: [de, ru]}
  dual: {stage: pairs, reader: tatoeba, languages: [de, ru]}
  few: {stage: pairs, reader: tatoeba, languages: [de], rows: 10}
  own: {stage: pairs}
  mined: {stage: pairs, reader: bucc, languages: [de, ru]}
  typos: {stage: pairs, reader: bucc, languages: [de, ru], attacker: {type: typos, rate: 0.9}}
  english: {stage: pairs, reader: tatoeba, languages: [ru], attacker: {type: typos, rate: 0.9}}
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """$XFER_DATA with Tatoeba and BUCC of the miniature world, and pairs to train on that are not in them."""
    folder = tmp_path_factory.mktemp("data")
    miniature.write(folder, parts=["bitext"])
    said = draw_sentences(seeded_stream(0, "test pairs"), sum(SIZES.values()), ("en", *LANGUAGES))
    (folder / "pairs").mkdir()
    for code in ("en", *LANGUAGES):
        (folder / f"text-{code}.txt").write_text("\n".join(rendered_lines(said, code)) + "\n", encoding="utf-8")
    for split, size in SIZES.items():
        part, said = said[:size], said[size:]
        for code in LANGUAGES:
            lines = map("\t".join, zip(rendered_lines(part, code), rendered_lines(part, "en"), strict=True))
            (folder / "pairs" / f"{split}-{code}.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "train-en.tsv").write_text("a good day\tgood\na bad day\tbad\n" * 20)
    (folder / "bitext.yaml").write_text(RECIPE)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XFER_DATA", str(folder))
        yield folder


class Done:
    """A finished run: nodes by kind and label, and the scores of each evaluation."""

    def __init__(self, recipe: Path, store: Path, *sets: str) -> None:
        self.store = Store(store)
        self.graph = open_graph(load_recipe(recipe, sets=sets).recipe, self.store)
        self.ran: list[str] = []
        from xfer.steps.steps import work

        def watched(node: Any, *rest: Any) -> Any:
            self.ran.append(node.kind)
            return work(node, *rest)

        outcome = execute_graph(self.graph, self.store, work=watched)
        error = run_failure(outcome, self.graph)
        assert error is None, error
        self.entries = outcome.entries

    def node(self, name: str, kind: str, seed: int = 1) -> Any:
        assert self.graph.report is not None
        found = self.graph.report.parents[f"{name}/selected/{seed}"]
        return (
            found
            if kind == "score"
            else found.parents["predict"]
            if kind == "predict"
            else found.parents["predict"].parents[kind]
        )

    def scores(self, name: str) -> dict[str, dict[str, float]]:
        found: dict[str, dict[str, float]] = self.entries[self.node(name, "score").key].read("scores.json")
        return found

    def rows(self, name: str) -> dict[str, list[Any]]:
        return read_rows(self.entries[self.node(name, "rows").key])

    def predictions(self, name: str) -> dict[str, list[Any]]:
        return read_rows(self.entries[self.node(name, "predict").key], "predictions.parquet")

    def model(self, name: str, task: str) -> Path:
        return self.entries[self.node(name, "train").key].out / "selected" / task


@pytest.fixture(scope="module")
def done(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Done:
    return Done(data / "bitext.yaml", tmp_path_factory.mktemp("store"))


def sides(rows: dict[str, list[Any]], side: str, language: str, part: str = "test") -> dict[str, str]:
    """Texts by id."""
    each = zip(rows["side"], rows["language"], rows["part"], rows["id"], rows["text"], strict=True)
    return {name: text for one, lang, where, name, text in each if (one, lang, where) == (side, language, part)}


def vectors(
    folder: Path, texts: dict[str, str], longest: int = 32, layer: int = -1, pooling: str = "mean"
) -> np.ndarray:
    """Vectors by transformers alone, one text at a time."""
    import transformers

    network = transformers.AutoModel.from_pretrained(folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    found = []
    with torch.no_grad():
        for text in texts.values():
            one = tokenizer(text, truncation=True, max_length=longest, return_tensors="pt")
            states = network(**one, output_hidden_states=True).hidden_states[layer][0]
            found.append((states.mean(0) if pooling == "mean" else states.amax(0)).numpy())
    return np.stack(found)


def by_hand(done: Done, name: str, task: str, language: str, **how: Any) -> float:
    """Tatoeba's accuracy from the saved encoder by transformers alone."""
    rows, folder = done.rows(name), done.model(name, task)
    queries, candidates = sides(rows, "query", language), sides(rows, "candidate", language)
    golds = dict(zip(zip(rows["side"], rows["language"], rows["id"], strict=True), rows["gold"], strict=True))
    order = list(candidates)
    gold = [order.index(golds["query", language, one][0]) for one in queries]
    both = (unit_vectors(vectors(folder, texts, **how)) for texts in (queries, candidates))
    return float((top_k(*both, 1)[1][:, 0] == gold).mean())


# evaluation of encoders


@pytest.mark.parametrize(
    ("name", "task", "how"),
    [
        ("plain", "files", {"longest": 40}),  # no stage of its own: the recipe's start
        ("embeddings", "files", {"longest": 40, "layer": 0, "pooling": "max"}),
        ("reviews", "files", {"longest": 40}),  # a stage that learnt to classify
        ("dual", "Pairs", {}),
    ],
)
def test_scores_are_those_of_the_encoder_by_transformers_alone(
    name: str, task: str, how: dict[str, Any], done: Done
) -> None:
    scores = done.scores(name)
    assert set(scores) == {"de", "ru"} and {found["rows"] for found in scores.values()} == {300}
    assert scores["de"]["accuracy"] == pytest.approx(by_hand(done, name, task, "de", **how))


def test_each_evaluation_tests_the_encoder_that_it_names(done: Done) -> None:
    assert done.node("plain", "train") is done.graph.stages["words", 1]
    assert done.node("reviews", "train") is done.graph.stages["reviews", 1]
    assert done.node("plain", "predict").job.network.max_length == 512  # as published, not the 16 of the reviews
    assert done.node("reviews", "predict").job.network.max_length == 512
    assert done.node("own", "predict").job.network.max_length is None


def test_training_a_dual_encoder_finds_more_translations(done: Done) -> None:
    for language in LANGUAGES:
        assert done.scores("dual")[language]["accuracy"] > 5 * max(done.scores("plain")[language]["accuracy"], 0.01)
    assert done.scores("own")["de"]["map@20"] > 0.3
    curve = done.entries[done.graph.stages["pairs", 1].key].read("training.json")["curve"]
    first, last = (np.mean(list(point["dev"]["Pairs"].values())) for point in (curve[0], curve[-1]))
    assert last > first


def test_a_cap_leaves_all_candidates(done: Done) -> None:
    rows = done.rows("few")
    assert len(sides(rows, "query", "de")) == 10 and len(sides(rows, "candidate", "de")) == 300
    found = done.predictions("few")
    assert len(found["id"]) == 10 and {len(ranked) for ranked in found["predicted"]} == {20}


# mining


def mine_by_hand(done: Done, language: str, name: str = "mined") -> tuple[dict[Any, float], set[Any], float]:
    """Mined test pairs, gold pairs and the threshold from the dev corpus, from vectors by transformers alone."""
    rows, folder = done.rows(name), done.model(name, "Pairs")
    scored, gold = {}, {}
    for part in ("tune", "test"):
        texts = [sides(rows, side, language, part) for side in ("query", "candidate")]
        scored[part] = mine_sentences(texts[0], texts[1], *(vectors(folder, side) for side in texts))
        keys = zip(rows["language"], rows["part"], rows["id"], rows["gold"], strict=True)
        gold[part] = {
            (one, other) for lang, p, one, right in keys if (lang, p) == (language, part) for other in right or ()
        }
    return scored["test"], gold["test"], best_threshold(scored["tune"], gold["tune"])


def test_bucc_is_mined_with_the_threshold_of_the_dev_corpus(done: Done) -> None:
    found = done.predictions("mined")
    thresholds = []
    for language in LANGUAGES:
        scored, gold, threshold = mine_by_hand(done, language)
        wanted = mining_f1(gold, pairs_above(scored, threshold))
        scores = done.scores("mined")[language]
        assert {name: scores[name] for name in ("f1", "precision", "recall")} == pytest.approx(wanted._asdict())
        assert scores["rows"] == 295 and 0 < scores["f1"] < 1
        mine = {
            (one, other)
            for one, lang, others in zip(found["id"], found["language"], found["predicted"], strict=True)
            if lang == language
            for other in others
        }
        assert mine == pairs_above(scored, threshold)
        thresholds.append((threshold, best_threshold(scored, gold)))
    assert any(abs(dev - own) > 1e-4 for dev, own in thresholds)  # the test's own threshold would be another


def test_an_attack_changes_queries_of_the_test_alone(done: Done) -> None:
    before, after = done.rows("mined"), done.rows("typos")
    assert {name: before[name] for name in before if name != "text"} == {n: after[n] for n in after if n != "text"}
    for i, (old, new) in enumerate(zip(before["text"], after["text"], strict=True)):
        if before["side"][i] == "candidate" or before["part"][i] == "tune":
            assert new == old
    moved = [sides(before, "query", language) for language in LANGUAGES]
    left = [sides(after, "query", language) for language in LANGUAGES]
    for old, new in zip(moved, left, strict=True):
        assert sum(old[name] != new[name] for name in old) > 0.9 * len(old)
    assert done.scores("typos")["de"]["f1"] < done.scores("mined")["de"]["f1"]


def test_english_queries_are_attacked_as_english(done: Done) -> None:
    before, after = done.rows("dual"), done.rows("english")
    attacker, texts = Attacker.model_validate({"type": "typos", "rate": 0.9}), sides(after, "query", "ru")
    assert len(texts) == 300
    for name, text in sides(before, "query", "ru").items():
        row = {"id": name, "language": "en", "text": text, "pair": None, "side": "query", "part": "test"}
        changed, _ = attacker.change(row, "retrieve")
        assert texts[name] == changed["text"]


# other ways to name what is tested


def test_a_pretrained_model_needs_no_stage(done: Done, data: Path, tmp_path: Path) -> None:
    lines = ["name: plain", "source: mirror", f"model: {{type: pretrained, name: {done.model('dual', 'Pairs')}}}",
             "seeds: [1, 2]", "evaluate:", "  clean: {reader: tatoeba, languages: [de, ru]}"]  # fmt: skip
    (tmp_path / "plain.yaml").write_text("\n".join(lines) + "\n")
    plain = Done(tmp_path / "plain.yaml", tmp_path / "store")
    assert plain.ran == ["data", "predict", "score", "report"]  # no seed changes a model as it is
    assert plain.scores("clean") == done.scores("dual")
    assert Done(tmp_path / "plain.yaml", tmp_path / "store").ran == []
    report = json.loads((plain.entries[plain.graph.report.key].out / "report.json").read_text())  # type: ignore[union-attr]
    assert "accuracy" in json.dumps(report)


def test_a_shared_pool_holds_the_candidates_of_all_languages(data: Path, done: Done) -> None:
    sets = ("stages.pairs.reader.pool=shared", "evaluate.own.languages=[de]", "stages.pairs.trainer.steps=2")
    found = Done(data / "bitext.yaml", done.store.root, *sets)
    rows = found.rows("own")
    assert len(sides(rows, "query", "de")) == 60 and not sides(rows, "query", "ru")
    assert len(sides(rows, "candidate", "de")) == len(sides(rows, "candidate", "ru")) == 60
    predicted = {name.split("-")[0] for ranked in found.predictions("own")["predicted"] for name in ranked}
    assert predicted == {"de", "ru"}
    assert set(found.scores("own")) == {"de"}


FAULTS = [
    ("plain: {reader: xnli}", "evaluate.plain.reader: form classify needs a head, which no stage has trained"),
    ("plain: {languages: [de]}", "evaluate.plain: names neither a stage nor a reader"),
    ("plain: {reader: tatoeba, task: words}", "evaluate.plain.task: belongs to a stage, and none is named"),
    ("plain: {reader: tatoeba, split: dev}", "reader tatoeba has no dev split"),
    ("plain: {reader: tatoeba, languages: [pl, xx]}", "reader tatoeba has no test data in 'xx'"),
    ("plain: {reader: {type: tatoeba, layer: -1}}", "layer: must be the number of a hidden state, or xtreme"),
    ("plain: {reader: {type: bucc, source: hub}}", "reader bucc cannot read from source hub"),
    ("plain: {stage: words, reader: xnli}", "reader xnli has another form or other labels"),
]


@pytest.mark.parametrize(("block", "message"), FAULTS)
def test_faults_are_one_line_each(block: str, message: str, write: Callable[..., Path], xfer: Xfer) -> None:
    head = RECIPE[: RECIPE.index("  plain:")]
    write("r.yaml", f"{head}  {block}\n")
    told = xfer("check", "r.yaml")
    line = 1 + head.count("\n")
    assert told.code == 2 and len(told.err.splitlines()) == 1
    assert message in told.err and told.err.startswith(f"r.yaml:{line}:")


def test_a_model_of_random_weights_has_nothing_to_test(write: Callable[..., Path], xfer: Xfer) -> None:
    write("r.yaml", "name: r\nmodel: scratch\nevaluate:\n  plain: {reader: tatoeba}\n")
    told = xfer("check", "r.yaml")
    assert (told.code, told.out) == (2, "")
    assert "r.yaml:4:3: evaluate.plain: model scratch has random weights, so there is nothing to test" in told.err
    write("r.yaml", "name: r\nmodel: {type: pretrained, name: a/b}\nevaluate:\n  plain: {reader: tatoeba}\n")
    assert xfer("check", "r.yaml").code == 0
    write("r.yaml", "name: r\nmodel: {type: pretrained, name: a/b}\n")
    told = xfer("check", "r.yaml")
    assert told.code == 2 and "'stages' is missing" in told.err


# submissions


@pytest.mark.parametrize(("name", "task", "metric"), [("dual", "tatoeba", "accuracy"), ("mined", "bucc2018", "f1")])
def test_export_then_score_gives_the_scores_of_the_run(
    name: str, task: str, metric: str, done: Done, data: Path, xfer: Xfer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XFER_DATA", str(data))
    words = ["--evaluation", name, "--gold", "gold", "--store", done.store.root]
    told = xfer("export", "--xtreme", data / "bitext.yaml", "out", *words)
    assert (told.code, told.out) == (0, "4 files written to out\n"), told.err
    found = xfer("score", task, "--gold", "gold", "--predictions", "out", "--json").json["languages"]
    for language, scores in done.scores(name).items():
        assert found[language][metric] == pytest.approx(100 * scores[metric])
    if task == "tatoeba":
        own = (Path("gold") / "tatoeba" / "test-de.tsv").read_text().split()
        english = (data / "tatoeba" / "v1" / "tatoeba.deu-eng.eng").read_text(encoding="utf-8").splitlines()
        assert [english[int(line)] for line in own] == sorted(english)  # XTREME's order


# training


def training(folder: Path, data: Path, progress: Any = lambda *_, **__: None) -> tuple[Any, dict[str, Any]]:
    """Twelve steps of a dual encoder beside a classifier, with dropout."""
    reader = Pairs(languages="all")
    rows: dict[str, list[Any]] = {}
    for code in LANGUAGES:
        for row in list(reader.parse(data / "pairs" / f"dev-{code}.tsv", "dev", code)):
            for name, value in row.items():
                rows.setdefault(name, []).append(value)
    plain = {"id": [str(i) for i in range(16)], "language": ["en"] * 16, "text": ["a good day", "a bad day"] * 8,
             "pair": [None] * 16, "label": ["good", "bad"] * 8}  # fmt: skip
    kinds = {"pairs": build_form("retrieve"), "nli": build_form("classify", ["bad", "good"])}
    network = build_network(tiny(rows), kinds, 1)
    tasks = [TaskData("pairs", 1.0, rows, rows, LANGUAGES), TaskData("nli", 1.0, plain, None, ("en",))]
    settings = Finetune(steps=12, batch_size=8, learning_rate=1e-3, max_length=32, precision="fp32", evaluate_every=4)
    folder.mkdir(exist_ok=True)
    return network, fit(settings, network, tasks, Context(folder, 1, None, Proportional(), progress))


def tiny(rows: dict[str, list[Any]]) -> Origin:
    from xfer.models.scratch import Scratch

    return Scratch(layers=2, width=32, heads=2, vocabulary=400, positions=40).load_origin(lambda: rows["text"])


@pytest.mark.parametrize("at", [3, 10])
def test_a_stopped_training_goes_on_to_the_same_weights(at: int, data: Path, tmp_path: Path) -> None:
    class Stop(Exception):
        pass

    def progress(step: int, total: int, **_: Any) -> None:
        if step == at:
            raise Stop

    whole, result = training(tmp_path / "whole", data)
    with pytest.raises(Stop):
        training(tmp_path / "broken", data, progress)
    again, found = training(tmp_path / "broken", data)
    assert found == result
    wanted = whole.named_weights()
    assert all(torch.equal(tensor, wanted[name]) for name, tensor in again.named_weights().items())


def test_training_lowers_the_loss_on_what_it_trains_on(data: Path, tmp_path: Path) -> None:
    reader, rows = Pairs(languages="all"), dict[str, list[Any]]()
    for row in reader.parse(data / "pairs" / "dev-de.tsv", "dev", "de"):
        for name, value in row.items():
            rows.setdefault(name, []).append(value)
    kind = build_form("retrieve")
    network = build_network(tiny(rows), {"pairs": kind}, 1)
    settings = Finetune(steps=40, batch_size=20, learning_rate=3e-3, max_length=32, precision="fp32", weight_decay=0)
    run = Run(
        settings,
        network,
        [TaskData("pairs", 1.0, rows, None, ("de",))],
        Context(tmp_path, 1, None, Proportional(), lambda *_, **__: None),
    )
    losses = [run.train_step(step)[0] for step in range(40)]
    assert np.mean(losses[-5:]) < 0.3 * np.mean(losses[:5])
    encoded = kind.encode_training(rows, network.tokenizer, 32)
    batch = kind.build_batch(encoded, kind.loss_targets(rows), np.arange(20), network.tokenizer)
    with torch.no_grad():
        assert kind.unit_losses(network.eval()("pairs", batch), batch).shape == (20,)
    found = kind.decode(predict_rows(network, "pairs", rows, 32), rows)
    assert sum(found["credit"]) / len(found["credit"]) > 0.5
