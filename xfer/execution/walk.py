"""Walks a graph: what is in the store is kept, the rest is run once, whoever else wants it.

Nodes that fail do not stop those that do not need them. Nothing here knows what a node does.
"""

from __future__ import annotations

import os
import platform
import shutil
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from xfer import __version__
from xfer.core.errors import FileChanged, NodeFailed, StoreDamaged, XferError, error_from_os
from xfer.core.files import changed_files
from xfer.core.locks import Busy
from xfer.core.store import Entry, Store
from xfer.execution.needed import needed_nodes
from xfer.execution.sharing import SHARED_KINDS
from xfer.graph.compile import Resolver, compile_graph
from xfer.graph.jobs import Job
from xfer.graph.node import Graph, Node
from xfer.recipe.load import LoadedRecipe, load_recipe
from xfer.recipe.recipe import Recipe
from xfer.steps.rows import NodeWork

WAIT = 0.5  # seconds between looks at a node that another process works on


class Watcher(Protocol):
    """Who is told what happens. ``commands.console`` has one for terminals."""

    def on_stored(self, node: Node[Job], entry: Entry) -> None: ...
    def on_started(self, node: Node[Job]) -> None: ...
    def on_progress(self, node: Node[Job], done: int, total: int, **values: Any) -> None: ...
    def on_finished(self, node: Node[Job], summary: dict[str, Any], seconds: float) -> None: ...
    def on_failed(self, node: Node[Job], message: str) -> None: ...
    def on_waiting(self, node: Node[Job], holder: str) -> None: ...
    def on_remote_progress(self, node: Node[Job], done: int, total: int, **values: Any) -> None: ...


