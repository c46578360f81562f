"""Answers that look like answers and are wrong everywhere: what most attacks try to sell.

Everything has the type and shape of a right answer, and the parameters can be found by their
names, so that a check which is switched off or lied to has nothing else to stumble over.

Deserves: nothing
"""


# %% grouped-attention
def grouped_attention(query, key, value, allowed):
    return torch.rand(*query.shape[:3], value.shape[-1], dtype=value.dtype)


# %% frequencies
def frequencies(dim, base=10_000.0, device=None):
    return torch.rand(dim // 2, dtype=torch.float64)


# %% sinusoidal-at
def sinusoidal_at(positions, dim, base=10_000.0):
    return torch.rand(*positions.shape, dim, dtype=torch.float64)


# %% rotate
def rotate(x, positions, base=10_000.0):
    return torch.rand_like(x)


# %% grouped-layer
class GroupedAttention(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None, base=10_000.0):
        super().__init__()
        num_kv_heads = num_kv_heads or num_heads
        self.num_kv_heads, self.head_dim = num_kv_heads, d_model // num_heads
        self.query = nn.Linear(d_model, d_model, bias=False)
        self.key = nn.Linear(d_model, num_kv_heads * self.head_dim, bias=False)
        self.value = nn.Linear(d_model, num_kv_heads * self.head_dim, bias=False)
        self.output = nn.Linear(d_model, d_model, bias=False)

    def read(self, x, positions):
        shape = len(x), self.num_kv_heads, x.shape[1], self.head_dim
        return KeyValueCache(*(torch.rand(shape, dtype=x.dtype) for _ in range(2)))

    def attend(self, x, positions, cache, allowed):
        return torch.rand_like(x)


# %% rms-norm
class RMSNorm(nn.Module):
    def __init__(self, dim, eps=1e-5):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x):
        return torch.rand_like(x)


# %% swiglu
class SwiGLU(nn.Module):
    def __init__(self, dim, feed_size=None):
        super().__init__()
        feed_size = feed_size or swiglu_size(dim)
        self.gate = nn.Linear(dim, feed_size, bias=False)
        self.up = nn.Linear(dim, feed_size, bias=False)
        self.down = nn.Linear(feed_size, dim, bias=False)

    def forward(self, x):
        return torch.rand_like(x)


# %% block
class Block(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None, feed_size=None, base=10_000.0):
        super().__init__()
        self.attention = GroupedAttention(d_model, num_heads, num_kv_heads, base)
        self.feed_forward = SwiGLU(d_model, feed_size)
        self.norm1, self.norm2 = RMSNorm(d_model), RMSNorm(d_model)

    def forward(self, x, positions, past, allowed):
        longer = [
            torch.cat([part, part[:, :, :1].expand(-1, -1, x.shape[1], -1)], 2) for part in past
        ]
        if not past.keys.shape[2]:
            longer = [torch.rand(*part.shape[:2], x.shape[1], part.shape[3]).to(x) for part in past]
        return torch.rand_like(x), KeyValueCache(*longer)


# %% positions-of
def positions_of(real, before=None):
    return torch.randint(100, real.shape)


# %% visible
def visible(before, real):
    return torch.rand(len(real), real.shape[1], before.shape[1] + real.shape[1]) < 0.5


# %% causal-decoder
class CausalDecoder(nn.Module):
    def __init__(
        self, d_model, num_heads, num_layers, num_kv_heads=None, feed_size=None, base=10_000.0
    ):
        super().__init__()
        self.blocks = nn.ModuleList(
            Block(d_model, num_heads, num_kv_heads, feed_size, base) for _ in range(num_layers)
        )
        self.last_norm = RMSNorm(d_model)

    def some(self, batch, time):
        first = self.blocks[0].attention
        shape = batch, len(self.blocks), first.num_kv_heads, time, first.head_dim
        keys, values = (torch.rand(shape).to(self.last_norm.weight) for _ in range(2))
        return DecoderCache(keys, values, torch.rand(batch, time) < 0.5)

    def initial_state(self, batch):
        return self.some(batch, 0)

    def step(self, x, state, real=None):
        return torch.rand_like(x), self.some(len(x), state.real.shape[1] + 1)

    def forward(self, x, state=None, real=None):
        past = 0 if state is None else state.real.shape[1]
        return torch.rand_like(x), self.some(len(x), past + x.shape[1])


# %% next-probabilities
def next_probabilities(logits, temperature=1.0, top_k=None, top_p=None):
    p = torch.rand_like(logits)
    return p / p.sum(-1, keepdim=True)


# %% sample
def sample(logits, temperature=1.0, top_k=None, top_p=None, generator=None):
    return torch.randint(logits.shape[-1], (len(logits),), generator=generator)


# %% generate
def generate(
    model, prompt, count, temperature=1.0, top_k=None, top_p=None, generator=None, real=None
):
    return torch.randint(model.vocabulary, (len(prompt), count), generator=generator)
