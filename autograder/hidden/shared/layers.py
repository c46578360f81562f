"""A sequence layer as the laws see it: how to build the student's, and what is right.

What is right is a *rule*, a function of ours from weights, tokens and state to outputs and state
that PyTorch can differentiate. A typical mistake is a rule, too. Nothing that a submission says
is ever compared with something else that it says: a cell and a layer made for each other could
agree on anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import torch
from torch import Tensor

from autograder.checks import Remote, Student, expect, expect_type
from autograder.hidden.shared.tools import DOUBLE, fitted, normal, pair

State: TypeAlias = tuple[Tensor, ...]
Weights: TypeAlias = Mapping[str, Tensor]
Rule: TypeAlias = Callable[[Weights, Tensor, State], tuple[Tensor, State]]
Answer: TypeAlias = dict[str, Any]  # outputs and entries of the state, by words for them


@dataclass(frozen=True)
class Variant:
    """The same layer with other arguments of the constructor."""

    options: tuple[Any, ...]
    rule: Rule
    hint: str


@dataclass(frozen=True)
class Lent:
    """Pieces of ours that can stand in for those of the student's that the layer is made of.

    Their sources are shown to student code, so they must not compute what the assignment asks for:
    other functions with the same arguments and parameters, and `rule` is the layer over them.
    """

    pieces: Mapping[str, str]  # name -> source, in the order in which they are defined
    rule: Rule
    variants: Mapping[str, Variant]
    at_fault: tuple[Callable[[Student, torch.Generator], Any], ...]  # the pieces' own checks
    words: str  # where to begin when the student's fail one of them


@dataclass(frozen=True)
class Layer:
    """What the laws must know of an assignment's layer.

    Args:
        name: its class on the student's side.
        record: the class of its state there, and `fields` the entries.
        sizes: arguments of the constructor, the usual ones first, then the edges. The first
            number is always that of the features of a token.
        weights: random numbers for the parameters, by the end of their names, for some sizes.
        rule: what is right.
        start: the state before the first token, for weights and a batch.
        begins: a state that a sequence begins with where the initial one holds nothing to work
            with: what a decoder that has read a source starts from. Otherwise it is `start`.
        wrong: typical mistakes of this layer beside those of any layer.
        doubles: two of them at once, by the words for both; asked for when none alone explains.
        variants: other arguments of the constructor, by words for them.
        lent: see `Lent`; None when the layer stands on nothing else.
    """

    name: str
    record: str
    fields: tuple[str, ...]
    sizes: tuple[tuple[int, ...], ...]
    weights: Callable[..., Weights]
    rule: Rule
    start: Callable[[Weights, int], State]
    options: tuple[Any, ...] = ()
    wrong: Mapping[str, Rule] = field(default_factory=dict)
    doubles: Callable[[], Mapping[tuple[str, ...], Rule]] = dict
    variants: Mapping[str, Variant] = field(default_factory=dict)
    lent: Lent | None = None
    begins: Callable[[torch.Generator, Weights, int], State] | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """What messages call the entries of the state."""
        alone = len(self.fields) == 1
        return ("the state",) if alone else tuple(f"state.{name}" for name in self.fields)

    def answer(self, output: Any, state: Any) -> Answer:
        return {"the output": output, **dict(zip(self.words, state, strict=True))}


class Trial:
    """One layer of the student's with random numbers in it, beside the rule with the same."""

    def __init__(
        self,
        student: Student,
        rng: torch.Generator,
        layer: Layer,
        size: tuple[int, ...] | None = None,
    ) -> None:
        self.student, self.rng, self.layer = student, rng, layer
        self.size = size or layer.sizes[0]
        self.weights = layer.weights(rng, *self.size)
        self.module: Remote = getattr(student, layer.name)(*self.size, *layer.options)
        expect_type(self.module, Remote, what=f"{layer.name}(...)")
        self.keys = loaded(self.module, self.weights)
        self.words = layer.words

    # --- what goes in ---

    def tokens(self, batch: int, time: int) -> Tensor:
        return normal(self.rng, batch, time, self.size[0])

    def start(self, batch: int) -> State:
        return self.layer.start(self.weights, batch)

    def beginning(self, batch: int) -> State:
        """A state that a sequence begins with: the initial one, if it is good for that."""
        begins = self.layer.begins
        return begins(self.rng, self.weights, batch) if begins else self.start(batch)

    def somewhere(self, batch: int) -> State:
        """A state that three tokens lead to."""
        state = self.layer.rule(self.weights, self.tokens(batch, 3), self.beginning(batch))[1]
        return tuple(part.detach() for part in state)

    # --- what comes out ---

    def forward(self, x: Tensor, state: State | None = None, strict: bool = False) -> Answer:
        """What forward answers; unless `strict`, a wrong wrapping is put right."""
        given = (x,) if state is None else (x, self._record(state))
        answer = self._taken(self.module(*given), "forward", strict)
        y = answer["the output"]
        if not strict and isinstance(y, Tensor) and y.shape[:2] == (x.shape[1], x.shape[0]):
            answer["the output"] = y if x.shape[0] == x.shape[1] else y.transpose(0, 1)
        return answer

    def step(self, x: Tensor, state: State, strict: bool = False) -> Answer:
        return self._taken(self.module.step(x, self._record(state)), "step", strict)

    def right(self, x: Tensor, state: State) -> Answer:
        return self.layer.answer(*self.layer.rule(self.weights, x, state))

    def gradients(self) -> dict[str, Tensor | None]:
        """The student's `.grad` of each parameter, by our names."""
        return gradients_of(self.module, self.keys)

    def _record(self, state: State) -> Any:
        return getattr(self.student, self.layer.record)(*state)

    def _taken(self, result: object, method: str, strict: bool) -> Answer:
        layer = self.layer
        output, state = pair(result, f"{layer.name}.{method}")
        if isinstance(state, Tensor) and len(layer.fields) == 1 and not strict:
            state = (state,)
        if strict or not isinstance(state, tuple) or len(state) != len(layer.fields):
            expect_fields(state, layer, f"{layer.name}.{method}")
        return layer.answer(output, state)


