"""The layers are not told the lengths."""

SAYS = {"stacked": "not told the lengths"}
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
            x, _ = layer(x)
        return x

    def summary(self, x, lengths):
        for layer in self.layers[:-1]:
            x, _ = layer(x)
        return self.layers[-1].summary(x, lengths)
