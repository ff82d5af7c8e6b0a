"""Changed rows in training: which stand in a step, what they weigh, and that attacks under way resume exactly."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import swap_search
import tiny_runs
import torch
from pydantic import ValidationError
from tiny_runs import RESULT, Stop, context, equal, network, rows, settings, stopping, weights

from xfer.forms.base import EncodedUnits, build_form
from xfer.models.network import Network
from xfer.trainers.attacked import AttackedTraining, draw_row_order, draw_row_share
from xfer.trainers.batches.attacked import AttackedData, AttackedUnits, join_attacked, usable_attacks
from xfer.trainers.batches.feed import TaskData
from xfer.trainers.loop import refresh
from xfer.trainers.loop.fit import fit

PLACES = [3, 8, 20]


def changed(places: list[int] = PLACES, weight: float = 1.0, beside: bool = True) -> AttackedData:
    """The rows at these places with another first word."""
    own = rows()
    kept = {name: [column[place] for place in places] for name, column in own.items()}
    kept["text"] = [f"roofs {text.partition(' ')[2]}" for text in kept["text"]]
    return AttackedData(weight, beside, kept, places)


def task(changes: AttackedData | None = None, train: Any = None) -> TaskData:
    return TaskData("nli", 1.0, train or rows(), None, ("en",), 1.0, changes)


def gradient(folder: Path, *changes: Any, train: Any = None, **fields: Any) -> list[torch.Tensor]:
    """What one step of all rows gives the parameters, without clipping."""
    net = network(dropout=0)
    run = tiny_runs.run(folder, net, task(*changes, train=train), batch_size=96, clip=0, steps=1, **fields)
    found: list[torch.Tensor] = []
    run._update = lambda step: found.extend(p.grad.clone() for p in net.parameters() if p.grad is not None)  # type: ignore[method-assign]
    run.train_step(0)
    return found


def close(one: list[torch.Tensor], two: list[torch.Tensor]) -> bool:
    return len(one) == len(two) > 5 and all(torch.allclose(a, b, atol=1e-6) for a, b in zip(one, two, strict=True))


def table(changes: AttackedData, clean: Any = None) -> dict[str, list[Any]]:
    return {name: [*column, *changes.rows[name]] for name, column in (clean or rows()).items()}


def test_rows_beside_count_as_rows_of_the_step(tmp_path: Path) -> None:
    beside, one = gradient(tmp_path / "a", changed()), gradient(tmp_path / "b", train=table(changed()))
    assert close(beside, one)


def test_rows_in_place_count_in_place(tmp_path: Path) -> None:
    made = changed(beside=False)
    left = {name: [v for i, v in enumerate(column) if i not in PLACES] for name, column in rows().items()}
    assert close(gradient(tmp_path / "a", made), gradient(tmp_path / "b", train=table(made, left)))


def test_the_weight_is_a_factor_of_changed_rows_alone(tmp_path: Path) -> None:
    clean = gradient(tmp_path / "a", changed(weight=1e-9))
    one, three = (gradient(tmp_path / str(w), changed(weight=w)) for w in (1.0, 3.0))
    assert not close(one, three)
    assert close([a + 3 * (b - a) for a, b in zip(clean, one, strict=True)], three)


def test_no_changed_row_is_plain_training_to_the_bit(tmp_path: Path) -> None:
    found = []
    for name, changes in (("plain", None), ("none", changed([]))):
        net = network()
        fit(settings(steps=6), net, [task(changes)], context(tmp_path / name))
        found.append(weights(net))
    assert equal(*found)


def test_a_changed_row_stands_once_an_epoch_in_the_step_of_its_row(tmp_path: Path) -> None:
    run = tiny_runs.run(tmp_path, network(), task(changed()), batch_size=8)
    made, batches = run.feed.changed["nli"], run.feed.samplers["nli"].epoch_batches(0)
    seen = [(int(unit), batch) for batch in batches for unit in made.changed(batch)]
    assert sorted(unit for unit, _ in seen) == [0, 1, 2]
    assert all(PLACES[unit] in batch for unit, batch in seen)
    assert all(len(made.clean(batch)) == len(batch) for batch in batches)


def test_windows_of_a_changed_row_come_with_the_first_of_its_row() -> None:
    spans, tokens = build_form("span"), np.zeros(12, dtype=np.int32)

    def encoded(of: list[int]) -> EncodedUnits:
        return EncodedUnits(tokens[: len(of)], np.arange(len(of) + 1), None, {"row": np.array(of)})

    spans.encode_training = lambda *_: encoded([0, 0, 0, 1])  # type: ignore[method-assign]
    none: dict[str, list[Any]] = {name: [None] * 2 for name in spans.columns}
    made = AttackedUnits(spans, None, 8, encoded([0, 1, 1, 2]), AttackedData(1.0, False, none, [1, 2]))
    assert made.changed(np.array([2, 0])).tolist() == []  # the second window of row 1
    assert made.changed(np.array([3, 1])).tolist() == [3, 0, 1, 2]
    assert made.clean(np.array([0, 1, 2, 3])).tolist() == [0]


def test_what_is_drawn_depends_on_names_alone() -> None:
    asked = [{"id": str(i), "language": language} for language in ("en", "de") for i in range(50)]
    few, many = draw_row_share(asked, 0.1), draw_row_share(asked, 0.3)
    assert (len(few), len(many)) == (10, 30) and set(few) < set(many)
    names = {(asked[i]["language"], asked[i]["id"]) for i in few}
    back = asked[::-1]
    assert names == {(back[i]["language"], back[i]["id"]) for i in draw_row_share(back, 0.1)}
    assert few != draw_row_share(asked, 0.1, "another step")
    assert sum(asked[i]["language"] == "de" for i in few) == 5 and len(draw_row_share(asked, 1e-6)) == 2


def test_only_changed_texts_that_turned_the_answer_are_used() -> None:
    own = rows(5)
    new = [{name: column[i] for name, column in own.items()} | {"text": f"roofs {i}"} for i in range(5)]
    new[1]["text"] = own["text"][1]
    found = list(zip([*new[:4], None], ["succeeded", "succeeded", "failed", "skipped", "dropped"], strict=True))
    succeeded, every = (
        AttackedTraining(attacker=swap_search.Swap(), by="x", keep=keep) for keep in ("succeeded", "all")
    )
    assert usable_attacks("classify", own, range(5), found, succeeded).origins == [0]
    made = usable_attacks("classify", own, range(5), found, every)
    assert made.origins == [0, 2, 3] and made.rows["label"] == [own["label"][i] for i in (0, 2, 3)]


def test_rows_that_are_learnt_of_each_other_stand_in_one_table() -> None:
    made = join_attacked(rows(4), changed([1, 3], beside=False))
    assert made["id"] == ["0", "2", "1 changed", "3 changed"] and made["text"][2].startswith("roofs")


# attacked anew while a stage trains


def refreshed(every: float = 6, share: float = 0.5, **fields: Any) -> AttackedData:
    block = AttackedTraining(attacker=swap_search.Swap(), refresh=every, share=share, keep="all", **fields)
    return AttackedData(block.weight, block.beside, {name: [] for name in rows()}, (), block)


def trained(folder: Path, progress: Any = lambda *_, **__: None, **fields: Any) -> tuple[Network, RESULT]:
    """20 steps with dropout, a checkpoint every five, attacks before steps 6, 12 and 18."""
    net = network(("nli", "mlm"))
    tasks = [TaskData("nli", 1.0, rows(), rows(12), ("en",), 1.0, refreshed()), tiny_runs.task("mlm", 0.5)]
    return net, fit(settings(evaluate_every=5, **fields), net, tasks, context(folder, progress=progress))


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, torch.Tensor], RESULT]:
    net, found = trained(tmp_path_factory.mktemp("whole"))
    return weights(net), found


def test_attacks_are_made_when_they_are_due_and_within_their_budget(unbroken: Any) -> None:
    told = unbroken[1]["attacked"]
    assert [part["step"] for part in told] == [6, 12, 18]
    assert all(0 < part["trained"] <= part["rows"] and part["queries"] <= 6 * part["rows"] for part in told[:2])


@pytest.mark.parametrize("at", [6, 9, 12, 17, 18])
def test_a_run_that_is_stopped_between_attacks_equals_an_unbroken_one(at: int, unbroken: Any, tmp_path: Path) -> None:
    with pytest.raises(Stop):
        trained(tmp_path, stopping(at))
    net, found = trained(tmp_path)
    assert found == unbroken[1] and equal(weights(net), unbroken[0])


@pytest.mark.parametrize("number", [2, 9])
def test_a_run_that_is_stopped_within_an_attack_goes_on_there(number: int, unbroken: Any, tmp_path: Path) -> None:
    asked = [0]

    def progress(done: int, total: int, doing: str = "", **_: Any) -> None:
        asked[0] += doing.startswith("attacking")
        if asked[0] == number:
            raise Stop

    with pytest.raises(Stop):
        trained(tmp_path, progress)
    (path,) = (tmp_path / "checkpoint").glob("attacked-nli-*.jsonl")
    before = path.read_text()
    path.write_text(before + '{"place": 3, "sta')
    net, found = trained(tmp_path)
    assert found == unbroken[1] and equal(weights(net), unbroken[0])


def test_a_killed_process_is_continued_bit_for_bit(unbroken: Any, tmp_path: Path) -> None:
    support = Path(swap_search.__file__).parent
    path = os.pathsep.join((str(support), str(support.parents[1])))  # the helpers, and the xfer of this very checkout
    done = subprocess.run(
        [sys.executable, __file__, str(tmp_path)], env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": path}
    )
    assert done.returncode == -signal.SIGKILL and (tmp_path / "checkpoint" / "attacked-nli-12.jsonl").exists()
    net, found = trained(tmp_path)
    assert found == unbroken[1] and equal(weights(net), unbroken[0])


def test_rows_that_come_up_are_attacked_and_kept_until_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, AttackedData]] = []
    real = refresh.usable_attacks

    def told(*args: Any) -> AttackedData:
        seen.append((len(seen), real(*args)))
        return seen[-1][1]

    monkeypatch.setattr(refresh, "usable_attacks", told)
    run = tiny_runs.run(tmp_path, network(), TaskData("nli", 1.0, rows(), None, ("en",), 1.0, refreshed(3, 1.0)))
    kept = refresh.RefreshedTasks(run, tmp_path / "checkpoint")
    run.network.train()
    for step in range(6):
        kept.before(lambda: None)
        if step == 3:
            coming = {int(i) for number in range(3, 6) for i in run.feed.samplers["nli"].batch_rows(number)}
        run.train_step(step)
        run.state["step"] += 1
    ((_, made),) = seen
    assert made.origins and set(made.origins) <= coming and len(coming) == 24
    assert made.rows["label"] == [rows()["label"][place] for place in made.origins]
    own = rows()["text"]
    assert all(new != own[place] and "roofs" in new for new, place in zip(made.rows["text"], made.origins, strict=True))
    assert run.feed.changed["nli"].about is made  # after step 5 as well
    lines = [json.loads(line) for line in (tmp_path / "checkpoint" / "attacked-nli-3.jsonl").read_text().splitlines()]
    assert {line["place"] for line in lines} == coming  # a share of 1


@pytest.mark.parametrize("stopped", [0, 1, 4, 6])
def test_rows_are_attacked_until_a_share_of_successes(
    stopped: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As TextAttack's trainer counts; a run that was killed comes to the same rows."""
    calls = [0]

    def outcomes(run: Any, task: str, changes: Any, given: list[dict[str, Any]]) -> Any:
        for row in given:
            calls[0] += 1
            if stopped and calls[0] == stopped + 1:
                raise Stop
            status = "succeeded" if int(row["id"]) % 3 == 0 else "failed"
            yield row | {"status": status, "queries": 1, "message": ""}

    monkeypatch.setattr(refresh, "_search_outcomes", outcomes)
    changes = refreshed(20, 0.2, count="succeeded")
    run = tiny_runs.run(tmp_path, network(), TaskData("nli", 1.0, rows(), None, ("en",), 1.0, changes))
    coming, path = refresh.upcoming_rows(run, "nli", 20), tmp_path / "lines.jsonl"
    with pytest.raises(Stop) if stopped else nullcontext():
        refresh.attack_rows(run, "nli", changes, 20, path)
    refresh.attack_rows(run, "nli", changes, 20, path)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    wanted = round(0.2 * len(coming))
    assert sum(line["status"] == "succeeded" for line in lines) == wanted and lines[-1]["status"] == "succeeded"
    drawn = draw_row_order(range(len(coming)), [{"language": "en", "id": str(i)} for i in coming], 1, "nli", 0)
    assert {line["place"] for line in lines} >= {coming[i] for i in drawn[:wanted]}
    assert len(lines) <= len(coming) and {line["place"] for line in lines} == {coming[i] for i in drawn[: len(lines)]}


def test_successes_are_counted_only_where_rows_are_attacked_anew() -> None:
    with pytest.raises(ValidationError, match="counts successes"):
        AttackedTraining(attacker=swap_search.Swap(), by="x", count="succeeded")


def test_a_share_of_the_steps(tmp_path: Path) -> None:
    block = refreshed(0.25).refresh
    assert block and [refresh.refresh_interval(block, steps) for steps in (20, 2, 1000)] == [5, 1, 250]


if __name__ == "__main__":

    def kill(step: int, total: int, **_: Any) -> None:
        if step == 14:
            os.kill(os.getpid(), signal.SIGKILL)

    trained(Path(sys.argv[1]), kill)
