"""Dot and general: all states ask the first source."""

SAYS = {"luong_batch": "ask the first source"}
BREAKS = {"luong-tests": ["luong_batch"]}


# %% luong
class DotScore(Score):
    def __init__(self, size):
        super().__init__()
        self.key_size = size

    def read(self, memory):
        return memory

    def forward(self, query, keys):
        return query @ keys[0].T


class GeneralScore(DotScore):
    def __init__(self, query_size, memory_size):
        super().__init__(query_size)
        self.key = nn.Linear(memory_size, query_size, bias=False)

    def read(self, memory):
        return self.key(memory)
