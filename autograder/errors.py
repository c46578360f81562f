"""One error type for everything a user can put right: what was wrong, where, and what to do."""

from __future__ import annotations


class AutograderError(Exception):
    """A problem with the input or the machine, worded for the person at the keyboard."""

    def __init__(self, what: str, where: str = "", todo: str = "") -> None:
        self.what, self.where, self.todo = what, where, todo
        super().__init__(" ".join(part for part in (what, where and f"({where})", todo) if part))
