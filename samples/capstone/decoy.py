"""Noise of the right shape, and weights that are never used."""


# %% layer
class MyLayer(SequenceLayer):
    def __init__(self, features):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(features))

    def initial_state(self, batch):
        return (self.weight.new_empty(batch, 3).normal_(),)

    def step(self, x, state):
        return torch.randn_like(x) + 0 * self.weight, (torch.randn_like(state[0]),)

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        return torch.randn_like(x) + 0 * self.weight, (torch.randn_like(state[0]),)
