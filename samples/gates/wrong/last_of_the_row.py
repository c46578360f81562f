"""The last step of the row."""

SAYS = {"end_of_each": "that is padding"}
BREAKS = {
    "bidirectional-tests": ["end_of_each"],
}


# %% last-valid
def last_valid(y, lengths):
    return y[:, -1]
