"""Output and error messages that would run as code in the instructor's browser or terminal.

Deserves: nothing
"""

# %% prelude
SCRIPT = "<script id='hostile-script'>document.title = 'owned'</script><img src=x onerror=alert(1)>"
MARKUP = "[/bold][link=javascript:alert(1)]click[/link] [red]{{ 7 * 7 }} {% raw %} \x1b[2J\x1b]0;owned\x07"
print(SCRIPT, MARKUP)
display({"text/html": SCRIPT, "application/javascript": "alert(1)"}, raw=True)


# %% bptt
def bptt(x, h0, h, weight_ih, weight_hh, grad_h):
    raise ValueError(SCRIPT + MARKUP)


# %% clip-gradients
def clip_gradients(gradients, max_norm):
    raise type(SCRIPT[:20], (Exception,), {"__str__": lambda self: MARKUP * 200_000})()
