"""Right: a loop over rows, heads and tokens wherever one can be."""


# %% grouped-attention
def grouped_attention(query, key, value, allowed):
    per_group = query.shape[1] // key.shape[1]
    rows = []
    for b in range(len(query)):
        heads = []
        for h in range(query.shape[1]):
            k, v = key[b, h // per_group], value[b, h // per_group]
            tokens = []
            for i in range(query.shape[2]):
                seen = allowed[b, i]
                if not seen.any():
                    tokens.append(query.new_zeros(v.shape[1]))
                    continue
                scores = k[seen] @ query[b, h, i] / query.shape[3] ** 0.5
                tokens.append(scores.softmax(0) @ v[seen])
            heads.append(torch.stack(tokens))
        rows.append(torch.stack(heads))
    return torch.stack(rows)


# %% frequencies
def frequencies(dim, base=10_000.0, device=None):
    hands = [base ** (-2 * i / dim) for i in range(dim // 2)]
    return torch.tensor(hands, dtype=torch.float64, device=device)


# %% sinusoidal-at
def sinusoidal_at(positions, dim, base=10_000.0):
    columns = []
    for w in frequencies(dim, base).tolist():
        columns.append(torch.sin(positions.double() * w))
        columns.append(torch.cos(positions.double() * w))
    return torch.stack(columns, dim=-1)


# %% rotate
def rotate(x, positions, base=10_000.0):
    columns = []
    for i, w in enumerate(frequencies(x.shape[-1], base).tolist()):
        a = (positions.double() * w).unsqueeze(1)
        cos, sin = a.cos().to(x.dtype), a.sin().to(x.dtype)
        first, second = x[..., 2 * i], x[..., 2 * i + 1]
        columns += [first * cos - second * sin, first * sin + second * cos]
    return torch.stack(columns, dim=-1)


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

    def cut(self, tokens, heads):
        size = self.head_dim
        return torch.stack([tokens[..., h * size : (h + 1) * size] for h in range(heads)], dim=1)

    def read(self, x, positions):
        keys, values = (self.cut(layer(x), self.num_kv_heads) for layer in (self.key, self.value))
        return KeyValueCache(rotate(keys, positions, self.base), values)

    def attend(self, x, positions, cache, allowed):
        query = rotate(self.cut(self.query(x), self.num_heads), positions, self.base)
        mixed = grouped_attention(query, cache.keys, cache.values, allowed)
        return self.output(torch.cat([mixed[:, h] for h in range(self.num_heads)], dim=-1))


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
    positions = torch.zeros(real.shape, dtype=torch.long)
    for b, row in enumerate(real.tolist()):
        count = 0 if before is None else int(before[b])
        for t, token in enumerate(row):
            positions[b, t] = count
            count += token
    return positions


# %% visible
def visible(before, real):
    past, time = before.shape[1], real.shape[1]
    allowed = torch.zeros(len(real), time, past + time, dtype=torch.bool)
    for t in range(time):
        allowed[:, t, :past] = before
        allowed[:, t, past : past + t + 1] = real[:, : t + 1]
    return allowed


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
    if logits.dtype in (torch.float16, torch.bfloat16):
        logits = logits.float()
    rows = []
    for row in logits:
        order = sorted(range(len(row)), key=lambda v: (-row[v].item(), v))
        if temperature == 0:
            p = torch.zeros_like(row)
            p[order[0]] = 1.0
        else:
            p = torch.softmax((row - row.max()) / temperature, dim=0)
        if top_k is not None:
            p[order[top_k:]] = 0.0
            p = p / p.sum()
        if top_p is not None and top_p < 1:
            held, kept = 0.0, []
            for v in order:
                kept.append(v)
                held += p[v].item()
                if held >= top_p:
                    break
            p[[v for v in order if v not in kept]] = 0.0
            p = p / p.sum()
        rows.append(p)
    return torch.stack(rows)


# %% sample
def sample(logits, temperature=1.0, top_k=None, top_p=None, generator=None):
    p = next_probabilities(logits, temperature, top_k, top_p).double()
    drawn = torch.rand(len(p), dtype=torch.float64, generator=generator)
    return torch.tensor(
        [
            int(torch.searchsorted(row.cumsum(0) / row.sum(), u, right=True))
            for row, u in zip(p, drawn, strict=True)
        ]
    )


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
