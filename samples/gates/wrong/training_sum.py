"""The sum over the batch."""

SAYS = {"one_batch": "sum over the batch"}
BREAKS = {
    "training-tests": ["one_batch"],
}


# %% train-epoch
def train_epoch(model, optimizer, x, lengths, labels, batch_size):
    total = 0.0
    for batch in torch.randperm(len(x)).split(batch_size):
        logits = model(x[batch], lengths[batch])
        loss = nn.functional.cross_entropy(logits, labels[batch], reduction="sum")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total / len(x)
