"""Whole notebooks: every submission gets the mark it earned and a reason."""

from __future__ import annotations

import copy
from typing import Any

import nbformat.v4 as v4
import pytest
import torch

from autograder.checks import Student, Suite
from autograder.errors import AutograderError, CheckFailure, StudentTimeout
from autograder.inside import wire
from autograder.judge.cells import plain
from autograder.judge.notebook import judge_notebook
from autograder.line.local import LocalSpawner, LocalTransport
from autograder.notebooks.outline import line_of
from autograder.suite.examine import NO_WORDS
from autograder.verdict import Verdict, decode, encode
from tests.autograder.small import (
    LAYER,
    SCALE,
    SOURCE,
    cell,
    judge,
    messages,
    points,
    scales,
    statuses,
    submitted,
    suite,
)


def test_a_right_submission_gets_everything() -> None:
    verdict = judge(submitted())
    assert verdict.points == verdict.max_points == 7.0
    assert set(statuses(verdict).values()) == {"ok"}
    assert verdict.problems == []
    assert verdict.isolation == "none"
    assert (verdict.student, verdict.assignment, verdict.fingerprint) == ("ada", "a1", "f")
    assert verdict.cells[-1].stdout == "Layer()\n"


def test_credit_is_per_check() -> None:
    verdict = judge(
        submitted("def scale(x):\n    return 2 * x + 1", LAYER.replace("zeros", "ones"))
    )
    assert points(verdict) == [1.0, 3.0]
    assert "differs by up to 1 at index" in messages(verdict)["scales"]
    assert messages(verdict)["scales"].endswith("Is the factor right?")
    assert messages(verdict)["scale_gradient"] == ""


def test_a_failed_check_says_what_was_asked_what_came_back_and_where_to_look() -> None:
    verdict = judge(submitted("def scale(x):\n    return 3 * x"))
    failed, _ = verdict.parts[0].checks
    assert failed.examined == "scale((5,))"
    assert failed.came_back.startswith("float32 tensor of shape (5,), as it should be; first wrong")
    assert failed.help == "Read “scale-test” in the notebook again."
    assert verdict.parts[0].help == [failed.help]
    passed = verdict.parts[1].checks[0]
    assert (passed.examined, passed.came_back, passed.help) == ("", "", "")


def test_a_verdict_from_before_these_were_told_is_read() -> None:
    written = encode(judge(submitted("def scale(x):\n    return 3 * x")))
    for name in (b"examined", b"came_back", b"help"):
        written = written.replace(b'"%s"' % name, b'"forgotten"')
    old = decode(written).parts[0].checks[0]
    assert (old.examined, old.came_back, old.help) == ("", "", "")
    assert old.message


def test_the_same_seed_gives_the_same_verdict() -> None:
    wrong = submitted("def scale(x):\n    return x + torch.rand(5)")
    assert messages(judge(wrong)) == messages(judge(wrong))
    assert messages(judge(wrong)) != messages(judge(wrong, seed=2))


def test_a_blank_submission_is_told_what_is_missing() -> None:
    verdict = judge(submitted("# YOUR CODE HERE\nraise NotImplementedError()", ""))
    assert verdict.points == 0
    assert messages(verdict)["scales"] == (
        "`scale` is not defined: the answer cell `scale` is not filled in yet"
    )
    assert messages(verdict)["bias"] == "`Layer` is not defined: is its cell filled in?"


def test_one_broken_cell_costs_only_what_depends_on_it() -> None:
    verdict = judge(submitted("def scale(x:\n"))
    assert points(verdict) == [0.0, 4.0]
    assert statuses(verdict)["scale"] == "error"
    assert "SyntaxError" in messages(verdict)["scales"]
    assert "SyntaxError" in next(c.error for c in verdict.cells if c.cell_id == "scale")


def test_a_helper_outside_the_solution_cells_is_explained() -> None:
    helper = cell("def helper(x): return 2 * x")
    verdict = judge(submitted("def scale(x):\n    return helper(x)", LAYER, helper))
    assert points(verdict) == [0.0, 4.0]
    assert (
        "`helper` is defined in a cell of your own, which grading does not run; "
        "move it into the answer cell `scale`"
    ) in messages(verdict)["scales"]
    at_top = judge(submitted(f"helper(1)\n{SCALE}", LAYER, helper))
    assert "move it into the answer cell `scale`" in messages(at_top)["scales"]


def test_cells_added_by_the_student_do_not_run() -> None:
    verdict = judge(submitted("", LAYER, cell("def scale(x): return 2 * x")))
    assert points(verdict) == [0.0, 4.0]
    assert "cell of your own" in messages(verdict)["scales"]


