"""The model is put in training mode, whatever it was in."""

SAYS = {"moods": "put it back"}
BREAKS = {
    "training-tests": ["moods"],
}


# %% accuracy
def accuracy(model, x, lengths, labels):
    mode = model.training
    model.eval()
    with torch.no_grad():
        answers = model(x, lengths).argmax(dim=1)
    model.train()
    return (answers == labels).double().mean().item()
