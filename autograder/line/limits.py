"""How much of the machine one submission may use."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Per student process, except `total_s` and `restarts`, which are per submission."""

    memory_mb: int = 2048  # address space on top of Python and torch
    cpu_s: int = 120  # processor time of one process
    cell_s: float = 20.0  # wall clock of one cell
    call_s: float = 10.0  # wall clock of one call from a check
    total_s: float = 120.0  # wall clock of one submission
    output_chars: int = 20_000  # printed text kept per cell
    tmp_mb: int = 64  # files in /tmp and /dev/shm, each
    message_mb: int = 32  # one answer
    threads: int = 64
    restarts: int = 12  # fresh processes after a crash or a time-out
