"""The time to 1/e instead of 1/2.

BREAKS says which checks of which test cell a wrong version fails, and all others must pass. SAYS
says which words a check's message has: the student is to recognise the mistake by them. Both may be
left out; then any failed check will do.
"""

BREAKS = {"half-life-tests": ["halves"]}
SAYS = {"halves": "is that 1/2"}


# %% half-life
def half_life(decay):
    return -1 / torch.log(decay)
