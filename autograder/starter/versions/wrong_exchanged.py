"""a and 1 - a are exchanged."""

BREAKS = {"moving-average-tests": ["one_token", "whole_sequence", "goes_on"]}
SAYS = {"whole_sequence": "exchanged"}


# %% moving-average
class MovingAverage(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.logit = nn.Parameter(torch.zeros(size))

    def initial_state(self, batch):
        return AverageState(self.logit.new_zeros(batch, len(self.logit)))

    def step(self, x, state):
        h = torch.lerp(state.h, x, self.logit.sigmoid())
        return h, AverageState(h)

    def forward(self, x, state=None):
        state = state or self.initial_state(len(x))
        outputs = []
        for token in x.unbind(1):
            y, state = self.step(token, state)
            outputs.append(y)
        return torch.stack(outputs, 1), state
