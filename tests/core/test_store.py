"""The store: finished or not there, locked, and honest about damage."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from textwrap import dedent

import pytest

from xfer.core import locks
from xfer.core import store as stores
from xfer.core.errors import StoreDamaged
from xfer.core.locks import Busy
from xfer.core.store import Entry, Store

KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def done(store: Store) -> Entry:
    """A finished node that holds one file of text and one of JSON."""
    return finish(store)


def finish(store: Store, key: str = KEY, kind: str = "data") -> Entry:
    with store.work_folder(kind, key, {"label": "a node"}) as folder:
        (folder / "out" / "rows.txt").write_text("some rows\n")
        (folder / "out" / "size.json").write_text('{"rows": 1}')
    found = store.find(kind, key)
    assert found is not None
    return found


def lock(store: Store, text: str, age: float = 0) -> Path:
    """A lock file that someone else left."""
    path = store.root / "locks" / KEY
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (time.time() - age,) * 2)
    return path


def run(program: str, *words: object) -> subprocess.Popen[str]:
    """A Python process that runs ``program``; its input and output are pipes."""
    command = [sys.executable, "-c", dedent(program), *map(str, words)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


# finishing


def test_nothing_is_there_before_it_is_finished(store: Store) -> None:
    with store.work_folder("data", KEY, {}) as folder:
        (folder / "out" / "rows.txt").write_text("x")
        assert store.find("data", KEY) is None
        assert store.finished_entries("data") == []
    assert store.find("data", KEY) == Entry("data", KEY, store.root / "nodes" / "data" / KEY)


def test_a_finished_node_holds_its_results_and_its_record(done: Entry) -> None:
    assert (done.out / "rows.txt").read_text() == "some rows\n"
    assert done.read("size.json") == {"rows": 1}
    assert json.loads((done.path / "node.json").read_text()) == {"label": "a node"}
    done.verify_files(contents=True)


def test_what_is_added_to_the_record_during_the_work_is_kept(store: Store) -> None:
    record: dict[str, object] = {}
    with store.work_folder("data", KEY, record):
        record["seconds"] = 3
    assert json.loads((store.root / "nodes" / "data" / KEY / "node.json").read_text()) == {"seconds": 3}


def test_finishing_leaves_no_work_folder_no_lock_and_no_checkpoint(store: Store) -> None:
    with store.work_folder("train", KEY, {}) as folder:
        (folder / "checkpoint").mkdir()
        (folder / "checkpoint" / "weights").write_text("x")
    entry = store.find("train", KEY)
    assert entry is not None
    assert not (entry.path / "checkpoint").exists()
    assert list((store.root / "work").iterdir()) == []
    assert not (store.root / "locks" / KEY).exists()


def test_an_error_leaves_the_work_for_resume(store: Store) -> None:
    with pytest.raises(ValueError, match="stop"), store.work_folder("data", KEY, {}) as folder:
        (folder / "half").write_text("x")
        raise ValueError("stop")
    assert store.find("data", KEY) is None
    assert not (store.root / "locks" / KEY).exists()
    with store.work_folder("data", KEY, {}) as folder:
        assert (folder / "half").read_text() == "x"


def test_a_node_is_not_worked_on_twice(store: Store, done: Entry) -> None:
    before = (done.path / "done.json").stat().st_mtime_ns
    with store.work_folder("data", KEY, {"label": "again"}) as folder:
        assert not folder.exists()
    assert (done.path / "done.json").stat().st_mtime_ns == before


def test_nodes_of_other_kinds_are_apart(store: Store, done: Entry) -> None:
    assert store.find("train", KEY) is None
    assert store.finished_entries("train") == []


def test_entries_are_sorted_and_only_finished_ones(store: Store) -> None:
    finish(store, "b" * 32)
    finish(store, "a" * 32)
    (store.root / "nodes" / "data" / ("c" * 32)).mkdir()
    assert [entry.key for entry in store.finished_entries("data")] == ["a" * 32, "b" * 32]


def test_a_folder_without_done_is_not_finished_and_is_replaced(store: Store, done: Entry) -> None:
    (done.path / "done.json").unlink()
    (done.path / "out" / "rows.txt").write_text("left by hand")
    assert store.find("data", KEY) is None
    assert (finish(store).out / "rows.txt").read_text() == "some rows\n"


# kills

WORKER = """
    import sys, time
    from pathlib import Path
    from xfer.core.store import Store
    with Store(Path(sys.argv[1])).work_folder("data", sys.argv[2], {}) as folder:
        (folder / "out" / "rows.txt").write_text("half")
        print("begun", flush=True)
        time.sleep(60)
