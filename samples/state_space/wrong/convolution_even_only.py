"""irfft is not told the length, and an odd one comes back shorter."""

SAYS = {"convolution_lengths": "irfft"}
BREAKS = {"convolution-tests": ["convolution_form", "convolves", "convolution_lengths"]}


# %% causal-convolution
def causal_convolution(x, kernel):
    time = x.shape[1]
    room = 2 * time - 1
    spectrum = torch.fft.rfft(x, room, dim=1) * torch.fft.rfft(kernel.T, room, dim=0)
    return torch.fft.irfft(spectrum, dim=1)[:, :time]
