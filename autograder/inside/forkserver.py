"""Imports torch once and forks one confined child per request from the host.

Runs inside bubblewrap or a container (or, without isolation, as a plain process). Workers of the
host join through a lobby, each with a socket of its own for whole messages: a JSON order with the
child's own socket attached, and JSON back. A worker that goes away takes its children along, no
others.
No line of student code runs here. When the host lets go of the leash, everything here ends.

    python forkserver.py LEASH_FD LOBBY_FD LEVEL SITE_DIR... -- MODULE...
    python forkserver.py connect SOCKET LEVEL SITE_DIR... -- MODULE...    get the two from a socket
    python forkserver.py probe SITE_DIR... [-- NAME...]
                          only try out whether a child can be confined, where no NAME is installed
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import site
import socket
import sys
import time
from collections.abc import Callable
from typing import Any

BARE = ("none", "user")  # levels at which a child has no namespaces of its own


def main(argv: list[str]) -> None:
    first, *rest = argv
    if first == "probe":
        own = rest[: rest.index("--")] if "--" in rest else rest
        found = [
            name
            for name in rest[len(own) + 1 :]
            if any(os.path.isdir(os.path.join(place, name)) for place in sys.path)
        ]
        if found:
            print("holds", *found, flush=True)
            return
        sys.path[:0] = own
        from autograder.inside import confine

        def probe() -> None:
            confine.private_files(tmp_mb=1)
            confine.drop_capabilities()
            confine.filter_system_calls()
            print("confined", flush=True)

        _confine_as_pid_1(confine, probe)
        return
    second, *rest = rest
    lines = _fetch(second) if first == "connect" else [int(first), int(second)]
    level, *rest = rest
    split = rest.index("--")
    sys.path[:0] = rest[:split]
    for builtin in (site.setquit, site.setcopyright, site.sethelper):
        builtin()  # `exit()` and friends, which -S leaves out
    from autograder.inside import confine

    if first != "connect":  # whoever starts a container is not its parent
        # Importing takes seconds, in which nothing else would tell.
        confine.die_with_parent(lines[0])
    _import_once(rest[split + 1 :])
    leash, lobby = (socket.socket(fileno=line) for line in lines)
    Server(leash, lobby, level).run()


def _fetch(path: str) -> list[int]:
    """Get the leash and the lobby from a host that could not leave them open for us."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door:
        door.connect(path)
        _, lines, _, _ = socket.recv_fds(door, 16, 2)
    return lines


def _import_once(modules: list[str]) -> None:
    """Import what every child needs. No parallel region and no backward pass may run here."""
    gc.disable()  # importing makes next to no garbage, and much to look through for it
    import torch

    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    importlib.import_module("autograder.inside.runtime")
    importlib.import_module("autograder.inside.guard").overloads()
    for module in modules:
        with contextlib.suppress(ImportError):  # a convenience: cells can import it themselves
            importlib.import_module(module)
    with contextlib.suppress(RuntimeError):
        # The first product in half precision asks /proc/cpuinfo, which no child can read.
        one = torch.ones(1, 1, dtype=torch.half)
        one @ one
    gc.enable()
    gc.collect()
    gc.freeze()  # or the first collection in each child would copy every page


class Server:
    """One host, many workers, many children."""

    def __init__(self, leash: socket.socket, lobby: socket.socket, level: str) -> None:
        self._leash, self._lobby = leash, lobby
        self._level = level
        self._cpu_s = round(time.process_time(), 3)  # all of it for imports
        self._workers: dict[int, socket.socket] = {}  # by descriptor
        self._children: dict[int, int] = {}  # pid -> the descriptor of its worker

    def run(self) -> None:
        """Serve until the host lets go of the leash."""
        wake_read, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        leash, lobby = self._leash.fileno(), self._lobby.fileno()
        while True:
            ready, _, _ = select.select([leash, lobby, wake_read, *self._workers], [], [])
            if wake_read in ready:
                os.read(wake_read, 4096)
                self._reap()
            if leash in ready:
                break
            if lobby in ready:
                self._admit()
            for descriptor in self._workers.keys() & set(ready):
                self._serve(descriptor)
        for pid in self._children:
            self._kill(pid, signal.SIGKILL)

    def _admit(self) -> None:
        """Take a worker's own socket from the lobby."""
        _, descriptors, _, _ = socket.recv_fds(self._lobby, 16, 1)
        for descriptor in descriptors:
            self._workers[descriptor] = socket.socket(fileno=descriptor)
            self._say(descriptor, {"ready": True, "cpu": self._cpu_s})

    def _serve(self, worker: int) -> None:
        """Carry out one order, or end what belongs to a worker that is gone."""
        try:
            data, descriptors, _, _ = socket.recv_fds(self._workers[worker], 65536, 1)
        except ConnectionError:
            data, descriptors = b"", []
        if not data:
            self._workers.pop(worker).close()
            for pid in [pid for pid, owner in self._children.items() if owner == worker]:
                self._kill(pid, signal.SIGTERM)
                self._children[pid] = -1  # nobody wants to know how it ended
            return
        order = json.loads(data)
        if "kill" not in order:
            self._spawn(order, descriptors[0], worker)
        elif self._children.get(order["kill"]) == worker:
            self._kill(order["kill"], signal.SIGTERM)

    def _spawn(self, order: dict[str, Any], wire: int, worker: int) -> None:
        pid = os.fork()
        if pid == 0:
            try:
                for line in (self._leash, self._lobby, *self._workers.values()):
                    line.close()
                child(self._level, order, wire)
            finally:
                os._exit(70)
        os.close(wire)
        self._children[pid] = worker
        self._say(worker, {"spawned": pid})

    def _kill(self, pid: int, with_signal: signal.Signals) -> None:
        if self._level in BARE:
            with_signal = signal.SIGKILL  # the child itself, not the process that waits for it
        os.kill(pid, with_signal)

    def _reap(self) -> None:
        while self._children:
            pid, status, used = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                return
            worker = self._children.pop(pid, -1)  # as PID 1 we also get what others leave behind
            cpu = round(used.ru_utime + used.ru_stime, 3)
            self._say(worker, {"ended": pid, "status": _shell_status(status), "cpu": cpu})

    def _say(self, worker: int, message: dict[str, Any]) -> None:
        with contextlib.suppress(KeyError, ConnectionError):  # the loop will see that it is gone
            self._workers[worker].send(json.dumps(message).encode())


