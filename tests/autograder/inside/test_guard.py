"""Ready-made layers refuse at run time and are found by name in the source."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from autograder.inside.guard import Guard, refused_names, spellings

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
