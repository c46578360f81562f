"""What a hidden test holds in its hands: the student's work, at arm's length.

`Student` is the student's namespace and `Remote` one of its objects. They read like ordinary
PyTorch: `student.RNNCell(3, 5).step(x, state)` runs in the student's process, tensors come back
as plain tensors, and gradients flow through the call in both directions. Whatever goes wrong on
the student's side becomes a CheckFailure whose message is for the student.
"""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Iterator
from typing import Any, NoReturn

import torch
from torch.autograd.function import once_differentiable

from autograder.errors import CheckFailure
from autograder.inside import values, wire
from autograder.line.base import Transport
from autograder.suite.desk import Desk
from autograder.suite.record import Record
from autograder.suite.session import PlainWords, Session, Words


class Student:
    """The student's namespace. `student.NAME` is a value or a Remote.

    Args:
        transport: the line to the process in which the cells ran.
        call_s: time limit of one request, in seconds.
        deadline: `time.monotonic()` after which nothing is asked any more.
        words: says where and why something failed, for a judge that knows more about it.
        desk: what is kept of this submission from check to check.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        call_s: float = 10.0,
        deadline: float = float("inf"),
        words: Words | None = None,
        desk: Desk | None = None,
    ) -> None:
        self._session = Session(transport, call_s, deadline, words or PlainWords(), Remote)
        self._desk = desk or Desk()
        self._known: dict[str, Remote] = {}  # classes and functions, asked for once

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name in self._known:
            return self._known[name]
        found = self._session.value(wire.Get(name), name)
        if isinstance(found, Remote):
            self._known[name] = found
        return found

    @property
    def changed_inputs(self) -> bool:
        """Whether the last call wrote into a tensor it was given."""
        return bool(self._session.changed)

    @property
    def alive(self) -> bool:
        """Whether the student's process can still be asked."""
        return self._session.transport.alive

    @property
    def desk(self) -> Desk:
        """What is kept of this submission from check to check."""
        return self._desk

    def anew(self) -> float:
        """Go on in a fresh process, in which the cells have run and nothing else has happened.

        Returns the seconds of processor time that the old one has used. No object of the old
        one is of use any more. Where there is one process only (a kernel), it stays, and the
        seconds are those since the last call.
        """
        old = self._session.transport
        if self._desk.renew is None:
            used, old.cpu_s = old.cpu_s, 0.0
            return used
        self._known.clear()
        self._session.renew(self._desk.renew())
        return old.cpu_s

    def seed(self, rng: torch.Generator) -> None:
        """Begin the student's random numbers anew, so that what is made next can be repeated."""
        drawn = int(torch.randint(2**52, (), generator=rng))
        self._session.value(wire.Seed(drawn), "the seed")

    @contextlib.contextmanager
    def lent(self, name: str, source: str) -> Iterator[None]:
        """Let a definition of ours stand for the student's `name` inside the block.

        The student's side gets to see `source`: it must give nothing away.
        """
        kept = f"__kept_{name}"  # several pieces may be lent at once
        keep = f"{kept} = {{{name!r}: {name}}} if {name!r} in globals() else {{}}\n"
        back = f"globals().pop({name!r}, None)\nglobals().update({kept})\ndel {kept}"
        label = f"{name}, lent by the judge"
        self._known.clear()
        self._session.value(wire.Exec(label, keep + source), label)
        try:
            yield
        finally:
            self._known.clear()
            if self.alive:
                self._session.value(wire.Exec(label, back), label)

    @contextlib.contextmanager
    def time_limit(self, seconds: float) -> Iterator[None]:
        """Allow each call inside the block another time limit."""
        before, self._session.call_s = self._session.call_s, seconds
        try:
            yield
        finally:
            self._session.call_s = before


