"""What a disk or a gradebook can refuse, said as what, where, and what to do.

The one place where errors of the operating system and of the database become words. Whatever is
named here leaves the course as it was before the file or the marks in question were written.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from autograder.errors import AutograderError

AGAIN = "then repeat the command. It goes on where it stopped; nothing is lost."
FULL = ("there is no space left on the disk", f"Make room ('df -h' shows where), {AGAIN}")
CLOSED = (
    "this may be read, but not written",
    f"Check who owns it and whether its disk is mounted read-only, {AGAIN}",
)
BROKEN = ("the disk reports an error", f"Check the disk (its system log says more), {AGAIN}")
UNLOCKED = (
    "this file system has no locks, so two commands could write the course at once",
    f"Put the course on a local disk, or have locks switched on for this one, {AGAIN}",
)
SYSTEM = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: ("your disk quota is used up", f"Make room, {AGAIN}"),
    errno.EFBIG: (
        "a file would become larger than this system allows",
        f"Raise the limit, {AGAIN}",
    ),
    errno.EROFS: CLOSED,
    errno.EACCES: CLOSED,
    errno.EPERM: CLOSED,
    errno.EIO: BROKEN,
    errno.ENOLCK: UNLOCKED,
    errno.ENOSYS: UNLOCKED,
}
BUSY = (
    "another program is writing the gradebook",
    "Close formgrader, or whatever else has the gradebook open (a SQLite browser, another "
    f"nbgrader), {AGAIN}",
)
DAMAGED = (
    "the gradebook is damaged",
    "Move it away, restore a copy or run 'autograder release --force', and then 'autograder "
    "grade': the points of the tests come back from the verdicts; marks given by hand only from "
    "a copy.",
)
SQLITE = {
    "SQLITE_BUSY": BUSY,
    "SQLITE_LOCKED": BUSY,
    "SQLITE_FULL": FULL,
    "SQLITE_READONLY_ROLLBACK": (
        "a program was killed while it wrote the gradebook",
        "Run 'autograder grade': SQLite then takes back what was half-written; nothing is lost.",
    ),
    "SQLITE_READONLY": CLOSED,
    "SQLITE_CANTOPEN": ("the gradebook cannot be opened", f"Check who may read it, {AGAIN}"),
    "SQLITE_IOERR": BROKEN,
    "SQLITE_CORRUPT": DAMAGED,
    "SQLITE_NOTADB": DAMAGED,
}
LOST = (
    "the connection to the gradebook's database was lost",
    f"Look whether its server runs ('pg_isready'), {AGAIN}",
)
AWAY = (
    "the gradebook's database server cannot be reached",
    f"Look whether it runs ('pg_isready') and whether host and port are right, {AGAIN}",
)
PASSWORD = (
    "the gradebook's database server does not accept the password",
    "Put the right one into ~/.pgpass, PGPASSWORD or, for a course that was made with one, "
    f".autograder/pgpass; {AGAIN}",
)
NO_PASSWORD = (
    "the gradebook's database server asks for a password",
    "Write HOST:PORT:DATABASE:USER:PASSWORD into ~/.pgpass, which nobody else may read, or set "
    f"PGPASSWORD, {AGAIN}",
)
FORBIDDEN = (
    "you are not allowed to do that in the gradebook's database",
    f"Let its administrator give your role the right to connect, read and write there, {AGAIN}",
)
NO_DATABASE = ("there is no such database", f"Make it ('createdb') or correct the name, {AGAIN}")
NO_TABLES = (
    "the database holds no gradebook that fits",
    "If it was emptied, restore a copy; if another version of nbgrader made it, run 'nbgrader db "
    "upgrade' in the course directory.",
)
# What PostgreSQL's errors are called, or begin with: https://www.postgresql.org/docs/ Appendix A.
SQLSTATE = {
    "08": LOST,
    "22": ("the gradebook's database does not take a value", f"Shorten or correct it, {AGAIN}"),
    "25006": CLOSED,
    "25P03": LOST,
    "28P01": PASSWORD,
    "28": FORBIDDEN,
    "3D000": NO_DATABASE,
    "40P01": BUSY,
    "42501": FORBIDDEN,
    "42703": NO_TABLES,
    "42P01": NO_TABLES,
    "53100": ("the database server's disk is full", f"Make room there, {AGAIN}"),
    "53300": ("the gradebook's database has too many connections", f"Close some, {AGAIN}"),
    "55P03": BUSY,
    "57": LOST,
}
# Who is not let in gets no such number, only words.
WORDS = {
    "no password supplied": NO_PASSWORD,
    "password": PASSWORD,
    "pg_hba.conf": FORBIDDEN,
    "role": FORBIDDEN,
    "does not exist": NO_DATABASE,
    "too many": SQLSTATE["53300"],
    "connection slots": SQLSTATE["53300"],
    "connection failed": AWAY,
    "failed to resolve": AWAY,
    "timeout": AWAY,
    "connection": LOST,
    "server closed": LOST,
}


def in_words(error: BaseException, where: str = "") -> AutograderError | None:
    """Return the error as one for the person at the keyboard; None when it is none of theirs.

    ``where`` is used when the error itself does not say.
    """
    if isinstance(error, AutograderError):
        return error
    refused = _refused_by_database(error)
    if refused is not None:
        what, todo = _database_words(refused)
        return AutograderError(what, where or "the gradebook", todo)
    if isinstance(error, OSError) and error.errno in SYSTEM:
        what, todo = SYSTEM[error.errno]
        return AutograderError(what, str(error.filename or where), todo)
    return None


@contextmanager
def gradebook_in_words(where: str) -> Iterator[None]:
    """Let what the database refuses leave this block as an AutograderError."""
    log = logging.getLogger("tornado.application")  # nbgrader logs such errors with tracebacks
    level = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    except AutograderError:  # said already, further in
        raise
    except Exception as error:
        if _refused_by_database(error) is None:
            raise
        raise in_words(error, where) or error from error
    finally:
        log.setLevel(level)


def _refused_by_database(error: BaseException | None) -> BaseException | None:
    """Return the driver's own error; nbgrader wraps some of SQLAlchemy's into its InvalidEntry."""
    while error is not None:
        # By name: most commands have no reason to import a database.
        original: BaseException | None = getattr(error, "orig", None)
        if type(error).__module__ == "sqlalchemy.exc" and original is not None:
            kinds = [kind.__name__ for kind in type(original).__mro__]
            if _words_for(str(getattr(original, "sqlstate", "")), SQLSTATE):
                return original
            return original if "OperationalError" in kinds or kinds[0] == "DatabaseError" else None
        error = error.__cause__ or error.__context__
    return None


def _database_words(error: BaseException) -> tuple[str, str]:
    words = _words_for(str(getattr(error, "sqlite_errorname", "")), SQLITE)
    if words is not None:
        return words
    said = " ".join(str(error).split())[:200]
    if hasattr(error, "sqlstate"):
        told = _words_for(str(error.sqlstate), SQLSTATE) or next(
            (words for part, words in WORDS.items() if part in said), None
        )
        if told is not None:
            return f"{told[0]}: {said}", told[1]
    return f"the gradebook's database does not do its part: {said}", f"See to it, {AGAIN}"


def _words_for(name: str, known: dict[str, tuple[str, str]]) -> tuple[str, str] | None:
    """Return the words for what an error is called, by how that begins."""
    return next((words for start, words in known.items() if name.startswith(start)), None)
