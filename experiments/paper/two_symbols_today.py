"""Tasks 2a and 2b of the 1997 paper with batches and Adam: remember which of two symbols came.

The net of these tasks has no recurrent weight and no output gate, so its state is a running sum
of what its inputs write, and the truncated gradient is the full one. Source: Hochreiter &
Schmidhuber 1997, section 5.2.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from experiments.harness.registry import Outcome
from experiments.instruments.rounding import rounded
from solutions.nets1997 import experiment_net

TOLERANCE = 0.25
IN_A_ROW = 10_000  # fresh sequences that must all be right
PAUSE = 512  # training sequences between two tests
CRITERION = "no error of 0.25 or more in 10,000 fresh sequences"


class Nets(NamedTuple):
    """The weights of several nets, one row a seed; inputs are symbols."""

    cell: Float[Tensor, "seed symbol"]
    gate: Float[Tensor, "seed symbol"]
    from_cell: Float[Tensor, "seed symbol"]
    from_input: Float[Tensor, "seed symbol symbol"]  # (input, output)


def draw_nets(seeds: list[int], symbols: int, device: str) -> Nets:
    """Draw the paper's nets, for any number of symbols."""
    parts = []
    for seed in seeds:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            net = experiment_net("two-sequences", input_size=symbols, output_size=symbols)
        hidden, out = net.hidden.weight_ih.detach(), net.weight_out.detach()
        parts.append((hidden[0], hidden[1], out[:, 0], out[:, 1:].T))
    return Nets(
        *(torch.stack(part).to(device).requires_grad_() for part in zip(*parts, strict=True))
    )


def answers(nets: Nets, x: Int[Tensor, "seed batch time"]) -> Float[Tensor, "seed batch time out"]:
    """Return the outputs at every step."""
    seeds, batch, time = x.shape
    flat = x.flatten(1)
    written = torch.sigmoid(nets.gate.gather(1, flat)) * torch.sigmoid(nets.cell.gather(1, flat))
    state = written.view(seeds, batch, time).cumsum(2)
    rows = flat.unsqueeze(-1).expand(-1, -1, nets.from_input.shape[-1])
    direct = nets.from_input.gather(1, rows).view(seeds, batch, time, -1)
    return torch.sigmoid(direct + state.unsqueeze(-1) * nets.from_cell[:, None, None])


def draw(
    seeds: int, batch: int, p: int, noisy: bool, generator: torch.Generator
) -> tuple[Int[Tensor, "seed batch time"], Int[Tensor, "seed batch time"]]:
    """Draw sequences (x or y, then p - 1 symbols) and what follows each symbol.

    Symbols a_1 .. a_(p-1) are 0 .. p-2, x and y are p-1 and p. 2a has one middle, 2b random ones.
    """
    first = p - 1 + torch.randint(2, (seeds, batch, 1), generator=generator)
    middle = torch.arange(p - 1).expand(seeds, batch, -1)
    if noisy:
        middle = torch.randint(p - 1, (seeds, batch, p - 1), generator=generator)
    whole = torch.cat([first, middle, first], dim=2)
    return whole[..., :-1], whole[..., 1:]


def run(parameters: dict[str, Any], device: str) -> Outcome:
    """Train all seeds side by side until each is right on 10,000 fresh sequences."""
    p, seeds = parameters, parameters["seeds"]
    generator = torch.Generator().manual_seed(seeds[0])
    nets = draw_nets(seeds, p["p"] + 1, device)
    adam = torch.optim.Adam(nets, lr=p["rate"])
    solved_at, done, curve = torch.zeros(len(seeds), dtype=torch.long), 0, []

    def fresh(batch: int) -> tuple[Tensor, Tensor]:
        x, following = draw(len(seeds), batch, p["p"], p["noisy"], generator)
        return x.to(device), following.to(device)

    while done < p["budget"] and (solved_at == 0).any():
        x, following = fresh(p["batch"])
        y = answers(nets, x)
        loss = squared_error(y, following)
        adam.zero_grad()
        loss.sum().backward()
        adam.step()
        done += p["batch"]
        if done % PAUSE == 0:
            right = all_right(nets, fresh, p["noisy"])
            solved_at[(solved_at == 0) & right] = done
            curve.append([done, *(rounded(value) for value in loss.tolist())])
    stride = max(1, -(-len(curve) // 40))
    return {
        "solved": int((solved_at > 0).sum()),
        "of": len(seeds),
        "budget": p["budget"],
        "criterion": CRITERION,
        "curve": curve[::-1][::stride][::-1],
        "seeds": [
            {"seed": seed, "solved": bool(at), "sequences": int(at) or done}
            for seed, at in zip(seeds, solved_at.tolist(), strict=True)
        ],
    }


def squared_error(y: Tensor, following: Tensor) -> Float[Tensor, " seed"]:
    """Return half the squared error of a sequence, per seed, averaged over its batch."""
    wanted = torch.nn.functional.one_hot(following, y.shape[-1]).to(y.dtype)
    return (y - wanted).square().sum((2, 3)).mean(1) / 2


@torch.no_grad()
def all_right(nets: Nets, fresh: Any, noisy: bool, batch: int = 100) -> Tensor:
    """Tell which seeds err by less than 0.25 on 10,000 fresh sequences; stop when none does.

    2a is judged at every step; it has only two sequences, so a hundred show both. 2b is judged
    at the last step.
    """
    right = torch.ones(len(nets.cell), dtype=torch.bool)
    for _ in range(IN_A_ROW // batch if noisy else 1):
        x, following = fresh(batch)
        y = answers(nets, x)
        wanted = torch.nn.functional.one_hot(following, y.shape[-1]).to(y.dtype)
        error = (y - wanted).abs()
        if noisy:
            error = error[:, :, -1:]
        right &= (error.amax((1, 2, 3)) < TOLERANCE).cpu()
        if not right.any():
            break
    return right
