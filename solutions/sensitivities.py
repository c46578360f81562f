"""Real-time recurrent learning, step by step: how every unit hangs on every weight, kept current.

For a layer h(t) = tanh(W z(t)) with z(t) = [x(t); h(t-1); 1], so W = [W_x U b], the
sensitivities are P_k[i, m](t) = dh_k(t) / dW[i, m]. ``solutions.learning.rtrl`` is the whole
algorithm for the course's recurrent layer. Sources: Robinson & Fallside 1987; Williams & Zipser
1989.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor


def rtrl_step(
    W: Float[Tensor, "hidden width"],
    x: Float[Tensor, "batch input"],
    h: Float[Tensor, "batch hidden"],
    P: Float[Tensor, "batch hidden hidden width"],
) -> tuple[Float[Tensor, "batch hidden"], Float[Tensor, "batch hidden hidden width"]]:
    """Read one token of each sequence: the new h, and the new P that goes with it.

    P_k[i, m](t) = (1 - h_k(t)^2) ( sum_l U[k, l] P_l[i, m](t-1) + delta_ki z_m(t) )

    where delta_ki is 1 for k = i and 0 otherwise. width = input + hidden + 1.
    """
    inputs, hidden = x.shape[1], h.shape[1]
    ### BEGIN SOLUTION
    z = torch.cat([x, h, torch.ones_like(x[:, :1])], dim=1)
    new = torch.tanh(z @ W.T)
    through_state = torch.einsum("kl,blim->bkim", W[:, inputs : inputs + hidden], P)
    direct = torch.einsum("ki,bm->bkim", torch.eye(hidden, dtype=z.dtype, device=z.device), z)
    return new, (1 - new**2)[:, :, None, None] * (through_state + direct)
    ### END SOLUTION


def rtrl_gradient(
    P: Float[Tensor, "batch hidden hidden width"], error: Float[Tensor, "batch hidden"]
) -> Float[Tensor, "hidden width"]:
    """Return what the error of one step says about W, summed over the sequences.

    With ``error`` = dL(t)/dh(t), the loss of this step alone: dL(t)/dW = sum_k error_k P_k.
    """
    ### BEGIN SOLUTION
    return torch.einsum("bk,bkim->im", error, P)
    ### END SOLUTION