def test_demonstrations_do_not_run_and_a_name_from_one_is_explained() -> None:
    source = copy.deepcopy(SOURCE)
    shows = cell("FACTOR = 2\nraise SystemExit('a demonstration has run')")
    shows.metadata["tags"] = ["demonstration"]
    source.cells.insert(1, shows)
    verdict = judge(submitted("def scale(x):\n    return FACTOR * x"), source=source)
    assert shows.id not in statuses(verdict)
    assert "demonstration, which grading does not run" in messages(verdict)["scales"]
    assert points(verdict) == [0, 4]
    changed = submitted(SCALE, LAYER, cell("raise KeyError", id=shows.id))
    assert judge(changed, source=source).problems == []


def test_edited_and_deleted_tests_change_nothing() -> None:
    edited = judge(submitted("def scale(x): return x", test="pass"))
    assert points(edited) == [0.0, 4.0]
    (problem,) = edited.problems
    assert problem.startswith("The test cell `scale-test` was changed; grading uses the original.")
    assert statuses(edited)["scale-test"] == "error"
    deleted = submitted()
    deleted.cells = [c for c in deleted.cells if "test" not in str(c.metadata)]
    verdict = judge(deleted)
    assert verdict.points == 7.0
    assert len(verdict.problems) == 2


def test_differing_twins_count_for_nothing_and_the_rest_still_does() -> None:
    verdict = judge(submitted(SCALE, LAYER, cell("x = 1", "scale", solution=True)))
    assert points(verdict) == [0.0, 4.0]
    assert "differ" in verdict.problems[0]
    assert statuses(verdict)["scale"] == "missing"
    assert "missing or unclear" in messages(verdict)["scales"]


def test_a_notebook_without_metadata_is_one_clear_problem() -> None:
    verdict = judge(v4.new_notebook(cells=[cell(SCALE), cell(LAYER)]))
    assert verdict.points == 0
    assert len(verdict.problems) == 1
    assert all(messages(verdict).values())


@pytest.mark.parametrize(
    "source",
    [
        "Layer = nn.Linear",
        "class Layer(nn.Linear): pass",
        "from torch.nn import Linear as Layer",
        "Layer = getattr(nn, 'Linear')",
    ],
)
def test_ready_made_layers_are_refused_by_name(source: str) -> None:
    verdict = judge(submitted(layer=source))
    assert points(verdict) == [3.0, 0.0]
    assert messages(verdict)["bias"] == (
        f"Line 1 of the answer cell `layer`, `{source}`: torch.nn.Linear is ready made; "
        "this exercise is about writing it yourself"
    )


def test_ready_made_layers_are_refused_at_run_time() -> None:
    hidden = "Layer = vars(nn)['Lin' + 'ear']"
    verdict = judge(submitted(layer=hidden))
    assert points(verdict) == [3.0, 0.0]
    assert "ready made" in messages(verdict)["bias"]


@pytest.fixture
def only_layers_refuse_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suite, "refuse_in", {"layer-test": ["torch.sum"]})


@pytest.mark.parametrize("call", ["torch.sum(x)", "vars(torch)['su' + 'm'](x)"])
def test_a_part_refuses_what_another_may_use(only_layers_refuse_sum: None, call: str) -> None:
    using = f"def scale(x):\n    return 2 * x + 0 * {call}"
    assert points(judge(submitted(using))) == [3.0, 4.0]
    layer = LAYER.replace("return x @", f"return 0 * {call} + x @")
    verdict = judge(submitted(using, layer))
    assert points(verdict)[0] == 3.0
    assert "torch.sum is ready made" in messages(verdict)["affine"]


def test_a_part_refuses_what_a_helper_of_another_part_does(only_layers_refuse_sum: None) -> None:
    using = "def total(x):\n    return torch.sum(x)\n\n" + SCALE.replace(
        "2 * x", "2 * x + 0 * total(x)"
    )
    layer = LAYER.replace("return x @", "return 0 * total(x) + x @")
    verdict = judge(submitted(using, layer))
    assert points(verdict) == [3.0, 1.0]
    assert "torch.sum is ready made" in messages(verdict)["affine"]


def test_control_characters_do_not_get_out() -> None:
    verdict = judge(submitted("print('\\x1b[31mred\\x07')\nraise ValueError('\\x1b]0;title\\x07')"))
    assert "\\u001b" not in encode(verdict).decode()
    assert "ValueError" in messages(verdict)["scales"]
    assert plain("a\x1b\n\tb", 10) == "a\n\tb"
    assert plain("x" * 11, 10) == "x" * 10 + " [...]"


SILENT = {"none": "", "control characters": "\x1b\x07\x00", "blank": " \n\t "}


@pytest.mark.parametrize("said", sorted(SILENT))
def test_a_failure_whose_words_are_cleaned_away_is_no_pass(said: str) -> None:
    silent = Suite("silent")
    for grade_id, worth in (("scale-test", 3), ("layer-test", 4)):

        @silent.check(grade_id, points=worth, title="t")
        def _(student: Student, rng: torch.Generator) -> None:
            raise CheckFailure(SILENT[said])

        silent._checks[grade_id] = silent._checks.pop("_")
    verdict = judge_with(silent)
    assert verdict.points == 0
    assert set(messages(verdict).values()) == {NO_WORDS}


