"""Stands for a machine on the network: remembers every byte that is sent to it."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType

PORT = 45871


class Listener:
    """Listens on the loopback address, where no sandbox without a network can reach it."""

    def __init__(self) -> None:
        self._received = bytearray()

    def __enter__(self) -> Listener:
        try:
            self._socket = socket.create_server(("127.0.0.1", PORT))
        except OSError as error:
            raise RuntimeError(
                f"port {PORT}, which the attacks send secrets to, is taken: {error.strerror}. "
                "Is another attack run going on?"
            ) from error
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

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
