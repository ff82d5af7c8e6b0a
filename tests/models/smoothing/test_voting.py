"""Certified radii: by hand, by simulation, and against a linear classifier whose true radius is known."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from adversary_runs import network, rows
from scipy.stats import binomtest

from xfer.graph.compile import Resolver, compile_graph
from xfer.models.predictor import predict_rows
from xfer.models.smoothing.settings import Vote
from xfer.models.smoothing.vote import batch_votes, draw_from_ball, predict_by_vote
from xfer.recipe.load import load_recipe

MANY = 100_000


def lead(settings: Vote, votes: int) -> float:
    """How far the lower bound of the answer's share lies above a half, by scipy's own test."""
    found = binomtest(votes, settings.copies, alternative="greater")
    return float(found.proportion_ci(1 - settings.alpha, "exact").low) - 0.5


@pytest.mark.parametrize("votes", [70, 90, 100])
def test_in_one_dimension_both_balls_are_an_interval(votes: int) -> None:
    """Intervals of half length r, apart by v, share 1 - v / 2r."""
    for norm in ("l2", "linf"):
        settings = Vote(radius=0.4, norm=norm, copies=100)
        assert settings.certified_radius(votes, 1) == pytest.approx(2 * 0.4 * lead(settings, votes))


def test_cubes_by_hand() -> None:
    settings = Vote(radius=0.5, norm="linf", copies=1000)
    for dimensions in (2, 50, 10_000):
        radius = settings.certified_radius(900, dimensions)
        assert (1 - radius / (2 * 0.5)) ** dimensions == pytest.approx(1 - lead(settings, 900))


@pytest.mark.parametrize("dimensions", [2, 3, 10])
def test_balls_by_simulation(dimensions: int) -> None:
    """Of a ball moved by the certified radius, the share outside the ball must be the lead."""
    settings = Vote(radius=2.0, copies=1000)
    radius = settings.certified_radius(850, dimensions)
    draw = np.random.default_rng(1)
    points = draw.normal(size=(MANY, dimensions))
    points *= 2 * draw.random((MANY, 1)) ** (1 / dimensions) / np.linalg.norm(points, axis=1, keepdims=True)
    points[:, 0] += radius
    assert (np.linalg.norm(points, axis=1) > 2).mean() == pytest.approx(lead(settings, 850), abs=0.01)


def test_a_ball_of_very_many_dimensions_has_a_radius() -> None:
    found = [Vote(radius=1.0, copies=1000).certified_radius(990, dimensions) for dimensions in (100, 10_000, 1_000_000)]
    assert found[0] / found[1] == pytest.approx(10, rel=0.02)  # falls with the root, as a coordinate's spread does
    assert found[1] / found[2] == pytest.approx(10, rel=0.02)


@pytest.mark.parametrize("norm", ["l2", "linf"])
def test_an_unclear_vote_certifies_nothing_and_a_clearer_one_more(norm: Any) -> None:
    settings = Vote(radius=1.0, norm=norm, copies=100)
    found = [settings.certified_radius(votes, 20) for votes in range(101)]
    assert found[:60] == [0.0] * 60 and found == sorted(found) and found[70] > 0
    assert found[60] == 0 if lead(settings, 60) <= 0 else found[60] > 0
    strict = Vote(radius=1.0, norm=norm, copies=100, alpha=1e-6)
    assert strict.certified_radius(95, 20) < settings.certified_radius(95, 20)


@pytest.mark.parametrize("norm", ["l2", "linf"])
def test_draws_are_uniform_in_the_ball(norm: Any) -> None:
    settings, generator = Vote(radius=2.0, norm=norm), torch.Generator().manual_seed(3)
    drawn = torch.stack([draw_from_ball(generator, 5, settings) for _ in range(4000)]).double()
    size = drawn.norm(dim=1) if norm == "l2" else drawn.abs().amax(1)
    share = (size / 2) ** 5
    assert share.max() <= 1 and share.mean() == pytest.approx(0.5, abs=0.02)
    assert drawn.mean(0).abs().max() < 0.06


class Sign(torch.nn.Module):
    """Answers 1 where the sum of a row's embeddings along (3, 4) is above 0: the true radius is known."""

    def __init__(self) -> None:
        super().__init__()
        self.words = torch.nn.Embedding(3, 2)
        self.words.weight.data = torch.tensor([[7.0, 7.0], [0.3, 0.4], [-0.6, -0.8]])
        self.encoder = SimpleNamespace(get_input_embeddings=lambda: self.words, config=None)

    def forward(self, task: str, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        along = self.words(batch["input_ids"]) @ torch.tensor([3.0, 4.0])
        score = (along * batch["attention_mask"]).sum(1)
        return torch.stack([-score, score], 1)


@pytest.mark.parametrize("norm", ["l2", "linf"])
def test_no_certified_radius_is_larger_than_the_true_one(norm: Any) -> None:
    """A vote of symmetric noise over a half space is that half space: the distance to its border is the radius.

    For n subwords it is |score| / (5 root n) in l2, |score| / (7 n) in linf.
    """
    ids = torch.tensor([[1, 1, 1], [1, 1, 0], [2, 0, 0], [1, 1, 2], [2, 2, 0]])
    mask, net = (ids != 0).long(), Sign()
    batch, places = {"input_ids": ids, "attention_mask": mask}, mask.sum(1).numpy()
    settings = Vote(radius=2.0 if norm == "l2" else 0.7, norm=norm, copies=400)
    found = batch_votes(net, "any", batch, list(range(5)), settings)  # type: ignore[arg-type]
    score = net("any", batch)[:, 1].detach().numpy()
    true = np.abs(score) / (5 * np.sqrt(places) if norm == "l2" else 7 * places)
    radii = np.array([radius for _, radius in found])
    assert (radii <= true + 1e-6).all() and (radii[[0, 4]] > 0).all()
    assert score[3] == pytest.approx(0, abs=1e-6) and radii[3] == 0  # on the border nothing is certain
    assert [int(shares.argmax()) for shares, _ in found[:3]] == [1, 1, 0]


@pytest.mark.parametrize("kind", ["classify", "choose"])
def test_the_noise_of_a_row_does_not_depend_on_the_rows_beside_it(kind: str) -> None:
    net, all_rows, settings = network(kind), rows(kind), Vote(radius=3.0, copies=30)
    together = predict_by_vote(net, kind, all_rows, 32, settings, lambda *_: None)
    for place in (0, 7):
        alone = {name: column[place : place + 1] for name, column in all_rows.items()}
        found = predict_by_vote(net, kind, alone, 32, settings, lambda *_: None)
        assert found["radius"] == together["radius"][place : place + 1]
        assert found["predicted"] == together["predicted"][place : place + 1]
        assert found["logits"][0] == pytest.approx(together["logits"][place])


@pytest.mark.parametrize("kind", ["classify", "choose"])
def test_copies_with_next_to_no_noise_agree_with_the_prediction(kind: str) -> None:
    net, all_rows, settings = network(kind), rows(kind), Vote(radius=1e-6, copies=20, alpha=0.05)
    plain = net.forms[kind].decode(predict_rows(net, kind, all_rows, 32), all_rows)
    found = predict_by_vote(net, kind, all_rows, 32, settings, lambda *_: None)
    assert found["predicted"] == plain["predicted"]
    assert found["score"] == pytest.approx([1.0] * len(found["id"]), abs=1e-4)
    assert all(0 < radius < 1e-6 for radius in found["radius"])


def test_certified_shares_by_hand() -> None:
    columns = {"credit": [1.0, 1.0, 1.0, 0.0], "radius": [0.0, 0.1, 0.3, 0.9]}
    ratios = Vote(at=(0, 0.2, 0.5)).metric_ratios(columns)
    assert {name: sum(top) / sum(of) for name, (top, of) in ratios.items()} == {
        "certified@0": 0.5,
        "certified@0.2": 0.25,
        "certified@0.5": 0.0,
    }


# in a recipe

RECIPE = """\
name: voted
source: miniature
model: {{type: scratch, layers: 1, width: 16, heads: 2, feedforward: 16, vocabulary: 1500, positions: 48}}
stages:
  {stage}
evaluate:
  clean: {{stage: own, languages: [en]}}
  voted: {{stage: own, languages: [en], smoothing: {{{smoothing}}}}}
limits: {{train_rows: 40, test_rows: 8, dev_rows: 4, steps: 3}}
"""
XNLI = "own: {reader: xnli, trainer: {steps: 3, batch_size: 8, max_length: 32, adversary: smoothing}}"


def written(folder: Path, smoothing: str, stage: str = XNLI) -> Path:
    path = folder / "voted.yaml"
    path.write_text(RECIPE.format(stage=stage, smoothing=smoothing))
    return path


def test_a_recipe_votes_and_reports_what_is_certain(tmp_path: Path, xfer: Any) -> None:
    recipe = written(tmp_path, "radius: 1.0, copies: 20, at: [0, 0.001]")
    done = xfer("train", recipe, "--store", tmp_path / "store", "--runs", tmp_path / "runs", "--json")
    assert done.code == 0, done.err
    found = [json.loads(path.read_text())["en"] for path in (tmp_path / "store").rglob("out/scores.json")]
    (scores,) = (one for one in found if "certified@0" in one)
    assert 0 <= scores["certified@0.001"] <= scores["certified@0"] <= scores["accuracy"] <= 1


def test_what_is_asked_of_a_vote_renames_the_scores_alone(tmp_path: Path) -> None:
    def keys(smoothing: str) -> dict[str, set[str]]:
        resolver = Resolver(lambda path: "", lambda *_: "")
        graph = compile_graph(load_recipe(written(tmp_path, smoothing)).recipe, resolver)
        return {
            kind: {node.key for node in graph.nodes.values() if node.kind == kind}
            for kind in ("train", "predict", "score")
        }

    first, asked, other = keys("radius: 1.0"), keys("radius: 1.0, at: [0.1]"), keys("radius: 2.0")
    assert first["train"] == asked["train"] == other["train"]
    assert first["predict"] == asked["predict"] != other["predict"]
    assert first["score"] != asked["score"] and len(first["predict"]) == 3  # clean, its oracle and the vote


def test_a_vote_on_a_form_with_many_answers_a_row_is_a_fault(tmp_path: Path, xfer: Any) -> None:
    recipe = written(tmp_path, "radius: 1.0", "own: {reader: panx}")
    done = xfer("check", recipe)
    assert done.code == 2
    assert (
        "evaluate.voted.smoothing: smoothing votes on one answer a row, which form tag has not" in done.err + done.out
    )
