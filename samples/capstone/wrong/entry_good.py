"""The good reference: a plain net with feedback, as hint 1 has it, 24 numbers wide.

By the recipe of the tests, which is short, it takes one rung more than by the real one.
"""

BREAKS = {"layer-tests": ["two_thirds_to_strong", "as_strong"]}
SAYS = {"as_strong": "the strong reference says more"}


# %% layer
class MyLayer(SequenceLayer):
    def __init__(self, features):
        super().__init__()
        self.hears = nn.Linear(features, 24)
        self.recalls = nn.Linear(24, 24, bias=False)
        self.says = nn.Linear(24, features)

    def initial_state(self, batch):
        return (self.says.weight.new_zeros(batch, 24),)

    def step(self, x, state):
        h = torch.tanh(self.hears(x) + self.recalls(state[0]))
        return self.says(h), (h,)

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        outputs = []
        for token in x.unbind(dim=1):
            output, state = self.step(token, state)
            outputs.append(output)
        return torch.stack(outputs, dim=1), state
