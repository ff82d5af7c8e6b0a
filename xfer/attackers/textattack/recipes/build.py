"""TextAttack's recipes, one function each: the parts, sizes and thresholds of its ``build`` (0.3.11).

Upstream's parts stand where ``parts.fixed`` is False, else those that ``faults`` names.
Importing this module imports TextAttack.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import transformers

from xfer.attackers.lexicons import names, synonyms, wordnet
from xfer.attackers.search.oracles.loading import load_model
from xfer.attackers.search.oracles.masked import load_masked_model
from xfer.attackers.textattack import load as textattack_shim
from xfer.attackers.textattack.adapters import Delete, Insert, NearEnough, StableRanking, Substitute, Swap
from xfer.attackers.textattack.recipes import constraints as alike
from xfer.attackers.textattack.recipes import edits, facts, invisible, masks, searches, upstream
from xfer.attackers.textattack.recipes.parts import RecipeParts
from xfer.attackers.textattack.recipes.resources import DEFAULT_NAMES, DEFAULT_WORDNET

_textattack: Any = textattack_shim.load_textattack()
_pre: Any = _textattack.constraints.pre_transformation
_overlap: Any = _textattack.constraints.overlap
_swaps: Any = _textattack.transformations
_searches: Any = _textattack.search_methods
_together: Any = _swaps.CompositeTransformation
INNER_LETTERS = {"skip_first_char": True, "skip_last_char": True}
ANGULAR, COSINE = 0.840845057, 0.936338023  # of TextFooler and BAE: without and with their slip of pi put right


def build_deepwordbug(parts: RecipeParts) -> Any:
    """The best of a swap, a substitution, a deletion and an insertion; at most 30 characters away."""
    four = (
        (Swap, Substitute, Delete, Insert)
        if parts.fixed
        else (
            _swaps.WordSwapNeighboringCharacterSwap,
            _swaps.WordSwapRandomCharacterSubstitution,
            _swaps.WordSwapRandomCharacterDeletion,
            _swaps.WordSwapRandomCharacterInsertion,
        )
    )
    near = NearEnough if parts.fixed else _overlap.LevenshteinEditDistance
    search = StableRanking() if parts.fixed else parts.ranked("unk")
    return parts.attack(
        parts.wrong(), [*parts.once(), near(30)], _together([swap_class() for swap_class in four]), search
    )


def build_pruthi(parts: RecipeParts) -> Any:
    """One word of at least four letters, its inner letters swapped, deleted, inserted, or mistyped."""
    every = {"random_one": False} | INNER_LETTERS
    if parts.fixed:
        four = [Swap(**every), Delete(**every), Insert(**every), edits.KeyboardSwap(parts.language, **every)]
        long: Any = alike.LongWords(4)
    else:
        four = [
            _swaps.WordSwapNeighboringCharacterSwap(**every),
            _swaps.WordSwapRandomCharacterDeletion(**every),
            _swaps.WordSwapRandomCharacterInsertion(**every),
            _swaps.WordSwapQWERTY(**every),
        ]
        long = _pre.MinWordLength(min_length=4)
    constraints = [long, parts.content(), parts.few(max_num_words=1), _pre.RepeatModification()]
    return parts.attack(parts.wrong(), constraints, _together(four), parts.beam())


def build_textbugger(parts: RecipeParts) -> Any:
    """A space inserted, a letter deleted, swapped or replaced by a look-alike, or a near word."""
    inner_options = {"random_one": True} | INNER_LETTERS
    if parts.fixed:
        bugs = [edits.InsertSpace(**inner_options), Delete(**inner_options), Swap(**inner_options), edits.LookAlike()]
    else:
        bugs = [
            _swaps.WordSwapRandomCharacterInsertion(letters_to_insert=" ", **inner_options),
            _swaps.WordSwapRandomCharacterDeletion(**inner_options),
            _swaps.WordSwapNeighboringCharacterSwap(**inner_options),
            upstream.homoglyph_swap(None),
        ]
    constraints = [*parts.once(), *parts.alike(0.8, "angular")]
    together = _together([*bugs, parts.near_words(5)])
    return parts.attack(parts.wrong(), constraints, together, parts.ranked("delete"))


def build_textfooler(parts: RecipeParts) -> Any:
    """The 50 nearest words, of the same part of speech, in a text that means the same."""
    constraints = [
        *parts.once(_function_words()),
        *parts.second_only(),
        parts.near(min_cos_sim=0.5),
        *parts.same_part(),
        *parts.alike(ANGULAR, "angular", 15, original=False),
    ]
    return parts.attack(parts.wrong(), constraints, parts.near_words(50), parts.ranked("delete"))


def build_pwws(parts: RecipeParts) -> Any:
    """Synonyms, words ranked by their saliency times what the best synonym brings."""
    name = parts.name("wordnet")
    synonym_lookup = wordnet.load_synonyms(
        None if name == DEFAULT_WORDNET else name, parts.language if parts.fixed else "en"
    )
    swap = edits.FromList(synonym_lookup) if parts.fixed else upstream.WordNet(synonym_lookup)
    return parts.attack(parts.wrong(), parts.once(), swap, parts.ranked("weighted-saliency"))


def build_bae(parts: RecipeParts) -> Any:
    """What a masked LM reads in the place of a word, 50 of each, of the same part of speech (BAE-R)."""
    if parts.fixed:
        swap: Any = masks.Replace(50, 0.0)
    else:
        swap = upstream.Proposed(method="bae", max_candidates=50, min_confidence=0.0, **_masked_model(parts))
    constraints = [*parts.once(), *parts.same_part(), *parts.alike(COSINE, "cosine", 15)]
    return parts.attack(parts.wrong(), constraints, swap, parts.ranked("delete"))


def build_bert_attack(parts: RecipeParts) -> Any:
    """The 8 likeliest joined subwords of a masked LM that reads the text unmasked; at most 40% of the words."""
    if parts.fixed:
        loaded, vocabulary = load_masked_model(parts.name("masked_lm"))

        def join(ids: Any) -> str:
            return str(loaded.tokenizer.decode(list(ids), clean_up_tokenization_spaces=False)).strip()

        swap: Any = masks.JoinedSubwords(8, vocabulary, join)
    else:
        swap = _swaps.WordSwapMaskedLM(method="bert-attack", max_candidates=8, **_masked_model(parts))
    constraints = [*parts.once(), parts.few(max_percent=0.4), *parts.alike(0.2)]
    return parts.attack(parts.wrong(), constraints, swap, parts.ranked("unk"))


def build_clare(parts: RecipeParts) -> Any:
    """What a masked LM reads in the place of a word, before it, or for it and the next."""
    if parts.fixed:
        three: list[Any] = [masks.Replace(50, 5e-4), masks.InsertWord(50, 0.0)]
        three += [masks.MergeWords(50, 5e-3, parts.tags())] if parts.has("tagger") else []
    else:
        shared = _masked_model(parts, "AutoModelForCausalLM")
        three = [
            _swaps.WordSwapMaskedLM(method="bae", max_candidates=50, min_confidence=5e-4, **shared),
            _swaps.WordInsertionMaskedLM(max_candidates=50, min_confidence=0.0, **shared),
        ]
        three += (
            [upstream.UpstreamMerge(max_candidates=50, min_confidence=5e-3, **shared)] if parts.has("tagger") else []
        )
    constraints = [*parts.once(), *parts.alike(0.7, "cosine", 15)]
    return parts.attack(parts.wrong(), constraints, _together(three), parts.beam())


def build_a2t(parts: RecipeParts) -> Any:
    """The 20 nearest words, ranked by the victim's gradient; at most a tenth of the words, or four."""
    longest = parts.network_length()
    constraints = [
        *parts.once(),
        *parts.second_only(),
        *parts.same_part(nouns_for_verbs=False),
        _pre.MaxModificationRate(max_rate=0.1, min_threshold=4),
        *parts.alike(0.9),
        parts.near(min_cos_sim=0.8),
    ]
    rank = parts.ranked("gradient") if parts.fixed else parts.ranked("gradient", truncate_words_to=longest)
    return parts.attack(parts.wrong(), constraints, parts.near_words(20), rank)


