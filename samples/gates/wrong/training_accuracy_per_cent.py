"""Per cent."""

SAYS = {"share": "per cent"}
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
    return 100 * (answers == labels).double().mean().item()
