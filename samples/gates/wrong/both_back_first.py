"""The halves come in the wrong order."""

SAYS = {"two_directions": "wrong order"}
BREAKS = {
    "bidirectional-tests": ["two_directions"],
}


# %% bidirectional
class Bidirectional(SequenceLayer[BidirectionalState]):
    def __init__(self, ahead, back):
        super().__init__()
        self.ahead, self.back = ahead, back

    def initial_state(self, batch):
        return BidirectionalState(self.ahead.initial_state(batch), self.back.initial_state(batch))

    def forward(self, x, state=None, lengths=None):
        if lengths is None:
            lengths = torch.full((len(x),), x.shape[1])
        ahead, ahead_state = self.ahead(x)
        back, back_state = self.back(reverse(x, lengths))
        y = torch.cat([reverse(back, lengths), ahead], dim=2)
        return y, BidirectionalState(ahead_state, back_state)

    def summary(self, x, lengths):
        ahead, _ = self.ahead(x)
        back, _ = self.back(reverse(x, lengths))
        return torch.cat([last_valid(ahead, lengths), last_valid(back, lengths)], dim=1)
