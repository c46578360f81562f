"""The initial state holds one token of zeros."""

SAYS = {"initial_state": "shape"}
BREAKS = {"decoder-tests": ["initial_state"]}


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
        shape = self._shape(batch, 1)
        keys, values = (
            self.last_norm.weight.new_zeros(shape),
            self.last_norm.weight.new_zeros(shape),
        )
        return DecoderCache(keys, values, torch.ones(batch, 1, dtype=torch.bool))

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
