"""Part 5, the block: its two branches, the way past them, and the cache it hands on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from autograder.checks import Remote, Student, expect, expect_close
from autograder.hidden.shared.asking import expect_form, numbers
from autograder.hidden.shared.gradients import expect_gradients
from autograder.hidden.shared.layers import Weights, gradients_of, loaded
from autograder.hidden.shared.lending import over_either
from autograder.hidden.shared.owned import every, expect_mechanism, outcomes
from autograder.hidden.shared.tools import SINGLE, Suspects, close, normal, pair, untouched
from autograder.hidden.transformer.layering import Sizes
from autograder.hidden.transformer.stacking import (
    BASE,
    MISTAKES,
    Blocked,
    Cache,
    Given,
    Mistake,
    OwnParts,
    Parts,
    block,
    random_weights,
)
from autograder.hidden.transformer.suite import BLOCK, suite

FEED_SIZE = 5

# What a block is made of, by the same names and methods, and nothing that the text asks for.
LENT = {
    "RMSNorm": """
import torch


class RMSNorm(torch.nn.Module):
    def __init__(self, dim, eps=1e-5):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(dim))

    def forward(self, x):
        return torch.tanh(x - self.weight)
""",
    "SwiGLU": """
import torch


class SwiGLU(torch.nn.Module):
    def __init__(self, dim, feed_size=None):
        super().__init__()

    def forward(self, x):
        return torch.cos(2 * x)
""",
    "GroupedAttention": """
import torch


class GroupedAttention(torch.nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None, base=10_000.0):
        super().__init__()

    def read(self, x, positions):
        size = x.shape[-1] // 2
        moved = 0.1 * positions.to(x.dtype)[:, None, :, None]
        return KeyValueCache(x[:, None, :, :size] - moved, torch.sin(x[:, None, :, size:]))

    def attend(self, x, positions, cache, allowed):
        seen = allowed.to(x.dtype) @ (cache.values * torch.cos(cache.keys))[:, 0]
        moved = 0.2 * positions.to(x.dtype).unsqueeze(-1)
        return torch.cat([seen, seen.flip(-1)], dim=-1) * x + moved
""",
}


class LentParts:
    """What the lent pieces do."""

    def __init__(self, weights: Weights) -> None:
        self.w = weights

    def norm1(self, x: Tensor) -> Tensor:
        return torch.tanh(x - self.w["norm1.weight"])

    def norm2(self, x: Tensor) -> Tensor:
        return torch.tanh(x - self.w["norm2.weight"])

    def feed(self, x: Tensor) -> Tensor:
        return torch.cos(2 * x)

    def read(self, x: Tensor, where: Tensor) -> Cache:
        size = x.shape[-1] // 2
        moved = 0.1 * where.to(x.dtype)[:, None, :, None]
        return x[:, None, :, :size] - moved, torch.sin(x[:, None, :, size:])

    def attend(self, x: Tensor, where: Tensor, cache: Cache, allowed: Tensor) -> Tensor:
        seen = allowed.to(x.dtype) @ (cache[1] * torch.cos(cache[0]))[:, 0]
        moved = 0.2 * where.to(x.dtype).unsqueeze(-1)
        return torch.cat([seen, seen.flip(-1)], dim=-1) * x + moved


class Trial:
    """A block of the student's, made anew for each kind of parts, and what it is called with."""

    def __init__(
        self, student: Student, rng: torch.Generator, batch: int = 2, time: int = 3, past: int = 2
    ) -> None:
        # One group of half the width: what is lent has a cache of this shape.
        self.student, self.sizes = student, Sizes(8, 2, 1, BASE)
        self.weights = random_weights(rng, self.sizes, FEED_SIZE)
        where = torch.randint(0, 20, (batch, time), generator=rng)
        shape = batch, 1, past, 4
        allowed = torch.rand(batch, time, past + time, generator=rng) < 0.6
        allowed[..., -1] = True
        before = normal(rng, *shape), normal(rng, *shape)
        self.given = Given(normal(rng, batch, time, 8), where, before, allowed)

    def module(self, p: Parts) -> tuple[Remote, dict[str, Tensor], dict[str, str]]:
        """The block, the weights that matter in it, and their names there."""
        lent = {n: v for n, v in self.weights.items() if n.startswith("norm")}
        weights = self.weights if isinstance(p, OwnParts) else lent
        made = self.student.Block(8, 2, 1, FEED_SIZE)
        return made, weights, loaded(made, weights)

    def asked(self, module: Remote, given: Given) -> tuple[Any, Any]:
        past = self.student.KeyValueCache(*given.past)
        found = module(given.x, given.where, past, given.allowed)
        return pair(found, "Block.forward")

    def answer(self, p: Parts, given: Given | None = None) -> Blocked:
        """The numbers of an answer, wherever they stand."""
        module, _, _ = self.module(p)
        with torch.no_grad():
            x, cache = self.asked(module, given or self.given)
        expect(
            isinstance(cache, tuple | list) and len(cache) == 2,
            "Block.forward should return a KeyValueCache as its second result",
        )
        return numbers(x), (numbers(cache[0]), numbers(cache[1]))

    def parts(self, like: Parts | None = None, weights: Weights | None = None) -> Parts:
        """The student's own parts, or those of the kind of `like`, with some weights."""
        weights = self.weights if weights is None else weights
        lent = isinstance(like, LentParts)
        return LentParts(weights) if lent else OwnParts(weights, self.sizes)


