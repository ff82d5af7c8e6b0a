"""TextAttack's recipes by name: all run offline with tiny resources, and as upstream where they are told to."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from recipe_runs import TEXTS, attacker, cheap, essence, rows, search, stock
from small_parts import LABELS, bert, make, network, tokenizer

from xfer.attackers.textattack import load as shim
from xfer.attackers.textattack.attacker import RecipeName, TextAttack
from xfer.attackers.textattack.recipes.faults import FAULTS, recipe_faults
from xfer.attackers.textattack.recipes.table import RECIPES, RESOURCES, recipe_resources
from xfer.core.errors import MissingPart, XferError


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return make(tmp_path_factory.mktemp("parts"))


@pytest.fixture(scope="module")
def victim() -> Any:
    return network()


def test_the_names_are_those_of_the_issue() -> None:
    assert set(get_args(RecipeName)) == set(RECIPES) and len(RECIPES) == 18


@pytest.mark.parametrize("compat", ["fixed", "upstream"])
@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_runs_offline(parts: dict[str, str], victim: Any, recipe: str, compat: str) -> None:
    budget = None if (recipe, compat) == ("bad-characters", "upstream") else 40
    texts = TEXTS if budget else TEXTS[3:4]
    asked = rows(victim, texts)
    one = attacker(parts, recipe, compat, budget=budget)
    found = search(one, victim, asked)
    statuses = [result["status"] for result in found]
    assert set(statuses) <= {"succeeded", "failed", "skipped"}, [result["message"] for result in found]
    # next to nothing to do: for the first two because of their faults
    silent = {("hotflip", "upstream"), ("kuleshov", "upstream"), ("checklist", "fixed")}
    changed = sum((r["text"], r["pair"]) != (a["text"], a["pair"]) for r, a in zip(found, asked, strict=True))
    assert changed >= (1 if (recipe, compat) in silent or len(texts) == 1 else 2)
    for result, row in zip(found, asked, strict=True):
        if result["status"] == "succeeded" and recipe != "input-reduction":
            fields = tuple(text for text in (result["text"], result["pair"]) if text is not None)
            assert LABELS[int(np.stack(victim([fields])).argmax())] != row["label"]


@pytest.mark.parametrize("recipe", ["textbugger", "bae", "clare", "alzantot", "pso", "a2t", "bad-characters"])
def test_neither_order_nor_width_changes_a_result(parts: dict[str, str], victim: Any, recipe: str) -> None:
    asked, one = rows(victim), attacker(parts, recipe, budget=25)
    whole = essence(search(one, victim, asked))
    assert essence(search(one, victim, asked[::-1], width=1))[::-1] == whole
    assert essence(search(one, victim, asked[1:2])) == whole[1:2]


# --- compat: upstream against TextAttack's own classes, put together by hand and run one after the other


@pytest.fixture(scope="module")
def textattack() -> Any:
    return shim.load_textattack()


def _recipes(textattack: Any, parts: dict[str, str]) -> dict[str, Callable[[Any], Any]]:
    from transformers import AutoModelForMaskedLM, AutoTokenizer

    from xfer.attackers.lexicons import vectors, wordnet
    from xfer.attackers.search.oracles.encoder import EncoderOracle
    from xfer.attackers.search.oracles.tagger import TaggerOracle

    ta, pre, swaps = textattack, textattack.constraints.pre_transformation, textattack.transformations
    wir, untargeted = ta.search_methods.GreedyWordSwapWIR, ta.goal_functions.UntargetedClassification
    known = vectors.load_vectors(parts["vectors"])
    words = {word: i for i, word in enumerate(known.words)}
    nearest = np.linalg.norm(known.matrix[:, None] - known.matrix[None], axis=2).argsort(axis=1, kind="stable")
    embedding = ta.shared.WordEmbedding(known.matrix, words, dict(enumerate(known.words)), nearest)
    encoder, tagger = EncoderOracle(parts["encoder"]), TaggerOracle(parts["tagger"])

    class Similar(ta.constraints.semantics.sentence_encoders.SentenceEncoder):
        def encode(self, sentences: list[str]) -> Any:
            return np.stack(encoder(list(sentences)))

    class Tags(ta.constraints.grammaticality.PartOfSpeech):
        def _get_pos(self, before: list[str], word: str, after: list[str]) -> str:
            context = (*before, word, *after)
            return tagger([context])[0][context.index(word)]

    class Sememes(swaps.WordSwap):
        def _get_transformations(self, text: Any, indices: Any) -> list[Any]:
            from xfer.attackers.lexicons.synonyms import read_synonyms

            table, tags, found = read_synonyms(parts["synonyms"]), tagger([tuple(text.words)])[0], []
            for i in indices:
                kind = {"NOUN": "noun", "VERB": "verb", "ADJ": "adj"}.get(tags[i])
                for new in (
                    *table.get((text.words[i], kind), ()),
                    *(table.get((text.words[i], "*"), ()) if kind else ()),
                ):
                    found.append(text.replace_word_at_index(i, new))
            return found

    def once() -> list[Any]:
        return [pre.RepeatModification(), pre.StopwordModification()]

    def entailed() -> Any:
        return pre.InputColumnModification(["premise", "hypothesis"], {"premise"})

    def masked() -> Any:
        model = AutoModelForMaskedLM.from_pretrained(parts["masked_lm"])
        loaded = AutoTokenizer.from_pretrained(parts["masked_lm"])
        options = {"masked_language_model": model, "tokenizer": loaded, "max_length": 64}
        return swaps.WordSwapMaskedLM(method="bae", max_candidates=50, min_confidence=0.0, **options)

    def synonyms() -> Any:
        swap = swaps.WordSwap.__new__(swaps.WordSwapWordNet)
        swap._get_replacement_words = wordnet.load_synonyms(parts["wordnet"], "en")
        return swap

    window = {"window_size": 15, "skip_text_shorter_than_window": True}
    near = ta.constraints.semantics.WordEmbeddingDistance
    recipes = ta.attack_recipes
    return {
        "pruthi": recipes.Pruthi2019.build,
        "input-reduction": recipes.InputReductionFeng2018.build,
        "pwws": lambda model: ta.Attack(untargeted(model), once(), synonyms(), wir("weighted-saliency")),
        "textfooler": lambda model: ta.Attack(
            untargeted(model),
            [
                *(pre.RepeatModification(), pre.StopwordModification(stopwords=_textfooler_words()), entailed()),
                near(embedding=embedding, min_cos_sim=0.5),
                Tags(allow_verb_noun_swap=True),
                Similar(threshold=0.840845057, metric="angular", compare_against_original=False, **window),
            ],
            swaps.WordSwapEmbedding(max_candidates=50, embedding=embedding),
            wir(wir_method="delete"),
        ),
        "bae": lambda model: ta.Attack(
            untargeted(model),
            [*once(), Tags(allow_verb_noun_swap=True), Similar(threshold=0.936338023, metric="cosine", **window)],
            masked(),
            wir(wir_method="delete"),
        ),
        "iga": lambda model: ta.Attack(
            untargeted(model),
            [
                pre.StopwordModification(),
                ta.constraints.overlap.MaxWordsPerturbed(max_percent=0.2),
                near(embedding=embedding, max_mse_dist=0.5, compare_against_original=False),
            ],
            swaps.WordSwapEmbedding(max_candidates=50, embedding=embedding),
            ta.search_methods.ImprovedGeneticAlgorithm(
                pop_size=60, max_iters=20, max_replace_times_per_index=5, post_crossover_check=False
            ),
        ),
        "pso": lambda model: ta.Attack(
            untargeted(model),
            [*once(), entailed()],
            Sememes(),
            ta.search_methods.ParticleSwarmOptimization(pop_size=60, max_iters=20),
        ),
    }


def _textfooler_words() -> set[str]:
    """The stop words of TextAttack's recipe, caught where it makes its constraint."""
    recipe = shim.load_textattack().attack_recipes.textfooler_jin_2019
    caught: list[set[str]] = []

    class Caught(Exception):
        pass

    class Catch:
        def __init__(self, stopwords: set[str]) -> None:
            caught.append(set(stopwords))
            raise Caught

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Caught):
        patch.setattr(recipe, "WordSwapEmbedding", lambda **_: None)
        patch.setattr(recipe, "StopwordModification", Catch)
        recipe.TextFoolerJin2019.build(None)
    return caught[0]


