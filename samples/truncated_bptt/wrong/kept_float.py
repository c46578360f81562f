"""The counts are floats."""

KIND = "wrapping"
SAYS = {"whole_numbers": "a count is an int"}
BREAKS = {"kept-tests": ["whole_numbers"]}


# %% kept
def numbers_kept(algorithm, inputs, hidden, time, window):
    if algorithm == "full":
        return 1.0 * time * inputs + (time + 1) * hidden
    if algorithm == "windows":
        steps = min(window, time)
        return 1.0 * steps * inputs + (steps + 1) * hidden
    if algorithm == "rtrl":
        return 1.0 * hidden + hidden * hidden * (inputs + hidden + 1)
    if algorithm == "traces":
        return 4.0 * hidden + 2 * hidden * (inputs + 3 * hidden + 1)
    raise ValueError(algorithm)
