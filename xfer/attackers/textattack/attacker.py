"""``textattack``: TextAttack's published recipes against our batching victim."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from xfer.attackers.base import FileDigests
from xfer.attackers.constraints import Constraints
from xfer.attackers.search.base import Search, Setting
from xfer.attackers.search.goal import Goal
from xfer.attackers.search.job import Oracle
from xfer.attackers.search.runner import Slot
from xfer.attackers.textattack.recipes import faults as wrong
from xfer.attackers.textattack.recipes import resources
from xfer.attackers.textattack.recipes.table import RECIPES
from xfer.core.errors import MissingPart
from xfer.forms.sheet import CLASSIFY, SEARCHED_FORMS, form_facts
from xfer.forms.texts import is_entity_tag
from xfer.readers.base import Reader

if TYPE_CHECKING:
    from textattack import Attack

RecipeName = Literal[
    "deepwordbug",
    "pruthi",
    "textbugger",
    "textfooler",
    "pwws",
    "bae",
    "bert-attack",
    "clare",
    "a2t",
    "iga",
    "alzantot",
    "faster-alzantot",
    "pso",
    "kuleshov",
    "input-reduction",
    "checklist",
    "hotflip",
    "bad-characters",
]


@Search.register("textattack")
class TextAttack(Search):
    """A TextAttack recipe by name (DeepWordBug: Gao et al. 2018), its faults mended.

    Needs the package: ``pip install --no-deps textattack==0.3.11`` (``make setup`` does it). What a recipe reads
    besides (vectors, models, word lists) is named in fields; ``none`` leaves out a constraint and what it reads.
    """

    version: ClassVar[int] = 2
    forms: ClassVar[tuple[str, ...]] = SEARCHED_FORMS

    recipe: RecipeName = Field("deepwordbug", description="the recipe's name")
    budget: int | None = Field(None, ge=1, description="queries an example; no limit if left out")
    compat: Literal["fixed", "upstream"] = Field(
        "fixed", description="upstream keeps every choice of TextAttack, also those wrong outside Latin script"
    )
    vectors: str | None = Field(
        None, description="word vectors, a word2vec or GloVe text file; a2t, textfooler, the genetic recipes and others"
    )
    masked_lm: str | None = Field(
        None, description="masked language model, a folder or hub name; bae, bert-attack, clare have defaults"
    )
    encoder: str | None = Field(
        None, description="sentence encoder, a folder or hub name, or none; textfooler, bae and others"
    )
    tagger: str | None = Field(
        None,
        description="token classifier for parts of speech, a folder or hub name, or none; textfooler, bae and others",
    )
    language_model: str | None = Field(
        None, description="causal language model, a folder or hub name, or none; alzantot, faster-alzantot, kuleshov"
    )
    wordnet: str | None = Field(None, description="folder of WordNet or NLTK data; pwws; $NLTK_DATA if left out")
    synonyms: str | None = Field(
        None, description="table for pso: a word, a tab, noun|verb|adj|adv|*, a tab, other words"
    )
    name_list: str | None = Field(
        None, description="table for checklist: a kind, a tab, a name; TextAttack's English lists if left out"
    )
    homoglyphs: str | None = Field(
        None, description="Unicode's intentional.txt, for bad-characters with compat: upstream"
    )
    perturbation: Literal["homoglyphs", "invisible", "deletions", "reorderings"] | None = Field(
        None, description="bad-characters: what is done; homoglyphs if left out"
    )
    perturbations: int | None = Field(
        None, ge=1, le=16, description="bad-characters: the most changes of a text; 1 if left out"
    )

    def compatibility_faults(self, reader: Reader, languages: Sequence[str]) -> Iterator[tuple[str, str, str]]:
        yield from super().compatibility_faults(reader, languages)
        fitting = RECIPES[self.recipe].forms
        if reader.form in self.forms and reader.form not in fitting:
            what = f"recipe {self.recipe} does not fit form {reader.form}"
            yield "recipe", what, f"it fits {', '.join(form for form in fitting if form in self.forms)}"
        if (
            RECIPES[self.recipe].come_and_go
            and form_facts(reader.form).tags_words
            and not is_entity_tag(list(reader.label_names()))
        ):
            what = f"recipe {self.recipe} inserts and merges words, for which {reader.type_name} has no tags"
            yield "recipe", what, "take a recipe that keeps the words, such as deepwordbug, or data with entity tags"
        if self.compat == "upstream" and reader.form != CLASSIFY.name:
            what = f"TextAttack has no goal for form {reader.form}"
            yield "compat", what, "leave compat out"
        if self.compat == "upstream" and (self.constraints != Constraints() or self.goal != Goal()):
            yield "compat", "TextAttack's own choices have no constraints and goals of ours", "leave compat out"
        yield from resources.resource_faults(self)

    def file_digests(self, languages: Sequence[str], digest: Callable[[Path], str]) -> FileDigests:
        return resources.resource_files(self, digest)

    def model_names(self) -> tuple[str, ...]:
        return resources.resource_models(self)

    @classmethod
    def display_facts(cls) -> dict[str, Any]:
        """What ``xfer show`` says of it besides its fields: all recipes and all faults of upstream."""
        recipes = {name: _recipe_facts(name) for name in RECIPES}
        return (
            super().display_facts()
            | {"needs": "what its recipe reads"}
            | {"recipes": recipes, "faults": _fault_facts()}
        )

    def extra_oracles(self, setting: Setting) -> Mapping[str, Oracle]:
        return resources.resource_oracles(self, setting.oracles)

    def make_slot(self, setting: Setting) -> Slot:
        from xfer.attackers.textattack import load  # late: textattack is optional

        try:
            load.load_textattack()
        except load.TextAttackMissing as error:
            raise MissingPart(str(error)) from None
        from xfer.attackers.textattack.recipes.build import RECIPE_BUILDERS as BUILD  # late: these import TextAttack
        from xfer.attackers.textattack.recipes.fixed_parts import FixedParts
        from xfer.attackers.textattack.recipes.upstream.parts import UpstreamParts
        from xfer.attackers.textattack.recipes.upstream.search import UpstreamSearch
        from xfer.attackers.textattack.search import RecipeSearch

        parts, search = (FixedParts, RecipeSearch) if self.compat == "fixed" else (UpstreamParts, UpstreamSearch)

        def build(language: str, protect: tuple[int, ...]) -> Attack:
            victim = setting.oracles["victim"]
            return BUILD[self.recipe](parts(self, setting.aim, language, protect, victim, setting.cache))

        return search(setting.aim, build, self.protect)


def _recipe_facts(name: str) -> dict[str, Any]:
    """A recipe as plain data."""
    recipe = RECIPES[name]
    needs = [
        {
            "field": resource.field,
            "what": resource.what,
            "default": resource.default or None,
            "upstream": resource.upstream,
            "none_leaves_out": resource.omit or None,
            "compat": resource.compat or "both",
        }
        for resource in recipe.needs
    ]
    fault_numbers = [fault.number for fault in wrong.recipe_faults(name)]
    return {
        "paper": recipe.paper,
        "edits": recipe.edits,
        "forms": list(recipe.forms),
        "needs": needs,
        "faults": fault_numbers,
    }


def _fault_facts() -> list[dict[str, Any]]:
    return [
        {
            "number": fault.number,
            "recipes": list(fault.recipes) or ["all"],
            "upstream": fault.wrong,
            "here": fault.instead,
            "also_with_compat_upstream": fault.always,
        }
        for fault in wrong.FAULTS
    ]
