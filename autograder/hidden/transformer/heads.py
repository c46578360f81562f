"""Part 3, the layer: keys and values of the heads, queries, the heads joined, the cache."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from autograder.checks import Remote, Student, expect, expect_close, expect_shape
from autograder.hidden.shared.asking import expect_form, numbers
from autograder.hidden.shared.gradients import expect_gradients
from autograder.hidden.shared.layers import Weights, gradients_of, loaded
from autograder.hidden.shared.lending import over_either
from autograder.hidden.shared.owned import expect_mechanism, outcomes
from autograder.hidden.shared.tools import DOUBLE, SINGLE, Suspects, close, normal, untouched
from autograder.hidden.transformer.layering import (
    LENT,
    LOOKING,
    OURS,
    OWN,
    READING,
    RIGHT,
    Layered,
    Pieces,
    Sizes,
    random_weights,
)
from autograder.hidden.transformer.suite import HEADS, suite

ANEW = "attend reads keys and values of its tokens anew; the cache holds them already"


class Trial:
    """One layer of the student's with random weights, tokens at odd places, and a cache."""

    def __init__(
        self,
        student: Student,
        rng: torch.Generator,
        sizes: Sizes | None = None,
        batch: int = 2,
        time: int = 3,
        past: int = 2,
    ) -> None:
        self.student, self.sizes = student, sizes or Sizes()
        self.weights: Weights = random_weights(rng, self.sizes)
        self.module: Remote = student.GroupedAttention(*self.sizes)
        self.keys = loaded(self.module, self.weights)
        self.x = normal(rng, batch, time, self.sizes.d_model)
        self.where = torch.randint(1, 20, (batch, time), generator=rng)
        shape = batch, self.sizes.num_kv_heads, past + time, self.sizes.head
        self.cache = normal(rng, *shape), normal(rng, *shape)
        self.allowed = torch.rand(batch, time, past + time, generator=rng) < 0.6
        self.allowed[..., 0] = True
        self.allowed[:, :1, -1] = past + time == 1

    def read(self) -> tuple[Any, Any]:
        with torch.no_grad():
            found = self.module.read(self.x, self.where)
        return _two(found)

    def attend(self) -> Any:
        cache = self.student.KeyValueCache(*self.cache)
        with torch.no_grad():
            found = self.module.attend(self.x, self.where, cache, self.allowed)
        return numbers(found)

    def right_read(self, p: Pieces, rule: Layered = RIGHT) -> tuple[Tensor, Tensor]:
        return rule.read(p, self.weights, self.sizes, self.x, self.where)

    def right_attend(self, p: Pieces, rule: Layered = RIGHT) -> Tensor:
        given = self.x, self.where, self.cache, self.allowed
        return rule.attend(p, self.weights, self.sizes, *given)

    def misread(self, p: Pieces, which: int) -> dict[str, Suspects]:
        return outcomes(READING, lambda rule: self.right_read(p, rule)[which])

    def misattended(self, p: Pieces) -> dict[str, Suspects]:
        wrong: dict[str, Suspects] = {
            name: {words: self.right_attend(p, rule) for words, rule in rules.items()}
            for name, rules in LOOKING.items()
        }
        anew = {ANEW: self._read_anew(p)}
        return {**wrong, "looks_at_the_cache": {**wrong["looks_at_the_cache"], **anew}}

    def _read_anew(self, p: Pieces) -> Tensor:
        """What comes when the last tokens in the cache are replaced by those of x."""
        time = self.x.shape[1]
        pairs = zip(self.cache, self.right_read(p), strict=True)
        keys, values = (torch.cat([old[:, :, :-time], new], dim=2) for old, new in pairs)
        given = self.x, self.where, (keys, values), self.allowed
        return RIGHT.attend(p, self.weights, self.sizes, *given)


def _two(found: Any) -> tuple[Any, Any]:
    expect(
        isinstance(found, tuple | list) and len(found) == 2,
        "GroupedAttention.read should return a KeyValueCache: keys and values",
    )
    return numbers(found[0]), numbers(found[1])


def with_either(student: Student, run: Callable[[Pieces], None]) -> None:
    over_either(student, run, OWN, OURS, LENT)


