"""Grade the sample class from nothing: ``python -m demo DIR``.

Runs the same commands an instructor types, in the same order, and ends by saying where
everything is. With nothing changed since the last run it only checks that.
"""

from __future__ import annotations

import sys
from pathlib import Path

from autograder.cli import run
from demo.sample_class import ASSIGNMENT, write_sample_class

BOOK = Path("_build/html/index.html")


def autograder(*arguments: str, accept: tuple[int, ...] = (0,)) -> None:
    """Run one command as an instructor would, and stop with its exit code if it fails."""
    print(f"\n$ autograder {' '.join(arguments)}", flush=True)
    # In this process, because starting Python and nbgrader seven times takes most of the time.
    code = run(arguments)
    if code not in accept:
        sys.exit(code)


def main(course: Path) -> None:
    """Lay out a course in ``course``, grade the sample class in it and say where things are."""
    here = ("--course", str(course))
    autograder("init", str(course))
    autograder("release", *here)
    write_sample_class(course)
    # 1: some file was not taken; the class has one that must not be, and collect says so.
    inbox = str(course / "inbox" / ASSIGNMENT)
    autograder("collect", inbox, "--assignment", ASSIGNMENT, *here, accept=(0, 1))
    autograder("grade", ASSIGNMENT, *here)
    autograder("feedback", ASSIGNMENT, *here)
    autograder("export", "--output", str(course / "marks.csv"), *here)
    autograder("report", ASSIGNMENT, *here)
    places = {
        "book": BOOK,
        "released notebooks": course / "release",
        "gradebook": course / "gradebook.db",
        "marks as CSV": course / "marks.csv",
        "feedback": course / "feedback",
        "class report": course / "report" / ASSIGNMENT / "index.html",
    }
    missing = [name for name, place in places.items() if not place.exists() and name != "book"]
    if missing:
        sys.exit(f"demo: nothing was written for: {', '.join(missing)}")
    print("\nReady. Open these in a browser or a notebook:")
    for name, place in places.items():
        print(f"  {name:20} {place.resolve()}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m demo DIR")
    main(Path(sys.argv[1]))
