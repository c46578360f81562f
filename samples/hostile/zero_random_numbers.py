"""All random test inputs become zero, where wrong answers agree with right ones. The decoy's
initial state, random otherwise, becomes the zeros that it should be, but forward does not begin
there.

Deserves: nothing
"""

# %% prelude
import torch


def nothing(*shape, dtype=None, requires_grad=False, **kwargs):
    shape = shape[0] if len(shape) == 1 and not isinstance(shape[0], int) else shape
    return torch.zeros(*shape, dtype=dtype).requires_grad_(requires_grad)


torch.randn = torch.rand = nothing
torch.randn_like = torch.rand_like = lambda value, **kwargs: torch.zeros_like(value)
for name in ("normal_", "uniform_", "bernoulli_"):
    setattr(torch.Tensor, name, lambda self, *args, **kwargs: self.zero_())
torch.manual_seed(0)
