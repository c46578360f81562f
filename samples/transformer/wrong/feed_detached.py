"""The gate is taken out of the graph."""

SAYS = {"feed_gradients": "gradient"}
BREAKS = {"feed-tests": ["feed_gradients"]}


# %% swiglu
class SwiGLU(nn.Module):
    def __init__(self, dim, feed_size=None):
        super().__init__()
        feed_size = swiglu_size(dim) if feed_size is None else feed_size
        self.dim, self.feed_size = dim, feed_size
        self.gate = nn.Linear(dim, feed_size, bias=False)
        self.up = nn.Linear(dim, feed_size, bias=False)
        self.down = nn.Linear(feed_size, dim, bias=False)

    def forward(self, x):
        return self.down(F.silu(self.gate(x)).detach() * self.up(x))
