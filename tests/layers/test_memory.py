"""Encoder and fixed-context decoder against torch's recurrent layers, padding and streaming."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from solutions.memory import Encoder, FixedContextDecoder
from tests.layers import recipe

CELLS = ["gru", "lstm"]


def tokens(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


def left_aligned(lengths: list[int]) -> Tensor:
    return torch.arange(max(lengths)) < torch.tensor(lengths).unsqueeze(1)


def torch_layer(encoder: Encoder) -> nn.RNNBase:
    """torch.nn's GRU or LSTM with the weights of our cells."""
    kind = nn.LSTM if isinstance(encoder.ahead, nn.LSTMCell) else nn.GRU
    layer = kind(
        encoder.input_size,
        encoder.ahead.hidden_size,
        batch_first=True,
        bidirectional=encoder.back is not None,
    ).double()
    cells = {"l0": encoder.ahead, "l0_reverse": encoder.back}
    with torch.no_grad():
        for end, cell in cells.items():
            if cell is not None:
                for name, value in cell.named_parameters():
                    getattr(layer, f"{name}_{end}").copy_(value)
    return layer


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("lengths", [[5, 3, 1], [1]])
def test_encoder_is_torch_s_on_packed_sequences(
    cell: str, bidirectional: bool, lengths: list[int]
) -> None:
    encoder = Encoder(3, 4, cell, bidirectional).double()
    x, mask = tokens(len(lengths), max(lengths), 3), left_aligned(lengths)
    packed = nn.utils.rnn.pack_padded_sequence(x, torch.tensor(lengths), batch_first=True)
    out, last = torch_layer(encoder)(packed)
    wanted, _ = nn.utils.rnn.pad_packed_sequence(out, batch_first=True)
    h, c = last if cell == "lstm" else (last, torch.zeros(1, len(lengths), 0).double())
    got = encoder(x, mask)
    real = mask.unsqueeze(-1)
    recipe.assert_close("memory", got.memory * real, wanted * real)
    recipe.assert_close("h", got.h, h[-1])
    recipe.assert_close("c", got.c, c[-1])
    for a, b in zip(
        torch.autograd.grad((got.memory**2 * real).sum() + got.h.sum(), x),
        torch.autograd.grad((wanted**2 * real).sum() + h[-1].sum(), x),
        strict=True,
    ):
        recipe.assert_close("gradient of x", a, b)


@pytest.mark.parametrize("cell", CELLS)
def test_padding_anywhere_is_passed_over(cell: str) -> None:
    encoder, x = Encoder(3, 4, cell, bidirectional=True).double(), tokens(1, 6, 3)
    mask = torch.tensor([[False, True, True, False, True, False]])
    padded, bare = encoder(x, mask), encoder(x[:, mask[0]])
    recipe.assert_close("memory", padded.memory[:, mask[0]], bare.memory)
    recipe.assert_close("h", padded.h, bare.h)
    recipe.assert_close("c", padded.c, bare.c)
    (gradient,) = torch.autograd.grad((padded.memory**2).sum(), x)
    assert torch.all(gradient[:, ~mask[0]] == 0)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("feed_context", [True, False])
def test_decoder_streams(cell: str, feed_context: bool) -> None:
    decoder = FixedContextDecoder(3, 4, cell, feed_context).double()
    encoder, source = Encoder(5, 4, cell).double(), tokens(2, 6, 5)
    start = recipe.map_state(Tensor.detach, decoder.start(encoder(source)))
    for x in (torch.randn(2, 7, 3).double(), torch.randn(2, 1, 3).double()):
        recipe.check_step_forward_chunks(decoder, x)
        recipe.check_step_forward_chunks(decoder, x, start)
    x = torch.randn(2, 5, 3, dtype=torch.float64)
    recipe.check_gradients(decoder, x[:1, :2], recipe.map_state(lambda t: t[:1], start))
    recipe.check_causality(decoder, x)
    recipe.check_state_size(decoder, x)
    recipe.check_dtypes(decoder, x)
    recipe.check_bad_input(decoder, 3)


def test_decoder_without_context_is_torch_s_lstm_from_the_encoders_state() -> None:
    encoder, decoder = (
        Encoder(3, 4, "lstm").double(),
        FixedContextDecoder(3, 4, "lstm", feed_context=False).double(),
    )
    layer = nn.LSTM(3, 4, batch_first=True).double()
    with torch.no_grad():
        for name, value in decoder.cell.named_parameters():
            getattr(layer, f"{name}_l0").copy_(value)
    encoded, x = encoder(tokens(2, 5, 3)), tokens(2, 4, 3)
    wanted, _ = layer(x, (encoded.h.unsqueeze(0), encoded.c.unsqueeze(0)))
    recipe.assert_close("y", decoder(x, decoder.start(encoded))[0], wanted)


def test_context_stays_and_reaches_every_step() -> None:
    encoder, decoder = Encoder(3, 4).double(), FixedContextDecoder(3, 4).double()
    with torch.no_grad():
        decoder.cell.weight_hh.zero_()
    state = decoder.start(encoder(tokens(2, 5, 3)))
    x = tokens(2, 6, 3)
    y, after = decoder(x, state)
    assert after.context is state.context
    by_context = torch.stack(
        [torch.autograd.grad(y[:, t].sum(), state.context, retain_graph=True)[0] for t in range(6)]
    )
    # Each step meets the context anew: its influence does not fade as that of h(0) does.
    assert torch.all(by_context.abs().sum(-1) > 1e-3)


def test_bad_input_is_named() -> None:
    encoder, decoder = Encoder(3, 4), FixedContextDecoder(3, 4)
    x = torch.randn(2, 5, 3)
    with recipe.without_shape_checks():
        with pytest.raises(ValueError, match=r"^source must"):
            encoder(x[..., :2])
        with pytest.raises(TypeError, match=r"^source must"):
            encoder(x.double())
        with pytest.raises(ValueError, match=r"^mask must"):
            encoder(x, torch.ones(2, 4, dtype=torch.bool))
        with pytest.raises(TypeError, match=r"^mask must"):
            encoder(x, torch.ones(2, 5))
        with pytest.raises(ValueError, match=r"^encoded.h must"):
            decoder.start(Encoder(3, 5)(x))
        with pytest.raises(ValueError, match=r"^encoded.c must"):
            decoder.start(Encoder(3, 4, "lstm")(x))
        with pytest.raises(ValueError, match=r"^cell must"):
            Encoder(3, 4, "elman")
        with pytest.raises(ValueError, match=r"^sizes must"):
            Encoder(0, 4)
