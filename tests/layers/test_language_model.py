"""The language model with layers of every kind in the middle, and its loss against torch's."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from solutions.causal_decoder import CausalDecoder
from solutions.gates import GRU, LSTM
from solutions.language_model import LanguageModel, token_loss
from solutions.layer import SequenceLayer
from solutions.rnn import RNN
from solutions.selective import Mamba
from solutions.transformer import Decoder, TransformerConfig
from tests.layers import recipe

VOCABULARY, D = 11, 8
LAYERS: dict[str, Any] = {
    "RNN": lambda: RNN(D, D),
    "LSTM": lambda: LSTM(D, D),
    "GRU": lambda: GRU(D, D),
    "transformer of 2017": lambda: Decoder(TransformerConfig(D, 2, norm="post")),
    "transformer of today": lambda: CausalDecoder(D, 2, 2, num_kv_heads=1),
    "Mamba": lambda: Mamba(D, states=3),
}


def made(kind: str, tied: bool = True) -> LanguageModel[Any]:
    return LanguageModel(LAYERS[kind](), VOCABULARY, D, tied).double()


def text(batch: int, time: int) -> Tensor:
    return torch.randint(VOCABULARY, (batch, time))


def in_steps(model: SequenceLayer[Any], x: Tensor, state: Any) -> tuple[Tensor, Any]:
    outputs = []
    for x_t in x.unbind(1):
        y, state = model.step(x_t, state)
        outputs.append(y)
    return torch.stack(outputs, dim=1), state


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("kind", LAYERS)
def test_step_forward_and_chunks_agree(kind: str, tied: bool) -> None:
    model = made(kind, tied)
    for batch, time in ((3, 5), (1, 2)):
        x = text(batch, time)
        y, state = model(x)
        assert y.shape == (batch, time, VOCABULARY)
        for name, run in {
            "step": in_steps(model, x, model.initial_state(batch)),
            "chunks": recipe.in_chunks(model, x, None, [1, time - 1]),
        }.items():
            recipe.assert_close(f"logits by {name}", run[0], y)
            for a, b in zip(recipe.tensors(run[1]), recipe.tensors(state), strict=True):
                assert torch.equal(a, b) if a.dtype == torch.bool else True
                recipe.assert_close(f"state by {name}", a.double(), b.double())


@pytest.mark.parametrize("kind", LAYERS)
def test_it_is_embedding_layer_head(kind: str) -> None:
    for tied in (True, False):
        model, x = made(kind, tied), text(2, 4)
        y, _ = model.layer(F.embedding(x, model.embedding.weight))
        head = model.embedding.weight if tied else model.head.weight
        recipe.assert_close("logits", model(x)[0], y @ head.T)
        assert (model.head.weight is model.embedding.weight) is tied
        changed = x.clone()
        changed[:, 2] = (changed[:, 2] + 1) % VOCABULARY
        recipe.assert_close("no look ahead", model(changed)[0][:, :2], model(x)[0][:, :2])


@pytest.mark.parametrize("kind", LAYERS)
def test_every_parameter_learns(kind: str) -> None:
    model = made(kind)
    model.loss(text(4, 6)).backward()
    silent = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert not silent


def test_a_layer_of_another_width_has_a_head_of_its_own() -> None:
    model = LanguageModel(LSTM(D, 5), VOCABULARY, D, tied=False, output_size=5)
    assert model(text(2, 3))[0].shape == (2, 3, VOCABULARY)
    with pytest.raises(ValueError, match="output_size must be d_model, 8, for a tied head"):
        LanguageModel(LSTM(D, 5), VOCABULARY, D, output_size=5)
    with pytest.raises(ValueError, match="at least 1"):
        LanguageModel(LSTM(D, D), 0, D)


def test_token_loss_is_torch_s_cross_entropy() -> None:
    logits = torch.randn(3, 4, VOCABULARY, dtype=torch.float64, requires_grad=True)
    targets, counted = text(3, 4), torch.rand(3, 4) < 0.5
    counted[0, 0] = True
    flat = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
    recipe.assert_close("all", token_loss(logits, targets), flat)
    ignored = targets.masked_fill(~counted, -100)
    wanted = F.cross_entropy(logits.flatten(0, 1), ignored.flatten())
    found = token_loss(logits, ignored, counted)
    recipe.assert_close("counted", found, wanted)
    for a, b in zip(
        torch.autograd.grad(found, logits), torch.autograd.grad(wanted, logits), strict=True
    ):
        recipe.assert_close("gradient", a, b)


def test_a_net_that_knows_nothing_pays_ln_v_nats() -> None:
    loss = token_loss(torch.zeros(2, 3, VOCABULARY), text(2, 3))
    assert abs(float(loss) - math.log(VOCABULARY)) < 1e-6
    for kind in LAYERS:  # an embedding that starts small makes nearly equal guesses
        assert abs(float(made(kind).loss(text(20, 6)).detach()) - math.log(VOCABULARY)) < 0.1


def test_the_loss_asks_for_the_next_token() -> None:
    model, x = made("LSTM"), text(2, 5)
    wanted = F.cross_entropy(model(x)[0][:, :-1].flatten(0, 1), x[:, 1:].flatten())
    recipe.assert_close("loss", model.loss(x), wanted)
    start = model(text(2, 3))[1]
    wanted = F.cross_entropy(model(x, start)[0][:, :-1].flatten(0, 1), x[:, 1:].flatten())
    recipe.assert_close("loss from a state", model.loss(x, state=start), wanted)


REAL = torch.tensor([[0, 0, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0], [0, 1, 1, 1, 0, 0]]).bool()


def alone(model: LanguageModel[Any], x: Tensor, real: Tensor) -> Tensor:
    """The mean over the rows' foretold tokens, each row read without its padding."""
    losses = []
    for row, kept in zip(x, real, strict=True):
        logits, _ = model(row[kept].unsqueeze(0))
        losses.append(F.cross_entropy(logits[0, :-1], row[kept][1:], reduction="none"))
    return torch.cat(losses).mean()


