"""A layer that reads back and begins with padding."""

SAYS = {"padding_is_not_read": "is it read"}
BREAKS = {
    "net-tests": ["padding_is_not_read", "net_is_right"],
}


# %% train-classifier
def train_classifier(x, lengths, labels):
    class Backwards(SequenceClassifier):
        def forward(self, x, lengths=None):
            return super().forward(x.flip(1))

    net = Backwards(GRU(x.shape[-1], 24), 24, 2)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    for epoch in range(2):
        train_epoch(net, optimizer, x, lengths, labels, 50)
    return net
