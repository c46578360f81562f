"""Only the first sixty lines are learnt, and those by heart."""

SAYS = {"net_is_right": "by heart"}
BREAKS = {
    "net-tests": ["net_is_right"],
}


# %% train-classifier
def train_classifier(x, lengths, labels):
    x, lengths, labels = x[:60], lengths[:60], labels[:60]
    net = SequenceClassifier(GRU(x.shape[-1], 24), 24, 2)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    for epoch in range(30):
        train_epoch(net, optimizer, x, lengths, labels, 20)
    return net
