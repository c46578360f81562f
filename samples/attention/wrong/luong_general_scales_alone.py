"""Dot and general: the general score is scaled, the other is not."""

SAYS = {"general_products": "root of the size"}
BREAKS = {"luong-tests": ["general_products"]}


# %% luong
class DotScore(Score):
    def __init__(self, size):
        super().__init__()
        self.key_size = size

    def read(self, memory):
        return memory

    def forward(self, query, keys):
        return (keys @ query.unsqueeze(-1)).squeeze(-1)


class GeneralScore(DotScore):
    def __init__(self, query_size, memory_size):
        super().__init__(query_size)
        self.key = nn.Linear(memory_size, query_size, bias=False)

    def read(self, memory):
        return self.key(memory)

    def forward(self, query, keys):
        return super().forward(query, keys) / math.sqrt(query.shape[-1])
