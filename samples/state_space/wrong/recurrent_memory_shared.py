"""The initial memory is one row for all sequences, and float32."""

SAYS = {"recurrent_initial_state": "dtype"}
BREAKS = {"recurrent-tests": ["recurrent_initial_state"]}


# %% recurrent-layer
class Recurrent(DeltaParts):
    def initial_state(self, batch):
        return MatrixState(torch.zeros(batch, self.keys, self.d_model))

    def step(self, x, state):
        q, k = F.normalize(self.query(x), dim=-1), F.normalize(self.key(x), dim=-1)
        beta, alpha = torch.sigmoid(self.write(x)), torch.sigmoid(self.keep(x))
        S = alpha.unsqueeze(-1) * state.S
        held = torch.einsum("bkv,bk->bv", S, k)
        S = S + k.unsqueeze(-1) * (beta * (self.value(x) - held)).unsqueeze(-2)
        return self.out(torch.einsum("bkv,bk->bv", S, q)), MatrixState(S)

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        outputs = []
        for x_t in x.unbind(1):
            y, state = self.step(x_t, state)
            outputs.append(y)
        return torch.stack(outputs, dim=1), state
