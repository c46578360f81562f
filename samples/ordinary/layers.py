"""Convolutions, attention, normalisation and recurrent layers, in several types."""

import torch
from torch import nn

x = torch.randn(4, 3, 32, 32)
nn.Conv2d(3, 16, 3)(x).sum().backward()
nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.MaxPool2d(2))(x)
nn.ConvTranspose2d(3, 8, 3)(x), nn.Conv1d(3, 8, 5)(x.flatten(2)), nn.AvgPool2d(2)(x)
with torch.autocast("cpu", dtype=torch.bfloat16):
    nn.Linear(32, 32)(x), nn.Conv2d(3, 16, 3)(x)
sequence = torch.randn(4, 10, 32)
for layer in (nn.RNN, nn.LSTM, nn.GRU):
    layer(32, 24, batch_first=True, bidirectional=True)(sequence)[0].sum().backward()
nn.MultiheadAttention(32, 4, batch_first=True)(sequence, sequence, sequence)
nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)(sequence)
nn.functional.scaled_dot_product_attention(sequence, sequence, sequence, is_causal=True)
nn.utils.rnn.pack_padded_sequence(sequence, [10, 8, 5, 2], batch_first=True)
torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Linear(8, 8)), {nn.Linear})
torch.sparse.mm(torch.eye(8).to_sparse(), torch.eye(8))
