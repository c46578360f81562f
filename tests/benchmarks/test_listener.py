"""What attacks send is heard, on a port that is free, wherever they were told to send it."""

from __future__ import annotations

import re
import socket
import time
from pathlib import Path

from benchmarks.listener import PORT, Listener

HOSTILE = Path(__file__).parents[2] / "samples" / "hostile"


def test_an_attack_is_aimed_and_heard(tmp_path: Path) -> None:
    path = tmp_path / "exfiltrate.py"
    path.write_text((HOSTILE / "exfiltrate.py").read_text())
    assert str(PORT) in path.read_text()
    with Listener() as first, Listener() as listener:  # two runs at once
        listener.aim(path)
        aimed = re.search(r'"127.0.0.1", (\d+)', path.read_text())
        assert aimed is not None
        assert str(PORT) not in path.read_text()
        with socket.create_connection(("127.0.0.1", int(aimed[1]))) as line:
            line.sendall(b"a secret")
        deadline = time.monotonic() + 10
        while not listener.text and time.monotonic() < deadline:
            time.sleep(0.01)
        assert listener.text == "a secret"
        assert first.text == ""


def test_what_is_no_file_is_not_touched(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text(str(PORT))
    link.symlink_to(target)
    with Listener() as listener:
        for path in (link, tmp_path, tmp_path / "missing"):
            listener.aim(path)
    assert target.read_text() == str(PORT)
