"""Reading a batch of sources of different lengths, from both ends, past their padding.

PyTorch's recurrent layers take a *packed* batch: the tokens of all sequences without their
padding, and how many there are at each step. What comes back is unpacked again.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from solutions.layer import check_sequence
from solutions.stacking import check_lengths


class Source(NamedTuple):
    """What an encoder hands over: a state for each token, a summary, and what is no padding."""

    memory: Float[Tensor, "batch source memory"]
    h: Float[Tensor, "batch memory"]
    mask: Bool[Tensor, "batch source"]


def padding_mask(lengths: Int[Tensor, " batch"], longest: int) -> Bool[Tensor, "batch longest"]:
    """Return True where a sequence of ``lengths`` has a token, False where it has padding."""
    ### BEGIN SOLUTION
    return torch.arange(longest, device=lengths.device) < lengths.unsqueeze(1)
    ### END SOLUTION


class PackedEncoder(nn.Module):
    """Read sources with a GRU from both ends; padding is not read at all.

    h(j) = [ahead(x(1) .. x(j)); back(x(n) .. x(j))],  n = the length of the sequence,

    memory: (batch, source, 2 hidden), zeros at padding; h: (batch, 2 hidden) is what each
    direction knows when it has read everything, [ahead(x(1) .. x(n)); back(x(n) .. x(1))].
    Raises ValueError or TypeError for sources and lengths that do not fit.
    Source: Bahdanau et al. 2015, section 3.2, with both last states instead of one of them.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.input_size, self.memory_size = input_size, 2 * hidden_size
        self.gru = nn.GRU(input_size, hidden_size, batch_first=True, bidirectional=True)

    def forward(
        self, x: Float[Tensor, "batch source input"], lengths: Int[Tensor, " batch"]
    ) -> Source:
        """Read each sequence of ``x`` up to its length, 1 to source."""
        check_sequence("x", x, self.input_size, like=next(self.gru.parameters()))
        check_lengths(lengths, x.shape[0], x.shape[1])
        ### BEGIN SOLUTION
        packed = nn.utils.rnn.pack_padded_sequence(
            x, lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        states, last = self.gru(packed)
        memory, _ = nn.utils.rnn.pad_packed_sequence(
            states, batch_first=True, total_length=x.shape[1]
        )
        return Source(
            memory, torch.cat([last[0], last[1]], dim=1), padding_mask(lengths, x.shape[1])
        )
        ### END SOLUTION