@pytest.mark.parametrize("recipe", ["pruthi", "input-reduction", "pwws", "textfooler", "bae", "iga", "pso"])
def test_upstream_mode_is_textattack(textattack: Any, parts: dict[str, str], victim: Any, recipe: str) -> None:
    one, asked = attacker(parts, recipe, "upstream", budget=50), rows(victim)
    ours = essence(search(one, victim, asked))
    theirs = list(stock(textattack, _recipes(textattack, parts)[recipe], one, victim, asked))
    reached = [(t[0] or "succeeded", *t[1:]) for t in theirs]
    assert [r[:4] for r in ours] == [r[:4] for r in reached]
    np.testing.assert_allclose([r[4] for r in ours], [float(r[4]) for r in reached], atol=1e-5)


@pytest.mark.parametrize("kind", ["homoglyphs", "invisible", "deletions", "reorderings"])
def test_upstream_bad_characters_is_textattack(textattack: Any, parts: dict[str, str], kind: str) -> None:
    from xfer.attackers.textattack.recipes.upstream.classes import homoglyph_swap

    read = {"homoglyphs": parts["homoglyphs"]} if kind == "homoglyphs" else {"homoglyphs": None}
    one = attacker(parts, "bad-characters", "upstream", perturbation=kind, **read)
    asked = rows(cheap, [TEXTS[3]])

    def build(model: Any) -> Any:
        if kind != "homoglyphs":
            return textattack.attack_recipes.BadCharacters2021.build(model, "targeted_classification", kind)
        goal = textattack.goal_functions.TargetedClassification(model, allow_skip=False)
        swarm = textattack.search_methods.DifferentialEvolution(popsize=32, maxiter=10, max_perturbs=1)
        return textattack.Attack(goal, [], homoglyph_swap(parts["homoglyphs"]), swarm)

    ours, theirs = essence(search(one, cheap, asked)), list(stock(textattack, build, one, cheap, asked))
    assert [r[:4] for r in ours] == [r[:4] for r in theirs]