def build_iga(parts: RecipeParts) -> Any:
    """The 50 nearest words, bred for 20 generations of 60."""
    constraints = [
        parts.content(),
        parts.few(max_percent=0.2),
        parts.near(max_mse_dist=0.5, compare_against_original=False),
    ]
    kind = searches.Improved if parts.fixed else _searches.ImprovedGeneticAlgorithm
    search = kind(pop_size=60, max_iters=20, max_replace_times_per_index=5, post_crossover_check=False)
    return parts.attack(parts.wrong(), constraints, parts.near_words(50), search)


def build_alzantot(parts: RecipeParts) -> Any:
    """The 8 nearest words, of which a language model keeps 4, bred for 20 generations of 60."""
    constraints = [
        *parts.once(),
        *parts.second_only(),
        parts.few(max_percent=0.2),
        parts.near(max_mse_dist=0.5, compare_against_original=False),
    ]
    if parts.has("language_model"):
        constraints.append(alike.Likeliest(4) if parts.fixed else upstream.OneWord(4))
    return parts.attack(parts.wrong(), constraints, parts.near_words(8), _genetic_search(parts, 20))


def build_faster_alzantot(parts: RecipeParts) -> Any:
    """The 8 nearest words that a language model finds nearly as fluent, bred for 40 generations of 60."""
    constraints = [*parts.once(), parts.few(max_percent=0.2), parts.near(max_mse_dist=0.5)]
    if parts.has("language_model"):
        fluent = alike.Fluent(5.0, 6) if parts.fixed else upstream.Windowed(6, max_log_prob_diff=5.0)
        constraints.append(fluent)
    return parts.attack(parts.wrong(), constraints, parts.near_words(8), _genetic_search(parts, 40))


