"""The suite that the parts of assignment 6 add their checks to, and what it refuses."""

from __future__ import annotations

from autograder.checks import Suite

ATTENTION = "attention-tests"
POSITIONS = "positions-tests"
HEADS = "heads-tests"
FEED = "feed-tests"
BLOCK = "block-tests"
DECODER = "decoder-tests"
WRITING = "writing-tests"

READY_MADE = [
    *("torch.nn.functional.scaled_dot_product_attention", "torch.nn.MultiheadAttention"),
    "torch.nn.functional.multi_head_attention_forward",
    *(f"torch.nn.Transformer{name}" for name in ("", "Encoder", "EncoderLayer")),
    *(f"torch.nn.Transformer{name}" for name in ("Decoder", "DecoderLayer")),
    "torch.nn.attention.flex_attention.flex_attention",
    *("torch.nn.RMSNorm", "torch.nn.functional.rms_norm", "torch.rms_norm"),
]

suite = Suite("transformer", refuse=READY_MADE)
