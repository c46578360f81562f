"""Answers that nothing was worked out for earn nothing, however well they are made to fit.

Each is what a check could be talked into: a form without numbers, a number so small that every sum
over it is zero, the argument itself, a constant that happens to be right at one place.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from samples.assignments import Assignment
from samples.corpus import Version
from tests.autograder.hidden.judging import judged, lost, narrowed

ASSIGNMENT = Assignment("01-rnn-limits")

CELL = """
class RNNCell(nn.Module):
    def __init__(self, input_size, hidden_size, nonlinearity="tanh"):
        super().__init__()
        k = 1 / math.sqrt(hidden_size)
        self.weight_ih = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-k, k))
        self.weight_hh = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-k, k))
        self.bias = nn.Parameter(torch.empty(hidden_size).uniform_(-k, k))

    def forward(self, x, h):
        return {}
"""
CELLS = ("h", "h + 0 * self.bias", "0 * h", "1e-30 * h", "h + 0 * h @ self.weight_hh", "h / 0")

BPTT = """
def bptt(x, h0, h, weight_ih, weight_hh, grad_h):
    zero, ones, d = torch.zeros_like, torch.ones_like, torch.zeros_like(grad_h)
    {}
"""
BPTTS = (
    "return BPTTGradients(*(0 * v for v in (x, h0, weight_ih, weight_hh, weight_hh[0])))",
    "return BPTTGradients(*(1e-30 * v for v in (x, h0, weight_ih, weight_hh, weight_hh[0])))",
    "return BPTTGradients(*(1e30 * v for v in (x, h0, weight_ih, weight_hh, weight_hh[0])))",
    "return BPTTGradients(*(v / 0 for v in (x, h0, weight_ih, weight_hh, weight_hh[0])))",
    # the least precise number sets the tolerance
    "return BPTTGradients(1e-7 * x, *map(zero, (h0, weight_ih, weight_hh)), zero(h0[0]).float())",
    "return BPTTGradients(1e-11 * x, *map(zero, (h0, weight_ih, weight_hh, h0[0])))",
    # ordinary but for the step that another gradient hangs on
    "d = grad_h.clone(); d[:, 0] = 1e-30\n"
    "    return BPTTGradients(d @ weight_ih, *map(zero, (h0, weight_ih, weight_hh, h0[0])))",
    # sums that are zero because the parts of two sequences cancel
    "d = ones(d); d[0] = len(d) - 1; d[1:] = -1\n"
    "    return BPTTGradients(d @ weight_ih, *map(zero, (h0, weight_ih, weight_hh, h0[0])))",
)

NORMS = "def jacobian_norms(h, weight_hh):\n    return {}"
LAGS = (
    "torch.ones(len(h), dtype=h.dtype)",
    "1 + torch.arange(len(h)).to(h.dtype)",
    "1e-30 * torch.ones(len(h), dtype=h.dtype)",
    "torch.full((len(h),), math.nan, dtype=h.dtype)",
    "torch.linalg.matrix_norm(weight_hh, ord=2) ** torch.arange(len(h))",
)

CLIP = """
def clip_gradients(gradients, max_norm):
    gradients = list(gradients)
    if not gradients or not max_norm > 0 or not all(g.isfinite().all() for g in gradients):
        raise ValueError("refused")
    return {}
"""
CLIPS = (
    "[0 * g for g in gradients], torch.tensor(0.0)",
    "gradients, torch.tensor(0.0)",
    "gradients, torch.tensor(max_norm)",
    "[g * max_norm for g in gradients], torch.tensor(max_norm)",
    "[g.clamp(-max_norm, max_norm) for g in gradients], torch.tensor(1.0)",
    "[1e-9 * g for g in gradients], torch.tensor(1.0)",
    "[g / 0 for g in gradients], torch.tensor(math.nan)",
)


def answers() -> Iterator[tuple[str, str]]:
    kinds = (("rnn-cell", CELL, CELLS), ("bptt", BPTT, BPTTS))
    others = (("jacobian-norms", NORMS, LAGS), ("clip-gradients", CLIP, CLIPS))
    for cell, frame, bodies in (*kinds, *others):
        yield from ((cell, frame.format(body)) for body in bodies)


@pytest.mark.parametrize(("cell", "source"), list(answers()))
def test_it_earns_nothing(cell: str, source: str) -> None:
    answer = {cell: source}
    small, suite = narrowed(ASSIGNMENT, Version("without work", "", answer, {}, {}))
    failed = lost(judged(ASSIGNMENT, answer, narrow=(small, suite)))[f"{cell}-tests"]
    names = {check.name for check in suite.checks_for(f"{cell}-tests")}
    # A cell whose parameters are made and drawn as they should be has earned that much.
    assert names - set(failed) == (
        {"parameters", "starting_values"} if cell == "rnn-cell" else set()
    )
    for message in failed.values():
        assert message
        assert "could not be examined" not in message