def build_pso(parts: RecipeParts) -> Any:
    """Words of the same sememes and part of speech, by a swarm of 60 for 20 steps."""
    table = synonyms.read_synonyms(parts.name("synonyms"))
    if parts.fixed:
        swap: Any = edits.FromTable(table, parts.tags())
    else:
        bank: dict[str, dict[str, list[str]]] = {}
        for (word, part_of_speech), others in table.items():
            for word_class in synonyms.WORD_CLASSES[:4] if part_of_speech == "*" else (part_of_speech,):
                bank.setdefault(word, {}).setdefault(word_class, []).extend(others)
        swap = upstream.HowNet(bank)
    swarm: Any = searches.Swarm if parts.fixed else _searches.ParticleSwarmOptimization
    constraints = [*parts.once(), *parts.second_only()]
    return parts.attack(parts.wrong(), constraints, swap, swarm(pop_size=60, max_iters=20))


def build_kuleshov(parts: RecipeParts) -> Any:
    """The 15 nearest words in fluent texts with a near mean vector, until another class has 0.7."""
    constraints = [*parts.once(), parts.few(max_percent=0.5)]
    thought = _textattack.constraints.semantics.sentence_encoders.ThoughtVector
    if parts.fixed:
        constraints.append(alike.NearWords(parts.vectors, 0.2))
    else:
        constraints.append(thought(embedding=parts.embedding, threshold=0.2, metric="max_euclidean"))
    if parts.has("language_model"):
        constraints.append(alike.Fluent(2.0) if parts.fixed else upstream.FirstPiece(max_log_prob_diff=2.0))
    return parts.attack(parts.confident(0.7), constraints, parts.near_words(15), parts.beam())


def build_input_reduction(parts: RecipeParts) -> Any:
    """Words deleted in the order of their importance, the least important first, while the answer stays."""
    return parts.attack(parts.reduced(), parts.once(), _swaps.WordDeletion(), parts.ranked("delete"))


