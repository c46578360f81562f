"""The corpus of right and wrong versions, laid out as `autograder/notebooks/versions.py` says."""

from __future__ import annotations

from pathlib import Path

from autograder.notebooks.versions import Version, build_submission, read_version, sections

__all__ = ["HERE", "Version", "build_submission", "read_version", "sections", "versions"]

HERE = Path(__file__).parent


def versions(suite: str, kind: str) -> list[Version]:
    """Return the ``kind`` ("right" or "wrong") versions of a suite, by name."""
    return [read_version(path) for path in sorted((HERE / suite / kind).glob("*.py"))]
