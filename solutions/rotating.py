"""Positions given one by one: for batches whose rows do not all begin at the same token.

positions.py counts from an offset that holds for the whole batch. Here every token brings its
own position, a tensor ``positions``, so that padding on the left takes no place and a row may
start again at 0. The angles are the same: p w(i), in float64.

Letters of the equations and names in the code: p = ``positions``, b = ``base``,
w(i) = ``frequencies``, a = ``angles``.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from solutions.positions import check_width, frequencies


def positions_of(
    real: Bool[Tensor, "batch time"], before: Int[Tensor, " batch"] | None = None
) -> Int[Tensor, "batch time"]:
    """Return the position of every token: how many real tokens of its row stand before it.

    ``real`` is False where a token is padding, on whichever side it lies. ``before`` is how
    many real tokens each row had in earlier chunks. A padded token gets the position that a
    real one would have in its place.
    """
    ### BEGIN SOLUTION
    count = real.long()
    positions = count.cumsum(dim=1) - count
    return positions if before is None else positions + before.unsqueeze(1)
    ### END SOLUTION


def angles_at(
    positions: Int[Tensor, "*batch time"], dim: int, base: float = 10_000.0
) -> Float[Tensor, "*batch time pairs"]:
    """Return p w(i) for every token and each of the dim / 2 pairs, in radians (float64).

    Raises ValueError for a ``dim`` that is not even, TypeError for positions that are not
    integers.
    """
    check_positions("positions", positions)
    return positions.unsqueeze(-1) * frequencies(dim, base, positions.device)


def sinusoidal_at(
    positions: Int[Tensor, "*batch time"], dim: int, base: float = 10_000.0
) -> Float[Tensor, "*batch time dim"]:
    """Return the sinusoidal code of any positions (float64).

    PE(p, 2i) = sin(p w(i)),   PE(p, 2i+1) = cos(p w(i))

    Errors are those of ``angles_at``. Source: Vaswani et al. 2017, section 3.5.
    """
    a = angles_at(positions, dim, base)
    ### BEGIN SOLUTION
    code = a.new_empty(*positions.shape, dim)
    code[..., 0::2], code[..., 1::2] = a.sin(), a.cos()
    return code
    ### END SOLUTION


def rotate(
    x: Float[Tensor, "batch heads time dim"],
    positions: Int[Tensor, "batch time"],
    base: float = 10_000.0,
) -> Float[Tensor, "batch heads time dim"]:
    """Turn each pair of features of queries or keys by an angle that grows with the position.

    [y(2i), y(2i+1)] = [[cos a, -sin a], [sin a, cos a]] [x(2i), x(2i+1)],   a = p w(i)

    x and y have one dtype; the angles are computed in float64. All heads of a token are turned
    alike. Raises ValueError or TypeError that names the argument which does not fit.
    Source: Su et al. 2021, eq. (15) and (34).
    """
    check_width("x", x, x.shape[-1])
    check_positions("positions", positions)
    if x.ndim != 4 or positions.shape != (x.shape[0], x.shape[2]):
        raise ValueError(
            "x must have shape (batch, heads, time, dim) and positions (batch, time), "
            f"got {tuple(x.shape)} and {tuple(positions.shape)}"
        )
    a = angles_at(positions, x.shape[-1], base).unsqueeze(1)  # the same for all heads
    ### BEGIN SOLUTION
    # A pair as one complex number: turning it is one product.
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    pairs = torch.view_as_complex(wide.unflatten(-1, (-1, 2)).contiguous())
    turn = torch.polar(torch.ones_like(a), a).to(pairs.dtype)
    return torch.view_as_real(pairs * turn).flatten(-2).to(x.dtype)
    ### END SOLUTION


def check_positions(name: str, positions: Tensor) -> None:
    """Raise unless ``positions`` holds integers."""
    if positions.is_floating_point() or positions.is_complex() or positions.dtype == torch.bool:
        raise TypeError(f"{name} must hold integers, got {positions.dtype}")
