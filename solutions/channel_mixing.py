"""RWKV channel mixing: a feed-forward layer that also sees the token before.

Letters of the equations and names in the code: mu = ``mix``, W_r, W_k, W_v = the linear maps.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from solutions.checking import check_kind
from solutions.layer import SequenceLayer, check_sequence, check_state, check_token


class ChannelMixingState(NamedTuple):
    """The token before."""

    x: Float[Tensor, "batch model"]


class RWKVChannelMixing(SequenceLayer[ChannelMixingState]):
    """The channel-mixing half of an RWKV-4 block, where a transformer has its feed-forward layer.

    r, k = W (mu x(t) + (1 - mu) x(t-1)), each with its own W and mu (token shift), x(0) = 0
    y(t) = sigmoid(r(t)) * W_v max(k(t), 0)^2

    k has ``feed_size`` numbers, 4 d_model if None. All that is remembered is one token, so
    ``forward`` has no serial step at all. mu starts as a ramp from 0 to 1 in every layer; the
    authors' code bends it by the layer's depth. x, y: (batch, time, d_model). Raises ValueError
    or TypeError that names the argument whose shape, dtype or device is wrong.
    Source: Peng et al. 2023, eq. (14), (15) and (18).
    """

    def __init__(self, d_model: int, feed_size: int | None = None) -> None:
        super().__init__()
        feed_size = 4 * d_model if feed_size is None else feed_size
        if d_model < 1 or feed_size < 1:
            raise ValueError(
                f"d_model and feed_size must be at least 1, got {d_model} and {feed_size}"
            )
        self.d_model = d_model
        self.mix = nn.Parameter(torch.linspace(0, 1, d_model).repeat(2, 1))  # for r and k
        self.receptance = nn.Linear(d_model, d_model, bias=False)
        self.key = nn.Linear(d_model, feed_size, bias=False)
        self.value = nn.Linear(feed_size, d_model, bias=False)

    def initial_state(self, batch: int) -> ChannelMixingState:
        """Return a token of zeros, (batch, d_model)."""
        return ChannelMixingState(self.mix.new_zeros(batch, self.d_model))

    def step(
        self, x: Float[Tensor, "batch model"], state: ChannelMixingState
    ) -> tuple[Float[Tensor, "batch model"], ChannelMixingState]:
        """Read one token, mixed with the one before."""
        check_token("x", x, self.d_model, like=self.mix)
        self._check_state(state, x.shape[0])
        return self._mixed(x, state.x), ChannelMixingState(x)

    def forward(
        self, x: Float[Tensor, "batch time model"], state: ChannelMixingState | None = None
    ) -> tuple[Float[Tensor, "batch time model"], ChannelMixingState]:
        """Read a whole sequence at once; ``state`` carries on from an earlier chunk."""
        check_sequence("x", x, self.d_model, like=self.mix)
        state = self.initial_state(x.shape[0]) if state is None else state
        self._check_state(state, x.shape[0])
        before = torch.cat([state.x.unsqueeze(1), x[:, :-1]], dim=1)
        return self._mixed(x, before), ChannelMixingState(x[:, -1])

    def _mixed(self, x: Tensor, before: Tensor) -> Tensor:
        """Return the outputs of tokens x that follow the tokens ``before``."""
        r, k = (mu * x + (1 - mu) * before for mu in self.mix)
        fed: Tensor = self.value(self.key(k).relu().square())
        return torch.sigmoid(self.receptance(r)) * fed

    def _check_state(self, state: ChannelMixingState, batch: int) -> None:
        check_kind(state, ChannelMixingState)
        check_state("state.x", state.x, (batch, self.d_model), self.mix)
