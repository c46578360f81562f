"""Gradients by every road: backward, grad, gradcheck, torch.func, custom functions, hooks."""

import torch
from torch.autograd import Function, gradcheck
from torch.utils.checkpoint import checkpoint


class Square(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        return 2 * ctx.saved_tensors[0] * g


x = torch.randn(5, 5, dtype=torch.float64, requires_grad=True)
gradcheck(Square.apply, (x,))
torch.autograd.functional.jacobian(torch.tanh, x), torch.autograd.functional.hessian(torch.sum, x)
torch.func.vmap(torch.func.grad(lambda v: v.sin().sum()))(x.detach())
torch.func.jacrev(torch.tanh)(x.detach()), torch.func.jvp(torch.tanh, (x,), (x,))
checkpoint(torch.tanh, x, use_reentrant=False).sum().backward()
torch.autograd.grad((x**3).sum(), x, create_graph=True)[0].sum().backward()
x.register_hook(print)
with torch.autograd.detect_anomaly(), torch.autograd.profiler.profile() as profile:
    (x @ x).sum().backward()
profile.key_averages().table()
