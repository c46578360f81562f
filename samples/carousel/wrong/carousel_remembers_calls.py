"""The layer keeps its state between calls."""

SAYS = {"carousel_edges": "where it last ended"}
BREAKS = {
    "naive-carousel-tests": ["carousel_edges"],
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
        if state is None:
            state = getattr(self, "last", None) or self.initial_state(x.shape[0])
            if state.s.shape[0] != x.shape[0]:
                state = self.initial_state(x.shape[0])
        y, state = unroll(self, x, state)
        self.last = CarouselState(state.s.detach())
        return y, state
