"""The smaller last batch is left out."""

SAYS = {"batches": "left out"}
BREAKS = {
    "training-tests": ["batches", "mean_loss"],
}


# %% train-epoch
def train_epoch(model, optimizer, x, lengths, labels, batch_size):
    total = 0.0
    for batch in torch.randperm(len(x)).split(batch_size):
        if len(batch) < batch_size and total:
            continue
        logits = model(x[batch], lengths[batch])
        loss = nn.functional.cross_entropy(logits, labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(batch)
    return total / len(x)