"""


def test_a_kill_in_the_middle_leaves_no_finished_node_and_frees_it_at_once(store: Store) -> None:
    worker = run(WORKER, store.root, KEY)
    assert worker.stdout is not None and worker.stdout.readline() == "begun\n"
    with pytest.raises(Busy, match=str(worker.pid)), store.work_folder("data", KEY, {}):
        pass
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    assert store.find("data", KEY) is None
    assert (store.root / "locks" / KEY).is_file()
    start = time.monotonic()
    with store.work_folder("data", KEY, {}) as folder:
        assert (folder / "out" / "rows.txt").read_text() == "half"
        (folder / "out" / "rows.txt").write_text("whole")
    assert (
        time.monotonic() - start < locks.STALE_AFTER
    )  # a slow disk may take seconds, a lock of another machine this long
    assert (store.root / "nodes" / "data" / KEY / "out" / "rows.txt").read_text() == "whole"


def test_a_kill_at_any_moment_leaves_whole_nodes_only(store: Store) -> None:
    worker_program = """
        import sys
        from pathlib import Path
        from xfer.core.store import Store
        store = Store(Path(sys.argv[1]))
        for i in range(100_000):
            with store.work_folder("data", f"{i:032x}", {"i": i}) as folder:
                if folder.name != "finished elsewhere":
                    (folder / "out" / "a").write_bytes(b"x" * 100_000)
                    (folder / "out" / "b").write_bytes(b"y" * 100_000)
            print(i, flush=True)
    """
    random = Random(0)
    for _ in range(4):
        worker = run(worker_program, store.root)
        assert worker.stdout is not None and worker.stdout.readline()
        time.sleep(random.random() / 5)
        worker.send_signal(signal.SIGKILL)
        worker.communicate()
        entries = store.finished_entries("data")
        assert entries
        for entry in entries:
            entry.verify_files(contents=True)
            assert {path.name for path in entry.out.iterdir()} == {"a", "b"}


# locks


def test_a_live_holder_keeps_its_node(store: Store) -> None:
    with (
        store.work_folder("data", KEY, {}),
        pytest.raises(Busy, match=str(os.getpid())),
        store.work_folder("data", KEY, {}),
    ):
        pass


def test_a_node_beside_a_locked_one_is_free(store: Store) -> None:
    with store.work_folder("data", KEY, {}), store.work_folder("data", "b" * 32, {}):
        assert len(list((store.root / "locks").glob("[!.]*"))) == 2


def test_a_dead_process_loses_its_lock_at_once(store: Store) -> None:
    gone = run("pass")
    gone.communicate()
    lock(store, f"{locks.process_space()} {gone.pid} 12345 1")
    assert finish(store).key == KEY


def test_a_number_that_another_process_got_is_no_holder(store: Store) -> None:
    lock(store, f"{locks.process_space()} {os.getpid()} 1 1")
    assert finish(store).key == KEY


def test_a_zombie_is_no_holder(store: Store) -> None:
    worker = run(WORKER, store.root, KEY)
    assert worker.stdout is not None and worker.stdout.readline() == "begun\n"
    os.kill(worker.pid, signal.SIGKILL)
    os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOWAIT)  # dead, but not reaped
    finish(store)
    worker.communicate()


def test_another_machine_keeps_its_node_while_its_heart_beats(store: Store) -> None:
    path = lock(store, "elsewhere 1 2 3", age=locks.STALE_AFTER / 2)
    with pytest.raises(Busy, match="elsewhere"), store.work_folder("data", KEY, {}):
        pass
    assert path.read_text() == "elsewhere 1 2 3"


@pytest.mark.parametrize(
    "holder", ["elsewhere 1 2 3", "", "SPACE nonsense x y", "HOST/another-boot/pid:[1] PID START 1", "HOST PID START 1"]
)
@pytest.mark.parametrize("age", [0, 10 * locks.STALE_AFTER, -10 * locks.STALE_AFTER])  # whatever clock that bears
def test_another_place_loses_its_node_once_its_heart_stands_still_for_as_long_as_we_wait(
    holder: str, age: float, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = {"SPACE": locks.process_space(), "HOST": locks.socket.gethostname(), "PID": str(os.getpid())}
    for word, value in (words | {"START": locks._start_time(os.getpid())}).items():
        holder = holder.replace(word, value)
    path, now = lock(store, holder, age=age), time.monotonic()

    def is_taken(seconds: float) -> bool:
        monkeypatch.setattr(locks.time, "monotonic", lambda: now + seconds)
        try:
            with store.work_folder("data", KEY, {}):
                return True
        except Busy:
            return False

    assert not is_taken(0) and not is_taken(locks.STALE_AFTER - 1)
    os.utime(path, (1, 1))  # a sign of life
    assert not is_taken(locks.STALE_AFTER + 1) and not is_taken(2 * locks.STALE_AFTER)
    assert is_taken(2 * locks.STALE_AFTER + 2)
    assert [path.name for path in (store.root / "locks").iterdir() if not path.name.startswith(".guard")] == []


def test_the_heart_beats_while_work_goes_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "HEARTBEAT", 0.02)
    path = store.root / "locks" / KEY
    with store.work_folder("data", KEY, {}):
        os.utime(path, (0, 0))
        deadline = time.monotonic() + 10
        while path.stat().st_mtime == 0 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert time.time() - path.stat().st_mtime < 60


def test_a_lock_that_was_taken_over_is_left_to_its_new_holder(store: Store) -> None:
    path = store.root / "locks" / KEY
    with pytest.raises(Busy), store.work_folder("data", KEY, {}):
        path.write_text("elsewhere 1 2 3")
    assert path.read_text() == "elsewhere 1 2 3"
    assert store.find("data", KEY) is None  # what a suspended process made is not taken for finished


def test_two_processes_that_race_for_a_node_run_it_once(store: Store) -> None:
    program = """
        import sys, time
        from pathlib import Path
        from xfer.core.locks import Busy
        from xfer.core.store import Store
        store, ran = Store(Path(sys.argv[1])), 0
        print("ready", flush=True)
        sys.stdin.readline()
        for i in range(20):
            key = f"{i:032x}"
            while store.find("data", key) is None:
                try:
                    with store.work_folder("data", key, {}) as folder:
                        if folder.name != "finished elsewhere":
                            ran += 1
                            time.sleep(0.005)
                            (folder / "out" / "x").write_text(sys.argv[2])
                except Busy:
                    time.sleep(0.001)
        print(ran)
    """
    racers = [run(program, store.root, name) for name in ("one", "two", "three")]
    for racer in racers:
        assert racer.stdout is not None and racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    ran = [int(racer.communicate(timeout=60)[0]) for racer in racers]
    assert sum(ran) == 20
    assert len(store.finished_entries("data")) == 20
    for entry in store.finished_entries("data"):
        entry.verify_files(contents=True)


# damage


def damage(change: Callable[[Path], None], name: str) -> Callable[[Entry], None]:
    return lambda entry: change(entry.path / name)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def flip(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[0] ^= 1
    path.write_bytes(raw)


SEEN = {
    "cut file": damage(cut, "out/rows.txt"),
    "deleted file": damage(Path.unlink, "out/rows.txt"),
    "cut record": damage(cut, "node.json"),
    "folder in a file's place": damage(lambda path: (path.unlink(), path.mkdir())[1], "out/rows.txt"),
    "cut list": damage(cut, "done.json"),
    "list that is no list": damage(lambda path: path.write_text("{}") and None, "done.json"),
    "list that is null": damage(lambda path: path.write_text("null") and None, "done.json"),
    "list of other things": damage(
        lambda path: path.write_text('{"files": {"out/rows.txt": 3}}') and None, "done.json"
    ),
    "list that is not text": damage(lambda path: path.write_bytes(b"\xff\xfe") and None, "done.json"),
}


@pytest.mark.parametrize("name", SEEN)
def test_damage_is_told_with_the_path_when_a_node_is_looked_for(name: str, store: Store, done: Entry) -> None:
    SEEN[name](done)
    with pytest.raises(StoreDamaged) as caught:
        store.find("data", KEY)
    assert str(done.path) in str(caught.value)
    assert "delete" in str(caught.value)
    assert len(caught.value.message_lines()) == 1


@pytest.mark.parametrize("name", ["out/rows.txt", "out/size.json", "node.json"])
def test_a_flipped_bit_is_found_by_the_look_at_contents(name: str, store: Store, done: Entry) -> None:
    flip(done.path / name)
    assert store.find("data", KEY) is not None
    with pytest.raises(StoreDamaged, match=f"{name} is not what was written"):
        done.verify_files(contents=True)


@pytest.mark.parametrize("text", ["", "{", '{"rows": 1', "\x00"])
def test_results_that_are_no_json_are_damage(text: str, done: Entry) -> None:
    (done.out / "size.json").write_text(text)
    with pytest.raises(StoreDamaged, match=r"size\.json cannot be read"):
        done.read("size.json")


def test_results_that_are_gone_are_damage(done: Entry) -> None:
    with pytest.raises(StoreDamaged, match="gone"):
        done.read("gone.json")


def test_what_was_deleted_as_told_is_not_there(store: Store, done: Entry) -> None:
    stores.shutil.rmtree(done.path)
    assert store.find("data", KEY) is None


# failures and facts


def test_a_failure_is_kept_and_forgotten_when_the_node_is_finished(store: Store) -> None:
    assert store.noted_failure(KEY) is None
    store.note_failure(KEY, {"error": "it broke"})
    assert store.noted_failure(KEY) == {"error": "it broke"}
    finish(store)
    assert store.noted_failure(KEY) is None


def test_a_failure_that_cannot_be_kept_is_no_error(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(stores, "write_json", full)
    store.note_failure(KEY, {"error": "it broke"})
    assert store.noted_failure(KEY) is None


def test_a_fact_is_remembered_by_the_next_store(store: Store) -> None:
    assert store.recall_fact("commits", "a") is None
    assert store.remember_fact("commits", "a", "1") == "1"
    assert Store(store.root).recall_fact("commits", "a") == "1"
    assert Store(store.root).recall_fact("digests", "a") is None


@pytest.mark.parametrize("text", ["{", "[]", "null", '{"commits": 3}', "\udcff"])
def test_facts_that_cannot_be_read_are_asked_again(text: str, store: Store) -> None:
    store.root.mkdir()
    (store.root / "facts.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert store.recall_fact("commits", "a") is None
    assert store.remember_fact("commits", "a", "1") == "1"
    assert Store(store.root).recall_fact("commits", "a") == "1"


def test_a_store_that_cannot_be_written_still_answers(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(stores, "write_json", denied)
    assert store.remember_fact("commits", "a", "1") == "1"
    assert store.recall_fact("commits", "a") == "1"


def test_a_digest_follows_the_contents_and_is_not_taken_twice(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, taken, plain = tmp_path / "f", [], stores.file_digest
    monkeypatch.setattr(stores, "file_digest", lambda path: taken.append(path) or plain(path))
    monkeypatch.setattr(stores, "TICK", -1)
    file.write_text("a")
    first = store.cached_digest(file)
    assert store.cached_digest(file) == Store(store.root).cached_digest(file) == first
    assert len(taken) == 1
    file.write_text("bb")
    assert store.cached_digest(file) != first


def test_a_digest_follows_a_change_that_keeps_size_and_time(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "TICK", -1)
    file = tmp_path / "f"
    file.write_text("pos neg")
    before, status = store.cached_digest(file), file.stat()
    file.write_text("neg pos")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (status.st_size, status.st_mtime_ns)
    assert store.cached_digest(file) != before
    other = tmp_path / "g"
    other.write_text("pos neg")
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.rename(file)  # another file in its place
    assert store.cached_digest(file) == before


def test_a_file_that_has_just_changed_is_hashed_again(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two changes within one tick of the clock bear the same time."""
    file, still = tmp_path / "f", stores.file_stamp(Path(__file__))
    monkeypatch.setattr(stores, "file_stamp", lambda path: still._replace(changed=time.time_ns()))
    for text in ("a", "b", "c"):
        file.write_text(text)
        assert store.cached_digest(file) == stores.file_digest(file)


