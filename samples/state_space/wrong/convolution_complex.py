"""The result of a complex FFT, as it is."""

SAYS = {"convolution_form": "dtype"}
BREAKS = {"convolution-tests": ["convolution_form"]}


# %% causal-convolution
def causal_convolution(x, kernel):
    time = x.shape[1]
    spectrum = torch.fft.fft(x, 2 * time, dim=1) * torch.fft.fft(kernel.T, 2 * time, dim=0)
    return torch.fft.ifft(spectrum, dim=1)[:, :time]
