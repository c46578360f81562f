"""How a process ends, and lies on the line to it: each costs the process, never the judge."""

from __future__ import annotations

import pytest

from autograder.errors import MalformedReply, StudentDied, StudentTimeout
from autograder.inside import wire
from autograder.line.process import StudentProcess
from tests.autograder.line.conftest import Run

pytestmark = pytest.mark.sandbox


def test_an_endless_loop_is_stopped(process: StudentProcess) -> None:
    with pytest.raises(StudentTimeout):
        process.request(wire.Exec("c", "while True:\n try:\n  while 1: pass\n except: pass"), 0.5)
    assert not process.alive
    with pytest.raises(StudentDied):
        process.request(wire.Get("x"), 1.0)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import os; os._exit(3)", "exit code 3"),
        ("import os; os._exit(0)", "exit code 0"),
        ("import ctypes; ctypes.string_at(0)", "segmentation fault"),
        ("import os; os.abort()", "segmentation fault|signal 6"),
        ("import os; os.close(3)", "exit code|closed its line"),
        ("import os, time; os.close(3); time.sleep(100)", "closed its line"),
    ],
)
def test_a_process_that_ends_says_how(process: StudentProcess, source: str, words: str) -> None:
    with pytest.raises(StudentDied, match=words):
        process.request(wire.Exec("c", source), 20.0)
    assert not process.alive


def test_what_does_not_end_the_process(run: Run) -> None:
    assert run("input()").startswith("EOFError")
    assert run("import sys; sys.exit()").startswith("SystemExit")
    assert run("exit()").startswith("SystemExit")
    assert run("import os, signal; os.kill(os.getpid(), signal.SIGKILL); print('here')") == "here\n"


# --- lies on the line ---


@pytest.mark.parametrize(
    "garbage",
    [
        "b'\\x00\\x00\\x00\\x08' + b'nonsense'",
        "b'\\xff' * 100",
        "b'\\x00\\x00\\x00\\x00'",
        "bytes(10**5)",
        "b'\\x01\\x00'",
    ],
)
def test_garbage_on_the_line_is_noticed(process: StudentProcess, garbage: str) -> None:
    source = f"""if True:
        import os
        for fd in range(3, 64):
            try: os.write(fd, {garbage})
            except OSError: pass
    """
    with pytest.raises((MalformedReply, StudentTimeout)):
        process.request(wire.Exec("c", source), 2.0)
    assert not process.alive


def test_an_answer_sent_in_advance_never_counts(process: StudentProcess) -> None:
    source = """if True:
        import os
        from autograder.inside import wire
        forged = wire.with_length(wire.pack(wire.Reply("0" * 32, wire.Done(True)), []))
        os.write(3, forged)
    """
    with pytest.raises(MalformedReply, match="not asked"):
        process.request(wire.Exec("c", source), 5.0)


def test_a_stolen_request_buys_one_wrong_answer_and_no_more(process: StudentProcess) -> None:
    source = """if True:
        import os, sys
        from autograder.inside import wire
        def steal():
            frame = sys._getframe()
            while "request" not in frame.f_locals:
                frame = frame.f_back
            reply = wire.Reply(frame.f_locals["request"].id, wire.Done("forged"))
            os.write(3, wire.with_length(wire.pack(reply, [])))
    """
    process.request(wire.Exec("c", source), 5.0)
    steal = process.request(wire.Get("steal"), 5.0)[0].value
    body, _ = process.request(wire.Call(steal.id, [], {}, False), 5.0)
    assert body == wire.Done("forged")
    with pytest.raises(MalformedReply, match="not asked"):
        process.request(wire.Get("steal"), 5.0)


def test_an_endless_answer_is_not_read(process: StudentProcess) -> None:
    source = (
        "import os\nos.write(3, (2**31).to_bytes(4, 'big'))\nwhile 1: os.write(3, bytes(10**6))"
    )
    with pytest.raises(MalformedReply, match="limit"):
        process.request(wire.Exec("c", source), 5.0)


def test_a_slow_trickle_is_not_waited_for(process: StudentProcess) -> None:
    source = (
        "import os, time\nos.write(3, b'\\0\\0\\1\\0')\nwhile 1: os.write(3, b'x'); time.sleep(.1)"
    )
    with pytest.raises(StudentTimeout):
        process.request(wire.Exec("c", source), 1.0)
