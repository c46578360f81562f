"""Every layer reads x."""

SAYS = {"stacked": "Each layer reads x"}
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
            y, _ = layer(x, lengths=lengths)
        return y

    def summary(self, x, lengths):
        for layer in self.layers[:-1]:
            x, _ = layer(x, lengths=lengths)
        return self.layers[-1].summary(x, lengths)
