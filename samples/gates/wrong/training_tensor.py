"""A tensor with its graph."""

KIND = "wrapping"
SAYS = {"mean_loss": "float"}
BREAKS = {
    "training-tests": ["mean_loss"],
}


# %% train-epoch
def train_epoch(model, optimizer, x, lengths, labels, batch_size):
    total = 0.0
    for batch in torch.randperm(len(x)).split(batch_size):
        logits = model(x[batch], lengths[batch])
        loss = nn.functional.cross_entropy(logits, labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss * len(batch)
    return total / len(x)
