"""Small measurements of cost, each for one claim of the ledger."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils.flop_counter import FlopCounterMode

from experiments.cost.measure import PeakTensors, build, fastest, one_thread, state_bytes, weights
from experiments.harness.registry import Outcome
from experiments.instruments.in_turn import Call, kept_bytes, training_pass
from experiments.instruments.probes import serial_steps
from experiments.instruments.rounding import rounded, slope
from solutions.attention import dot_product_attention
from solutions.carousel import LSTM1997
from solutions.chunked_attention import chunked_attention
from solutions.layer import unroll
from solutions.learning import rtrl, truncated_rule_1997
from solutions.nets1997 import LSTM1997Net
from solutions.rnn import RNN
from solutions.scan import hillis_steele_scan, sequential_scan
from solutions.transformer import Decoder, TransformerConfig

Parameters = dict[str, Any]


class CountCalls(TorchFunctionMode):
    """Counts the calls of one torch function."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function, self.calls = function, 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Count, then do what was asked."""
        self.calls += func is self.function
        return func(*args, **(kwargs or {}))


def doubling_scan(parameters: Parameters, device: str) -> Outcome:
    """Compute h = a h + b step by step and by doubling; count rounds and serial steps."""
    worst = 0.0
    for seed in parameters["seeds"]:
        torch.manual_seed(seed)
        shape = (1, parameters["length"], parameters["dim"])
        a = torch.rand(shape, dtype=torch.float64, device=device).requires_grad_()
        b = torch.randn(shape, dtype=torch.float64, device=device)
        one_by_one = sequential_scan(a, b)
        with CountCalls(torch.cat) as joined:
            doubled = hillis_steele_scan(a, b)
        worst = max(worst, (one_by_one - doubled).abs().max().item())
    return {
        "difference": worst,
        "rounds": joined.calls // 2,  # each round joins a and b once
        "serial_steps": {
            "one by one": serial_steps(one_by_one),
            "doubling": serial_steps(doubled),
        },
    }


def loop_or_scan(parameters: Parameters, device: str) -> Outcome:
    """Train a layer by its step loop and by its scan: difference of outputs, time of each."""
    torch.manual_seed(parameters["seed"])
    layer = build(parameters["kind"], parameters["arguments"]).to(device)
    exact = build(parameters["kind"], parameters["arguments"]).double().to(device)
    batch, width = parameters["batch"], parameters["arguments"]["input_size"]
    points, worst = [], 0.0
    for length in parameters["lengths"]:
        x = torch.randn(batch, length, width, device=device).requires_grad_()
        with torch.no_grad():
            both = exact(x.double())[0], unroll(exact, x.double())[0]
        worst = max(worst, (both[0] - both[1]).abs().max().item())
        leaves = [x, *layer.parameters()]
        calls: dict[str, Call] = {
            "loop": training_pass(lambda x=x: unroll(layer, x)[0], leaves),
            "scan": training_pass(lambda x=x: layer(x)[0], leaves),
        }
        with one_thread():
            took = fastest(calls, parameters["turns"])
        points.append({"size": length, **{name: rounded(s) for name, s in took.items()}})
    return {"difference": worst, "points": points}


def backward(parameters: Parameters, device: str) -> Outcome:
    """Time the backward pass alone of loops over time: a tanh net, and the LSTM of 1997.

    "truncated rule, loop" is the rule of 1997 as a loop of steps; "truncated rule" is the form
    of ``solutions.carousel`` that records one pass over all steps, since they are constants.
    """
    torch.manual_seed(parameters["seed"])
    inputs, width, narrow = (parameters[name] for name in ("inputs", "width", "narrow"))
    x = torch.randn(parameters["batch"], parameters["length"], inputs, device=device)
    nets: dict[str, tuple[nn.Module, Any]] = {"tanh net": (RNN(inputs, width), _read)}
    for cells, where in ((width, "equal width"), (narrow, "equal weights")):
        for rule, truncated, read in (
            ("full gradient", False, _read),
            ("truncated rule, loop", True, unroll),
            ("truncated rule", True, _read),
        ):
            layer = LSTM1997(inputs, cells, 1, truncated=truncated)
            nets[f"{rule}, {where}"] = layer, read
    calls: dict[str, Call] = {}
    for name, (layer, read) in nets.items():
        y = read(layer.to(device), x.requires_grad_())[0]
        calls[name] = partial(_backward_only, y, [x, *layer.parameters()])
    with one_thread():
        took = fastest(calls, parameters["turns"])
    work = {name: multiplications(call) for name, call in calls.items()}
    return {
        "weights": {name: weights(layer) for name, (layer, _) in nets.items()},
        "seconds": {name: rounded(s) for name, s in took.items()},
        "time_ratio": {name: rounded(s / took["tanh net"]) for name, s in took.items()},
        "work_ratio": {name: rounded(n / work["tanh net"]) for name, n in work.items()},
    }


def _read(layer: nn.Module, x: Tensor) -> Any:
    return layer(x)


def multiplications(call: Call) -> float:
    """Return how many multiplications the matrix products of a call take."""
    with FlopCounterMode(display=False) as counter:
        call()
    return counter.get_total_flops() / 2  # a product counts as one multiplication, one addition


def _backward_only(y: Tensor, leaves: list[Tensor]) -> None:
    torch.autograd.grad(y, leaves, torch.ones_like(y), retain_graph=True)


