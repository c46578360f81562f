"""The argument self_loop is forgotten: every loop starts as 1."""

SAYS = {"carousel_parameters": "every entry of self_loop should start as 0.9"}
BREAKS = {
    "naive-carousel-tests": ["carousel_parameters"],
}


# %% naive-carousel
class NaiveCarousel(SequenceLayer[CarouselState]):
    def __init__(self, input_size, hidden_size, self_loop=1.0):
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size
        self.weight_ih = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-0.1, 0.1))
        self.self_loop = nn.Parameter(torch.ones(hidden_size))

    def initial_state(self, batch):
        return CarouselState(self.weight_ih.new_zeros(batch, self.hidden_size))

    def step(self, x, state):
        s = self.self_loop * state.s + x @ self.weight_ih.T
        return s, CarouselState(s)

    def forward(self, x, state=None):
        return unroll(self, x, state)
