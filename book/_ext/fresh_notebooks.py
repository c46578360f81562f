"""Sphinx extension: run a page again when the code it uses has changed.

The cache of executed notebooks knows a page by its own cells only. A measurement also depends
on the modules that the cells import and on the files they name. So each page gets one more,
invisible cell: a comment with a digest of all of these. Another digest, another notebook.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ledger import CLAIMS_FILE, Claim, load_claims
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

CELL = re.compile(r"^(`{3,})\{code-cell\}[^\n]*\n(.*?)^\1\s*$", re.MULTILINE | re.DOTALL)
OPTIONS = re.compile(r"\A(?:---\n.*?^---\n|(?::[\w-]+:[^\n]*\n)+)", re.MULTILINE | re.DOTALL)


def cells(source: str) -> list[str]:
    """Return the code of every cell of a MyST notebook, without the cells' options."""
    return [OPTIONS.sub("", match[2], count=1) for match in CELL.finditer(source)]


def modules(tree: ast.AST) -> Iterator[str]:
    """Yield every module name that the code might import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def files_used(code: str, root: Path, folder: Path) -> set[Path]:
    """Return the project's files that ``code`` imports or names, and what those use in turn.

    Modules are looked for under ``root`` (the packages), in ``folder`` (beside the page) and
    beside the module that imports them. A string that is the path of a file, from one of these,
    counts as named.
    """
    used: set[Path] = set()
    waiting = [(code, folder)]
    while waiting:
        text, here = waiting.pop()
        for name in paths_in(text):
            for path in {root / name, folder / name, here / name}:
                if is_project_file(path, root) and path not in used:
                    used.add(path)
                    if path.suffix == ".py":
                        waiting.append((path.read_text(encoding="utf-8"), path.parent))
    return used


@cache
def paths_in(code: str) -> frozenset[str]:
    """Return the paths that modules would have which the code imports, and all of its strings."""
    tree = ast.parse("".join(line for line in code.splitlines(True) if line.lstrip()[:1] != "%"))
    names = {f"{name.replace('.', '/')}.py" for name in modules(tree)}
    names |= {f"{name.replace('.', '/')}/__init__.py" for name in modules(tree)}
    return frozenset(names) | {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value
    }


def is_project_file(path: Path, root: Path) -> bool:
    """Tell whether any string, taken as a path, names a file of the project."""
    try:
        return path.is_file() and path.resolve().is_relative_to(root)
    except (OSError, ValueError):  # too long for a file name, or with a NUL
        return False


def claims_named(code: str) -> list[Claim]:
    """Return the claims whose id occurs in ``code``."""
    return [claim for claim in load_claims().values() if f'"{claim.id}"' in code]


def digest(files: set[Path], claims: list[Claim], root: Path) -> str:
    """Return one digest of the files, of the claims and of the version of torch.

    The file of claims itself does not count: a correction to one claim must not run every
    chapter again, only those that measure it.
    """
    total = hashlib.sha256(version("torch").encode())
    total.update(repr(claims).encode())
    for path in sorted(files - {CLAIMS_FILE}):
        total.update(path.relative_to(root).as_posix().encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def add_digest(app: Sphinx, docname: str, source: list[str]) -> None:
    """Add the invisible cell to a page with code, and re-read the page when a file changes."""
    code = cells(source[0])
    if not code:
        return
    root = Path(app.srcdir)
    text = "\n".join(code)
    try:
        used = files_used(text, root, root.joinpath(docname).parent)
    except SyntaxError as error:
        raise ExtensionError(f"{docname}: a code cell is not valid Python: {error}") from error
    for path in used:
        app.env.note_dependency(str(path))
    source[0] += (
        "\n\n```{code-cell} ipython3\n:tags: [remove-cell]\n"
        f"# what this page runs with: {digest(used, claims_named(text), root)}\n```\n"
    )


def forget_failed_build(app: Sphinx, error: Exception | None) -> None:
    """Read every page again after a build with warnings, so that they do not vanish."""
    if app._warncount:
        Path(app.doctreedir, "environment.pickle").unlink(missing_ok=True)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("source-read", add_digest)
    app.connect("build-finished", forget_failed_build)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
