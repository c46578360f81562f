"""All windows are counted."""

SAYS = {"keeps_a_window": "one at a time"}
BREAKS = {"kept-tests": ["keeps_a_window"]}


# %% kept
def numbers_kept(algorithm, inputs, hidden, time, window):
    if algorithm == "full":
        return time * inputs + (time + 1) * hidden
    if algorithm == "windows":
        pieces = [min(window, time - start) for start in range(0, time, window)]
        return sum(steps * inputs + (steps + 1) * hidden for steps in pieces)
    if algorithm == "rtrl":
        return hidden + hidden * hidden * (inputs + hidden + 1)
    if algorithm == "traces":
        return 4 * hidden + 2 * hidden * (inputs + 3 * hidden + 1)
    raise ValueError(algorithm)
