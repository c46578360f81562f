"""Dot and general: the states are laid along the tokens where that fits."""

SAYS = {"luong_batch": "laid along the tokens"}
BREAKS = {"luong-tests": ["luong_batch"]}


# %% luong
class DotScore(Score):
    def __init__(self, size):
        super().__init__()
        self.key_size = size

    def read(self, memory):
        return memory

    def forward(self, query, keys):
        if keys.shape[0] != keys.shape[1]:
            query = query.unsqueeze(1)
        return (keys * query).sum(-1)


class GeneralScore(DotScore):
    def __init__(self, query_size, memory_size):
        super().__init__(query_size)
        self.key = nn.Linear(memory_size, query_size, bias=False)

    def read(self, memory):
        return self.key(memory)
