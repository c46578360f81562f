"""nn.GRU does it."""

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
SAYS = {"few_weights": "torch.nn.GRU is ready made"}
KIND = "ready-made"


# %% layer
class MyLayer(SequenceLayer):
    def __init__(self, features):
        super().__init__()
        self.net = nn.GRU(features, features, batch_first=True)

    def initial_state(self, batch):
        return (self.net.weight_hh_l0.new_zeros(batch, self.net.hidden_size),)

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        y, h = self.net(x, state[0].unsqueeze(0))
        return y, (h.squeeze(0),)

    def step(self, x, state):
        y, state = self.forward(x.unsqueeze(1), state)
        return y.squeeze(1), state
