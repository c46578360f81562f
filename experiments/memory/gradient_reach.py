"""How fast the gradient fades with the lag, in layers that have not been trained.

The input is white noise, the number read is the norm of the gradient of the last output by the
input k steps before (``instruments.probes.gradient_by_lag``), the summary is the slope of its
logarithm.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from experiments.harness.registry import Outcome
from experiments.instruments.probes import gradient_by_lag
from solutions.attention import MultiHeadAttention
from solutions.carousel import LSTM1997
from solutions.delta import GatedDeltaNet
from solutions.gates import GRU, LSTM, LSTMState
from solutions.layer import SequenceLayer
from solutions.linear_attention import LinearAttention
from solutions.min_rnn import MinGRU, MinLSTM
from solutions.rnn import RNN, identity_start, orthogonal_start
from solutions.rwkv import RWKVTimeMixing
from solutions.selective import Mamba
from solutions.ssd import Mamba2
from solutions.ssm import DiagonalSSM
from solutions.transformer import Decoder, TransformerConfig
from solutions.xlstm import MLSTM


class CellPathLSTM(LSTM):
    """An LSTM whose error goes back through the cells alone: h(t-1) is a constant to it.

    What is left per step is the forget gate's activation.
    """

    def forward(self, x: Tensor, state: LSTMState | None = None) -> tuple[Tensor, LSTMState]:
        """Read a whole sequence; (batch, time, input) to (batch, time, hidden)."""
        h, c = self.initial_state(x.shape[0]) if state is None else state
        outputs = []
        for net in (x @ self.cell.weight_ih.T + self.cell.bias).unbind(1):
            h, c = self.cell.advance(net, h.detach(), c)
            outputs.append(h)
        return torch.stack(outputs, dim=1), LSTMState(h, c)


FORGET_BIASES = (0, 1, 3, 5)
Layer = Callable[[int], SequenceLayer[Any]]


def _lstms(kind: type[LSTM], name: str) -> dict[str, Layer]:
    return {f"{name}-{b}": lambda d, b=b: kind(d, d, forget_bias=float(b)) for b in FORGET_BIASES}


# One layer of width d with inputs of width d each, started as its paper says.
LAYERS: dict[str, Layer] = {
    "rnn": lambda d: RNN(d, d),
    "rnn-orthogonal": lambda d: orthogonal_start(RNN(d, d)),
    "rnn-identity": lambda d: identity_start(RNN(d, d, "relu")),
    "lstm-1997-truncated": lambda d: LSTM1997(d, d),
    "lstm-1997-full": lambda d: LSTM1997(d, d, truncated=False),
    **_lstms(LSTM, "lstm-forget"),
    **_lstms(CellPathLSTM, "lstm-cell-path"),
    "gru": lambda d: GRU(d, d),
    "mingru": lambda d: MinGRU(d, d),
    "minlstm": lambda d: MinLSTM(d, d),
    "s4d": lambda d: DiagonalSSM(d, 16),
    "mamba": lambda d: Mamba(d),
    "mamba-2": lambda d: Mamba2(d, 16, d // 16),
    "rwkv": lambda d: RWKVTimeMixing(d),
    "linear-attention": lambda d: LinearAttention(d, 4),
    "gated-delta": lambda d: GatedDeltaNet(d, 4),
    "mlstm": lambda d: MLSTM(d, d, 4),
    "attention": lambda d: MultiHeadAttention(d, 4),
    "transformer": lambda d: Decoder(TransformerConfig(d, 4)),
}


def slope(norm: list[float], first: int) -> float:
    """Return the least-squares slope of the natural logarithm per step, from lag ``first`` on."""
    lags = np.arange(first, len(norm))
    return float(np.polyfit(lags, np.log(norm[first:]), 1)[0])


def run(parameters: dict[str, Any], device: str) -> Outcome:
    """Measure one layer from several seeds; curves are means of log10 over the seeds."""
    p = parameters
    slopes, logs = [], []
    for seed in p["seeds"]:
        torch.manual_seed(seed)
        layer = LAYERS[p["layer"]](p["width"]).double().to(device)  # 0.5^200 is 1e-60
        x = torch.randn(p["batch"], p["longest"] + 1, p["width"], dtype=torch.float64)
        x = x.to(device).requires_grad_()
        norm = gradient_by_lag(layer(x)[0], x).cpu().tolist()
        slopes.append(slope(norm, p["first"]))
        logs.append([math.log10(n) for n in norm])
    mean = np.mean(logs, axis=0)
    at = list(range(0, p["longest"] + 1, max(1, p["longest"] // 40)))
    return {
        "slope": round(float(np.mean(slopes)), 5),
        "slopes": [round(s, 5) for s in slopes],
        "lost_log10": round(float(mean[p["first"]] - mean[-1]), 3),
        "lag": at,
        "log10_norm": [round(float(mean[k]), 3) for k in at],
    }
