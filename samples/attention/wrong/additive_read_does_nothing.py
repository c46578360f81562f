"""Additive: U is applied in forward, at every step."""

KIND = "grave"
SAYS = {"additive_keys": "memory as it is"}
BREAKS = {
    "additive-tests": [
        "additive_keys",
        "additive_comparison",
        "additive_batch",
        "additive_form",
        "additive_gradients",
        "additive_edges",
    ]
}


# %% additive
class AdditiveScore(Score):
    def __init__(self, query_size, memory_size, hidden_size):
        super().__init__()
        self.key_size = hidden_size
        self.query = nn.Linear(query_size, hidden_size, bias=False)
        self.key = nn.Linear(memory_size, hidden_size, bias=False)
        bound = 1 / math.sqrt(hidden_size)
        self.v = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))

    def read(self, memory):
        return memory

    def forward(self, query, keys):
        return torch.tanh(self.query(query).unsqueeze(1) + self.key(keys)) @ self.v
