"""Which system calls does student code need? The measurement behind the filter's list.

    python -m benchmarks.syscalls [ordinary|right|wrong|hostile ...]

Runs every ordinary cell of `samples/ordinary`, and every right, wrong and hostile submission,
in a sandbox under strace, and prints each system call that a confined process made, with the
argument that the filter looks at, how often, for which corpora, and how it was answered when the
filter said no. A call that an honest corpus makes and the filter refuses is marked: either the
list is too short, or whoever made it goes on without. Ends with one line for scripts:

    syscalls made=91 refused_to_honest=2

Run it on a new kind of machine, and when torch, Python or the C library change.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import nbformat
from rich.console import Console
from rich.table import Table

from autograder.checks import load_suite
from autograder.errors import Unreadable
from autograder.inside import wire
from autograder.judge.notebook import judge_notebook
from autograder.line.limits import Limits
from autograder.line.sandbox import Sandbox
from autograder.notebooks.assemble import assemble
from autograder.notebooks.marks import grade_id_of, is_solution
from autograder.notebooks.read import read_bytes, read_submission
from samples.corpus import build_submission, versions
from samples.hostile_notebooks import attacks

ROOT = Path(__file__).resolve().parent.parent
EXERCISE = ROOT / "exercises" / "01-rnn-limits.md"
ORDINARY = ROOT / "samples" / "ordinary"
HONEST = ("ordinary", "right", "wrong")
SLOW = 10  # how much longer everything may take under strace

# What stands in a call's line: its name, and one argument for calls that do many things.
CALL = re.compile(r"^(\d+) +([a-z]\w*)\((.*)$")
REFUSED = re.compile(r"= -1 (EPERM|ENOSYS)")
TOLD_APART_BY = {
    **dict.fromkeys(("prctl", "arch_prctl"), 0),
    **dict.fromkeys(("ioctl", "fcntl"), 1),
    "madvise": 2,
}
CONFINED = re.compile(r"prctl\(PR_SET_SECCOMP, SECCOMP_MODE_FILTER.*= 0$")
# "clone(... = 7 /* 4711 in strace's PID NS */": the number in the trace is the second.
THREAD = re.compile(r"(?:clone\(.*CLONE_THREAD|<\.\.\. clone resumed).* = (\d+)(?: /\* (\d+) )?")

Calls = Counter[tuple[str, str]]  # (call with argument, "" or how it was refused)


class Traced(Sandbox):
    """A sandbox whose every process is watched by strace from the start."""

    trace: Path

    def _command(self, arguments: list[str]) -> list[str]:
        strace = ["strace", "-f", "-qq", "--pidns-translation", "-o", str(self.trace), "--"]
        return [*strace, *super()._command(arguments)]


def calls(trace: Iterable[str]) -> Calls:
    """Return what confined processes and their threads called, from strace's lines."""
    lines = list(trace)
    threads: dict[str, list[str]] = {}
    for line in lines:
        if made := THREAD.search(line):
            threads.setdefault(line.split(" ", 1)[0], []).append(made[2] or made[1])
    found: Calls = Counter()
    confined: set[str] = set()
    for line in lines:
        call = CALL.match(line)
        if call is None:
            continue
        process, name, rest = call.groups()
        if process in confined:
            refused = REFUSED.search(rest)
            found[_with_argument(name, rest), refused[1] if refused else ""] += 1
        elif CONFINED.search(line):
            following = [process]
            while following:
                confined.add(following[-1])
                following += threads.pop(following.pop(), [])
    return found


def _with_argument(name: str, rest: str) -> str:
    if name == "clone":
        return f"clone({'thread' if 'CLONE_THREAD' in rest else 'process'})"
    index = TOLD_APART_BY.get(name)
    if index is None:
        return name
    arguments = re.split(r", |\) +=| <unfinished", rest)
    return f"{name}({arguments[index]})" if index < len(arguments) else name


