"""Exact checks of transformers and state space models; nothing is trained.

Everything is in double precision and seeded, so it comes out the same every time.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from experiments.harness.registry import Outcome
from experiments.instruments.rounding import rounded
from solutions.attention import MultiHeadAttention
from solutions.depth import DepthStack, depth_jacobian_norms
from solutions.layer import unroll
from solutions.positions import Rotary, shift_matrix, sinusoidal
from solutions.selective import Mamba
from solutions.ssm import DiagonalSSM, zero_order_hold
from solutions.transformer import Encoder, EncoderBlock, TransformerConfig

Parameters = dict[str, Any]


def dense_permutation(p: Parameters) -> Outcome:
    """Permute the inputs of a random dense net, and of one that sums over tied inputs."""
    moved: dict[str, list[float]] = {"dense": [], "tied and summed": []}
    for seed in p["seeds"]:
        torch.manual_seed(seed)
        inputs, hidden = p["inputs"], p["hidden"]
        dense = nn.Sequential(nn.Linear(inputs, hidden), nn.Tanh(), nn.Linear(hidden, 4)).double()
        tied = nn.Sequential(nn.Linear(1, hidden), nn.Tanh()).double()
        x = torch.randn(inputs, dtype=torch.float64)
        shuffled = x[torch.randperm(inputs)]
        for name, y, z in (
            ("dense", dense(x), dense(shuffled)),
            ("tied and summed", *(tied(u.unsqueeze(1)).sum(0) for u in (x, shuffled))),
        ):
            moved[name].append(rounded(((y - z).norm() / y.norm()).item()))
    return {"relative_change": moved}


def attention_permutation(p: Parameters) -> Outcome:
    """Permute the tokens of self-attention: are the outputs permuted alike?"""
    moved: dict[str, list[float]] = {"no mask": [], "causal mask": []}
    for seed in p["seeds"]:
        torch.manual_seed(seed)
        layer = MultiHeadAttention(p["width"], p["heads"]).double()
        x = torch.randn(1, p["tokens"], p["width"], dtype=torch.float64)
        order = torch.randperm(p["tokens"])
        for name, causal in (("no mask", False), ("causal mask", True)):
            y, z = (layer.attend(u, layer.read(u), causal=causal) for u in (x, x[:, order]))
            moved[name].append(rounded((y[:, order] - z).abs().max().item()))
    return {"largest_difference": moved}


def sinusoid_shift(p: Parameters) -> Outcome:
    """Fit a matrix from positions to shifted positions, and test it on later ones.

    Fitted at ``fit_dim`` only: with more pairs the slow ones look alike within the few positions
    of the fit, and the matrix is no longer determined. The one by formula is tested at ``dims``.
    """
    fit, last, shift = p["fit"], p["last"], p["shift"]
    by_formula = {}
    for dim in p["dims"]:
        code = sinusoidal(last + shift + 1, dim)
        later, wanted = code[fit : last + 1], code[fit + shift : last + shift + 1]
        error = later @ shift_matrix(shift, dim).T - wanted
        by_formula[str(dim)] = rounded(error.abs().max().item())
    code = sinusoidal(last + shift + 1, p["fit_dim"])
    matrix = torch.linalg.lstsq(code[:fit], code[shift : shift + fit]).solution
    error = code[fit : last + 1] @ matrix - code[fit + shift : last + shift + 1]
    return {"formula_error": by_formula, "fitted_error": rounded(error.abs().max().item())}


def rotary(p: Parameters) -> Outcome:
    """Count a rotary module's weights; see what its scores depend on."""
    torch.manual_seed(p["seed"])
    turn = Rotary(p["dim"]).double()
    query, key = torch.randn(2, p["dim"], dtype=torch.float64)
    places = p["positions"]
    at = {place: [turn(u.unsqueeze(0), place)[0] for u in (query, key)] for place in places}
    by_distance: dict[int, list[float]] = {}
    for i, (q, _) in at.items():
        for j, (_, k) in at.items():
            by_distance.setdefault(i - j, []).append(float(q @ k))
    spread = max(max(scores) - min(scores) for scores in by_distance.values())
    first = [scores[0] for scores in by_distance.values()]
    return {
        "weights": sum(u.numel() for u in turn.parameters()),
        "spread_at_one_distance": spread,
        "spread_over_distances": rounded(max(first) - min(first)),
    }


def residual_depth(p: Parameters) -> Outcome:
    """Send a gradient down stacks of transformer blocks as they start.

    The gradient is that of a random projection of the outputs (before a pre-norm stack's last
    normalisation). ``lowest``: its norm by the lowest block's weights. ``carried``: what is
    left of it at the stack's input when it may take the way around the sublayers only, the
    carousel's path; 1 = all of it. ``start``: torch's own, or "xavier" (uniform, Xiong et al.).
    """
    lowest: dict[str, list[list[float]]] = {"pre": [], "post": []}
    carried: dict[str, list[list[float]]] = {"pre": [], "post": []}
    for norm in ("pre", "post"):
        for depth in p["depths"]:
            found = [down_a_stack(p, norm, depth, seed) for seed in p["seeds"]]
            lowest[norm].append([rounded(low) for low, _ in found])
            carried[norm].append([rounded(left) for _, left in found])
    return {"depths": p["depths"], "lowest": lowest, "carried": carried}


