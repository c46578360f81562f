"""Part 5, what is kept: the counts, by taking stock of tensors of these shapes."""

from __future__ import annotations

from collections.abc import Callable

import torch

from autograder.checks import CheckFailure, Student, expect
from autograder.hidden.truncated_bptt.suite import KEPT, suite

Count = Callable[[int, int, int, int], int]  # of inputs, hidden, time, window

# --- what is kept, and what typical mistakes count --------------------------------------------


def full(m: int, n: int, time: int, window: int) -> int:
    return time * m + (time + 1) * n


def windows(m: int, n: int, time: int, window: int) -> int:
    return full(m, n, min(window, time), window)


def rtrl(m: int, n: int, time: int, window: int) -> int:
    return n + n * n * (m + n + 1)


def traces(m: int, n: int, time: int, window: int) -> int:
    return 4 * n + 2 * n * (m + 3 * n + 1)


RIGHT: dict[str, Count] = {"full": full, "windows": windows, "rtrl": rtrl, "traces": traces}
WRONG: dict[str, dict[str, Count]] = {
    "full": {
        "The state that it began with is left out": lambda m, n, t, k: t * (m + n),
        "The tokens are left out: the gradient by W_x needs them": lambda m, n, t, k: (t + 1) * n,
        "There is one token too many": lambda m, n, t, k: (t + 1) * (m + n),
        "The constant 1 is no number to keep": lambda m, n, t, k: t * (m + 1) + (t + 1) * n,
        "This is for windows; full back-propagation keeps the whole sequence": windows,
        "The weights do not count": lambda m, n, t, k: full(m, n, t, k) + n * (m + n + 1),
    },
    "windows": {
        "The state that the window began with is left out": lambda m, n, t, k: min(k, t) * (m + n),
        "A window cannot hold more steps than there are": lambda m, n, t, k: full(m, n, k, k),
        "The tokens are left out": lambda m, n, t, k: (min(k, t) + 1) * n,
        "This is for the whole sequence": full,
        "All windows together keep this; it is only one at a time": (
            lambda m, n, t, k: sum(full(m, n, min(k, t - s), k) for s in range(0, t, k))
        ),
    },
    "rtrl": {
        "h is left out: one step hands it to the next, too": lambda m, n, t, k: n * n * (m + n + 1),
        "The bias has its weights, and its place in P": lambda m, n, t, k: n + n * n * (m + n),
        "Every unit hangs on every weight; here it is one number for each weight": (
            lambda m, n, t, k: n + n * (m + n + 1)
        ),
        "Only the weights U are counted; P has the others, too": lambda m, n, t, k: n + n**3,
        "P is renewed at every step: time does not matter": (
            lambda m, n, t, k: t * rtrl(m, n, t, k)
        ),
        "The token is not handed on": lambda m, n, t, k: rtrl(m, n, t, k) + m,
    },
    "traces": {
        "There are two traces for each cell": lambda m, n, t, k: 4 * n + n * (m + 3 * n + 1),
        "The output gates need no trace": lambda m, n, t, k: 4 * n + 3 * n * (m + 3 * n + 1),
        "y has the gates in it, too: three numbers for each cell": (
            lambda m, n, t, k: 2 * n + 2 * n * (m + 3 * n + 1)
        ),
        "A trace is as wide as a row of W: all units feed back, gates included": (
            lambda m, n, t, k: 4 * n + 2 * n * (m + n + 1)
        ),
        "The bias has its weights, and its place in the traces": (
            lambda m, n, t, k: 4 * n + 2 * n * (m + 3 * n)
        ),
        "s and y are left out: one step hands them to the next, too": (
            lambda m, n, t, k: 2 * n * (m + 3 * n + 1)
        ),
        "s is left out": lambda m, n, t, k: 3 * n + 2 * n * (m + 3 * n + 1),
        "y is left out": lambda m, n, t, k: n + 2 * n * (m + 3 * n + 1),
        "z is not handed on": lambda m, n, t, k: traces(m, n, t, k) + m + 3 * n + 1,
    },
}


# --- asking -----------------------------------------------------------------------------------


def counted(student: Student, algorithm: str, *sizes: int) -> float:
    """The answer as a number; `whole_numbers` asks for an int."""
    found = student.numbers_kept(algorithm, *sizes)
    if isinstance(found, torch.Tensor) and found.numel() == 1:
        found = found.item()
    expect(
        isinstance(found, int | float) and not isinstance(found, bool),
        "numbers_kept should return an int",
    )
    return float(found)


def expect_count(student: Student, rng: torch.Generator, algorithm: str) -> None:
    """Fail unless the counts are right for sizes that no mistake is right for."""
    for longer in (True, False):  # than the window
        m, n = (int(torch.randint(2, 30, (), generator=rng)) for _ in range(2))
        window = int(torch.randint(5, 50, (), generator=rng))
        more = int(torch.randint(1, 400, (), generator=rng))
        time = window + more if longer else max(1, window - more % window)
        sizes = (m, n, time, window)
        found, wanted = counted(student, algorithm, *sizes), RIGHT[algorithm](*sizes)
        words = [w for w, count in WRONG[algorithm].items() if count(*sizes) == found != wanted]
        where = f"{algorithm}: {m} inputs, {n} units or cells, {time} steps, windows of {window}"
        expect(found == wanted, f"{where}: too {'many' if found > wanted else 'few'}. "
               f"{(words or ['Count the tensors that are kept, shape by shape'])[0]}")  # fmt: skip


@suite.check(KEPT, points=0.5, title="full BPTT: tokens and states of the whole sequence")
def keeps_everything(student: Student, rng: torch.Generator) -> None:
    expect_count(student, rng, "full")


@suite.check(KEPT, points=0.5, title="windows: tokens and states of one window")
def keeps_a_window(student: Student, rng: torch.Generator) -> None:
    expect_count(student, rng, "windows")


@suite.check(KEPT, points=0.5, title="RTRL: the state, and a number for each unit and weight")
def keeps_sensitivities(student: Student, rng: torch.Generator) -> None:
    expect_count(student, rng, "rtrl")


@suite.check(KEPT, points=0.5, title="the rule of 1997: state and two traces for each cell")
def keeps_traces(student: Student, rng: torch.Generator) -> None:
    expect_count(student, rng, "traces")


@suite.check(KEPT, points=0.5, title="an int, for sizes small and large")
def whole_numbers(student: Student, rng: torch.Generator) -> None:
    right = 0
    for sizes in ((3, 4, 50, 20), (300, 400, 10**6, 500)):
        for algorithm, count in RIGHT.items():
            found = student.numbers_kept(algorithm, *sizes)
            expect(
                isinstance(found, int) and not isinstance(found, bool),
                f"{algorithm}: a count is an int, not a {type(found).__name__}",
            )
            right += found == count(*sizes)
    expect(right > 1, "these are ints, but not the right ones")


@suite.check(KEPT, points=0.5, title="another name raises ValueError")
def unknown_names(student: Student, rng: torch.Generator) -> None:
    right = [counted(student, name, 3, 4, 50, 20) == RIGHT[name](3, 4, 50, 20) for name in RIGHT]
    expect(sum(right) > 1, "no names can be told apart before two algorithms are counted right")
    for name in ("adam", "FULL", ""):
        try:
            student.numbers_kept(name, 3, 4, 50, 20)
        except CheckFailure as failure:
            if " raised ValueError" in str(failure).partition(":")[0]:
                continue
            raise CheckFailure(f"{name!r} should raise ValueError; instead {failure}") from None
        raise CheckFailure(f"{name!r} should raise ValueError, but is accepted")
