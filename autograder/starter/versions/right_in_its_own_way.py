"""Right, in another style. `autograder try` sees that right versions get full marks.

A section `# %% GRADE_ID` is the whole text of one answer cell; those that are not named are the
reference's.
"""


# %% half-life
def half_life(decay):
    return torch.log(torch.full_like(decay, 0.5)) / torch.log(decay)


# %% moving-average
class MovingAverage(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.logit = nn.Parameter(torch.zeros(size))

    def initial_state(self, batch):
        return AverageState(torch.zeros(batch, *self.logit.shape, dtype=self.logit.dtype))

    def step(self, x, state):
        h = torch.lerp(x, state.h, self.logit.sigmoid())
        return h, AverageState(h)

    def forward(self, x, state=None):
        h = self.initial_state(x.shape[0]).h if state is None else state.h
        y = torch.empty_like(x)
        for t in range(x.shape[1]):
            h, _ = self.step(x[:, t], AverageState(h))
            y[:, t] = h
        return y, AverageState(h)
