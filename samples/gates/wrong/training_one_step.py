"""One step at the end of the epoch."""

SAYS = {"each_batch": "one step for the whole epoch"}
BREAKS = {
    "training-tests": ["each_batch"],
}


# %% train-epoch
def train_epoch(model, optimizer, x, lengths, labels, batch_size):
    total = 0.0
    optimizer.zero_grad()
    for batch in torch.randperm(len(x)).split(batch_size):
        logits = model(x[batch], lengths[batch])
        loss = nn.functional.cross_entropy(logits, labels[batch])
        loss.backward()
        total += loss.item() * len(batch)
    optimizer.step()
    return total / len(x)
