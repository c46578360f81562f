"""Additive: the keys have v in them."""

SAYS = {"additive_keys": "v in them"}
BREAKS = {"additive-tests": ["additive_keys"]}


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
        return self.key(memory) * self.v

    def forward(self, query, keys):
        return torch.tanh(self.query(query).unsqueeze(1) + keys) @ self.v
