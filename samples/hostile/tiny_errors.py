"""Shows errors of 1e-30, so that every sum over them is zero, and answers zero.

Three checks of back-propagation hold the sums over time against the errors that the same answer
shows, lest one mistake cost twice. Under an absolute tolerance anything agrees with next to nothing.

Deserves: nothing
"""


# %% bptt
def bptt(x, h0, h, weight_ih, weight_hh, grad_h):
    zeros = (torch.zeros_like(value) for value in (h0, weight_ih, weight_hh, weight_hh[0]))
    return BPTTGradients(1e-30 * x, *zeros)
