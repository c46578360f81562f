"""Which of the models that lost are trained on which lengths of tasks 2a and 2b.

Each learner gets the same three rates, and all that came out is kept: whoever compares them takes
the best rate of each. The paper's own length is p = 100; here it is shorter, so that every learner
gets five seeds at every rate.
"""

from __future__ import annotations

from experiments.harness.registry import Parameters, Rows, register
from experiments.losers.two_symbols import LEARNERS, run

SEEDS, BATCH, RATES, LENGTHS = 5, 8, (0.003, 0.01, 0.03), (10, 20)
BUDGET, PAUSE = 6_400, 160


def _trials(random: bool) -> Rows:
    def rows(quick: bool) -> dict[str, Parameters]:
        return {
            f"{learner}-p{p}-rate{rate}": {
                "learner": learner,
                "p": p,
                "random": random,
                "seeds": list(range(2 if quick else SEEDS)),
                "budget": PAUSE if quick else BUDGET,
                "batch": BATCH,
                "rate": rate,
                "pause": PAUSE,
            }
            for learner in LEARNERS
            for p in (LENGTHS[:1] if quick else LENGTHS)
            for rate in (RATES[:1] if quick else RATES)
        }

    return rows


for _task, _random in (("2a", False), ("2b", True)):
    register(
        f"losers-{_task}",
        "losers",
        f"task {_task} of the 1997 paper, shorter, by a window, NARX, a plain net, and the chunker",
        run,
        _trials(_random),
        20,
    )
