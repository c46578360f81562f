"""Draw figures with matplotlib and write them into memory and files."""

import io

import matplotlib.pyplot as plt
import numpy as np

figure, axes = plt.subplots(1, 2, figsize=(6, 3))
axes[0].plot(np.arange(50), np.random.randn(50).cumsum(), label="a $\\alpha^2$ walk")
axes[0].set(xlabel="time", title="A title", yscale="symlog")
axes[0].legend()
axes[1].imshow(np.random.rand(8, 8))
figure.colorbar(axes[1].images[0])
for kind in ("png", "svg", "pdf"):
    figure.savefig(io.BytesIO(), format=kind)
figure.savefig("/tmp/figure.png")
plt.show()
plt.close(figure)
