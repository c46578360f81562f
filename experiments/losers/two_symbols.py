"""Tasks 2a and 2b at several lengths, by the layers that gates were compared with.

One of two symbols comes first, p - 1 others follow, and the first one comes back; the next symbol
is to be predicted at every step. In 2a the middle is always the same, so it can be foreseen; in 2b
it is random. Every learner is trained alike: batches, Adam, one rate, cross-entropy at all steps,
the full gradient but for the truncated rule of the 1997 net. Source of the tasks: Hochreiter &
Schmidhuber 1997, section 5.2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from experiments.harness.registry import Outcome
from solutions.baselines import NARX, HistoryCompressor, TimeDelayNet
from solutions.carousel import LSTM1997
from solutions.rnn import RNN

HIDDEN, WINDOW, DELAYS = 24, 8, 6
TEST, WANTED = 256, 1.0
Onehot = Float[Tensor, "batch time symbol"]


class Read(nn.Module):
    """A recurrent layer with a linear readout."""

    def __init__(self, layer: nn.Module, hidden: int, outputs: int) -> None:
        super().__init__()
        self.layer, self.output = layer, nn.Linear(hidden, outputs)

    def forward(self, x: Onehot) -> tuple[Tensor, Any]:
        """Return a logit for each symbol at each step, and the layer's state."""
        h, state = self.layer(x)
        return self.output(h), state


# Name -> net for sequences of so many different symbols.
LEARNERS: dict[str, Callable[[int], nn.Module]] = {
    "tdnn": lambda symbols: TimeDelayNet(symbols, HIDDEN, symbols, WINDOW),
    "narx": lambda symbols: NARX(symbols, HIDDEN, symbols, WINDOW, DELAYS),
    "rnn": lambda symbols: Read(RNN(symbols, HIDDEN), HIDDEN, symbols),
    "chunker": lambda symbols: HistoryCompressor(symbols, HIDDEN, HIDDEN),
    "lstm1997": lambda symbols: Read(LSTM1997(symbols, HIDDEN // 3), HIDDEN // 3, symbols),
}


def sequences(p: int, random: bool, count: int, generator: torch.Generator) -> Onehot:
    """Draw sequences of 2a or, with a ``random`` middle, of 2b: (count, p + 1, p + 1)."""
    first = p - 1 + torch.randint(0, 2, (count, 1), generator=generator)
    if random:
        middle = torch.randint(0, p - 1, (count, p - 1), generator=generator)
    else:
        middle = torch.arange(p - 1).expand(count, -1)
    return F.one_hot(torch.cat([first, middle, first], dim=1), p + 1).float()


def loss_of(net: nn.Module, x: Onehot) -> Tensor:
    """Return the cross-entropy of the next symbol; the compressor has one for each of its nets."""
    if isinstance(net, HistoryCompressor):
        low, high, _ = net.losses(x)
        return low + high
    logits, _ = net(x[:, :-1])
    return F.cross_entropy(logits.flatten(0, 1), x[:, 1:].argmax(-1).flatten())


def last_right(net: nn.Module, x: Onehot) -> Bool[Tensor, " batch"]:
    """Tell for which sequences the last symbol is foreseen.

    The compressor answers by its lower net where that is sure, else by the chunker.
    """
    logits, _ = net(x[:, :-1])
    last = logits[:, -1]
    if isinstance(net, HistoryCompressor):
        low, high = last[:, : net.symbols], last[:, net.symbols :]
        sure = torch.softmax(low, -1).amax(-1, keepdim=True) >= 1 - net.tolerance
        last = torch.where(sure, low, high)
    return last.argmax(-1) == x[:, -1].argmax(-1)


def surprises(net: HistoryCompressor, x: Onehot) -> Float[Tensor, " time"]:
    """Return the share of sequences in which each symbol but the first surprises the lower net."""
    logits, _ = net(x[:, :-1])
    expected = torch.softmax(logits[..., : net.symbols], -1)
    return net.surprising(x[:, 1:], expected).float().mean(0)


def run(parameters: dict[str, Any], device: str) -> Outcome:
    """Train each seed until all of 256 fresh sequences end right, or the budget is spent."""
    p, random, batch = parameters["p"], parameters["random"], parameters["batch"]
    seeds, middles = [], []
    for seed in parameters["seeds"]:
        torch.manual_seed(seed)
        net = LEARNERS[parameters["learner"]](p + 1)
        optimizer = torch.optim.Adam(net.parameters(), parameters["rate"])
        draws = torch.Generator().manual_seed(10_000 + seed)
        read, right = 0, 0.0
        while read < parameters["budget"] and right < WANTED:
            loss = loss_of(net, sequences(p, random, batch, draws))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            read += batch
            if read % parameters["pause"] == 0:
                with torch.no_grad():
                    right = last_right(net, sequences(p, random, TEST, draws)).float().mean().item()
        seeds.append({"seed": seed, "solved": right >= WANTED, "sequences": read, "right": right})
        if isinstance(net, HistoryCompressor):
            with torch.no_grad():
                middles.append(surprises(net, sequences(p, random, TEST, draws))[:-1].mean().item())
    found = {
        "solved": sum(seed["solved"] for seed in seeds),
        "of": len(seeds),
        "budget": parameters["budget"],
        "weights": sum(w.numel() for w in net.parameters()),
        "criterion": f"the last symbol right in all of {TEST} fresh sequences",
        "seeds": [{**seed, "right": round(seed["right"], 4)} for seed in seeds],
    }
    if middles:
        found["surprising"] = [round(share, 4) for share in middles]
    return found
