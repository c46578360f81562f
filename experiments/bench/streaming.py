"""Time per token early and late in a stream, for every layer: flat, or growing with the cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from experiments.instruments.in_turn import Row, Setup, alternate
from solutions.layer import SequenceLayer

WIDTH = 32
STEPS = 5  # timed in a row: few, since a cache grows by each
PIECE = 2048  # tokens per forward on the way to the late state

Layer = SequenceLayer[Any]


def recurrent_layers() -> dict[str, Callable[[], Layer]]:
    """Return a maker for every layer whose state has a fixed size, at ``WIDTH``."""
    from solutions.baselines import NARX, HistoryCompressor, TimeDelayNet
    from solutions.carousel import LSTM1997, NaiveCarousel
    from solutions.delta import GatedDeltaNet
    from solutions.external_memory import NeuralTuringMachine
    from solutions.gates import GRU, LSTM, CoupledLSTM, PeepholeLSTM
    from solutions.linear_attention import LinearAttention, Retention
    from solutions.min_rnn import MinGRU, MinLSTM
    from solutions.rnn import RNN, JordanRNN
    from solutions.rwkv import RWKVTimeMixing
    from solutions.selective import Mamba
    from solutions.ssd import Mamba2
    from solutions.ssm import DiagonalSSM
    from solutions.xlstm import MLSTM, SLSTM

    return {
        "RNN": lambda: RNN(WIDTH, WIDTH),
        "Jordan RNN": lambda: JordanRNN(WIDTH, WIDTH, WIDTH),
        "naive carousel": lambda: NaiveCarousel(WIDTH, WIDTH),
        "LSTM of 1997": lambda: LSTM1997(WIDTH, WIDTH // 2, 2),
        "LSTM": lambda: LSTM(WIDTH, WIDTH),
        "peephole LSTM": lambda: PeepholeLSTM(WIDTH, WIDTH),
        "coupled LSTM": lambda: CoupledLSTM(WIDTH, WIDTH),
        "GRU": lambda: GRU(WIDTH, WIDTH),
        "time-delay net": lambda: TimeDelayNet(WIDTH, WIDTH, WIDTH, 5),
        "NARX": lambda: NARX(WIDTH, WIDTH, WIDTH, 3, 3),
        "history compressor": lambda: HistoryCompressor(WIDTH, WIDTH, WIDTH),
        "neural Turing machine": lambda: NeuralTuringMachine(WIDTH, WIDTH, WIDTH, 16, 8),
        "minGRU": lambda: MinGRU(WIDTH, WIDTH),
        "minLSTM": lambda: MinLSTM(WIDTH, WIDTH),
        "linear attention": lambda: LinearAttention(WIDTH, 2),
        "RetNet": lambda: Retention(WIDTH, 2),
        "RWKV": lambda: RWKVTimeMixing(WIDTH),
        "sLSTM": lambda: SLSTM(WIDTH, WIDTH, 2),
        "mLSTM": lambda: MLSTM(WIDTH, WIDTH, 2),
        "gated DeltaNet": lambda: GatedDeltaNet(WIDTH, 2),
        "S4D": lambda: DiagonalSSM(WIDTH, 16),
        "Mamba": lambda: Mamba(WIDTH),
        "Mamba-2": lambda: Mamba2(WIDTH),
    }


def growing_layers() -> dict[str, Callable[[], Layer]]:
    """Return a maker for every layer whose state is a cache of all tokens."""
    from solutions.attention import MultiHeadAttention
    from solutions.transformer import Decoder, TransformerConfig

    config = TransformerConfig(WIDTH, 2, num_layers=1, positions="rotary")
    return {
        "cached attention": lambda: MultiHeadAttention(WIDTH, 2),
        "cached grouped-query attention": lambda: MultiHeadAttention(WIDTH, 2, num_kv_heads=1),
        "transformer decoder": lambda: Decoder(config),
    }


def streaming(setup: Setup) -> Iterator[Row]:
    """Time per token at token 100 and late in the stream: 100,000, or 10,000 when quick."""
    late = 10_000 if setup.quick else 100_000
    for name, make in recurrent_layers().items():
        # Twice: a step that looked at the past would take a thousand times as long.
        yield one_layer(setup, name, make().to(setup.device), late, at_most=1.5)
    for name, make in growing_layers().items():
        yield one_layer(setup, name, make().to(setup.device), late, at_most=None)


@torch.no_grad()
def one_layer(setup: Setup, name: str, layer: Layer, late: int, at_most: float | None) -> Row:
    """Step from the state after 100 tokens and from a late one, in turn."""
    tokens = one_hot(setup, late) if name == "history compressor" else setup.randn(1, late, WIDTH)
    grows = at_most is None
    early_state = layer(tokens[:, :100])[1]
    late_state = cache_of(layer, early_state, late) if grows else read(layer, tokens)
    few = tokens[:, :STEPS].unbind(1)

    def stream(state: Any) -> None:
        for x in few:
            _, state = layer.step(x, state)

    took = alternate(
        {"token 100": lambda: stream(early_state), f"token {late}": lambda: stream(late_state)},
        40 * setup.rounds,
        shortest=0.0,
    )
    took = {where: s / STEPS for where, s in took.items()}
    return Row(
        "streaming, growing" if grows else "streaming",
        name,
        f"token {late}",
        "token 100",
        took,
        took[f"token {late}"] / took["token 100"],
        at_most=at_most,
    )


def read(layer: Layer, tokens: Tensor) -> Any:
    """Return the state after all tokens, really read, a piece at a time."""
    state = None
    for piece in tokens.split(PIECE, dim=1):
        _, state = layer(piece, state)
    return state


def cache_of(layer: Layer, state: Any, length: int) -> Any:
    """Return a cache as after ``length`` tokens: only its size matters to the time of a step.

    Reading 100,000 tokens by attention would cost 10^10 scores and tell nothing more.
    """
    if isinstance(state, Tensor):
        if state.ndim < 3:  # a position, not a cache
            return torch.full_like(state, length)
        return torch.randn(*state.shape[:-2], length, state.shape[-1], device=state.device)
    return type(state)(*(cache_of(layer, part, length) for part in state))


def one_hot(setup: Setup, count: int) -> Tensor:
    """Return random symbols, (1, count, WIDTH)."""
    symbols = torch.randint(WIDTH, (1, count), device=setup.device)
    return torch.nn.functional.one_hot(symbols, WIDTH).float()
