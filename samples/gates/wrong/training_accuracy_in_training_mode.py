"""The model is asked as it is."""

SAYS = {"moods": "training mode when it was asked"}
BREAKS = {
    "training-tests": ["moods"],
}


# %% accuracy
def accuracy(model, x, lengths, labels):
    mode = model.training
    with torch.no_grad():
        answers = model(x, lengths).argmax(dim=1)
    model.train(mode)
    return (answers == labels).double().mean().item()
