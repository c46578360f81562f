"""Runs the student's cells and answers the judge's requests about what they defined.

The same class serves in the sandbox (one per process, on a socket) and, for `autograder check`
and stock nbgrader, in the judge's own process. It knows no expected value and no check: only
inputs ever reach it.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import linecache
import random
import sys
import types
from collections.abc import Iterator
from typing import Any

import torch

from autograder.inside import values, wire
from autograder.inside.cells import CappedText, failure_of, with_stdout
from autograder.inside.differentiation import Watch, vector_jacobian
from autograder.inside.guard import Guard
from autograder.inside.refusal import message
from autograder.inside.scan import refused_in
from autograder.inside.source import without_magics


class Graph:
    """What a call leaves behind for the backward pass."""

    def __init__(self, inputs: list[torch.Tensor], outputs: list[torch.Tensor]) -> None:
        self.inputs = inputs
        self.outputs = outputs
        self.parameters = _leaves(outputs, inputs)
        self.pending: list[tuple[torch.Tensor, torch.Tensor]] = []


def _leaves(outputs: list[torch.Tensor], inputs: list[torch.Tensor]) -> list[torch.Tensor]:
    """The leaf tensors the outputs depend on, inputs of the call left out."""
    known = {id(tensor) for tensor in inputs}
    leaves = [out for out in outputs if out.grad_fn is None and id(out) not in known]
    stack = [out.grad_fn for out in outputs if out.grad_fn is not None]
    seen: set[Any] = set(stack)
    while stack:
        node = stack.pop()
        variable = getattr(node, "variable", None)
        if variable is not None and id(variable) not in known:
            known.add(id(variable))
            leaves.append(variable)
        for following, _ in node.next_functions:
            if following is not None and following not in seen:
                seen.add(following)
                stack.append(following)
    return leaves


@functools.lru_cache(maxsize=256)
def _compiled(source: str, label: str) -> types.CodeType:
    """What a judge lends to many checks is the same each time."""
    return compile(source, label, "exec")


def _bytes(tensor: torch.Tensor) -> bytes:
    return tensor.detach().contiguous().view(-1).view(torch.uint8).numpy().tobytes()


_ANSWER_NOTHING = (wire.Seed, wire.Get, wire.Convert, wire.LoadStateDict, wire.Commit)
# What may run a student's functions; to take ready-made layers away and back costs as much as all
# the rest of a small request.
_RUN_CODE = (wire.Exec, wire.Attr, wire.Call, wire.Vjp)


class Runtime:
    """One notebook's namespace and the objects handed out from it.

    Args:
        namespace: run in this dict instead of a fresh one (a kernel's own).
        output_chars: how much of a cell's printed output is kept.
        max_reply: largest answer, in bytes.
        interruptible: let Ctrl-C through (for a run in the student's own terminal).
        own_process: nothing but student code runs in this process, so that what is refused can
            be taken away for good.
    """

    def __init__(
        self,
        namespace: dict[str, Any] | None = None,
        *,
        output_chars: int = 20_000,
        max_reply: int = wire.MAX_FRAME,
        interruptible: bool = False,
        own_process: bool = False,
    ) -> None:
        self._module: types.ModuleType | None = None
        if namespace is None:
            self._module = types.ModuleType("__main__")
            namespace = self._module.__dict__
        self.namespace = namespace
        self._output_chars = output_chars
        self._max_reply = max_reply
        self._interruptible = interruptible
        self._own_process = own_process
        self._ids = itertools.count(1)
        self._objects: dict[int, Any] = {}
        self._classes: dict[type, int] = {}
        self._graphs: dict[int, Graph] = {}
        self._guard = Guard({})
        self._watch: Watch | None = None
        self._spellings: dict[str, str] = {}
        self._aliases: dict[str, str] = {}  # what earlier cells imported, for scans
        self._encoder = self._new_encoder(grad=False)

    # --- one request ---

    def answer(self, frame: bytes | bytearray) -> bytes:
        """Read a request, do it, return the reply frame. Student code cannot make this raise."""
        request, payload = wire.unpack(frame, wire.Request)
        for handle in request.forget_handles:
            self._objects.pop(handle, None)
        for call in request.forget_calls:
            self._graphs.pop(call, None)
        self._encoder = self._new_encoder(grad=False)
        decoder = values.Decoder(payload, self._object, self._record)
        out = CappedText(self._output_chars)
        body: wire.Done | wire.Failure
        try:
            if isinstance(request.body, wire.Refuse):
                self._refuse(request.body)
                body = wire.Done()
            else:
                with self._watched(request.body), self._student_world(out, request.body):
                    body = self._handle(request.body, decoder)
        except BaseException as error:
            if self._interruptible and isinstance(error, KeyboardInterrupt):
                raise
            body = failure_of(error)
        if isinstance(request.body, wire.Exec):
            body = with_stdout(body, out.text())
        try:
            return wire.pack(
                wire.Reply(request.id, body), self._encoder.buffers, limit=self._max_reply
            )
        except values.WireError as error:
            return wire.pack(wire.Reply(request.id, wire.Failure("WireError", str(error))), [])

    @contextlib.contextmanager
    def _student_world(self, out: CappedText, body: wire.AnyBody) -> Iterator[None]:
        """Student code sees its own __main__, refused layers, and a stdout that is kept."""
        main = sys.modules["__main__"]
        guard = self._guard if isinstance(body, _RUN_CODE) else contextlib.nullcontext()
        if self._module is not None:
            sys.modules["__main__"] = self._module
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out), guard:
                yield
        finally:
            sys.modules["__main__"] = main

    def _handle(self, body: wire.AnyBody, decoder: values.Decoder) -> wire.Done:
        match body:
            case wire.Seed(seed):
                torch.default_generator.manual_seed(seed)  # there is no device but the CPU
                random.seed(seed)
                if "numpy" in sys.modules:
                    sys.modules["numpy"].random.seed(seed % 2**32)
            case wire.Scan(source):
                found = refused_in(source, self._spellings, self._aliases)
                return self._done({name: line for line, name in reversed(found)})
            case wire.Exec(cell, source):
                self._exec(cell, source)
            case wire.Get(name):
                if name not in self.namespace:
                    raise NameError(f"name {name!r} is not defined", name=name)
                return self._done(self.namespace[name])
            case wire.Attr(target, name):
                return self._done(getattr(self._objects[target], name))
            case wire.Call():
                return self._call(body, decoder)
            case wire.Vjp(call, cotangents):
                return self._vjp(self._graphs[call], decoder.all(cotangents))
            case wire.Commit(call):
                for parameter, grad in self._graphs[call].pending:
                    parameter.grad = grad if parameter.grad is None else parameter.grad + grad
                self._graphs[call].pending = []
            case wire.StateDict(target):
                return self._done(dict(self._module_of(target).state_dict()))
            case wire.LoadStateDict(target, state):
                tensors = {name: decoder.decode(value) for name, value in state.items()}
                self._module_of(target).load_state_dict(tensors)
            case wire.Grads(target):
                named = self._module_of(target).named_parameters()
                return self._done({name: parameter.grad for name, parameter in named})
            case wire.ZeroGrad(target):
                self._module_of(target).zero_grad()
            case wire.Convert(target, dtype):
                self._module_of(target).to(values.DTYPES[dtype])
            case wire.Train(target, mode):
                self._module_of(target).train(mode)
        return wire.Done()

    # --- what is refused ---

    def _refuse(self, body: wire.Refuse) -> None:
        self._guard = Guard(body.spellings)
        self._spellings, self._aliases = body.elsewhere | body.spellings, {}
        self._watch = Watch() if self._guard.differentiation else None
        if self._own_process:
            self._guard.close()

    @contextlib.contextmanager
    def _watched(self, body: wire.AnyBody) -> Iterator[None]:
        """Raise when an answer was found by differentiating, though that is refused.

        In a process of its own student code is alone: a pass between two requests is its, too.
        """
        watch = self._watch
        if watch is None:
            yield
            return
        if not self._own_process:
            watch.settle()
        if isinstance(body, (wire.Exec, wire.Vjp)):  # a cell by name only; the judge's own pass
            try:
                yield
            finally:
                watch.settle()
        elif isinstance(body, _ANSWER_NOTHING):  # a pass that runs here is found at the next call
            yield
            watch.settle_nodes()
        else:
            yield
            if watch.used(graph=not isinstance(body, wire.Call) or body.grad):
                raise RuntimeError(message("automatic differentiation"))

    # --- cells ---

    def _exec(self, cell: str, source: str) -> None:
        source, note = without_magics(source)
        if note:
            print(note, end="")
        label = f"<cell {cell}>"
        linecache.cache[label] = (len(source), None, source.splitlines(keepends=True), label)
        exec(_compiled(source, label), self.namespace)

    # --- calls and gradients ---

    def _call(self, body: wire.Call, decoder: values.Decoder) -> wire.Done:
        function = self._objects[body.target]
        args = decoder.all(body.args)
        kwargs = {name: decoder.decode(value) for name, value in body.kwargs.items()}
        inputs = decoder.marked if body.grad else []
        for tensor in inputs:
            tensor.requires_grad_()
        before = [(tensor._version, _bytes(tensor)) for tensor in decoder.tensors]
        self._encoder = self._new_encoder(grad=body.grad)
        with torch.set_grad_enabled(body.grad):
            result = function(*args, **kwargs)
        value = self._encoder.encode(result)
        changed = [
            index
            for index, (tensor, was) in enumerate(zip(decoder.tensors, before, strict=True))
            if (tensor._version, _bytes(tensor)) != was  # .data changes without a new version
        ]
        call = None
        if self._encoder.marked:
            call = next(self._ids)
            self._graphs[call] = Graph(inputs, self._encoder.marked)
        return wire.Done(value, call=call, changed=changed)

    def _vjp(self, graph: Graph, cotangents: list[torch.Tensor | None]) -> wire.Done:
        pairs = [
            (output, cotangent)
            for output, cotangent in zip(graph.outputs, cotangents, strict=True)
            if cotangent is not None
        ]
        leaves = [*graph.inputs, *graph.parameters]
        outputs, given = ([pair[side] for pair in pairs] for side in (0, 1))
        grads = vector_jacobian(outputs, given, leaves)
        count = len(graph.inputs)
        graph.pending += [
            (leaf, grad)
            for leaf, grad in zip(graph.parameters, grads[count:], strict=True)
            if grad is not None
        ]
        return self._done(list(grads[:count]))

    # --- values ---

    def _done(self, value: Any) -> wire.Done:
        return wire.Done(self._encoder.encode(value))

    def _new_encoder(self, *, grad: bool) -> values.Encoder:
        return values.Encoder(self._keep, lambda tensor: grad and tensor.requires_grad)

    def _keep(self, value: Any, encoder: values.Encoder) -> values.Value:
        if isinstance(value, tuple):  # a NamedTuple: plain tuples do not come here
            cls = type(value)
            if cls not in self._classes:
                self._classes[cls] = self._remember(cls)
            fields = [str(field) for field in getattr(value, "_fields", ())]
            return values.RecordV(self._classes[cls], cls.__name__, fields, encoder.all(value))
        return values.HandleV(self._remember(value), type(value).__name__, callable(value))

    def _remember(self, value: Any) -> int:
        handle = next(self._ids)
        self._objects[handle] = value
        return handle

    def _object(self, handle: values.HandleV) -> Any:
        return self._objects[handle.id]

    def _record(self, record: values.RecordV, items: list[Any]) -> Any:
        return self._objects[record.cls](*items)

    def _module_of(self, target: int) -> torch.nn.Module:
        value = self._objects[target]
        if not isinstance(value, torch.nn.Module):
            raise TypeError(f"a {type(value).__name__} is not a torch.nn.Module")
        return value
