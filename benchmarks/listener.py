"""Stands for a machine on the network: remembers every byte that is sent to it."""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path
from types import TracebackType

PORT = 45871  # where the attacks send what they find


class Listener:
    """Listens on the loopback address, where no sandbox without a network can reach it.

    On PORT where the network is its own, on any free port of a machine that others use, too: then
    attacks have to be aimed.
    """

    def __init__(self, port: int = 0) -> None:
        self._port = port
        self._received = bytearray()

    def __enter__(self) -> Listener:
        self._socket = socket.create_server(("127.0.0.1", self._port))
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    def aim(self, submission: Path) -> None:
        """Let the attacks in a file send what they find here."""
        if submission.is_symlink() or not submission.is_file():
            return
        written = submission.read_bytes()
        port = self._socket.getsockname()[1]
        submission.write_bytes(written.replace(b"%d" % PORT, b"%d" % port))

    @property
    def text(self) -> str:
        return self._received.decode(errors="replace")

    def _serve(self) -> None:
        # Closing the socket ends the thread.
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                with connection, contextlib.suppress(OSError):
                    connection.settimeout(5)
                    while chunk := connection.recv(65536):
                        self._received += chunk
