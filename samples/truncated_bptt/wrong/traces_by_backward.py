"""Each step is run by PyTorch's own backward pass: refused."""

KIND = "ready-made"
SAYS = {"cell_gradient": "torch.autograd.backward is ready made"}
BREAKS = {
    "traces-tests": [
        "trace_form",
        "forward_half",
        "cell_trace",
        "gate_trace",
        "traces_add_up",
        "cell_gradient",
        "gate_gradient",
        "output_gate_gradient",
        "sum_over_batch",
        "whole_run",
    ]
}


# %% traces
def slopes(value, by):
    by.grad = None
    value.sum().backward(retain_graph=True)
    return by.grad


def trace_step(W, x, before):
    cells = before.s.shape[1]
    z = torch.cat([x, before.y, torch.ones_like(x[:, :1])], dim=1)
    with torch.enable_grad():
        net = (z @ W.T).detach().requires_grad_()
        c, i, o = net.split(cells, dim=1)
        written = torch.sigmoid(i) * torch.tanh(c)
        by_net = slopes(written, net).detach()
    in_, out = torch.sigmoid(i.detach()), torch.sigmoid(o.detach())
    s = before.s + written.detach()
    y = torch.cat([out * torch.tanh(s), in_, out], dim=1)
    cell = before.cell + by_net[:, :cells].unsqueeze(2) * z.unsqueeze(1)
    gate = before.gate + by_net[:, cells : 2 * cells].unsqueeze(2) * z.unsqueeze(1)
    return Traces(s, y, z, cell, gate)


def trace_gradient(now, error):
    cells = now.s.shape[1]
    out = now.y[:, 2 * cells :]
    with torch.enable_grad():
        s = now.s.detach().clone().requires_grad_()
        E = slopes(error * out * torch.tanh(s), s).detach()
    by_cell = torch.einsum("bc,bcm->cm", E, now.cell)
    by_gate = torch.einsum("bc,bcm->cm", E, now.gate)
    by_out = (error * torch.tanh(now.s) * out * (1 - out)).T @ now.z
    return torch.cat([by_cell, by_gate, by_out])
