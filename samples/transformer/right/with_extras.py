"""Right: helpers, buffers and submodules besides what the text asks for; queries by chunks."""


# %% grouped-attention
class Looking(nn.Module):
    def forward(self, query, key, value, seen):
        scores = torch.matmul(query, key.transpose(-1, -2)).div(math.sqrt(query.size(-1)))
        bias = torch.zeros_like(scores).masked_fill(~seen, torch.finfo(scores.dtype).min / 2)
        return torch.matmul(F.softmax(scores + bias, dim=-1) * seen.any(-1, keepdim=True), value)


LOOKING = Looking()


def grouped_attention(query, key, value, allowed):
    groups = key.shape[1]
    outputs = []
    for part, seen in zip(query.split(2, dim=2), allowed.split(2, dim=1), strict=True):
        by_group = part.chunk(groups, dim=1)
        each = [
            LOOKING(by_group[g], key[:, g : g + 1], value[:, g : g + 1], seen.unsqueeze(1))
            for g in range(groups)
        ]
        outputs.append(torch.cat(each, dim=1))
    return torch.cat(outputs, dim=2)


# %% frequencies
def frequencies(dim, base=10_000.0, device=None):
    i = torch.arange(dim // 2, dtype=torch.float64, device=device)
    return base ** (-2 * i / dim)


# %% sinusoidal-at
def sinusoidal_at(positions, dim, base=10_000.0):
    a = angles_at(positions, dim, base)
    return torch.stack([a.sin(), a.cos()], dim=-1).flatten(-2)


# %% rotate
def rotate(x, positions, base=10_000.0):
    a = angles_at(positions, x.shape[-1], base).unsqueeze(1)
    cos, sin = a.cos().to(x.dtype), a.sin().to(x.dtype)
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack([even * cos - odd * sin, even * sin + odd * cos], dim=-1).flatten(-2)


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
        return KeyValueCache(rotate(keys, positions, self.base), values)

    def attend(self, x, positions, cache, allowed):
        query = self.query(x).unflatten(-1, (self.num_heads, self.head_dim)).transpose(1, 2)
        query = rotate(query, positions, self.base)
        mixed = grouped_attention(query, cache.keys, cache.values, allowed)
        return self.output(mixed.transpose(1, 2).flatten(-2))


# %% rms-norm
class RMSNorm(nn.Module):
    def __init__(self, dim, eps=1e-5):
        super().__init__()
        self.dim, self.eps = dim, eps
        self.weight = nn.Parameter(torch.ones(dim))
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x):
        kept = x.dtype
        x = x.to(torch.promote_types(kept, torch.float32))
        x = x / (x.pow(2).mean(-1, keepdim=True) + self.eps) ** 0.5
        return (self.weight * x).to(kept)


# %% swiglu
class SwiGLU(nn.Module):
    def __init__(self, dim, feed_size=None):
        super().__init__()
        self.dim, self.feed_size = dim, feed_size or swiglu_size(dim)
        self.gate, self.up = (nn.Linear(dim, self.feed_size, bias=False) for _ in range(2))
        self.down = nn.Linear(self.feed_size, dim, bias=False)
        self.silu = nn.SiLU()

    def forward(self, x):
        return self.down(self.up(x) * self.silu(self.gate(x)))


# %% block
class Block(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None, feed_size=None, base=10_000.0):
        super().__init__()
        self.attention = GroupedAttention(d_model, num_heads, num_kv_heads, base)
        self.feed_forward = SwiGLU(d_model, feed_size)
        self.norm1, self.norm2 = RMSNorm(d_model), RMSNorm(d_model)
        self.dropout = nn.Dropout(0.0)

    def forward(self, x, positions, past, allowed):
        a = self.norm1(x)
        k, v = self.attention.read(a, positions)
        cache = past._replace(
            keys=torch.cat((past.keys, k), dim=2), values=torch.cat((past.values, v), dim=2)
        )
        x = x + self.dropout(self.attention.attend(a, positions, cache, allowed))
        return x + self.dropout(self.feed_forward(self.norm2(x))), cache


