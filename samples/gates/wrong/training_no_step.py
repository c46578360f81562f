"""optimizer.step() is forgotten."""

SAYS = {"one_batch": "Nothing was learnt"}
BREAKS = {
    "training-tests": ["one_batch", "each_batch", "batches"],
}


# %% train-epoch
def train_epoch(model, optimizer, x, lengths, labels, batch_size):
    total = 0.0
    for batch in torch.randperm(len(x)).split(batch_size):
        logits = model(x[batch], lengths[batch])
        loss = nn.functional.cross_entropy(logits, labels[batch])
        optimizer.zero_grad()
        loss.backward()
        total += loss.item() * len(batch)
    return total / len(x)
