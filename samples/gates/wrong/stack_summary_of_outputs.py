"""The last step of the outputs for a summary."""

SAYS = {"stacked": "top layer has a summary"}
BREAKS = {
    "bidirectional-tests": ["stacked"],
}


# %% bidirectional-stack
class BidirectionalStack(nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x, lengths):
        for layer in self.layers:
            x, _ = layer(x, lengths=lengths)
        return x

    def summary(self, x, lengths):
        return self(x, lengths)[torch.arange(len(x)), lengths - 1]
