"""No room: the end runs into the beginning."""

SAYS = {"convolves": "circle"}
BREAKS = {"convolution-tests": ["convolves"]}


# %% causal-convolution
def causal_convolution(x, kernel):
    time = x.shape[1]
    spectrum = torch.fft.rfft(x, dim=1) * torch.fft.rfft(kernel.T, dim=0)
    return torch.fft.irfft(spectrum, time, dim=1)
