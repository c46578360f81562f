"""The grid of weights and characters: no run twice, the same nets as ``scaling``."""

from __future__ import annotations

from experiments.learned import rows, scaling_rows

WHAT = ("kind", "size", "steps", "seed", "rate")


def settings(trials: rows.Trials) -> list[tuple[object, ...]]:
    return [tuple(p[name] for name in WHAT) for p in trials.values()]


def test_no_run_of_scaling_is_run_again() -> None:
    known, new = (
        settings(trials(False)) for trials in (rows.scaling_trials, scaling_rows.token_trials)
    )
    assert len(set(known) | set(new)) == len(known) + len(new)


def test_all_else_is_as_in_scaling() -> None:
    """Losses of both experiments lie on one plane only if nothing but these five differs."""
    old = next(iter(rows.scaling_trials(False).values()))
    for p in scaling_rows.token_trials(False).values():
        assert {k: v for k, v in p.items() if k not in WHAT} == {
            k: v for k, v in old.items() if k not in WHAT
        }


def test_every_kind_gets_the_same_grid_and_the_lower_rate_once() -> None:
    by_kind = {
        kind: sorted(
            (p["size"], p["steps"], p["seed"], round(p["rate"] / rate, 3))
            for p in scaling_rows.token_trials(False).values()
            if p["kind"] == kind
        )
        for kind, rate in rows.RATES.items()
    }
    assert len({tuple(grid) for grid in by_kind.values()}) == 1
    lower = [one for one in by_kind["lstm"] if one[3] < 1]
    assert lower == [(scaling_rows.LARGEST, 1000, 0, round(1 / scaling_rows.LOWER, 3))]
