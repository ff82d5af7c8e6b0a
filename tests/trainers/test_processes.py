"""Two processes give one process's losses, dev scores and weights; they fail and go on together."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import process_runs
import pytest
import torch
from process_runs import CASES, curve
from safetensors.torch import load_file

from xfer.core.errors import UsageError, XferError
from xfer.execution import distributed
from xfer.trainers.distributed import Processes
from xfer.trainers.finetune import Finetune

ROOT = Path(__file__).parents[2]


TORCHRUN = ("torch.distributed.run", "--standalone", "--nproc-per-node=COUNT")
# --cpu would start one process, whatever the number; without a GPU --multi_gpu starts as many as it is told, on the CPU
ACCELERATE = ("accelerate.commands.launch", "--multi_gpu", "--num_processes=COUNT", "--num_machines=1")
ACCELERATE += ("--mixed_precision=no", "--dynamo_backend=no", "--main_process_port=0")


def launch(
    *words: str, cwd: Path | None = None, count: int = 2, by: tuple[str, ...] = TORCHRUN, **variables: str
) -> Any:
    """A launcher on this machine with processes of one thread each."""
    command = [sys.executable, "-m", *(word.replace("COUNT", str(count)) for word in by), *words]
    clean = {name: value for name, value in os.environ.items() if name not in ("RANK", "WORLD_SIZE", "LOCAL_RANK")}
    path = f"{ROOT}:{ROOT / 'tests' / 'support'}"
    variables = {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "PYTHONPATH": path} | variables
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=clean | variables, timeout=240)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("both")


@pytest.fixture(scope="module")
def both(folder: Path) -> list[Any]:
    """What each of two processes has to tell; their start is what takes time."""
    done = launch(process_runs.__file__, str(folder))
    assert done.returncode == 0, done.stderr
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in range(2)]


@pytest.mark.parametrize("name", CASES)
def test_two_processes_give_the_losses_of_one(name: str, both: list[Any], tmp_path: Path) -> None:
    alone, (first, second) = curve(tmp_path, CASES[name]()), [found[name] for found in both]
    assert first["losses"] == second["losses"]
    assert np.ptp(alone["losses"]) > 1e-3
    assert first["losses"] == pytest.approx(alone["losses"], rel=1e-4, abs=1e-6)
    assert first["sums"] == pytest.approx(alone["sums"], rel=1e-4, abs=1e-4)
    assert [point["step"] for point in first["curve"]] == [point["step"] for point in alone["curve"]]
    assert first["curve"] == second["curve"] and first["selected"] == second["selected"]


@pytest.mark.parametrize("how", ["resumed", "parts"])
def test_a_stopped_run_of_two_goes_on_as_if_nothing_had_been(how: str, both: list[Any], folder: Path) -> None:
    first, second = (found[how] for found in both)
    assert len(first["broken"]["losses"]) == 7 and len(first["whole"]["losses"]) == 14
    for found in (first, second):
        assert found["broken"]["losses"] == found["whole"]["losses"][7:]
        assert all(found["broken"][name] == found["whole"][name] for name in ("curve", "selected", "sums"))
    log = (folder / how.removeprefix("resumed") / "whole" / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in log] == list(range(1, 15))


def test_weights_in_parts_are_held_once_and_kept_as_one_process_would(
    both: list[Any], folder: Path, tmp_path: Path
) -> None:
    (mine, total), (others, same) = (found["held"] for found in both)
    assert total == same == mine + others and max(mine, others) < 0.6 * total
    curve(tmp_path, CASES["freelb, in parts"]())
    kept = [where / "checkpoint" / "step-14" / "state.safetensors" for where in (tmp_path, folder / "freelb, in parts")]
    alone, two = map(load_file, kept)
    assert alone.keys() == two.keys() and any(name.startswith("optimizer/") for name in alone)
    assert all(torch.allclose(alone[name], two[name], atol=1e-4) for name in alone)


def test_what_needs_whole_weights_is_refused_beside_shard() -> None:
    for fields, named in (
        ({"adversary": "r4f"}, "adversary r4f"),
        ({"adversary": "smart"}, "adversary smart"),
        ({"adversary": "infobert"}, "adversary infobert"),
        ({"average": {"last": 2}}, "average"),
        ({"adapt": {"method": "houlsby"}}, "adapt"),
        ({"compile": True}, "compile"),
    ):
        ((where, what, _),) = Finetune.model_validate({"shard": True} | fields).find_faults(["classify"])
        assert where == ("shard",) and f"does not go with {named}," in what
        assert not list(Finetune.model_validate(fields).find_faults(["classify"]))
    assert not list(Finetune.model_validate({"shard": True, "adversary": "freelb"}).find_faults(["classify"]))


def test_a_failure_of_one_is_that_of_all_and_the_next_run_works(both: list[Any]) -> None:
    said = ["process 1: ValueError: out of luck", *["ValueError: out of luck"] * 2, "8"]
    assert [found["faults"] for found in both] == [said, said]


RECIPE = """
name: tiny
source: mirror
seeds: [1]
model: {type: scratch, layers: 1, width: 16, heads: 2, feedforward: 16, vocabulary: 300, dropout: 0}
stages:
  learn: {reader: READER, trainer: {steps: 4, batch_size: 8, max_length: 24, learning_rate: RATE, precision: fp32}}
