"""Shapes in signatures, modules compiled by torch's own interpreter, printing of everything."""

import jaxtyping
import torch


@jaxtyping.jaxtyped(typechecker=None)
def twice(x: jaxtyping.Float[torch.Tensor, "batch dim"]) -> torch.Tensor:
    return 2 * x


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = torch.nn.Linear(3, 3)

    def forward(self, x):
        return torch.relu(self.inner(x))


net = Net()
script, traced = torch.jit.script(net), torch.jit.trace(net, torch.ones(2, 3))
for _ in range(3):
    script(torch.ones(2, 3)), traced(torch.ones(2, 3))
torch.fx.symbolic_trace(net)
print(net, twice(torch.ones(2, 3)), torch.__config__.show(), torch.__config__.parallel_info())
torch.set_printoptions(precision=3)
torch.manual_seed(1), torch.get_rng_state(), torch.randperm(10), torch.randn(3).tolist()
