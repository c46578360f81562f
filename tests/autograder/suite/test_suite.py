"""Checks pass or fail, in words a student can act on, and repeat exactly."""

from __future__ import annotations

import gc
import sys
import types
import weakref
from collections.abc import Callable

import pytest
import torch

import autograder.hidden
from autograder.checks import (
    CheckFailure,
    Student,
    Suite,
    examine,
    expect,
    expect_close,
    expect_gradcheck,
    expect_shape,
    expect_type,
    load_suite,
    run_in_kernel,
)
from autograder.errors import AutograderError
from autograder.inside import wire
from autograder.line.local import LocalTransport
from autograder.suite.examine import NO_WORDS, Failed, result
from autograder.verdict import CheckResult

NAN, INF = float("nan"), float("inf")


def tensor(*numbers: float, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.tensor(numbers, dtype=dtype)


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (tensor(1, 2), tensor(1, 2 + 1e-11)),
        (tensor(NAN, 1), tensor(NAN, 1)),
        (tensor(INF, -INF), tensor(INF, -INF)),
        (2.0, 2),
        (torch.tensor(2.0), 2.0),
        (tensor(3, dtype=torch.int64), tensor(3, dtype=torch.int64)),
        (tensor(1, dtype=torch.bool), tensor(1, dtype=torch.bool)),
        (tensor(), tensor()),
    ],
)
def test_close_enough(actual: object, expected: torch.Tensor) -> None:
    expect_close(actual, expected, atol=1e-10)


@pytest.mark.parametrize(
    ("actual", "expected", "words"),
    [
        (tensor(1, NAN), tensor(1, 2), r"is NaN at index \(1,\) \(1 of them\)"),
        (tensor(1, 2), tensor(1, NAN), "differs"),
        (tensor(1, INF), tensor(1, 2), r"differs by up to inf at index \(1,\)"),
        (tensor(INF), tensor(-INF), "differs by up to inf"),
        (tensor(5), tensor(INF), "differs"),
        (tensor(1, 2), tensor(1, 2.5), r"by up to 0.5 at index \(1,\); 1 of 2 values"),
        (torch.tensor(1.0), torch.tensor(2.0), "by up to 1 at its only value"),
        (tensor(1, 2), tensor(1, 2).view(1, 2), r"shape \(2,\), expected \(1, 2\)"),
        (tensor(1).float(), tensor(1), "dtype float32, expected float64"),
        (None, tensor(1), "should be a Tensor, but is None"),
        ((tensor(1), 2), tensor(1), "is a tuple of 2 values"),
        (True, 1.0, "is a bool"),
        ("1", 1.0, "is a str"),
    ],
)
def test_not_close(actual: object, expected: torch.Tensor, words: str) -> None:
    with pytest.raises(CheckFailure, match=words) as caught:
        expect_close(actual, expected, atol=1e-10, hint="Is tanh missing?")
    if "should be" not in words and " is a " not in f" {words}":
        assert str(caught.value).endswith("Is tanh missing?")


def test_an_infinite_tolerance_never_hides_an_infinite_answer() -> None:
    with pytest.raises(CheckFailure):
        expect_close(tensor(0), tensor(INF), atol=0, rtol=1)


def test_expected_values_are_not_printed() -> None:
    with pytest.raises(CheckFailure) as caught:
        expect_close(torch.zeros(3), torch.tensor([0.0, 0.123456, 0.0]), atol=1e-6)
    assert "0.123456" not in str(caught.value)


def test_the_other_expectations() -> None:
    expect(True, "")
    expect_shape(torch.zeros(2, 3), (2, 3))
    expect_type(1, (int, str))
    ones = torch.ones(2, dtype=torch.float64, requires_grad=True)
    expect_gradcheck(lambda x: x**2, ones, shapes=[(2,)])
    expect_gradcheck(lambda x: (x**2, x.sum()), ones, shapes=[(2,), ()])
    with pytest.raises(CheckFailure, match="no"):
        expect(False, "no")
    with pytest.raises(CheckFailure, match="should be an int or a str, but is a float"):
        expect_type(1.5, (int, str))

    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 3

    with pytest.raises(CheckFailure, match=r"disagrees with finite differences\. Think"):
        expect_gradcheck(Wrong.apply, ones, shapes=[(2,)], hint="Think")


