"""The share of wrong answers."""

SAYS = {"share": "wrong answers"}
BREAKS = {
    "training-tests": ["share"],
}


# %% accuracy
def accuracy(model, x, lengths, labels):
    mode = model.training
    model.eval()
    with torch.no_grad():
        answers = model(x, lengths).argmax(dim=1)
    model.train(mode)
    return (answers != labels).double().mean().item()
