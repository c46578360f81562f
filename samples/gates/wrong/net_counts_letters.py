"""A net that counts letters: their order does not matter to it."""

SAYS = {"order_counts": "order of letters"}
BREAKS = {
    "net-tests": ["order_counts", "net_is_right"],
}


# %% train-classifier
def train_classifier(x, lengths, labels):
    class Counts(nn.Module):
        def __init__(self):
            super().__init__()
            self.read = nn.Linear(27, 2)

        def forward(self, x, lengths):
            within = (torch.arange(x.shape[1]) < lengths.unsqueeze(1)).unsqueeze(2)
            return self.read((x * within).sum(1))

    net = Counts()
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    for epoch in range(8):
        train_epoch(net, optimizer, x, lengths, labels, 50)
    return net