def with_either(trial: Trial, run: Callable[[Parts], None]) -> None:
    own, lent = trial.parts(), LentParts(trial.weights)
    over_either(trial.student, run, own, lent, LENT)


def rule_of(trial: Trial, p: Parts) -> Mistake | None:
    """The right block, or the typical mistake, that gives this answer."""
    x, cache = trial.answer(p)
    known = [block, *every(MISTAKES)]

    def fits(rule: Mistake) -> bool:
        y, (keys, values) = rule(p, trial.given)
        return all(
            close(value, wanted, SINGLE)
            for value, wanted in ((x, y), (cache[0], keys), (cache[1], values))
        )

    return next((rule for rule in known if fits(rule)), None)


def streams(p: Parts, given: Given) -> dict[str, Suspects]:
    return outcomes(MISTAKES, lambda rule: rule(p, given)[0])


def expect_stream(student: Student, rng: torch.Generator, mechanism: str, hint: str) -> None:
    trial = Trial(student, rng)

    def run(p: Parts) -> None:
        found, _ = trial.answer(p)
        wanted = block(p, trial.given)[0]
        if not close(found, wanted, SINGLE):
            wrong = streams(p, trial.given)
            expect_mechanism(found, wanted, wrong, (mechanism,), hint, "the x of Block.forward")

    with_either(trial, run)


@suite.check(BLOCK, points=1, title="x + attention of the normed tokens")
def first_branch(student: Student, rng: torch.Generator) -> None:
    hint = "It is x + attention(norm1(x)), with keys, values and queries of the normed tokens"
    expect_stream(student, rng, "first_branch", hint)


@suite.check(BLOCK, points=1, title="then x + the feed-forward net of the normed sum")
def second_branch(student: Student, rng: torch.Generator) -> None:
    hint = "It is x + feed_forward(norm2(x)), where x has the first branch in it"
    expect_stream(student, rng, "second_branch", hint)


@suite.check(BLOCK, points=0.5, title="the cache: what was there, then what is new")
def block_cache(student: Student, rng: torch.Generator) -> None:
    trial = Trial(student, rng)

    def run(p: Parts) -> None:
        module, _, _ = trial.module(p)
        with torch.no_grad():
            x, cache = trial.asked(module.double(), trial.given)
        untouched(student, "Block.forward")
        expect(
            getattr(cache, "_fields", None) == ("keys", "values"),
            "Block.forward should return a KeyValueCache(keys, values) as its second result",
        )
        right, rules = block(p, trial.given), MISTAKES["first_branch"].values()
        expect_form(x, right[0], "the x of Block.forward")
        for which, name in enumerate(("keys", "values")):
            known = [rule(p, trial.given)[1][which] for rule in rules]
            if any(close(cache[which], each, SINGLE) for each in known):
                continue  # read from other tokens, which costs elsewhere
            wrong = {w: f(p, trial.given)[1][which] for w, f in MISTAKES["block_cache"].items()}
            hint = "New keys and values stand behind those of past, along time"
            what = f"the {name} of the cache of Block.forward"
            expect_mechanism(
                cache[which], right[1][which], {"cache": wrong}, ("cache",), hint, what
            )
        alike = close(numbers(x), right[0], SINGLE) or rule_of(trial, p)
        expect(alike, "the form is right, but the numbers are not")

    with_either(trial, run)


@suite.check(BLOCK, points=0.5, title="one sequence, one token, no past, float32; gradients flow")
def block_gradients(student: Student, rng: torch.Generator) -> None:
    trial, small = Trial(student, rng), Trial(student, rng, 1, 1, 0)

    def run(p: Parts) -> None:
        rule = rule_of(trial, p) or block
        own = small.parts(p)
        what = "Block.forward, for one token of one sequence and nothing before it,"
        y, _ = small.answer(own)
        wanted, _ = rule(own, small.given)
        expect_close(y, wanted, atol=SINGLE, rtol=SINGLE, what=what)
        _expect_single(trial, p, rule)
        module, weights, keys = trial.module(p)
        given = trial.given

        def theirs(leaves: dict[str, Tensor]) -> dict[str, Any]:
            x, k, v = leaves.values()
            y, cache = trial.asked(module, given._replace(x=x, past=(k, v)))
            return {"x": y, "the keys": cache[0], "the values": cache[1]}

        def ours(leaves: dict[str, Tensor], w: dict[str, Tensor]) -> dict[str, Any]:
            x, k, v = leaves.values()
            y, cache = rule(trial.parts(p, w), given._replace(x=x, past=(k, v)))
            return {"x": y, "the keys": cache[0], "the values": cache[1]}

        def grads() -> dict[str, Tensor | None]:
            return gradients_of(module, keys)

        inputs = {
            "x": given.x,
            "the past's keys": given.past[0],
            "the past's values": given.past[1],
        }
        expect_gradients("Block", rng, inputs, weights, theirs, ours, grads)

    with_either(trial, run)


def _expect_single(trial: Trial, p: Parts, rule: Mistake) -> None:
    module, _, _ = trial.module(p)
    g, single = trial.given, torch.float32
    small = Given(g.x.to(single), g.where, (g.past[0].to(single), g.past[1].to(single)), g.allowed)
    with torch.no_grad():
        x, _ = trial.asked(module.float(), small)
    wanted = rule(p, g)[0].to(single)
    expect_close(x, wanted, atol=1e-4, rtol=1e-4, what="the x of Block.forward in float32")
