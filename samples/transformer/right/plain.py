"""Right: plain code that follows the text line by line."""


# %% grouped-attention
def grouped_attention(query, key, value, allowed):
    heads, groups = query.shape[1], key.shape[1]
    key = key.repeat_interleave(heads // groups, dim=1)
    value = value.repeat_interleave(heads // groups, dim=1)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    seen = allowed.unsqueeze(1)
    blind = ~seen.any(dim=-1, keepdim=True)
    weights = torch.softmax(scores.masked_fill(~seen & ~blind, -math.inf), dim=-1)
    return weights.masked_fill(blind, 0.0) @ value


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

    def forward(self, x):
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        size = torch.sqrt(wide.square().mean(dim=-1, keepdim=True) + self.eps)
        return (self.weight * wide / size).to(x.dtype)


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
        return self.down(F.silu(self.gate(x)) * self.up(x))


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
        return x, cache


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
        shape = self._shape(batch, 0)
        keys, values = (
            self.last_norm.weight.new_zeros(shape),
            self.last_norm.weight.new_zeros(shape),
        )
        return DecoderCache(keys, values, torch.ones(batch, 0, dtype=torch.bool))

    def step(self, x, state, real=None):
        real = None if real is None else real.unsqueeze(1)
        y, state = self.forward(x.unsqueeze(1), state, real)
        return y.squeeze(1), state

    def forward(self, x, state=None, real=None):
        state = self.initial_state(x.shape[0]) if state is None else state
        if real is None:
            real = torch.ones(x.shape[:2], dtype=torch.bool)
        positions = positions_of(real, before=state.real.sum(dim=1))
        allowed = visible(state.real, real)
        keys, values = [], []
        for layer, block in enumerate(self.blocks):
            past = KeyValueCache(state.keys[:, layer], state.values[:, layer])
            x, cache = block(x, positions, past, allowed)
            keys.append(cache.keys)
            values.append(cache.values)
        new = torch.cat([state.real, real], dim=1)
        state = DecoderCache(torch.stack(keys, dim=1), torch.stack(values, dim=1), new)
        return self.last_norm(x), state

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
    p = next_probabilities(logits, temperature, top_k, top_p)
    return torch.multinomial(p, 1, generator=generator).squeeze(-1)


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
