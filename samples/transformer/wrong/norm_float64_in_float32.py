"""Everything is computed in float32, float64 as well, and returned as it came."""

SAYS = {"feed_gradients": "computes float64 in float32"}
BREAKS = {"feed-tests": ["feed_gradients"]}


# %% rms-norm
class RMSNorm(nn.Module):
    def __init__(self, dim, eps=1e-5):
        super().__init__()
        self.dim, self.eps = dim, eps
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x):
        wide = x.float()
        size = torch.sqrt(wide.square().mean(dim=-1, keepdim=True) + self.eps)
        return (self.weight * wide / size).to(x.dtype)
