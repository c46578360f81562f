"""argmax over the batch."""

SAYS = {"share": "over the batch"}
BREAKS = {
    "training-tests": ["share", "moods"],
}


# %% accuracy
def accuracy(model, x, lengths, labels):
    mode = model.training
    model.eval()
    with torch.no_grad():
        answers = model(x, lengths).argmax(dim=0).repeat(len(x))[: len(x)]
    model.train(mode)
    return (answers == labels).double().mean().item()
