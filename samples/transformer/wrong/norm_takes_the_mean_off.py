"""LayerNorm: the mean is taken off first."""

SAYS = {"rms_size": "LayerNorm"}
BREAKS = {"feed-tests": ["rms_size"]}


# %% rms-norm
class RMSNorm(nn.Module):
    def __init__(self, dim, eps=1e-5):
        super().__init__()
        self.dim, self.eps = dim, eps
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x):
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        wide = wide - wide.mean(dim=-1, keepdim=True)
        size = torch.sqrt(wide.square().mean(dim=-1, keepdim=True) + self.eps)
        return (self.weight * wide / size).to(x.dtype)
