"""Judge the one submission that Gradescope hands over, and write results.json.

    /autograder/source/       our zip, unpacked: job.json, the judge, the hidden tests
    /autograder/submission/   what the student uploaded
    /autograder/results/      where results.json goes

All of it is in one container, and this program is root there. So student code must not be: it
runs in bubblewrap where the container allows that, or else as the user nobody, to whom source/
and results/ are closed (level "user"). results.json is written when no process of the student's is
left. A fault of the machine leaves no results.json: then Gradescope says that grading failed, and
there is no mark that would have to be taken back.

    python -m autograder.gradescope.harness /autograder
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

import msgspec

from autograder.errors import AutograderError
from autograder.gradescope.results import results
from autograder.judge.worker import Job, close_sandboxes, judge_job, zero_verdict
from autograder.line.limits import Isolation
from autograder.line.probe import available
from autograder.notebooks.read import read_bytes
from autograder.verdict import Verdict, decode

CLOSED = 0o700  # nobody but root comes in
CLUTTER = ("__MACOSX", ".ipynb_checkpoints")


class Order(msgspec.Struct):
    """What job.json holds: the job without a submission, and the secret that seeds are made of."""

    job: Job
    secret: str


def main(home: Path) -> None:
    """Judge what lies in ``home``/submission."""
    order = msgspec.json.decode((home / "source" / "job.json").read_bytes(), type=Order)
    for folder in (home / "source", home / "results"):
        folder.chmod(CLOSED)
    verdict = judge(home, order)
    close_sandboxes()  # and with them every process of the student's
    data = json.dumps(results(verdict), indent=1, ensure_ascii=False).encode()
    target = home / "results" / "results.json"
    partial = target.with_name("results.partial")
    partial.write_bytes(data)
    partial.replace(target)
    print(f"{verdict.points:g} of {verdict.max_points:g} points, isolation {verdict.isolation}")


def judge(home: Path, order: Order) -> Verdict:
    """Return the verdict on the submission; one that cannot be used gets zero, with the reason."""
    level = isolation()
    job = msgspec.structs.replace(order.job, isolation=level, hide=str(home / "source"))
    found = notebooks(home / "submission")
    named = [path for path in found if path.stem == job.assignment]
    chosen = named if len(named) == 1 else found
    if len(chosen) != 1:
        names = ", ".join(sorted(path.name for path in found)[:5]) or "none"
        return zero_verdict(
            job,
            f"Upload one notebook, {job.assignment}.ipynb. Found here: {names}.",
        )
    data = read_bytes(chosen[0])
    seed = hashlib.sha256(order.secret.encode() + hashlib.sha256(data).digest()).digest()
    mine = msgspec.structs.replace(job, submission=data, seed=int.from_bytes(seed[:6], "big"))
    verdict = decode(judge_job(mine))
    return msgspec.structs.replace(verdict, submission=hashlib.sha256(data).hexdigest())


def notebooks(folder: Path) -> list[Path]:
    """Return the notebooks that were uploaded; links, and what programs leave behind, are none."""
    return [
        path
        for path in sorted(folder.rglob("*.ipynb"))
        if path.is_file()
        and not path.is_symlink()
        and not path.name.startswith("._")
        and not any(part in CLUTTER for part in path.parts)
    ]


def isolation() -> Isolation:
    """Return the best wall that can be built in this container."""
    works, reason = available()
    if works:
        return "bwrap"
    if os.geteuid() == 0:
        return "user"
    raise AutograderError(
        "student code cannot be kept from the hidden tests here",
        "Gradescope's container",
        f"Run this as root, as Gradescope does, or where bubblewrap works: {reason}",
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