class Remote:
    """An object on the student's side: call it, read its attributes, treat it as a module."""

    def __init__(self, session: Session, handle: values.HandleV, label: str) -> None:
        self._session = session
        self._handle = handle
        self._label = label
        weakref.finalize(self, session.forget_handle, handle.id, session.process).atexit = False

    def __repr__(self) -> str:
        return f"<{self._label} of the student>"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        label = f"{self._label}.{name}"
        return self._session.value(wire.Attr(self._handle.id, name), label)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        session = self._session
        encoder = session.encoder()
        body = wire.Call(
            self._handle.id,
            encoder.all(args),
            dict(zip(kwargs, encoder.all(kwargs.values()), strict=True)),
            torch.is_grad_enabled(),
        )
        try:
            reply, decoder = session.ask(body, self._label, encoder.buffers)
            result = session.decoded(reply.value, decoder, self._label)
        except CheckFailure:
            session.asked.note(self._label, args, kwargs, failed=True)
            raise
        session.changed = reply.changed
        if reply.call is not None and decoder.marked and body.grad:
            graph = _RemoteGraph(session, reply.call, self._label)
            anchor = graph.anchor()
            outputs = _Bridge.apply(graph, anchor, decoder.marked, *encoder.marked)
            swap = {id(old): new for old, new in zip(decoder.marked, outputs, strict=True)}
            result = _swapped(result, swap)
        session.last_label, session.last_result = self._label, result
        session.asked.note(self._label, args, kwargs, result)
        return result

    # What a check computes with must have come over the wire as a value, so an object of the
    # student's is no number, no truth and no sequence, whatever methods it has on its side.

    def _no_value(self, *args: object) -> NoReturn:
        raise CheckFailure(
            f"{self._label} should be a tensor or a number, but is an object of type "
            f"{self._handle.type_name[:100]}"
        )

    __bool__ = __float__ = __int__ = __index__ = __len__ = __getitem__ = _no_value

    def __iter__(self) -> NoReturn:
        raise CheckFailure(
            f"{self._label} returned a {self._handle.type_name[:100]} where several values "
            "were expected"
        )

    # --- a torch.nn.Module ---

    def state_dict(self) -> dict[str, torch.Tensor]:
        """The parameters and buffers, as plain tensors."""
        found = self._module("state_dict", wire.StateDict(self._handle.id))
        return self._tensors("state_dict", found)

    def load_state_dict(self, state: dict[str, torch.Tensor]) -> None:
        """Set the parameters and buffers; names and shapes must be the student's."""
        encoder = self._session.encoder()
        values = dict(zip(state, encoder.all(state.values()), strict=True))
        body = wire.LoadStateDict(self._handle.id, values)
        self._module("load_state_dict", body, encoder.buffers)

    def grads(self) -> dict[str, torch.Tensor | None]:
        """`.grad` of every parameter, by name; None where there is none."""
        found = self._module("grads", wire.Grads(self._handle.id))
        return self._tensors("grads", found, optional=True)

    def zero_grad(self) -> None:
        self._module("zero_grad", wire.ZeroGrad(self._handle.id))

    def to(self, dtype: torch.dtype) -> Remote:
        """Convert parameters and buffers in place and return the module."""
        name = str(dtype).removeprefix("torch.")
        self._module("to", wire.Convert(self._handle.id, name))
        return self

    def double(self) -> Remote:
        return self.to(torch.float64)

    def float(self) -> Remote:
        return self.to(torch.float32)

    def train(self, mode: bool = True) -> Remote:
        self._module("train", wire.Train(self._handle.id, mode))
        return self

    def eval(self) -> Remote:
        return self.train(False)

    def _module(self, method: str, body: wire.AnyBody, buffers: list[bytes] | None = None) -> Any:
        return self._session.value(body, f"{self._label}.{method}", buffers)

    def _tensors(self, method: str, found: Any, *, optional: bool = False) -> dict[str, Any]:
        """The answer, if it is tensors by name; with `optional`, some may be None."""
        if not isinstance(found, dict):
            raise CheckFailure(f"{self._label}.{method} did not give a dict of tensors")
        for name, value in found.items():
            if not (isinstance(value, torch.Tensor) or (optional and value is None)):
                kind = (
                    value._handle.type_name if isinstance(value, Remote) else type(value).__name__
                )
                raise CheckFailure(
                    f"{name[:100]!r} in {self._label}.{method} should be a tensor, but is "
                    f"of type {kind[:100]}"
                )
        return found


# --- gradients across the wire ----------------------------------------------------------------


class _RemoteGraph:
    """The graph of one call, kept on the student's side for as long as this object lives."""

    def __init__(self, session: Session, call: int, label: str) -> None:
        self.session = session
        self.call = call
        self.label = f"{label} (backward pass)"
        weakref.finalize(self, session.forget_call, call, session.process).atexit = False

    def anchor(self) -> torch.Tensor:
        """A leaf that stands for the student's parameters.

        `.backward()` reaches it, `torch.autograd.grad` of the inputs alone does not, so the
        student's `.grad` fields fill in exactly when they would without a wire in between.
        """
        anchor = torch.zeros((), requires_grad=True)
        anchor.register_post_accumulate_grad_hook(self.commit)
        return anchor

    def commit(self, anchor: torch.Tensor) -> None:
        self.session.ask(wire.Commit(self.call), self.label)

    def vjp(
        self, cotangents: tuple[torch.Tensor | None, ...], inputs: list[tuple[torch.Size, Any]]
    ) -> list[torch.Tensor | None]:
        encoder = self.session.encoder()
        body = wire.Vjp(self.call, encoder.all(cotangents))
        grads = self.session.value(body, self.label, encoder.buffers)
        wanted = [
            None if grad is None else (grad.shape, grad.dtype)
            for grad in (grads if isinstance(grads, list) else [])
            if grad is None or isinstance(grad, torch.Tensor)
        ]
        if len(wanted) != len(inputs) or any(
            have is not None and have != want for have, want in zip(wanted, inputs, strict=True)
        ):
            raise CheckFailure(f"{self.label} gave gradients that do not fit its inputs")
        return list(grads)


class _Bridge(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        graph: _RemoteGraph,
        anchor: torch.Tensor,
        outputs: list[torch.Tensor],
        *inputs: torch.Tensor,
    ) -> tuple[torch.Tensor, ...]:
        ctx.set_materialize_grads(False)
        ctx.graph = graph
        ctx.inputs = [(tensor.shape, tensor.dtype) for tensor in inputs]
        return tuple(outputs)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *cotangents: torch.Tensor | None) -> Any:
        return (None, torch.zeros(()), None, *ctx.graph.vjp(cotangents, ctx.inputs))


def _swapped(value: Any, swap: dict[int, torch.Tensor]) -> Any:
    """The value with its tensors replaced by the ones that know their gradient."""
    if isinstance(value, torch.Tensor):
        return swap.get(id(value), value)
    if isinstance(value, dict):
        return {key: _swapped(item, swap) for key, item in value.items()}
    if isinstance(value, Record):
        return value._make([_swapped(item, swap) for item in value])
    if isinstance(value, (list, tuple)):
        return type(value)(_swapped(item, swap) for item in value)
    return value
