"""A remote object reads like an ordinary one, gradients included."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from autograder.checks import CheckFailure
from autograder.inside import wire
from autograder.line.local import LocalTransport
from autograder.suite.desk import Desk
from autograder.suite.record import Record
from autograder.suite.session import PlainWords, brief
from autograder.suite.student import Remote, Student

CELL = """
from typing import NamedTuple
import torch
from torch import nn

class State(NamedTuple):
    h: torch.Tensor
    count: int = 0

class Cell(nn.Module):
    def __init__(self, i, h):
        super().__init__()
        self.w = nn.Parameter(torch.randn(h, i))
        self.u = nn.Parameter(torch.randn(h, h))
        self.unused = nn.Parameter(torch.randn(2))
        self.drop = nn.Dropout(0.5)
        self.size = h

    def step(self, x, state):
        h = torch.tanh(x @ self.w.T + state.h @ self.u.T)
        return h, State(h, state.count + 1)

    def three(self):
        return 1, 2, 3

    def wrong(self, x):
        y = x + 1
        raise ValueError("sizes differ")

    def later(self):
        raise NotImplementedError

def damage_data(x):
    x.data.fill_(1)

def damage(x, y):
    y += 1
    return x

def nested(x):
    return {"a": [x * 2, (x.long(), None)], "b": "text", "c": 3.5}

def identity(x):
    return x

def takes(*, named):
    return named * 2

NUMBER = 7

def detached(x):
    return x.detach() * 2
