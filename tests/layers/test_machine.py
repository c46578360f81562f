"""Every layer of the house, asked what machines ask: formats, graphs, empty batches, memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from solutions.attention import MultiHeadAttention
from solutions.carousel import LSTM1997
from solutions.causal_decoder import CausalDecoder
from solutions.channel_mixing import RWKVChannelMixing
from solutions.delta import GatedDeltaNet
from solutions.gated_linear_attention import GatedLinearAttention
from solutions.gates import GRU, LSTM, CoupledLSTM, PeepholeLSTM
from solutions.layer import SequenceLayer
from solutions.linear_attention import LinearAttention, Retention
from solutions.memory_blocks import MemoryBlocks
from solutions.min_rnn import MinGRU, MinLSTM
from solutions.rnn import RNN, JordanRNN
from solutions.rwkv import RWKVTimeMixing
from solutions.rwkv7 import RWKV7TimeMixing
from solutions.selective import Mamba
from solutions.ssd import Mamba2
from solutions.ssm import DiagonalSSM
from solutions.stacking import Bidirectional, Stacked
from solutions.xlstm import MLSTM, SLSTM
from tests.layers import machine

D = 8
FORMS = ("recurrent", "parallel", "chunked")
CHOSEN_BY_FORM: dict[str, Callable[[Any], SequenceLayer[Any]]] = {
    "linear attention": lambda form: LinearAttention(D, 2, form, chunk=16),
    "retention": lambda form: Retention(D, 2, form, chunk=16),
    "gated DeltaNet": lambda form: GatedDeltaNet(D, 2, form, chunk=16),
    "gated linear attention": lambda form: GatedLinearAttention(D, 2, form, chunk=16),
    "Mamba-2": lambda form: Mamba2(D, 4, form=form, chunk=16),
    "mLSTM": lambda form: MLSTM(D, D, 2, form=form, chunk=16),
}
LINEAR: dict[str, Callable[[], SequenceLayer[Any]]] = {
    f"{name}, {form}": lambda make=make, form=form: make(form)
    for name, make in CHOSEN_BY_FORM.items()
    for form in FORMS
} | {
    "minGRU": lambda: MinGRU(D, D),
    "minGRU, log space": lambda: MinGRU(D, D, log_space=True),
    "minLSTM": lambda: MinLSTM(D, D),
    "S4D, real, convolution": lambda: DiagonalSSM(D, 4, "real"),
    "S4D, real, scan": lambda: DiagonalSSM(D, 4, "real", form="scan"),
    "S4D, real, recurrent": lambda: DiagonalSSM(D, 4, "real", form="recurrent"),
    "Mamba": lambda: Mamba(D, 4),
    "RWKV": lambda: RWKVTimeMixing(D),
    "RWKV-7": lambda: RWKV7TimeMixing(D, 2, rank=4),
    "RWKV channel mixing": lambda: RWKVChannelMixing(D),
    "sLSTM": lambda: SLSTM(D, D, 2),
}
COMPLEX: dict[str, Callable[[], SequenceLayer[Any]]] = {
    f"S4D, {start}, {form}": lambda start=start, form=form: DiagonalSSM(D, 4, start, form=form)
    for start in ("lin", "inv")
    for form in ("recurrent", "convolution", "scan")
}
GATED: dict[str, Callable[[], SequenceLayer[Any]]] = {
    "RNN": lambda: RNN(D, D),
    "Jordan net": lambda: JordanRNN(D, D, D),
    "LSTM of 1997": lambda: LSTM1997(D, D),
    "memory blocks": lambda: MemoryBlocks(D, D),
    "LSTM": lambda: LSTM(D, D),
    "peephole LSTM": lambda: PeepholeLSTM(D, D),
    "coupled LSTM": lambda: CoupledLSTM(D, D),
    "GRU": lambda: GRU(D, D),
    "GRU, reset before": lambda: GRU(D, D, "before"),
    "stacked": lambda: Stacked([Mamba2(D, 4), RWKVTimeMixing(D), LSTM(D, D)]),
}
ATTENTION: dict[str, Callable[[], SequenceLayer[Any]]] = {
    "attention": lambda: MultiHeadAttention(D, 2),
    "decoder": lambda: CausalDecoder(D, 2, 2),
}
BOTH_WAYS: dict[str, Callable[[], SequenceLayer[Any]]] = {
    "bidirectional": lambda: Bidirectional(LSTM(D, D), Mamba2(D, 4))
}
EVERY = LINEAR | COMPLEX | GATED | ATTENTION | BOTH_WAYS
REAL = LINEAR | GATED | ATTENTION | BOTH_WAYS


def of(layers: dict[str, Any]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("make", layers.values(), ids=layers.keys())


@of(EVERY)
def test_an_empty_batch(make: Callable[[], SequenceLayer[Any]]) -> None:
    machine.check_empty_batch(make(), D, streams=make not in BOTH_WAYS.values())


@of(REAL)
@pytest.mark.parametrize("dtype", machine.LOST, ids=str)
def test_half_precision(make: Callable[[], SequenceLayer[Any]], dtype: torch.dtype) -> None:
    machine.check_half_precision(make(), torch.randn(2, 100, D), dtype)


@of(LINEAR | GATED | ATTENTION)
@pytest.mark.parametrize("dtype", machine.LOST, ids=str)
def test_half_precision_streams(make: Callable[[], SequenceLayer[Any]], dtype: torch.dtype) -> None:
    machine.check_half_precision_streams(make(), torch.randn(2, 6, D), dtype)


@of(EVERY)
def test_autocast(make: Callable[[], SequenceLayer[Any]]) -> None:
    streams = make not in BOTH_WAYS.values()
    machine.check_autocast(make(), torch.randn(2, 20, D), streams)


@of(EVERY)
def test_fields_of_a_state_share_no_memory(make: Callable[[], SequenceLayer[Any]]) -> None:
    machine.check_own_memory(make())


@of(LINEAR | COMPLEX | {"LSTM": GATED["LSTM"]})
def test_a_strange_state_is_named(make: Callable[[], SequenceLayer[Any]]) -> None:
    machine.check_strange_state(make(), torch.randn(2, 3, D))


CHUNKED = {name: make for name, make in LINEAR.items() if "chunked" in name or "," not in name}


@of(CHUNKED | {"S4D": COMPLEX["S4D, lin, convolution"]} | ATTENTION | BOTH_WAYS)
def test_export(make: Callable[[], SequenceLayer[Any]]) -> None:
    machine.check_exports(make(), torch.randn(2, 3, D))


@of(COMPLEX)
@pytest.mark.parametrize("dtype", machine.LOST, ids=str)
def test_complex_states_in_half_precision_are_refused_with_a_way_out(
    make: Callable[[], SequenceLayer[Any]], dtype: torch.dtype
) -> None:
    start, layer = make().initial_state(1), make().to(dtype)
    x = torch.randn(1, 3, D, dtype=dtype)
    for call in (lambda: layer(x), lambda: layer(x, start), lambda: layer.step(x[:, 0], start)):
        with pytest.raises(TypeError, match=r"keep the layer in float32 .*autocast"):
            call()


@of(CHOSEN_BY_FORM)
def test_a_form_is_checked_when_the_layer_is_made(make: Callable[[Any], object]) -> None:
    with machine.without_shape_checks(), pytest.raises(ValueError, match="form must be"):
        make("sideways")
