"""A correlation: it looks ahead."""

SAYS = {"convolves": "ahead"}
BREAKS = {"convolution-tests": ["convolves"]}


# %% causal-convolution
def causal_convolution(x, kernel):
    padded = F.pad(x.transpose(1, 2), (0, x.shape[1] - 1))
    return F.conv1d(padded, kernel.unsqueeze(1), groups=x.shape[2]).transpose(1, 2)
