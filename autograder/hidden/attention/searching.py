"""Greedy and beam search with interchangeable pieces, and what mistakes make of both."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from autograder.hidden.attention.babble import END, START, Babble, Past

Value = Callable[[Tensor], Tensor]  # of logits, the last axis is the symbols


def log_softmax(logits: Tensor) -> Tensor:
    return logits.log_softmax(-1)


def raw(logits: Tensor) -> Tensor:
    return logits


def probability(logits: Tensor) -> Tensor:
    return logits.softmax(-1)


def free_end(logits: Tensor) -> Tensor:
    return logits.log_softmax(-1).index_fill(-1, torch.tensor([END]), 0.0)


def never_start(logits: Tensor) -> Tensor:
    """Logits by which START is impossible."""
    return logits.index_fill(-1, torch.tensor([START]), -math.inf)


def among_others(logits: Tensor) -> Tensor:
    return never_start(logits).log_softmax(-1)


def up_to_end(symbols: Tensor) -> Tensor:
    """True at the symbols of each row that count: those up to its first END."""
    ended = (symbols == END).cumsum(1)
    return (ended - (symbols == END).long()) == 0


# --- greedy -----------------------------------------------------------------------------------


class Text(NamedTuple):
    symbols: Tensor
    scores: Tensor


def summed(values: Tensor, symbols: Tensor) -> Tensor:
    return (values * up_to_end(symbols)).sum(1)


@dataclass(frozen=True)
class Greed:
    """What is taken, what the model hears, what a score adds up, when rows wait and all stop."""

    first: int = START
    takes: Callable[[Tensor], Tensor] = lambda logits: logits.argmax(-1)
    hears: bool = True  # what was written last, or always the first symbol
    carries: bool = True  # the state
    value: Value = log_softmax
    total: Callable[[Tensor, Tensor], Tensor] = summed
    fill: int | None = END  # None: rows that have ended go on
    stops: Literal["all", "any", "never"] = "all"
    more: int = 0  # symbols than `longest`

    def write(self, model: Babble, past: Past, longest: int) -> Text:
        rows = len(past.age)
        last, alive = torch.full((rows,), self.first), torch.ones(rows, dtype=torch.bool)
        written, values, begun = [], [], past
        for _ in range(max(1, longest + self.more)):
            heard = last if self.hears else torch.full_like(last, self.first)
            logits, past = model(heard, past if self.carries else begun)
            last = self.takes(logits)
            values.append(self.value(logits).gather(1, last.unsqueeze(1))[:, 0])
            written.append(last if self.fill is None else torch.where(alive, last, self.fill))
            alive = alive & (last != END)
            if self.fill is not None:
                last = written[-1]
            if self.stops != "never" and (
                not alive.any() or (self.stops == "any" and not alive.all())
            ):
                break
        symbols = torch.stack(written, 1)
        return Text(symbols, self.total(torch.stack(values, 1), symbols))


def without_end(values: Tensor, symbols: Tensor) -> Tensor:
    return (values * (up_to_end(symbols) & (symbols != END))).sum(1)


def per_symbol(values: Tensor, symbols: Tensor) -> Tensor:
    return summed(values, symbols) / up_to_end(symbols).sum(1)


GREED = Greed()
GREEDY_MISTAKES: list[tuple[str, str, Greed]] = [
    ("likeliest", "Before the first symbol stands START, here it is END", Greed(first=END)),
    ("likeliest", "The model always hears START; it should hear what was written last",
     Greed(hears=False)),
    ("likeliest", "The model is asked with the first state each time: hand the new one on",
     Greed(carries=False)),
    ("likeliest", "The model hears START and gets the first state each time",
     Greed(hears=False, carries=False)),
    ("likeliest", "The least likely symbol is taken",
     Greed(takes=lambda logits: logits.argmin(-1))),
    ("likeliest", "The second likeliest symbol is taken",
     Greed(takes=lambda logits: logits.argsort(-1)[:, -2])),
    ("likeliest", "START is never taken; it is a symbol like any other",
     Greed(takes=lambda logits: never_start(logits).argmax(-1))),
    ("likeliest", "START is excluded before the softmax, and never taken; it is a symbol like any "
     "other", Greed(takes=lambda logits: never_start(logits).argmax(-1), value=among_others)),
    ("likeliest", "END is never taken", Greed(
        takes=lambda logits: logits.index_fill(1, torch.tensor([END]), -1e9).argmax(-1))),
    ("claimed", "Logits are added up: a log probability is their log-softmax", Greed(value=raw)),
    ("claimed", "Probabilities are added up: add their logarithms", Greed(value=probability)),
    ("claimed", "END is left out of the score: it was chosen, too", Greed(total=without_end)),
    ("claimed", "This is the mean over the symbols; the sum is the log probability",
     Greed(total=per_symbol)),
    ("claimed", "This is a probability; the score is its logarithm",
     Greed(total=lambda v, symbols: summed(v, symbols).exp())),
    ("claimed", "The sign is turned round: a log probability is below 0",
     Greed(total=lambda v, symbols: -summed(v, symbols))),
    ("claimed", "This is the log probability of the last symbol alone",
     Greed(total=lambda v, symbols: v[:, -1])),
    ("waits", "What follows the first END of a row still counts in its score",
     Greed(total=lambda v, symbols: v.sum(1))),
    ("waits", "A row that has ended is filled up with 0; it should be END", Greed(fill=0)),
    ("waits", "A row that has ended goes on writing", Greed(fill=None)),
    ("waits", "All rows stop when the first has ended", Greed(stops="any")),
    ("at_most", "There is one symbol too many: longest is reached", Greed(more=1)),
    ("at_most", "There is one symbol too few", Greed(more=-1)),
    ("at_most", "Nothing stops when all rows have ended: there are more columns than needed",
     Greed(stops="never")),
]  # fmt: skip


# --- beam -------------------------------------------------------------------------------------


class Line(NamedTuple):
    """A hypothesis, and the row of the state that it goes on from."""

    symbols: tuple[int, ...]
    score: float
    row: int = 0

    @property
    def ended(self) -> bool:
        return self.symbols[-1:] == (END,)


@dataclass(frozen=True)
class Search:
    """How a beam grows, what becomes of those that have ended, whose state is whose."""

    value: Value = log_softmax
    branches: int | None = None  # of each hypothesis; None: all
    copies: bool = False  # the first beam holds `width` of the same
    ended: Literal["stay", "drop", "go on", "step aside"] = "stay"
    stops: Literal["all", "any", "best", "never"] = "all"
    parents: Literal["own", "rows", "best"] = "own"
    carries: bool = True
    hears: bool = True
    first: int = START
    more: int = 0  # steps than `longest`
    only_ended: bool = False
    given: Callable[[Line], Line] = lambda line: line  # as it is returned
    ranks: Callable[[Line], float] = lambda line: line.score
    worst_first: bool = False

    def find(self, model: Babble, past: Past, width: int, longest: int) -> list[Line]:
        beam = [Line((), 0.0)] * (width if self.copies else 1)
        begun, aside = past.rows([0]), list[Line]()
        past = begun.rows([0] * len(beam))
        for _ in range(max(1, longest + self.more)):
            live = [line for line in beam if self.ended == "go on" or not line.ended]
            grown = self.grown(model, past, live)
            waiting = [] if self.ended in ("go on", "drop") else [e for e in beam if e.ended]
            best = sorted([*waiting, *(line for line, _ in grown)], key=self.ranks, reverse=True)
            beam = best[:width]
            after = grown[0][1]
            if self.ended == "step aside":
                aside += [line for line in beam if line.ended]
                beam = [line for line in beam if not line.ended]
            open_ones = [line for line in beam if self.ended == "go on" or not line.ended]
            if not open_ones or self.stop(beam):
                break
            rows = {"own": [line.row for line in open_ones], "best": [open_ones[0].row] * 99,
                    "rows": [min(i, len(live) - 1) for i in range(len(open_ones))]}  # fmt: skip
            chosen = rows[self.parents][: len(open_ones)]
            past = after.rows(chosen) if self.carries else begun.rows([0] * len(open_ones))
        found = sorted([*aside, *beam], key=self.ranks, reverse=True)
        kept = [line for line in found if line.ended or not self.only_ended][:width]
        return [self.given(line) for line in (reversed(kept) if self.worst_first else kept)]

    def grown(self, model: Babble, past: Past, live: list[Line]) -> list[tuple[Line, Past]]:
        last = [(line.symbols or (self.first,))[-1] if self.hears else self.first for line in live]
        logits, after = model(torch.tensor(last), past)
        found = []
        for row, (line, values) in enumerate(zip(live, self.value(logits).tolist(), strict=True)):
            order = sorted(range(len(values)), key=values.__getitem__, reverse=True)
            for symbol in order[: self.branches]:
                grown = Line((*line.symbols, symbol), line.score + values[symbol], row)
                found.append((grown, after))
        return found

    def stop(self, beam: list[Line]) -> bool:
        if self.stops == "any":
            return any(line.ended for line in beam)
        return self.stops == "best" and beam[0].ended


def scored(score: Callable[[Line], float]) -> Callable[[Line], Line]:
    return lambda line: line._replace(score=score(line))


def mean(line: Line) -> float:
    return line.score / max(1, len(line.symbols))


def without_its_end(line: Line) -> Line:
    return line._replace(symbols=line.symbols[:-1]) if line.ended else line


BEAM = Search()
BEAM_MISTAKES: list[tuple[str, str, Search]] = [
    ("beam_edges", "There is one symbol too many: longest is reached", Search(more=1)),
    ("beam_edges", "There is one symbol too few", Search(more=-1)),
    ("beam_edges", "Hypotheses that reach longest without END are left out",
     Search(only_ended=True)),
    ("continuations", "Each hypothesis goes on by its likeliest symbol only: all that can follow "
     "are candidates", Search(branches=1)),
    ("continuations", "Each hypothesis goes on by its two likeliest symbols only: all that can "
     "follow are candidates", Search(branches=2)),
    ("continuations", "The beam begins with several copies of the same: it begins with one "
     "hypothesis", Search(copies=True)),
    ("continuations", "START is excluded; it may follow, as any other symbol",
     Search(value=lambda logits: never_start(logits.log_softmax(-1)))),
    ("continuations", "START is excluded before the softmax; it may follow, as any other symbol",
     Search(value=among_others)),
    ("ended_stay", "What has ended is lost: it keeps its place, with its score",
     Search(ended="drop")),
    ("ended_stay", "What has ended goes on growing: nothing follows END", Search(ended="go on")),
    ("ended_stay", "What has ended gives up its place in the beam; it should keep it",
     Search(ended="step aside")),
    ("ended_stay", "The search stops when the first hypothesis has ended; all should",
     Search(stops="any")),
    ("ended_stay", "The search stops when the best has ended; all should",
     Search(stops="best")),
    ("states_follow", "The rows of the state stay where they are: each hypothesis goes on from the "
     "state of the one that it came from", Search(parents="rows")),
    ("states_follow", "All hypotheses go on from the state of the best", Search(parents="best")),
    ("states_follow", "The model is asked with the first state each time: hand the new one on",
     Search(carries=False)),
    ("states_follow", "The model always hears START: it should hear each hypothesis' last symbol",
     Search(hears=False)),
    ("states_follow", "Before the first symbol stands START, here it is END", Search(first=END)),
    ("beam_claims", "Logits are added up: a log probability is their log-softmax",
     Search(value=raw)),
    ("beam_claims", "Probabilities are added up: add their logarithms", Search(value=probability)),
    ("beam_claims", "This is a probability; the score is its logarithm",
     Search(given=scored(lambda line: math.exp(line.score)))),
    ("beam_claims", "The score is divided by the number of symbols; it is the sum",
     Search(given=scored(mean))),
    ("beam_claims", "Hypotheses are ranked by the mean over their symbols; the sum counts",
     Search(ranks=mean)),
    ("beam_claims", "Hypotheses are ranked by the mean over their symbols, and that is the score; "
     "it is the sum that counts",
     Search(ranks=mean, given=scored(mean))),
    ("beam_claims", "The sign is turned round: a log probability is below 0",
     Search(given=scored(lambda line: -line.score))),
    ("beam_claims", "END is left out of the score: it was chosen, too", Search(value=free_end)),
    ("beam_form", "The worst comes first: the best should", Search(worst_first=True)),
    ("beam_form", "END is cut off: a hypothesis that has ended shows it",
     Search(given=without_its_end)),
    ("beam_form", "START stands before every hypothesis; the symbols are those that were written",
     Search(given=lambda line: line._replace(symbols=(START, *line.symbols)))),
]  # fmt: skip
