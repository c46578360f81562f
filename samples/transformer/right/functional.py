"""Right: functions in place of modules' calls, a turn by matrices, joined weights."""


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
    a = angles_at(positions, dim, base).repeat_interleave(2, dim=-1)
    quarter = torch.tensor([0.0, math.pi / 2], dtype=a.dtype).repeat(dim // 2)
    return torch.sin(a + quarter)


# %% rotate
def rotate(x, positions, base=10_000.0):
    a = angles_at(positions, x.shape[-1], base)
    cos, sin = a.cos(), a.sin()
    blocks = torch.stack([cos, -sin, sin, cos], dim=-1).unflatten(-1, (2, 2)).to(x.dtype)
    pairs = x.unflatten(-1, (-1, 2)).unsqueeze(-1)
    return (blocks.unsqueeze(1) @ pairs).squeeze(-1).flatten(-2)


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
        both = F.linear(x, torch.cat([self.key.weight, self.value.weight]))
        both = both.view(*x.shape[:2], 2, self.num_kv_heads, self.head_dim).permute(2, 0, 3, 1, 4)
        return KeyValueCache(rotate(both[0], positions, self.base), both[1])

    def attend(self, x, positions, cache, allowed):
        query = F.linear(x, self.query.weight).view(*x.shape[:2], self.num_heads, self.head_dim)
        query = rotate(query.movedim(2, 1), positions, self.base)
        mixed = grouped_attention(query, *cache, allowed)
        return F.linear(mixed.movedim(1, 2).reshape(x.shape), self.output.weight)


# %% rms-norm
class RMSNorm(nn.Module):
    def __init__(self, dim, eps=1e-5):
        super().__init__()
        self.dim, self.eps = dim, eps
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x):
        wide = x if x.dtype == torch.float64 else x.float()
        length = torch.linalg.vector_norm(wide, dim=-1, keepdim=True)
        size = torch.sqrt(length * length / self.dim + self.eps)
        return torch.div(wide, size).mul(self.weight).to(dtype=x.dtype)


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
        both = F.linear(x, torch.cat([self.up.weight, self.gate.weight]))
        up, gate = both.split(self.feed_size, dim=-1)
        return F.linear(up * gate / (1 + torch.exp(-gate)), self.down.weight)


# %% block
class Block(nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None, feed_size=None, base=10_000.0):
        super().__init__()
        self.attention = GroupedAttention(d_model, num_heads, num_kv_heads, base)
        self.feed_forward = SwiGLU(d_model, feed_size)
        self.norm1, self.norm2 = RMSNorm(d_model), RMSNorm(d_model)

    def forward(self, x, positions, past, allowed):
        def looking(stream):
            tokens = self.norm1(stream)
            pairs = zip(past, self.attention.read(tokens, positions), strict=True)
            cache = KeyValueCache(*(torch.cat(pair, dim=-2) for pair in pairs))
            return self.attention.attend(tokens, positions, cache, allowed), cache

        seen, cache = looking(x)
        middle = seen + x
        return torch.add(self.feed_forward(self.norm2(middle)), middle), cache


# %% positions-of
def positions_of(real, before=None):
    count = real.long()
    positions = count.cumsum(dim=1) - count
    if before is not None:
        positions = positions + before.unsqueeze(1)
    return positions


# %% visible
def visible(before, real):
    places = torch.cat([before, real], dim=1)
    i = torch.arange(before.shape[1], places.shape[1])
    j = torch.arange(places.shape[1])
    return torch.logical_and(j[None, None, :] <= i[None, :, None], places[:, None, :])


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
    logits = logits if logits.dtype == torch.float64 else logits.float()
    order = torch.argsort(logits, dim=-1, descending=True, stable=True)
    if temperature == 0:
        return F.one_hot(order[:, 0], logits.shape[-1]).to(logits.dtype)
    top = logits.gather(-1, order)
    p = F.softmax((top - top[:, :1]) / temperature, dim=-1)
    if top_k is not None:
        p = F.normalize(F.pad(p[:, :top_k], (0, max(0, p.shape[1] - top_k))), p=1, dim=-1)
    if top_p is not None and top_p < 1:
        before = F.pad(p.cumsum(dim=-1)[:, :-1], (1, 0))
        p = F.normalize(p * (before < top_p), p=1, dim=-1)
    return p.gather(-1, order.argsort(dim=-1))


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