class Silent:
    """A watcher that says nothing."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_, **__: None


class Outcome(NamedTuple):
    """What a run came to, by key: finished entries, why nodes failed, why others were out of reach."""

    entries: dict[str, Entry]
    failures: dict[str, str]
    unreached: dict[str, str]


def default_store() -> Path:
    """$XFER_STORE, or ``.xfer`` in the working folder."""
    return Path(os.environ.get("XFER_STORE") or ".xfer")


def open_graph(recipe: Recipe, store: Store) -> Graph:
    """The graph of a recipe, with digests and hub commits that the store remembers."""
    return compile_graph(recipe, store_resolver(store))


def store_resolver(store: Store) -> Resolver:
    """What outside files and hub repositories are at, as the store remembers it where it cannot be asked."""
    from xfer.readers import hub

    def ask(name: str, kind: str) -> str:
        try:
            return str(store.remember_fact("commits", f"{kind} {name}", hub.repository_commit(name, kind)))
        except XferError:
            recalled = store.recall_fact("commits", f"{kind} {name}")
            if recalled is None:
                raise
            return str(recalled)

    return Resolver(store.cached_digest, ask)


def execute_graph(graph: Graph, store: Store, watcher: Watcher | None = None, work: NodeWork | None = None) -> Outcome:
    """Runs every node that is not in the store. Raises the first node's problem before any work starts.

    ``work(node, parents, folder, progress)`` does a node; the default runs it in this process.
    """
    nodes = needed_nodes(list(graph.nodes.values()), store)
    for node in nodes:
        if node.problem and not store.find(node.kind, node.key):
            raise node.problem
    return _walk(nodes, store, watcher, work)


def run_nodes(
    nodes: list[Node[Job]], store: Store, watcher: Watcher | None = None, work: NodeWork | None = None
) -> Outcome:
    """Runs what is needed and not in the store of ``nodes`` (parents first). One that has a problem fails, the others
    go on."""
    return _walk(needed_nodes(nodes, store), store, watcher, work)


def _walk(nodes: list[Node[Job]], store: Store, watcher: Watcher | None, work: NodeWork | None) -> Outcome:
    if work is None:
        from xfer.steps import steps

        work = steps.work
    walk = _Walk(store, watcher or Silent(), work)
    walk.walk_nodes(nodes)
    return Outcome(walk.entries, walk.failures, walk.unreached)


def run_alone(node: Node[Job], store: Store) -> Entry:
    """The entry of a node that needs no other, done now if the store does not hold it. Raises what its work raises."""
    from xfer.steps.steps import work

    walk = _Walk(store, Silent(), work)
    while True:
        try:
            return store.find(node.kind, node.key) or walk.run_node(node)
        except Busy:
            time.sleep(WAIT)


class _Walk:
    def __init__(self, store: Store, watcher: Watcher, work: NodeWork) -> None:
        self.store, self.watcher, self.work = store, watcher, work
        self.entries: dict[str, Entry] = {}
        self.failures: dict[str, str] = {}
        self.unreached: dict[str, str] = {}
        self.checked: set[str] = set()
        self.reported: set[str] = set()

    def walk_nodes(self, nodes: list[Node[Job]]) -> None:
        """Tries every node whose parents are there, passing over those that another process holds."""
        pending = nodes
        while pending:
            count_before, waiting = len(pending), []
            for node in pending:
                if not self.settle_node(node):
                    waiting.append(node)
            pending = waiting
            if len(pending) == count_before:
                self.show_progress(pending)
                time.sleep(WAIT)

    def show_progress(self, nodes: list[Node[Job]]) -> None:
        """Shows how far another process is with the first node that it holds."""
        for node in nodes:
            progress = self.store.noted_progress(node.key) if node.key in self.reported else None
            if progress:
                self.watcher.on_remote_progress(node, **progress)
                return

    def settle_node(self, node: Node[Job]) -> bool:
        """Whether the node is finished, failed or out of reach; runs it if it can be."""
        broken = [p for p in node.parents.values() if p.key in self.failures or p.key in self.unreached]
        if broken:
            self.unreached[node.key] = f"needs {broken[0].kind} {broken[0].label}, which failed"
            return True
        try:
            entry = self.store.find(node.kind, node.key)
            if entry is None and any(parent.key not in self.entries for parent in node.parents.values()):
                return False
            if entry is None and node.problem:
                raise node.problem
            if entry is None:
                entry = self.run_node(node)
            elif node.key not in self.reported:
                if node.kind in SHARED_KINDS:  # what is shown, and read by no other node that would verify it
                    entry.verify_files(contents=True)
                self.watcher.on_stored(node, entry)
            self.entries[node.key] = entry
            return True
        except Busy as busy:
            if node.key not in self.reported:
                self.reported.add(node.key)
                self.watcher.on_waiting(node, str(busy))
            return False
        except (XferError, OSError) as error:
            return self.record_failure(node, error_from_os(error) if isinstance(error, OSError) else error)
        except Exception as error:
            return self.record_failure(node, error)

    def run_node(self, node: Node[Job]) -> Entry:
        parents = {role: self.entries[parent.key] for role, parent in node.parents.items()}
        for entry in parents.values():
            if entry.key not in self.checked:
                entry.verify_files(contents=True)
                self.checked.add(entry.key)
        record = node.hashed_record() | run_provenance()
        with self.store.work_folder(node.kind, node.key, record) as folder:
            if folder.name != "finished elsewhere":
                self.reported.add(node.key)
                self.store.note_progress(node.key, None)  # of a process that was killed
                self.watcher.on_started(node)
                start = time.monotonic()
                summary = self.work(
                    node, parents, folder, lambda d, t, **kw: self.watcher.on_progress(node, d, t, **kw)
                )
                self.unchanged(node, folder)
                record |= {"summary": summary, "seconds": round(time.monotonic() - start, 2)}
        finished = self.store.find(node.kind, node.key)
        if finished is None:
            raise StoreDamaged(f"{node.kind} {node.label} vanished from the store while it was being finished")
        if "summary" in record:
            self.watcher.on_finished(node, record["summary"], record["seconds"])
        return finished

    def unchanged(self, node: Node[Job], folder: Path) -> None:
        """Raises FileChanged where an outside file is not what it was when the node was named by its content.

        What was made of it goes, a checkpoint too: nobody knows which of the contents it was made of.
        """
        changed = changed_files(node.job.hashed_data(), self.store.cached_digest)
        if changed:
            shutil.rmtree(folder, ignore_errors=True)
            more = f" (and {len(changed) - 1} more)" if len(changed) > 1 else ""
            what = f"{changed[0]}{more} changed while the run that reads it was under way"
            raise FileChanged(f"{what}; nothing is stored of it: run the same command again when the file is whole")

    def record_failure(self, node: Node[Job], error: Exception) -> bool:
        text = " ".join(str(error).split("\n")) if isinstance(error, XferError) else f"{type(error).__name__}: {error}"
        self.failures[node.key] = text
        trace = traceback.format_exception(error)
        self.store.note_failure(node.key, node.hashed_record() | {"error": text, "traceback": trace, "time": _now()})
        self.watcher.on_failed(node, text)
        return True


def run_provenance() -> dict[str, Any]:
    """What is recorded of a run but never hashed: versions, host, time."""
    import sys

    library_versions = {
        name: getattr(sys.modules[name], "__version__", "?")
        for name in ("torch", "transformers", "tokenizers", "datasets", "textattack", "numpy")
        if name in sys.modules
    }
    return {
        "versions": {"xfer": __version__, "python": platform.python_version(), **library_versions},
        "host": platform.node(),
        "process": os.getpid(),
        "time": _now(),
    }


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def run_failure(outcome: Outcome, graph: Graph) -> NodeFailed | None:
    """One error for all nodes that failed by themselves, or None."""
    failures = outcome.failures
    messages = [f"{node.kind} {node.label}: {failures[key]}" for key, node in graph.nodes.items() if key in failures]
    if not messages:
        return None
    rest = f" (and {len(messages) - 1} more)" if len(messages) > 1 else ""
    return NodeFailed(f"{messages[0]}{rest}; what is finished is kept: the same command goes on from there")


def run_recipe(
    recipe: Recipe | LoadedRecipe | str | Path,
    *,
    scale: str | None = None,
    sets: Sequence[str] = (),
    store: str | Path | None = None,
    watcher: Watcher | None = None,
) -> dict[str, Any]:
    """Runs a recipe (or a path to one) and returns its report as plain data. Raises NodeFailed.

    Where torchrun or ``accelerate launch`` started several processes, each of them calls this: they train every stage
    together, the first does all else, and each returns the report. The store must be a folder that all of them see.
    """
    from xfer.execution import distributed

    if isinstance(recipe, str | Path):
        recipe = load_recipe(recipe, scale, sets)
    checked = recipe.recipe if isinstance(recipe, LoadedRecipe) else recipe
    opened = Store(Path(store) if store else default_store())
    if not distributed.is_leader():
        distributed.take_part()
        return _read_report(open_graph(checked, opened), opened)
    graph = open_graph(checked, opened)
    with distributed.lead_processes() as work:
        outcome = execute_graph(graph, opened, watcher, work)
    error = run_failure(outcome, graph)
    if error:
        raise error
    return _read_report(graph, opened)


def _read_report(graph: Graph, store: Store) -> dict[str, Any]:
    """The report of a graph that was run, perhaps by another process."""
    entry = graph.report and store.find("report", graph.report.key)
    if graph.report and not entry:
        raise NodeFailed("the run failed; process 0 says why")
    return dict(entry.read("report.json")) if entry else {}
