"""The batch stands second in the state, as in torch.nn.RNN."""

BREAKS = {
    "layer-tests": [
        "begins",
        "step_is_forward",
        "chunks",
        "no_look_ahead",
        "apart",
        "gradients",
        "edges",
        "few_weights",
        "little_time",
        "still_streaming",
        "more_than_weak",
        "as_good",
        "a_third_to_strong",
        "two_thirds_to_strong",
        "as_strong",
    ]
}
SAYS = {"begins": "comes first in each"}
KIND = "grave"


# %% layer
class MyLayer(SequenceLayer):
    def __init__(self, features):
        super().__init__()
        self.hears = nn.Linear(features, 48)
        self.recalls = nn.Linear(48, 48)
        self.says = nn.Linear(48, features)

    def initial_state(self, batch):
        return (self.says.weight.new_zeros(1, batch, 48),)

    def step(self, x, state):
        h = torch.tanh(self.hears(x) + self.recalls(state[0][0]))
        return self.says(h), (h.unsqueeze(0),)

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        outputs = []
        for token in x.unbind(dim=1):
            output, state = self.step(token, state)
            outputs.append(output)
        return torch.stack(outputs, dim=1), state
