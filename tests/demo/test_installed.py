"""Installed as a wheel, without the checkout's tests, the demo and the benchmarks still import."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from setuptools.discovery import PEP420PackageFinder

PROGRAM = """
import importlib, pathlib, pkgutil, sys

sys.modules["tests"] = None  # importing it fails, even where a dependency brings one of its own
for name in ("samples", "demo", "benchmarks"):
    package = importlib.import_module(name)
    assert pathlib.Path(package.__file__).is_relative_to(sys.argv[1]), package.__file__
    for module in pkgutil.iter_modules(package.__path__, f"{name}."):
        importlib.import_module(module.name)

from demo.sample_class import samples

assert len(samples()) > 30
"""


@pytest.fixture(scope="module")
def site(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that setuptools would put into a wheel."""
    settings = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))
    include = settings["tool"]["setuptools"]["packages"]["find"]["include"]
    site = tmp_path_factory.mktemp("site")
    for package in PEP420PackageFinder.find(str(repository), include=include):
        folder = Path(*package.split("."))
        (site / folder).mkdir(parents=True, exist_ok=True)
        for path in (repository / folder).glob("*.py"):
            shutil.copy(path, site / folder)
    return site


def test_demo_and_benchmarks_need_no_tests(site: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", PROGRAM, str(site)],
        cwd=site,
        env=dict(os.environ, PYTHONPATH=str(site)),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
