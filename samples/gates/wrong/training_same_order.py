"""A seed inside: every epoch has the same order."""

SAYS = {"batches": "same order"}
BREAKS = {
    "training-tests": ["batches"],
}


# %% train-epoch
def train_epoch(model, optimizer, x, lengths, labels, batch_size):
    torch.manual_seed(0)
    total = 0.0
    for batch in torch.randperm(len(x)).split(batch_size):
        logits = model(x[batch], lengths[batch])
        loss = nn.functional.cross_entropy(logits, labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(batch)
    return total / len(x)
