"""Walking a graph with made-up work: order, failures, damage, and two walkers at once."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from plain_jobs import plain_node

from xfer.core.errors import HubUnreachable, MissingData, NodeFailed, XferError
from xfer.core.store import Entry, Store
from xfer.execution import walk as runs
from xfer.execution.walk import Outcome, execute_graph, open_graph, run_failure
from xfer.graph.compile import Graph, Node
from xfer.recipe.recipe import Recipe

RECIPE = Recipe.model_validate({"name": "r", "model": "scratch", "stages": {"one": {"reader": "mnli"}}})


class Work:
    """Writes the labels of a node's parents and its own; fails where it is told to."""

    def __init__(self, **errors: BaseException) -> None:
        self.errors, self.done = errors, list[str]()

    def __call__(
        self, node: Node, parents: Mapping[str, Entry], folder: Path, progress: Callable[..., None]
    ) -> dict[str, Any]:
        if node.label in self.errors:
            raise self.errors[node.label]
        self.done.append(node.label)
        before = "".join(entry.read("made.json") for _, entry in sorted(parents.items()))
        (folder / "out" / "made.json").write_text(json.dumps(before + node.label))
        progress(1, 1)
        return {"rows": len(parents)}


class Told:
    """A watcher that writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def __getattr__(self, what: str) -> Callable[..., None]:
        return lambda node, *_, **__: self.heard.append(f"{what} {node.label}")


def graph(*nodes: Node) -> Graph:
    made = Graph(RECIPE)
    for node in nodes:
        made.add_node(node)
    return made


def diamond(**problems: XferError) -> Graph:
    """a -> b, c -> d, and e alone."""
    a = plain_node("data", "a", {"n": "a"}, problem=problems.get("a"))
    b = plain_node("train", "b", {"n": "b"}, {"x": a}, problem=problems.get("b"))
    c = plain_node("train", "c", {"n": "c"}, {"x": a})
    d = plain_node("predict", "d", {"n": "d"}, {"x": b, "y": c})
    return graph(a, b, c, d, plain_node("data", "e", {"n": "e"}))


def labels(made: Graph, keys: Mapping[str, Any]) -> dict[str, Any]:
    return {made.nodes[key].label: value for key, value in keys.items()}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_every_node_runs_once_after_its_parents(store: Store) -> None:
    made, work = diamond(), Work()
    outcome = execute_graph(made, store, work=work)
    assert work.done == ["a", "b", "c", "d", "e"]
    assert outcome.failures == {}
    assert {label: entry.read("made.json") for label, entry in labels(made, outcome.entries).items()} == {
        "a": "a",
        "b": "ab",
        "c": "ac",
        "d": "abacd",
        "e": "e",
    }


def test_nodes_that_stand_in_the_wrong_order_wait_for_their_parents(store: Store) -> None:
    made, work = diamond(), Work()
    made.nodes = dict(reversed(made.nodes.items()))
    execute_graph(made, store, work=work)
    assert work.done.index("a") < work.done.index("b") < work.done.index("d")
    assert sorted(work.done) == ["a", "b", "c", "d", "e"]


def test_what_is_in_the_store_is_not_run_again(store: Store) -> None:
    execute_graph(diamond(), store, work=Work())
    work, told = Work(), Told()
    outcome = execute_graph(diamond(), store, told, work=work)
    assert work.done == []
    assert len(outcome.entries) == 5
    assert told.heard == [f"on_stored {label}" for label in "abcde"]


def test_only_what_is_missing_is_run(store: Store) -> None:
    made = diamond()
    execute_graph(graph(*[node for node in made.nodes.values() if node.label in "ac"]), store, work=Work())
    work = Work()
    execute_graph(made, store, work=work)
    assert work.done == ["b", "d", "e"]


def test_the_watcher_hears_everything_in_order(store: Store) -> None:
    told = Told()
    execute_graph(graph(plain_node("data", "a", {})), store, told, work=Work())
    assert told.heard == ["on_started a", "on_progress a", "on_finished a"]


def test_what_was_done_is_recorded(store: Store) -> None:
    made = graph(plain_node("data", "a", {"n": 1}))
    (entry,) = execute_graph(made, store, work=Work()).entries.values()
    record = json.loads((entry.path / "node.json").read_text())
    (node,) = made.nodes.values()
    assert {name: record[name] for name in node.hashed_record()} == node.hashed_record()
    assert record["summary"] == {"rows": 0}
    assert record["seconds"] >= 0 and record["host"] and record["time"]
    assert {"xfer", "python"} <= set(record["versions"])


# failures


def test_a_failure_does_not_stop_what_does_not_need_it(store: Store) -> None:
    made, work, told = diamond(), Work(b=ValueError("broke")), Told()
    outcome = execute_graph(made, store, told, work=work)
    assert work.done == ["a", "c", "e"]
    assert labels(made, outcome.failures) == {"b": "ValueError: broke"}
    assert labels(made, outcome.unreached) == {"d": "needs train b, which failed"}
    assert set(labels(made, outcome.entries)) == {"a", "c", "e"}
    assert "on_failed b" in told.heard


def test_what_needs_a_failed_node_is_marked_down_the_whole_line(store: Store) -> None:
    made = diamond()
    outcome = execute_graph(made, store, work=Work(a=XferError("no rows")))
    assert labels(made, outcome.failures) == {"a": "no rows"}
    assert labels(made, outcome.unreached) == {
        "b": "needs data a, which failed",
        "c": "needs data a, which failed",
        "d": "needs train b, which failed",
    }


def test_the_same_command_goes_on_after_a_failure(store: Store) -> None:
    execute_graph(diamond(), store, work=Work(b=ValueError("broke")))
    work = Work()
    outcome = execute_graph(diamond(), store, work=work)
    assert (work.done, outcome.failures) == (["b", "d"], {})


def test_a_failure_is_kept_with_its_traceback_and_cleared_by_success(store: Store) -> None:
    made = diamond()
    key = next(key for key, node in made.nodes.items() if node.label == "b")
    execute_graph(made, store, work=Work(b=ValueError("two\nlines")))
    kept = store.noted_failure(key)
    assert kept is not None
    assert kept["error"].startswith("ValueError: two")
    assert kept["label"] == "b" and kept["job"] == {"n": "b"}
    assert any("ValueError" in line for line in kept["traceback"])
    execute_graph(made, store, work=Work())
    assert store.noted_failure(key) is None


def test_one_error_names_the_first_failure_and_counts_the_others(store: Store) -> None:
    made = diamond()
    error = run_failure(execute_graph(made, store, work=Work(b=XferError("broke"), e=XferError("too"))), made)
    assert isinstance(error, NodeFailed)
    assert str(error).startswith("train b: broke (and 1 more)")
    assert len(error.message_lines()) == 1


def test_a_run_without_failure_has_no_error(store: Store) -> None:
    made = diamond()
    assert run_failure(execute_graph(made, store, work=Work()), made) is None


def test_a_failure_whose_words_begin_like_a_mark_is_still_a_failure(store: Store) -> None:
    made = diamond()
    error = run_failure(execute_graph(made, store, work=Work(b=XferError("needs a package"))), made)
    assert error is not None
    assert "needs a package" in str(error)


def reading(store: Store, file: Path, kind: str = "data") -> Graph:
    """A node that reads an outside file, and one that needs it."""
    at = {"files": {"a.tsv": store.cached_digest(file)}}
    first = plain_node(kind, "a", {"at": {"parts": [at, {"files": {}}]}})
    return graph(first, plain_node("train", "b", {"n": "b"}, {"x": first}))


@pytest.mark.parametrize("kind", ["data", "train", "attack"])
@pytest.mark.parametrize("gone", [False, True])
def test_a_file_that_changes_while_a_node_reads_it_fails_the_node(
    kind: str, gone: bool, store: Store, tmp_path: Path
) -> None:
    file, work = tmp_path / "a.tsv", Work()
    file.write_text("one")
    status = file.stat()

    def changing(node: Node, parents: Any, folder: Path, progress: Any) -> dict[str, Any]:
        (folder / "checkpoint").mkdir()
        file.write_text("two")
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
        if gone:
            file.unlink()
        return work(node, parents, folder, progress)

    made = reading(store, file, kind)
    outcome = execute_graph(made, store, work=changing)
    (failure,) = outcome.failures.values()
    assert failure.startswith(f"{file} changed while the run that reads it was under way; nothing is stored of it")
    assert labels(made, outcome.unreached).keys() == {"b"} and not outcome.entries
    assert list((store.root / "work").iterdir()) == [] and store.finished_entries(kind) == []
    file.write_text("two")
    assert len(execute_graph(reading(store, file, kind), store, work=work).entries) == 2


def test_a_file_that_is_touched_alone_does_not_fail_a_node(store: Store, tmp_path: Path) -> None:
    file, work = tmp_path / "a.tsv", Work()
    file.write_text("one")

    def touching(*given: Any) -> dict[str, Any]:
        file.write_text("one")
        return work(*given)

    assert len(execute_graph(reading(store, file), store, work=touching).entries) == 2


def test_an_interrupt_stops_the_run_and_keeps_what_is_finished(store: Store) -> None:
    made = diamond()
    with pytest.raises(KeyboardInterrupt):
        execute_graph(made, store, work=Work(c=KeyboardInterrupt()))  # type: ignore[arg-type]
    assert [path.name for path in (store.root / "locks").iterdir() if path.name in made.nodes] == []
    work = Work()
    execute_graph(made, store, work=work)
    assert work.done == ["c", "d", "e"]


# problems that are known before


def test_a_problem_is_raised_before_any_work(store: Store) -> None:
    work = Work()
    with pytest.raises(MissingData, match="no such rows"):
        execute_graph(diamond(b=MissingData("no such rows")), store, work=work)
    assert work.done == []
    assert store.finished_entries("data") == []


def test_a_problem_of_a_finished_node_does_not_matter(store: Store) -> None:
    execute_graph(diamond(), store, work=Work())
    outcome = execute_graph(diamond(b=MissingData("gone by now")), store, work=Work())
    assert len(outcome.entries) == 5


# a full disk


def full(path: str | None = None) -> OSError:
    return OSError(errno.ENOSPC, "No space left on device", path)


def test_a_full_disk_is_one_clear_line_and_keeps_what_is_finished(store: Store) -> None:
    made = diamond()
    outcome = execute_graph(made, store, work=Work(b=full("/store/work/b")))
    error = run_failure(outcome, made)
    assert error is not None
    (line,) = error.message_lines()
    assert "the disk is full while writing /store/work/b" in line
    assert "kept" in line
    assert set(labels(made, outcome.entries)) == {"a", "c", "e"}


def test_a_disk_that_fills_up_while_a_node_is_finished_leaves_no_half_node(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xfer.core import store as stores

    made, plain = diamond(), stores.write_json

    def write(path: Path, value: Any) -> None:
        if path.name == "done.json" and "predict" in str(path):
            raise full(str(path))
        plain(path, value)

    monkeypatch.setattr(stores, "write_json", write)
    outcome = execute_graph(made, store, work=Work())
    assert list(labels(made, outcome.failures)) == ["d"]
    assert "the disk is full" in next(iter(outcome.failures.values()))
    assert store.finished_entries("predict") == []
    monkeypatch.setattr(stores, "write_json", plain)
    work = Work()
    assert execute_graph(made, store, work=work).failures == {}
    assert work.done == ["d"]


def test_a_disk_without_room_for_a_lock_is_one_clear_line(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from xfer.core import locks

    def take(path: Path, *_: object) -> None:
        raise full(str(path))

    monkeypatch.setattr(locks, "_take", take)
    made = graph(plain_node("data", "a", {}))
    outcome = execute_graph(made, store, work=Work())
    assert "the disk is full" in next(iter(outcome.failures.values()))


def test_a_store_that_may_not_be_written_names_the_folder(store: Store) -> None:
    made = graph(plain_node("data", "a", {}))
    outcome = execute_graph(made, store, work=Work(a=PermissionError(errno.EACCES, "Permission denied", "/store")))
    assert "no permission to use /store" in next(iter(outcome.failures.values()))


# damage


def test_damage_that_sizes_show_is_told_and_runs_nothing_on_it(store: Store) -> None:
    made = diamond()
    entry = next(iter(execute_graph(graph(next(iter(made.nodes.values()))), store, work=Work()).entries.values()))
    (entry.out / "made.json").write_text("")
    work = Work()
    outcome = execute_graph(made, store, work=work)
    assert work.done == ["e"]
    assert str(entry.path) in labels(made, outcome.failures)["a"]
    assert labels(made, outcome.unreached)["b"] == "needs data a, which failed"


def test_damage_that_only_contents_show_is_found_before_it_is_used(store: Store) -> None:
    made = diamond()
    entry = next(iter(execute_graph(graph(next(iter(made.nodes.values()))), store, work=Work()).entries.values()))
    (entry.out / "made.json").write_text('"b"')
    work = Work()
    outcome = execute_graph(made, store, work=work)
    assert work.done == ["e"]
    assert str(entry.path) in labels(made, outcome.failures)["b"]


@pytest.mark.parametrize(("deleted", "made_again"), [(["b"], []), (["b", "d"], ["b", "d"]), (["d"], ["d"])])
def test_a_deleted_node_is_made_again_where_something_that_is_not_there_needs_it(
    deleted: list[str], made_again: list[str], store: Store
) -> None:
    made = diamond()
    entries = labels(made, execute_graph(made, store, work=Work()).entries)
    runs_again = Work()
    for label in deleted:
        subprocess.run(["rm", "-r", str(entries[label].path)], check=True)
    assert execute_graph(made, store, work=runs_again).failures == {}
    assert runs_again.done == made_again


# others at work


def test_a_node_that_another_holds_is_waited_for_while_the_rest_runs(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "WAIT", 0.01)
    made, told, work = diamond(), Told(), Work()
    keys = {node.label: node.key for node in made.nodes.values()}
    held, release = threading.Event(), threading.Event()

    def other() -> None:
        with store.work_folder("train", keys["b"], {"label": "b"}) as folder:
            store.note_progress(keys["b"], {"done": 1, "total": 4})
            held.set()
            release.wait(20)
            for _ in range(2000):
                if "on_remote_progress b" in told.heard:
                    break
                time.sleep(0.01)
            (folder / "out" / "made.json").write_text('"other"')

    holder = threading.Thread(target=other)
    execute_graph(graph(next(iter(made.nodes.values()))), store, work=work)
    holder.start()
    held.wait(20)
    work.errors = {}
    plain = Work.__call__

    def watched(node: Node, *rest: Any) -> dict[str, Any]:
        if node.label == "e":
            release.set()
        return plain(work, node, *rest)

    outcome = execute_graph(made, store, told, work=watched)
    holder.join()
    assert work.done == ["a", "c", "e", "d"]
    assert outcome.entries[keys["b"]].read("made.json") == "other"
    assert told.heard.count("on_waiting b") == 1
    assert "on_remote_progress b" in told.heard
    assert "on_started b" not in told.heard


def test_two_processes_on_one_graph_run_each_node_once(store: Store) -> None:
    program = dedent("""
        import json, sys, time
        from pathlib import Path
        from xfer.graph.jobs import WorldJob
        from xfer.graph.node import Graph, Node
        from xfer.execution.walk import execute_graph
        from xfer.core.store import Store
        done = []
        def work(node, parents, folder, progress):
            done.append(node.label)
            time.sleep(0.01)
            (folder / "out" / "x").write_text(node.label)
            return {}
        graph = Graph(None)
        for i in range(12):
            a, b, c = (WorldJob(label=f"{name}{i}", version=i, parts=(name,)) for name in "abc")
            first = graph.add_node(Node(a))
            second = graph.add_node(Node(b, {"x": first}))
            graph.add_node(Node(c, {"x": second, "y": first}))
        print("ready", flush=True)
        sys.stdin.readline()
        outcome = execute_graph(graph, Store(Path(sys.argv[1])), work=work)
        print(json.dumps([done, len(outcome.entries), outcome.failures]))
    """)
    command = [sys.executable, "-c", program, str(store.root)]
    both = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for process in both:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    for process in both:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    found = [json.loads(process.communicate(timeout=60)[0]) for process in both]
    assert sorted(found[0][0] + found[1][0]) == sorted(f"{kind}{i}" for kind in "abc" for i in range(12))
    assert found[0][0] and found[1][0]
    assert [rest for _, *rest in found] == [[36, {}], [36, {}]]


# asking the hub


def test_a_hub_that_does_not_answer_is_answered_from_memory(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from xfer.readers import hub

    monkeypatch.setattr(hub, "repository_commit", lambda name, kind: "c1")
    before = open_graph(RECIPE, store)

    def gone(name: str, kind: str) -> str:
        raise HubUnreachable("cannot reach")

    monkeypatch.setattr(hub, "repository_commit", gone)
    after = open_graph(RECIPE, Store(store.root))
    assert set(after.nodes) == set(before.nodes)
    fresh = open_graph(RECIPE, Store(store.root / "other"))
    assert {str(node.problem) for node in fresh.nodes.values() if node.kind == "data"} == {"cannot reach"}


def test_an_outcome_says_what_came_of_each_node(store: Store) -> None:
    made = diamond()
    outcome = execute_graph(made, store, work=Work(b=ValueError("x")))
    assert isinstance(outcome, Outcome)
    parts = [set(outcome.entries), set(outcome.failures), set(outcome.unreached)]
    assert set.union(*parts) == set(made.nodes)
    assert sum(map(len, parts)) == len(made.nodes)
