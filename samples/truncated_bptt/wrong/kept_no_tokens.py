"""Full BPTT: the tokens are left out."""

SAYS = {"keeps_everything": "tokens are left out"}
BREAKS = {"kept-tests": ["keeps_everything"]}


# %% kept
def numbers_kept(algorithm, inputs, hidden, time, window):
    if algorithm == "full":
        return (time + 1) * hidden
    if algorithm == "windows":
        steps = min(window, time)
        return steps * inputs + (steps + 1) * hidden
    if algorithm == "rtrl":
        return hidden + hidden * hidden * (inputs + hidden + 1)
    if algorithm == "traces":
        return 4 * hidden + 2 * hidden * (inputs + 3 * hidden + 1)
    raise ValueError(algorithm)
