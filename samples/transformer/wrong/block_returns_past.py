"""The old cache is returned."""

SAYS = {"block_cache": "old one"}
BREAKS = {"block-tests": ["block_cache"]}


# %% block
class Block(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None, feed_size=None, base=10_000.0):
        super().__init__()
        self.attention = GroupedAttention(d_model, num_heads, num_kv_heads, base)
        self.feed_forward = SwiGLU(d_model, feed_size)
        self.norm1, self.norm2 = RMSNorm(d_model), RMSNorm(d_model)

    def forward(self, x, positions, past, allowed):
        a = self.norm1(x)
        new = self.attention.read(a, positions)
        keys = torch.cat([past.keys, new.keys], dim=2)
        values = torch.cat([past.values, new.values], dim=2)
        cache = KeyValueCache(keys, values)
        x = x + self.attention.attend(a, positions, cache, allowed)
        x = x + self.feed_forward(self.norm2(x))
        return x, past
