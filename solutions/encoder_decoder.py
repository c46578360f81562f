"""The transformer that reads one sequence and writes another: encoder, then decoder.

The decoder's blocks attend to their own past and to what the encoder made of the source.
Arrangement of the sublayers and of layer normalisation: see transformer.py. ``mask`` is
boolean, True = may attend.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, cast

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from solutions.attention import KeyValueCache, check_padding_mask
from solutions.layer import SequenceLayer, check_sequence, check_state, check_token
from solutions.transformer import (
    Encoder,
    TransformerConfig,
    stack_caches,
    unstack_caches,
)


class CrossDecoderBlock(nn.Module):
    """A decoder block with attention to a source between self-attention and feed-forward net.

    post:  x <- LN1(x + SA(x)),   x <- LN2(x + CA(x, source)),   x <- LN3(x + FF(x))
    pre:   x <- x + SA(LN1(x)),   x <- x + CA(LN2(x), source),   x <- x + FF(LN3(x))

    SA is causal self-attention; CA takes queries from x and keys and values from the source.
    Source: Vaswani et al. 2017, section 3.1; Xiong et al. 2020.
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.norm = config.norm
        self.attention, self.cross = config.self_attention(), config.cross_attention()
        self.feed_forward = config.feed_forward()
        self.norm1, self.norm2 = nn.LayerNorm(config.d_model), nn.LayerNorm(config.d_model)
        self.norm3 = nn.LayerNorm(config.d_model)
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self,
        x: Float[Tensor, "batch time dim"],
        cache: KeyValueCache | None,
        source: KeyValueCache,
        source_mask: Bool[Tensor, "batch source"] | None = None,
    ) -> tuple[Float[Tensor, "batch time dim"], KeyValueCache]:
        """Read target tokens after those in ``cache``; ``source`` is ``cross.read(memory)``."""
        ### BEGIN SOLUTION
        mask = None if source_mask is None else source_mask[:, None, None, :]
        if self.norm == "pre":
            y, cache = self.attention(self.norm1(x), cache)
            x = x + self.dropout(y)
            x = x + self.dropout(self.cross.attend(self.norm2(x), source, mask))
            x = x + self.dropout(self.feed_forward(self.norm3(x)))
        else:
            y, cache = self.attention(x, cache)
            x = self.norm1(x + self.dropout(y))
            x = self.norm2(x + self.dropout(self.cross.attend(x, source, mask)))
            x = self.norm3(x + self.dropout(self.feed_forward(x)))
        return x, cache
        ### END SOLUTION


class EncoderDecoderState(NamedTuple):
    """The growing caches of the target, and the source as the blocks look at it (fixed)."""

    keys: Float[Tensor, "batch layers kv_heads time head_dim"]
    values: Float[Tensor, "batch layers kv_heads time head_dim"]
    source_keys: Float[Tensor, "batch layers kv_heads source head_dim"]
    source_values: Float[Tensor, "batch layers kv_heads source head_dim"]
    source_mask: Bool[Tensor, "batch source"]


class EncoderDecoder(SequenceLayer[EncoderDecoderState]):
    """The whole transformer: a sequence layer over the target that has read a source.

        state = model.start(source, source_mask)
        y, state = model(target, state)

    source: (batch, source, d_model), target and y: (batch, time, d_model); ``source_mask``
    (batch, source) is False at padding. Keys and values of the source are computed once, in
    ``start``. ``initial_state`` stands for an empty source: attention to it gives the output
    projection's bias. Raises ValueError or TypeError for what does not fit.
    Source: Vaswani et al. 2017, section 3.
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.d_model = config.d_model
        self.encoder = Encoder(config)
        self.positions = config.added_positions()
        blocks = nn.ModuleList(CrossDecoderBlock(config) for _ in range(config.num_layers))
        self.blocks = cast(Sequence[CrossDecoderBlock], blocks)
        self.last_norm = config.last_norm()

    def start(
        self,
        source: Float[Tensor, "batch source dim"],
        source_mask: Bool[Tensor, "batch source"] | None = None,
    ) -> EncoderDecoderState:
        """Read the source; return the state before the first target token."""
        check_sequence("source", source, self.d_model, like=next(self.parameters()))
        check_padding_mask("source_mask", source_mask, source)
        if source_mask is None:
            source_mask = torch.ones(source.shape[:2], dtype=torch.bool, device=source.device)
        ### BEGIN SOLUTION
        memory = self.encoder(source, source_mask)
        read = stack_caches([block.cross.read(memory) for block in self.blocks])
        empty = self.initial_state(source.shape[0])
        return EncoderDecoderState(empty.keys, empty.values, read.keys, read.values, source_mask)
        ### END SOLUTION

    def initial_state(self, batch: int) -> EncoderDecoderState:
        """Return the state of a model that has read neither source nor target."""
        own = stack_caches([block.attention.initial_state(batch) for block in self.blocks])
        source = stack_caches([block.cross.initial_state(batch) for block in self.blocks])
        mask = torch.ones(batch, 0, dtype=torch.bool, device=own.keys.device)
        return EncoderDecoderState(*own, *source, mask)

    def step(
        self, x: Float[Tensor, "batch dim"], state: EncoderDecoderState
    ) -> tuple[Float[Tensor, "batch dim"], EncoderDecoderState]:
        """Read one target token."""
        check_token("x", x, self.d_model, like=next(self.parameters()))
        y, state = self.forward(x.unsqueeze(1), state)
        return y.squeeze(1), state

    def forward(
        self, x: Float[Tensor, "batch time dim"], state: EncoderDecoderState | None = None
    ) -> tuple[Float[Tensor, "batch time dim"], EncoderDecoderState]:
        """Read target tokens; ``state`` holds the source and the target's earlier tokens."""
        check_sequence("x", x, self.d_model, like=next(self.parameters()))
        state = self.initial_state(x.shape[0]) if state is None else state
        layers = len(self.blocks)
        caches = unstack_caches("state", state.keys, state.values, layers)
        sources = unstack_caches("state.source", state.source_keys, state.source_values, layers)
        check_state("state.source_mask", state.source_mask, (x.shape[0], sources[0].keys.shape[2]))
        ### BEGIN SOLUTION
        if self.positions is not None:
            x = self.positions(x, offset=state.keys.shape[3])
        new = []
        for block, cache, source in zip(self.blocks, caches, sources, strict=True):
            x, cache = block(x, cache, source, state.source_mask)
            new.append(cache)
        own = stack_caches(new)
        return self.last_norm(x), state._replace(keys=own.keys, values=own.values)
        ### END SOLUTION
