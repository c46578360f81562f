"""Only the last four steps count."""

KIND = "wrapping"
SAYS = {"convolution_lengths": "steps"}
BREAKS = {"convolution-tests": ["convolution_lengths"]}


# %% causal-convolution
def causal_convolution(x, kernel):
    time = x.shape[1]
    kernel = kernel * (torch.arange(time) < 6)
    spectrum = torch.fft.rfft(x, 2 * time, dim=1) * torch.fft.rfft(kernel.T, 2 * time, dim=0)
    return torch.fft.irfft(spectrum, 2 * time, dim=1)[:, :time]
