"""Encoder: padding is read, and its states are set to 0 afterwards."""

SAYS = {"states_of_tokens": "begins with the padding"}
BREAKS = {"encoder-tests": ["states_of_tokens", "last_states"]}


# %% encoder
class PackedEncoder(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.input_size, self.memory_size = input_size, 2 * hidden_size
        self.gru = nn.GRU(input_size, hidden_size, batch_first=True, bidirectional=True)

    def forward(self, x, lengths):
        check_sequence("x", x, self.input_size, like=next(self.gru.parameters()))
        check_lengths(lengths, x.shape[0], x.shape[1])
        memory, last = self.gru(x)
        memory = memory * padding_mask(lengths, x.shape[1]).unsqueeze(2)
        h = torch.cat([last[0], last[1]], dim=1)
        return Source(memory, h, padding_mask(lengths, x.shape[1]))
