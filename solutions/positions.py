"""Positions: attention alone cannot tell an order, so the order is written into it.

Two ways add a vector to each token (``Sinusoidal``, ``Learned``), one turns queries and keys
(``Rotary``), one takes something off the scores (``ALiBi``). Only ``Learned`` has parameters.
Positions count from 0; ``offset`` is the position of the first token given, so that a chunk
or a single token is treated as it would be within the whole sequence.

Letters of the equations and names in the code: p = position, d = ``dim``, i = pair of
features, w(i) = ``frequencies``, b = ``base``, m = ``slopes``.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn


def frequencies(
    dim: int, base: float = 10_000.0, device: torch.device | None = None
) -> Float[Tensor, " pairs"]:
    """Return w(i) = b^(-2i/d) for the d/2 pairs of features, in radians per token (float64).

    From 1 for the first pair down to nearly 1/b for the last: a clock with many hands.
    Raises ValueError for a ``dim`` that is not even. Source: Vaswani et al. 2017, section 3.5.
    """
    if dim < 2 or dim % 2:
        raise ValueError(f"dim must be even and at least 2, got {dim}")
    ### BEGIN SOLUTION
    i = torch.arange(dim // 2, dtype=torch.float64, device=device)
    return torch.as_tensor(base, dtype=torch.float64, device=device) ** (-2 * i / dim)
    ### END SOLUTION


def angles(
    length: int,
    dim: int,
    offset: int = 0,
    base: float = 10_000.0,
    device: torch.device | None = None,
) -> Float[Tensor, "time pairs"]:
    """Return p w(i) for the positions offset .. offset + length - 1, in radians (float64).

    In float32 the angle at position 100,000 would already be off by several thousandths.
    """
    check_offset(offset)
    p = torch.arange(offset, offset + length, dtype=torch.float64, device=device)
    return torch.outer(p, frequencies(dim, base, device))


def sinusoidal(
    length: int,
    dim: int,
    offset: int = 0,
    base: float = 10_000.0,
    device: torch.device | None = None,
) -> Float[Tensor, "time dim"]:
    """Return the sinusoidal code of the positions offset .. offset + length - 1 (float64).

    PE(p, 2i) = sin(p w(i)),   PE(p, 2i+1) = cos(p w(i))

    Source: Vaswani et al. 2017, section 3.5.
    """
    ### BEGIN SOLUTION
    a = angles(length, dim, offset, base, device)
    return torch.stack([a.sin(), a.cos()], dim=-1).flatten(-2)
    ### END SOLUTION


def shift_matrix(shift: int, dim: int, base: float = 10_000.0) -> Float[Tensor, "dim dim"]:
    """Return the matrix R with PE(p + shift) = R PE(p) at every position p (float64).

    R is block diagonal; with a = shift w(i), pair i holds [[cos a, sin a], [-sin a, cos a]].
    That is why a linear layer can look for "so many tokens ago", wherever it is. A negative
    shift looks back: R(-k) is the transpose of R(k). Source: Vaswani et al. 2017, section 3.5.
    """
    ### BEGIN SOLUTION
    a = shift * frequencies(dim, base)
    blocks = torch.stack([a.cos(), a.sin(), -a.sin(), a.cos()], dim=-1).unflatten(-1, (2, 2))
    matrix: Tensor = torch.block_diag(*blocks)
    return matrix
    ### END SOLUTION


class Sinusoidal(nn.Module):
    """Add the sinusoidal code to each token: y(p) = x(p) + PE(p). No parameters, no last position.

    x, y: (batch, time, dim). Source: Vaswani et al. 2017, section 3.5.
    """

    def __init__(self, dim: int, base: float = 10_000.0) -> None:
        super().__init__()
        frequencies(dim, base)  # refuses a dim that is not even
        self.dim, self.base = dim, base

    def forward(
        self, x: Float[Tensor, "batch time dim"], offset: int = 0
    ) -> Float[Tensor, "batch time dim"]:
        """Return the tokens with their positions added; the first one stands at ``offset``."""
        check_width("x", x, self.dim)
        ### BEGIN SOLUTION
        code = sinusoidal(x.shape[-2], self.dim, offset, self.base, x.device)
        return x + code.to(x.dtype)
        ### END SOLUTION


class Learned(nn.Module):
    """Add a learned vector per position: y(p) = x(p) + E(p), for p below ``max_length``.

    x, y: (batch, time, dim); ``weight`` is E (max_length, dim), normal with deviation 0.02 at
    the start. A position that was never trained has no code: past ``max_length`` it raises
    ValueError. Source: Gehring et al. 2017, section 3.1.
    """

    def __init__(self, max_length: int, dim: int) -> None:
        super().__init__()
        if max_length < 1 or dim < 1:
            raise ValueError(f"max_length and dim must be at least 1, got {max_length} and {dim}")
        self.max_length, self.dim = max_length, dim
        self.weight = nn.Parameter(0.02 * torch.randn(max_length, dim))

    def forward(
        self, x: Float[Tensor, "batch time dim"], offset: int = 0
    ) -> Float[Tensor, "batch time dim"]:
        """Return the tokens with their positions added; the first one stands at ``offset``."""
        check_width("x", x, self.dim)
        check_offset(offset)
        end = offset + x.shape[-2]
        if end > self.max_length:
            raise ValueError(
                f"x must end at position {self.max_length - 1} at the latest, "
                f"got {x.shape[-2]} tokens from position {offset}"
            )
        ### BEGIN SOLUTION
        return x + self.weight[offset:end]
        ### END SOLUTION


class Rotary(nn.Module):
    """Turn each pair of features by an angle that grows with the position. No parameters.

    [y(2i), y(2i+1)] = [[cos a, -sin a], [sin a, cos a]] [x(2i), x(2i+1)],   a = p w(i)

    Applied to queries and keys, q(p) . k(r) then depends on p - r only, and lengths stay as
    they are. x, y: (..., time, dim). Source: Su et al. 2021, eq. (15) and (34).
    """

    def __init__(self, dim: int, base: float = 10_000.0) -> None:
        super().__init__()
        frequencies(dim, base)  # refuses a dim that is not even
        self.dim, self.base = dim, base

    def forward(
        self, x: Float[Tensor, "*batch time dim"], offset: int = 0
    ) -> Float[Tensor, "*batch time dim"]:
        """Return the turned queries or keys; the first one stands at ``offset``."""
        check_width("x", x, self.dim)
        ### BEGIN SOLUTION
        a = angles(x.shape[-2], self.dim, offset, self.base, x.device)
        cos, sin = a.cos().to(x.dtype), a.sin().to(x.dtype)
        even, odd = x[..., 0::2], x[..., 1::2]
        return torch.stack([even * cos - odd * sin, even * sin + odd * cos], dim=-1).flatten(-2)
        ### END SOLUTION


def alibi_slopes(num_heads: int) -> Float[Tensor, " heads"]:
    """Return one slope per head (float64): m(h) = 2^(-8h/H), h = 1 .. H, if H is a power of two.

    For another H: the slopes of the largest power of two below it, then every second slope
    of the next one. Raises ValueError for ``num_heads`` below 1. Source: Press et al. 2022,
    section 3, and the authors' code for other H.
    """
    if num_heads < 1:
        raise ValueError(f"num_heads must be at least 1, got {num_heads}")
    ### BEGIN SOLUTION
    power = 1 << (num_heads.bit_length() - 1)  # the largest power of two <= num_heads
    h = torch.arange(1, power + 1, dtype=torch.float64)
    between = 2 * torch.arange(num_heads - power, dtype=torch.float64) + 1
    return torch.cat([2 ** (-8 * h / power), 2 ** (-8 * between / (2 * power))])
    ### END SOLUTION


class ALiBi(nn.Module):
    """Make far tokens score lower: s(i, j) <- s(i, j) - m |i - j|. No parameters.

    Called with the queries (batch, heads, query, dim) and the number of keys, it returns the
    bias (heads, query, key) in their dtype. The queries are the last of the keys' tokens, so
    that a chunk after cached keys gets the same bias as within the whole. In a causal model
    j <= i and the distance is i - j; without a causal mask both sides are treated alike.
    Source: Press, Smith & Lewis 2022, section 3.
    """

    def __init__(self, num_heads: int) -> None:
        super().__init__()
        alibi_slopes(num_heads)  # refuses a number of heads below 1
        self.num_heads = num_heads

    def forward(
        self, query: Float[Tensor, "batch heads query dim"], key_length: int
    ) -> Float[Tensor, "heads query key"]:
        """Return the bias to add to the scores of ``query`` against ``key_length`` keys."""
        if query.ndim != 4 or query.shape[1] != self.num_heads:
            raise ValueError(
                f"query must have shape (batch, {self.num_heads}, query, dim), "
                f"got {tuple(query.shape)}"
            )
        if key_length < query.shape[2]:
            raise ValueError(
                f"key_length must be at least the {query.shape[2]} queries, got {key_length}"
            )
        ### BEGIN SOLUTION
        slopes = alibi_slopes(self.num_heads).to(query.device)
        j = torch.arange(key_length, dtype=torch.float64, device=query.device)
        i = j[key_length - query.shape[2] :]
        distance = (i.unsqueeze(1) - j).abs()
        return (-slopes[:, None, None] * distance).to(query.dtype)
        ### END SOLUTION


def check_width(name: str, x: Tensor, dim: int) -> None:
    """Raise unless ``x`` is a float tensor (..., time, dim)."""
    if x.ndim < 2 or x.shape[-1] != dim:
        raise ValueError(f"{name} must have shape (..., time, {dim}), got {tuple(x.shape)}")
    if not x.is_floating_point():
        raise TypeError(f"{name} must hold floating-point numbers, got {x.dtype}")


def check_offset(offset: int) -> None:
    """Raise unless ``offset`` is a position."""
    if offset < 0:
        raise ValueError(f"offset must be at least 0, got {offset}")
