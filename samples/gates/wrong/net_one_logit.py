"""One logit for a line."""

KIND = "grave"
SAYS = {"padding_is_not_read": "two logits"}
BREAKS = {
    "net-tests": ["padding_is_not_read", "order_counts", "net_is_right"],
}


# %% train-classifier
def train_classifier(x, lengths, labels):
    net = SequenceClassifier(GRU(x.shape[-1], 24), 24, 2)
    net.readout = nn.Linear(24, 1)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    return net