def build_checklist(parts: RecipeParts) -> Any:
    """Contractions written out or made, names, places and numbers changed."""
    if parts.fixed:
        name = parts.name("name_list")
        name_table = facts.packaged_names() if name == DEFAULT_NAMES else names.read_names(name)
        five: list[Any] = [facts.Extend(), facts.Contract(), facts.ChangeNames(name_table), facts.ChangeNumbers()]
    else:
        entities = parts.has("tagger")
        five = [_swaps.WordSwapExtend(), _swaps.WordSwapContract()]
        five += [upstream.ChangeName()] if entities else []
        five += [_swaps.WordSwapChangeNumber()] + ([upstream.ChangeLocation()] if entities else [])
    return parts.attack(parts.wrong(), [_pre.RepeatModification()], _together(five), parts.beam())


def build_hotflip(parts: RecipeParts) -> Any:
    """At most two flips along the gradient, to near words of the same part of speech, by a beam of 10."""
    parts.network_length()
    swap = edits.GradientFlip(parts.gold, each=10, best=None) if parts.fixed else upstream.UpstreamFlip(parts.gold)
    constraints = [*parts.once(), parts.few(max_num_words=2), parts.near(min_cos_sim=0.8), *parts.same_part()]
    return parts.attack(parts.wrong(), constraints, swap, parts.beam(10))


def build_bad_characters(parts: RecipeParts) -> Any:
    """Changes that no reader sees, by differential evolution (32 a parameter, 10 generations)."""
    options, kind = parts.options, parts.options.perturbation or "homoglyphs"
    most = {"popsize": 32, "maxiter": 10, "max_perturbs": options.perturbations or 1}
    if parts.fixed:
        return parts.attack(parts.wrong(), [], invisible.PERTURBATIONS[kind](parts.protect), searches.Evolution(**most))
    kinds = {
        "invisible": _swaps.WordSwapInvisibleCharacters,
        "deletions": _swaps.WordSwapDeletions,
        "reorderings": _swaps.WordSwapReorderings,
    }
    swap = kinds[kind]() if kind in kinds else upstream.homoglyph_swap(parts.name("homoglyphs"))
    return parts.attack(parts.first_class(), [], swap, _searches.DifferentialEvolution(verbose=False, **most))


RECIPE_BUILDERS: dict[str, Callable[[RecipeParts], Any]] = {
    "deepwordbug": build_deepwordbug,
    "pruthi": build_pruthi,
    "textbugger": build_textbugger,
    "textfooler": build_textfooler,
    "pwws": build_pwws,
    "bae": build_bae,
    "bert-attack": build_bert_attack,
    "clare": build_clare,
    "a2t": build_a2t,
    "iga": build_iga,
    "alzantot": build_alzantot,
    "faster-alzantot": build_faster_alzantot,
    "pso": build_pso,
    "kuleshov": build_kuleshov,
    "input-reduction": build_input_reduction,
    "checklist": build_checklist,
    "hotflip": build_hotflip,
    "bad-characters": build_bad_characters,
}


def _genetic_search(parts: RecipeParts, generations: int) -> Any:
    kind = searches.Alzantot if parts.fixed else _searches.AlzantotGeneticAlgorithm
    return kind(pop_size=60, max_iters=generations, post_crossover_check=False)


def _masked_model(parts: RecipeParts, auto: str = "AutoModelForMaskedLM") -> dict[str, Any]:
    """A masked LM as TextAttack's classes take it, loaded by the class that its recipe names."""
    loaded = load_model(parts.name("masked_lm"), auto, "masked_lm")
    transformers.logging.set_verbosity_error()  # TextAttack's own padding warns at each text
    return {"masked_language_model": loaded.model, "tokenizer": loaded.tokenizer, "max_length": loaded.longest}


def _function_words() -> frozenset[str]:
    """TextFooler's stop words, which stand in the code of TextAttack's recipe."""
    code = _textattack.attack_recipes.TextFoolerJin2019.build.__code__
    return frozenset(max((constant for constant in code.co_consts if isinstance(constant, tuple | frozenset)), key=len))
