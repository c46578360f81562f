"""Answers that look like answers and are wrong everywhere: what most attacks try to sell.

Everything has the type and shape of a right answer.

Deserves: nothing
"""


# %% windows
def full_bptt(layer, x, target, loss=half_squared_error, state=None):
    named = {n: p for n, p in layer.named_parameters() if p.requires_grad}
    gradients = {n: torch.full_like(p, 0.5).detach() for n, p in named.items()}
    _, last = layer(0.5 + torch.zeros_like(x))
    return Learned(x.new_full((), 0.5), gradients, _detached(last))


def windowed_bptt(layer, x, target, window, loss=half_squared_error, state=None):
    return full_bptt(layer, x, target)


# %% memory-cells
def memory_cells(W, x, state, truncated=True):
    half = 0.5 + 0 * W.sum() + 0 * x.sum() + 0 * state.s.sum()
    y = half * torch.ones(*x.shape[:2], state.s.shape[1], dtype=x.dtype)
    return y, CellState(half * torch.ones_like(state.s), half * torch.ones_like(state.y))


# %% traces
def trace_step(W, x, before):
    return Traces(*(torch.full_like(value, 0.5) for value in before))


def trace_gradient(now, error):
    return torch.full((now.y.shape[1], now.z.shape[1]), 0.5, dtype=error.dtype)


# %% rtrl
def rtrl_step(W, x, h, P):
    return torch.full_like(h, 0.5), torch.full_like(P, 0.5)


def rtrl_gradient(P, error):
    return torch.full(P.shape[2:], 0.5, dtype=P.dtype)


# %% kept
def numbers_kept(algorithm, inputs, hidden, time, window):
    if algorithm not in ("full", "windows", "rtrl", "traces"):
        raise ValueError(algorithm)
    return inputs * hidden
