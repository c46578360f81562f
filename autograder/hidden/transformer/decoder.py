"""Part 6, the decoder: the laws of sequence layers, and batches with padding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from autograder.checks import CheckFailure, Student
from autograder.hidden.shared import laws
from autograder.hidden.shared.asking import numbers
from autograder.hidden.shared.layers import Layer, Lent, Rule, Trial
from autograder.hidden.shared.lending import over_either
from autograder.hidden.shared.owned import expect_mechanism
from autograder.hidden.shared.tools import SINGLE, close, normal, pair
from autograder.hidden.transformer import attention, block, feed, heads, padding, positions
from autograder.hidden.transformer.decoding import (
    LENT,
    OVER_OURS,
    RIGHT,
    WRONG,
    Decoding,
    positions_of,
    start,
    visible,
)
from autograder.hidden.transformer.padding import some_real
from autograder.hidden.transformer.stacking import decoder_weights
from autograder.hidden.transformer.suite import DECODER, suite

PIECES = (
    *(attention.masked, attention.scaled, attention.softmax, attention.groups),
    *(positions.turned_pairs, positions.turned_positions, positions.hands_of_the_clock),
    *(heads.keys_of_heads, heads.values_of_heads, heads.queries_of_heads, heads.heads_joined),
    *(feed.rms_size, feed.rms_eps, feed.swiglu_gate, feed.swiglu_paths),
    *(block.first_branch, block.second_branch, block.block_cache),
    *(padding.real_positions, padding.no_later, padding.no_padding),
)


LAYER = Layer(
    name="CausalDecoder",
    record="DecoderCache",
    fields=("keys", "values", "real"),
    # d_model, heads, blocks, groups, width inside the net
    sizes=((8, 2, 2, 1, 6), (4, 1, 1, 1, 1), (12, 3, 3, 3, 2), (16, 4, 2, 2, 5)),
    weights=decoder_weights,
    rule=RIGHT.rule,
    start=start,
    wrong=WRONG,
    lent=Lent(
        pieces=LENT,
        rule=OVER_OURS.rule,
        variants={},
        at_fault=PIECES,
        words="a piece of the decoder gives other numbers by itself: put the parts before right",
    ),
)

laws.hold(
    suite,
    DECODER,
    LAYER,
    dict.fromkeys(laws.ALL, 0.5),
)


# --- padding ----------------------------------------------------------------------------------

PADDED = {
    "The mask is not used: padding is read like any token": replace(
        RIGHT,
        positions=lambda real, before: positions_of(torch.ones_like(real), before),
        sight=lambda before, real: visible(torch.ones_like(before), torch.ones_like(real)),
    ),
    "Padding in the cache takes positions: count the real tokens there": replace(
        RIGHT, counted=lambda real: torch.full((len(real),), real.shape[1])
    ),
    "Padding takes positions": replace(
        RIGHT,
        positions=lambda real, before: positions_of(torch.ones_like(real), before),
        counted=lambda real: torch.full((len(real),), real.shape[1]),
    ),
    "Padding is seen": replace(
        RIGHT, sight=lambda before, real: visible(torch.ones_like(before), torch.ones_like(real))
    ),
    "Padding in the cache is seen: hand state.real to visible": replace(
        RIGHT, sight=lambda before, real: visible(torch.ones_like(before), real)
    ),
}


@suite.check(DECODER, points=0.5, title="padding changes nothing at real tokens, in any chunk")
def padded_batch(student: Student, rng: torch.Generator) -> None:
    x, real = normal(rng, 4, 9, LAYER.sizes[0][0]), some_real(rng, 4, 9)

    def run(right: Decoding) -> None:
        own = Trial(student, rng, LAYER)  # made of what is lent, where something is
        for cuts in ((9,), (4, 5), (1,) * 9):
            if right is RIGHT and _wrong_anyway(own, x, cuts):
                continue  # wrong without padding, too, which costs elsewhere
            found, wanted, wrong = _read(own, right, x, real, cuts)
            hint = "Outputs at real tokens are those of the sequence alone"
            what = f"the output of {_by(cuts)}, at real tokens of a batch with padding,"
            expect_mechanism(found, wanted, {"padding": wrong}, ("padding",), hint, what)

    over_either(student, run, RIGHT, OVER_OURS, LENT)


def _wrong_anyway(trial: Trial, x: Tensor, cuts: tuple[int, ...]) -> bool:
    """Whether a typical mistake explains what comes without any padding."""
    try:
        found = list(_chunk_by_chunk(trial, cuts, x))
    except CheckFailure:
        return False
    if _explained(trial, RIGHT.rule, x, cuts, found):
        return False
    return any(_explained(trial, rule, x, cuts, found) for rule in WRONG.values())


def _chunk_by_chunk(trial: Trial, cuts: tuple[int, ...], *given: Tensor) -> Iterator[Any]:
    """What the student's decoder answers, with the state carried over; `given` is cut alike.

    It begins with a state of ours: their own has a check of its own.
    """
    state: Any = trial.student.DecoderCache(*trial.start(len(given[0])))
    for x, *mask in zip(*(each.split(cuts, 1) for each in given), strict=True):
        if len(cuts) > 2:
            alone = trial.module.step(x[:, 0], state, *(each[:, 0] for each in mask))
            y, state = pair(alone, "step")
            yield y.unsqueeze(1) if isinstance(y, Tensor) else y
        else:
            y, state = pair(trial.module(x, state, *mask), "forward")
            yield y


def _explained(
    trial: Trial, rule: Rule, x: Tensor, cuts: tuple[int, ...], found: list[Any]
) -> bool:
    state = trial.start(len(x))
    for part, value in zip(x.split(cuts, 1), found, strict=True):
        try:
            y, state = rule(trial.weights, part, state)
        except (RuntimeError, IndexError):
            return False  # a mistake whose own state does not fit its next chunk
        if not close(value, y, SINGLE):
            return False
    return True


def _by(cuts: tuple[int, ...]) -> str:
    names = {1: "forward", 2: "forward in two chunks"}
    return names.get(len(cuts), "step after step")


def _read(
    trial: Trial, right: Decoding, x: Tensor, real: Tensor, cuts: tuple[int, ...]
) -> tuple[Any, Tensor, dict[str, Tensor]]:
    """Outputs at real tokens by the student, by the rule, and by typical mistakes."""
    rules = {"": right, **{words: _over(right, each) for words, each in PADDED.items()}}
    states = {words: trial.start(len(x)) for words in rules}
    outputs: dict[str, list[Tensor]] = {words: [] for words in rules}
    found = [numbers(y) for y in _chunk_by_chunk(trial, cuts, x, real)]
    for part, which in zip(x.split(cuts, 1), real.split(cuts, 1), strict=True):
        for words, rule in rules.items():
            answer, states[words] = rule.read(trial.weights, part, states[words], which)
            outputs[words].append(answer)
    fits = all(isinstance(y, Tensor) and y.ndim == 3 for y in found)
    whole = torch.cat(found, 1) if fits else found[0]
    picked = {words: torch.cat(each, 1)[real] for words, each in outputs.items()}
    wanted = picked.pop("")
    same = isinstance(whole, Tensor) and whole.shape == x.shape
    return whole[real] if same else whole, wanted, picked


def _over(right: Decoding, mistake: Decoding) -> Decoding:
    return mistake if right is RIGHT else right
