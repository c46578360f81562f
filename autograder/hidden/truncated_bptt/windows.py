"""Part 1, windows: where the error is cut, what is carried on, what is added up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor

from autograder.checks import Student, expect, expect_shape
from autograder.hidden.shared.asking import expect_form, in_either, numbers, tolerance
from autograder.hidden.shared.owned import Mistake, expect_own, known
from autograder.hidden.shared.tools import DOUBLE, SINGLE, close, untouched
from autograder.hidden.truncated_bptt.echoes import (
    NAME,
    SOURCE,
    Case,
    Learning,
    case,
    learned,
    tensors,
)
from autograder.hidden.truncated_bptt.suite import WINDOWS, suite

FIELDS = ("loss", "gradients", "state")


# --- asking -----------------------------------------------------------------------------------


def answer(
    student: Student,
    case: Case,
    window: int | None,
    *,
    start: bool = True,
    dtype: torch.dtype = DOUBLE,
    times: int = 1,
    lopsided: bool = False,
) -> Any:
    """What full_bptt (no window) or windowed_bptt returns, as it is."""
    function = "full_bptt" if window is None else "windowed_bptt"
    with student.lent(NAME, SOURCE):
        layer = student.Echo(*case.sizes, **case.options).double()
        layer.load_state_dict(case.weights)
        layer.to(dtype)
        given: list[Any] = [layer, case.x.to(dtype), case.target.to(dtype)]
        named: dict[str, Any] = {"loss": student.echo_lopsided} if lopsided else {}
        if start:
            fast, slow = case.start
            moved = case._replace(start=(fast.to(dtype), slow.to(dtype)))
            named["state"] = moved.record(layer.initial_state(len(case.x)))
        for _ in range(times):
            found = getattr(student, function)(*given, *([window] if window else []), **named)
        untouched(student, function)
    return found


class Found(NamedTuple):
    loss: Any
    gradients: dict[str, Any]
    state: list[Tensor]
    atol: float

    def flat(self, wanted: Learning) -> Tensor:
        """The gradients as one vector; fail where one is missing or has another shape."""
        for name, gradient in wanted.gradients.items():
            value = self.gradients.get(name)
            expect(value is not None, f"there is no gradient for the layer's parameter {name!r}")
            expect_shape(value, gradient.shape, what=f"the gradient of {name}")
        return torch.cat([self.gradients[name].flatten() for name in sorted(wanted.gradients)])


def ask(student: Student, case: Case, window: int | None, **options: Any) -> Found:
    """The numbers of an answer, wherever in it they stand; `learned_form` asks for the form."""
    found = in_either(lambda dtype: answer(student, case, window, dtype=dtype, **options))
    parts = [found[name] for name in FIELDS] if isinstance(found, dict) else found
    function = "full_bptt" if window is None else "windowed_bptt"
    expect(
        isinstance(parts, tuple | list) and len(parts) == 3,
        f"{function} should return Learned(loss, gradients, state)",
    )
    loss, gradients, state = parts
    if isinstance(gradients, tuple | list):
        names = [name for name, p in case.ours.named_parameters() if p.requires_grad]
        gradients = dict(zip(names, gradients, strict=False))
    expect(isinstance(gradients, dict), "the gradients should be a dict, by parameter name")
    values = list(gradients.values())
    named = {name: numbers(value) for name, value in gradients.items()}
    ends = [part.detach().double() for part in tensors(state)]
    return Found(numbers(loss), named, ends, tolerance([loss, *values, *tensors(state)]))


# --- typical mistakes -------------------------------------------------------------------------

MISTAKES: list[tuple[str, str, dict[str, Any]]] = [
    (
        "cut_between",
        "The error goes back beyond its window: hand the state on as a constant",
        {"cut": "nowhere"},
    ),
    (
        "cut_between",
        "No error goes back even within a window: the state is detached at every step",
        {"cut": "every"},
    ),
    (
        "carried_on",
        "Every window begins anew: begin with the state that the one before it left",
        {"carried": "nothing"},
    ),
    (
        "carried_on",
        "Every window begins with the state that came in; begin with the one left before",
        {"carried": "start"},
    ),
    ("adds_up", "It is averaged over the steps of each window, not summed", {"share": "window"}),
    ("adds_up", "It is averaged over time, not summed", {"share": "time"}),
    ("adds_up", "It is averaged over the sequences, not summed", {"share": "batch"}),
    ("adds_up", "It is averaged over steps and sequences, not summed", {"share": "both"}),
    ("adds_up", "It is averaged over the windows, not summed", {"share": "pieces"}),
    (
        "adds_up",
        "The last window is left out: it is shorter than the others, and counts",
        {"pieces": "whole"},
    ),
    ("adds_up", "Only the last window counts: add the windows up", {"pieces": "last"}),
    ("start_state", "The state that comes in is ignored", {"start": False}),
]


def mistakes(case: Case, window: int | None, **asked: Any) -> Iterator[tuple[str, str, Learning]]:
    """What typical mistakes learn, each with the check that is meant for it."""
    time = case.x.shape[1]
    for check, words, options in MISTAKES:
        if options.get("pieces") != "whole" or (window and window <= time):
            yield check, words, learned(case, window, **{**asked, **options})
    neighbours = ((window + 1, "too long"), (window - 1, "too short")) if window else ()
    for other, words in neighbours:
        if other:
            yield "cut_between", f"The windows are one step {words}", learned(case, other, **asked)


def expect_learned(
    check: str,
    student: Student,
    case: Case,
    window: int | None,
    parts: tuple[str, ...] = FIELDS,
    otherwise: str = "",
    strict: bool = False,
    **asked: Any,
) -> None:
    """Fail unless these parts of an answer are right; mistakes that others look at pass."""
    found = ask(student, case, window, **asked)
    options = {name: value for name, value in asked.items() if name in ("start", "lopsided")}
    wanted = learned(case, window, **options)

    def compare(what: str, value: Any, pick: Callable[[Learning], Tensor]) -> None:
        suspects = (
            Mistake(check if strict else owner, words, pick(other))
            for owner, words, other in mistakes(case, window, **options)
        )
        expect_own(check, value, pick(wanted), suspects, otherwise, what=what, atol=found.atol)

    if "loss" in parts:
        compare("the loss", found.loss, lambda each: each.loss)
    if "gradients" in parts:
        compare("the gradient by all parameters", found.flat(wanted), lambda each: each.flat)
    if "state" in parts:
        expect(
            len(found.state) == len(wanted.state),
            "the state that is returned should be made as the layer makes it",
        )
        ends = found.state
        same = all(part.shape == ends[0].shape for part in ends)
        compare("the state that is returned", torch.stack(ends) if same else ends, lambda e: e.ends)


# --- the checks -------------------------------------------------------------------------------


@suite.check(WINDOWS, points=0.5, title="Learned: loss, gradients by name, a state without history")
def learned_form(student: Student, rng: torch.Generator) -> None:
    some = case(rng, 2, 5)
    for window in (None, 2):
        function = "full_bptt" if window is None else "windowed_bptt"
        for dtype in (torch.float64, torch.float32):
            found = answer(student, some, window, dtype=dtype)
            expect(
                getattr(found, "_fields", None) == FIELDS,
                f"{function} should return Learned(loss, gradients, state)",
            )
            wanted = learned(some, window)
            gradients = found.gradients
            expect(
                isinstance(gradients, dict) and set(gradients) == set(wanted.gradients),
                f"{function} should give its gradients as a dict whose keys are the names "
                "in layer.named_parameters()",
            )
            for name, value in wanted.gradients.items():
                expect_form(gradients[name], value.to(dtype), f"the gradient of {name}")
            expect_form(found.loss, wanted.loss.to(dtype), "the loss")
            expect(not found.loss.requires_grad, "the loss still knows its history: detach it")
            expect(
                getattr(found.state, "_fields", None) == ("fast", "slow"),
                "the state that is returned should be a record as the layer makes it",
            )
            for part, like in zip(tensors(found.state), wanted.state, strict=True):
                expect_form(part, like.to(dtype), "the state that is returned")
                expect(
                    not part.requires_grad,
                    "the state that is returned still knows its history: detach it",
                )
            flat = torch.cat([gradients[name].flatten() for name in sorted(gradients)]).double()
            wrong = (Mistake("", "", each.flat) for *_, each in mistakes(some, window))
            expect(
                close(flat, wanted.flat, SINGLE) or known(flat, wrong, SINGLE),
                "the form is right, but the gradients are not",
            )


@suite.check(WINDOWS, points=0.5, title="full_bptt goes back through the whole sequence")
def whole_sequence(student: Student, rng: torch.Generator) -> None:
    some = case(rng, 3, 7)
    hint = "Run the layer once over the whole sequence, and differentiate the loss"
    expect_learned("whole_sequence", student, some, None, otherwise=hint, strict=True)


@suite.check(WINDOWS, points=0.5, title="error stays within its window, and goes back through it")
def cut_between(student: Student, rng: torch.Generator) -> None:
    hint = "Differentiate each window's loss, with the state before it as a constant"
    for time, window in ((9, 3), (12, 4)):
        some = case(rng, 3, time)
        expect_learned("cut_between", student, some, window, ("gradients",), hint)


@suite.check(WINDOWS, points=0.5, title="the state is carried from window to window, and returned")
def carried_on(student: Student, rng: torch.Generator) -> None:
    hint = "Windows change no output: the state is that after the last token"
    expect_learned("carried_on", student, case(rng, 3, 9), 3, ("loss", "state"), hint)


@suite.check(
    WINDOWS, points=0.5, title="losses and gradients add up, over a shorter last window, too"
)
def adds_up(student: Student, rng: torch.Generator) -> None:
    hint = "Add up the losses and the gradients of all windows"
    for time, window in ((8, 3), (7, 5)):
        some = case(rng, 4, time)  # neither as many sequences as windows, nor as steps in one
        expect_learned("adds_up", student, some, window, ("loss", "gradients"), hint)


@suite.check(
    WINDOWS, points=0.5, title="it begins with the state that comes in, or anew without one"
)
def start_state(student: Student, rng: torch.Generator) -> None:
    some = case(rng, 3, 6)
    for start, hint in (
        (True, "Begin the first window with the state that comes in"),
        (False, "Without a state the layer begins anew"),
    ):
        expect_learned("start_state", student, some, 3, FIELDS[:2], hint, start=start)


@suite.check(WINDOWS, points=0.5, title="parameters that were not used; a second call")
def unused(student: Student, rng: torch.Generator) -> None:
    some = case(rng, 3, 6, idle=True)
    found = ask(student, some, 3, start=False)
    expect("frozen" not in found.gradients, "a parameter that requires no gradient has none")
    for name in ("never", "first"):
        expect(
            found.gradients.get(name) is not None,
            f"the gradient of {name!r}, which not every window uses, should be a tensor: zeros "
            "where it was not used",
        )
    hint = "What a window does not use adds zeros"
    expect_learned("unused", student, some, 3, ("gradients",), hint, start=False)
    hint = "A second call should give the same: what the first left in .grad must not get in"
    expect_learned("unused", student, case(rng, 2, 6), 3, ("gradients",), hint, times=2)


@suite.check(
    WINDOWS, points=0.5, title="edges: windows of 1, longer than the sequence; any loss, any state"
)
def window_edges(student: Student, rng: torch.Generator) -> None:
    for batch, time, window in ((2, 5, 1), (1, 5, 5), (2, 5, 8), (2, 1, 3), (1, 40, 7)):
        hint = f"With {time} tokens and windows of {window}"
        some = case(rng, batch, time)
        expect_learned("window_edges", student, some, window, FIELDS, hint, strict=True)
    nested = case(rng, 2, 5, nested=True)
    hint = "The state may hold another named tuple"
    expect_learned("window_edges", student, nested, 2, FIELDS, hint, strict=True)
    hint = "The loss that was passed in should be used, as loss(outputs, targets)"
    expect_learned("window_edges", student, case(rng, 2, 5), 2, FIELDS, hint, True, lopsided=True)
