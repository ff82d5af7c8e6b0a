"""Exact nearest neighbours against faiss's IndexFlatIP on two cores: BUCC's size by default, four neighbours.

Both sides search the same vectors in fresh processes, in turns; the time is that of the search alone. The vectors share
a strong common direction, as those of a raw encoder do. faiss is taken from this interpreter, else installed into a
venv of its own; where neither works, the comparison is skipped and says why.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import numpy as np
from common import summary, turns

THREADS = "2"
OURS = """
from xfer.metrics.retrieval import top_k
search = lambda x, y, k: top_k(x, y, k)[1]
"""
PEER = """
import faiss
def search(x, y, k):
    index = faiss.IndexFlatIP(x.shape[1])
    index.add(y)
    return index.search(x, k)[1]
"""
CHILD = """
import json, sys, time
from pathlib import Path
import numpy as np
folder, k = sys.argv[1], int(sys.argv[2])
x, y = np.load(folder + "/x.npy"), np.load(folder + "/y.npy")
def peak():
    text = Path("/proc/self/status").read_text() if Path("/proc/self/status").exists() else "VmHWM: 0"
    return int(text.partition("VmHWM:")[2].split()[0]) / 1024
before = peak()
start = time.perf_counter()
found = search(x, y, k)
seconds = time.perf_counter() - start
np.save(sys.argv[3], found)
print(json.dumps([seconds, peak() - before]))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=40_000)
    parser.add_argument("--width", type=int, default=768)
    parser.add_argument("--neighbours", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_vectors(folder, options.rows, options.width)
        pythons = {"xfer": (sys.executable, OURS)}
        peer = faiss_python(folder)
        if peer:
            pythons["faiss IndexFlatIP"] = (peer, PEER)
        memory = dict.fromkeys(pythons, 0.0)

        def run(side: str) -> float:
            seconds, used = search(*pythons[side], folder, options.neighbours, side)
            memory[side] = max(memory[side], used)
            return seconds

        print(f"{options.rows:,} queries in {options.rows:,} vectors of {options.width}, {THREADS} threads")
        speeds = turns({side: lambda _, side=side: run(side) for side in pythons}, options.rounds, options.rows)
        summary(speeds, "xfer")
        for side, used in memory.items():
            print(f"{side:34}{used:8.0f} MB beside the vectors")
        if peer:
            found = [np.load(result(folder, side)) for side in pythons]
            print(f"equal neighbours: {(found[0] == found[1]).mean():.6f}")


def write_vectors(folder: Path, rows: int, width: int) -> None:
    draw = np.random.default_rng(0)
    common = draw.normal(size=width) * 2
    for name in ("x", "y"):
        vectors = draw.normal(size=(rows, width)) + common
        np.save(folder / f"{name}.npy", (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32))


def faiss_python(folder: Path) -> str | None:
    """An interpreter that can import faiss, or None after a line that says why there is none."""
    if importlib.util.find_spec("faiss"):
        return sys.executable
    place = folder / "venv"
    try:
        venv.create(place, with_pip=True)
        python = str(place / "bin" / "python")
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "faiss-cpu"], check=True, capture_output=True, text=True
        )
        subprocess.run([python, "-c", "import faiss"], check=True, capture_output=True, text=True)
        return python
    except (OSError, subprocess.CalledProcessError) as error:
        lines = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
        print(f"skipped faiss: it cannot be installed here ({lines[-1] if lines else error})")
        return None


def search(python: str, how: str, folder: Path, k: int, side: str) -> tuple[float, float]:
    """Seconds and megabytes of one search in a process of its own."""
    limits = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), THREADS)
    environment = os.environ | limits | {"PYTHONPATH": str(Path(__file__).parents[1])}
    words = [python, "-c", how + CHILD, str(folder), str(k), str(result(folder, side))]
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    seconds, used = json.loads(done.stdout)
    return seconds, used


def result(folder: Path, side: str) -> Path:
    return folder / f"{side.split()[0]}.npy"


if __name__ == "__main__":
    main()