"""

WRONG, LATER = (
    CELL[: CELL.index(text)].count("\n") + 1 for text in ("raise Value", "raise NotImpl")
)


@pytest.fixture
def student() -> Student:
    line = LocalTransport()
    assert isinstance(line.request(wire.Exec("cell", CELL), 5.0)[0], wire.Done)
    return Student(line)


def reference(
    cell: Remote, x: torch.Tensor, h: torch.Tensor, steps: int
) -> dict[str, torch.Tensor]:
    weights = {k: v.clone().requires_grad_() for k, v in cell.state_dict().items()}
    for _ in range(steps):
        h = torch.tanh(x @ weights["w"].T + h @ weights["u"].T)
    h.square().sum().backward()
    return weights


def test_values_and_gradients_equal_those_of_the_layer_in_one_process(student: Student) -> None:
    cell = student.Cell(3, 5).double()
    x = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    start = torch.randn(4, 5, dtype=torch.float64)
    state = student.State(start)
    for _ in range(3):
        y, state = cell.step(x, state)
    y.square().sum().backward()
    own = x.grad
    x.grad = None
    weights = reference(cell, x, start, 3)
    torch.testing.assert_close(own, x.grad, rtol=0, atol=1e-12)
    grads = cell.grads()
    for name in ("w", "u"):
        torch.testing.assert_close(grads[name], weights[name].grad, rtol=0, atol=1e-12)
    assert grads["unused"] is None
    cell.zero_grad()
    assert set(cell.grads().values()) == {None}


def test_gradcheck_works_and_leaves_parameter_gradients_alone(student: Student) -> None:
    cell = student.Cell(2, 3).double()
    x = torch.randn(2, 2, dtype=torch.float64, requires_grad=True)
    h = torch.randn(2, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x, h: cell.step(x, student.State(h))[0], (x, h))
    assert set(cell.grads().values()) == {None}
    cell.step(x, student.State(h))[0].sum().backward()
    assert cell.grads()["w"] is not None


def test_parameter_gradients_accumulate_like_pytorchs(student: Student) -> None:
    cell = student.Cell(2, 3)
    x, state = torch.randn(1, 2), student.State(torch.zeros(1, 3))
    cell.step(x, state)[0].sum().backward()
    once = cell.grads()["w"]
    cell.step(x, state)[0].sum().backward()
    torch.testing.assert_close(cell.grads()["w"], once * 2)


def test_no_graph_is_kept_without_grad(student: Student) -> None:
    cell = student.Cell(2, 3)
    with torch.no_grad():
        y, state = cell.step(torch.ones(1, 2, requires_grad=True), student.State(torch.zeros(1, 3)))
    assert not y.requires_grad
    assert not state.h.requires_grad
    assert student._session.transport._runtime._graphs == {}


def test_graphs_go_when_nobody_needs_them(student: Student) -> None:
    cell = student.Cell(2, 3)
    runtime = student._session.transport._runtime
    y, state = cell.step(torch.ones(1, 2), student.State(torch.zeros(1, 3)))
    assert len(runtime._graphs) == 1
    del y, state
    student._session.last_result = None
    assert cell.size == 3
    assert runtime._graphs == {}


def test_records_are_tuples_with_names_and_can_go_back(student: Student) -> None:
    state = student.State(torch.zeros(1, 3))
    assert isinstance(state, Record)
    assert isinstance(state, tuple)
    assert state._fields == ("h", "count")
    h, count = state
    assert (count, state.count) == (0, 0)
    assert torch.equal(h, state.h)
    assert state._replace(count=4).count == 4
    _, after = student.Cell(2, 3).step(torch.ones(1, 2), state._replace(count=4))
    assert after.count == 5
    assert not hasattr(state, "c")
    with pytest.raises(CheckFailure, match=r"State has no field `c`; its fields are: h, count"):
        _ = state.c


def test_all_kinds_of_values_pass(student: Student) -> None:
    x = torch.tensor([1.5, -2.5], requires_grad=True)
    result = student.nested(x)
    assert torch.equal(result["a"][1][0], torch.tensor([1, -2]))
    assert (result["b"], result["c"], result["a"][1][1]) == ("text", 3.5, None)
    result["a"][0].sum().backward()
    assert torch.equal(x.grad, torch.tensor([2.0, 2.0]))
    assert student.takes(named=torch.ones(1)).item() == 2
    assert not student.detached(x).requires_grad
    same = student.identity(x)
    same.sum().backward()
    assert torch.equal(x.grad, torch.tensor([3.0, 3.0]))


def test_writing_into_an_input_is_noticed(student: Student) -> None:
    x, y = torch.zeros(2), torch.zeros(2)
    student.identity(x)
    assert not student.changed_inputs
    student.damage(x, y)
    assert student.changed_inputs
    assert y.sum() == 0


def test_writing_through_data_is_noticed(student: Student) -> None:
    student.damage_data(torch.zeros(2))
    assert student.changed_inputs


@pytest.mark.parametrize(
    "write",
    [
        "x.data.fill_(1)",
        "x.numpy()[0] = 1",
        "torch.from_dlpack(x).fill_(1)",
        "x[1:].data.fill_(1)",
        "x.data = torch.ones(2)",
        "torch._C._autograd._unsafe_set_version_counter((x.fill_(1),), (0,))",
    ],
)
@pytest.mark.parametrize("where", ["plain", "record", "list"])
def test_writing_is_noticed_however_it_is_done(student: Student, write: str, where: str) -> None:
    """By the bytes: a version counter sees not every way, and can be set back."""
    given = {"plain": "x", "record": "x.h", "list": "x[0]"}[where]
    source = f"def write(x):\n    x = {given}\n    {write}\n    return 0"
    student._session.transport.request(wire.Exec("writing", source), 5.0)
    tensor = torch.zeros(2)
    student.write({"plain": tensor, "record": student.State(tensor), "list": [tensor]}[where])
    assert student.changed_inputs


POSER = """
import types

class Poser:
    def __init__(self): self.shape = (3, 2)
    def double(self): return self
    def any(self): return True
    def abs(self): return self
    def max(self): return 0.5
    def __float__(self): return 0.5
    def __bool__(self): return True
    def __len__(self): return 3
    def __getitem__(self, i): return self

