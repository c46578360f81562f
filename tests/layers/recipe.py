"""What every sequence layer is asked in its tests: one function per promise."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import jaxtyping
import pytest
import torch
from torch import Tensor

from solutions.layer import SequenceLayer, unroll

ATOL = 1e-10  # float64


def tensors(state: Any) -> list[Tensor]:
    """Return the tensors of a (possibly nested) state, in order."""
    if isinstance(state, Tensor):
        return [state]
    if state is None:
        return []
    return [t for part in state for t in tensors(part)]


def map_state(function: Any, state: Any) -> Any:
    """Apply ``function`` to every tensor of a (possibly nested) NamedTuple state."""
    if isinstance(state, Tensor):
        return function(state)
    if state is None:
        return None
    parts = [map_state(function, part) for part in state]
    return type(state)(*parts) if hasattr(state, "_fields") else type(state)(parts)


def state_bytes(state: Any) -> int:
    """Return how many bytes a state takes."""
    return sum(t.numel() * t.element_size() for t in tensors(state))


def differentiable(t: Tensor) -> bool:
    return t.is_floating_point() or t.is_complex()


@contextlib.contextmanager
def without_shape_checks() -> Iterator[None]:
    """Switch the signatures' run-time checks off: users do not have them either."""
    jaxtyping.config.update("jaxtyping_disable", True)
    try:
        yield
    finally:
        jaxtyping.config.update("jaxtyping_disable", False)


def assert_close(name: str, got: Tensor, wanted: Tensor, atol: float = ATOL) -> None:
    torch.testing.assert_close(
        got, wanted, rtol=atol, atol=atol, msg=lambda message: f"{name}: {message}"
    )


def in_chunks(layer: SequenceLayer[Any], x: Tensor, state: Any, sizes: list[int]) -> Any:
    """Run ``forward`` on consecutive chunks of the given sizes, carrying the state."""
    outputs = []
    for part in x.split(sizes, dim=1):
        y, state = layer(part, state)
        outputs.append(y)
    return torch.cat(outputs, dim=1), state


def _run(run: Any, layer: SequenceLayer[Any], x: Tensor, state: Any) -> dict[str, Tensor]:
    """Return outputs, final state and all gradients of a fixed random loss of both."""
    x = x.detach().clone().requires_grad_()
    start = map_state(
        lambda t: t.detach().clone().requires_grad_() if differentiable(t) else t.clone(), state
    )
    leaves = {"x": x, **{f"initial state {i}": t for i, t in enumerate(tensors(start))}}
    before = {name: t.detach().clone() for name, t in leaves.items()}
    y, final = run(layer, x, start)
    for name, leaf in leaves.items():
        assert torch.equal(leaf.detach(), before[name]), f"{name} was changed in place"
    found = {"y": y, **{f"final state {i}": t for i, t in enumerate(tensors(final))}}
    generator = torch.Generator().manual_seed(1)
    loss = torch.zeros((), dtype=torch.float64)
    for t in found.values():
        if t.requires_grad:
            weight = torch.randn(t.shape, generator=generator, dtype=torch.float64)
            parts = (
                (t * weight) if not t.is_complex() else t.real * weight + t.imag * weight.flip(0)
            )
            loss = loss + parts.sum()
    wanted = {name: t for name, t in leaves.items() if t.requires_grad}
    wanted |= {name: p for name, p in layer.named_parameters() if p.requires_grad}
    grads = torch.autograd.grad(y.pow(2).sum(), list(wanted.values()), allow_unused=True)
    result = {name: t.detach() for name, t in found.items()}
    for (name, leaf), grad in zip(wanted.items(), grads, strict=True):
        result[f"gradient of {name}"] = torch.zeros_like(leaf) if grad is None else grad
    return result


