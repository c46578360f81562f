"""The decoder as a rule with interchangeable pieces: places, sight, the stack, what is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from autograder.hidden.shared.layers import Rule, State, Weights
from autograder.hidden.shared.lending import defined
from autograder.hidden.shared.tools import DOUBLE
from autograder.hidden.transformer.stacking import (
    HEAD,
    Cache,
    Given,
    Parts,
    Stack,
    behind,
    block,
    own_stack,
    sizes_of,
)


def positions_of(real: Tensor, before: Tensor) -> Tensor:
    count = real.long()
    return count.cumsum(1) - count + before.unsqueeze(1)


def visible(before: Tensor, real: Tensor) -> Tensor:
    past, time = before.shape[1], real.shape[1]
    earlier = torch.ones(time, past + time, dtype=torch.bool).tril(past)
    return earlier & torch.cat([before, real], 1).unsqueeze(1)


Reads = Callable[[Any, Given], tuple[Tensor, Cache]]


@dataclass(frozen=True)
class Decoding:
    """The pieces of reading a sequence after what the state holds."""

    stack: Callable[[Weights], Stack] = own_stack
    positions: Callable[[Tensor, Tensor], Tensor] = positions_of
    sight: Callable[[Tensor, Tensor], Tensor] = visible
    counted: Callable[[Tensor], Tensor] = lambda real: real.sum(1)
    begun: Callable[[State], State] = lambda state: state
    held: Callable[[int], int] = lambda layer: layer
    block: Reads = block
    order: Callable[[list[Parts]], list[Parts]] = lambda parts: parts
    ended: bool = True
    given_back: Callable[[State, State], State] = lambda new, old: new

    def read(self, w: Weights, x: Tensor, state: State, real: Tensor) -> tuple[Tensor, State]:
        keys, values, before = self.begun(state)
        stack = self.stack(w)
        where, allowed = self.positions(real, self.counted(before)), self.sight(before, real)
        caches = []
        for layer, parts in enumerate(self.order(stack.parts)):
            past = keys[:, self.held(layer)], values[:, self.held(layer)]
            x, cache = self.block(parts, Given(x, where, past, allowed))
            caches.append(cache)
        held = tuple(torch.stack(each, 1) for each in zip(*caches, strict=True))
        new = (*held, torch.cat([before, real], 1))
        return stack.last_norm(x) if self.ended else x, self.given_back(new, state)

    def rule(self, w: Weights, x: Tensor, state: State) -> tuple[Tensor, State]:
        return self.read(w, x, state, torch.ones(x.shape[:2], dtype=torch.bool))


RIGHT = Decoding()


def start(weights: Weights, batch: int) -> State:
    layers, sizes = sizes_of(weights)
    empty = torch.zeros(batch, layers, sizes.num_kv_heads, 0, HEAD, dtype=DOUBLE)
    return empty, empty.clone(), torch.ones(batch, 0, dtype=torch.bool)


def _all(before: Tensor, real: Tensor) -> Tensor:
    return torch.cat([before, real], 1).unsqueeze(1).expand(-1, real.shape[1], -1)


def _not_itself(before: Tensor, real: Tensor) -> Tensor:
    return (
        visible(before, real)
        & ~torch.ones(_all(before, real).shape[1:]).triu(before.shape[1]).bool()
    )


def _one_further(before: Tensor, real: Tensor) -> Tensor:
    past, time = before.shape[1], real.shape[1]
    return torch.ones(time, past + time).tril(past + 1).bool() & _all(before, real)


def _as_if_first(before: Tensor, real: Tensor) -> Tensor:
    """The causal mask of a whole sequence, laid over past and new tokens from their beginning."""
    past, time = before.shape[1], real.shape[1]
    return torch.ones(time, past + time).tril().bool() & _all(before, real)


def _chunk_only(before: Tensor, real: Tensor) -> Tensor:
    return torch.cat([torch.zeros_like(visible(before, real)[..., : before.shape[1]]),
                      visible(before[:, :0], real)], dim=-1)  # fmt: skip


def _new_first(parts: Parts, given: Given) -> tuple[Tensor, Cache]:
    new = parts.read(parts.norm1(given.x), given.where)
    return block(parts, given)[0], behind(new, given.past)


WRONG: Mapping[str, Rule] = {
    "The positions begin again at 0 in every chunk: the tokens in the cache come first": replace(
        RIGHT, positions=lambda real, before: positions_of(real, 0 * before)
    ).rule,
    "The positions are one too large: the first token stands at 0": replace(
        RIGHT, positions=lambda real, before: positions_of(real, before) + 1
    ).rule,
    "All tokens of a chunk stand at the position of the first": replace(
        RIGHT, positions=lambda real, before: before.unsqueeze(1).expand_as(real)
    ).rule,
    "Tokens see those that come after them": replace(RIGHT, sight=_all).rule,
    "A token does not see itself": replace(RIGHT, sight=_not_itself).rule,
    "A token sees the one that comes after it": replace(RIGHT, sight=_one_further).rule,
    "The causal mask does not count the tokens in the cache": replace(
        RIGHT, sight=_as_if_first
    ).rule,
    "Tokens do not see what is in the cache": replace(RIGHT, sight=_chunk_only).rule,
    "The last norm is left out": replace(RIGHT, ended=False).rule,
    "Every block reads the cache of the first one": replace(RIGHT, held=lambda layer: 0).rule,
    "The blocks are run in reverse order": replace(RIGHT, order=lambda parts: parts[::-1]).rule,
    "The new tokens stand before the old ones in the cache": replace(RIGHT, block=_new_first).rule,
    "The blocks' caches are stacked in reverse order": replace(
        RIGHT,
        given_back=lambda new, old: (new[0].flip(1), new[1].flip(1), new[2]),
    ).rule,
    "Keys and values are exchanged in the new state": replace(
        RIGHT, given_back=lambda new, old: (new[1], new[0], new[2])
    ).rule,
    "state.real forgets the tokens before": replace(
        RIGHT, given_back=lambda new, old: (new[0], new[1], new[2][:, old[2].shape[1] :])
    ).rule,
    "state.real is not brought up to date": replace(
        RIGHT, given_back=lambda new, old: (new[0], new[1], old[2])
    ).rule,
    "The state holds the last chunk only": replace(
        RIGHT,
        given_back=lambda new, old: (
            new[0][:, :, :, old[0].shape[3] :],
            new[1][:, :, :, old[0].shape[3] :],
            new[2][:, old[2].shape[1] :],
        ),
    ).rule,
    "Every block is the first one": replace(
        RIGHT, order=lambda parts: [parts[0]] * len(parts)
    ).rule,
}


# --- what is lent -----------------------------------------------------------------------------

LENT = {
    "RMSNorm": """