# %% positions-of
def positions_of(real, before=None):
    count = real.long()
    positions = count.cumsum(dim=1) - count
    if before is not None:
        positions = positions + before.unsqueeze(1)
    return positions


# %% visible
def visible(before, real):
    past, time = before.shape[1], real.shape[1]
    earlier = torch.ones(time, past + time, dtype=torch.bool).tril(past)
    return earlier & torch.cat([before, real], dim=1).unsqueeze(1)


# %% causal-decoder
class CausalDecoder(SequenceLayer[DecoderCache]):
    def __init__(
        self, d_model, num_heads, num_layers, num_kv_heads=None, feed_size=None, base=10_000.0
    ):
        super().__init__()
        self.d_model = d_model
        self.blocks = nn.ModuleList(
            Block(d_model, num_heads, num_kv_heads, feed_size, base) for _ in range(num_layers)
        )
        self.last_norm = RMSNorm(d_model)

    def initial_state(self, batch):
        parts = [self.last_norm.weight.new_empty(self._shape(batch, 0)) for _ in range(2)]
        return DecoderCache(*parts, real=torch.empty(batch, 0).bool())

    def step(self, x, state, real=None):
        y, state = self(x[:, None, :], state, real if real is None else real[:, None])
        return y[:, -1], state

    def forward(self, x, state=None, real=None):
        if state is None:
            state = self.initial_state(len(x))
        if real is None:
            real = x.new_ones(x.shape[:2]).bool()
        shared = positions_of(real, state.real.long().sum(1)), visible(state.real, real)
        both = zip(state.keys.unbind(1), state.values.unbind(1), strict=True)
        caches = [KeyValueCache(*each) for each in both]
        for layer, block in enumerate(self.blocks):
            x, caches[layer] = block(x, shared[0], caches[layer], shared[1])
        keys, values = (torch.stack(parts, dim=1) for parts in zip(*caches, strict=True))
        return self.last_norm(x), DecoderCache(keys, values, torch.cat((state.real, real), dim=1))

    def _shape(self, batch, time):
        attention = self.blocks[0].attention
        return (batch, len(self.blocks), attention.num_kv_heads, time, attention.head_dim)


# %% next-probabilities
def next_probabilities(logits, temperature=1.0, top_k=None, top_p=None):
    check_choices(temperature, top_k, top_p)
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    z, order = logits.sort(dim=-1, descending=True, stable=True)
    rank = torch.arange(z.shape[-1])
    if temperature == 0:
        p = (rank == 0).to(z.dtype).expand_as(z)
    else:
        p = torch.softmax((z - z[..., :1]) / temperature, dim=-1)
    if top_k is not None:
        p = p.masked_fill(rank >= top_k, 0.0)
        p = p / p.sum(dim=-1, keepdim=True)
    if top_p is not None and top_p < 1:
        held = p.cumsum(dim=-1)
        p = p.masked_fill((held.roll(1, dims=-1) >= top_p) & (rank > 0), 0.0)
        p = p / p.sum(dim=-1, keepdim=True)
    return torch.zeros_like(p).scatter(-1, order, p)


# %% sample
def sample(logits, temperature=1.0, top_k=None, top_p=None, generator=None):
    p = next_probabilities(logits, temperature=temperature, top_k=top_k, top_p=top_p)
    # Exponential races: the first to ring is drawn.
    rings = torch.empty(p.shape, dtype=torch.float64).exponential_(generator=generator)
    return torch.argmin(rings / p.double(), dim=-1)


# %% generate
@torch.no_grad()
def generate(
    model, prompt, count, temperature=1.0, top_k=None, top_p=None, generator=None, real=None
):
    last = last_real(prompt, real)
    logits, state = model(prompt, None) if real is None else model(prompt, None, real)
    token = sample(logits[torch.arange(len(prompt)), last], temperature, top_k, top_p, generator)
    tokens = [token]
    for _ in range(count - 1):
        logits, state = model.step(token, state)
        token = sample(logits, temperature, top_k, top_p, generator)
        tokens.append(token)
    return torch.stack(tokens, dim=1)
