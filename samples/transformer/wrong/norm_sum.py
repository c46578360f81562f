"""The sum of squares in place of their mean."""

SAYS = {"rms_size": "summed"}
BREAKS = {"feed-tests": ["rms_size"]}


# %% rms-norm
class RMSNorm(nn.Module):
    def __init__(self, dim, eps=1e-5):
        super().__init__()
        self.dim, self.eps = dim, eps
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x):
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        size = torch.sqrt(wide.square().sum(dim=-1, keepdim=True) + self.eps)
        return (self.weight * wide / size).to(x.dtype)
