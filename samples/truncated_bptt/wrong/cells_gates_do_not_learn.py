"""The gates are detached after they are computed."""

SAYS = {"own_weights": "does not learn"}
BREAKS = {"memory-cells-tests": ["own_weights"]}


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
        if truncated:
            in_, out = in_.detach(), out.detach()
        s = s + in_ * torch.tanh(c)
        yc = out * torch.tanh(s)
        y = torch.cat([yc, in_, out], dim=1)
        outputs.append(yc)
    return torch.stack(outputs, dim=1), CellState(s, y)
