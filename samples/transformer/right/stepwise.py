"""Right: the decoder reads token by token, also in forward; draws by the Gumbel trick."""


# %% grouped-attention
def grouped_attention(query, key, value, allowed):
    per_group = query.shape[1] // key.shape[1]
    scores = torch.stack(
        [query[:, h] @ key[:, h // per_group].mT for h in range(query.shape[1])], dim=1
    ) / math.sqrt(key.shape[-1])
    top = (
        scores.detach()
        .masked_fill(~allowed[:, None], -1e30)
        .amax(-1, keepdim=True)
        .clamp(min=-1e29)
    )
    shares = torch.exp((scores - top).masked_fill(~allowed[:, None], -math.inf))
    total = shares.sum(-1, keepdim=True)
    weights = shares / total.masked_fill(total == 0, 1.0)
    return torch.stack(
        [weights[:, h] @ value[:, h // per_group] for h in range(query.shape[1])], dim=1
    )


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
        empty = torch.zeros(self._shape(batch, 0)).to(self.last_norm.weight)
        return DecoderCache(empty, empty, torch.zeros(batch, 0, dtype=torch.bool))

    def step(self, x, state, real=None):
        if real is None:
            real = torch.ones(len(x), dtype=torch.bool)
        real = real[:, None]
        where = positions_of(real, state.real.sum(1))
        seen = visible(state.real, real)
        x, keys, values = x[:, None], [], []
        for block, k, v in zip(
            self.blocks, state.keys.unbind(1), state.values.unbind(1), strict=True
        ):
            x, (k, v) = block(x, where, KeyValueCache(k, v), seen)
            keys.append(k)
            values.append(v)
        real = torch.cat([state.real, real], 1)
        return self.last_norm(x)[:, 0], DecoderCache(
            torch.stack(keys, 1), torch.stack(values, 1), real
        )

    def forward(self, x, state=None, real=None):
        state = state or self.initial_state(len(x))
        outputs = []
        for t in range(x.shape[1]):
            y, state = self.step(x[:, t], state, None if real is None else real[:, t])
            outputs.append(y)
        return torch.stack(outputs, 1), state

    def _shape(self, batch, time):
        attention = self.blocks[0].attention
        return (batch, len(self.blocks), attention.num_kv_heads, time, attention.head_dim)


# %% next-probabilities
def next_probabilities(logits, temperature=1.0, top_k=None, top_p=None):
    check_choices(temperature, top_k, top_p)
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    rank = logits.argsort(dim=-1, descending=True, stable=True).argsort(dim=-1)
    if temperature == 0:
        temperature, top_k = 1.0, 1
    # The k likeliest are the same before and after the temperature.
    z = logits if top_k is None else logits.masked_fill(rank >= top_k, -math.inf)
    p = torch.softmax((z - z.max(dim=-1, keepdim=True).values) / temperature, dim=-1)
    if top_p is not None and top_p < 1:
        ahead = (rank.unsqueeze(-1) > rank.unsqueeze(-2)).to(p.dtype)  # [b, v, u]: u before v
        held = (ahead @ p.unsqueeze(-1)).squeeze(-1)
        p = torch.where((held < top_p) | (rank == 0), p, torch.zeros_like(p))
        p = p / p.sum(dim=-1, keepdim=True)
    return p


# %% sample
def sample(logits, temperature=1.0, top_k=None, top_p=None, generator=None):
    p = next_probabilities(logits, temperature, top_k, top_p)
    noise = torch.rand(p.shape, dtype=torch.float64, generator=generator)
    return (p.double().log() - torch.log(-torch.log(noise))).argmax(dim=-1)


# %% generate
def generate(
    model, prompt, count, temperature=1.0, top_k=None, top_p=None, generator=None, real=None
):
    choices = {"temperature": temperature, "top_k": top_k, "top_p": top_p, "generator": generator}
    with torch.no_grad():
        given = (prompt, None) if real is None else (prompt, None, real)
        logits, state = model(*given)
        last = last_real(prompt, real)
        now = logits.gather(1, last.view(-1, 1, 1).expand(-1, 1, logits.shape[-1])).squeeze(1)
        written = torch.zeros(len(prompt), count, dtype=torch.long)
        for place in range(count):
            if place:
                now, state = model.step(written[:, place - 1], state)
            written[:, place] = sample(now, **choices)
    return written
