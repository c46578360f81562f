"""A PostgreSQL server of a test's own: on loopback, as an ordinary user, gone with the tests.

Debian keeps the programs where no PATH leads. Its own cluster, if it made one, is not touched.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

USER, PASSWORD = "teacher", "geheim:with\\colon"
NOBODY = 65534
PR_SET_PDEATHSIG = 1


def program(name: str) -> str | None:
    """Return where one of PostgreSQL's programs lies; None when it is not installed."""
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=_version)
    return str(versions[-1]) if versions else shutil.which(name)


def _version(path: Path) -> float:
    return float(path.parts[-3])


class Server:
    """A running server; its databases have names that were never used before."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data = folder, folder / "data"
        self.port = _free_port()
        self._names = (f"marks{number}" for number in itertools.count(1))
        self._process: subprocess.Popen[bytes] | None = None
        secret = folder / "password"
        secret.write_text(PASSWORD)
        if os.geteuid() == 0:
            for path in (folder, secret):
                os.chown(path, NOBODY, NOBODY)
        self._run(
            *("initdb", "--pgdata", str(self.data), "--username", USER, "--pwfile", str(secret)),
            *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync"),
        )
        secret.unlink()
        self.start()

    def start(self) -> None:
        """Start it and wait until it lets somebody in."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "fsync": "off",
            "shared_buffers": "16MB",
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        command = [_required("postgres"), "-D", str(self.data), *options]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stderr=log, preexec_fn=_end_with_parent, **self._ordinary()
            )
        while True:
            try:
                self.ask("SELECT 1")
                return
            except Exception as error:
                if self._process.poll() is not None:
                    said = (self.folder / "log").read_text()
                    raise RuntimeError(f"PostgreSQL does not start: {said}") from error
                time.sleep(0.05)

    def stop(self) -> None:
        """Let it go down at once, as in a power cut."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
            self._process = None

    def url(self, database: str, password: str = "") -> str:
        """Return the address of a database, as somebody would type it."""
        from urllib.parse import quote

        secret = f":{quote(password, safe='')}" if password else ""
        return f"postgresql://{USER}{secret}@127.0.0.1:{self.port}/{database}"

    def new_database(self, template: str = "template1") -> str:
        name = next(self._names)
        self.ask(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def ask(self, query: str, database: str = "postgres") -> list[Any]:
        """Run one statement; return its rows, if it has any."""
        import psycopg

        with psycopg.connect(
            self.url(database, PASSWORD), autocommit=True, connect_timeout=10
        ) as connection:
            cursor = connection.execute(query)
            return cursor.fetchall() if cursor.description else []

    def _run(self, name: str, *arguments: str) -> None:
        command = [_required(name), *arguments]
        ended = subprocess.run(command, capture_output=True, text=True, **self._ordinary())
        assert ended.returncode == 0, ended.stderr

    def _ordinary(self) -> dict[str, Any]:
        """PostgreSQL refuses to run as root."""
        nobody = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        return {"cwd": self.folder} | (nobody if os.geteuid() == 0 else {})


@contextmanager
def running() -> Iterator[Server]:
    # Not below pytest's folder, which only its owner may enter.
    folder = Path(tempfile.mkdtemp(prefix="autograder-postgresql-"))
    server = None
    try:
        server = Server(folder)
        yield server
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(folder)


def _required(name: str) -> str:
    found = program(name)
    assert found is not None
    return found


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
