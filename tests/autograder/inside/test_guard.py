"""Ready-made layers refuse at run time and are found by name in the source."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
import torch
from torch import nn

from autograder.hidden.rnn_limits.suite import suite
from autograder.inside.guard import Guard
from autograder.inside.scan import refused_names, spellings
from tests.conftest import ROOT

NAMES = [
    "torch.nn.RNN",
    "torch.nn.RNNCell",
    "torch.nn.RNNBase",
    "torch.nn.LSTM",
    "torch.nn.functional.scaled_dot_product_attention",
]


def attempts() -> dict[str, object]:
    weights = [torch.zeros(2, 2), torch.zeros(2, 2), torch.zeros(2), torch.zeros(2)]
    x = torch.zeros(1, 3, 2)
    made = nn.RNN(2, 2)
    sequence = (x, torch.zeros(1, 1, 2), weights, True, 1, 0.0, False, False, True)
    return {
        "class": lambda: nn.RNN(2, 2),
        "alias": lambda: torch.nn.modules.rnn.RNN(2, 2),
        "subclass": lambda: type("Mine", (nn.RNNCell,), {})(2, 2),
        "base": lambda: nn.RNNBase("RNN_TANH", 2, 2),
        "instance made before": lambda: made(x),
        "attention": lambda: nn.functional.scaled_dot_product_attention(x, x, x),
        "attention behind": lambda: torch._C._nn.scaled_dot_product_attention(x, x, x),
        "torch function": lambda: torch.rnn_tanh(*sequence),
        "cell function": lambda: torch.rnn_tanh_cell(x[0], x[0], *weights),
        "_VF": lambda: torch._VF.rnn_tanh(*sequence),
        "_VariableFunctions": lambda: torch._C._VariableFunctions.rnn_tanh(*sequence),
        "aten": lambda: torch.ops.aten.rnn_tanh(*sequence),
    }


@pytest.mark.parametrize("way", sorted(attempts()))
def test_refuses_inside_and_works_again_outside(way: str) -> None:
    attempt = attempts()[way]
    attempt()  # works before
    with (
        Guard(spellings(NAMES)),
        pytest.raises(RuntimeError, match=r"ready made.*writing it yourself"),
    ):
        attempt()
    attempt()


DIFFERENTIATION = ["torch.autograd.grad", "torch.autograd.backward", "torch.func.grad"]
CLIPPING = ["torch.nn.utils.clip_grad_norm_", "torch.nn.utils.get_total_norm"]


def deeper() -> dict[str, Callable[[], object]]:
    """Ways to the same things that no name in a module leads to."""
    weights = [torch.zeros(2, 2), torch.zeros(2, 2), torch.zeros(2), torch.zeros(2)]
    x = torch.zeros(1, 2)
    aten = torch.ops.aten
    text = "def f(x, w, b):\n    # type: (Tensor, Tensor, Tensor) -> Tensor\n    return {}\n"
    script = torch.jit.CompilationUnit(text.format("torch.rnn_tanh_cell(x, x, w, w, b, b)")).f
    leaf = torch.ones(2, requires_grad=True)
    made = leaf.sum()
    norm = torch.nn.utils.clip_grad_norm_
    return {
        "overload": lambda: aten.rnn_tanh_cell.default(x, x, *weights),
        "decomposition": lambda: aten.rnn_tanh_cell.default.decompose(x, x, *weights),
        "namespace": lambda: type(aten)("aten").rnn_tanh_cell(x, x, *weights),
        "schema": lambda: torch._C._jit_get_operation("aten::rnn_tanh_cell")[0](x, x, *weights),
        "script": lambda: script(x, weights[0], weights[2]),
        "scripted class": lambda: torch.jit.script(nn.LSTMCell(2, 2))(x),
        "inner kernel": lambda: aten._thnn_differentiable_lstm_cell_backward(
            x, x, x.repeat(1, 4), x.repeat(1, 4), torch.zeros(8), torch.zeros(8), x, x
        ),
        "method": lambda: made.backward(retain_graph=True),
        "function": lambda: torch.autograd.grad(made, leaf, retain_graph=True),
        "transform": lambda: torch.func.grad(torch.sum)(x),
        "forward mode": lambda: torch.func.jvp(torch.sin, (x,), (x,)),
        "jacobian": lambda: torch.func.jacfwd(torch.sin)(x),
        "wrapped": lambda: norm.__wrapped__([leaf], 1.0),
        "module's own name": lambda: torch.nn.utils.clip_grad._get_total_norm([x]),
    }


@pytest.mark.parametrize("way", sorted(deeper()))
def test_no_other_way_leads_there(way: str) -> None:
    attempt = deeper()[way]
    attempt()
    guard = Guard(spellings([*NAMES, *DIFFERENTIATION, *CLIPPING]))
    with guard, pytest.raises(RuntimeError, match="ready made"):
        attempt()
    attempt()


FOR_GOOD = """
import gc, importlib, sys
import torch
from autograder.inside.guard import Guard
from autograder.inside.scan import spellings

def refused(attempt):
    try:
        attempt()
    except (RuntimeError, ImportError) as error:
        return "ready made" in str(error)
    return False

guard = Guard(spellings({names!r}))
guard.close()
x, w, b = torch.zeros(1, 2), torch.zeros(2, 2), torch.zeros(2)
cell = lambda: torch.rnn_tanh_cell(x, x, w, w, b, b)
norm = lambda: torch.nn.utils.get_total_norm([x])
assert refused(cell) and refused(norm)
for thing in gc.get_objects():  # nothing is kept that could give it back
    if isinstance(thing, Guard):
        thing.__exit__(None, None, None)
