"""The outputs of both at the last valid step."""

SAYS = {"summaries": "one token only"}
BREAKS = {
    "bidirectional-tests": ["summaries"],
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
        y = torch.cat([ahead, reverse(back, lengths)], dim=2)
        return y, BidirectionalState(ahead_state, back_state)

    def summary(self, x, lengths):
        y, _ = self(x, lengths=lengths)
        return last_valid(y, lengths)
