"""Train small nets on tasks that show a limit, or refute one, and test them past their training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from experiments.harness.registry import Outcome
from experiments.learned.automata import accepted, counted, lines, longest_run, moves, words
from experiments.learned.convolution import DilatedConvolutions, receptive_field
from experiments.nets.sized import SequenceModel, parameters, width_for
from experiments.tasks.dense import adding
from experiments.training.descent import Descent

TEST_SEED = 10**6  # every model of an experiment is tested on the same data
Loss = Callable[[Any, torch.Generator], Tensor]


def train(model: nn.Module, steps: int, rate: float, seed: int, loss: Loss) -> None:
    """Take ``steps`` steps of Adam on the loss of new data, drawn from the generator it is given.

    One cycle of the learning rate, up to ``rate`` and down to nothing; gradients clipped at 1.
    """
    generator = torch.Generator().manual_seed(seed)
    descent = Descent(model, rate, steps, fused=True)
    for _ in range(steps):
        descent.step(loss(model, generator))


def solved(seeds: list[dict[str, Any]], p: dict[str, Any], criterion: str) -> Outcome:
    """Return the part of an outcome that says how many seeds met the criterion, and when."""
    return {
        "solved": sum(seed["solved"] for seed in seeds),
        "of": len(seeds),
        "budget": p["steps"] * p["batch"],
        "criterion": criterion,
        "seeds": seeds,
    }


def run_tracking(p: dict[str, Any], device: str) -> Outcome:
    """Train one kind of model on words over one group; test it on longer words.

    Every step of a word of ``length`` letters has a target, so all shorter lengths are trained
    too. Solved: right in at least ``accuracy`` of the steps after ``length``, up to ``tested``.
    """
    elements, letters = moves(p["group"]).shape
    width = width_for(p["kind"], letters, elements, p["size"])

    def loss(model: nn.Module, generator: torch.Generator) -> Tensor:
        word = words(p["group"], p["batch"], p["length"], generator)
        scores = model(word.letters.to(device)).transpose(1, 2)
        return nn.functional.cross_entropy(scores, word.state.to(device))

    test = words(p["group"], p["test"], p["tested"], torch.Generator().manual_seed(TEST_SEED))
    seeds, curve, weights = [], torch.zeros(p["tested"]), 0
    for seed in p["seeds"]:
        torch.manual_seed(seed)
        model = SequenceModel(p["kind"], letters, elements, width, p["positions"]).to(device)
        train(model, p["steps"], p["rate"], seed, loss)
        with torch.no_grad():
            answer = model(test.letters.to(device)).argmax(-1).cpu()
        right = (answer == test.state).float().mean(0)
        trained, longer = (part.mean().item() for part in right.tensor_split([p["length"]]))
        seeds.append(
            {
                "seed": seed,
                "solved": longer >= p["accuracy"],
                "sequences": p["steps"] * p["batch"],
                "accuracy_trained": round(trained, 4),
                "accuracy_longer": round(longer, 4),
            }
        )
        curve += right / len(p["seeds"])
        weights = parameters(model)
    criterion = (
        f"at least {p['accuracy']:.0%} of the states right at steps {p['length'] + 1} to "
        f"{p['tested']}, trained on steps 1 to {p['length']}"
    )
    return {
        **solved(seeds, p, criterion),
        "learned": sum(seed["accuracy_trained"] >= p["accuracy"] for seed in seeds),
        "weights": weights,
        "steps": list(range(2, p["tested"] + 1, 2)),
        "accuracy": [round(value, 4) for value in curve[1::2].tolist()],
    }


def run_counting(p: dict[str, Any], device: str) -> Outcome:
    """Train on a^n b^n for n up to ``trained``, test every n up to ``tested``.

    A batch has a longest n of its own, uniform in 1 .. ``trained``, and n uniform below it:
    short batches cost less. ``longest`` is the n up to which every string is accepted.
    """

    def loss(model: nn.Module, generator: torch.Generator) -> Tensor:
        most = int(torch.randint(1, p["trained"] + 1, (1,), generator=generator))
        strings = counted(torch.randint(1, most + 1, (p["batch"],), generator=generator))
        scores = model(strings.x.to(device)).transpose(1, 2)
        return nn.functional.cross_entropy(scores, strings.next.to(device))

    test = counted(torch.arange(1, p["tested"] + 1))
    seeds, weights = [], 0
    for seed in p["seeds"]:
        torch.manual_seed(seed)
        model = SequenceModel(p["kind"], 3, 3, p["units"]).to(device)
        train(model, p["steps"], p["rate"], seed, loss)
        with torch.no_grad():
            longest = longest_run(accepted(model(test.x.to(device)).cpu(), test))
        seeds.append(
            {
                "seed": seed,
                "solved": longest == p["tested"],
                "sequences": p["steps"] * p["batch"],
                "longest": longest,
            }
        )
        weights = parameters(model)
    criterion = (
        f"every a^n b^n up to n = {p['tested']} foretold without a mistake after the first b, "
        f"trained up to n = {p['trained']}"
    )
    return {
        **solved(seeds, p, criterion),
        "learned": sum(seed["longest"] >= p["trained"] for seed in seeds),
        "weights": weights,
    }


def run_in_context(p: dict[str, Any], device: str) -> Outcome:
    """Train an LSTM on new lines in every sequence; measure its error on the k-th pair."""

    def loss(model: nn.Module, generator: torch.Generator) -> Tensor:
        batch = lines(p["batch"], p["pairs"], p["dim"], generator)
        answer = model(batch.tokens.to(device)).squeeze(-1)
        return nn.functional.mse_loss(answer, batch.target.to(device))

    test = lines(p["test"], p["pairs"], p["dim"], torch.Generator().manual_seed(TEST_SEED))
    seeds = []
    for seed in p["seeds"]:
        torch.manual_seed(seed)
        model = SequenceModel("lstm", p["dim"] + 1, 1, p["units"], symbols=False).to(device)
        train(model, p["steps"], p["rate"], seed, loss)
        with torch.no_grad():
            answer = model(test.tokens.to(device)).squeeze(-1).cpu()
        error = (answer - test.target).square().mean(0)
        seeds.append({"seed": seed, "error": [round(value, 5) for value in error.tolist()]})
    return {
        "seeds": seeds,
        "budget": p["steps"] * p["batch"],
        "error": "mean squared error on the k-th pair, k = 1, 2, ...; the answers' variance is 1",
    }


def run_convolution(p: dict[str, Any], device: str) -> Outcome:
    """Measure how far back a stack of dilated convolutions sees; train it on adding."""

    def loss(model: DilatedConvolutions, generator: torch.Generator) -> Tensor:
        batch = adding(p["batch"], p["time"], generator)
        answer = model.last(batch.x.to(device)).squeeze(-1)
        return nn.functional.mse_loss(answer, batch.target.to(device))

    test = adding(p["test"], p["time"], torch.Generator().manual_seed(TEST_SEED))
    seeds, reach = [], 0
    for seed in p["seeds"]:
        torch.manual_seed(seed)
        model = DilatedConvolutions(2, p["channels"], 1, p["layers"])
        reach = receptive_field(model, 2, 3 * 2 ** p["layers"])
        train(model.to(device), p["steps"], p["rate"], seed, loss)
        with torch.no_grad():
            answer = model.last(test.x.to(device)).squeeze(-1).cpu()
        error = nn.functional.mse_loss(answer, test.target).item()
        seeds.append(
            {
                "seed": seed,
                "solved": error < p["tolerance"],
                "sequences": p["steps"] * p["batch"],
                "error": round(error, 6),
            }
        )
    criterion = (
        f"mean squared error below {p['tolerance']} on {p['test']} new sequences of {p['time']} "
        f"steps; the best constant has {1 / 6:.3f}"
    )
    return {**solved(seeds, p, criterion), "receptive_field": reach}
