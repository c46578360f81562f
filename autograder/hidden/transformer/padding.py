"""Part 6, the two functions: where tokens stand among padding, and what they may see."""

from __future__ import annotations

import torch
from torch import Tensor

from autograder.checks import Student, expect
from autograder.hidden.shared.asking import expect_form
from autograder.hidden.shared.tools import DOUBLE, expect_value, untouched
from autograder.hidden.transformer.decoding import positions_of, visible
from autograder.hidden.transformer.suite import DECODER, suite


def some_real(rng: torch.Generator, batch: int, time: int) -> Tensor:
    """Padding on the left, between, and on the right; the last row is whole."""
    real = torch.rand(batch, time, generator=rng) < 0.6
    real[0, : time // 2], real[0, time // 2] = False, True
    real[-1] = True
    return real


@suite.check(DECODER, points=0.5, title="a position counts the real tokens before")
def real_positions(student: Student, rng: torch.Generator) -> None:
    for batch, time in ((4, 7), (1, 1), (2, 5)):
        real = some_real(rng, batch, time)
        before = torch.randint(1, 9, (batch,), generator=rng)
        count, whole = real.long(), torch.arange(time).expand(batch, time)
        for given in (None, before):
            start = torch.zeros_like(before) if given is None else given
            found = student.positions_of(real, given)
            untouched(student, "positions_of")
            wanted = positions_of(real, start)
            offset = start.unsqueeze(1)
            suspects = {
                "Padding takes positions, too: only real tokens count": whole + offset,
                "The token itself is counted: only those before it": count.cumsum(1) + offset,
                "before is not added": wanted - offset,
                "before is taken off": wanted - 2 * offset,
                "It counts the padding before it, not the real tokens": (
                    (1 - count).cumsum(1) - (1 - count) + offset
                ),
                "The rows are counted on from one to the next": (
                    (count.flatten().cumsum(0).view_as(count) - count) + offset
                ),
                "Padded places get 0; they get the count there, as all others do": (
                    torch.where(real, wanted, 0)
                ),
                "It counts from the right": (count.flip(1).cumsum(1).flip(1) - count + offset),
                "The first row's before is added to all rows": wanted - offset + start[0],
            }
            what = "what positions_of returns"
            expect_form(found.long() if _whole(found) else found, wanted, what)
            hint = "It is how many real tokens of the row stand before this one, plus before"
            expect_value(found.long().double(), wanted.double(), _double(suspects), hint, what=what)
            expect(_whole(found), "positions_of should return integers")


def _whole(found: object) -> bool:
    return (
        isinstance(found, Tensor)
        and not found.is_floating_point()
        and not found.is_complex()
        and found.dtype != torch.bool
    )


def _double(suspects: dict[str, Tensor]) -> dict[str, Tensor]:
    return {words: value.double() for words, value in suspects.items()}


def seen(student: Student, before: Tensor, real: Tensor) -> Tensor:
    found = student.visible(before, real)
    untouched(student, "visible")
    hint = "It is (batch, time, past + time), boolean"
    expect_form(found, visible(before, real), "what visible returns", hint)
    assert isinstance(found, Tensor)
    return found


def wrong_orders(batch: int, past: int, time: int) -> dict[str, Tensor]:
    """Mistakes about who comes first, where nothing is padding."""
    ones = torch.ones(batch, time, past + time, dtype=DOUBLE)
    right = ones.tril(past)
    return {
        "Tokens see those that come after them": ones,
        "A token does not see itself": ones.tril(past - 1),
        "A token sees the one after it": ones.tril(past + 1),
        "The tokens in the cache are not counted: new token t stands at place past + t": (
            ones.tril()
        ),
        "The mask is turned round: True means may attend": 1 - right,
        "The new tokens do not see the cache": (
            right - torch.nn.functional.pad(ones[..., :past], (0, time))
        ),
        "Tokens see themselves and what comes after": ones.triu(past),
    }


@suite.check(DECODER, points=0.5, title="a token sees up to itself, and all of the cache before it")
def no_later(student: Student, rng: torch.Generator) -> None:
    for past, time in ((0, 5), (3, 4), (2, 1)):
        before, real = (torch.ones(2, length, dtype=torch.bool) for length in (past, time))
        found, wanted = seen(student, before, real), visible(before, real)
        suspects = wrong_orders(2, past, time)
        what = f"the sight of {time} new tokens with {past} in the cache"
        hint = "Token t may attend to all places up to past + t"
        expect_value(found.double(), wanted.double(), _double(suspects), hint, what=what)


@suite.check(DECODER, points=0.5, title="nobody sees padding, old or new")
def no_padding(student: Student, rng: torch.Generator) -> None:
    for past, time in ((4, 3), (0, 6), (3, 1)):
        before = some_real(rng, 3, past) if past else torch.ones(3, 0).bool()
        real = some_real(rng, 3, time)
        real[1], real[0, 0] = torch.rand(time, generator=rng) < 0.5, False
        found, wanted = seen(student, before, real), visible(before, real)
        earlier = torch.ones(3, time, past + time).tril(past)
        both = torch.cat([before, real], 1).unsqueeze(1)
        old = torch.cat([before, torch.ones_like(real)], 1).unsqueeze(1)
        new = torch.cat([torch.ones_like(before), real], 1).unsqueeze(1)
        causal = _causal_of(student, past, time)
        places = causal.bool() & both
        if torch.equal(found, places):
            continue  # padding is right; who comes first is looked at elsewhere
        suspects = {
            "Padding is seen": earlier,
            "Padding among the new tokens is seen": earlier * old,
            "Padding in the cache is seen": earlier * new,
            "Padding alone is seen: True means a real token": earlier * ~both,
            "Padded tokens see nothing; it is they who are not seen": earlier * real.unsqueeze(2),
            "The first row's padding is taken for all rows": earlier * both[:1],
            "Padded tokens are not seen, and see nothing; what they see matters to nobody, but "
            "the text has it by what is seen alone": earlier * both * real.unsqueeze(2),
        }
        hint = "A place may be attended to if it is no later and real"
        what = f"the sight of {time} tokens with {past} in the cache, some of them padding,"
        expect_value(found.double(), wanted.double(), _double(suspects), hint, what=what)


def _causal_of(student: Student, past: int, time: int) -> Tensor:
    """What the student's visible makes of no padding at all, if that is a usual mistake."""
    before, real = (torch.ones(3, length, dtype=torch.bool) for length in (past, time))
    found = seen(student, before, real).double()
    usual = wrong_orders(3, past, time).values()
    wrong = any(torch.equal(found, each) for each in usual)
    return found if wrong else visible(before, real).double()
