"""The states of a batch are averaged: sequences influence each other."""

SAYS = {"carousel_sequence": "influence each other"}
BREAKS = {
    "naive-carousel-tests": [
        "carousel_initial_state",
        "carousel_one_step",
        "carousel_sequence",
        "carousel_layer_gradients",
        "carousel_edges",
    ],
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
        s = self.self_loop * state.s.mean(0) + x @ self.weight_ih.T
        return s, CarouselState(s)

    def forward(self, x, state=None):
        return unroll(self, x, state)
