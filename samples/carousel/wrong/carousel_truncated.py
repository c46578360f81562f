"""Every tenth step the state is detached, as in truncated back-propagation."""

SAYS = {"carousel_layer_gradients": "detached"}
BREAKS = {
    "naive-carousel-tests": ["carousel_layer_gradients"],
}


# %% naive-carousel
class NaiveCarousel(SequenceLayer[CarouselState]):
    def __init__(self, input_size, hidden_size, self_loop=1.0):
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size
        self.weight_ih = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-0.1, 0.1))
        self.self_loop = nn.Parameter(torch.full((hidden_size,), float(self_loop)))

    def initial_state(self, batch):
        return CarouselState(self.weight_ih.new_zeros(batch, self.hidden_size))

    def step(self, x, state):
        s = self.self_loop * state.s + x @ self.weight_ih.T
        return s, CarouselState(s)

    def forward(self, x, state=None):
        state = self.initial_state(x.shape[0]) if state is None else state
        outputs = []
        for t, x_t in enumerate(x.unbind(1)):
            if t % 10 == 9:
                state = CarouselState(state.s.detach())
            y, state = self.step(x_t, state)
            outputs.append(y)
        return torch.stack(outputs, 1), state