def test_no_jacobian_is_made_of_an_answer_of_another_size() -> None:
    """However large the answer is, and whatever the calls before it gave."""
    sizes = iter([2, 600_000])
    made: list[int] = []

    def growing(x: torch.Tensor) -> torch.Tensor:
        made.append(next(sizes))
        return x.sum().expand(made[-1])

    ones = torch.ones(2, dtype=torch.float64, requires_grad=True)
    with pytest.raises(CheckFailure, match=r"shape \(600000,\), expected \(2,\)"):
        expect_gradcheck(growing, ones, shapes=[(2,)])
    assert made == [2, 600_000]
    with pytest.raises(CheckFailure, match="2 results, expected 1"):
        expect_gradcheck(lambda x: (x, x), ones, shapes=[(2,)])


def test_points_are_the_sum_of_the_checks() -> None:
    suite = Suite("s")
    for index in range(3):
        suite.check("a" if index else "b", points=index + 0.5, title="t")(
            types.FunctionType((lambda student, rng: None).__code__, {}, f"check_{index}")
        )
    assert suite.points("a") == 4.0
    assert [check.name for check in suite.checks_for("a")] == ["check_1", "check_2"]
    assert suite.grade_ids == ["b", "a"]


def test_a_suite_refuses_twins_and_worthless_checks() -> None:
    suite = Suite("s")

    def twin(student: Student, rng: torch.Generator) -> None: ...

    suite.check("a", points=1, title="t")(twin)
    with pytest.raises(AutograderError, match="two checks"):
        suite.check("a", points=1, title="t")(twin)
    with pytest.raises(AutograderError, match="worth 0 points"):
        Suite("s").check("a", points=0, title="t")(twin)


CODE = """
import torch
def two(x): return x, x
def one(x): return x
def number(): return 4
def noise(): return torch.rand(3)
"""


def failed(function: Callable[[Student, torch.Generator], None], seed: int = 0) -> Failed | None:
    line = LocalTransport()
    line.request(wire.Exec("c", CODE), 5.0)
    suite = Suite("s")
    suite.check("a", points=1, title="t")(function)
    return examine(suite, suite.checks[0], Student(line), line, seed)


def examined(function: Callable[[Student, torch.Generator], None], seed: int = 0) -> str | None:
    found = failed(function, seed)
    return found and found.message


def test_a_check_passes_by_returning() -> None:
    assert examined(lambda student, rng: None) is None


def test_a_check_leaves_nothing_of_its_conversation_behind() -> None:
    """A worker judges thousands: an answer's graph and its session must not keep each other."""
    seen: list[weakref.ref[object]] = []

    def asks_with_gradient(student: Student, rng: torch.Generator) -> None:
        seen.append(weakref.ref(student._session))
        student.one(torch.ones(2, requires_grad=True))

    assert examined(asks_with_gradient) is None
    gc.collect()
    assert seen[0]() is None


def _raise(error: Exception) -> None:
    raise error


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda s, r: expect(False, "reason"), "reason"),
        (lambda s, r: _raise(CheckFailure()), ""),
        (lambda s, r: _raise(KeyError("bug")), "could not be examined: KeyError: 'bug'"),
        (lambda s, r: (lambda a, b, c: 0)(*s.two(1)), "could not be examined: TypeError"),
        (lambda s, r: s.number() @ 3, "could not be examined: TypeError"),
        (lambda s, r: s.two(1).h, "two returned a tuple of 2 values, which has no `h`"),
    ],
)
def test_whatever_goes_wrong_is_zero_and_a_reason(function, words: str) -> None:
    message = examined(function)
    assert message is not None
    assert words in message


