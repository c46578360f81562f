"""The tasks of the 1997 paper as rows: protocol, the paper's own figure, seeds and budget.

Source: Hochreiter & Schmidhuber 1997, section 5 and Tables 1 to 10.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from experiments.harness.registry import Parameters, Rows, register
from experiments.paper.run import run
from experiments.rule1997 import training as gr
from experiments.rule1997.lanes import LANES
from experiments.rule1997.protocol import Protocol, plain_protocol


@dataclass(frozen=True)
class Row:
    """One line of the paper's tables. ``rows`` is its mean number of sequences to success."""

    name: str
    protocol: Protocol
    paper: int
    budget: int  # sequences after which a trial counts as not solved
    microseconds: float  # about, per sequence of eight seeds
    judged: str = "window"  # a key of run.JUDGED
    judging: dict[str, Any] = field(default_factory=dict)
    groups: int = 2  # of eight seeds
    paper_success: str = "all"


def _long_lag(q: int, p: int, paper: int, budget: int) -> Row:
    protocol = Protocol(f"distractors-{p}", gr.LONG_LAG, (q, p, q + 250), q + 252, 0.2, 10_000)
    return Row(f"2c-q{q}-p{p}", protocol, paper, budget, 1.4 * (q + 14))


def _adding(length: int, paper: int, budget: int) -> Row:
    protocol = Protocol(
        "adding",
        gr.MARKED_PAIRS,
        (length, 0),
        length + length // 10 + 1,
        0.04,
        2000,
        mean_below=0.01,
        active=2,
    )
    return Row(f"4-T{length}", protocol, paper, budget, 1.2 * length)


def _signal(task: str, length: int, informative: int, paper: int, budget: int) -> Row:
    variant = "abc".index(task)
    net = ("signal", "noisy-signal", "noisy-target")[variant]
    size, longest = (length, informative, variant), length + length // 10 + 1
    protocol = Protocol(net, gr.TWO_CLASSES, size, longest, 0.1 if variant == 2 else 0.2)
    judging = {"allowed": (0, 5, 0)[variant], "mean_below": (0.01, 0.04, 0.015)[variant]}
    return Row(
        f"3{task}-T{length}-N{informative}",
        protocol,
        paper,
        budget,
        1.5 * length,
        "two-classes",
        judging,
    )


def _reber(net: str, rate: float, paper: int, success: str) -> Row:
    protocol = Protocol(net, gr.REBER, (64,), 64, every_step=True, rate=rate)
    return Row(
        f"1-{net[6:]}-rate{rate}",
        protocol,
        paper,
        100_000,
        75,
        "reber",
        groups=4,
        paper_success=success,
    )


_TWO_SEQUENCES = Row(
    "2a-p100",
    Protocol(
        "two-sequences",
        gr.TWO_SEQUENCES,
        (100, 0),
        101,
        0.25,
        10_000,
        every_step=True,
        judged_at=100,
    ),
    5_040,
    20_000,
    1400,
)
_RANDOM_MIDDLE = replace(
    _TWO_SEQUENCES,
    name="2b-p100",
    paper=5_680,
    protocol=replace(_TWO_SEQUENCES.protocol, net="random-middle", size=(100, 1), judged_at=1),
)
_MULTIPLICATION = Protocol(
    "multiplication", gr.MARKED_PAIRS, (100, 1), 111, 0.04, 2000, wrong_below=140, active=2
)
_ORDER = Protocol("order-4", gr.TEMPORAL_ORDER, (2,), 112, 0.3, 2000, mean_below=0.1)

QUICK_SECONDS = 6  # about, for a trial

ROWS = [
    _reber("reber-4x1", 0.1, 39_740, "100 %"),
    _reber("reber-3x2", 0.1, 21_730, "100 %"),
    _reber("reber-3x2", 0.2, 14_060, "97 %"),
    _reber("reber-4x1", 0.5, 9_500, "97 %"),
    _reber("reber-3x2", 0.5, 8_440, "100 %"),
    _TWO_SEQUENCES,
    _RANDOM_MIDDLE,
    _long_lag(50, 50, 30_000, 300_000),
    _long_lag(100, 100, 31_000, 300_000),
    _long_lag(200, 200, 33_000, 200_000),
    _long_lag(500, 500, 38_000, 150_000),
    _long_lag(1000, 1000, 49_000, 60_000),
    _long_lag(1000, 500, 49_000, 60_000),
    _long_lag(1000, 200, 75_000, 80_000),
    _long_lag(1000, 100, 135_000, 140_000),
    _long_lag(1000, 50, 203_000, 210_000),
    _signal("a", 100, 3, 39_850, 100_000),
    _signal("a", 100, 1, 64_330, 160_000),
    _signal("a", 1000, 3, 452_460, 500_000),
    _signal("b", 100, 3, 43_250, 110_000),
    _signal("b", 100, 1, 78_430, 200_000),
    _signal("b", 1000, 1, 485_080, 500_000),
    _signal("c", 100, 3, 269_650, 400_000),
    _signal("c", 100, 1, 565_640, 700_000),
    _adding(100, 74_000, 400_000),
    _adding(500, 209_000, 250_000),
    _adding(1000, 853_000, 1_000_000),
    Row("5-loose", _MULTIPLICATION, 482_000, 600_000, 120),
    Row("5-tight", replace(_MULTIPLICATION, wrong_below=13), 1_273_000, 1_500_000, 120),
    Row("6a", _ORDER, 31_390, 100_000, 120, groups=3),
    Row("6b", replace(_ORDER, net="order-8", size=(3,)), 571_100, 700_000, 200),
]


def seeds_of(group: int) -> list[int]:
    """Return the seeds of a group, trained side by side."""
    return list(range(LANES * group, LANES * (group + 1)))


def quick_budget(row: Row) -> int:
    """Return a quarter of the budget, or less: as many sequences as fit into QUICK_SECONDS."""
    return min(row.budget // 4, round(QUICK_SECONDS / (row.microseconds * 1e-6)))


def trials_of(row: Row) -> Rows:
    """Return the trials of a row, or of a quick run: one group, a smaller budget."""

    def rows(quick: bool) -> dict[str, Parameters]:
        groups, budget = (1, quick_budget(row)) if quick else (row.groups, row.budget)
        shared = {
            "budget": budget,
            "judged": row.judged,
            "judging": row.judging,
            "protocol": plain_protocol(row.protocol),
        }
        return {f"group{g}": {"seeds": seeds_of(g), **shared} for g in range(groups)}

    return rows


def seconds_of(row: Row) -> float:
    """Return about how long a group takes that uses its whole budget."""
    return row.microseconds * row.budget * 1e-6


for _row in ROWS:
    register(
        f"paper-{_row.name}",
        "paper",
        f"task {_row.name} of the 1997 paper: its net, rule and stop criterion",
        run,
        trials_of(_row),
        seconds_of(_row),
    )