def down_a_stack(p: Parameters, norm: Any, depth: int, seed: int) -> tuple[float, float]:
    """Return the gradient's norm at the lowest block's weights, and the share carried around."""
    torch.manual_seed(seed)
    config = TransformerConfig(p["width"], p["heads"], depth, positions="none", norm=norm)
    blocks = Encoder(config).double().blocks
    if p["start"] == "xavier":
        for block in blocks:
            for weight in (w for w in block.parameters() if w.ndim == 2):
                nn.init.xavier_uniform_(weight)
    shape = p["batch"], p["tokens"], p["width"]
    x = torch.randn(shape, dtype=torch.float64).requires_grad_()
    above = torch.randn(shape, dtype=torch.float64)
    y = around = x
    for block in blocks:
        around = past_sublayers(block, y.detach(), around)
        y = block(y)
    weights = list(blocks[0].parameters())
    by_weights = torch.autograd.grad((y * above).sum() / p["batch"], weights)
    (by_input,) = torch.autograd.grad((around * above).sum(), x)
    low = torch.stack([g.norm() for g in by_weights]).norm()
    return low.item(), (by_input.norm() / above.norm()).item()


def past_sublayers(block: EncoderBlock, x: Tensor, around: Tensor) -> Tensor:
    """Return a block's output at x, as a function of the way around its sublayers only.

    ``around`` has the value of x. What the sublayers put out counts as constant.
    """
    with torch.no_grad():
        added = block(x) - x  # pre-norm: all that the sublayers add
        y = block.attention.attend(x, block.attention.read(x))
        z = block.feed_forward(block.norm1(x + y))
    if block.norm == "pre":
        return around + added
    return block.norm2(block.norm1(around + y) + z)


def depth_blocks(p: Parameters) -> Outcome:
    """Multiply the Jacobians of stacks of blocks that carry nothing, all, or what a gate says."""
    left: dict[str, list[list[float]]] = {}
    for kind in ("plain", "residual", "highway"):
        left[kind] = []
        for depth in p["depths"]:
            norms = []
            for seed in p["seeds"]:
                torch.manual_seed(seed)
                stack = DepthStack(kind, p["width"], depth).double()
                x = torch.randn(p["width"], dtype=torch.float64)
                norms.append(rounded(depth_jacobian_norms(stack, x)[-1].item()))
            left[kind].append(norms)
    return {"depths": p["depths"], "jacobian_norm": left}


def three_forms(p: Parameters) -> Outcome:
    """Compare a diagonal SSM's recurrence, convolution and scan; and Mamba's steps and scan."""
    worst: dict[str, float] = {}
    for seed in p["seeds"]:
        for length in p["lengths"]:
            torch.manual_seed(seed)
            x = torch.randn(2, length, p["width"], dtype=torch.float64)
            for start in ("lin", "inv", "real"):
                layer = DiagonalSSM(p["width"], p["states"], start=start).double()
                by_form = {}
                for form in ("recurrent", "convolution", "scan"):
                    layer.form = form
                    by_form[form] = layer(x)[0]
                for form in ("convolution", "scan"):
                    note(worst, f"S4D {form}", by_form[form] - by_form["recurrent"])
            layer = Mamba(p["width"], p["states"]).double()
            note(worst, "Mamba scan", layer(x)[0] - unroll(layer, x)[0])
    return {"largest_difference": worst}


def note(worst: dict[str, float], name: str, difference: Tensor) -> None:
    """Keep the largest difference so far under a name."""
    worst[name] = max(worst.get(name, 0.0), difference.abs().max().item())


def selection_is_gating(p: Parameters) -> Outcome:
    """Discretise dh/dt = -h + x with step softplus(z): is it a gate of sigmoid(z)?

    Then run both on random inputs: the discretised system, and
    h(t) = (1 - sigmoid(z)) h(t-1) + sigmoid(z) x(t).
    """
    torch.manual_seed(p["seed"])
    z = torch.linspace(-p["range"], p["range"], p["points"], dtype=torch.float64)
    A, B = -torch.ones(1, 1, dtype=torch.float64), torch.ones(1, 1, dtype=torch.float64)
    held = [zero_order_hold(A, B, float(F.softplus(u))) for u in z]
    keep = torch.stack([a.squeeze() for a, _ in held])
    write = torch.stack([b.squeeze() for _, b in held])
    gate = torch.sigmoid(z)
    h, gated, apart = 0.0, 0.0, 0.0
    for step in torch.randint(p["points"], (p["steps"],)).tolist():
        x = torch.randn((), dtype=torch.float64).item()
        h = keep[step].item() * h + write[step].item() * x
        gated = (1 - gate[step].item()) * gated + gate[step].item() * x
        apart = max(apart, abs(h - gated))
    return {
        "keep": ((-F.softplus(z)).exp() - (1 - gate)).abs().max().item(),
        "discretised_keep": (keep - (1 - gate)).abs().max().item(),
        "discretised_write": (write - gate).abs().max().item(),
        "states": apart,
    }


CHECKS = {
    function.__name__: function
    for function in (
        dense_permutation,
        attention_permutation,
        sinusoid_shift,
        rotary,
        residual_depth,
        depth_blocks,
        three_forms,
        selection_is_gating,
    )
}


def run(parameters: Parameters, device: str) -> Outcome:
    """Run the check that ``parameters["check"]`` names."""
    with torch.device(device):
        return CHECKS[parameters["check"]](parameters)