assert refused(cell) and refused(norm)
home = sys.modules["torch.nn.utils.clip_grad"]
assert refused(lambda: importlib.reload(home))
del sys.modules["torch.nn.utils.clip_grad"]
assert refused(lambda: importlib.import_module("torch.nn.utils.clip_grad"))
"""


def test_what_is_closed_stays_closed() -> None:
    """In a process of its own: for good means for this one, too."""
    source = FOR_GOOD.format(names=[*NAMES, *CLIPPING])
    subprocess.run([sys.executable, "-c", source], check=True, cwd=ROOT)


HARMLESS = """
import copy, io, pickle, sys
import torch
from torch import nn
from autograder.inside.guard import Guard
from autograder.inside.scan import spellings

Guard(spellings({names!r})).close()
layer = nn.Linear(2, 2)
torch.optim.SGD(layer.parameters(), lr=0.1).step()  # the first one imports much of torch
torch.compile(layer, backend="eager")(torch.ones(2))
torch.fx.symbolic_trace(layer)
torch.jit.script(layer)(torch.ones(2))
torch.func.vmap(layer)(torch.ones(3, 2))
torch.func.functional_call(layer, dict(layer.named_parameters()), torch.ones(2))
torch.utils.checkpoint.checkpoint(layer, torch.ones(2), use_reentrant=False)
nn.utils.vector_to_parameters(nn.utils.parameters_to_vector(layer.parameters()), layer.parameters())
pickle.loads(pickle.dumps(copy.deepcopy(layer)))
kept = io.BytesIO()
torch.save(layer.state_dict(), kept)
assert not isinstance(layer, (nn.RNN, nn.LSTM))
assert issubclass(type("Mine", (nn.RNNBase,), {{}}), nn.Module)
assert "torch._dynamo" in sys.modules and "torch._decomp" in sys.modules
"""


def test_what_is_not_refused_works_all_the_same() -> None:
    """In a fresh process: what torch imports on first use finds what it looks for."""
    source = HARMLESS.format(names=suite.refuse)
    subprocess.run([sys.executable, "-c", source], check=True, cwd=ROOT)


def test_a_name_of_its_own_is_all_that_goes_of_something_others_need() -> None:
    """What is written in C++ and no layer: everything that torch makes with it goes on."""
    x = torch.ones(2)
    with Guard(spellings(["torch.linalg.norm"])):
        with pytest.raises(RuntimeError, match=r"torch\.linalg\.norm is ready made"):
            torch.linalg.norm(x)
        torch.linalg.vector_norm(x)
    assert torch.linalg.norm(x) == torch.linalg.vector_norm(x)


def test_other_things_keep_working() -> None:
    with Guard(spellings(NAMES)):
        layer = nn.Linear(3, 2)
        layer(torch.zeros(1, 3)).sum().backward()
        assert torch._C._VariableFunctions.tanh(torch.zeros(1)).item() == 0
        assert not isinstance(layer, nn.RNN)


def test_a_name_this_torch_does_not_have_is_no_problem() -> None:
    with Guard(spellings(["torch.nn.NoSuchLayer", "torch.nope.Nothing"])):
        nn.RNN(2, 2)


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("import torch\nx = torch.nn.RNN(2, 3)", 2),
        ("import torch.nn as N\n\ny = N.RNN", 3),
        ("from torch import nn as N\nN.modules.rnn.RNN(1, 2)", 2),
        ("from torch.nn import RNN as Mine", 1),
        ("from torch.nn import *\nRNN(2, 3)", 2),
        ("import torch\nn = torch.nn\nn.RNN(1, 2)", 3),
        ("import torch\ngetattr(torch.nn, 'RNN')(1, 2)", 2),
        ("import torch\nclass A(torch.nn.RNN): pass", 2),
        ("import torch\ntorch.rnn_tanh(1)", 2),
        ("import torch\ndef f():\n    return torch._VF.rnn_tanh", 3),
        ("%matplotlib inline\nimport torch\nx = torch.nn.RNN(2, 3)", 3),
        ("import torch\nif x:\n    !ls\n    y = torch.nn.RNN(2, 3)", 4),
        ("import torch.nn.functional as F\nF.scaled_dot_product_attention(q, k, v)", 2),
    ],
)
def test_finds_the_name(source: str, line: int) -> None:
    found = refused_names(source, NAMES)
    assert found
    assert found[0][0] == line


@pytest.mark.parametrize(
    "source",
    [
        "# torch.nn.RNN\ns = 'torch.nn.RNN'",
        "import torch\nclass RNN(torch.nn.Module): pass\nRNN()",
        "from torch.nn import *\nclass RNN(Module): pass\nRNN()",
        "import mine\nmine.nn.RNN()",
        "def broken(:",
        "x.nn.RNN",
    ],
)
def test_leaves_the_innocent_alone(source: str) -> None:
    assert refused_names(source, NAMES) == []


def test_imports_of_earlier_cells_count() -> None:
    aliases: dict[str, str] = {}
    assert refused_names("from torch import nn", NAMES, aliases) == []
    assert refused_names("layer = nn.RNN(2, 3)", NAMES, aliases) == [(1, "torch.nn.RNN")]
