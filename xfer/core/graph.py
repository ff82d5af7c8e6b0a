"""From a recipe to nodes named by their content.

``world -> data -> train -> predict -> score -> report``, with ``attack`` between data and predict.
A node's key is a hash of its kind, its job, its parents' keys and its seed; nothing else makes it stale.
Compiling reads no data: only digests of files, or one question to the hub for each repository.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from xfer.attackers.base import ModelFree
from xfer.core.domains import TRAINED, discriminators, head_job
from xfer.core.errors import RecipeError, XferError
from xfer.core.groups import benchmark_tasks, groups
from xfer.core.recipe import Evaluation, Recipe
from xfer.core.seeds import digest
from xfer.core.transfers import teaching
from xfer.readers.base import Reader, Source
from xfer.readers.sources import caveats, revision

# What a kind of node does with its job; raise a number when the same job would give other bytes.
VERSIONS = {"world": 1, "data": 1, "train": 2, "predict": 2, "attack": 2, "score": 2, "report": 3}


class Node:
    """One unit of work: its inputs, and the key that follows from them."""

    def __init__(
        self,
        kind: str,
        label: str,
        job: Mapping[str, Any],
        parents: Mapping[str, Node] | None = None,
        seed: int | None = None,
        spec: Mapping[str, Any] | None = None,
        problem: XferError | None = None,
    ) -> None:
        self.kind, self.label, self.seed, self.problem = kind, label, seed, problem
        self.job = dict(job)  # plain data that is hashed
        self.spec = dict(spec or {})  # live components for the work itself: what ``job`` says in data
        self.parents = dict(parents or {})

    @cached_property
    def key(self) -> str:
        """Hexadecimal blake2b of everything that can change the result."""
        parents = {role: parent.key for role, parent in self.parents.items()}
        return digest([self.kind, VERSIONS[self.kind], self.job, parents, self.seed])

    def record(self) -> dict[str, Any]:
        """What was hashed, for ``node.json`` and ``xfer explain``."""
        parents = {role: parent.key for role, parent in self.parents.items()}
        return {
            "kind": self.kind,
            "version": VERSIONS[self.kind],
            "label": self.label,
            "job": self.job,
            "parents": parents,
            "seed": self.seed,
        }


class Graph:
    """All nodes of a recipe in an order in which parents come first; equal nodes stand once."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.nodes: dict[str, Node] = {}
        self.report: Node | None = None
        self.notes: list[str] = []
        self.stages: dict[tuple[str, int], Node] = {}

    def add(self, node: Node) -> Node:
        return self.nodes.setdefault(node.key, node)


class Resolver:
    """Answers what outside files and hub repositories are at, once a run."""

    def __init__(self, digest: Callable[[Path], str], ask: Callable[[str, str], str]) -> None:
        self.digest, self._ask = digest, ask
        self._known: dict[tuple[str, str], str | XferError] = {}

    def ask(self, kind: str) -> Callable[[str], str]:
        """A function from a repository's name to its commit."""

        def resolve(repository: str) -> str:
            name = (kind, repository)
            if name not in self._known:
                try:
                    self._known[name] = self._ask(repository, kind)
                except XferError as error:
                    self._known[name] = error
            found = self._known[name]
            if isinstance(found, XferError):
                raise found
            return found

        return resolve


def compile_graph(recipe: Recipe, resolver: Resolver) -> Graph:
    """The graph of a recipe. A node that cannot run as things stand carries its ``problem``."""
    return _Compiler(recipe, resolver).graph