import torch


class RMSNorm(torch.nn.Module):
    def __init__(self, dim, eps=1e-5):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(dim))

    def forward(self, x):
        return torch.cos(x) * self.weight
""",
    "positions_of": """
import torch


def positions_of(real, before=None):
    before = 0 if before is None else before.unsqueeze(1)
    return 2 * torch.arange(real.shape[1]) + 3 * real.long() + 2 * before
""",
    "visible": """
import torch


def visible(before, real):
    both = torch.cat([before, real], dim=1)
    apart = torch.arange(-before.shape[1], real.shape[1]) - torch.arange(real.shape[1]).unsqueeze(1)
    return ((apart == 0) | (apart == -2)) & both.unsqueeze(1)
""",
    "Block": """
import torch


class Named(torch.nn.Module):
    def __init__(self, **shapes):
        super().__init__()
        for name, shape in shapes.items():
            setattr(self, name, torch.nn.Linear(*shape, bias=False))


class Block(torch.nn.Module):
    def __init__(self, d_model, num_heads, num_kv_heads=None, feed_size=None, base=10_000.0):
        super().__init__()
        groups, size = num_kv_heads or num_heads, d_model // num_heads
        wide, narrow, inner = (d_model, d_model), (d_model, groups * size), (d_model, feed_size)
        self.attention = Named(query=wide, key=narrow, value=narrow, output=wide)
        self.attention.num_kv_heads, self.attention.head_dim = groups, size
        self.feed_forward = Named(gate=inner, up=inner, down=inner[::-1])
        self.norm1, self.norm2 = RMSNorm(d_model), RMSNorm(d_model)

    def forward(self, x, positions, past, allowed):
        groups, size = past.keys.shape[1], past.keys.shape[3]
        new = torch.sin(x[:, None, :, :size] + 0.1 * positions[:, None, :, None].to(x.dtype))
        keys = torch.cat([past.keys, new.expand(-1, groups, -1, -1)], dim=2)
        new = x[:, None, :, -size:] * self.norm2.weight[:size]
        values = torch.cat([past.values, new.expand(-1, groups, -1, -1)], dim=2)
        seen = allowed.to(x.dtype) @ (keys[:, 0] * values[:, -1])
        pushed = torch.tanh(seen.sum(-1, keepdim=True) / 9) * self.norm1.weight
        return 0.7 * x + pushed, KeyValueCache(keys, values)
""",
}


@dataclass(frozen=True)
class _Scales:
    """The weights of a lent block: it uses those of its norms."""

    first: Tensor
    second: Tensor


def _swaying(scales: _Scales, given: Given) -> tuple[Tensor, Cache]:
    x, where, past, allowed = given
    groups, size = past[0].shape[1], past[0].shape[3]
    new = torch.sin(x[:, None, :, :size] + 0.1 * where[:, None, :, None].to(x.dtype))
    keys = torch.cat([past[0], new.expand(-1, groups, -1, -1)], dim=2)
    new = x[:, None, :, -size:] * scales.second[:size]
    values = torch.cat([past[1], new.expand(-1, groups, -1, -1)], dim=2)
    seen = allowed.to(x.dtype) @ (keys[:, 0] * values[:, -1])
    pushed = torch.tanh(seen.sum(-1, keepdim=True) / 9) * scales.first
    return 0.7 * x + pushed, (keys, values)


def _lent_stack(weights: Weights) -> Stack:
    layers, _ = sizes_of(weights)
    norms = [tuple(weights[f"blocks.{n}.norm{i}.weight"] for i in (1, 2)) for n in range(layers)]
    scales = [_Scales(*pair) for pair in norms]
    return Stack(scales, lambda x: torch.cos(x) * weights["last_norm.weight"])


OVER_OURS = Decoding(
    stack=_lent_stack,
    positions=defined(LENT["positions_of"], "positions_of"),
    sight=defined(LENT["visible"], "visible"),
    block=_swaying,
)
