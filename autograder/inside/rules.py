"""How much of the machine one student process may use. The host decides, the process obeys."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rules:
    """What the host sends along when it asks for a process."""

    memory_mb: int = 2048  # address space on top of Python and torch
    cpu_s: int = 120  # processor time of one process
    tmp_mb: int = 64  # files in /tmp and /dev/shm, each
    threads: int = 64
    output_chars: int = 20_000  # printed text kept per cell
    message_mb: int = 32  # one answer
