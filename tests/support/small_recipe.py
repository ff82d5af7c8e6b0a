"""The small recipe that many tests run."""

from __future__ import annotations

RECIPE = """\
name: small
source: mirror
model: {type: scratch, layers: 1, width: 16, heads: 2}
seeds: [1]
stages:
  mnli: {reader: mnli}
  xnli: {reader: xnli, start: mnli}
evaluate:
  clean: {stage: xnli}
  typos: {stage: xnli, attacker: {type: typos, rate: 0.1}}
report: {compare: clean}
"""
