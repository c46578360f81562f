"""A real Jupyter server with formgrader, for tests: in a browser, or spoken to as its pages do."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TOKEN = "only-for-this-test"


@contextmanager
def serving(course: Path, folder: Path) -> Iterator[str]:
    """Start Jupyter with formgrader in a course; yield its address. ``folder`` is for its files."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [
        *(sys.executable, "-m", "jupyter_server", "--allow-root", "--no-browser"),
        *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
        f"--IdentityProvider.token={TOKEN}",
        "--ServerApp.jpserver_extensions={'nbgrader.server_extensions.formgrader': True}",
    ]
    home = {f"JUPYTER_{kind}_DIR": str(folder / kind) for kind in ("CONFIG", "DATA", "RUNTIME")}
    with (folder / "jupyter.log").open("w") as log:
        running = subprocess.Popen(
            command, cwd=course, env=os.environ | home, stdout=log, stderr=log
        )
        try:
            _wait_for(f"{address}/api?token={TOKEN}", running, folder / "jupyter.log")
            yield address
        finally:
            running.terminate()
            running.wait(30)


def _wait_for(url: str, running: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            urllib.request.urlopen(url, timeout=10).close()
            return
        except (urllib.error.URLError, OSError):
            assert running.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)


def asked(address: str, path: str, change: dict[str, Any] | None = None) -> Any:
    """Ask formgrader for something, or change it, as its pages do; return what it answers."""
    request = urllib.request.Request(
        f"{address}/formgrader/api/{path}",
        data=None if change is None else json.dumps(change).encode(),
        headers={"Authorization": f"token {TOKEN}"},
        method="GET" if change is None else "PUT",
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)