def check_step_forward_chunks(
    layer: SequenceLayer[Any],
    x: Tensor,
    state: Any = None,
    chunks: list[int] | None = None,
    atol: float = ATOL,
) -> None:
    """``forward`` = repeated ``step`` = ``forward`` over chunks: outputs, states, gradients.

    Everything in float64. ``chunks`` defaults to one token, then uneven pieces. Also checks
    that nothing passed in is changed, and that dtype and batch come out as they went in.
    """
    assert x.dtype == torch.float64
    batch, time, _ = x.shape
    if state is None:
        state = layer.initial_state(batch)
    if chunks is None:
        chunks = [time] if time == 1 else [1, (time - 1) // 2, time - 1 - (time - 1) // 2]
        chunks = [size for size in chunks if size > 0]
    whole = _run(lambda layer, x, s: layer(x, s), layer, x, state)
    assert whole["y"].shape[:2] == (batch, time)
    assert whole["y"].dtype == torch.float64
    layer.step(x[:, 0], state)  # with its signature checked; checking every step takes long
    for name, run in {
        "step": without_shape_checks()(unroll),
        "chunks": lambda layer, x, s: in_chunks(layer, x, s, chunks),
    }.items():
        other = _run(run, layer, x, state)
        assert other.keys() == whole.keys()
        for key, value in whole.items():
            assert_close(f"{key}, forward against {name}", other[key], value, atol)


def check_gradients(
    layer: SequenceLayer[Any], x: Tensor, state: Any = None, fast: bool = False
) -> None:
    """gradcheck of outputs and final state by the input, the state and every parameter."""
    start = layer.initial_state(x.shape[0]) if state is None else state
    names = [name for name, p in layer.named_parameters() if p.requires_grad]
    values = [layer.get_parameter(name).detach().clone().requires_grad_() for name in names]
    flags = [differentiable(t) for t in tensors(start)]
    state_leaves = [
        t.detach().clone().requires_grad_(f) for t, f in zip(tensors(start), flags, strict=True)
    ]

    def function(x: Tensor, *leaves: Tensor) -> tuple[Tensor, ...]:
        parts = iter(leaves[: len(flags)])
        given = map_state(lambda _: next(parts), start)
        parameters = dict(zip(names, leaves[len(flags) :], strict=True))
        y, final = torch.func.functional_call(layer, parameters, (x, given))
        return (y, *[t for t in tensors(final) if differentiable(t) and t.requires_grad])

    x = x.detach().clone().requires_grad_()
    assert torch.autograd.gradcheck(function, (x, *state_leaves, *values), fast_mode=fast)


def check_causality(layer: SequenceLayer[Any], x: Tensor) -> None:
    """A change at time t leaves every earlier output as it was, and reaches output t."""
    with torch.no_grad():
        y, _ = layer(x)
        for t in {0, x.shape[1] // 2, x.shape[1] - 1}:
            changed = x.clone()
            changed[:, t:] += torch.randn_like(changed[:, t:])
            other, _ = layer(changed)
            assert_close(f"outputs before {t}", other[:, :t], y[:, :t], 1e-12)
            assert not torch.allclose(other[:, t], y[:, t]), f"output {t} ignores input {t}"


def check_state_size(layer: SequenceLayer[Any], x: Tensor, grows: bool = False) -> None:
    """The state's shapes: batch first, the same at any length unless ``grows``; layer's dtype."""
    with torch.no_grad():
        _, short = layer(x[:, :1])
        _, long = layer(x)
    assert (state_bytes(long) > state_bytes(short)) is grows
    for start, t in zip(tensors(layer.initial_state(x.shape[0])), tensors(long), strict=True):
        assert t.shape[0] == x.shape[0]
        assert t.dtype == start.dtype
        assert t.device == start.device
        assert grows or t.shape == start.shape


def check_dtypes(layer: SequenceLayer[Any], x: Tensor) -> None:
    """float32 in, float32 out and close to float64; the layer comes back in float64."""
    with torch.no_grad():
        wanted, _ = layer.double()(x.double())
        got, _ = layer.float()(x.float())
        layer.double()
    assert got.dtype == torch.float32
    torch.testing.assert_close(got.double(), wanted, rtol=1e-3, atol=1e-4)


def check_bad_input(layer: SequenceLayer[Any], input_size: int) -> None:
    """Wrong rank, size, dtype, length 0 or a state of another batch raise and name the argument."""
    weight = next(layer.parameters())
    good = torch.randn(2, 3, input_size, dtype=weight.dtype)
    other = torch.float32 if weight.dtype == torch.float64 else torch.float64
    bad = {
        "rank": good[0],
        "features": torch.cat([good, good[..., :1]], dim=-1),
        "dtype": good.to(other),
        "length 0": good[:, :0],
        "device": good.to("meta"),
    }
    with without_shape_checks():
        for x in bad.values():
            with pytest.raises((ValueError, TypeError), match=r"^x must"):
                layer(x)
        state = layer.initial_state(2)
        for x in (good, good[:, 0, :1].repeat(1, input_size + 1), good[:, 0].to(other)):
            with pytest.raises((ValueError, TypeError), match=r"^x must"):
                layer.step(x, state)
        if tensors(state):
            for call, x in ((layer, good), (layer.step, good[:, 0])):
                with pytest.raises((ValueError, TypeError), match=r"state"):
                    call(x, layer.initial_state(3))
                wrong = map_state(lambda t: t.to(other) if t.is_floating_point() else t, state)
                if any(t.is_floating_point() for t in tensors(state)):
                    with pytest.raises((ValueError, TypeError), match=r"state"):
                        call(x, wrong)


def check_compiles(layer: SequenceLayer[Any], x: Tensor) -> None:
    """Dynamo traces ``forward`` into one graph; outputs and gradients are those without it."""
    # jaxtyping wraps all functions in one and the same code object, whose traces are limited.
    torch.compiler.reset()
    with without_shape_checks():
        run = torch.compile(layer, backend="aot_eager", fullgraph=True)
        (wanted, wanted_grads), (got, grads) = _trained(layer, x), _trained(run, x)
    assert_close("compiled output", got, wanted)
    for (name, grad), other in zip(wanted_grads.items(), grads.values(), strict=True):
        assert_close(f"compiled gradient of {name}", other, grad)


def _trained(run: Any, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """Return outputs, and gradients of their squares by the input and every parameter."""
    x = x.detach().clone().requires_grad_()
    y, _ = run(x)
    wanted = {"x": x} | {n: p for n, p in run.named_parameters() if p.requires_grad}
    grads = torch.autograd.grad(y.pow(2).sum(), list(wanted.values()), allow_unused=True)
    given = zip(wanted.items(), grads, strict=True)
    return y.detach(), {n: torch.zeros_like(p) if g is None else g for (n, p), g in given}
