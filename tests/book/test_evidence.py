"""Each rule of evidence refuses the measurement that breaks it."""

from __future__ import annotations

from typing import Any

import pytest
from evidence import Arm, Computed, Falsifier, LedgerError, Trained, holds, named, swept

CONSTANT = Arm("constant answer", [0.5])
FIRST = Arm("first", [0.1, 0.2, 0.3, 0.4, 0.5], budget=1000)
SECOND = Arm("second", [0.6, 0.7, 0.8, 0.9, 1.0], budget=1000)


def trained(*arms: Arm, unequal: str = "") -> Trained:
    return Trained(arms, outcome="squared error", unit="batches of 32", unequal=unequal)


def test_a_fair_comparison_is_recorded_with_its_spread() -> None:
    comparison = trained(FIRST, SECOND, CONSTANT)
    comparison.check(["share"])
    record = comparison.record()
    assert record["arms"][0] == {
        "name": "first",
        "budget": 1000,
        "seeds": 5,
        "low": 0.1,
        "median": 0.3,
        "high": 0.5,
    }
    assert record["how"] == (
        "squared error: first 0.3 (0.1 to 0.5, 5 seeds), after 1,000 batches of 32; "
        "second 0.8 (0.6 to 1, 5 seeds), after 1,000 batches of 32; "
        "constant answer 0.5, the control."
    )


@pytest.mark.parametrize(
    ("comparison", "message"),
    [
        (trained(FIRST, SECOND), "a control is missing"),
        (trained(CONSTANT), "no arm was trained"),
        (trained(FIRST, FIRST, CONSTANT), "the same name"),
        (trained(Arm("four", [1.0] * 4, 10), CONSTANT), "'four' has 4 seeds, 5 are the least"),
        (trained(FIRST, Arm("nothing", [])), "'nothing': every seed needs"),
        (trained(FIRST, Arm("burst", [float("inf")])), "'burst': every seed needs"),
        (
            trained(FIRST, Arm("more", [1.0] * 5, 2000), CONSTANT),
            "first 1,000 batches of 32, more 2,000 batches of 32",
        ),
        (trained(FIRST, SECOND, CONSTANT, unequal="it is slower."), "drop the reason"),
    ],
)
def test_an_unfair_comparison_is_refused(comparison: Trained, message: str) -> None:
    with pytest.raises(LedgerError, match=message):
        comparison.check([])


def test_a_large_budget_is_said_in_full() -> None:
    arm = Arm("long", [1.0] * 5, 2_880_000)
    assert "after 2,880,000 batches" in trained(arm, CONSTANT).record()["how"]


def test_budgets_may_differ_for_a_reason() -> None:
    more = Arm("more", [1.0] * 5, 2000)
    trained(FIRST, more, CONSTANT, unequal="the second one costs half as much a batch.").check([])


def test_a_time_may_be_shown_but_decides_nothing() -> None:
    timed = Computed("one training step each", clock=("seconds",))
    timed.check(["operations"])
    with pytest.raises(LedgerError, match="hangs on the clock \\(seconds\\)"):
        timed.check(["operations", "seconds"])


def test_what_was_computed_is_said() -> None:
    with pytest.raises(LedgerError, match="what was computed"):
        Computed(" ").check([])


def test_a_constant_is_swept_or_named() -> None:
    assert swept([0.1, 0.2, 0.5]).text == "3 values from 0.1 to 0.5"
    assert named(1000, "ten times the lag").text == "1,000, ten times the lag"
    with pytest.raises(LedgerError, match="no sweep"):
        swept([0.3, 0.3])
    with pytest.raises(LedgerError, match="is no reason"):
        named(0.3, "because")


def at_most_half(share: float) -> bool:
    return share <= 0.5


@pytest.mark.parametrize(
    ("contrary", "possible", "message"),
    [
        ({"share": 0.4}, {"share": (0, 1)}, "does not fire: `agrees` still holds with share = 0.4"),
        ({"share": 1.4}, {"share": (0, 1)}, "contrary number share = 1.4 is out of reach"),
        ({"share": 0.9}, {"share": (0.3, 1)}, "measured number share = 0.2 is out of reach"),
        ({"share": 0.9}, {}, "say in `possible` between which values share"),
        ({"trials": 0}, {"trials": (0, 9)}, "trials is none that `agrees` reads"),
        ({}, {}, "no contrary number"),
    ],
)
def test_a_falsifier_must_be_able_to_fire(
    contrary: dict[str, float], possible: dict[str, tuple[float, float]], message: str
) -> None:
    with pytest.raises(LedgerError, match=message):
        Falsifier(contrary, possible).check(at_most_half, {"share": 0.2, "trials": 9})


def test_a_falsifier_that_fires_is_accepted() -> None:
    Falsifier({"share": 0.9}, {"share": (0, 1)}).check(at_most_half, {"share": 0.2, "trials": 9})


@pytest.mark.parametrize("agrees", [lambda: True, lambda weight: weight > 0, False])
def test_a_predicate_reads_measured_numbers(agrees: Any) -> None:
    with pytest.raises(LedgerError, match="`agrees` must"):
        holds(agrees, {"share": 0.2})