def test_a_file_that_changes_while_it_is_hashed_is_hashed_again(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, plain, first = tmp_path / "f", stores.file_digest, stores.file_stamp
    file.write_text("a")

    def changing(path: Path) -> str:
        found = plain(path)
        path.write_text("b")
        return found

    monkeypatch.setattr(stores, "TICK", -1)
    monkeypatch.setattr(stores, "file_digest", changing)
    before = store.cached_digest(file)
    monkeypatch.setattr(stores, "file_digest", plain)
    assert first(file).size == 1 and store.cached_digest(file) == plain(file) != before


def test_a_digest_knows_its_file_and_is_plain_text_otherwise(store: Store, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    found = store.cached_digest(tmp_path / "f")
    assert found.path == tmp_path / "f" and json.dumps([found]) == f'["{found!s}"]'
    again = pickle.loads(pickle.dumps(found))
    assert (again, again.path) == (found, found.path)


def test_a_digest_is_blake2b_of_the_bytes(store: Store, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    assert store.cached_digest(tmp_path / "f") == "cf4ab791c62b8d2b2109c90275287816"


def test_json_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    stores.write_json(path, {"b": 1, "a": "é"})
    assert path.read_text(encoding="utf-8") == '{\n "a": "é",\n "b": 1\n}'
    with pytest.raises(TypeError):
        stores.write_json(path, {"a": object()})
    assert json.loads(path.read_text()) == {"a": "é", "b": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]


def test_a_file_that_nobody_wrote_is_noticed_and_the_rest_of_a_checkpoint_is_not(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.work_folder("train", "k", {}) as folder:
        (folder / "out" / "made.json").write_text("{}")
        (folder / "checkpoint" / "step-1").mkdir(parents=True)
        (folder / "checkpoint" / "step-1" / "state.json").write_text("{}")
    entry = store.find("train", "k")
    assert entry is not None and not (entry.path / "checkpoint").exists()
    (entry.path / "checkpoint").mkdir()  # a kill between the last two steps leaves it
    (entry.path / "checkpoint" / "state.json").write_text("{}")
    assert store.find("train", "k") == entry
    (entry.out / "adapter_config.json").write_text("{}")
    with pytest.raises(StoreDamaged, match=r"out/adapter_config\.json is there, and was not written by xfer"):
        store.find("train", "k")
