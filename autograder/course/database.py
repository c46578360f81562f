"""A gradebook in PostgreSQL: how to reach it, whose it is, and who writes it now.

The gradebook of SQLite is a file in the course directory and needs none of this. A server is
reached from several machines and folders, so it must be known that a database belongs to this
course, and two that write at the same time must take turns:

- *One command at a time writes a folder.* `course/lock.py` sees to that with a lock on a file,
  which another machine may not see; `folder_lock` is the same lock, kept by the server.
- *One record at a time.* Copies of a course folder that share a database may grade side by side;
  `Turns` keeps what belongs to one submission together.

Both are PostgreSQL's advisory locks: the server lets them go when the connection ends.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.course.trouble import gradebook_in_words
from autograder.errors import AutograderError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

CONNECT_S = 10  # a server that is away lets a connection hang for minutes
POLL_S = 0.2
FORM = "postgresql://USER@HOST/DATABASE"
PASSFILE = ".autograder/pgpass"  # for the password of an address that was given with one
OURS = "autograder_course"  # our table beside nbgrader's: whose gradebook this is
RECORD = "autograder: one record at a time"


def is_server(url: str) -> bool:
    """Tell whether an address is one of PostgreSQL, with whatever driver."""
    return url.partition(":")[0].partition("+")[0] in ("postgresql", "postgres")


def gradebook_name(url: str) -> str:
    """Return how to speak of the database at an address, which may hold a password."""
    if not is_server(url):
        file = url.removeprefix("sqlite:///").partition("?")[0]
        return file if url.startswith("sqlite:") else "the gradebook's database"
    from sqlalchemy import URL, make_url

    full = make_url(url)
    service = full.query.get("service")
    place = URL.create("postgresql", full.username, None, full.host, full.port, full.database)
    return f"the database of service {service!r}" if service else str(place)


def address(typed: str) -> tuple[str, str]:
    """Return an address as SQLAlchemy wants it, without its password, and the password.

    Raises AutograderError for what is no address of PostgreSQL.
    """
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(typed)
    except (ArgumentError, ValueError):
        url = None
    if url is None or not is_server(typed) or not (url.database or "service" in url.query):
        raise AutograderError(  # without what was typed: there may be a password in it
            "this is no address of a PostgreSQL database",
            "--db",
            f"Give {FORM}, or postgresql:///?service=NAME. Without --db the gradebook is a file.",
        )
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    password = str(url.password or url.query.get("password") or "")
    query = {key: value for key, value in url.query.items() if key != "password"}
    query.setdefault("connect_timeout", str(CONNECT_S))
    bare = url.set(query=query)._replace(password=None)
    return bare.render_as_string(hide_password=False), password


def with_password(url: str, password: str) -> str:
    """Return an address with its password, to be used and not to be kept."""
    from sqlalchemy import make_url

    full = make_url(url).set(password=password) if password else make_url(url)
    return str(full.render_as_string(hide_password=False))


def passfile(password: str) -> bytes:
    """Return the file that the driver reads a password from: for any server, database and user."""
    escaped = password.replace("\\", "\\\\").replace(":", "\\:")
    return f"*:*:*:*:{escaped}\n".encode()


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """Open one connection, in which every statement is a transaction of its own."""
    engine = engine_for(url)
    with gradebook_in_words(gradebook_name(url)):
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()


def engine_for(url: str) -> Engine:
    """Return SQLAlchemy's engine, or say which driver is missing."""
    from sqlalchemy import create_engine

    try:
        return create_engine(url, isolation_level="AUTOCOMMIT")
    except ModuleNotFoundError as error:
        raise AutograderError(
            f"there is no driver for the gradebook's database: {error.name} is not installed",
            gradebook_name(url),
            "Run 'pip install psycopg[binary]', and let the address in nbgrader_config.py begin "
            "with postgresql+psycopg://.",
        ) from error


# --- whose it is ---


def mark_of(seed: str) -> str:
    """Return what a course is known by in a database; it does not tell the course's secret."""
    return hashlib.sha256(f"the gradebook of {seed}".encode()).hexdigest()


