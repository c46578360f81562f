"""Runs inside the throw-away sandbox: stock nbgrader on one submission, then look around.

    python -m benchmarks.stock_inside ASSIGNMENT STUDENT SECONDS RESULT.json

The current directory is a copy of a course. Grades and generates feedback as an instructor
would, with nbgrader's own commands, then writes down what the submission left running and
what arrived at the port that attacks send secrets to.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.listener import PORT, Listener
from benchmarks.processes import adopt_orphans, survivors

FEEDBACK_S = 30.0


def nbgrader(command: str, assignment: str, student: str, seconds: float) -> tuple[str, str]:
    """Run one of nbgrader's commands; return how it ended and the end of what it logged."""
    arguments = [sys.executable, "-m", "nbgrader", command, assignment, "--student", student]
    log = Path(f"{command}.log")
    with log.open("wb") as stream:
        try:
            code = subprocess.run(
                arguments, stdout=stream, stderr=stream, stdin=subprocess.DEVNULL, timeout=seconds
            ).returncode
            how = "ok" if code == 0 else f"exit {code}"
        except subprocess.TimeoutExpired:
            how = "timeout"
    return how, log.read_text(errors="replace")[-4000:]


def main() -> None:
    assignment, student, seconds, result = sys.argv[1:5]
    adopt_orphans()
    with Listener(PORT) as listener:
        graded, log = nbgrader("autograde", assignment, student, float(seconds))
        left = survivors()
        feedback, _ = nbgrader("generate_feedback", assignment, student, FEEDBACK_S)
        report = {
            "autograde": graded,
            "feedback": feedback,
            "survivors": left[:20],
            "exfiltrated": listener.text,
            "log": log,
        }
    Path(result).write_text(json.dumps(report))


if __name__ == "__main__":
    main()
