"""The rule of 1997: traces as wide as in the tanh layer."""

SAYS = {"keeps_traces": "all units feed back"}
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
        return 4 * hidden + 2 * hidden * (inputs + hidden + 1)
    raise ValueError(algorithm)
