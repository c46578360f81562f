"""How much of the machine one process gets."""

from __future__ import annotations

import pytest

from autograder.errors import StudentDied
from autograder.inside import wire
from autograder.line.limits import Limits
from autograder.line.process import StudentProcess
from autograder.line.sandbox import Sandbox
from tests.autograder.line.conftest import LIMITS, Run

pytestmark = pytest.mark.sandbox


def test_a_fork_bomb_of_threads_is_small(run: Run) -> None:
    source = """
        import threading
        threading.stack_size(65536)
        made, wait = 0, threading.Event()
        try:
            while True:
                threading.Thread(target=wait.wait, daemon=True).start()
                made += 1
        except RuntimeError:
            print(made <= 16)
        wait.set()
    """
    assert run(source) == "True\n"


@pytest.mark.parametrize(
    "source",
    [
        "import torch; x = torch.ones(10**9)",
        "x = 'x' * 10**10",
        "import mmap; mmap.mmap(-1, 2**31)",
        "x = []\nwhile True: x.append(bytes(10**7))",
    ],
)
def test_memory_is_limited(run: Run, source: str) -> None:
    answer = run(source)
    assert any(word in answer for word in ("MemoryError", "allocate memory", "Cannot allocate"))
    assert run("print('still here')") == "still here\n"


@pytest.mark.parametrize("folder", ["/tmp", "/dev/shm"])
def test_files_are_limited(run: Run, folder: str) -> None:
    source = f"""
        size = 0
        try:
            for index in range(100):
                with open("{folder}/%d" % index, "wb") as file:
                    size += file.write(bytes(2**20))
        except OSError as error:
            print(error.errno, size <= 8 * 2**20)
    """
    assert run(source) == "28 True\n"


def test_printed_text_is_limited(run: Run) -> None:
    answer = run("import os\nfor _ in range(1000): print('x' * 10**7)", 120.0)
    assert len(answer) < LIMITS.output_chars + 100
    assert "9999981000 more characters" in answer.replace(",", "")
    assert run("import os; os.write(1, b'x' * 10**6); os.write(2, b'y')") == ""


def test_processor_time_is_limited(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "limits", Limits(cpu_s=1))
    process = sandbox.spawn()
    with pytest.raises(StudentDied, match="processor time"):
        process.request(wire.Exec("c", "while True: pass"), 20.0)


STANDING = """
import resource, time
clock, start = time.process_time, time.process_time()
for name in ("time", "monotonic", "perf_counter", "process_time"):
    setattr(time, name, lambda: start)
resource.getrusage = lambda who: None
while clock() < start + 0.5:
    pass
"""


def test_processor_time_is_read_from_outside(process: StudentProcess) -> None:
    """Also of a process that stops every clock it has."""
    process.request(wire.Exec("c", STANDING), 20.0)
    process.kill()
    assert 0.5 <= process.cpu_s < 5.0


def test_processor_time_of_a_process_that_died(process: StudentProcess) -> None:
    with pytest.raises(StudentDied):
        process.request(wire.Exec("c", f"{STANDING}import os; os._exit(3)"), 20.0)
    assert 0.5 <= process.cpu_s < 5.0