def test_a_wrong_number_of_results_is_told_as_such() -> None:
    def three(student: Student, rng: torch.Generator) -> None:
        _a, _b, _c = student.two(torch.ones(1))

    def few(student: Student, rng: torch.Generator) -> None:
        (_a,) = student.two(1)

    def none(student: Student, rng: torch.Generator) -> None:
        _a, _b = student.number()

    assert examined(three) == "two returned 2 values, expected 3 values"
    assert examined(few) == "two returned 2 values, expected 1 values"
    assert examined(none) == "number returned an int, expected several"


@pytest.mark.parametrize(
    ("function", "asked", "came_back"),
    [
        (
            lambda s, r: expect_close(s.two(torch.ones(2))[1], tensor(1, 1.5), atol=0.1),
            "two((2,))",
            "float32 tensor of shape (2,); the dtype should be float64",
        ),
        (
            lambda s, r: expect_close(s.one(tensor(1, 7, 3)), tensor(1, 2, 3.5), atol=0.1),
            "one((3,))",
            "float64 tensor of shape (3,), as it should be; first wrong at index (1,), most at "
            "index (1,), by 5; tolerance 0.1",
        ),
        (
            lambda s, r: expect_close(s.one(tensor(1, NAN)), tensor(2, 2), atol=0.1, rtol=0.5),
            "one((2,))",
            "float64 tensor of shape (2,), as it should be; first wrong at index (1,), first NaN "
            "at index (1,); tolerance 0.1 + 0.5 of its size",
        ),
        (
            lambda s, r: expect_shape(s.one(tensor(1)), (1, 1)),
            "one((1,))",
            "float64 tensor of shape (1,); the shape should be (1, 1)",
        ),
        (lambda s, r: expect_type(s.number(), str), "number()", "int"),
        (lambda s, r: expect_close(s.number(), 5.0, atol=0.1), "number()", "float64 number, as it"),
        (lambda s, r: expect(len(s.two(x := tensor(1))) == x, "no"), "two((1,))", "tuple of 2 ("),
        (lambda s, r: s.two(1, True, named=[None]), "two(a number, True, named=list)", ""),
        (lambda s, r: expect(False, "no"), "", ""),
    ],
)
def test_a_failure_says_what_was_asked_and_what_came_back(
    function, asked: str, came_back: str
) -> None:
    found = failed(function)
    assert found is not None
    assert found.examined == asked
    assert found.came_back.startswith(came_back)
    assert bool(came_back) == bool(found.came_back)


def test_a_slice_is_known_by_the_call_that_gave_it() -> None:
    def look(student: Student, rng: torch.Generator) -> None:
        first = student.one(torch.ones(4, 2))
        student.two(3)  # asked later, for a hint
        expect_close(first[1:], torch.zeros(3, 2), atol=0)

    found = failed(look)
    assert found is not None
    assert found.examined == "one((4, 2))"


def test_who_repeats_a_failure_in_other_words_keeps_what_came_back() -> None:
    def look(student: Student, rng: torch.Generator) -> None:
        try:
            expect_shape(student.one(torch.ones(2)), (3,))
        except CheckFailure as failure:
            raise CheckFailure(f"with twos {failure}") from None

    found = failed(look)
    assert found is not None
    assert found.came_back.endswith("the shape should be (3,)")


def test_the_same_seed_gives_the_same_numbers_on_both_sides() -> None:
    seen: list[list[torch.Tensor]] = []

    def draw(student: Student, rng: torch.Generator) -> None:
        seen.append([torch.rand(3, generator=rng), student.noise(), torch.rand(3)])

    for seed in (1, 1, 2):
        examined(draw, seed)
    assert all(torch.equal(a, b) for a, b in zip(seen[0], seen[1], strict=True))
    assert not any(torch.equal(a, b) for a, b in zip(seen[0], seen[2], strict=True))
    assert not torch.equal(seen[0][0], seen[0][1])


def test_a_check_leaves_the_judges_own_random_numbers_alone() -> None:
    def draw(student: Student, rng: torch.Generator) -> None:
        torch.rand(100)

    state = torch.get_rng_state()
    assert examined(draw) is None
    assert torch.equal(torch.get_rng_state(), state)