class _Compiler:
    def __init__(self, recipe: Recipe, resolver: Resolver) -> None:
        self.recipe, self.resolver, self.graph = recipe, resolver, Graph(recipe)
        self.groups = groups(recipe)
        self.compared = {part["compare"] for part in self.groups}
        scores: dict[str, Node] = {}
        for name in recipe.stages:
            for seed in recipe.seeds:
                self.stage(name, seed)
        for name, evaluation in recipe.evaluate.items():
            for seed in recipe.seeds:
                for role in self.roles(name, evaluation):
                    scores[f"{name}/{role}/{seed}"] = self.score(name, evaluation, seed, role)
        if scores:
            about: dict[str, Any] = {"name": recipe.name, "seeds": list(recipe.seeds), "order": list(recipe.evaluate)}
            about |= {"tables": self.groups, "against": recipe.report.against, "benchmark": benchmark_tasks(recipe)}
            shown = {name: self.about(evaluation) for name, evaluation in recipe.evaluate.items()}
            if self.graph.notes:
                about["notes"] = list(dict.fromkeys(self.graph.notes))
            if told := discriminators(recipe):
                about["discriminators"] = told
                for part in told:
                    scores |= {f"{TRAINED}{part['stage']}/{s}": self.stage(part["stage"], s) for s in recipe.seeds}
            node = Node("report", recipe.name, about | {"evaluations": shown}, scores)
            self.graph.report = self.graph.add(node)

    def about(self, evaluation: Evaluation) -> dict[str, Any]:
        """What the report says of an evaluation."""
        attacker = evaluation.attacker.identity() if evaluation.attacker else None
        tasks = self.recipe.stages[evaluation.stage].learnt.values() if evaluation.stage else ()
        languages = sorted({language for task in tasks for language in self.trained(task.reader)})
        reader = self.recipe.reader_of(evaluation)
        rows = digest([_tested(reader, evaluation.split), evaluation.split, self.recipe.source_of(reader)])
        return {"stage": evaluation.stage, "attacker": attacker, "trained": languages, "rows": rows}

    def trained(self, reader: Reader) -> tuple[str, ...]:
        return tuple(reader.train_languages(self.recipe.source_of(reader)))

    def roles(self, name: str, evaluation: Evaluation) -> tuple[str, ...]:
        """The checkpoints an evaluation tests: the selected one, and the oracle's beside the clean scores."""
        if evaluation.stage is None:
            return ("selected",)
        stage = self.recipe.stages[evaluation.stage]
        clean = name in self.compared and getattr(stage.trainer, "oracle", False)
        readers = [task.reader for task in stage.learnt.values()]
        learnt = self.recipe.reader_of(evaluation).form in {reader.form for reader in readers}
        return ("selected", "oracle") if clean and learnt and any(map(self.targets, readers)) else ("selected",)

    def targets(self, reader: Reader) -> tuple[str, ...]:
        """Languages with a dev set that the stage does not train on."""
        source = self.recipe.source_of(reader)
        return tuple(lang for lang in reader.offered(source, "dev") if lang not in reader.train_languages(source))

    def data(self, reader: Reader, split: str, languages: tuple[str, ...], rows: int | None) -> Node:
        source = self.recipe.source_of(reader)
        label = f"{reader.type_name} {split} {languages[0] if len(languages) == 1 else f'{len(languages)} languages'}"
        problem, parents, found = None, {}, None
        shared = reader.form_options().get("pool") == "shared" and split != "train"
        pool = reader.offered(source, split) if shared else languages
        try:
            found = revision(reader, source, split, pool, self.resolver.digest, self.resolver.ask("dataset"))
            self.graph.notes += caveats(reader, source, split, pool)
        except XferError as error:
            problem = error
        if source == "miniature":
            parents = {"world": self.graph.add(world(reader.worlds(split)))}
        limit = rows if rows else None
        job = {"reader": reader.identity(), "source": source, "split": split, "languages": list(languages)}
        job |= {"pool": list(pool)} if shared else {}
        spec = {"reader": reader, "source": source, "split": split, "languages": languages, "rows": limit, "pool": pool}
        return self.graph.add(
            Node("data", label, job | {"rows": limit, "at": found}, parents, spec=spec, problem=problem)
        )

    def stage(self, name: str, seed: int) -> Node:
        known = self.graph.stages.get((name, seed))
        if known:
            return known
        recipe, stage = self.recipe, self.recipe.stages[name]
        own = stage.seed if stage.seed is not None else seed
        limits = recipe.limits
        trainer = stage.trainer.filled(stage.first.reader.published, limits.least_learning_rate)
        parents, tasks = {}, {}
        for task_name, task in stage.tasks.items():
            reader = task.reader
            source = recipe.source_of(reader)
            trained = self.kept(f"stage {name}", self.trained(reader), reader.offered(source, "train"))
            parents[f"train/{task_name}"] = self.data(reader, "train", trained, limits.train_rows)
            every = trainer.oracle and task.head is None
            dev = tuple(lang for lang in reader.offered(source, "dev") if lang in trained or every)
            rows = min(trainer.dev_rows, limits.dev_rows or trainer.dev_rows)
            if dev:
                parents[f"dev/{task_name}"] = self.data(reader, "dev", dev, rows)
            tasks[task_name] = {**_form(reader, source), "weight": task.weight, "languages": list(trained)}
            tasks[task_name] |= head_job(task.head, stage.learnt)
            tasks[task_name] |= {"exponent": task.sampling.exponent} if task.sampling else {}
        job: dict[str, Any] = {
            "tasks": tasks,
            "order": list(tasks),
            "trainer": trainer.identity(),
            "mixer": stage.mixer.identity(),
            "limit": limits.steps,
        }
        job["freeze"] = {"layers": recipe.model.freeze_layers, "embeddings": recipe.model.freeze_embeddings}
        problem, start = None, recipe.start_of(name)
        if start:
            parents["start"] = self.stage(start, seed)
        else:
            about, problem = self.model()
            job |= about
        job |= teaching(recipe, name)
        if "distil" in job and stage.distil:
            parents["teacher"] = self.stage(stage.distil.stage, seed)
        spec = {"trainer": trainer, "mixer": stage.mixer, "model": recipe.model, "limit": limits.steps}
        spec["heads"] = {task_name: task.head for task_name, task in stage.tasks.items() if task.head}
        label = f"{name}" if stage.seed is not None else f"{name} seed {seed}"
        node = self.graph.add(Node("train", label, job, parents, own, spec, problem))
        self.graph.stages[name, seed] = node
        return node

    def model(self) -> tuple[dict[str, Any], XferError | None]:
        """The recipe's model and what it depends on, and what stands against it."""
        model, found = self.recipe.model, None
        try:
            found = model.revision(self.resolver.digest, self.resolver.ask("model"))
        except XferError as error:
            return {"model": model.identity()}, error
        return {"model": model.identity(), "at": found}, None

    def kept(self, what: str, asked: tuple[str, ...], offered: tuple[str, ...]) -> tuple[str, ...]:
        """The asked languages that the source has; in miniature the others are left out with a note."""
        left = tuple(language for language in asked if language in offered)
        gone = [language for language in asked if language not in offered]
        if gone:
            self.graph.notes.append(f"{what}: no rows in {', '.join(gone)} in this source; left out")
        if not left:
            hint = f"it has {', '.join(offered) or 'none'}"
            raise RecipeError([_no_place(f"{what} has no language left in this source; {hint}")])
        return left

    def score(self, name: str, evaluation: Evaluation, seed: int, role: str) -> Node:
        recipe, tested = self.recipe, self.recipe.tested(evaluation)
        reader, tasks = recipe.reader_of(evaluation), recipe.stages[tested].tasks if tested else {}
        task = evaluation.task or next(iter(tasks), reader.type_name)
        offered = reader.offered(recipe.source_of(reader), evaluation.split)
        asked = offered if evaluation.languages == "all" else evaluation.languages
        languages = self.kept(f"evaluation {name}", tuple(asked), offered)
        caps = [cap for cap in (evaluation.rows, recipe.limits.test_rows) if cap]
        rows = self.data(reader, evaluation.split, languages, min(caps) if caps else None)
        parents = {"train": self.stage(tested, seed)} if tested else {}
        if evaluation.attacker:
            rows = self.attack(name, evaluation, rows, parents, task, seed)
        about, problem = ({}, None) if tested else self.model()
        if reader.form == "retrieve" and (task not in tasks or tasks[task].reader.form != "retrieve"):
            about["max_length"] = reader.published.max_length  # nothing was trained on such rows
        about |= {"task": task, "role": role, **_form(reader, recipe.source_of(reader))}
        label = f"{name} seed {seed}" if role == "selected" else f"{name} {role} seed {seed}"
        spec, judged = (
            {"model": recipe.model, "smoothing": evaluation.smoothing},
            _form(reader, recipe.source_of(reader)),
        )
        if evaluation.smoothing:
            about["smoothing"] = evaluation.smoothing.model_dump(mode="json", exclude={"at"})
            judged["at"] = list(evaluation.smoothing.at)
        node = Node("predict", label, about, parents | {"rows": rows}, spec=spec, problem=problem)
        return self.graph.add(Node("score", label, judged, {"predict": self.graph.add(node)}, spec=spec))

    def attack(
        self, name: str, evaluation: Evaluation, rows: Node, victim: dict[str, Node], task: str, seed: int
    ) -> Node:
        attacker = evaluation.attacker
        assert attacker is not None
        reader = self.recipe.reader_of(evaluation)
        parents, label, problem = {"rows": rows}, name, None
        job: dict[str, Any] = {"attacker": attacker.identity()}
        if attacker.searches:
            parents, label = parents | victim, f"{name} seed {seed}"
            job |= {"task": task, **_form(reader, self.recipe.source_of(reader))}
        if isinstance(attacker, ModelFree):
            languages = rows.spec["languages"]
            further = attacker.further(evaluation.split, languages)
            if further:
                offered = reader.offered(self.recipe.source_of(reader), further[0])
                parents["further"] = self.data(
                    reader, further[0], self.kept(f"attacker of {name}", further[1], offered), None
                )
            try:
                spoken = (reader.query_language,) if reader.query_language else languages
                found = attacker.files(spoken, self.resolver.digest)
                job |= {} if found is None else {"at": found}
            except XferError as error:
                problem = error
        job |= {"language": reader.query_language} if reader.query_language else {}
        spec = {"attacker": attacker, "form": reader.form, "language": reader.query_language}
        return self.graph.add(Node("attack", label, job, parents, spec=spec, problem=problem))


def world(parts: tuple[str, ...]) -> Node:
    """The node that writes these parts of the miniature world."""
    from xfer.miniature import VERSION  # late: its tables are needed by this source only

    return Node("world", f"miniature {' and '.join(parts)}", {"world": VERSION, "parts": list(parts)})


def _form(reader: Reader, source: Source) -> dict[str, Any]:
    return {"form": reader.form, "labels": list(reader.label_names(source)), "options": reader.form_options()}


def _tested(reader: Reader, split: str) -> dict[str, Any]:
    """What of a reader decides the rows of one split: not its training side."""
    own = getattr(reader, split, None)
    aside = {"languages", "test_languages", *reader.form_options()} | (
        {"train", "dev", "test"} - {split} if own else set()
    )
    return {name: value for name, value in reader.identity().items() if name not in aside}


def _no_place(message: str) -> Any:
    from xfer.core.errors import Fault

    return Fault("recipe", 0, 0, "", message)
