"""TextAttack's recipes, one function each: the parts, sizes and thresholds of its ``build`` (0.3.11).

``parts`` gives each piece as it should be, or as TextAttack has it (``compat: upstream``).
Importing this module imports TextAttack.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from xfer.attackers.lexicons import synonyms
from xfer.attackers.textattack import load as textattack_shim
from xfer.attackers.textattack.recipes.parts import RecipeParts
from xfer.attackers.textattack.recipes.resources import DEFAULT_WORDNET

if TYPE_CHECKING:  # names for readers: importing TextAttack is left to ``load``
    from textattack import Attack

_textattack: Any = textattack_shim.load_textattack()
_pre: Any = _textattack.constraints.pre_transformation
_swaps: Any = _textattack.transformations
_together: Any = _swaps.CompositeTransformation
ANGULAR, COSINE = 0.840845057, 0.936338023  # of TextFooler and BAE: without and with their slip of pi put right


def build_deepwordbug(parts: RecipeParts) -> Attack:
    """The best of a swap, a substitution, a deletion and an insertion; at most 30 characters away."""
    constraints = [*parts.once(), parts.near_text(30)]
    return parts.attack(parts.wrong(), constraints, _together(parts.letter_swaps()), parts.stable_ranked())


def build_pruthi(parts: RecipeParts) -> Attack:
    """One word of at least four letters, its inner letters swapped, deleted, inserted, or mistyped."""
    constraints = [parts.long_words(4), parts.content(), parts.few(max_num_words=1), _pre.RepeatModification()]
    return parts.attack(parts.wrong(), constraints, _together(parts.inner_typos()), parts.beam())


def build_textbugger(parts: RecipeParts) -> Attack:
    """A space inserted, a letter deleted, swapped or replaced by a look-alike, or a near word."""
    constraints = [*parts.once(), *parts.alike(0.8, "angular")]
    together = _together([*parts.letter_bugs(), parts.near_words(5)])
    return parts.attack(parts.wrong(), constraints, together, parts.ranked("delete"))


def build_textfooler(parts: RecipeParts) -> Attack:
    """The 50 nearest words, of the same part of speech, in a text that means the same."""
    constraints = [
        *parts.once(_function_words()),
        *parts.second_only(),
        parts.near(min_cos_sim=0.5),
        *parts.same_part(),
        *parts.alike(ANGULAR, "angular", 15, original=False),
    ]
    return parts.attack(parts.wrong(), constraints, parts.near_words(50), parts.ranked("delete"))


def build_pwws(parts: RecipeParts) -> Attack:
    """Synonyms, words ranked by their saliency times what the best synonym brings."""
    name = parts.name("wordnet")
    swap = parts.synonym_swap(None if name == DEFAULT_WORDNET else name)
    return parts.attack(parts.wrong(), parts.once(), swap, parts.ranked("weighted-saliency"))


def build_bae(parts: RecipeParts) -> Attack:
    """What a masked LM reads in the place of a word, 50 of each, of the same part of speech (BAE-R)."""
    constraints = [*parts.once(), *parts.same_part(), *parts.alike(COSINE, "cosine", 15)]
    return parts.attack(parts.wrong(), constraints, parts.masked_swap(), parts.ranked("delete"))


def build_bert_attack(parts: RecipeParts) -> Attack:
    """The 8 likeliest joined subwords of a masked LM that reads the text unmasked; at most 40% of the words."""
    constraints = [*parts.once(), parts.few(max_percent=0.4), *parts.alike(0.2)]
    return parts.attack(parts.wrong(), constraints, parts.joined_swap(), parts.ranked("unk"))


def build_clare(parts: RecipeParts) -> Attack:
    """What a masked LM reads in the place of a word, before it, or for it and the next."""
    constraints = [*parts.once(), *parts.alike(0.7, "cosine", 15)]
    return parts.attack(parts.wrong(), constraints, _together(parts.masked_edits()), parts.beam())


def build_a2t(parts: RecipeParts) -> Attack:
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
    return parts.attack(parts.wrong(), constraints, parts.near_words(20), parts.gradient_ranked(longest))


def build_iga(parts: RecipeParts) -> Attack:
    """The 50 nearest words, bred for 20 generations of 60."""
    constraints = [
        parts.content(),
        parts.few(max_percent=0.2),
        parts.near(max_mse_dist=0.5, compare_against_original=False),
    ]
    sizes = {"pop_size": 60, "max_iters": 20, "max_replace_times_per_index": 5, "post_crossover_check": False}
    return parts.attack(parts.wrong(), constraints, parts.near_words(50), parts.improved_genetic(**sizes))


def build_alzantot(parts: RecipeParts) -> Attack:
    """The 8 nearest words, of which a language model keeps 4, bred for 20 generations of 60."""
    constraints = [
        *parts.once(),
        *parts.second_only(),
        parts.few(max_percent=0.2),
        parts.near(max_mse_dist=0.5, compare_against_original=False),
    ]
    if parts.has("language_model"):
        constraints.append(parts.likeliest(4))
    return parts.attack(parts.wrong(), constraints, parts.near_words(8), parts.genetic(20))


def build_faster_alzantot(parts: RecipeParts) -> Attack:
    """The 8 nearest words that a language model finds nearly as fluent, bred for 40 generations of 60."""
    constraints = [*parts.once(), parts.few(max_percent=0.2), parts.near(max_mse_dist=0.5)]
    if parts.has("language_model"):
        constraints.append(parts.fluent_window(5.0, 6))
    return parts.attack(parts.wrong(), constraints, parts.near_words(8), parts.genetic(40))


def build_pso(parts: RecipeParts) -> Attack:
    """Words of the same sememes and part of speech, by a swarm of 60 for 20 steps."""
    swap = parts.sememe_swap(synonyms.read_synonyms(parts.name("synonyms")))
    constraints = [*parts.once(), *parts.second_only()]
    return parts.attack(parts.wrong(), constraints, swap, parts.swarm(pop_size=60, max_iters=20))


def build_kuleshov(parts: RecipeParts) -> Attack:
    """The 15 nearest words in fluent texts with a near mean vector, until another class has 0.7."""
    constraints = [*parts.once(), parts.few(max_percent=0.5), parts.near_mean(0.2)]
    if parts.has("language_model"):
        constraints.append(parts.fluent_word(2.0))
    return parts.attack(parts.confident(0.7), constraints, parts.near_words(15), parts.beam())


def build_input_reduction(parts: RecipeParts) -> Attack:
    """Words deleted in the order of their importance, the least important first, while the answer stays."""
    return parts.attack(parts.reduced(), parts.once(), _swaps.WordDeletion(), parts.ranked("delete"))


def build_checklist(parts: RecipeParts) -> Attack:
    """Contractions written out or made, names, places and numbers changed."""
    return parts.attack(parts.wrong(), [_pre.RepeatModification()], _together(parts.fact_swaps()), parts.beam())


def build_hotflip(parts: RecipeParts) -> Attack:
    """At most two flips along the gradient, to near words of the same part of speech, by a beam of 10."""
    parts.network_length()
    swap = parts.gradient_swap()
    constraints = [*parts.once(), parts.few(max_num_words=2), parts.near(min_cos_sim=0.8), *parts.same_part()]
    return parts.attack(parts.wrong(), constraints, swap, parts.beam(10))


def build_bad_characters(parts: RecipeParts) -> Attack:
    """Changes that no reader sees, by differential evolution (32 a parameter, 10 generations)."""
    swap = parts.unseen_swap(parts.options.perturbation or "homoglyphs")
    search = parts.evolution(popsize=32, maxiter=10, max_perturbs=parts.options.perturbations or 1)
    return parts.attack(parts.unseen_goal(), [], swap, search)


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


def _function_words() -> frozenset[str]:
    """TextFooler's stop words, which stand in the code of TextAttack's recipe."""
    code = _textattack.attack_recipes.TextFoolerJin2019.build.__code__
    return frozenset(max((constant for constant in code.co_consts if isinstance(constant, tuple | frozenset)), key=len))
