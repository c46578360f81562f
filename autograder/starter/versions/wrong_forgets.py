"""forward begins at zero, whatever state it is given; step returns the old average."""

BREAKS = {"moving-average-tests": ["one_token", "goes_on"]}
SAYS = {"one_token": "the new state", "goes_on": "the state that came in"}


# %% moving-average
class MovingAverage(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.logit = nn.Parameter(torch.zeros(size))

    def initial_state(self, batch):
        return AverageState(self.logit.new_zeros(batch, len(self.logit)))

    def step(self, x, state):
        return state.h, AverageState(torch.lerp(x, state.h, self.logit.sigmoid()))

    def forward(self, x, state=None):
        state = self.initial_state(len(x))
        outputs = []
        for token in x.unbind(1):
            _, state = self.step(token, state)
            outputs.append(state.h)
        return torch.stack(outputs, 1), state