# --- what each recipe reads


@pytest.mark.parametrize(
    ("recipe", "field"), [(name, one.field) for name in RECIPES for one in recipe_resources(name, "fixed")]
)
def test_what_is_missing_is_one_line_that_names_it(parts: dict[str, str], recipe: str, field: str) -> None:
    class Reader:
        type_name, form = "xnli", "classify"
        label_names = staticmethod(lambda *_: list(LABELS))
        form_options = staticmethod(dict)

    def told(**options: Any) -> list[Any]:
        return list(attacker(parts, recipe, **options).compatibility_faults(Reader(), ("en",)))

    assert told() == []
    (absent,) = told(**{field: "./nowhere"})
    assert absent[0] == field and "nowhere" in absent[1]
    resource = next(one for one in recipe_resources(recipe, "fixed") if one.field == field)
    left = told(**{field: None})
    if not resource.default:
        ((where, what, _),) = left
        assert where == field and recipe in what and "\n" not in what
        with pytest.raises(MissingPart, match=field):
            attacker(parts, recipe, **{field: None}).model_names()
    elif resource.field != "wordnet":
        assert left == []
    refused = told(**{field: "none"})
    assert bool(refused) == (not resource.omit)


def test_the_tagger_of_constraints_serves_the_recipe_too(parts: dict[str, str]) -> None:
    from xfer.attackers.textattack.recipes.resources import resource_oracles

    limits = {"part_of_speech": {"tagger": {"stage": "tags"}}}
    one = attacker(parts, "textfooler", tagger=None, encoder="none", constraints=limits)
    assert one.model_names() == () and resource_oracles(one, {"victim": None, "constraint tagger": len}) == {
        "tagger": len
    }


def test_what_a_recipe_does_not_read_is_refused(parts: dict[str, str]) -> None:
    from xfer.attackers.textattack.recipes.resources import resource_faults

    one = TextAttack(recipe="deepwordbug", vectors=parts["vectors"], perturbation="invisible")
    assert [field for field, _, _ in resource_faults(one)] == ["vectors", "perturbation"]