def _shell_status(status: int) -> int:
    """Exit code, or 128 + signal."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


# --- in the child -----------------------------------------------------------------------------


def child(level: str, order: dict[str, Any], wire: int) -> None:
    """Confine this process and serve the student's runtime; tell the host how that went."""
    from autograder.inside import confine
    from autograder.inside.rules import Rules

    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    rules = Rules(**order)

    def serve() -> None:
        nonlocal wire
        # Reading our own size needs /proc, which is about to go.
        wire = confine.only_this_descriptor(wire)
        confine.limit_resources(rules, count_threads=level not in BARE)
        if level not in BARE:
            confine.private_files(rules.tmp_mb)
        if confine.LINUX:
            confine.drop_capabilities()
            confine.filter_system_calls()
        serve_runtime(wire, rules)

    try:
        if level not in BARE:
            _confine_as_pid_1(confine, serve)
        else:
            if level == "user":
                confine.give_up_root()
            confine.die_with_parent()  # a change of user would undo it
            serve()
    except OSError as error:
        # No student code has run. The host reads this instead of "ready".
        with contextlib.suppress(OSError):
            _send(wire, f"the child could not be confined: {error}".encode())


def _confine_as_pid_1(confine: Any, then: Callable[[], None]) -> None:
    """Fork once more, into new namespaces, and stay behind to pass on signals and the status."""
    confine.give_up_root()
    confine.die_with_parent()
    inner = 0

    def end(*_: object) -> None:
        if not inner:
            os._exit(1)
        with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
            os.kill(inner, signal.SIGKILL)

    signal.signal(signal.SIGTERM, end)
    confine.new_namespaces()
    leash, held = os.pipe()  # `held` is open here for as long as this process lives
    inner = os.fork()
    if inner == 0:
        os.close(held)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.setsid()  # kill(0, ...) reaches the whole process group, outside of our namespace too
        confine.die_with_parent(leash)
        then()
        os._exit(0)
    # The host must see the end of the line when the inner process ends.
    os.closerange(3, held)
    os.closerange(held + 1, 256)
    os._exit(_shell_status(os.waitpid(inner, 0)[1]))


def serve_runtime(descriptor: int, rules: Any) -> None:
    """Answer requests until the line closes."""
    from autograder.inside import wire
    from autograder.inside.runtime import Runtime

    runtime = Runtime(
        output_chars=rules.output_chars, max_reply=rules.message_mb * 2**20, own_process=True
    )
    _send(descriptor, b"ready")
    waiting = bytearray()
    while True:
        _fill(descriptor, waiting, 4)
        end = 4 + wire.frame_length(bytes(waiting[:4]), wire.MAX_FRAME)
        _fill(descriptor, waiting, end)
        frame, waiting = waiting[4:end], waiting[end:]
        _send(descriptor, runtime.answer(frame))


def _fill(descriptor: int, waiting: bytearray, size: int) -> None:
    """Read until there are at least so many bytes; end with the line."""
    while len(waiting) < size:
        data = os.read(descriptor, max(size - len(waiting), 2**16))
        if not data:
            os._exit(0)
        waiting += data


def _send(descriptor: int, frame: bytes) -> None:
    view = memoryview(len(frame).to_bytes(4, "big") + frame)
    while view:
        view = view[os.write(descriptor, view) :]


if __name__ == "__main__":
    main(sys.argv[1:])
