"""The gradient of traces is averaged over the sequences."""

SAYS = {"sum_over_batch": "averaged"}
BREAKS = {"traces-tests": ["sum_over_batch", "whole_run"]}


# %% traces
def trace_step(W, x, before):
    cells = before.s.shape[1]
    z = torch.cat([x, before.y, torch.ones_like(x[:, :1])], dim=1)
    c, i, o = (z @ W.T).split(cells, dim=1)
    g, in_, out = torch.tanh(c), torch.sigmoid(i), torch.sigmoid(o)
    s = before.s + in_ * g
    y = torch.cat([out * torch.tanh(s), in_, out], dim=1)
    cell = before.cell + (in_ * (1 - g**2)).unsqueeze(2) * z.unsqueeze(1)
    gate = before.gate + (g * in_ * (1 - in_)).unsqueeze(2) * z.unsqueeze(1)
    return Traces(s, y, z, cell, gate)


def trace_gradient(now, error):
    cells = now.s.shape[1]
    h, out = torch.tanh(now.s), now.y[:, 2 * cells :]
    E = error * out * (1 - h**2)
    by_cell = torch.einsum("bc,bcm->cm", E, now.cell)
    by_gate = torch.einsum("bc,bcm->cm", E, now.gate)
    by_out = (error * h * out * (1 - out)).T @ now.z
    return torch.cat([by_cell, by_gate, by_out]) / len(error)
