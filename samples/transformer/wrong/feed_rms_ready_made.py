"""PyTorch's own norm."""

KIND = "ready-made"
SAYS = {"rms_size": "ready made"}
BREAKS = {
    "feed-tests": [
        "rms_size",
        "rms_eps",
        "rms_half",
        "swiglu_gate",
        "swiglu_paths",
        "feed_gradients",
    ]
}


# %% rms-norm
class RMSNorm(nn.Module):
    def __init__(self, dim, eps=1e-5):
        super().__init__()
        self.dim, self.eps = dim, eps
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x):
        return F.rms_norm(x, (self.dim,), self.weight, self.eps)
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        size = torch.sqrt(wide.square().mean(dim=-1, keepdim=True) + self.eps)
        return (self.weight * wide / size).to(x.dtype)
