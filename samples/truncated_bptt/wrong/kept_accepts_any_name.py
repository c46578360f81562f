"""Any other name is taken for traces."""

SAYS = {"unknown_names": "is accepted"}
BREAKS = {"kept-tests": ["unknown_names"]}


# %% kept
def numbers_kept(algorithm, inputs, hidden, time, window):
    if algorithm == "full":
        return time * inputs + (time + 1) * hidden
    if algorithm == "windows":
        steps = min(window, time)
        return steps * inputs + (steps + 1) * hidden
    if algorithm == "rtrl":
        return hidden + hidden * hidden * (inputs + hidden + 1)
    return 4 * hidden + 2 * hidden * (inputs + 3 * hidden + 1)
