"""``compat: upstream`` against what TextAttack's own ``build`` makes of the recipes that would download something.

What a recipe would get from the network is put where TextAttack asks for it: a model folder under the hub's name in
the working folder, and a stand-in for USE, SBERT, NLTK's tagger, flair, and the two language models of TensorFlow 1 and
of a pickle. All classes, sizes, thresholds and their order are TextAttack's.
"""

from __future__ import annotations

import io
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from zlib import crc32

import numpy as np
import pytest
from recipe_runs import TEXTS, Row, attacker, cheap, essence, rows, search, stock
from small_parts import GROUPS, LABELS, bert, make, network, tokenizer
from tokenizers.pre_tokenizers import WhitespaceSplit

from xfer.attackers.textattack import load as shim

Words = Sequence[str]
LONG = ("mary saw 12 fine old films in london , and john did not like the awful town he viewed that aged picture in",)
OTHERS = {
    "de": [
        ("der alte film war fine , das town nicht good",),
        ("mary sah den film", "john liebte den bad film in paris"),
    ],
    "zh": [("我 看 了 这 部 old film , 很 good",), ("这部 film 不 good", "我 不 saw 这部 bad film")],
}
ENTITIES = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Tiny resources; the models stand in the folder ``hub`` under the names that TextAttack's recipes ask for."""
    folder = tmp_path_factory.mktemp("parts")
    made, hub = make(folder), folder / "hub"
    for name in ("bert-base-uncased", "distilroberta-base"):
        bert("BertForMaskedLM", hub / name, tokenizer(("##s", "film##s"), 512))
    tags = dict(enumerate(ENTITIES))
    entities = {"id2label": tags, "label2id": {tag: number for number, tag in tags.items()}}
    bert("BertForTokenClassification", folder / "entities", **entities)
    _gpt2(hub / "gpt2")
    _vectors(folder / "vectors.txt")
    return made | {
        "hub": str(hub),
        "masked_lm": str(hub / "bert-base-uncased"),
        "entities": str(folder / "entities"),
    }


def _vectors(file: Path) -> None:
    """More near words than a recipe keeps: nouns, adjectives and verbs lie together, by two and three groups."""
    rng, kinds = np.random.default_rng(8), {0: 0, 4: 0, 6: 0, 1: 1, 2: 1, 3: 1, 5: 2, 7: 2}
    lines = []
    for number, group in enumerate(GROUPS):
        for word in group:
            values = np.eye(8)[kinds[number]] + rng.normal(0, 0.12, 8)
            lines.append(f"{word} " + " ".join(f"{value:.4f}" for value in values))
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _gpt2(folder: Path) -> None:
    """A GPT-2 with byte pairs as its own has: the space before a word is part of it."""
    import torch
    import transformers
    from tokenizers import ByteLevelBPETokenizer

    trained, texts = ByteLevelBPETokenizer(), [" ".join(text) for text in TEXTS]
    trained.train_from_iterator(texts * 3, vocab_size=330, special_tokens=["<|endoftext|>"], show_progress=False)
    folder.mkdir(parents=True)
    trained.save_model(str(folder))
    loaded = transformers.GPT2Tokenizer.from_pretrained(folder)
    config = transformers.GPT2Config(
        vocab_size=len(loaded), n_embd=16, n_layer=1, n_head=2, n_positions=128, initializer_range=0.6
    )
    config.bos_token_id = config.eos_token_id = loaded.eos_token_id
    with torch.random.fork_rng():
        torch.manual_seed(6)
        transformers.GPT2LMHeadModel(config).eval().save_pretrained(folder)
    loaded.save_pretrained(folder)


@pytest.fixture(scope="module")
def textattack() -> Any:
    return shim.load_textattack()


