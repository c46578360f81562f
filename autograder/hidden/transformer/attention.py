"""Part 1, attention in groups: scores, softmax, mask and groups, each by itself."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from autograder.checks import Student, expect, expect_close, expect_shape
from autograder.hidden.shared import owned
from autograder.hidden.shared.asking import expect_form, in_either, numbers, tolerance
from autograder.hidden.shared.gradients import expect_gradients
from autograder.hidden.shared.owned import every, expect_mechanism
from autograder.hidden.shared.tools import ATOL, DOUBLE, SINGLE, Suspects, close, untouched
from autograder.hidden.transformer.attending import (
    MISTAKES,
    RIGHT,
    Asked,
    Attending,
    Sizes,
    drawn,
)
from autograder.hidden.transformer.suite import LOOKING, suite

WHAT = "grouped_attention"


def ask(student: Student, asked: Asked) -> tuple[Any, float]:
    """The answer's numbers, and how close they can be expected to come."""

    def call(dtype: torch.dtype) -> Any:
        query, key, value = (part.to(dtype) for part in asked[:3])
        with torch.no_grad():
            return student.grouped_attention(query, key, value, asked.allowed)

    found = in_either(call)
    return numbers(found), tolerance(found)


def outcomes(asked: Asked, seen: Tensor | slice = slice(None)) -> dict[str, Suspects]:
    """What typical mistakes answer, by the mechanism they belong to."""
    return owned.outcomes(MISTAKES, lambda attending: attending(*asked)[:, :, seen])


def habit(found: object, asked: Asked, atol: float = ATOL) -> Attending | None:
    """The right arithmetic, or the typical mistake, that gives this answer."""
    known = [RIGHT, *every(MISTAKES)]
    return next((each for each in known if close(found, each(*asked), 100 * atol)), None)


def expect_answer(student: Student, asked: Asked, mechanism: str, hint: str) -> None:
    found, atol = ask(student, asked)
    wanted = RIGHT(*asked)
    if atol > ATOL:  # the precision has a check of its own
        found = found + (wanted - found) * close(found, wanted, SINGLE)
    expect_mechanism(found, wanted, outcomes(asked), (mechanism,), hint, WHAT)


@suite.check(LOOKING, points=0.5, title="the answer's shape and dtype; nothing is changed")
def attention_form(student: Student, rng: torch.Generator) -> None:
    asked = drawn(rng, Sizes())
    for dtype in (torch.float32, DOUBLE):
        query, key, value = (part.to(dtype) for part in asked[:3])
        with torch.no_grad():
            found = student.grouped_attention(query, key, value, asked.allowed)
        untouched(student, WHAT)
        hint = "It is (batch, heads, query, value)"
        expect_form(found, RIGHT(*asked).to(dtype), f"what {WHAT} returns", hint)
        atol = SINGLE if dtype == torch.float32 else ATOL
        expect(habit(found.double(), asked, atol), "the form is right, but the numbers are not")


@suite.check(LOOKING, points=0.5, title="scores are products of query and key, over the root")
def scaled(student: Student, rng: torch.Generator) -> None:
    hint = "The scores are q . k over the root of the size of a head"
    expect_answer(student, drawn(rng, Sizes()), "scaled", hint)


@suite.check(LOOKING, points=0.5, title="the softmax runs over the keys")
def softmax(student: Student, rng: torch.Generator) -> None:
    hint = "For each query the weights of all keys add up to 1"
    expect_answer(student, drawn(rng, Sizes()), "softmax", hint)


@suite.check(LOOKING, points=0.5, title="only what is allowed takes part")
def masked(student: Student, rng: torch.Generator) -> None:
    hint = "What is not allowed has weight 0, and the others add up to 1"
    expect_answer(student, drawn(rng, Sizes()), "masked", hint)


