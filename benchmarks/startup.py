"""Start-up: ``xfer --help`` against ``import click``, ``xfer check`` against ``import pydantic, omegaconf, click``.

Both shall be at most 2x. Best of several runs in turns, since a start can only be slowed down.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

RECIPE = Path(__file__).parents[1] / "recipes" / "mnli_to_xnli.yaml"
COMMANDS = {
    "import click": [sys.executable, "-c", "import click"],
    "xfer --help": [sys.executable, "-m", "xfer", "--help"],
    "import pydantic, omegaconf, click": [sys.executable, "-c", "import pydantic, omegaconf, click"],
    "xfer check": [sys.executable, "-m", "xfer", "check", str(RECIPE)],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    best = dict.fromkeys(COMMANDS, float("inf"))
    for _ in range(parser.parse_args().rounds):
        for name, command in COMMANDS.items():
            start = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            best[name] = min(best[name], time.perf_counter() - start)
    for name, seconds in best.items():
        print(f"{name:36} {seconds:.3f} s")
    print(f"xfer --help / import click = {best['xfer --help'] / best['import click']:.2f}x")
    peer = best["import pydantic, omegaconf, click"]
    print(f"xfer check / import pydantic, omegaconf, click = {best['xfer check'] / peer:.2f}x")


if __name__ == "__main__":
    main()
