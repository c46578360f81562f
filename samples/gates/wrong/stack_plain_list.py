"""The layers are in a plain list: nothing learns."""

SAYS = {"stacked": "nn.ModuleList"}
BREAKS = {
    "bidirectional-tests": ["stacked"],
}


# %% bidirectional-stack
class BidirectionalStack(nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.layers = list(layers)

    def forward(self, x, lengths):
        for layer in self.layers:
            x, _ = layer(x, lengths=lengths)
        return x

    def summary(self, x, lengths):
        for layer in self.layers[:-1]:
            x, _ = layer(x, lengths=lengths)
        return self.layers[-1].summary(x, lengths)