@pytest.fixture
def offline(textattack: Any, parts: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """All that TextAttack's ``build`` would download is here."""
    monkeypatch.chdir(parts["hub"])
    monkeypatch.setattr(textattack.shared.WordEmbedding, "counterfitted_GLOVE_embedding", lambda: _embedding(parts))
    _encoders(textattack, parts, monkeypatch)
    _taggers(textattack, parts["tagger"], parts["entities"], monkeypatch)
    _language_models(textattack, parts, monkeypatch)
    homoglyphs = sys.modules["textattack.transformations.word_swaps.word_swap_homoglyph_swap"]
    monkeypatch.setattr(homoglyphs, "open", lambda *_, **__: io.StringIO(), raising=False)  # missing from its wheel
    return monkeypatch


def _embedding(parts: dict[str, str]) -> Any:
    from xfer.attackers.lexicons import vectors

    known, kind = vectors.load_vectors(parts["vectors"]), shim.load_textattack().shared.WordEmbedding
    nearest = np.linalg.norm(known.matrix[:, None] - known.matrix[None], axis=2).argsort(axis=1, kind="stable")
    return kind(known.matrix, {word: i for i, word in enumerate(known.words)}, dict(enumerate(known.words)), nearest)


def _encoders(textattack: Any, parts: dict[str, str], patch: pytest.MonkeyPatch) -> None:
    """USE from TensorFlow's hub, and SBERT."""
    import torch

    from xfer.attackers.search.oracles.encoder import EncoderOracle

    def encode(sentences: Words) -> np.ndarray:
        return np.stack(EncoderOracle(parts["encoder"])(list(sentences)))

    encoders = textattack.constraints.semantics.sentence_encoders
    tensorflow = SimpleNamespace(load=lambda _: lambda sentences: torch.from_numpy(encode(sentences)))
    patch.setattr(sys.modules[encoders.UniversalSentenceEncoder.__module__], "hub", tensorflow)
    sbert = SimpleNamespace(SentenceTransformer=lambda _: SimpleNamespace(to=lambda _: None, encode=encode))
    patch.setattr(sys.modules[encoders.SBERT.__module__], "sentence_transformers", sbert)


def _taggers(textattack: Any, words: str, entities: str, patch: pytest.MonkeyPatch) -> None:
    """NLTK's tagger, and flair as far as TextAttack knows it."""
    import nltk

    from xfer.attackers.search.oracles.tagger import TaggerOracle

    parts_of_speech, names = TaggerOracle(words), TaggerOracle(entities)
    patch.setattr(nltk, "pos_tag", lambda text, **_: list(zip(text, parts_of_speech([tuple(text)])[0], strict=True)))
    split = textattack.shared.utils.words_from_text

    class Sentence:
        def __init__(self, text: str, use_tokenizer: Any) -> None:
            self.tokens = [SimpleNamespace(text=word) for word in use_tokenizer(text)]

    class SequenceTagger:
        def __init__(self, kind: str) -> None:
            self.kind = kind

        def predict(self, sentence: Sentence, **_: Any) -> None:
            text = tuple(token.text for token in sentence.tokens)
            found = _ends(names([text])[0]) if self.kind == "ner" else parts_of_speech([text])[0]
            for token, tag in zip(sentence.tokens, found, strict=True):
                label = SimpleNamespace(value=tag, _value=tag, score=1.0)
                token.annotation_layers, token.get_label = {"upos": [label]}, lambda _, label=label: label

    SequenceTagger.load = SequenceTagger  # type: ignore[attr-defined]
    for name, holds in (("data", Sentence), ("models", SequenceTagger)):
        module = ModuleType(f"flair.{name}")
        setattr(module, holds.__name__, holds)
        patch.setitem(sys.modules, module.__name__, module)
    patch.setitem(sys.modules, "flair", ModuleType("flair"))
    patch.setattr(sys.modules["textattack.shared.attacked_text"], "Sentence", Sentence)
    patch.setattr(textattack.shared.utils, "TextAttackFlairTokenizer", lambda: split)
    patch.setattr(sys.modules["textattack.shared.utils.strings"], "_flair_taggers", {})


def _ends(tags: Words) -> list[str]:
    """Tags with flair's marks: the last word of a name is E, a name of one word S."""
    found = list(tags)
    for i, tag in enumerate(tags):
        if tag != "O" and tags[i + 1 : i + 2] != (f"I-{tag[2:]}",):
            found[i] = ("S" if tag[0] == "B" else "E") + tag[1:]
    return found


def _language_models(textattack: Any, parts: dict[str, str], patch: pytest.MonkeyPatch) -> None:
    """The graph of TensorFlow 1 and the model of the pickle: word models that read what TextAttack shows them."""
    from xfer.attackers.search.oracles.causal import CausalOracle

    model = CausalOracle(parts["language_model"])

    class Google:
        def get_words_probs(self, prefix: str, words: Words) -> np.ndarray:
            return np.exp(model([(f"{prefix} ", str(word)) for word in words]))

    class Handler:
        def query(self, sentences: Sequence[Words], _: Words) -> list[float]:
            return model([("", " ".join(words)) for words in sentences])

    models = textattack.constraints.grammaticality.language_models
    google = sys.modules[models.Google1BillionWordsLanguageModel.__module__]
    write = sys.modules[models.LearningToWriteLanguageModel.__module__]
    patch.setattr(google, "GoogLMHelper", Google)
    patch.setattr(write, "QueryHandler", SimpleNamespace(load_model=lambda *_: Handler()))
    patch.setattr(textattack.shared.utils, "download_from_s3", lambda _: "")


def slow(asked: list[tuple[str, ...]]) -> np.ndarray:
    """A victim that costs nothing and that one word rarely moves: chances from sums over hashed words."""
    weights = np.random.default_rng(3).normal(size=(997, len(LABELS)))
    sums = [
        weights[[crc32(f"{i}{word}".encode()) % 997 for i, field in enumerate(text) for word in field.split()]].sum(0)
        for text in asked
    ]
    powers = np.exp(np.array(sums))
    found: np.ndarray = (powers / powers.sum(1, keepdims=True)).astype(np.float32)
    return found


def drawn(count: int) -> list[tuple[str, ...]]:
    """Texts and pairs of words that have near words."""
    rng = random.Random(4)
    known = [word for group in GROUPS for word in group]
    return [tuple(" ".join(rng.choices(known, k=rng.randint(5, 12))) for _ in range(1 + i % 2)) for i in range(count)]


def texts(victim: Any, languages: Words, more: int = 0) -> list[Row]:
    """Rows of some languages, each with an id of its own."""
    found = rows(victim, [*TEXTS, LONG, *drawn(more)])
    for language in languages:
        found += [row | {"id": f"{language}-{row['id']}"} for row in rows(victim, OTHERS[language], language)]
    return found


def held(ours: list[Any], theirs: list[Any]) -> None:
    """Equal statuses, queries, texts and scores."""
    reached = [(t[0] or "succeeded", *t[1:]) for t in theirs]
    assert [r[:4] for r in ours] == [r[:4] for r in reached]
    np.testing.assert_allclose([r[4] for r in ours], [float(r[4]) for r in reached], atol=1e-5)


def changed(ours: list[Any], asked: list[Row]) -> int:
    return sum(found[2:4] != (row["text"], row["pair"]) for found, row in zip(ours, asked, strict=True))


RECIPES = {
    "textbugger": "TextBuggerLi2018",
    "bert-attack": "BERTAttackLi2020",
    "clare": "CLARE2020",
    "alzantot": "GeneticAlgorithmAlzantot2018",
    "faster-alzantot": "FasterGeneticAlgorithmJia2019",
    "kuleshov": "Kuleshov2017",
    "checklist": "CheckList2020",
}


RUNS = [(recipe, 300) for recipe in RECIPES] + [("alzantot", 30), ("alzantot", 1500), ("checklist", 3)]


@pytest.mark.parametrize(("recipe", "budget"), RUNS)
def test_upstream_mode_is_what_its_own_build_makes(
    textattack: Any, parts: dict[str, str], offline: pytest.MonkeyPatch, recipe: str, budget: int
) -> None:
    """All that is drawn (letters, parents, names, numbers) comes from the example's own seed, on both sides.

    Only the list of homoglyphs is empty for upstream, whose wheel lacks it: no other recipe than bad-characters
    reads it. The two language models that cannot be had are one of ours, which is shown the words that they would be.
    """
    read = {"checklist": {"tagger": parts["entities"]}, "kuleshov": {"language_model": f"{parts['hub']}/gpt2"}}
    one = attacker(parts, recipe, "upstream", budget=budget, **read.get(recipe, {}))
    victim = slow if recipe in ("alzantot", "faster-alzantot", "kuleshov") else cheap
    asked = texts(victim, ("de", "zh"), 0 if victim is cheap else 4)
    asked = asked[1::2] if recipe == "clare" else asked  # some thousand candidates a text
    if budget == 1500:  # generations, until no more words may change
        asked = rows(victim, [("loved person ancient bad person",), ("human place town town town",), TEXTS[2]])
    build = getattr(textattack.attack_recipes, RECIPES[recipe]).build
    ours = essence(search(one, victim, asked))
    held(ours, list(stock(textattack, build, one, victim, asked)))
    assert changed(ours, asked) > (0 if budget == 3 else 1)


@pytest.mark.parametrize("name", ["LearningToWriteLanguageModel", "GPT2"])
def test_language_models_are_shown_what_upstream_shows_them(
    textattack: Any, parts: dict[str, str], offline: pytest.MonkeyPatch, name: str
) -> None:
    """A limit of some nats hides small differences: the numbers themselves are compared."""
    from xfer.attackers.search import scheduler
    from xfer.attackers.search.oracles.causal import CausalOracle, FirstSubword
    from xfer.attackers.textattack.recipes.upstream import classes as upstream
    from xfer.attackers.textattack.text import plain_text

    window = {} if name == "GPT2" else {"window_size": 6}
    options = {"max_log_prob_diff": 5.0} | window
    theirs = getattr(textattack.constraints.grammaticality.language_models, name)(**options)
    ours = (upstream.FirstPiece if name == "GPT2" else upstream.Windowed)(**options)
    oracle = FirstSubword(f"{parts['hub']}/gpt2") if name == "GPT2" else CausalOracle(parts["language_model"])
    text = plain_text(LONG)
    for index in (0, 3, 6, 7, 15, 20):
        both = [text, text.replace_word_at_index(index, "picture")]
        ((_, found),) = scheduler.run_jobs(
            [(0, 0, lambda b=both, i=index: ours.get_log_probs_at_index(b, i))], {"language_model": oracle}
        )
        expected = [float(number) for number in theirs.get_log_probs_at_index(both, index)]
        assert found[1] - found[0] == pytest.approx(expected[1] - expected[0], abs=1e-4)


@pytest.fixture(scope="module")
def sure() -> Any:
    """A victim without dropout, so that upstream's gradients, taken in training mode, are no matter of chance."""
    return network(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)


@pytest.mark.parametrize("budget", [3, None])
def test_a2t_is_textattacks_on_its_own_wrapper_of_the_model(
    textattack: Any, parts: dict[str, str], offline: pytest.MonkeyPatch, sure: Any, budget: int | None
) -> None:
    """Upstream draws dropout while it takes the gradient, from no seed of the example: here the model has none.

    Its wrapper's length, which bounds the ranked words, is that of our victim.
    """
    one, asked = attacker(parts, "a2t", "upstream", budget=budget), texts(sure, ("de", "zh"))
    wrapper = textattack.models.wrappers.HuggingFaceModelWrapper
    model = wrapper(sure.network.heads["task"], sure.network.tokenizer, max_length=sure.max_length)
    build = textattack.attack_recipes.A2TYoo2021.build
    ours = essence(search(one, sure, asked))
    held(ours, list(stock(textattack, lambda _: build(model), one, sure, asked)))
    assert changed(ours, asked) > 1


def test_a2t_reads_no_subword_behind_the_victims_longest_input(parts: dict[str, str]) -> None:
    """The tokenizer may take more than the victim: words behind its end have no gradient and come last."""
    from xfer.models.victims.build import build_victim

    short = build_victim(network().network, "task", 12)
    one, asked = attacker(parts, "a2t", "upstream"), rows(short, [LONG])
    (found,) = search(one, short, asked)
    assert found["status"] in ("succeeded", "failed"), found["message"]


def _lstm(textattack: Any, victim: Any) -> Any:
    """Our network in the form in which TextAttack's HotFlip reads an LSTM: each word is one row of the embedding."""
    import torch

    head, loaded = victim.network.heads["task"], victim.network.tokenizer
    special, split = set(loaded.all_special_tokens), textattack.shared.utils.words_from_text

    class Lstm(textattack.models.helpers.LSTMForClassification):
        def __init__(self) -> None:
            torch.nn.Module.__init__(self)

        def get_input_embeddings(self) -> Any:
            return head.get_input_embeddings()

    class Wrapper(textattack.models.wrappers.ModelWrapper):
        model = Lstm()
        tokenizer = SimpleNamespace(pad_token_id=0, convert_id_to_word=lambda number: _word(number))

        def __call__(self, asked: list[Any]) -> np.ndarray:
            return np.stack(victim([(text,) if isinstance(text, str) else tuple(text) for text in asked]))

        def get_grad(self, text: Any) -> dict[str, Any]:
            encoded = loaded(*((text,) if isinstance(text, str) else text), return_tensors="pt")
            ids = encoded.pop("input_ids")
            vectors = head.get_input_embeddings()(ids).detach().requires_grad_()
            logits = head(inputs_embeds=vectors, **encoded).logits
            loss = torch.nn.functional.cross_entropy(logits, logits.argmax(1))
            (slopes,) = torch.autograd.grad(loss, vectors)
            tokens = loaded.convert_ids_to_tokens(ids[0].tolist())
            own = [i for i, token in enumerate(tokens) if token == loaded.unk_token or _one(token)]
            return {"gradient": slopes[0, own].numpy(), "ids": ids[0, own].tolist()}

    def _one(token: str) -> bool:
        return token not in special and bool(split(token))

    def _word(number: int) -> str:
        word = str(loaded.convert_ids_to_tokens(number))
        return "" if word in special else word

    return Wrapper()


@pytest.mark.parametrize("budget", [2, None])
def test_hotflip_is_textattacks_where_each_word_is_one_subword(
    textattack: Any, parts: dict[str, str], offline: pytest.MonkeyPatch, budget: int | None
) -> None:
    """Upstream takes LSTMs over whole words only, and a word's number for its row of the gradient.

    So our network is shown to it as one, with a tokenizer that cuts at spaces only, and there is no Chinese.
    """
    whole = network(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    whole.network.tokenizer.backend_tokenizer.pre_tokenizer = WhitespaceSplit()
    one, asked = attacker(parts, "hotflip", "upstream", budget=budget), texts(whole, ("de",), 40)
    build = textattack.attack_recipes.HotFlipEbrahimi2017.build
    ours = essence(search(one, whole, asked))
    held(ours, list(stock(textattack, lambda _: build(_lstm(textattack, whole)), one, whole, asked)))
    assert changed(ours, asked) > 1