@suite.check(HEADS, points=0.5, title="read gives a KeyValueCache of the text's shapes")
def read_form(student: Student, rng: torch.Generator) -> None:
    trial = Trial(student, rng)

    def run(p: Pieces) -> None:
        for dtype in (torch.float32, DOUBLE):
            trial.module.to(dtype)
            with torch.no_grad():
                found = trial.module.read(trial.x.to(dtype), trial.where)
            untouched(student, "GroupedAttention.read")
            expect(
                getattr(found, "_fields", None) == ("keys", "values"),
                "GroupedAttention.read should return a KeyValueCache(keys, values)",
            )
            right = trial.right_read(p)
            for name, value, wanted in zip(("keys", "values"), found, right, strict=True):
                hint = "It is (batch, num_kv_heads, time, head_dim)"
                expect_form(value, wanted.to(dtype), f"the {name} of read", hint)
            expect(_known(trial, p, found), "the form is right, but the numbers are not")

    with_either(student, run)


def _known(trial: Trial, p: Pieces, found: Any) -> bool:
    """Whether keys or values are right, or wrong in a known way."""
    for which, value in enumerate(found):
        known = [trial.right_read(p)[which]]
        for suspects in trial.misread(p, which).values():
            known += suspects.values()
        if any(close(value.double(), each, SINGLE) for each in known):
            return True
    return False


@suite.check(HEADS, points=0.5, title="keys: cut into heads, turned to their positions")
def keys_of_heads(student: Student, rng: torch.Generator) -> None:
    trial = Trial(student, rng)

    def run(p: Pieces) -> None:
        keys, _ = trial.read()
        wanted, wrong = trial.right_read(p)[0], trial.misread(p, 0)
        own = {"keys_of_heads": wrong["keys_of_heads"]}
        hint = "They are rotate(W_k x), head after head, with the layer's base"
        expect_mechanism(keys, wanted, own, ("keys_of_heads",), hint, "the keys of read")

    with_either(student, run)


@suite.check(HEADS, points=0.5, title="values: cut into heads, and not turned")
def values_of_heads(student: Student, rng: torch.Generator) -> None:
    trial = Trial(student, rng)

    def run(p: Pieces) -> None:
        _, values = trial.read()
        wanted, wrong = trial.right_read(p)[1], trial.misread(p, 1)
        own = {"values_of_heads": wrong["values_of_heads"]}
        hint = "They are W_v x, head after head"
        expect_mechanism(values, wanted, own, ("values_of_heads",), hint, "the values of read")

    with_either(student, run)


def expect_attended(
    student: Student, rng: torch.Generator, mechanisms: tuple[str, ...], hint: str
) -> None:
    trial = Trial(student, rng)

    def run(p: Pieces) -> None:
        found, wanted = trial.attend(), trial.right_attend(p)
        wrong = trial.misattended(p)
        expect_mechanism(found, wanted, wrong, mechanisms, hint, "what attend returns")

    with_either(student, run)


@suite.check(HEADS, points=0.5, title="queries: cut into heads, turned to their positions")
def queries_of_heads(student: Student, rng: torch.Generator) -> None:
    hint = "They are rotate(W_q x), head after head, with the layer's base"
    expect_attended(student, rng, ("queries_of_heads", "both"), hint)


@suite.check(HEADS, points=0.5, title="the heads lie one after the other, then the output matrix")
def heads_joined(student: Student, rng: torch.Generator) -> None:
    hint = "It is W_o of all heads, one after the other"
    expect_attended(student, rng, ("heads_joined", "both"), hint)


@suite.check(HEADS, points=0.5, title="attend looks at the cache it is given, where allowed")
def looks_at_the_cache(student: Student, rng: torch.Generator) -> None:
    expect_attended(student, rng, ("looks_at_the_cache",), "It looks at all of the cache")


def attended_rule(trial: Trial, p: Pieces) -> Layered | None:
    found = trial.attend()
    rules = [RIGHT, *(rule for wrong in LOOKING.values() for rule in wrong.values())]
    return next((r for r in rules if close(found, trial.right_attend(p, r), SINGLE)), None)


