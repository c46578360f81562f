"""The initial state is always float32."""

BREAKS = {"moving-average-tests": ["begins_at_zero"]}
SAYS = {"begins_at_zero": "keeps the dtype"}


# %% moving-average
class MovingAverage(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.logit = nn.Parameter(torch.zeros(size))

    def initial_state(self, batch):
        return AverageState(torch.zeros(batch, len(self.logit)))

    def step(self, x, state):
        h = torch.lerp(x, state.h.to(x.dtype), self.logit.sigmoid())
        return h, AverageState(h)

    def forward(self, x, state=None):
        state = state or self.initial_state(len(x))
        outputs = []
        for token in x.unbind(1):
            y, state = self.step(token, state)
            outputs.append(y)
        return torch.stack(outputs, 1), state
