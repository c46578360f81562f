"""Stacks of growing depth are trained as their trials say."""

from __future__ import annotations

import pytest
import torch

from experiments.blocks import depth
from experiments.harness.registry import experiments
from experiments.training import text

P = {"width": 8, "depth": 2, "norm": "post", "batch": 4, "length": 8, "steps": 20, "seeds": [0, 1]}


def test_a_stack_is_causal_and_scores_every_symbol() -> None:
    torch.manual_seed(0)
    model = depth.CharacterStack(8, 2, "pre")
    pieces = torch.randint(text.SYMBOLS, (2, 9))
    scores = model(pieces)
    assert scores.shape == (2, 9, text.SYMBOLS)
    changed = pieces.clone()
    changed[:, -1] = (changed[:, -1] + 1) % text.SYMBOLS
    torch.testing.assert_close(model(changed)[:, :-1], scores[:, :-1])


def test_warm_up_starts_slowly_and_a_seed_repeats() -> None:
    training = text.library_source(20_000)
    fast, slow = (
        depth.losses({**P, "rate": 0.01, "warm_up": warm_up}, 0, training, "cpu")
        for warm_up in (0, 20)
    )
    assert fast[0] == slow[0]  # the same start, the same first batch
    assert slow[1] > fast[1]
    assert fast[-1] < fast[0]
    again = depth.losses({**P, "rate": 0.01, "warm_up": 0}, 0, training, "cpu")
    assert torch.equal(again, fast)


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_an_outcome_holds_a_curve_and_a_loss_of_every_seed(norm: str) -> None:
    p = {**P, "norm": norm, "rate": 0.003, "warm_up": 5, "characters": 20_000}
    outcome = depth.run_depth(p, "cpu")
    assert [len(curve) for curve in outcome["curve"]] == [10, 10]
    assert outcome["loss"] == [curve[-1] for curve in outcome["curve"]]


def test_pre_and_post_differ_in_the_norm_alone() -> None:
    trials = {t.key: t.parameters for t in experiments()["blocks-depth"].trials(quick=False)}
    for key, parameters in trials.items():
        other = trials[key.replace("pre", "post")]
        assert {k for k in parameters if parameters[k] != other[k]} <= {"norm"}
        other = trials[key.replace("warm50", "warm0")]
        assert {k for k in parameters if parameters[k] != other[k]} <= {"warm_up"}