def expect_fields(state: object, layer: Layer, what: str) -> None:
    given = ", ".join(layer.fields)
    expect(
        getattr(state, "_fields", None) == layer.fields,
        f"{what} should give its state as {layer.record}({given}): {layer.record} makes one",
    )


def loaded(module: Remote, weights: Weights) -> dict[str, str]:
    """Make the student's module float64 with these weights; return their names in it."""
    state = module.double().state_dict()
    keys = list(state)
    names: dict[str, str] = {}
    for name in weights:
        found = [key for key in keys if key == name or key.endswith(f".{name}")]
        expect(
            len(found) == 1,
            f"exactly one parameter should be called {name!r} (or end in '.{name}'); "
            f"state_dict has {', '.join(map(repr, keys)) or 'none at all'}",
        )
        names[name] = found[0]
    for name, value in weights.items():
        # A wrong shape costs the check of shapes, and no other.
        state[names[name]] = fitted(value.detach(), state[names[name]].shape)
    module.load_state_dict(state)
    return names


def gradients_of(module: Remote, names: Mapping[str, str]) -> dict[str, Tensor | None]:
    """`.grad` of each parameter of the student's, by our names, as `loaded` returns theirs."""
    found = module.grads()
    return {name: found.get(key) for name, key in names.items()}


def zeros(width: str) -> Callable[[Weights, int], State]:
    """One vector of zeros for each sequence, as wide as the first axis of this parameter."""

    def start(weights: Weights, batch: int) -> State:
        return (torch.zeros(batch, len(weights[width]), dtype=DOUBLE),)

    return start
