"""Stock nbgrader on one submission, in a throw-away copy of the course.

nbgrader runs a submission with the rights of whoever grades. That is safe here only because
the copy, and all that happens in it, is shut in a bubblewrap: own processes, no network, the
machine read-only. Whatever the submission breaks is thrown away with the copy.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.leaks import notebook_text
from benchmarks.marks import read_marks

REPOSITORY = Path(__file__).resolve().parent.parent
INSIDE = "/tmp/course"
MEMORY = 12 << 30  # the machine's safety, not the submission's limit: nbgrader sets none
FILE = 2 << 30


@dataclass(frozen=True)
class StockOutcome:
    """What stock nbgrader did with one submission, and what the student would get back."""

    how: str
    marks: dict[str, dict[str, float | None]] = field(default_factory=dict)
    survivors: list[str] = field(default_factory=list)
    got_back: list[str] = field(default_factory=list)
    log: str = ""


def use_execute(course: Path) -> None:
    """Switch the course to nbgrader's own way of grading: hidden tests in the student's kernel."""
    config = course / "nbgrader_config.py"
    text = re.sub(r"^USE_JUDGE = True$", "USE_JUDGE = False", config.read_text(), flags=re.M)
    if "\nUSE_JUDGE = False\n" not in text:
        raise RuntimeError(f"{config} has no line 'USE_JUDGE = True' to switch off")
    config.write_text(text)


def run_stock(course: Path, assignment: str, student: str, seconds: float) -> StockOutcome:
    """Grade ``student`` in a copy of ``course``, which must use nbgrader's Execute already."""
    with tempfile.TemporaryDirectory(prefix="stock-", ignore_cleanup_errors=True) as folder:
        copy = Path(folder) / "course"
        shutil.copytree(course, copy, symlinks=True)
        try:
            _run_shut_in(copy, [assignment, student, str(seconds), "report.json"], seconds + 60)
            report = json.loads(_read(copy / "report.json"))
        except subprocess.TimeoutExpired:
            report = {"autograde": "hung"}
        except subprocess.CalledProcessError as error:
            told = error.stderr.decode(errors="replace")
            report = {"autograde": f"killed, exit {error.returncode}", "log": told}
        except ValueError as error:
            report = {"autograde": "no report", "log": str(error)}
        try:
            marks = read_marks(copy / "gradebook.db", assignment)
        except sqlite3.Error:
            marks = {}
        page = copy / "feedback" / student / assignment / f"{assignment}.html"
        notebook = copy / "autograded" / student / assignment / f"{assignment}.ipynb"
        return StockOutcome(
            report["autograde"],
            marks,
            report.get("survivors", []),
            [_read(page), notebook_text(_read(notebook)), report.get("exfiltrated", "")],
            report.get("log", ""),
        )


def _run_shut_in(copy: Path, arguments: Sequence[str], seconds: float) -> None:
    """Run ``benchmarks.stock_inside`` where it can change nothing but the copy."""
    shut_in = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]
    shut_in += ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"]
    shut_in += ["--ro-bind", str(REPOSITORY), str(REPOSITORY), "--bind", str(copy), INSIDE]
    shut_in += ["--setenv", "PATH", f"{Path(sys.executable).parent}:{os.defpath}"]
    shut_in += ["--setenv", "HOME", "/tmp", "--setenv", "OMP_NUM_THREADS", "1"]
    shut_in += ["--setenv", "PYTHONPATH", str(REPOSITORY), "--chdir", INSIDE]
    limits = ["prlimit", f"--as={MEMORY}", f"--fsize={FILE}", "--core=0"]
    program = [sys.executable, "-m", "benchmarks.stock_inside", *arguments]
    subprocess.run(
        [*limits, *shut_in, *program],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=seconds,
        check=True,
    )


def _read(path: Path) -> str:
    """Return a file's text, "" when there is none; follow no link that an attack left there."""
    if path.is_symlink() or not path.is_file():
        return ""
    return path.read_text(encoding="utf-8", errors="replace")
