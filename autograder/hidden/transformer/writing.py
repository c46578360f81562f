"""Part 7, to write: how a model is read with its state, and what is handed on to each draw."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from autograder.checks import CheckFailure, Remote, Student, expect, expect_shape, expect_type
from autograder.hidden.shared.lending import over_either
from autograder.hidden.shared.tools import DOUBLE, close, untouched
from autograder.hidden.transformer.draws import SEEDED
from autograder.hidden.transformer.probabilities import VOCABULARY
from autograder.hidden.transformer.suite import WRITING, suite

COLD = 1e-7  # a temperature at which only the likeliest token comes
MODEL = """
import torch


class Telling:
    def __init__(self, vocabulary):
        self.vocabulary, self.log, self.masks = vocabulary, [], []

    def __call__(self, x, state=None, real=None):
        self.log.append(x.shape[1])
        self.masks.append(real)
        state = torch.zeros(len(x), dtype=torch.long) if state is None else state
        real = torch.ones_like(x, dtype=torch.bool) if real is None else real
        told = []
        for token, counts in zip(x.unbind(1), real.unbind(1)):
            state = torch.where(counts, (7 * state + 3 * token + 1) % 101, state)
            told.append(self.logits(torch.where(counts, state, state + 41)))
        return torch.stack(told, 1), state

    def step(self, x, state):
        self.log.append(0)
        state = (7 * state + 3 * x + 1) % 101
        return self.logits(state), state

    def logits(self, state):
        width = torch.arange(1, self.vocabulary + 1, dtype=torch.float64)
        return 2 * torch.cos((state.unsqueeze(-1) + 2) * width)
"""
# The logits of a state have one largest: at 0 all cosines would be 1, and 1 makes texts of one
# token.


class Told:
    """What the lent model says, computed here."""

    def __init__(self, prompt: Tensor, real: Tensor | None = None) -> None:
        real = torch.ones_like(prompt, dtype=torch.bool) if real is None else real
        self.states = [torch.zeros(len(prompt), dtype=torch.long)]
        for token, counts in zip(prompt.unbind(1), real.unbind(1), strict=True):
            after = self._after(self.states[-1], token)
            self.states.append(torch.where(counts, after, self.states[-1]))

    @staticmethod
    def _after(state: Tensor, token: Tensor) -> Tensor:
        return (7 * state + 3 * token + 1) % 101

    @staticmethod
    def likeliest(state: Tensor) -> Tensor:
        width = torch.arange(1, VOCABULARY + 1, dtype=DOUBLE)
        return torch.cos((state.unsqueeze(-1) + 2) * width).argmax(-1)

    def greedy(self, count: int, begins: Tensor | None = None, heard: bool = True) -> Tensor:
        """The likeliest text after the prompt, or one whose first token comes from some state.

        Without being heard, no new token changes what comes next.
        """
        state = self.states[-1]
        tokens = [self.likeliest(state if begins is None else begins)]
        while len(tokens) < count:
            state = self._after(state, tokens[-1]) if heard else state
            tokens.append(self.likeliest(state))
        return torch.stack(tokens, 1)


def written(student: Student, model: Remote, prompt: Tensor, count: int, **choices: Any) -> Tensor:
    """What generate returns, if it has the text's form."""
    found = student.generate(model, prompt, count, **choices)
    untouched(student, "generate")
    expect_type(found, Tensor, what="what generate returns")
    assert isinstance(found, Tensor)
    longer = (len(prompt), prompt.shape[1] + count)
    hint = "It is the new tokens alone" if found.shape == longer else "It is (batch, count)"
    expect_shape(found, (len(prompt), count), what="what generate returns", hint=hint)
    return found


@suite.check(WRITING, points=0.5, title="the prompt read once, then token by token")
def written_greedily(student: Student, rng: torch.Generator) -> None:
    greedy = {"next_probabilities": LIKELIEST, "sample": GREEDY}

    def run(_: None) -> None:
        with student.lent("Telling", MODEL):
            for batch, time, count in ((3, 5, 6), (1, 1, 1), (2, 4, 2)):
                prompt = torch.randint(VOCABULARY, (batch, time), generator=rng)
                model = student.Telling(VOCABULARY)
                found = written(student, model, prompt, count, temperature=0.0)
                told = Told(prompt)
                _expect_text(found, told, count)
                _expect_log(model.log, time, count)
                expect(found.dtype == torch.int64, "generate should return integers")
            _expect_padded(student, rng)

    over_either(student, run, None, None, greedy)


LIKELIEST = """
import torch


def next_probabilities(logits, *args, **kwargs):
    return torch.eye(logits.shape[-1], dtype=logits.dtype)[logits.argmax(-1)]
"""
GREEDY = "def sample(logits, *args, **kwargs):\n    return logits.argmax(-1)\n"


def _expect_text(found: Tensor, told: Told, count: int) -> None:
    wanted = told.greedy(count)
    late = told.states[-2] if len(told.states) > 1 else told.states[-1]
    suspects = {
        "The first new token is that after the last but one of the prompt: take the last place": (
            told.greedy(count, late)
        ),
        "The text begins with the token after the first of the prompt": (
            told.greedy(count, told.states[1])
        ),
        "New tokens are not read: every one comes from the prompt's logits": (
            told.greedy(count, heard=False)
        ),
        "The state of the prompt is not handed on": torch.cat(
            [wanted[:, :1], _forgetful(wanted[:, :1], count - 1)], dim=1
        ),
        "The first new token is left out": told.greedy(count + 1)[:, 1:],
    }
    words = next((w for w, v in suspects.items() if torch.equal(found, v)), "")
    expect(
        torch.equal(found, wanted),
        f"at temperature 0 the text is not the likeliest one. {words}".rstrip(),
    )


