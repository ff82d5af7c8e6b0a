"""Outside files: what tells that one has changed, and digests that know their file. Standard library only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple


class FileStamp(NamedTuple):
    """What the file system says of a file. Programs may keep size and ``modified`` over a change of the content, as
    ``touch -r`` and ``rsync --inplace`` do; ``changed`` is the kernel's own and moves all the same."""

    size: int
    modified: int  # nanoseconds
    changed: int  # nanoseconds
    inode: int


def file_stamp(path: Path) -> FileStamp:
    """The stamp of a file. Raises OSError where it is not there."""
    status = path.stat()
    return FileStamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


class FileDigest(str):
    """The digest of an outside file's bytes, which knows of which."""

    path: Path

    @classmethod
    def of(cls, digest: str, path: Path) -> FileDigest:
        found = cls(digest)
        found.path = path
        return found


def file_digest(path: Path) -> str:
    """blake2b of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        state = blake2b(digest_size=16)
        while chunk := file.read(1 << 20):
            state.update(chunk)
    return state.hexdigest()


def digests_in(job: object) -> Iterator[FileDigest]:
    """The digests of outside files in plain data."""
    if isinstance(job, FileDigest):
        yield job
    elif isinstance(job, Mapping):
        for value in job.values():
            yield from digests_in(value)
    elif isinstance(job, list | tuple):
        for value in job:
            yield from digests_in(value)


def changed_files(job: object, digest: Callable[[Path], str]) -> list[Path]:
    """The outside files of a job that are not what they were when it was made."""
    return [known.path for known in digests_in(job) if _now(known.path, digest) != known]


def _now(path: Path, digest: Callable[[Path], str]) -> str | None:
    try:
        return digest(path)
    except OSError:
        return None
