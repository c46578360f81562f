"""What the judge tells a student: cells and lines by names that the notebook shows."""

from __future__ import annotations

import re

from autograder.inside import wire
from autograder.notebooks.outline import line_of, sentence
from autograder.notebooks.pairing import STUB, Paired, blamed
from autograder.verdict import CellResult

FRAME = re.compile(r'File "<cell ([^>"\n]+)>", line (\d+)')


class NotebookWords:
    """Knows the cells of one submission, and how each of them ended so far."""

    def __init__(self, paired: Paired) -> None:
        self._paired = paired
        self._names = {cell.id: cell.name for cell in paired.cells}
        self._sources = {cell.id: cell.source for cell in paired.cells}
        self._homes, self._strays = paired.homes, paired.strays
        self.done: dict[str, CellResult] = {}
        self._ends: dict[str, str] = {}  # cell -> how it ended, for failures further down

    def name(self, cell: str) -> str:
        """Return what the student knows the cell by."""
        return self._names.get(cell, f"cell `{cell}`")

    def line(self, cell: str, line: int) -> str:
        """Return where a line is, and what stands in it."""
        return line_of(self.name(cell), line, self._sources.get(cell))

    def where(self, failure: wire.Failure) -> str:
        return self.line(*blamed(self._paired, failure))

    def why(self, failure: wire.Failure) -> str:
        """Why a name is not defined, where the judge knows it."""
        home = self._homes.get(failure.name, "")
        done = self.done.get(home)
        if done is not None and done.status != "ok":
            match done.status:
                case "missing":
                    return f"{self.name(home)} is missing or unclear in the submission"
                case "timeout":
                    return f"{self.name(home)} was {done.error}"
                case "crashed":
                    return f"in {self.name(home)} {done.error}"
            return self._ends.get(home, f"{self.name(home)} stopped with an error")
        if failure.name in self._strays:
            place = failure.cell or home
            advice = f"; move it into {self.name(place)}" if place else ""
            return f"`{failure.name}` {self._strays[failure.name]}{advice}"
        return ""

    def told(self, cell: str, failure: wire.Failure) -> str:
        """Return what is shown below a cell that raised, and remember it for cells further down."""
        if failure.kind == STUB and not failure.message:
            self._ends[cell] = f"{self.name(cell)} is not filled in yet"
            reason = f"Not filled in yet: {self.where(failure)}" if failure.cell else ""
        else:
            reason = self.why(failure)
            said = f"{failure.kind}: {failure.message}".rstrip(": ")
            self._ends[cell] = ". ".join(
                filter(None, [f"{self.name(cell)} stopped with {said}", reason])
            )
        shown = FRAME.sub(lambda found: self._frame(*found.groups()), failure.traceback.rstrip())
        return "\n".join(filter(None, [shown, reason]))

    def unread(self, cell: str, reason: str) -> str:
        """Return what is shown below a cell whose source could not be read."""
        self._ends[cell] = f"{self.name(cell)} was not run: it is {reason}"
        return f"Not run: the cell is {reason}."

    def _frame(self, cell: str, line: str) -> str:
        return sentence(f"{self.name(cell)}, line {line}")
