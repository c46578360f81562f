"""Part 7, to draw: tokens as often as their probabilities say, and seeds."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from autograder.checks import CheckFailure, Student, expect, expect_shape, expect_type
from autograder.hidden.shared.asking import numbers
from autograder.hidden.shared.lending import defined, over_either
from autograder.hidden.shared.tools import DOUBLE, untouched
from autograder.hidden.transformer.choosing import RIGHT
from autograder.hidden.transformer.probabilities import VOCABULARY, some_logits
from autograder.hidden.transformer.suite import WRITING, suite

DRAWS = 6000  # rows drawn in one request
CHANCE = 1e-9  # how often a right answer fails a comparison of frequencies

# Other probabilities than those of the text, which hang on all choices.
LENT = {
    "next_probabilities": """
import torch


def next_probabilities(logits, temperature=1.0, top_k=None, top_p=None):
    width = logits.shape[-1]
    near = 1.1 + torch.cos(logits * (0.5 + temperature) + (top_k or 0) + 3 * (top_p or 0))
    near = near / near.sum(-1, keepdim=True)
    return near if temperature else torch.eye(width, dtype=near.dtype)[near.argmax(-1)]
"""
}
SEEDED = "import torch\n\n\ndef seeded(seed):\n    return torch.Generator().manual_seed(seed)\n"
lent = defined(LENT["next_probabilities"], "next_probabilities")


def tokens_of(found: object, rows: int, what: str) -> Tensor:
    """The tokens of an answer, one for each row, as long integers."""
    found = numbers(found)
    expect_type(found, Tensor, what=what)
    assert isinstance(found, Tensor)
    value = found.squeeze(-1) if found.shape == (rows, 1) else found
    expect_shape(value, (rows,), what=what, hint="It is one token for each row")
    whole = value.round()
    expect(torch.equal(value, whole), f"{what} should be integers")
    inside = bool(((whole >= 0) & (whole < VOCABULARY)).all())
    expect(inside, f"{what} should be tokens of the vocabulary, from 0 on")
    return whole.long()


def unlikely(tokens: Tensor, p: Tensor) -> bool:
    """Whether draws have frequencies that come by chance less often than CHANCE.

    Pearson's statistic over the tokens that can come, against the chi-squared distribution.
    """
    counts = torch.bincount(tokens, minlength=len(p)).double()
    possible = p > 1e-12
    if bool(counts[~possible].any()):
        return True
    wanted = len(tokens) * p[possible]
    statistic = ((counts[possible] - wanted) ** 2 / wanted).sum()
    free = torch.tensor((int(possible.sum()) - 1) / 2, dtype=DOUBLE)
    return bool(free) and float(torch.special.gammaincc(free, statistic / 2)) < CHANCE


@suite.check(WRITING, points=0.5, title="tokens come as often as their probabilities say")
def drawn_tokens(student: Student, rng: torch.Generator) -> None:
    one = some_logits(rng, rows=1)
    logits = torch.cat([one, one.roll(2, dims=-1)])  # with another token in front

    def run(p: Any) -> None:
        for choices in ({}, {"temperature": 0.5}, {"top_k": 3}, {"top_p": 0.7}):
            rows = logits.repeat(DRAWS // 2, 1)
            with torch.no_grad():
                found = student.sample(rows, **choices)
            untouched(student, "sample")
            tokens, wanted = (
                tokens_of(found, len(rows), "what sample returns"),
                p(logits, **choices),
            )
            named = "".join(f", {name} {value:g}" for name, value in choices.items())
            for row in (0, 1):
                if unlikely(tokens[row::2], wanted[row]):
                    raise CheckFailure(
                        f"{DRAWS // 2} draws{named}: {_why(tokens, row, p, logits, choices)} "
                        f"(chance would say so once in {1 / CHANCE:.0e} times)"
                    )

    over_either(student, run, RIGHT, lent, LENT)


def _why(tokens: Tensor, row: int, p: Any, logits: Tensor, choices: dict[str, Any]) -> str:
    """What the draws of a row look like."""
    own, wanted = tokens[row::2], p(logits, **choices)
    if bool((tokens == tokens[0]).all()):
        return "always the same token comes: does every row draw for itself?"
    if bool((own == wanted[row].argmax()).all()):
        return "always the likeliest token comes, and nothing is drawn"
    if not unlikely(own, p(logits)[row]):
        return "temperature, top_k and top_p are not handed on"
    even = (wanted[row] > 0).double()
    if not unlikely(own, even / even.sum()):
        return "all tokens that are left come equally often"
    if not unlikely(own, wanted[1 - row]):
        return "the rows are exchanged"
    return "the tokens do not come as often as next_probabilities says"


@suite.check(WRITING, points=0.5, title="integers, and a seed repeats itself")
def seeded_tokens(student: Student, rng: torch.Generator) -> None:
    rows = some_logits(rng, rows=200)

    def run(p: Any) -> None:
        with student.lent("seeded", SEEDED), torch.no_grad():
            first, again, other = (
                student.sample(rows, generator=student.seeded(seed)) for seed in (3, 3, 4)
            )
            one = student.seeded(5)
            twice = [student.sample(rows, generator=one) for _ in range(2)]
            free = [student.sample(rows) for _ in range(2)]
        for found in (first, other):
            expect_type(found, Tensor, what="what sample returns")
            expect_shape(found, (200,), what="what sample returns", hint="It is (batch,)")
            expect(
                found.dtype == torch.int64,
                "sample should return integers of torch's usual kind, int64",
            )
        drawn = [tokens_of(each, 200, "what sample returns") for each in (first, *twice, *free)]
        possible = p(rows).gather(-1, torch.stack(drawn, 1))
        expect(bool((possible > 0).all()), "sample returns tokens that cannot come")
        expect(torch.equal(first, again), "the same seed gives other tokens: use the generator")
        # Two hundred draws agree by chance less than once in 1e40 times.
        expect(not torch.equal(first, other), "two seeds give the same tokens: use the generator")
        expect(
            not torch.equal(*twice),
            "one generator gives the same tokens twice: draw from it, do not start it again",
        )
        expect(not torch.equal(*free), "without a generator every call gives the same tokens")
        _expect_frequent(torch.cat(drawn), p(rows))

    over_either(student, run, RIGHT, lent, LENT)


def _expect_frequent(tokens: Tensor, p: Tensor) -> None:
    """Fail when the likeliest tokens come far too rarely, or always: then nothing was drawn."""
    best = p.argmax(-1).repeat(len(tokens) // len(p))
    share, wanted = float((tokens == best).double().mean()), float(p.amax(-1).mean())
    # A thousand draws: more than five deviations, by chance once in ten million times.
    expect(abs(share - wanted) < 0.08, "the tokens do not come as their probabilities say")
