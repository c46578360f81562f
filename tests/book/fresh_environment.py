"""A Python as a reader has it: with the packages that a notebook names, and nothing of ours."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook
from packaging.requirements import Requirement

KERNEL = '{{"argv": ["{python}", "-m", "ipykernel_launcher", "-f", "{{connection_file}}"], \
"display_name": "Python 3", "language": "python"}}'


class FreshEnvironment:
    """A virtual environment, new or just made, with some packages of this one and what they need.

    The packages are links into the environment that runs the tests, so nothing is fetched, and pip
    finds what a notebook asks for already installed, or fails.
    """

    def __init__(self, folder: Path, requirements: Iterable[str]) -> None:
        if not folder.exists():
            command = [sys.executable, "-m", "venv", "--without-pip", str(folder)]
            subprocess.run(command, check=True)
        self.python = folder / "bin" / "python"
        (self.packages,) = folder.glob("lib/python*/site-packages")
        for found in closure(["pip", *requirements]):
            self.link(found)

    def link(self, found: Distribution) -> None:
        for file in found.files or ():
            top = file.parts[0]
            place = self.packages / top
            if top not in ("..", "__pycache__") and not os.path.lexists(place):
                place.symlink_to(found.locate_file(top))

    def environ(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        return kept | {"PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}

    def run(self, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run this Python with arguments; its output comes back as text."""
        return subprocess.run(
            [str(self.python), *arguments],
            cwd=cwd,
            env=self.environ(),
            capture_output=True,
            text=True,
            check=False,
        )

    @contextmanager
    def kernel(self, cwd: Path) -> Iterator[Callable[[NotebookNode], None]]:
        """Start a kernel and yield what runs a notebook in it as Jupyter does.

        That raises nbclient's CellExecutionError where a cell fails. A second notebook finds no
        names of the first, but the modules that it imported.
        """
        kernels = self.packages / "kernels"
        (kernels / "python3").mkdir(parents=True, exist_ok=True)
        (kernels / "python3" / "kernel.json").write_text(KERNEL.format(python=self.python))
        specs = KernelSpecManager(kernel_dirs=[str(kernels)], ensure_native_kernel=False)
        manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=specs)
        client = NotebookClient(
            new_notebook(), km=manager, timeout=200, resources={"metadata": {"path": str(cwd)}}
        )

        def run(notebook: NotebookNode) -> None:
            client.nb = new_notebook(cells=[new_code_cell("%reset -f"), *notebook.cells])
            for number, cell in enumerate(client.nb.cells):
                client.execute_cell(cell, number)

        with client.setup_kernel(env=self.environ()):
            yield run


def closure(requirements: Iterable[str]) -> list[Distribution]:
    """Return the installed packages that satisfy the requirements, and all that those require.

    Raises PackageNotFoundError for a requirement that is not installed; what a package requires is
    left out when it is not installed, because then it is optional on this machine.
    """
    found: dict[str, Distribution] = {}
    waiting = [(Requirement(text), True) for text in requirements]
    while waiting:
        wanted, needed = waiting.pop()
        try:
            package = distribution(wanted.name)
        except PackageNotFoundError:
            if needed:
                raise
            continue
        if found.setdefault(package.name, package) is not package:
            continue
        for text in package.requires or ():
            further = Requirement(text)
            if not further.marker or further.marker.evaluate({"extra": ""}):
                waiting.append((further, False))
    return list(found.values())
