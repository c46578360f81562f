"""One step late."""

SAYS = {"convolves": "late"}
BREAKS = {"convolution-tests": ["convolves"]}


# %% causal-convolution
def causal_convolution(x, kernel):
    time = x.shape[1]
    spectrum = torch.fft.rfft(x, 2 * time, dim=1) * torch.fft.rfft(kernel.T, 2 * time, dim=0)
    return torch.fft.irfft(spectrum, 2 * time, dim=1)[:, :time].roll(1, 1) * (
        torch.arange(time) > 0
    ).unsqueeze(-1)
