"""An unknown name raises KeyError."""

SAYS = {"unknown_names": "should raise ValueError"}
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
    if algorithm == "traces":
        return 4 * hidden + 2 * hidden * (inputs + 3 * hidden + 1)
    raise KeyError(algorithm)
