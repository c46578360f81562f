"""Ready-made pieces of PyTorch that suites refuse, by what they are."""

from __future__ import annotations

RECURRENT = [
    *(f"torch.nn.{name}" for name in ("RNN", "RNNCell", "RNNBase", "RNNCellBase")),
    *(f"torch.nn.{name}" for name in ("LSTM", "LSTMCell", "GRU", "GRUCell")),
    *(f"torch.ao.nn.quantizable.{name}" for name in ("LSTM", "LSTMCell")),
    # written in Python, and so behind no operator
    *(f"torch._decomp.decompositions.{name}" for name in ("rnn_cell", "lstm_cell", "gru_cell")),
    *(f"torch._decomp.decompositions.one_layer_{name}" for name in ("rnn", "rnn_data")),
    *(f"torch._decomp.decompositions.one_layer_{name}" for name in ("lstm", "lstm_data")),
]
DIFFERENTIATION = [
    "torch.autograd.grad",
    "torch.autograd.backward",  # and with it Tensor.backward
    *(f"torch.autograd.functional.{name}" for name in ("vjp", "jvp", "jacobian", "hessian")),
    *(f"torch.autograd.functional.{name}" for name in ("vhp", "hvp")),
    *(f"torch.func.{name}" for name in ("vjp", "jvp", "grad", "grad_and_value")),
    *(f"torch.func.{name}" for name in ("jacrev", "jacfwd", "linearize", "hessian")),
    *(f"torch.autograd.forward_ad.{name}" for name in ("make_dual", "enter_dual_level")),
]
CLIPPING = [
    *(f"torch.nn.utils.{name}" for name in ("clip_grad_norm", "clip_grad_norm_")),
    *(f"torch.nn.utils.{name}" for name in ("clip_grads_with_norm_", "get_total_norm")),
]
# What the names above call in their turn, by which the engine can be reached without them.
ENGINE = [
    "torch.autograd._engine_run_backward",
    "torch.autograd.graph._engine_run_backward",
]
ATTENTION = [
    "torch.nn.functional.scaled_dot_product_attention",
    "torch.nn.functional.multi_head_attention_forward",
    "torch.nn.attention.flex_attention.flex_attention",
    *(f"torch.nn.{name}" for name in ("MultiheadAttention", "Transformer")),
    *(f"torch.nn.Transformer{name}" for name in ("Encoder", "EncoderLayer")),
    *(f"torch.nn.Transformer{name}" for name in ("Decoder", "DecoderLayer")),
    *(f"torch.ao.nn.quantizable.{name}" for name in ("MultiheadAttention",)),
    # softmax with a mask
    *(f"torch.masked.{name}" for name in ("softmax", "log_softmax", "softmin")),
    "torch._masked_softmax",
]
