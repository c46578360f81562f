"""The net is made and not trained."""

SAYS = {"net_is_right": "does it learn"}
BREAKS = {
    "net-tests": ["net_is_right"],
}


# %% train-classifier
def train_classifier(x, lengths, labels):
    net = SequenceClassifier(GRU(x.shape[-1], 24), 24, 2)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    for epoch in range(0):
        train_epoch(net, optimizer, x, lengths, labels, 50)
    return net
