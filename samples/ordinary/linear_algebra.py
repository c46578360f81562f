"""Decompositions and solvers, from the libraries that torch and NumPy bring along."""

import numpy as np
import torch

a = torch.randn(60, 60, dtype=torch.float64)
spd = a @ a.T + 60 * torch.eye(60, dtype=torch.float64)
for decompose in (torch.linalg.qr, torch.linalg.svd, torch.linalg.eig, torch.linalg.lu):
    decompose(a)
torch.linalg.cholesky(spd), torch.linalg.eigh(spd), torch.linalg.solve(spd, a)
torch.linalg.matrix_norm(a, 2), torch.linalg.matrix_exp(a / 60), torch.linalg.pinv(a)
torch.linalg.lstsq(a, a), torch.linalg.inv(a), torch.linalg.det(a)
torch.fft.fft(a), torch.einsum("ij,jk->ik", a, a), torch.kron(a[:3], a[:3])
n = a.numpy()
np.linalg.svd(n), np.linalg.eig(n), np.linalg.solve(spd.numpy(), n), np.fft.rfft(n), n @ n
for size in (8, 300, 700):
    x = torch.randn(size, size)
    (x @ x).sum(), (x.bfloat16() @ x.bfloat16()).sum(), (x.half() @ x.half()).sum()
