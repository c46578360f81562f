"""Part 2, the encoder: the mask, what is read of each sequence, what is handed over."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from autograder.checks import Remote, Student, expect, expect_close, expect_shape, expect_type
from autograder.hidden.attention.reading import (
    HIDDEN,
    LENGTHS,
    TIME,
    halves,
    memory_of,
    some,
    summary_of,
    weights,
    within,
    wrong_masks,
    wrong_memories,
    wrong_summaries,
)
from autograder.hidden.attention.suite import ENCODER, suite
from autograder.hidden.shared.asking import expect_form
from autograder.hidden.shared.gradients import expect_gradients
from autograder.hidden.shared.layers import Weights, loaded
from autograder.hidden.shared.tools import (
    ATOL,
    DOUBLE,
    SINGLE,
    close,
    expect_value,
    untouched,
)

FIELDS = ("memory", "h", "mask")


# --- asking -----------------------------------------------------------------------------------


def encoder_with(student: Student, w: Weights) -> Remote:
    hidden, inputs = w["weight_hh_l0"].shape[1], w["weight_ih_l0"].shape[1]
    encoder: Remote = student.PackedEncoder(inputs, hidden)
    expect_type(encoder, Remote, what="PackedEncoder(...)")
    loaded(encoder, w)
    return encoder


def read(encoder: Remote, x: Tensor, lengths: Tensor) -> dict[str, Any]:
    """The three parts of what is handed over, by name, wherever they stand."""
    found = encoder(x, lengths)
    expect(
        isinstance(found, tuple | list) and len(found) == 3,
        "PackedEncoder.forward should return Source(memory, h, mask)",
    )
    return dict(zip(FIELDS, found, strict=True))


def as_long_as_x(memory: Any, x: Tensor) -> Any:
    """`whole_rows` asks for the length of x; the other checks fill up what is shorter."""
    if isinstance(memory, Tensor) and memory.ndim == 3 and memory.shape[1] < x.shape[1]:
        return torch.cat([memory, memory.new_zeros(len(x), x.shape[1] - memory.shape[1],
                                                   memory.shape[2])], dim=1)  # fmt: skip
    return memory


def expect_mask(student: Student, mask: Tensor, n: Tensor) -> None:
    """Fail unless it is the padding mask of x; a mistake of `padding_mask` has cost its points."""
    wanted, found = within(n, TIME), student.padding_mask(n, TIME)
    if isinstance(found, Tensor) and isinstance(mask, Tensor) and found.dtype == mask.dtype:
        found, mask = found.bool(), mask.bool()
    known = [value for value in wrong_masks(n, TIME).values() if close(found, value, 0)]
    same = any(close(mask, value, 0) for value in (wanted, *known))
    expect(same, "mask should be the padding mask of x, boolean")


# --- the checks -------------------------------------------------------------------------------


@suite.check(ENCODER, points=0.5, title="padding_mask: True at tokens, False at padding")
def mask_places(student: Student, rng: torch.Generator) -> None:
    for lengths, longest in ((LENGTHS, TIME), ((1, 2, 3, 4), 4), ((5,), 5), ((1, 1), 3)):
        n = torch.tensor(lengths)
        found, wanted = student.padding_mask(n, longest), within(n, longest)
        untouched(student, "padding_mask")
        expect_form(found, wanted, f"padding_mask for lengths {list(lengths)}")
        hint = "Place j of a sequence of n tokens is a token where j < n"
        what = f"padding_mask for lengths {list(lengths)} and {longest} places"
        expect_value(found, wanted, wrong_masks(n, longest), hint, what=what)


@suite.check(
    ENCODER, points=0.5, title="a Source: memory, h and mask in their shapes; nothing changed"
)
def source_form(student: Student, rng: torch.Generator) -> None:
    w, (x, n) = weights(rng), some(rng, (7, 2, 5))
    encoder = encoder_with(student, w)
    for dtype, atol in ((DOUBLE, ATOL), (torch.float32, SINGLE)):
        found = encoder.to(dtype)(x.to(dtype), n)
        untouched(student, "PackedEncoder.forward")
        expect(
            getattr(found, "_fields", None) == FIELDS,
            "PackedEncoder.forward should return Source(memory, h, mask)",
        )
        expect_form(found.memory, memory_of(w, x, n).to(dtype), "memory")
        expect_form(found.h, summary_of(w, x, n).to(dtype), "h")
        expect_shape(found.mask, within(n, TIME).shape, what="mask")
        expect_mask(student, found.mask, n)
        first = halves(w, x[0]).ahead[0]
        same = close(found.memory[0, 0, :HIDDEN].double(), first, 10 * atol)
        turned = close(found.memory[0, 0, HIDDEN:].double(), first, 10 * atol)
        expect(same or turned, "the form is right, but the state at the first token is not")


@suite.check(
    ENCODER, points=0.5, title="memory: each token's state, from both ends of its sequence"
)
def states_of_tokens(student: Student, rng: torch.Generator) -> None:
    w, (x, n) = weights(rng), some(rng)
    memory = as_long_as_x(read(encoder_with(student, w), x, n)["memory"], x)
    wanted, mask = memory_of(w, x, n), within(n, TIME)
    expect_shape(memory, wanted.shape, what="memory")
    wrong = {words: value[mask] for words, value in wrong_memories(w, x, n).items()}
    hint = "Each sequence should be read as if it were alone, without padding"
    expect_value(memory[mask], wanted[mask], wrong, hint, what="memory at the tokens")


@suite.check(ENCODER, points=0.5, title="memory: zeros at padding")
def zeros_at_padding(student: Student, rng: torch.Generator) -> None:
    for lengths in (LENGTHS, (7, 3), (2, 5)):
        w, (x, n) = weights(rng), some(rng, lengths)
        memory = as_long_as_x(read(encoder_with(student, w), x, n)["memory"], x)
        expect_shape(memory, (len(n), TIME, 2 * HIDDEN), what="memory")
        expect(bool(memory.any()), "memory is zeros everywhere")
        behind = memory[~within(n, TIME)]
        expect(not behind.any(), "memory should be zeros at padding, and there are other numbers")


@suite.check(ENCODER, points=0.5, title="h: both directions when they have read everything")
def last_states(student: Student, rng: torch.Generator) -> None:
    w, (x, n) = weights(rng), some(rng)
    found = read(encoder_with(student, w), x, n)["h"]
    hint = "[ahead after the last token; back after the first one], for each sequence"
    wrong = wrong_summaries(w, x, n)
    expect_value(found, summary_of(w, x, n), wrong, hint, what="h")


@suite.check(ENCODER, points=0.5, title="memory and mask are as long as x, whatever the lengths")
def whole_rows(student: Student, rng: torch.Generator) -> None:
    for lengths in (LENGTHS, (1, 1), (7, 2)):
        w, (x, n) = weights(rng), some(rng, lengths)
        found = read(encoder_with(student, w), x, n)
        for name in ("memory", "mask"):
            value = found[name]
            expect_type(value, Tensor, what=name)
            expect(
                value.ndim > 1 and value.shape[:2] == (len(n), TIME),
                f"x has {TIME} places, the longest sequence {max(lengths)}, and {name} has shape "
                f"{tuple(value.shape)}: it should be as long as x (total_length)",
            )
        expect_mask(student, found["mask"], n)


@suite.check(ENCODER, points=0.5, title="gradients reach all tokens, no padding, and all weights")
def encoder_gradients(student: Student, rng: torch.Generator) -> None:
    w, (x, n) = weights(rng), some(rng)
    encoder, mask = encoder_with(student, w), within(n, TIME)
    with torch.no_grad():
        found = read(encoder, x, n)
    summaries = [summary_of(w, x, n), *wrong_summaries(w, x, n).values()]
    h_is_known = any(close(found["h"], value, 1e-8) for value in summaries)
    h_is_right = close(found["h"], summaries[0], 1e-8)

    def answers(memory: Any, h: Any) -> dict[str, Any]:
        # A mistake about h has cost its points.
        named = {"memory at the tokens": memory[mask]}
        return named if h_is_known and not h_is_right else {**named, "h": h}

    def theirs(given: dict[str, Tensor]) -> dict[str, Any]:
        source = read(encoder, given["x"], n)
        memory = as_long_as_x(source["memory"], x)
        expect_shape(memory, (len(n), TIME, 2 * HIDDEN), what="memory")
        return answers(memory, source["h"])

    memories = {words: value[mask] for words, value in wrong_memories(w, x, n).items()}
    memory = as_long_as_x(found["memory"], x)
    expect_shape(memory, (len(n), TIME, 2 * HIDDEN), what="memory")
    if any(close(memory[mask], value, 1e-8) for value in memories.values()):
        return
    given, _ = expect_gradients(
        "PackedEncoder",
        rng,
        {"x": x},
        w,
        theirs,
        lambda given, w: answers(memory_of(w, given["x"], n), summary_of(w, given["x"], n)),
        lambda: {name: by_name(encoder.grads(), name) for name in w},
    )
    grad = given["x"].grad
    expect(grad is not None and not grad[~mask].any(), "a gradient reaches the padding")


def by_name(grads: dict[str, Tensor | None], name: str) -> Tensor | None:
    return next((value for key, value in grads.items() if key.split(".")[-1] == name), None)


@suite.check(ENCODER, points=0.5, title="edges: one sequence, one token, sizes of one, full rows")
def encoder_edges(student: Student, rng: torch.Generator) -> None:
    for lengths, time, inputs, hidden in (
        ((3,), 5, 3, 4),
        ((1, 1, 1), 4, 2, 3),
        ((4, 4), 4, 1, 1),
        ((1,), 1, 2, 2),
        ((9, 33), 33, 2, 3),
    ):
        w, (x, n) = weights(rng, inputs, hidden), some(rng, lengths, time, inputs)
        found = read(encoder_with(student, w), x, n)
        memory, mask = as_long_as_x(found["memory"], x), within(n, time)
        expect_shape(memory, (len(n), time, 2 * hidden), what="memory")
        hint = f"With lengths {list(lengths)} in rows of {time}: is an axis squeezed away?"
        known = wrong_memories(w, x, n).values()
        if not any(close(memory[mask], wrong[mask], 1e-8) for wrong in known):
            wanted = memory_of(w, x, n)[mask]
            expect_close(memory[mask], wanted, atol=ATOL, what="memory at the tokens", hint=hint)
