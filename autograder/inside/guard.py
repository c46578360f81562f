"""Ready-made layers refuse to work where the exercise is to write them.

The guard stands at the things themselves, not at their names, so it does not matter by which name
a thing is reached, and nothing that torch imports later finds a stand-in where it expects a class:

- a function written in Python, a class's `__init__` and `forward`: the body is exchanged in place;
- what is written in C++: the kernels of its operator are replaced in torch's dispatcher, through
  which torch._VF, torch.ops, the interpreter of TorchScript and the layers themselves all go;
- automatic differentiation has a watch of its own besides (`differentiation.py`).

In a process that runs nothing but student code the guard is `close`d for good, and what it took
away is kept nowhere. None of this stops somebody who copies a layer's source from elsewhere.

This file also runs beside student code, so it imports nothing but the standard library and torch.
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import sys
import types
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.abc import MetaPathFinder
from typing import Any, NoReturn

import torch

from autograder.inside.refusal import message

# Operators by what the names of the layers over them begin with.
_RECURRENT = {
    "rnn": ("rnn_tanh", "rnn_relu"),
    "lstm": ("lstm",),
    "gru": ("gru",),
}
_INNER = {  # what those are made of
    "rnn": ("mkldnn_rnn_layer",),
    "lstm": (
        "mkldnn_rnn_layer",
        "_thnn_fused_lstm_cell",
        "_thnn_differentiable_lstm_cell_backward",
    ),
    "gru": ("mkldnn_rnn_layer", "_thnn_fused_gru_cell", "_thnn_differentiable_gru_cell_backward"),
}
_ATTENTION = ("scaled_dot_product_attention", "_scaled_dot_product_attention_math")
_INNER_ATTENTION = (
    *("_scaled_dot_product_flash_attention_for_cpu", "_native_multi_head_attention"),
    "_transformer_encoder_layer_fwd",
)
_FORWARD_MODE = ("_make_dual", "_make_dual_copy")
_REVERSE = ("torch.autograd.grad", "torch.autograd.backward")
# Where a kernel may be registered, for a process without an accelerator.
_KEYS = ("CompositeImplicitAutograd", "CompositeExplicitAutograd", "CPU", "Autograd")
Kernel = tuple[str, str, Callable[..., NoReturn]]  # overload, key, what takes its place


def resolve(name: str) -> tuple[Any, str] | None:
    """The owner and last part of a dotted name; None when this torch does not have it."""
    parts = name.split(".")
    owner: Any = importlib.import_module(parts[0])
    for part in parts[1:-1]:
        owner = getattr(owner, part, None)
    return (owner, parts[-1]) if hasattr(owner, parts[-1]) else None


def functions_behind(names: Iterable[str]) -> set[str]:
    """The functions of torch that the named layers are thin wrappers of."""
    behind: set[str] = set()
    for kind in _kinds(names):
        if kind == "attention":
            behind.update(_ATTENTION)
        else:
            behind |= {f"{f}{cell}" for f in _RECURRENT[kind] for cell in ("", "_cell")}
    return behind


def _kinds(names: Iterable[str]) -> set[str]:
    kinds: set[str] = set()
    for name in names:
        last = name.rpartition(".")[2].lower()
        kinds |= {kind for kind in _RECURRENT if last.startswith((kind, "rnnbase"))}
        if "attention" in last or last.startswith("transformer"):
            kinds.add("attention")
    return kinds


def _operators(names: Sequence[str]) -> dict[str, str]:
    """Operators to refuse -> the name to report."""
    kinds, refused = _kinds(names), {name: f"torch.{name}" for name in functions_behind(names)}
    for kind in kinds:
        inner = _INNER_ATTENTION if kind == "attention" else _INNER[kind]
        refused |= {name: f"torch.{name}" for name in inner}
    if not set(_REVERSE).isdisjoint(names):
        refused |= dict.fromkeys(_FORWARD_MODE, "forward-mode differentiation")
    return refused


class Guard:
    """What is refused, and how to take it away and to give it back.

    Args:
        spellings: dotted path -> name to report, as `spellings()` returned it, here or in another
            process.
    """

    def __init__(self, spellings: Mapping[str, str]) -> None:
        names = list(dict.fromkeys(spellings.values()))
        self.differentiation = not set(_REVERSE).isdisjoint(names)
        self._operators = list(_kernels(_operators(names)))
        self._bodies: list[tuple[types.FunctionType, types.CodeType, types.CodeType]] = []
        self._attributes: list[tuple[Any, str, Any, Any]] = []  # owner, name, before, after
        self._homes: dict[str, str] = {}  # module -> a refused name that it would make anew
        self._library: Any = None
        behind, seen = functions_behind(names), set[int]()
        for path, name in spellings.items():
            found = resolve(path)
            thing = found and getattr(*found)
            if found is None or id(thing) in seen or found[1] in behind:
                continue
            seen.add(id(thing))
            if isinstance(thing, types.FunctionType):
                self._exchange(thing, name)
            elif isinstance(thing, type):
                for method in ("__init__", "forward"):
                    own = vars(thing).get(method)
                    if isinstance(own, types.FunctionType):
                        self._exchange(own, name)
                    else:
                        self._attributes.append((thing, method, own, _raiser(name)))
            else:  # written in C++, and useful to other things: only this name goes
                owner, attribute = found
                self._attributes.append((owner, attribute, thing, _raiser(name)))

    def _exchange(self, function: types.FunctionType, name: str) -> None:
        """Note a body to be exchanged, and that of the function it is wrapped around."""
        refusal = _raiser(name).__code__
        before = function.__code__
        # A function can only take a body with as many free variables as it has.
        after = refusal.replace(co_freevars=before.co_freevars, co_name=before.co_name)
        self._bodies.append((function, before, after))
        self._homes[function.__globals__["__name__"]] = name
        wrapped = getattr(function, "__wrapped__", None)
        if isinstance(wrapped, types.FunctionType):
            self._exchange(wrapped, name)

    def __enter__(self) -> Guard:
        for function, _, after in self._bodies:
            function.__code__ = after
        for owner, attribute, _, after in self._attributes:
            setattr(owner, attribute, after)
        if self._operators:
            self._library = replaced(self._operators)
        return self

    def __exit__(self, *exc: object) -> None:
        if self._library is not None:
            self._library.reset()
            self._library = None
        for owner, attribute, before, _ in reversed(self._attributes):
            if before is None:
                delattr(owner, attribute)
            else:
                setattr(owner, attribute, before)
        for function, before, _ in reversed(self._bodies):
            function.__code__ = before

    def close(self) -> None:
        """Refuse from now on and for good: keep nothing that could give anything back."""
        self.__enter__()
        # The kernels last as long as this object; nobody is to find it and end it.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._library))
        sys.meta_path.insert(0, _NotAgain(self._homes))
        self.__dict__.update(Guard({}).__dict__ | {"differentiation": self.differentiation})


class _NotAgain(MetaPathFinder):
    """Finds no second copy of a module that refused things come from, as by a reload."""

    def __init__(self, homes: Mapping[str, str]) -> None:
        self._homes = dict(homes)

    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        if fullname in self._homes:
            raise ImportError(message(self._homes[fullname]))


def _refuse(*args: object, **kwargs: object) -> NoReturn:
    raise RuntimeError("refused")


def _raiser(name: str) -> types.FunctionType:
    """A function that refuses; its body needs no variable but that of RuntimeError."""
    # Other words in one body: to compile a body for each takes sixteen times as long.
    code = _refuse.__code__
    told = tuple(message(name) if each == "refused" else each for each in code.co_consts)
    return types.FunctionType(code.replace(co_consts=told), {})


def _kernels(operators: Mapping[str, str]) -> Iterator[Kernel]:
    """Every kernel of these operators, by its name and key, with what takes its place."""
    if not operators:
        return
    for name, told in operators.items():
        refuse = _raiser(told)
        for overload in overloads().get(name, ()):
            for key in _KEYS:
                if torch._C._dispatch_has_kernel_for_dispatch_key(f"aten::{overload}", key):
                    yield overload, key, refuse


@functools.cache
def overloads() -> dict[str, list[str]]:
    """Every operator of torch's own -> its overloads. Slow, so it is asked for before a fork."""
    found: dict[str, list[str]] = {}
    for full in torch._C._dispatch_get_all_op_names():
        space, _, overload = full.partition("::")
        if space == "aten":
            found.setdefault(overload.partition(".")[0], []).append(overload)
    return found


def replaced(kernels: Iterable[Kernel]) -> Any:
    """Put these kernels over those of torch, for as long as the result lives."""
    library = torch._C._dispatch_library("IMPL", "aten", "", __file__, 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that something is overridden
        for name, key, refuse in kernels:
            library.impl(name, key, refuse)
    return library
