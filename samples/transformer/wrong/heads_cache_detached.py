"""The keys are taken out of the graph."""

SAYS = {"heads_gradients": "no gradient"}
BREAKS = {"heads-tests": ["heads_gradients"]}


# %% grouped-layer
class GroupedAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None, base=10_000.0):
        super().__init__()
        num_kv_heads = num_heads if num_kv_heads is None else num_kv_heads
        check_heads(d_model, num_heads, num_kv_heads)
        self.d_model, self.num_heads, self.num_kv_heads = d_model, num_heads, num_kv_heads
        self.head_dim, self.base = d_model // num_heads, base
        self.query = nn.Linear(d_model, d_model, bias=False)
        self.key = nn.Linear(d_model, num_kv_heads * self.head_dim, bias=False)
        self.value = nn.Linear(d_model, num_kv_heads * self.head_dim, bias=False)
        self.output = nn.Linear(d_model, d_model, bias=False)

    def read(self, x, positions):
        keys = self.key(x).unflatten(-1, (self.num_kv_heads, self.head_dim)).transpose(1, 2)
        values = self.value(x).unflatten(-1, (self.num_kv_heads, self.head_dim)).transpose(1, 2)
        return KeyValueCache(rotate(keys, positions, self.base).detach(), values)

    def attend(self, x, positions, cache, allowed):
        query = self.query(x).unflatten(-1, (self.num_heads, self.head_dim)).transpose(1, 2)
        query = rotate(query, positions, self.base)
        mixed = grouped_attention(query, cache.keys, cache.values, allowed)
        return self.output(mixed.transpose(1, 2).flatten(-2))
