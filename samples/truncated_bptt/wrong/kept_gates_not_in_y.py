"""The rule of 1997: y is counted without the gates."""

SAYS = {"keeps_traces": "gates in it"}
BREAKS = {"kept-tests": ["keeps_traces"]}


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
        return 2 * hidden + 2 * hidden * (inputs + 3 * hidden + 1)
    raise ValueError(algorithm)
