"""The mean over the batches."""

SAYS = {"mean_loss": "mean over the batches"}
BREAKS = {
    "training-tests": ["mean_loss"],
}


# %% train-epoch
def train_epoch(model, optimizer, x, lengths, labels, batch_size):
    total, count = 0.0, 0
    for batch in torch.randperm(len(x)).split(batch_size):
        logits = model(x[batch], lengths[batch])
        loss = nn.functional.cross_entropy(logits, labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
        count = count + 1
    return total / count