def rtrl_growth(parameters: Parameters, device: str) -> Outcome:
    """Time one step of RTRL and of the rule of 1997 while the units grow; count what they store.

    Multiplications inside matrix products are counted too: they have no overhead of calls.
    """
    steps, units = parameters["steps"], parameters["units"]
    learners: dict[str, dict[str, list[float]]] = {
        name: {"seconds": [], "multiplications": [], "stored": []} for name in ("RTRL", "1997")
    }
    for n in units:
        torch.manual_seed(parameters["seed"])
        x, plain = torch.randn(1, steps, 1, device=device), RNN(1, n).to(device)
        net = LSTM1997Net(1, 1, n, 1).to(device)
        target = torch.zeros(1, steps, n, device=device)
        calls: dict[str, Call] = {
            "RTRL": partial(rtrl, plain, x, target),
            "1997": partial(truncated_rule_1997, net, x, target[..., :1]),
        }
        with one_thread():
            took = fastest(calls, parameters["turns"], shortest=0.0)
        for name, call in calls.items():
            learners[name]["seconds"].append(rounded(took[name] / steps))
            learners[name]["multiplications"].append(multiplications(call) / steps)
        # d h_k / d w_im for every unit k and weight; ds / dW of cells and input gates.
        learners["RTRL"]["stored"].append(n * weights(plain))
        learners["1997"]["stored"].append(2 * n * (1 + net.hidden.units + 1))
    last = slice(-2, None)
    slopes = {
        name: {what: rounded(slope(units[last], values[last])) for what, values in found.items()}
        for name, found in learners.items()
    }
    slopes["RTRL"]["seconds, all"] = rounded(slope(units, learners["RTRL"]["seconds"]))
    return {"units": units, **learners, "slopes": slopes}


def attention_memory(parameters: Parameters, device: str) -> Outcome:
    """Compare attention with all scores stored to attention in chunks: outputs, memory, time."""
    points, worst = [], 0.0
    for length in parameters["lengths"]:
        torch.manual_seed(parameters["seed"])
        shape = (1, 1, length, parameters["head"])
        q, k, v = (torch.randn(shape, device=device).requires_grad_() for _ in range(3))
        # No mask: both do the same arithmetic.
        forms = {"full": dot_product_attention, "chunked": chunked_attention}
        with torch.no_grad():
            outputs = [form(q, k, v) for form in forms.values()]
        worst = max(worst, (outputs[0] - outputs[1]).abs().max().item())
        point: dict[str, Any] = {"size": length}
        with one_thread():
            for name, form in forms.items():
                with PeakTensors() as tensors:
                    training_pass(partial(form, q, k, v), [q, k, v])()
                point[f"{name} peak_bytes"] = tensors.peak
                point[f"{name} kept_bytes"] = kept_bytes(partial(form, q, k, v))
        points.append(point)
    lengths = parameters["lengths"][-2:]
    growth = {
        what: rounded(slope(lengths, [point[what] for point in points[-2:]]))
        for what in points[0]
        if what != "size"
    }
    return {"difference": worst, "points": points, "growth": growth}


def serial_calls(parameters: Parameters, device: str) -> Outcome:
    """Count a language model's calls and serial steps: to score given tokens, to generate them."""
    torch.manual_seed(parameters["seed"])
    count, width = parameters["tokens"], parameters["width"]
    config = TransformerConfig(width, 2, num_layers=2, positions="rotary")
    embed = nn.Embedding(parameters["symbols"], width).double().to(device)
    model, logits = Decoder(config).double().to(device), nn.Linear(width, parameters["symbols"])
    logits = logits.double().to(device)
    calls = 0

    def counted(*_: Any) -> None:
        nonlocal calls
        calls += 1

    model.register_forward_hook(counted)
    symbol = torch.zeros(1, 1, dtype=torch.long, device=device)
    state, given, outputs = None, [], []
    for _ in range(count):
        given.append(symbol)
        y, state = model(embed(symbol), state)
        outputs.append(logits(y))
        symbol = outputs[-1].argmax(-1)
    to_generate, calls = calls, 0
    scored = logits(model(embed(torch.cat(given, dim=1)))[0])
    generated = torch.cat(outputs, dim=1)
    return {
        "tokens": count,
        "calls": {"score": calls, "generate": to_generate},
        "serial_steps": {"score": serial_steps(scored), "generate": serial_steps(generated)},
        "outputs_before_the_last_token": len(outputs) - 1,
        "difference": (scored - generated).abs().max().item(),
    }


@torch.no_grad()
def state_growth(parameters: Parameters, device: str) -> Outcome:
    """Weigh what an LSTM and cached attention remember, and what training keeps, by length."""
    torch.manual_seed(parameters["seed"])
    width, lengths = parameters["width"], parameters["lengths"]
    layers = {
        "LSTM": build("gates.LSTM", {"input_size": width, "hidden_size": width}),
        "attention": build("attention.MultiHeadAttention", {"d_model": width, "num_heads": 2}),
    }
    found: Outcome = {"lengths": lengths}
    for name, layer in layers.items():
        layer.to(device)
        tokens = [torch.randn(1, length, width, device=device) for length in lengths]
        with torch.enable_grad():
            kept = [kept_bytes(lambda x=x, layer=layer: layer(x)[0]) for x in tokens]
        found[name] = {"state": [state_bytes(layer(x)[1]) for x in tokens], "training": kept}
    return found


RUNS = {
    function.__name__: function
    for function in (
        doubling_scan,
        loop_or_scan,
        backward,
        rtrl_growth,
        attention_memory,
        serial_calls,
        state_growth,
    )
}


def run(parameters: Parameters, device: str) -> Outcome:
    """Run a trial: ``parameters["measure"]`` names the function above."""
    return RUNS[parameters["measure"]](parameters, device)
