"""A window is counted whole where the sequence is shorter."""

SAYS = {"keeps_a_window": "more steps than there are"}
BREAKS = {"kept-tests": ["keeps_a_window"]}


# %% kept
def numbers_kept(algorithm, inputs, hidden, time, window):
    if algorithm == "full":
        return time * inputs + (time + 1) * hidden
    if algorithm == "windows":
        steps = window
        return steps * inputs + (steps + 1) * hidden
    if algorithm == "rtrl":
        return hidden + hidden * hidden * (inputs + hidden + 1)
    if algorithm == "traces":
        return 4 * hidden + 2 * hidden * (inputs + 3 * hidden + 1)
    raise ValueError(algorithm)
