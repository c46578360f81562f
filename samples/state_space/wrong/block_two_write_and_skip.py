"""Two mistakes: u is not written, and nothing goes past the state."""

SAYS = {"written": "u is missing", "reads": "D u is missing"}
BREAKS = {"selective-tests": ["written", "reads"]}


# %% selective-block
class SelectiveBlock(SequenceLayer):
    def __init__(self, d_model, states, expand=2, width=4, rank=1):
        super().__init__()
        inner = expand * d_model
        self.width, self.rank, self.states, self.inner = width, rank, states, inner
        self.inputs = nn.Linear(d_model, 2 * inner, bias=False)
        self.conv_weight = nn.Parameter(torch.rand(width, inner) - 0.5)
        self.conv_bias = nn.Parameter(torch.zeros(inner))
        self.select = nn.Linear(inner, rank + 2 * states, bias=False)
        self.step_size = nn.Linear(rank, inner)
        self.log_A = nn.Parameter((torch.arange(states) + 1.0).log().repeat(inner, 1))
        self.D = nn.Parameter(torch.ones(inner))
        self.out = nn.Linear(inner, d_model, bias=False)

    def initial_state(self, batch):
        zeros = self.log_A.new_zeros
        tail = zeros(batch, self.width - 1, self.inner)
        return SelectiveState(tail, zeros(batch, self.inner, self.states))

    def system(self, u):
        r, B, C = self.select(u).split((self.rank, self.states, self.states), dim=-1)
        return F.softplus(self.step_size(r)), B, C

    def step(self, x, state):
        y, state = self.forward(x.unsqueeze(1), state)
        return y.squeeze(1), state

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        u, z = self.inputs(x).chunk(2, dim=-1)
        recent = torch.cat([state.tail, u], dim=1)
        windows = recent.unfold(1, self.width, 1)
        u = F.silu((windows * self.conv_weight.T).sum(-1) + self.conv_bias)
        delta, B, C = self.system(u)
        decay = torch.exp(delta.unsqueeze(-1) * -self.log_A.exp())
        h = sequential_scan(decay, delta.unsqueeze(-1) * B.unsqueeze(-2), state.h)
        y = torch.einsum("btin,btn->bti", h, C)
        tail = recent[:, x.shape[1] :]
        return self.out(y * F.silu(z)), SelectiveState(tail, h[:, -1])
