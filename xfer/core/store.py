"""The store: a folder of finished nodes, each under the hash that names it.

``nodes/<kind>/<key>``  finished: ``out/``, ``log.jsonl``, ``node.json`` and ``done.json`` (sizes and digests)
``work/<kind>-<key>``   under way: becomes the finished folder by one rename; survives a kill for resume
``locks/<key>``         who works on it, touched every few seconds
``failed/<key>.json``   why the last attempt failed
``progress/<key>.json`` how far a worker is with it, for those that wait
``facts.json``          digests of outside files and hub commits, so that nothing is asked or hashed twice

Standard library only; knows nothing of what a node does.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from xfer.core.errors import StoreDamaged
from xfer.core.files import FileDigest, file_digest, file_stamp
from xfer.core.locks import Busy, SeenLock, held_lock

V = TypeVar("V")
CHECKPOINT = "checkpoint"  # the folder of work under way that no finished node has
IMPORTED = "imported.json"  # beside done.json: where a node came from that was not made here
TICK = 2_000_000_000  # nanoseconds: two changes within them may bear the same time on some file systems


class Entry(NamedTuple):
    """A finished node."""

    kind: str
    key: str
    path: Path

    @property
    def out(self) -> Path:
        """The folder of results."""
        return self.path / "out"

    def read(self, name: str) -> Any:
        """A JSON file of the results. Raises StoreDamaged."""
        return _read_json(self.out / name, self)

    def node_record(self) -> dict[str, Any]:
        """What was recorded when the node was made: what was hashed, versions, host, time. Raises StoreDamaged."""
        return dict(_read_json(self.path / "node.json", self))

    def origin(self) -> str | None:
        """Where an imported node came from; None of one that was made here."""
        path = self.path / IMPORTED
        return str(_read_json(path, self).get("from", "")) if path.is_file() else None

    def verify_files(self, contents: bool = False) -> None:
        """Raises StoreDamaged unless every file has its size (with ``contents``, its digest), and no other is there."""
        manifest = _manifest(self)
        for name in _file_names(self.path) - manifest.keys():
            raise damage_error(self, f"{name} is there, and was not written by xfer")
        for name, (size, written) in manifest.items():
            file = self.path / name
            actual_size = file.stat().st_size if file.is_file() else None
            if actual_size != size:
                raise damage_error(
                    self, f"{name} has {'gone' if actual_size is None else f'{actual_size} bytes'}, {size} were written"
                )
            if contents and file_digest(file) != written:
                raise damage_error(self, f"{name} is not what was written")


def _file_names(folder: Path) -> set[str]:
    """The files of a finished node; not the manifest itself, nor what is left of a checkpoint that a kill left."""
    files = (Path(place, name).relative_to(folder) for place, _, names in os.walk(folder) for name in names)
    return {file.as_posix() for file in files if file.parts[0] != CHECKPOINT} - {"done.json"}


def _manifest(entry: Entry) -> dict[str, tuple[int, str]]:
    """Size and digest of every file of a finished node."""
    done = _read_json(entry.path / "done.json", entry)
    try:
        return {str(name): (int(size), str(written)) for name, (size, written) in done["files"].items()}
    except (KeyError, TypeError, ValueError, AttributeError):
        raise damage_error(entry, "done.json does not list its files") from None


def damage_error(entry: Entry, what: str) -> StoreDamaged:
    """The one line for a finished entry that cannot be trusted."""
    remedy = f"delete {entry.path} and run the same command: only what needs it is computed again"
    return StoreDamaged(f"store entry {entry.kind} {entry.key[:6]} is damaged: {what}; {remedy}")


class Store:
    """Finished and unfinished nodes under one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._facts: dict[str, Any] | None = None
        self._watched: dict[Path, SeenLock] = {}  # locks of elsewhere, as this process last saw them change

    def find(self, kind: str, key: str) -> Entry | None:
        """The finished node, or None. Raises StoreDamaged if its files are not all there."""
        entry = Entry(kind, key, self.root / "nodes" / kind / key)
        if not (entry.path / "done.json").is_file():
            return None
        entry.verify_files()
        return entry

    def holds(self, kind: str, key: str) -> bool:
        """Whether a node is finished, without a look at its files."""
        return (self.root / "nodes" / kind / key / "done.json").is_file()

    def adopt(self, entry: Entry, origin: str) -> None:
        """Takes a finished node of elsewhere in, and marks it with where it came from."""
        with self.work_folder(entry.kind, entry.key, {}) as folder:
            if folder.name != "finished elsewhere":
                shutil.rmtree(folder)
                shutil.copytree(entry.path, folder)
                write_json(folder / IMPORTED, {"from": origin})

    def finished_entries(self, kind: str) -> list[Entry]:
        """All finished nodes of a kind, sorted by key."""
        folder = self.root / "nodes" / kind
        folders = sorted(folder.iterdir()) if folder.is_dir() else []
        return [Entry(kind, path.name, path) for path in folders if (path / "done.json").is_file()]

    @contextmanager
    def work_folder(self, kind: str, key: str, node: dict[str, Any]) -> Iterator[Path]:
        """A folder to fill; on a clean exit it becomes the finished node, on an error it stays for resume.

        Raises Busy if another live process holds the node.
        """
        with held_lock(self.root / "locks" / key, self._watched) as is_held:
            folder = self.root / "work" / f"{kind}-{key}"
            if not (self.root / "nodes" / kind / key / "done.json").is_file():
                (folder / "out").mkdir(parents=True, exist_ok=True)
                yield folder
                if not is_held():
                    raise Busy("another process, which took over while this one was suspended")
                self._finish(kind, key, folder, node)
            else:
                yield folder / "finished elsewhere"

    def _finish(self, kind: str, key: str, folder: Path, node: dict[str, Any]) -> None:
        """Makes a work folder the finished node. Its checkpoint goes last: a kill on the way leaves either."""
        if not (folder / IMPORTED).is_file():  # whose record is that of who made it
            write_json(folder / "node.json", node)
        files = {}
        for file in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "done.json"):
            if file.relative_to(folder).parts[0] == CHECKPOINT:
                continue
            files[file.relative_to(folder).as_posix()] = (file.stat().st_size, file_digest(file))
            flush_to_disk(file)
        write_json(folder / "done.json", {"files": files})
        target = self.root / "nodes" / kind / key
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():  # without done.json: left by hand
            shutil.rmtree(target)
        folder.rename(target)
        flush_to_disk(target.parent)
        shutil.rmtree(target / CHECKPOINT, ignore_errors=True)
        self.failure_path(key).unlink(missing_ok=True)

    def note_progress(self, key: str, progress: dict[str, Any] | None) -> None:
        """Says how far a node is, for other processes that wait for it; None takes it back. Best effort."""
        path = self.root / "progress" / f"{key}.json"
        with suppress(OSError):
            if progress is None:
                path.unlink(missing_ok=True)
                return
            path.parent.mkdir(parents=True, exist_ok=True)
            write_json(path, progress)

    def noted_progress(self, key: str) -> dict[str, Any] | None:
        """What ``note`` said last, if anything."""
        with suppress(OSError, ValueError):
            return dict(json.loads((self.root / "progress" / f"{key}.json").read_text()))
        return None

    def note_failure(self, key: str, record: dict[str, Any]) -> None:
        """Keeps why a node failed; best effort, since the disk may be what failed."""
        with suppress(OSError):
            write_json(self.failure_path(key), record)

    def failure_path(self, key: str) -> Path:
        return self.root / "failed" / f"{key}.json"

    def noted_failure(self, key: str) -> dict[str, Any] | None:
        """Why the node failed last, or None."""
        path = self.failure_path(key)
        with suppress(OSError, ValueError):
            return dict(json.loads(path.read_text()))
        return None

    def cached_digest(self, path: Path) -> FileDigest:
        """The digest of an outside file, kept for as long as its stamp stays as it is. Raises OSError.

        It is not kept where the file has changed just now, or while it was hashed: a further change could bear the
        same time.
        """
        stamp, name = file_stamp(path), str(path.resolve())
        cached = self.recall_fact("digests", name)
        if isinstance(cached, list) and cached[:-1] == list(stamp):
            return FileDigest.of(str(cached[-1]), path)
        taken = file_digest(path)
        settled = time.time_ns() - stamp.changed > TICK
        if settled and file_stamp(path) == stamp:
            self.remember_fact("digests", name, [*stamp, taken])
        return FileDigest.of(taken, path)

    def recall_fact(self, group: str, name: str) -> Any:
        """A kept fact, or None."""
        if self._facts is None:
            self._facts = {}
            with suppress(OSError, ValueError):
                facts = json.loads((self.root / "facts.json").read_text())
                if isinstance(facts, dict) and all(isinstance(group, dict) for group in facts.values()):
                    self._facts = facts
        return self._facts.get(group, {}).get(name)

    def remember_fact(self, group: str, name: str, value: V) -> V:
        """Keeps a fact and returns it; a read-only store still works, it only asks again."""
        if self.recall_fact(group, name) != value and self._facts is not None:
            self._facts.setdefault(group, {})[name] = value
            with suppress(OSError):
                write_json(self.root / "facts.json", self._facts)
        return value


def write_json(path: Path, value: object, sort: bool = True) -> None:
    """Writes JSON aside, flushes it to the disk and renames it: readers see the old or the new file, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            json.dump(value, file, ensure_ascii=False, indent=1, sort_keys=sort)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
    finally:
        temporary.unlink(missing_ok=True)


def _read_json(path: Path, entry: Entry) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise damage_error(entry, f"{path.name} cannot be read ({error})") from None


def flush_to_disk(path: Path) -> None:
    """Has a file, or the names in a folder, written before the machine may lose power."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
