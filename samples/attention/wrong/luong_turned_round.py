"""Dot and general: the sign is wrong."""

SAYS = {"dot_products": "sign"}
BREAKS = {"luong-tests": ["dot_products"]}


# %% luong
class DotScore(Score):
    def __init__(self, size):
        super().__init__()
        self.key_size = size

    def read(self, memory):
        return memory

    def forward(self, query, keys):
        return -(keys @ query.unsqueeze(-1)).squeeze(-1)


class GeneralScore(DotScore):
    def __init__(self, query_size, memory_size):
        super().__init__(query_size)
        self.key = nn.Linear(memory_size, query_size, bias=False)

    def read(self, memory):
        return self.key(memory)