def test_padding_does_not_change_the_loss_of_a_layer_that_takes_masks() -> None:
    model, x = made("transformer of today"), text(3, 6)
    recipe.assert_close("loss", model.loss(x, REAL), alone(model, x, REAL))


@pytest.mark.parametrize("kind", LAYERS)
def test_padding_on_the_right_does_not_change_the_loss_of_any_layer(kind: str) -> None:
    model, x = made(kind), text(3, 6)
    real = torch.arange(6) < torch.tensor([[2], [6], [4]])
    recipe.assert_close("loss", model.loss(x, real), alone(model, x, real))


def test_what_does_not_fit_is_named() -> None:
    model, x = made("LSTM"), text(2, 3)
    state = model.initial_state(2)
    with recipe.without_shape_checks():
        with pytest.raises(ValueError, match=r"x must hold tokens in 0 \.\. 10, got 0 \.\. 11"):
            model(torch.tensor([[0, 11]]))
        with pytest.raises(ValueError, match="got -1"):
            model.step(torch.tensor([-1, 0]), state)
        for bad in (x[0], x[:, :0], x.unsqueeze(0)):
            with pytest.raises(ValueError, match="x must have shape"):
                model(bad)
        with pytest.raises(TypeError, match="x must hold tokens, as integers"):
            model(x.double())
        with pytest.raises(ValueError, match="x must be on cpu"):
            model(x.to("meta"))
        with pytest.raises(ValueError, match=r"x must have shape \(batch\)"):
            model.step(x, state)
        with pytest.raises(ValueError, match="real must be None: a LSTM reads every token"):
            model(x, None, torch.ones(2, 3).bool())
        with pytest.raises(ValueError, match="tokens must be at least 2 a row"):
            model.loss(x[:, :1])
        with pytest.raises(ValueError, match=r"real must have shape \(2, 3\)"):
            model.loss(x, torch.ones(2, 2).bool())
        with pytest.raises(ValueError, match="counted must be True"):
            token_loss(torch.zeros(2, VOCABULARY), x[:, 0], torch.zeros(2).bool())
        with pytest.raises(ValueError, match="targets must have shape"):
            token_loss(torch.zeros(2, VOCABULARY), x[0])
