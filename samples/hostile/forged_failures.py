"""Every call fails, with lines before the first, names of a megabyte and words that are not there.

Deserves: nothing
"""

# %% prelude
from autograder.inside import runtime, wire

turn = iter(range(10**9))


def forged(error):
    kinds = ("\x1b", "NameError", "NotImplementedError", "AttributeError", "WireError", "x" * 500_000)
    number = next(turn)
    line = (-(2**40), 2**40, 0)[number % 3]
    return wire.Failure(
        kinds[number % len(kinds)],
        "\x07" * (number % 2),
        traceback='File "<cell ' * 20_000,
        cell="rnn-cell",
        line=line,
        name="RNN",
        stdout="\x1b[2J" * 50_000,
    )


runtime.failure_of = forged


# %% bptt
def bptt(x, h0, h, weight_ih, weight_hh, grad_h):
    raise ValueError


# %% jacobian-norms
def jacobian_norms(h, weight_hh):
    raise ValueError


# %% clip-gradients
def clip_gradients(gradients, max_norm):
    raise ValueError
