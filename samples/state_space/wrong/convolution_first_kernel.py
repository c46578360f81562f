"""The kernel of the first feature serves all."""

SAYS = {"convolves": "first feature"}
BREAKS = {"convolution-tests": ["convolves"]}


# %% causal-convolution
def causal_convolution(x, kernel):
    time = x.shape[1]
    spectrum = torch.fft.rfft(x, 2 * time, dim=1) * torch.fft.rfft(
        kernel[:1].expand_as(kernel).T, 2 * time, dim=0
    )
    return torch.fft.irfft(spectrum, 2 * time, dim=1)[:, :time]
