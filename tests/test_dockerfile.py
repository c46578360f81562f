"""The images, as far as can be told without building them: what they copy and install exists."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from autograder.line.bubblewrap import OURS
from autograder.line.container import IMAGE
from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def stages() -> dict[str, str]:
    """Return the text of each stage, by name, lines put together."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    found = re.split(r"^FROM (\S+) AS (\w+)$", "\n".join(lines), flags=re.MULTILINE)[1:]
    return dict(zip(found[1::3], found[2::3], strict=True))


def copied(stage: str) -> list[str]:
    words = [line.split()[1:-1] for line in stage.splitlines() if line.startswith("COPY ")]
    return [source for sources in words for source in sources]


def name_of(requirement: str) -> str:
    return re.split(r"[\s\[<>=!~;]", requirement, maxsplit=1)[0].lower()


def test_students_get_the_projects_packages_and_nothing_of_ours() -> None:
    student = stages()["student"]
    assert copied(student) == ["requirements.lock"]
    (installed,) = re.findall(r"pip install --constraint \S+ +(.*)", student)
    assert installed.split() == [name_of(each) for each in PROJECT["dependencies"]]
    locked = {name_of(line) for line in (ROOT / "requirements.lock").read_text().splitlines()}
    assert {*installed.split()} <= locked
    assert "USER 65534:65534" in student


def test_workers_get_the_judge_and_its_sandbox() -> None:
    worker = stages()["worker"]
    assert "bubblewrap" in worker
    (extras,) = re.findall(r'pip install --constraint \S+ +"\.\[(.*)\]"', worker)
    assert {*extras.split(",")} <= {*PROJECT["optional-dependencies"]}
    for needed in ("pyproject.toml", PROJECT["readme"], *PROJECT["license-files"]):
        assert needed in copied(worker)
    assert {"autograder", "codehash"} <= {*copied(worker)} & {*OURS}
    assert re.findall("^USER (.*)", worker, flags=re.MULTILINE)[-1] == "worker"


def test_what_is_copied_exists_and_is_all_that_is_sent() -> None:
    sources = {source for stage in stages().values() for source in copied(stage)}
    for source in sources:
        assert Path(ROOT, source).exists(), source
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split("\n")
    assert "*" in ignored
    assert {line[1:] for line in ignored if line.startswith("!")} == sources


def test_no_stage_has_an_entry_point() -> None:
    assert all("ENTRYPOINT" not in stage for stage in stages().values())


def test_the_image_is_called_as_the_command_looks_for_it() -> None:
    assert f"--target student --tag {IMAGE} ." in (ROOT / "Makefile").read_text(encoding="utf-8")
