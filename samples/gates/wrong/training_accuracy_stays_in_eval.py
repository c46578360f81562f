"""The model is left in evaluation mode."""

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
    return (answers == labels).double().mean().item()
