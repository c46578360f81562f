"""No gradient reaches the kernel."""

KIND = "wrapping"
SAYS = {"convolution_lengths": "gradient"}
BREAKS = {"convolution-tests": ["convolution_lengths"]}


# %% causal-convolution
def causal_convolution(x, kernel):
    time = x.shape[1]
    spectrum = torch.fft.rfft(x, 2 * time, dim=1) * torch.fft.rfft(
        kernel.detach().T, 2 * time, dim=0
    )
    return torch.fft.irfft(spectrum, 2 * time, dim=1)[:, :time]