def read_rules(trial: Trial, p: Pieces) -> tuple[Layered, Layered]:
    """The right reading, or the typical mistake, that keys come from, and values."""
    rules = [RIGHT, *(rule for wrong in READING.values() for rule in wrong.values())]

    def behind(which: int, value: object) -> Layered:
        fits = (r for r in rules if close(value, trial.right_read(p, r)[which], SINGLE))
        return next(fits, RIGHT)

    keys, values = trial.read()
    return behind(0, keys), behind(1, values)


@suite.check(HEADS, points=0.5, title="gradients reach the tokens, the cache and all weights")
def heads_gradients(student: Student, rng: torch.Generator) -> None:
    trial = Trial(student, rng)

    def run(p: Pieces) -> None:
        looks, reads = attended_rule(trial, p) or RIGHT, read_rules(trial, p)
        cache = dict(zip(("the cache's keys", "the cache's values"), trial.cache, strict=True))

        def theirs(given: dict[str, Tensor]) -> dict[str, Any]:
            x, *held = given.values()
            keys, values = trial.module.read(x, trial.where)
            record = student.KeyValueCache(*held)
            y = trial.module.attend(x, trial.where, record, trial.allowed)
            return {"the output": y, "the keys": keys, "the values": values}

        def ours(given: dict[str, Tensor], w: dict[str, Tensor]) -> dict[str, Any]:
            x, k, v = given.values()
            both = (rule.read(p, w, trial.sizes, x, trial.where) for rule in reads)
            keys, values = (read[which] for which, read in enumerate(both))
            y = looks.attend(p, w, trial.sizes, x, trial.where, (k, v), trial.allowed)
            return {"the output": y, "the keys": keys, "the values": values}

        def grads() -> dict[str, Tensor | None]:
            return gradients_of(trial.module, trial.keys)

        trial.module.zero_grad()
        inputs = {"x": trial.x, **cache}
        expect_gradients("GroupedAttention", rng, inputs, trial.weights, theirs, ours, grads)

    with_either(student, run)


@suite.check(HEADS, points=0.5, title="edges: one sequence, one token, one head, float32")
def heads_edges(student: Student, rng: torch.Generator) -> None:
    shapes = (
        (Sizes(2, 1, 1, 50.0), 1, 1, 0),
        (Sizes(12, 3, 1), 1, 4, 1),
        (Sizes(8, 2, 2), 3, 1, 5),
    )
    for sizes, batch, time, past in shapes:
        trial = Trial(student, rng, sizes, batch, time, past)
        usual = Trial(student, rng)

        def run(p: Pieces, trial: Trial = trial, usual: Trial = usual) -> None:
            looks, reads = attended_rule(usual, p) or RIGHT, read_rules(usual, p)
            when = f"with {trial.sizes.num_heads} heads, {len(trial.x)} sequences and "
            when += f"{trial.x.shape[1]} tokens"
            hint = "Is an axis squeezed away?"
            for which, value in enumerate(trial.read()):
                wanted = trial.right_read(p, reads[which])[which]
                what = f"read, {when},"
                expect_close(value, wanted, atol=SINGLE, rtol=SINGLE, what=what, hint=hint)
            what = f"attend, {when},"
            wanted = trial.right_attend(p, looks)
            expect_close(trial.attend(), wanted, atol=SINGLE, rtol=SINGLE, what=what, hint=hint)
            _expect_single(trial, p, looks)

        with_either(student, run)


def _expect_single(trial: Trial, p: Pieces, rule: Layered) -> None:
    """Fail unless attend works in float32."""
    trial.module.float()
    cache = trial.student.KeyValueCache(*(part.float() for part in trial.cache))
    with torch.no_grad():
        found = trial.module.attend(trial.x.float(), trial.where, cache, trial.allowed)
    trial.module.double()
    wanted = trial.right_attend(p, rule)
    expect_shape(found, wanted.shape, what="attend in float32")
    # Cosines of sums in float32, which the lent pieces take.
    expect_close(found, wanted.float(), atol=1e-4, rtol=1e-4, what="attend in float32")
