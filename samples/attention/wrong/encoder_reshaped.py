"""Encoder: the last states are reshaped."""

SAYS = {"last_states": "reshape"}
BREAKS = {"encoder-tests": ["last_states"]}


# %% encoder
class PackedEncoder(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.input_size, self.memory_size = input_size, 2 * hidden_size
        self.gru = nn.GRU(input_size, hidden_size, batch_first=True, bidirectional=True)

    def forward(self, x, lengths):
        check_sequence("x", x, self.input_size, like=next(self.gru.parameters()))
        check_lengths(lengths, x.shape[0], x.shape[1])
        packed = nn.utils.rnn.pack_padded_sequence(
            x, lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        states, last = self.gru(packed)
        memory, _ = nn.utils.rnn.pad_packed_sequence(
            states, batch_first=True, total_length=x.shape[1]
        )
        h = last.reshape(len(x), -1)
        return Source(memory, h, padding_mask(lengths, x.shape[1]))