DEEP = {
    "a sum": "1" + "+1" * 950,
    "a sum Python gives up on": "1" + "+1" * 40_000,
    "calls": "int" + "()" * 900,
    "unary": "-" * 90_000 + "1",
    "parentheses": "(" * 300 + ")" * 300,
    "attributes": "int" + ".a" * 900,
    "a long line": "[" + "0," * 150_000 + "]",
    "a null byte": "1\0",
    "half a surrogate pair": "'\ud800'",
}


@pytest.mark.parametrize("deep", sorted(DEEP))
def test_a_deep_cell_costs_only_what_is_in_it(deep: str) -> None:
    verdict = judge(submitted(SCALE, LAYER, cell(f"x = {DEEP[deep]}")))
    assert verdict.points == 7.0
    verdict = judge(submitted(f"{SCALE}\nx = lambda: {DEEP[deep]}"))
    if statuses(verdict)["scale"] == "ok":
        assert points(verdict) == [3.0, 4.0]
    else:
        assert points(verdict) == [0.0, 4.0]
        assert "`scale` is not defined: " in messages(verdict)["scales"]
        assert "the answer cell `scale` " in messages(verdict)["scales"]
    assert "SyntaxError" in str(verdict) or "not run" in str(verdict) or verdict.points == 7


def test_a_cell_longer_than_the_grader_reads_says_so() -> None:
    verdict = judge(submitted(f"{SCALE}\n# {'x' * 100_000}"))
    assert points(verdict) == [0.0, 4.0]
    assert messages(verdict)["scales"] == (
        "`scale` is not defined: the answer cell `scale` was not run: it is longer than the "
        "grader reads: more than 100,000 characters in one cell"
    )


class Slow(LocalTransport):
    """A process that a scan of certain cells ends, as a clock or a limit of memory would."""

    def request(self, body: wire.AnyBody, timeout: float, **more: Any) -> Any:
        if isinstance(body, wire.Scan) and "riddle" in body.source:
            self.kill()
            raise StudentTimeout(f"{timeout:g} s")
        return super().request(body, timeout, **more)


class SlowSpawner(LocalSpawner):
    def __init__(self) -> None:
        self.spawned = 0

    def spawn(self) -> LocalTransport:
        self.spawned += 1
        return Slow()


def test_a_cell_that_nobody_can_scan_is_not_run_and_hides_nothing() -> None:
    sandbox = SlowSpawner()
    answer = "Layer = Mine"
    cells = submitted(f"{SCALE}\nriddle = 1\nfrom torch.nn import Linear as Mine", answer)
    verdict = judge(cells, sandbox)
    assert verdict.points == 0
    assert "was not run: it is too much for Python to read" in messages(verdict)["scales"]
    assert sandbox.spawned == 2
    # What was imported before the riddle is known in the process after it.
    cells = submitted("from torch.nn import Linear as Mine", "riddle = 1\nLayer = Mine")
    assert judge(cells, SlowSpawner()).points == 0
    cells = submitted(f"{SCALE}\nfrom torch.nn import Linear as Mine", answer)
    cells.cells[2].source = "riddle"
    verdict = judge(cells, SlowSpawner())
    assert "ready made" in messages(verdict)["bias"]


def test_a_forged_line_number_names_no_line() -> None:
    for line in (-(2**31), -1, 0, 2**31):
        assert line_of("the cell", line, "x = 1").endswith("the cell")


def test_suite_and_source_must_agree() -> None:
    few = Suite("few")
    few.check("scale-test", points=1, title="t")(scales)
    with pytest.raises(AutograderError, match="worth 3 points and its checks 1"):
        judge_with(few)
    stray = Suite("stray")
    stray.check("nowhere", points=1, title="t")(scales)
    with pytest.raises(AutograderError, match="'nowhere', which is no graded cell"):
        judge_with(stray)


def judge_with(other: Suite) -> Verdict:
    return judge_notebook(
        SOURCE,
        submitted(),
        other,
        LocalSpawner(),
        student="",
        assignment="",
        seed=0,
        fingerprint="",
    )


def test_what_checks_measure_is_on_the_verdict_and_a_fresh_process_is_none_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As often as a check may ask for one."""
    asking = Suite("small")

    @asking.check("scale-test", points=3, title="measures")
    def measures(student: Student, rng: torch.Generator) -> None:
        for _ in range(20):  # more than may be lost
            assert student.anew() >= 0
        student.desk.measured["score"] = float(student.scale(torch.tensor(21.0)))
        student.desk.measured["written"] = float("def scale" in student.desk.written)

    for check in suite.checks_for("layer-test"):
        asking.check("layer-test", points=check.points, title=check.title)(check.function)
    verdict = judge(submitted(), by=asking)
    assert verdict.points == verdict.max_points
    assert verdict.measured == {"score": 42.0, "written": 1.0}