def _forgetful(first: Tensor, count: int) -> Tensor:
    """What comes when every step begins with the state before the first token."""
    tokens, empty = [first[:, 0]], torch.zeros(len(first), dtype=torch.long)
    for _ in range(count):
        tokens.append(Told.likeliest(Told._after(empty, tokens[-1])))
    return torch.stack(tokens[1:], 1) if count else first[:, :0]


def _expect_log(log: Any, time: int, count: int) -> None:
    """Fail unless the model was asked as the text says: `log` has 0 for every step."""
    wanted = [time, *[0] * (count - 1)]
    if log == wanted:
        return
    if log == [*wanted, 0]:
        raise CheckFailure("the last new token is read, too: nobody asks what comes after it")
    if log and log[0] == time and all(n > 0 for n in log):
        raise CheckFailure("the prompt is read again for every token: go on with model.step")
    if log and log[0] in (0, 1) and time > 1:
        raise CheckFailure(
            "the prompt is read token by token; model(prompt, None) reads it at once"
        )
    raise CheckFailure("the model is not asked once for the prompt and once for each new token")


def _expect_padded(student: Student, rng: torch.Generator) -> None:
    prompt = torch.randint(VOCABULARY, (3, 5), generator=rng)
    real = torch.tensor([[0, 0, 1, 1, 1], [1, 1, 0, 0, 0], [1, 1, 1, 1, 1]]).bool()
    model = student.Telling(VOCABULARY)
    found = written(student, model, prompt, 4, temperature=0.0, real=real)
    masks = model.masks
    handed_on = isinstance(masks, list) and masks and isinstance(masks[0], Tensor)
    expect(handed_on, "real is not handed on to the model")
    wanted = Told(prompt, real).greedy(4)
    expect(
        close(found, wanted, 0.0),
        "a padded prompt goes on otherwise than it would alone: take the logits at `last`",
    )


@suite.check(WRITING, points=0.5, title="choices and the generator are handed on")
def handed_on(student: Student, rng: torch.Generator) -> None:
    prompt = torch.randint(VOCABULARY, (2, 3), generator=rng)
    narrow: dict[str, dict[str, Any]] = {"top_k": {"top_k": 1}, "top_p": {"top_p": 1e-6}}

    def run(own: bool) -> None:
        with student.lent("Telling", MODEL), student.lent("seeded", SEEDED):

            def text(seed: int, **choices: Any) -> Tensor:
                model, given = student.Telling(VOCABULARY), student.seeded(seed)
                found = student.generate(model, prompt, 40, generator=given, **choices)
                expect_type(found, Tensor, what="what generate returns")
                assert isinstance(found, Tensor)
                expect(found.shape[-1] >= 40, "generate returns fewer tokens than it was asked for")
                return found[..., -40:]  # the form has a check of its own

            one, again, other = (text(seed, temperature=2.0) for seed in (1, 1, 2))
            expect(torch.equal(one, again), "the same seed writes another text: hand generator on")
            # Eighty draws of seven tokens agree by chance less than once in 1e20 times.
            expect(not torch.equal(one, other), "two seeds write the same text")
            wanted = text(1, temperature=0.0)
            varied = len(wanted.unique()) > 1 and wanted.shape == (len(prompt), 40)
            expect(varied, "at temperature 0 one token comes again and again: is it read?")
            still = torch.equal(wanted, text(2, temperature=0.0))
            expect(still, "the temperature is not handed on to every draw: at 0 nothing is drawn")
            warm = float((one == wanted).double().mean())
            expect(warm < 0.95, "the temperature is not handed on: text at 2 is the likeliest one")
            cold = text(1, temperature=COLD)
            expect(
                torch.equal(cold, wanted),
                "the temperature is not handed on to every draw: near 0 the likeliest text comes",
            )
            for name, choices in narrow.items() if own else ():
                expect(
                    torch.equal(text(1, temperature=2.0, **choices), wanted),
                    f"{name} is not handed on to every draw: as small as that it leaves one token",
                )

    over_either(student, run, True, True, {"next_probabilities": PLAIN, "sample": DRAWN})


# The student's own may be wrong: these draw, and keep all choices but none of the text's order.
PLAIN = """
import torch


def next_probabilities(logits, temperature=1.0, top_k=None, top_p=None):
    if (top_k or 9) == 1 or (top_p or 1.0) < 1e-4:
        temperature = 0.0
    return torch.softmax(logits / (temperature or 1e-9), dim=-1)
"""
DRAWN = """
import torch


def sample(logits, temperature=1.0, top_k=None, top_p=None, generator=None):
    if (top_k or 9) == 1 or (top_p or 1.0) < 1e-4:
        temperature = 0.0
    noise = -torch.log(-torch.log(torch.rand(logits.shape, generator=generator)))
    return (logits / (temperature or 1e-9) + noise).argmax(-1)
"""
