"""PyTorch's own layer under another name: refused."""

KIND = "ready-made"
SAYS = {"carousel_one_step": "ready made"}
BREAKS = {
    "naive-carousel-tests": [
        "carousel_parameters",
        "carousel_initial_state",
        "carousel_one_step",
        "carousel_sequence",
        "carousel_layer_gradients",
        "carousel_edges",
    ],
}


# %% naive-carousel
class NaiveCarousel(nn.Module):
    def __init__(self, input_size, hidden_size, self_loop=1.0):
        super().__init__()
        self.hidden_size = hidden_size
        self.weight_ih = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-0.1, 0.1))
        self.self_loop = nn.Parameter(torch.full((hidden_size,), float(self_loop)))
        self.cell = nn.RNN(input_size, hidden_size, batch_first=True)

    def initial_state(self, batch):
        return CarouselState(self.weight_ih.new_zeros(batch, self.hidden_size))

    def step(self, x, state):
        y, state = self.forward(x.unsqueeze(1), state)
        return y.squeeze(1), state

    def forward(self, x, state=None):
        state = self.initial_state(x.shape[0]) if state is None else state
        y, h = self.cell(x, state.s.unsqueeze(0))
        return y, CarouselState(h[0])
