"""The cells return the state that came in."""

SAYS = {"feedback": "state.s"}
BREAKS = {"memory-cells-tests": ["feedback"]}


# %% memory-cells
def memory_cells(W, x, state, truncated=True):
    cells = state.s.shape[1]
    s, y = state
    outputs = []
    for x_t in x.unbind(dim=1):
        y = y.detach() if truncated else y
        z = torch.cat([x_t, y, torch.ones_like(x_t[:, :1])], dim=1)
        c, i, o = (z @ W.T).split(cells, dim=1)
        in_, out = torch.sigmoid(i), torch.sigmoid(o)
        s = s + in_ * torch.tanh(c)
        yc = out * torch.tanh(s)
        y = torch.cat([yc, in_, out], dim=1)
        outputs.append(yc)
    return torch.stack(outputs, dim=1), state