evaluate: {clean: {stage: learn, languages: [en]}}
""".replace("READER", "{type: files, train: train.tsv, test: test.tsv, labels: [good, bad], languages: [en]}")


KILLING = """
import os, signal
from xfer.trainers.loop import fit as loop
step = loop.Run.train_step
def killed(self, number):
    if number == 2 and self.processes.rank == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return step(self, number)
loop.Run.train_step = killed
from xfer.cli import main
main()
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    for split, count in (("train", 160), ("test", 10)):
        lines = [f"word{i} and word{i * 7 % 11}\t{('good', 'bad')[i % 2]}" for i in range(count)]
        (tmp_path / f"{split}.tsv").write_text("\n".join(["text\tlabel", *lines]) + "\n")
    (tmp_path / "tiny.yaml").write_text(RECIPE.replace("RATE", "1e-3"))
    return tmp_path / "tiny.yaml"


def test_a_recipe_run_by_two_is_that_of_one(recipe: Path) -> None:
    folder = recipe.parent
    found: dict[str, Any] = {}
    for name, count, by in (("1", 1, TORCHRUN), ("2", 2, TORCHRUN), ("accelerate", 2, ACCELERATE)):
        words = ("-m", "xfer", "train", "tiny.yaml", "--json", "--store", f"store-{name}", "--runs", f"runs-{name}")
        done = launch(*words, cwd=folder, count=count, by=by, XFER_DATA=str(folder))
        assert done.returncode == 0, done.stderr
        found[name] = json.loads(done.stdout)  # one process alone prints
        assert done.stderr.count("● train") == 1
    logs = [next(folder.glob(f"store-{n}/nodes/train/*/log.jsonl")).read_text().splitlines() for n in found]
    one, two, three = ([json.loads(line)["loss"] for line in log if "loss" in line] for log in logs)
    assert len(one) == 4 and two == pytest.approx(one, rel=1e-5) and three == two
    assert found["1"]["evaluations"] == found["2"]["evaluations"] == found["accelerate"]["evaluations"]
    assert not list(folder.glob("store-2/work/*"))


def test_a_recipe_that_fails_says_so_once(recipe: Path) -> None:
    folder = recipe.parent
    recipe.write_text(RECIPE.replace("RATE", "1e30").replace("max_length: 24", "max_length: 24, clip: 0"))
    done = launch("-m", "xfer", "train", "tiny.yaml", cwd=folder, XFER_DATA=str(folder))
    assert done.returncode == 1
    ours = [line for line in done.stderr.splitlines() if line.startswith(("✗", "xfer:"))]
    assert len(ours) == 2 and all("is not a number at step" in line for line in ours)
    assert ours[1].startswith("xfer: train learn") and "process" not in ours[1]


def test_a_killed_process_ends_the_run_in_one_line_and_two_new_ones_go_on(recipe: Path) -> None:
    folder = recipe.parent
    (folder / "killing.py").write_text(KILLING)
    done = launch("killing.py", "train", "tiny.yaml", cwd=folder, XFER_DATA=str(folder))
    assert done.returncode == 1 and "[rank0]" not in done.stderr
    ours = [line for line in done.stderr.splitlines() if line.startswith(("✗", "xfer:"))]
    assert all("another process of this run is gone" in line for line in ours)  # torchrun may end the first before
    (log,) = folder.glob(".xfer/work/train-*/log.jsonl")
    assert len(log.read_text().splitlines()) == 2
    done = launch("-m", "xfer", "train", "tiny.yaml", cwd=folder, XFER_DATA=str(folder))
    assert done.returncode == 0, done.stderr
    lines = next(folder.glob(".xfer/nodes/train/*/log.jsonl")).read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines if "loss" in line] == [1, 2, 3, 4]


def test_a_dry_run_by_two_prints_once_and_workers_are_no_ranks(recipe: Path) -> None:
    done = launch("-m", "xfer", "train", "tiny.yaml", "--dry-run", cwd=recipe.parent, XFER_DATA=str(recipe.parent))
    assert done.returncode == 0 and done.stdout.count("nodes, 0 in the store") == 1


def test_workers_are_refused_beside_ranks(recipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from click.testing import CliRunner

    from xfer.commands.train import train

    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert distributed.launched_processes() == 2 and distributed.is_leader()
    found = CliRunner().invoke(train, [str(recipe), "--workers", "2"])
    assert isinstance(found.exception, XferError) and "--workers" in str(found.exception)
    monkeypatch.setenv("RANK", "1")
    assert not distributed.is_leader()


def test_a_launcher_that_starts_one_process_in_place_of_several_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """What ``accelerate launch --cpu`` says to its one process, for --num_processes 2 and for 1."""
    for name in ("RANK", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ACCELERATE_USE_CPU", "True")
    assert distributed.launched_processes() == 1
    monkeypatch.setenv("MASTER_PORT", "29500")
    with pytest.raises(UsageError, match="--cpu starts one process"):
        distributed.launched_processes()


def test_one_process_sends_nothing() -> None:
    alone = Processes()
    assert (alone.rank, alone.count, alone.main) == (0, 1, True)
    assert alone.total([1.5]) == [1.5] and alone.broadcast_result(lambda: 3) == 3
    weight = torch.nn.Parameter(torch.zeros(2))
    alone.add_up([weight])
    assert weight.grad is None