def test_what_a_recipe_reads_decides_its_results(parts: dict[str, str], tmp_path: Path) -> None:
    one = attacker(parts, "textfooler")
    assert set(one.model_names()) == {parts["encoder"], parts["tagger"]}
    assert one.file_digests(("en",), lambda path: path.name) == {"vectors": "vectors.txt"}
    assert TextAttack().file_digests(("en",), str) is None and TextAttack().model_names() == ()
    assert set(attacker(parts, "pwws").file_digests(("en",), str)["wordnet"]) == {
        f"data.{k}" for k in ("adj", "adv", "noun", "verb")
    }


def test_the_table_of_faults_is_whole() -> None:
    assert [fault.number for fault in FAULTS] == list(range(1, len(FAULTS) + 1))
    assert {name for fault in FAULTS for name in fault.recipes} <= set(RECIPES)
    facts = TextAttack.display_facts()
    assert len(facts["recipes"]) == 18 and len(facts["faults"]) == len(FAULTS)
    assert {one["field"] for about in facts["recipes"].values() for one in about["needs"]} == set(RESOURCES)
    assert {fault.number for fault in recipe_faults("deepwordbug")} >= {1, 7, 8}


def test_show_tells_what_each_recipe_reads_and_what_is_mended(xfer: Any) -> None:
    shown, told = xfer("show", "attacker", "textattack"), xfer("show", "attacker", "textattack", "--json")
    assert set(json.loads(told.out)["attack"]["recipes"]) == set(RECIPES)
    for part in (*RECIPES, "WordNet licence", "gpt2 (MIT, 550 MB)", FAULTS[-1].wrong, FAULTS[11].instead):
        assert part in shown.out
    assert max(map(len, shown.out.splitlines())) < 500  # a fact a line, no table as one word


# --- faults of upstream that are put right


def test_a_masked_lm_of_any_script_proposes_words_of_that_script(tmp_path: Path) -> None:
    from xfer.attackers.search.oracles.masked import Blank, MaskOracle

    words = tokenizer(("кот", "пёс", "दिन", "##ing"))
    bert("BertForMaskedLM", tmp_path, words)
    asked = [Blank("the ", " saw", "Latin", 99), Blank("the ", " saw", "Cyrillic", 99), Blank("", "", "Devanagari", 9)]
    latin, cyrillic, hindi = ([word for word, _ in found] for found in MaskOracle(str(tmp_path))(asked))
    assert set(cyrillic) == {"кот", "пёс"} and hindi == ["दिन"]
    assert "film" in latin and "ing" not in latin and not set(latin) & set(cyrillic)
    assert "[MASK]" not in latin and "12" not in latin and "." not in latin


def test_a_place_behind_the_longest_input_is_read(parts: dict[str, str]) -> None:
    from xfer.attackers.search.oracles.masked import Blank, MaskOracle

    masked = MaskOracle(parts["masked_lm"])
    far, near = masked([Blank("the film " * 400, " was", "Latin", 5), Blank("the film " * 20, " was", "Latin", 5)])
    assert len(far) == len(near) == 5


def test_the_best_joined_subwords_are_found_without_trying_all() -> None:
    from itertools import product

    from xfer.attackers.textattack.recipes.masks import k_best

    rng = np.random.default_rng(0)
    logs, ids = rng.normal(size=(4, 5)), np.arange(20).reshape(4, 5)
    brute = sorted(product(range(5), repeat=4), key=lambda p: -sum(logs[i, j] for i, j in enumerate(p)))[:6]
    assert k_best(ids, logs, 6) == [tuple(int(ids[i, j]) for i, j in enumerate(p)) for p in brute]