def require_ours(url: str, seed: str, *, may_be_new: bool = False) -> None:
    """See to it that the database holds this course's gradebook, made by this nbgrader.

    A new database passes when it ``may_be_new``. Raises AutograderError.
    """
    from sqlalchemy import inspect, text

    where = gradebook_name(url)
    with connected(url) as connection:
        tables = inspect(connection).get_table_names()
        if not tables and may_be_new:
            return
        if OURS not in tables and "alembic_version" not in tables:
            raise AutograderError(
                "the database holds no gradebook" if not tables else "the database is in use",
                where,
                "Run 'autograder init' on the course directory once more, then 'autograder release "
                "--force' and 'autograder grade'; or restore a copy of the database."
                if not tables
                else "It has tables that are not nbgrader's. Make a database for the gradebook.",
            )
        found = set(connection.scalars(text("SELECT version_num FROM alembic_version")))
        if found != set(wanted_versions()):
            raise AutograderError(
                "the gradebook was made by another version of nbgrader",
                where,
                "Save it ('pg_dump'), then run 'nbgrader db upgrade' in the course directory; or "
                "use the version of nbgrader that made it.",
            )
        marked = connection.scalars(text(f"SELECT mark FROM {OURS}")) if OURS in tables else ()
        marks = set(marked)
        courses = set(connection.scalars(text("SELECT course_id FROM assignment")))
        if marks != {mark_of(seed)} and (marks or courses or not may_be_new):
            names = f" ({', '.join(sorted(courses))})" if courses else ""
            raise AutograderError(
                f"the database holds the gradebook of another course{names}",
                where,
                "Make a database for each course ('createdb'). To grade one course from two "
                "folders, copy its folder.",
            )


def claim(url: str, seed: str) -> None:
    """Write into a database whose gradebook it holds."""
    from sqlalchemy import text

    with connected(url) as connection:
        connection.execute(
            text(f"CREATE TABLE IF NOT EXISTS {OURS} (mark VARCHAR(64) PRIMARY KEY)")
        )
        write = text(f"INSERT INTO {OURS} VALUES (:mark) ON CONFLICT DO NOTHING")
        connection.execute(write, {"mark": mark_of(seed)})


def wanted_versions() -> list[str]:
    """Return the versions of the tables that the installed nbgrader works with."""
    from alembic.script import ScriptDirectory
    from nbgrader.dbutil import ALEMBIC_DIR

    return list(ScriptDirectory(ALEMBIC_DIR).get_heads())


# --- who writes it ---


@contextmanager
def folder_lock(url: str, seed: str, file: Path, patience_s: float) -> Iterator[bool]:
    """Hold the lock of a course folder on the server; yield whether it could be had in time.

    A folder that two machines share has one lock ``file``, with one number; a copy has another.
    """
    from sqlalchemy import text

    key = _key(f"{seed}/{file.stat().st_ino}")
    deadline = time.monotonic() + patience_s
    attempt = text("SELECT pg_try_advisory_lock(:key)")
    with connected(url) as connection:
        while not (held := bool(connection.scalar(attempt, {"key": key}))):
            if time.monotonic() >= deadline:
                break
            time.sleep(POLL_S)
        yield held


class Turns:
    """Lets those who write one database do so one record at a time; harmless for a file."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._engine: Any = engine_for(url) if is_server(url) else None

    @contextmanager
    def mine(self) -> Iterator[None]:
        """Wait for the others, and let them wait during this block."""
        if self._engine is None:
            yield
            return
        from sqlalchemy import text

        with gradebook_in_words(gradebook_name(self._url)), self._engine.connect() as connection:
            key = {"key": _key(RECORD)}
            connection.execute(text("SELECT pg_advisory_lock(:key)"), key)
            try:
                yield
            finally:
                if not connection.invalidated:
                    connection.execute(text("SELECT pg_advisory_unlock(:key)"), key)

    def close(self) -> None:
        if self._engine is not None:
            self._engine.dispose()


def _key(text: str) -> int:
    """Return the number that PostgreSQL knows a lock by."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big", signed=True)
