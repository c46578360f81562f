"""A graph is built for nothing."""

SAYS = {"moods": "graph"}
BREAKS = {
    "training-tests": ["moods"],
}


# %% accuracy
def accuracy(model, x, lengths, labels):
    mode = model.training
    model.eval()
    if True:
        answers = model(x, lengths).argmax(dim=1)
    model.train(mode)
    return (answers == labels).double().mean().item()
