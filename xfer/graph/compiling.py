"""What nodes of a recipe are made from: rows, models and files, and what outside sources are at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from xfer.attackers.base import Attacker
from xfer.core.errors import Fault, RecipeError, XferError
from xfer.forms.sheet import form_facts
from xfer.graph.jobs import DataJob, Job, ModelState, RowForm
from xfer.graph.node import Graph, Node, world_node
from xfer.graph.training import cut_inputs
from xfer.readers.base import Reader
from xfer.readers.sources import data_revision, in_mirror, mirror_caveats
from xfer.recipe.groups import table_groups
from xfer.recipe.recipe import Recipe


class Resolver:
    """Answers what outside files and hub repositories are at, once a run."""

    def __init__(self, digest: Callable[[Path], str], ask: Callable[[str, str], str]) -> None:
        self.digest, self._ask = digest, ask
        self._known: dict[tuple[str, str], str | XferError] = {}

    def commit_resolver(self, kind: str) -> Callable[[str], str]:
        """A function from a repository's name to its commit."""

        def resolve(repository: str) -> str:
            name = (kind, repository)
            if name not in self._known:
                try:
                    self._known[name] = self._ask(repository, kind)
                except XferError as error:
                    self._known[name] = error
            answer = self._known[name]
            if isinstance(answer, XferError):
                raise answer
            return answer

        return resolve


class GraphBuilder:
    """A graph under way, and how its nodes of rows and of models are made."""

    def __init__(self, recipe: Recipe, resolver: Resolver) -> None:
        self.recipe, self.resolver, self.graph = recipe, resolver, Graph(recipe)
        self.groups = table_groups(recipe)
        self.compared = {group["compare"] for group in self.groups}

    def trained_languages(self, reader: Reader) -> tuple[str, ...]:
        if reader.languages == "all":
            return self.offered_languages(reader, "train")
        return tuple(reader.train_languages(self.recipe.source_of(reader)))

    def target_languages(self, reader: Reader) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The languages that a stage does not train on, but whose dev sets could choose its checkpoint (the oracle):
        those that have one in this source, and those that have none."""
        source = self.recipe.source_of(reader)
        offered = reader.offered_languages(source, "dev") if "dev" in reader.card.splits else ()
        others = [lang for lang in offered if lang not in reader.train_languages(source)]
        lacking = [lang for lang in others if source == "mirror" and not in_mirror(reader, "dev", lang)]
        return tuple(lang for lang in others if lang not in lacking), tuple(lacking)

    def offered_languages(self, reader: Reader, split: str) -> tuple[str, ...]:
        """The languages that a split has in the reader's source; of a mirror those that it holds files of, where the
        recipe takes what is available."""
        source = self.recipe.source_of(reader)
        offered = reader.offered_languages(source, split)
        if self.recipe.languages != "available" or source != "mirror":
            return offered
        return tuple(language for language in offered if in_mirror(reader, split, language))

    def data_node(self, reader: Reader, split: str, languages: tuple[str, ...], rows: int | None) -> Node[DataJob]:
        """The rows of one split in these languages, at most ``rows`` of each."""
        source = self.recipe.source_of(reader)
        label = f"{reader.type_name} {split} {languages[0] if len(languages) == 1 else f'{len(languages)} languages'}"
        problem, revision = None, None
        parents: dict[str, Node[Job]] = {}
        shared = reader.form_options().get("pool") == "shared" and split != "train"
        pool = self.offered_languages(reader, split) if shared else languages
        try:
            revision = data_revision(
                reader, source, split, pool, self.resolver.digest, self.resolver.commit_resolver("dataset")
            )
            self.graph.notes += mirror_caveats(reader, source, split, pool)
        except XferError as error:
            problem = error
        if source == "miniature":
            parents = {"world": self.graph.add_node(world_node(reader.world_parts(split)))}
        job = DataJob(
            label=label,
            reader=reader,
            source=source,
            split=split,
            languages=languages,
            pool=pool,
            is_pool_shared=shared,
            rows=rows or None,
            revision=revision,
        )
        return self.graph.add_node(Node(job, parents, problem))

    def model_state(self) -> tuple[ModelState, XferError | None]:
        """The recipe's model and what it depends on, and what stands against it."""
        model = self.recipe.model
        try:
            revision = model.weights_revision(self.resolver.digest, self.resolver.commit_resolver("model"))
        except XferError as error:
            return ModelState(model, resolved=False), error
        return ModelState(model, revision), None

    def row_form(self, reader: Reader) -> RowForm:
        """The form of a reader's rows. Texts are pooled as the model does, unless the reader says it."""
        form = RowForm(reader.form, tuple(reader.label_names(self.recipe.source_of(reader))), reader.form_options())
        facts = form_facts(form.name)
        if not (facts.searches_pool or facts.reads_vector):
            return form
        habit, published = self.recipe.model.pooling_habit(), form.options.get("pooling")
        for module in habit.left_out if facts.searches_pool else ():
            self.graph.notes.append(f"{reader.type_name}: the part {module} of the model's folder is left out")
        asked = "pooling" in reader.model_fields_set or facts.reads_vector and not habit.said
        if asked or habit.pooling in (None, published):
            return form
        what = f"{reader.type_name}: texts are pooled by {habit.pooling}, as is the model's habit"
        self.graph.notes.append(f"{what}; published scores are of {published}" if facts.searches_pool else what)
        return replace(form, options=dict(form.options) | {"pooling": habit.pooling})

    def note_cut_inputs(self, stage: str, asked: int | None) -> None:
        """Notes where the recipe asks for longer inputs, in subwords, than its model reads."""
        sentence = cut_inputs(asked, self.recipe.model.longest_input()) if asked else ""
        if sentence:
            self.graph.notes.append(f"stage {stage}: {sentence}")

    def form_problem(self, form: RowForm) -> XferError | None:
        """What stands against rows of a form on the recipe's model."""
        try:
            self.recipe.model.check_form(form.name, form.labels, form.options)
        except XferError as error:
            return error
        return None

    def note_attacker(self, what: str, attacker: Attacker, languages: Sequence[str]) -> None:
        """Notes what readers of a report must know of an attacker on rows in these languages."""
        self.graph.notes += [f"{what}: {note}" for note in attacker.notes(languages)]

    def kept_languages(self, what: str, wanted: tuple[str, ...], offered: tuple[str, ...]) -> tuple[str, ...]:
        """The asked languages that the source has; in miniature the others are left out with a note."""
        remaining = tuple(language for language in wanted if language in offered)
        missing = [language for language in wanted if language not in offered]
        if missing:
            self.graph.notes.append(f"{what}: no rows in {', '.join(missing)} in this source; left out")
        if not remaining:
            hint = f"it has {', '.join(offered) or 'none'}"
            raise RecipeError([Fault("recipe", 0, 0, "", f"{what} has no language left in this source; {hint}")])
        return remaining
