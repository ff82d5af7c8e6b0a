"""The sheet of forms: what is true of every task of a form, before any of its rows is read. The one table of them.

Light: numbers, strings and the places of the classes that do the work, imported when they are used. A plug-in's form
is a dotted ``module:FACTS``, or a name of the entry points ``xfer.forms``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Literal

from xfer.core.component import plugin_targets
from xfer.core.errors import UsageError, suggest_name
from xfer.core.included import include_hint, is_included

Pooling = Literal["mean", "cls", "max", "last"]  # how the states of a text's subwords become one vector
ROW_COLUMNS = ("id", "language")  # of the rows of every form


@dataclass(frozen=True, kw_only=True)
class FormFacts:
    """One form. Classes are named as ``module:Class``; the empty name says that the form has none."""

    name: str
    summary: str

    # classes
    form_class: str = ""  # encodes, scores: ``forms.base.Form``
    baseline_class: str = ""  # answers without reading: ``forms.chance.Baseline``
    victim_class: str = ""  # answers a search: ``models.victims.base.NetworkVictim``
    aim_class: str = ""  # what a search wants: ``attackers.search.goals.base.Aim``

    # columns of a row
    columns: tuple[str, ...] = ROW_COLUMNS
    text_columns: tuple[str, ...] = ()  # those whose text an attack may change
    sides: Mapping[str, str] = field(default_factory=dict)  # a side's name -> its column, where forms differ
    gold: str = ""  # the right answer
    marker: str = ""  # the column that only rows of this form have
    defaults: Mapping[str, Any] = field(default_factory=dict)  # what a file of rows may leave out
    domain_columns: tuple[str, ...] = ("language",)  # one word of few: what a discriminator can tell apart

    # what its tasks are like
    classifies_rows: bool = False  # one class a row: rows can be mixed, and their classes' probabilities read
    reads_vector: bool = False  # its head reads one vector of each sequence, which can be pooled in several ways
    single_answer: bool = False  # one answer a row, out of a few: it can be voted on
    tags_words: bool = False  # a text is a list of words, with one label each
    locates_answers: bool = False  # an answer is a place of the text
    searches_pool: bool = False  # rows are queries and candidates, compared by vectors: there is no head
    masks_text: bool = False  # the text is its own answer: each row draws a mask

    # names of others
    goal_fields: tuple[str, ...] = ()  # the fields of a search's ``goal`` that fit
    layout: str = ""  # of official files of predictions, as ``readers.submission`` writes and reads them
    metrics: tuple[str, ...] = ()  # of such a file
    readers: tuple[str, ...] = ()  # data sets that speak for all: an attacker fits the form if it fits one of them

    @property
    def answers_places(self) -> bool:
        """Whether answers belong to places of the text, which an edit may move."""
        return self.tags_words or self.locates_answers


CLASSIFY = FormFacts(
    name="classify",
    summary="one label for a text or a pair of texts",
    form_class="xfer.forms.classify:ClassifyForm",
    baseline_class="xfer.forms.chance:ClassifyBaseline",
    victim_class="xfer.models.victims.forms:ClassVictim",
    aim_class="xfer.attackers.search.goals.classify:ClassifyAim",
    columns=(*ROW_COLUMNS, "text", "pair", "label"),
    text_columns=("text", "pair"),
    gold="label",
    defaults={"pair": None, "label": ""},
    domain_columns=("language", "label"),
    classifies_rows=True,
    reads_vector=True,
    single_answer=True,
    layout="labels",
    metrics=("accuracy",),
    readers=("xnli", "pawsx"),
)
CHOOSE = FormFacts(
    name="choose",
    summary="which of a few options goes with a text",
    form_class="xfer.forms.choose:ChooseForm",
    baseline_class="xfer.forms.chance:ChooseBaseline",
    victim_class="xfer.models.victims.forms:ChoiceVictim",
    aim_class="xfer.attackers.search.goals.choose:ChooseAim",
    columns=(*ROW_COLUMNS, "text", "question", "options", "label"),
    text_columns=("text", "question", "options"),
    gold="label",
    marker="options",
    defaults={"question": None, "label": 0},
    reads_vector=True,
    single_answer=True,
    layout="choices",
    metrics=("accuracy",),
    readers=("xcopa", "copa"),
)
MASK = FormFacts(
    name="mask",
    summary="masked language modelling over plain text",
    form_class="xfer.forms.mask:MaskForm",
    columns=(*ROW_COLUMNS, "text"),
    text_columns=("text",),
    masks_text=True,
    readers=("text",),
)
TAG = FormFacts(
    name="tag",
    summary="one label for every word of a sentence",
    form_class="xfer.forms.tag:TagForm",
    baseline_class="xfer.forms.chance:TagBaseline",
    victim_class="xfer.models.victims.forms:TagVictim",
    aim_class="xfer.attackers.search.goals.tag:TagAim",
    columns=(*ROW_COLUMNS, "text", "words", "tags"),
    text_columns=("text",),
    gold="tags",
    marker="words",
    defaults={"tags": None},
    tags_words=True,
    goal_fields=("bound", "tokens"),
    layout="tags",
    metrics=("f1",),
    readers=("panx", "udpos"),
)
SPAN = FormFacts(
    name="span",
    summary="the answer to a question is a piece of a context",
    form_class="xfer.forms.span:SpanForm",
    baseline_class="xfer.forms.chance:SpanBaseline",
    victim_class="xfer.models.victims.forms:SpanVictim",
    aim_class="xfer.attackers.search.goals.span:SpanAim",
    columns=(*ROW_COLUMNS, "text", "pair", "answers", "starts"),
    text_columns=("text", "pair"),
    sides={"question": "pair"},
    gold="answers",
    marker="answers",
    defaults={"starts": None},
    locates_answers=True,
    goal_fields=("bound", "measure", "score"),
    layout="answers",
    metrics=("f1", "exact"),
    readers=("xquad", "mlqa", "squad_v1"),
)
RETRIEVE = FormFacts(
    name="retrieve",
    summary="which of many candidates belongs to a query",
    form_class="xfer.forms.retrieve:RetrieveForm",
    baseline_class="xfer.forms.chance:RetrieveBaseline",
    victim_class="xfer.models.victims.retrieval:RetrievalVictim",
    aim_class="xfer.attackers.search.goals.retrieve:RetrieveAim",
    columns=(*ROW_COLUMNS, "side", "text", "pair", "gold", "part"),
    text_columns=("text", "pair"),
    gold="gold",
    marker="side",
    defaults={"pair": None, "part": "test", "gold": None},
    domain_columns=("language", "side", "part"),
    searches_pool=True,
    goal_fields=("k",),
    readers=("tatoeba",),
)

SHEET: dict[str, FormFacts] = {facts.name: facts for facts in (CLASSIFY, CHOOSE, MASK, TAG, SPAN, RETRIEVE)}
EVERY_FORM = tuple(SHEET)
SEARCHED_FORMS = tuple(name for name, facts in SHEET.items() if facts.aim_class)


def form_facts(name: str) -> FormFacts:
    """The facts of a form by its name. Raises UsageError for one that nobody has."""
    if name in SHEET:
        return SHEET[name]
    target = name if ":" in name else plugin_targets("form").get(name)
    if target is None:
        raise UsageError(f"form '{name}' is not known; {suggest_name(name, form_names())}")
    module = name.partition(":")[0]
    if ":" in name and not is_included(module):
        raise UsageError(f"form '{name}' is code from outside xfer; {include_hint(module)}")
    facts = load_target(target)
    if not isinstance(facts, FormFacts):
        raise UsageError(f"form '{name}': {target} is no FormFacts")
    return facts


def form_names() -> list[str]:
    """Every form, in the order of the sheet, then those of plug-ins."""
    return [*SHEET, *sorted(set(plugin_targets("form")) - set(SHEET))]


def load_target(target: str) -> Any:
    """What stands at ``module:name``."""
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)
