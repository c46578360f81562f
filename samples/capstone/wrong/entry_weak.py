"""The weak reference: a net without any memory."""

BREAKS = {
    "layer-tests": [
        "begins",
        "step_is_forward",
        "chunks",
        "no_look_ahead",
        "apart",
        "gradients",
        "edges",
        "more_than_weak",
        "as_good",
        "a_third_to_strong",
        "two_thirds_to_strong",
        "as_strong",
    ]
}
SAYS = {"more_than_weak": "a layer without any memory"}


# %% layer
class MyLayer(SequenceLayer):
    def __init__(self, features):
        super().__init__()
        self.hears = nn.Linear(features, 64)
        self.says = nn.Linear(64, features)

    def initial_state(self, batch):
        return ()

    def step(self, x, state):
        return self.says(torch.relu(self.hears(x))), ()

    def forward(self, x, state=None):
        return self.says(torch.relu(self.hears(x))), ()
