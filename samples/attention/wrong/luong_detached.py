"""Dot and general: the keys are detached."""

SAYS = {"luong_gradients": "gradient"}
BREAKS = {"luong-tests": ["luong_gradients"]}


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
        return self.key(memory).detach()
