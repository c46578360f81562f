"""The net comes with a list of losses."""

KIND = "grave"
SAYS = {"padding_is_not_read": "train_classifier returns"}
BREAKS = {
    "net-tests": ["padding_is_not_read", "order_counts", "net_is_right"],
}


# %% train-classifier
def train_classifier(x, lengths, labels):
    net = SequenceClassifier(GRU(x.shape[-1], 24), 24, 2)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    for epoch in range(1):
        train_epoch(net, optimizer, x, lengths, labels, 50)
    return net, []