def test_neighbours_are_the_nearest_and_kept(tmp_path: Path, parts: dict[str, str]) -> None:
    from xfer.attackers.lexicons import vectors

    matrix = np.random.default_rng(1).normal(size=(40, 3)).astype(np.float32)
    matrix[7] = matrix[3]  # equal vectors: each word is first in its own row
    found = vectors.nearest_neighbours(matrix, 6)
    for row in range(40):
        distances = np.linalg.norm(matrix.astype(np.float64) - matrix[row], axis=1)
        distances[row] = -1
        assert found[row, 0] == row
        np.testing.assert_allclose(distances[found[row]], np.sort(distances)[:7], atol=1e-6)
    first = vectors.load_vectors(parts["vectors"], tmp_path / "tables")
    kept = list((tmp_path / "tables").glob("*.npy"))
    assert len(kept) == 1 and (np.load(kept[0]) == first.neighbours).all()
    near = [first.words[i] for i in first.neighbours[first.numbers["film"]][:3]]
    assert set(near) == {"film", "movie", "picture"}


@pytest.mark.parametrize("text", ["", "one 1 2\ntwo 1\n", "one 1 x\n", "one nan 2\n"])
def test_broken_vectors_are_one_line(tmp_path: Path, text: str) -> None:
    from xfer.attackers.lexicons import vectors

    file = tmp_path / "v.txt"
    file.write_text(text)
    with pytest.raises(XferError, match=r"v\.txt"):
        vectors.load_vectors(str(file))


def test_a_word_is_tagged_at_its_own_place(parts: dict[str, str], victim: Any) -> None:
    from xfer.attackers.search import scheduler
    from xfer.attackers.textattack.recipes.constraints import SamePartOfSpeech
    from xfer.attackers.textattack.text import SpanText

    def tags(sentences: list[tuple[str, ...]]) -> list[tuple[str, ...]]:  # the second of equal words is a verb
        return [
            tuple("VERB" if word in words[:i] or word == "eat" else "NOUN" for i, word in enumerate(words))
            for words in sentences
        ]

    def job() -> list[str]:
        text = SpanText.split(("fish fish",))
        changed = [text.replace_word_at_index(1, new) for new in ("eat", "house")]
        return [kept.text for kept in SamePartOfSpeech(False)._check_constraint_many(changed, text)]

    ((_, kept),) = scheduler.run_jobs([("a", 1, job)], {"tagger": tags})
    assert kept == ["fish eat"]


def test_similarity_is_that_of_the_edited_column(parts: dict[str, str]) -> None:
    from xfer.attackers.search import scheduler
    from xfer.attackers.textattack.recipes.constraints import SentenceSimilarity
    from xfer.attackers.textattack.text import SpanText

    asked: list[str] = []

    def encode(texts: list[str]) -> list[np.ndarray]:
        asked.extend(texts)
        return [np.eye(4, dtype=np.float32)[len(asked) % 4] for _ in texts]

    def job() -> int:
        text = SpanText.split(("a long first side", "the old man"))
        changed = [text.replace_word_at_index(5, new) for new in ("new", "odd")]
        return len(SentenceSimilarity(0.5)._check_constraint_many(changed, text))

    list(scheduler.run_jobs([("a", 1, job)], {"encoder": encode}))
    assert sorted(asked) == ["the new man", "the odd man", "the old man"]


@pytest.mark.parametrize("columns", [1, 2])
def test_gradients_belong_to_the_words_that_subwords_cover(columns: int) -> None:
    """Against a gradient by finite differences of the embeddings."""
    import torch

    from xfer.attackers.search.oracles.gradient import GradientOracle, GradientQuery

    victim = network()
    victim.network.eval()
    fields = ("the bad film", "a fine movie")[:columns]
    words = ((0, 0, 3), (0, 4, 7), (0, 8, 12), *(((1, 7, 12),) if columns == 2 else ()))
    (slopes,) = GradientOracle(victim)([GradientQuery(fields, words, 1, 3)])
    table, tokenizer_ = victim.network.encoder.get_input_embeddings().weight, victim.network.tokenizer
    ids = tokenizer_(*fields, return_tensors="pt")

    def loss() -> float:
        with torch.no_grad():
            logits = victim.network("task", dict(ids))
        return float(torch.nn.functional.cross_entropy(logits.double(), torch.tensor([1])))

    word, step = tokenizer_.convert_tokens_to_ids("bad"), 1e-2
    numeric = []
    for dimension in range(16):
        ends = []
        for sign in (1, -1):
            with torch.no_grad():
                table[word, dimension] += sign * step
                ends.append(loss())
                table[word, dimension] -= sign * step
        numeric.append((ends[0] - ends[1]) / (2 * step))
    assert slopes.norms[1] == pytest.approx(np.abs(numeric).sum(), rel=0.05)
    assert (slopes.norms > 0).all() and all(len(flips) == 3 for flips in slopes.flips)
    other, gain = slopes.flips[1][0]
    vectors = table.detach().numpy()
    estimate = (vectors[tokenizer_.convert_tokens_to_ids(other)] - vectors[word]) @ np.array(numeric)
    assert gain == pytest.approx(estimate, rel=0.05)