@suite.check(LOOKING, points=0.5, title="neighbouring heads share keys and values")
def groups(student: Student, rng: torch.Generator) -> None:
    for sizes in (Sizes(), Sizes(heads=4, groups=1), Sizes(heads=3, groups=3)):
        hint = "Head h looks at group h // (heads per group)"
        expect_answer(student, drawn(rng, sizes), "groups", hint)


@suite.check(LOOKING, points=0.5, title="a query that may see nothing gets zeros")
def blind(student: Student, rng: torch.Generator) -> None:
    asked = drawn(rng, Sizes(), blind=True)
    found, _ = ask(student, asked)
    expect_shape(found, RIGHT(*asked).shape, what=WHAT)
    seen = torch.tensor([0, 2, 3])
    others = every(outcomes(asked))
    if any(close(found, each, SINGLE) for each in others):
        return  # wrong about all queries, which costs elsewhere
    wanted = RIGHT(*asked)
    expect(
        close(found[:, :, seen], wanted[:, :, seen], SINGLE)
        or any(close(found[:, :, seen], each, SINGLE) for each in every(outcomes(asked, seen))),
        "with one query that sees nothing, the others come out wrong, too",
    )
    hint = "The softmax of nothing but minus infinity is NaN: set the weights to 0"
    mean = asked.value.mean(-2)[:, [0, 0, 0, 1, 1, 1]]
    if close(found[:, :, 1], mean, SINGLE):
        hint = "It takes the mean of all values, which it may not see"
    what = "the answer to a query that may attend to nothing"
    expect_close(found[:, :, 1], wanted[:, :, 1], atol=ATOL, what=what, hint=hint)
    leaves = [part.clone().requires_grad_() for part in asked[:3]]
    student.grouped_attention(*leaves, asked.allowed).sum().backward()
    for name, leaf in zip(("query", "key", "value"), leaves, strict=True):
        expect(
            leaf.grad is None or bool(leaf.grad.isfinite().all()),
            f"the gradient of {name} is NaN where a query may see nothing: a NaN was made and "
            "replaced afterwards; leave that row's scores finite before the softmax",
        )


@suite.check(LOOKING, points=0.5, title="edges: large scores, one of everything, float32")
def attention_edges(student: Student, rng: torch.Generator) -> None:
    for sizes in (Sizes(), Sizes(1, 1, 1, 1, 1, 1, 1), Sizes(1, 2, 1, 1, 3, 4, 4)):
        asked = drawn(rng, sizes)
        large = asked._replace(query=800 * asked.query)
        for each, when in ((asked, ""), (large, " with large scores")):
            found, _ = ask(student, each)
            known = habit(found, each, SINGLE)
            hint = "Is it exp without the largest score taken off?" if when else ""
            what = f"{WHAT}, for {sizes.batch} sequences and {sizes.keys} keys,{when}"
            if known is None and not _overflows(found, each):
                expect_close(found, RIGHT(*each), atol=SINGLE, rtol=SINGLE, what=what, hint=hint)


def _overflows(found: object, asked: Asked) -> bool:
    """Whether exponentials that nobody divides have become infinite, as they must."""
    bare = MISTAKES["softmax"][
        "The weights do not add up to 1: divide the exponentials by their sum"
    ]
    wanted = bare(*asked)
    return (
        isinstance(found, Tensor)
        and not bool(wanted.isfinite().all())
        and torch.equal(found.isfinite(), wanted.isfinite())
    )


@suite.check(LOOKING, points=0.5, title="gradients reach queries, keys and values")
def attention_gradients(student: Student, rng: torch.Generator) -> None:
    asked = drawn(rng, Sizes())
    found, _ = ask(student, asked)
    rule = habit(found, asked, SINGLE) or RIGHT
    expect_gradients(
        WHAT,
        rng,
        dict(zip(("query", "key", "value"), asked[:3], strict=True)),
        {},
        lambda given: {"the result": student.grouped_attention(*given.values(), asked.allowed)},
        lambda given, _: {"the result": rule(*asked._replace(**given))},
        dict,
    )
