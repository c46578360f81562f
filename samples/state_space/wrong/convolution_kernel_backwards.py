"""conv1d does not turn the kernel round, and neither does this."""

SAYS = {"convolves": "turned round"}
BREAKS = {"convolution-tests": ["convolves"]}


# %% causal-convolution
def causal_convolution(x, kernel):
    padded = F.pad(x.transpose(1, 2), (x.shape[1] - 1, 0))
    return F.conv1d(padded, kernel.unsqueeze(1), groups=x.shape[2]).transpose(1, 2)