def test_better_parents_are_drawn_more_often(parts: dict[str, str]) -> None:
    from types import SimpleNamespace as Of

    from xfer.attackers.textattack.recipes.searches import Alzantot

    members = [Of(result=Of(score=score, goal_status=1)) for score in (0.9, 0.5, 0.1)]
    drawn: list[float] = []

    def cross(first: Any, second: Any, _: Any) -> Any:
        drawn.extend((first.result.score, second.result.score))
        return members[2]

    search_ = Alzantot(pop_size=3, max_iters=60)
    search_._initialize_population = lambda *_: list(members)
    search_._crossover, search_._perturb = cross, lambda child, _: child
    random.seed(0), np.random.seed(0)
    search_.perform_search(Of(attacked_text=Of(num_words=3), score=0.0))
    assert drawn.count(0.9) > 2 * drawn.count(0.1)


def test_invisible_changes_leave_columns_and_protected_words_alone(parts: dict[str, str]) -> None:
    asked = rows(cheap, TEXTS[1:3])
    for kind in ("homoglyphs", "invisible", "deletions", "reorderings"):
        one = attacker(parts, "bad-characters", perturbation=kind, perturbations=3, budget=30, protect=("text",))
        found = search(one, cheap, asked)
        assert [r["text"] for r in found] == [r["text"] for r in asked]
        assert any(r["pair"] != a["pair"] for r, a in zip(found, asked, strict=True))


def test_texts_without_words_are_no_error(parts: dict[str, str], victim: Any) -> None:
    asked = rows(victim, [("",), ("...", "?!"), ("🙂",)])
    for recipe in RECIPES:
        found = search(attacker(parts, recipe, budget=10), victim, asked)
        assert {r["status"] for r in found} <= {"failed", "skipped"}, (recipe, [r["message"] for r in found])


@pytest.mark.parametrize("language", ["hi", "th", "zh"])
def test_letter_recipes_keep_the_script(parts: dict[str, str], victim: Any, language: str) -> None:
    text = {"hi": "मैंने इस पुरानी फिल्म को नहीं देखा", "th": "ฉันไม่ชอบภาพยนตร์เรื่องนี้", "zh": "我不喜欢这部电影的结局"}[language]
    asked = rows(victim, [(text,)], language)
    for recipe in ("pruthi", "input-reduction", "bad-characters"):
        (found,) = search(attacker(parts, recipe, budget=60), victim, asked)
        assert found["status"] in ("failed", "succeeded") and not any("a" <= char <= "z" for char in found["text"])


def test_numbers_and_contractions() -> None:
    from xfer.attackers.textattack.recipes.facts import Contract, Extend, _number_value, _number_words
    from xfer.attackers.textattack.text import SpanText

    assert [_number_value(words) for words in ("someone", "two hundred five", "twenty-one", "१२", "two islands")] == [
        None,
        205,
        21,
        12,
        None,
    ]
    assert all(
        _number_value(_number_words(number)) == number for number in (0, 7, 13, 40, 99, 100, 342, 7001, 1_200_030)
    )
    text = SpanText.split(("you do not say that I don't know",))
    # behind the first two words upstream would change the word at the place in the list of free ones
    assert [one.text for one in Contract()._get_transformations(text, range(1, 8))] == [
        "you don't say that I don't know"
    ]
    assert [one.text for one in Extend()._get_transformations(text, range(8))] == ["you do not say that I do not know"]
