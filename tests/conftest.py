"""What every test may use: a folder of its own, the command line in this process, and the real data."""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import settings

from xfer.cli import main
from xfer.text import segment

# the modules that tests write, and recipes of tests name; the processes that tests start inherit it
OWN_MODULES = (
    *("bare_reader", "dotted", "gone", "plugged", "roofs_search", "test_dev_sets", "test_retrieval_end_to_end"),
    *("test_sheet", "worst_search"),
)
os.environ["XFER_INCLUDE"] = ",".join(OWN_MODULES)

settings.register_profile("untimed", deadline=None)  # a test that is slow on a busy machine is not wrong
settings.load_profile("untimed")


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Tiny tensors gain nothing from threads, and on a busy machine wait long for each other.

    A module that has not loaded torch (which takes seconds) is left without it.
    """
    torch = sys.modules.get("torch")
    threads = torch.get_num_threads() if torch else 0
    if torch:
        torch.set_num_threads(1)
    yield
    if torch:
        torch.set_num_threads(threads)


@pytest.fixture(scope="module", autouse=True)
def known_objects() -> None:
    """What the imported libraries and the modules before left behind, millions of objects, is not searched again and
    again for garbage: that took more than half of the time of tests that make many small things."""
    gc.freeze()


@pytest.fixture(scope="module", autouse=True)
def pieces() -> Iterator[None]:
    """Scripts without spaces are cut into pieces, whatever segmenter is installed: its own tests take it."""
    found, segment._segmenter = segment._segmenter, lambda: (segment.PIECES, None)
    segment.word_ends.cache_clear()
    yield
    segment._segmenter = found
    segment.word_ends.cache_clear()


class Result(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, with no variable that points elsewhere."""
    for name in ("XFER_DATA", "XFER_HUB", "XFER_STORE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def write(folder: Path) -> Callable[..., Path]:
    """Writes a file of the working folder; returns its path relative to it."""

    def write(name: str, text: str | bytes) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        return Path(name)

    return write


@pytest.fixture
def xfer(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """``xfer(*words)`` runs the command line in this process; an error without a cause raises."""

    def run(*words: object) -> Result:
        monkeypatch.setattr(sys, "argv", ["xfer", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        return Result(int(left.value.code or 0), *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def real() -> Path:
    """The folder of real data; skips where there is none."""
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "xfer-data"
    found = Path(os.environ.get("XFER_DATA") or default)
    if not found.is_dir():
        pytest.skip(f"no real data: {found} is not a folder (../shared/data/unpack makes it)")
    return found


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--whole", action="store_true", help="tests that take a sample of many cases take all of them")