class Posing(nn.Module):
    def state_dict(self, *args, **kwargs): return {"w": Poser(), "b": None}
    def named_parameters(self, *args, **kwargs): yield "w", types.SimpleNamespace(grad=Poser())

def poser(): return Poser()
"""


def test_an_object_does_not_pass_for_a_tensor(student: Student) -> None:
    """Nor for a truth, a number or a sequence, whatever methods it has on its own side."""
    student._session.transport.request(wire.Exec("posing", POSER), 5.0)
    posing = student.Posing()
    with pytest.raises(CheckFailure, match=r"'w' in Posing.state_dict should be a tensor"):
        posing.state_dict()
    with pytest.raises(CheckFailure, match=r"'w' in Posing.grads should be a tensor"):
        posing.grads()
    poser = student.poser()
    for use in (bool, float, int, len, list, lambda p: p[0], range, lambda p: 1 if p else 2):
        with pytest.raises(CheckFailure, match="poser"):
            use(poser)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("sizes differ", "sizes differ"),
        ("shapes (2, 3) and (4,)", "shapes (2, 3) and (4,)"),
        ("got tensor([[0.25, 1.5],\n        [3.0, 4.0]])", "got [...]"),
        ("array([1., 2.]) is odd", "[...]"),
        ("x was [0.1, -2.5e-3, 7.25, 1.0]", "x was [...]"),
        ("one\ntwo", "one"),
        ("a" * 300, "a" * 200 + " [...]"),
    ],
)
def test_text_of_an_exception_carries_no_inputs(student: Student, text: str, shown: str) -> None:
    assert brief(text) == shown
    source = f"def tell(x):\n    raise ValueError({text!r})"
    student._session.transport.request(wire.Exec("telling", source), 5.0)
    with pytest.raises(CheckFailure) as caught:
        student.tell(torch.ones(2))
    assert str(caught.value) == f"tell raised ValueError: {shown} (cell telling, line 2)"


def test_a_definition_of_ours_stands_in_and_goes_again(student: Student) -> None:
    for name in ("damage", "not_there_before"):
        with student.lent(name, f"def {name}(x, y=0):\n    return x + 40"):
            assert getattr(student, name)(2, 0) == 42
    assert torch.equal(student.damage(torch.zeros(1), torch.zeros(1)), torch.zeros(1))
    with pytest.raises(CheckFailure, match="not_there_before"):
        student.not_there_before(2)
    with pytest.raises(ZeroDivisionError), student.lent("damage", "damage = None"):
        raise ZeroDivisionError
    assert student.damage is not None


def test_several_definitions_of_ours_stand_in_at_once(student: Student) -> None:
    first, second = ("def damage(x, y):\n    return 1", "def twice(x):\n    return 2")
    with student.lent("damage", first), student.lent("twice", second):
        assert (student.damage(0, 0), student.twice(0)) == (1, 2)
    assert torch.equal(student.damage(torch.zeros(1), torch.zeros(1)), torch.zeros(1))


def test_a_name_is_asked_for_once_and_its_value_every_time(
    student: Student, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    request = LocalTransport.request

    def noted(self: LocalTransport, body: wire.AnyBody, *args: object, **more: object) -> object:
        asked.extend([body.name] if isinstance(body, wire.Get) else [])
        return request(self, body, *args, **more)

    monkeypatch.setattr(LocalTransport, "request", noted)
    assert student.Cell(2, 3).size == student.Cell(2, 4).size - 1
    assert asked == ["Cell"]
    assert (student.NUMBER, student.NUMBER) == (7, 7)
    assert asked == ["Cell", "NUMBER", "NUMBER"]


def test_modules_convert_load_and_switch_mode(student: Student) -> None:
    cell = student.Cell(2, 3)
    new = {name: torch.ones_like(value) for name, value in cell.state_dict().items()}
    cell.load_state_dict(new)
    assert all(torch.equal(value, new[name]) for name, value in cell.state_dict().items())
    assert cell.double().state_dict()["w"].dtype == torch.float64
    assert cell.float().state_dict()["w"].dtype == torch.float32
    assert cell.training is True
    assert cell.eval().training is False
    assert cell.train().training is True
    assert type(cell.w) is torch.Tensor
    with pytest.raises(CheckFailure, match="load_state_dict raised RuntimeError"):
        cell.load_state_dict({"w": torch.ones(1)})


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda s: s.Nothing, "`Nothing` is not defined: is its cell filled in?"),
        (
            lambda s: s.Cell(2, 3).wrong(1),
            f"Cell.wrong raised ValueError: sizes differ \\(cell cell, line {WRONG}\\)$",
        ),
        (
            lambda s: s.Cell(2, 3).later(),
            f"Cell.later is not filled in yet \\(cell cell, line {LATER}\\)$",
        ),
        (lambda s: s.Cell(2), r"Cell raised TypeError.*missing 1 required positional argument"),
        (lambda s: s.Cell(2, 3).nope, "Cell.nope raised AttributeError"),
        (lambda s: list(s.Cell(2, 3)), "returned a Cell where several values were expected"),
        (
            lambda s: s.State.double(),
            r"State.to raised TypeError: a type is not a torch\.nn\.Module",
        ),
    ],
)
def test_what_goes_wrong_is_told_to_the_student(student: Student, action, message: str) -> None:
    with pytest.raises(CheckFailure, match=message):
        action(student)


def test_hasattr_means_what_it_says(student: Student) -> None:
    assert hasattr(student, "Cell")
    assert not hasattr(student, "Nothing")
    assert hasattr(student.Cell(2, 3), "step")
    assert not hasattr(student.Cell(2, 3), "nope")


def test_a_judges_own_object_is_not_sent(student: Student) -> None:
    with pytest.raises(TypeError, match="cannot be sent"):
        student.identity(nn.Linear(1, 1))


def test_nothing_is_asked_after_the_deadline(student: Student) -> None:
    late = Student(student._session.transport, deadline=0.0)
    with pytest.raises(CheckFailure, match="time for the whole notebook"):
        _ = late.Cell


class Guide(PlainWords):
    def why(self, failure: wire.Failure) -> str:
        return f"look at {failure.name}"


def test_explanations_are_added() -> None:
    student = Student(LocalTransport(), words=Guide())
    with pytest.raises(CheckFailure, match="`Cell` is not defined: look at Cell"):
        _ = student.Cell


# --- another process --------------------------------------------------------------------------

COUNTING = "calls = []\ndef count():\n    calls.append(1)\n    return len(calls)"


def counting() -> LocalTransport:
    line = LocalTransport()
    line.request(wire.Exec("cell", COUNTING), timeout=1.0)
    return line


def test_a_fresh_process_knows_nothing_of_the_old_one() -> None:
    student = Student(counting(), desk=Desk(renew=counting))
    assert [student.count(), student.count()] == [1, 2]
    assert student.anew() > 0
    assert student.count() == 1


def test_what_is_let_go_late_takes_nothing_from_the_fresh_process() -> None:
    student = Student(counting(), desk=Desk(renew=counting))
    old = student.count
    student.anew()
    assert student.count() == 1
    del old  # its number in the old process is that of `count` in the new one
    assert student.count() == 2


def test_where_there_is_one_process_it_stays() -> None:
    student = Student(counting())
    assert student.count() == 1
    assert student.anew() > 0
    assert student.count() == 2


def test_what_the_student_draws_can_be_repeated() -> None:
    line = LocalTransport()
    line.request(wire.Exec("cell", "import torch\ndef draw():\n    return torch.rand(3)"), 1.0)
    student = Student(line)
    found = []
    for seed in (1, 1, 2):
        student.seed(torch.Generator().manual_seed(seed))
        found.append(student.draw())
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])