def test_a_part_may_refuse_more_than_the_others() -> None:
    suite = Suite("s", refuse=["torch.nn.RNN"], refuse_in={"a": ["torch.autograd.grad"]})
    assert suite.refused("a") == ["torch.nn.RNN", "torch.autograd.grad"]
    assert suite.refused("b") == ["torch.nn.RNN"]


def test_parts_can_be_worth_something_else(example: Suite) -> None:
    heavier = example.weighed({"part": 30}, ["other"])
    assert heavier.points("part") == 10 * example.points("part")
    shares = [check.points / 30 for check in heavier.checks_for("part")]
    assert shares == [check.points / 3 for check in example.checks_for("part")]
    assert (heavier.optional, example.optional) == ({"other"}, set())
    assert heavier.refused("part") == example.refused("part")
    assert example.points("part") == 3


def test_results_are_all_or_nothing() -> None:
    suite = Suite("s")
    suite.check("a", points=2, title="t")(lambda student, rng: None)
    check = suite.checks[0]
    assert result(check, None) == CheckResult("<lambda>", "t", 2.0, 2.0)
    assert result(check, Failed("no")) == CheckResult("<lambda>", "t", 0.0, 2.0, "no")
    for nothing in ("", " \n\t"):
        assert result(check, Failed(nothing)) == CheckResult("<lambda>", "t", 0.0, 2.0, NO_WORDS)


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Suite:
    suite = Suite("example_suite", refuse=["torch.nn.RNN"])

    @suite.check("part", points=2, title="doubles")
    def doubles(student: Student, rng: torch.Generator) -> None:
        x = torch.rand(3, generator=rng)
        expect_close(student.double(x), x * 2, atol=1e-6)

    @suite.check("part", points=1, title="says so")
    def says(student: Student, rng: torch.Generator) -> None:
        expect(student.word() == "yes", "word() should say yes")

    module = types.ModuleType("autograder.hidden.example_suite")
    module.suite = suite  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(autograder.hidden, "example_suite", module, raising=False)
    return suite


def test_load_suite(example: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_suite("example_suite") is example
    with pytest.raises(AutograderError, match="no hidden test suite 'nothing_here'"):
        load_suite("nothing_here")
    for bad in ("../x", "a.b", "", "os;"):
        with pytest.raises(AutograderError, match="not the name of a suite"):
            load_suite(bad)
    monkeypatch.delattr(sys.modules["autograder.hidden.example_suite"], "suite")
    with pytest.raises(AutograderError, match="no `suite`"):
        load_suite("example_suite")


def test_in_a_kernel_work_is_done_once_for_all_checks(example: Suite) -> None:
    done: list[str] = []
    for name in ("first", "second"):

        def check(student: Student, rng: torch.Generator) -> None:
            student.desk.once("work", lambda rng: done.append("work"))

        check.__name__ = name
        example.check("long", points=1, title=name)(check)
    assert run_in_kernel("example_suite", "long", 2, {}) == 2.0
    assert done == ["work"]


def test_in_a_kernel_the_points_come_back_and_the_reasons_are_printed(
    example: Suite, capsys: pytest.CaptureFixture[str]
) -> None:
    namespace = {"double": lambda x: x * 2, "word": lambda: "no"}
    assert run_in_kernel("example_suite", "part", 3, namespace) == 2.0
    assert capsys.readouterr().out == "says so: word() should say yes\n"
    assert run_in_kernel("example_suite", "part", 3, namespace | {"word": lambda: "yes"}) == 3.0
    assert run_in_kernel("example_suite", "part", 3, {}) == 0.0
    made = {"double": lambda x: torch.nn.RNN(1, 1), "word": lambda: "yes"}
    assert run_in_kernel("example_suite", "part", 3, made) == 1.0
    assert "ready made" in capsys.readouterr().out
    assert run_in_kernel("example_suite", "part", 6, namespace) == 4.0
