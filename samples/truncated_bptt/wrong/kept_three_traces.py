"""The rule of 1997: a trace for the output gates, too."""

SAYS = {"keeps_traces": "output gates need no trace"}
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
        return 4 * hidden + 3 * hidden * (inputs + 3 * hidden + 1)
    raise ValueError(algorithm)