def run_corpus(corpus: str, sandbox: Sandbox) -> None:
    """Run one corpus in a sandbox that is being watched."""
    limits = sandbox.limits
    if corpus == "ordinary":
        for path in sorted(ORDINARY.glob("*.py")):
            process = sandbox.spawn()
            body, _ = process.request(wire.Exec(path.stem, path.read_text()), limits.total_s)
            process.kill()
            if isinstance(body, wire.Failure):
                print(f"{path.name}: {body.kind}: {body.message}")
        return
    suite = load_suite("rnn_limits")
    source = assemble(EXERCISE, suite)
    if corpus == "hostile":
        blanks = {grade_id_of(cell): "..." for cell in source.cells if is_solution(cell)}
        submissions = _hostile(source, build_submission(source, blanks))
    else:
        submissions = [
            build_submission(source, version.sections) for version in versions(suite.name, corpus)
        ]
    for submission in submissions:
        judge_notebook(
            source,
            submission,
            suite,
            sandbox,
            student="watched",
            assignment=EXERCISE.stem,
            seed=1,
            fingerprint="",
            limits=limits,
        )


def _hostile(
    source: nbformat.NotebookNode, released: nbformat.NotebookNode
) -> list[nbformat.NotebookNode]:
    found = []
    with tempfile.TemporaryDirectory() as folder:
        neighbour = Path(folder, "neighbour.ipynb")
        Path(folder, "source", "a").mkdir(parents=True)
        for right in (neighbour, Path(folder, "source", "a", "a.ipynb")):
            nbformat.write(build_submission(source, {}), right)
        for attack in attacks():
            path = Path(folder, "mallory.ipynb")
            path.unlink(missing_ok=True)
            attack.write(released, path, neighbour)
            try:
                found.append(read_submission(read_bytes(path)))
            except (Unreadable, OSError):  # refused before anything runs
                continue
    return found


def measure(corpus: str) -> Calls:
    """Return what a corpus called."""
    honest = corpus in HONEST
    limits = (
        Limits(cell_s=20 * SLOW, call_s=10 * SLOW, total_s=120 * SLOW, cpu_s=120 * SLOW)
        if honest
        else Limits(cell_s=5, call_s=2, total_s=15, restarts=2)
    )
    with tempfile.TemporaryDirectory() as folder:
        sandbox = Traced(limits)
        sandbox.trace = Path(folder, "trace")
        with sandbox:
            run_corpus(corpus, sandbox)
        with sandbox.trace.open(errors="replace") as trace:
            return calls(trace)


def table(measured: dict[str, Calls]) -> tuple[Table, int, int]:
    """Return what was called, and how many of it: all, and refused to an honest corpus."""
    drawn = Table(title="System calls of confined processes", title_justify="left")
    for name in ("call", *measured, "refused"):
        drawn.add_column(name, justify="left" if name in ("call", "refused") else "right")
    bad = 0
    keys = sorted({key for found in measured.values() for key in found})
    for call, refused in keys:
        counts = [found[call, refused] for found in measured.values()]
        honest = any(measured[c][call, refused] for c in HONEST if c in measured)
        bad += bool(refused and honest)
        mark = f"[bold red]{refused}[/]" if refused and honest else refused
        drawn.add_row(call, *(str(count or "") for count in counts), mark)
    return drawn, len({call for call, _ in keys}), bad


def main(chosen: Sequence[str]) -> int:
    """Measure the chosen corpora, all without arguments, and print the table."""
    corpora = (*HONEST, "hostile")
    if unknown := sorted(set(chosen) - set(corpora)):
        print(f"No such corpus: {', '.join(unknown)}. There are {', '.join(corpora)}.")
        return 2
    measured = {corpus: measure(corpus) for corpus in chosen or corpora}
    drawn, made, refused = table(measured)
    Console(width=None if sys.stdout.isatty() else 120).print(drawn)
    print(f"syscalls made={made} refused_to_honest={refused}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
