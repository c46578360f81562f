"""The self-loop multiplies the token, not the old state."""

SAYS = {"carousel_one_step": "it belongs to the old state"}
BREAKS = {
    "naive-carousel-tests": ["carousel_one_step", "carousel_sequence"],
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
        s = state.s + self.self_loop * (x @ self.weight_ih.T)
        return s, CarouselState(s)

    def forward(self, x, state=None):
        return unroll(self, x, state)
