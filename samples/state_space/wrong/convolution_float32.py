"""The spectrum in float32."""

SAYS = {"convolution_form": "dtype"}
BREAKS = {"convolution-tests": ["convolution_form", "convolution_lengths"]}


# %% causal-convolution
def causal_convolution(x, kernel):
    time = x.shape[1]
    spectrum = torch.fft.rfft(x.float(), 2 * time, dim=1) * torch.fft.rfft(
        kernel.T.float(), 2 * time, dim=0
    )
    return torch.fft.irfft(spectrum, 2 * time, dim=1)[:, :time]
