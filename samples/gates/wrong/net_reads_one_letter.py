"""The net is read at the first letter of a line."""

SAYS = {"net_is_right": "does it learn"}
BREAKS = {
    "net-tests": ["order_counts", "net_is_right"],
}


# %% train-classifier
def train_classifier(x, lengths, labels):
    class First(SequenceClassifier):
        def forward(self, x, lengths=None):
            return super().forward(x, torch.ones_like(lengths))

    net = First(GRU(x.shape[-1], 24), 24, 2)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    for epoch in range(3):
        train_epoch(net, optimizer, x, lengths, labels, 50)
    return net
