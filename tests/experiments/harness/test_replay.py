"""Replay, in a small repository of its own: what is kept, and what stays stale and why."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from experiments.harness.registry import Experiment
from experiments.harness.replay import differences, trials_to_run
from experiments.harness.results import Made, Record, Result

ROOT = Path(__file__).resolve().parents[3]

ROWS = """
from experiments.harness.registry import register
from experiments.part import run

def rows(name):
    def these(quick):
        sizes = [2] if quick else {sizes}
        return {{f"size-{{size}}": {{"name": name, "size": size}} for size in sizes}}
    return these

for name, function in vars(run).items():
    if name.startswith("run_"):
        timed = name == "run_timed"
        register(name[4:], "test", "", function, rows(name), 1.0, timed)
"""
RUN = """
def run_{name}(parameters, device):
    total = 0
    for k in range(parameters["size"]):
        total += k * k
    return {{"total": total, "terms": [k * k for k in range(parameters["size"])]}}
"""
NAMES = ("reworded", "changed", "late", "failing", "timed", "untouched")
SQUARES = "    return {{'total': {total}, 'terms': [{term} for k in range(parameters['size'])]}}"


def after() -> str:
    """Return the code of every run as it is changed."""
    head = "def run_{}(parameters, device):\n"
    total, term = "sum(k**2 for k in range(parameters['size']))", "k**2"
    said = {
        "reworded": SQUARES.format(total=total, term=term),
        "changed": SQUARES.format(total=total, term="k**2 + (k > 0)"),
        "late": SQUARES.format(total=total, term="k**2 + (k > 2)"),  # no quick trial shows it
        "failing": "    raise RuntimeError('lost')",
        "timed": SQUARES.format(total=total, term=term),
    }
    return "\n\n".join(head.format(name) + body for name, body in said.items())


class Repository:
    """A repository with the real harness and made-up experiments."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in ("codehash", "experiments/harness"):
            shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__py*"))
        (root / "solutions").mkdir()
        self.write("solutions/__init__.py", "")
        self.write("experiments/__init__.py", "")
        registry = root / "experiments/harness/registry.py"
        text, _, rest = registry.read_text().partition("MODULES = (")
        registry.write_text(f'{text}MODULES = ("experiments.part.rows",){rest.partition(")")[2]}')
        self.write("experiments/part/__init__.py", "")
        self.write("experiments/part/rows.py", ROWS.format(sizes=[4, 8]))
        # One file each: the change of one must not make the others stale.
        for name in NAMES:
            self.write(f"experiments/part/{name}.py", RUN.format(name=name))
        imports = [f"from experiments.part.{name} import run_{name}" for name in NAMES]
        self.write("experiments/part/run.py", "\n".join(imports) + "\n")
        self.git("init", "-q")
        self.git("config", "user.email", "test@localhost")
        self.git("config", "user.name", "Test")
        self.commit()

    def write(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def git(self, *arguments: str) -> None:
        subprocess.run(["git", "-C", self.root, *arguments], check=True)

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "A commit")

    def python(self, code: str) -> Any:
        """Run code in the repository; return what it prints, as JSON."""
        environment = {**os.environ, "PYTHONPATH": str(self.root)}
        done = subprocess.run(
            [sys.executable, "-P", "-c", code], cwd=self.root, env=environment, check=True,
            capture_output=True, text=True,
        )  # fmt: skip
        return json.loads(done.stdout.splitlines()[-1])

    def run(self) -> None:
        """Run every experiment in full, here and now."""
        self.python(
            "from experiments.harness.registry import experiments\n"
            "from experiments.harness.runner import run\n"
            "every = list(experiments().values())\n"
            "run(every, quick=False, device='cpu', jobs=1, command='a test')\n"
            "print('0')"
        )

    def replay(self) -> dict[str, tuple[bool, str]]:
        """Replay everything; return what became of it."""
        found = self.python(
            "import json\n"
            "from experiments.harness.registry import experiments\n"
            "from experiments.harness.replay import replay\n"
            "found = {v.name: (v.kept, v.why) for v in replay(list(experiments().values()))}\n"
            "print(json.dumps(found))"
        )
        return {name: (kept, why) for name, (kept, why) in found.items()}

    def result(self, name: str) -> dict[str, Any]:
        text = (self.root / f"experiments/results/{name}.json").read_text()
        return dict(json.loads(text))


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A repository whose results were made, and whose code has been changed and committed since."""
    made = Repository(tmp_path_factory.mktemp("repository"))
    made.run()
    made.commit()
    for text in after().split("\n\n"):
        name = text.partition("(")[0].partition("run_")[2]
        made.write(f"experiments/part/{name}.py", text + "\n")
    made.commit()
    return made


@pytest.fixture(scope="module")
def before(repository: Repository) -> dict[str, dict[str, Any]]:
    """The results before they are replayed."""
    return {name: repository.result(name) for name in NAMES}


@pytest.fixture(scope="module")
def replayed(
    repository: Repository, before: dict[str, dict[str, Any]]
) -> dict[str, tuple[bool, str]]:
    """What became of the results."""
    return repository.replay()


def test_what_comes_out_the_same_is_kept_with_a_note(
    repository: Repository,
    before: dict[str, dict[str, Any]],
    replayed: dict[str, tuple[bool, str]],
) -> None:
    kept, why = replayed["reworded"]
    assert kept, why
    now = repository.result("reworded")
    assert now["trials"] == before["reworded"]["trials"]
    assert now["code"] != before["reworded"]["code"]
    (note,) = now["replays"]
    assert note["trials"] == ["quick size-2", "full size-4"]
    assert note["by"] == "Test"
    assert note["from"]["code"] == before["reworded"]["code"]
    assert note["to"]["code"] == now["code"]
    assert note["from"]["revision"] != note["to"]["revision"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("changed", "terms[1] was 1, is 2"),
        ("late", "full size-4.terms[3] was 9, is 10"),
        ("failing", "quick size-2 fails by today's code: RuntimeError: lost"),
        ("timed", "it measures time"),
    ],
)
def test_what_does_not_stays_stale_and_says_why(
    repository: Repository,
    before: dict[str, dict[str, Any]],
    replayed: dict[str, tuple[bool, str]],
    name: str,
    says: str,
) -> None:
    kept, why = replayed[name]
    assert not kept
    assert says in why
    assert repository.result(name) == before[name]


@pytest.mark.parametrize(
    ("known", "estimate", "called"),
    [
        ([100.0, 50.0], 1.0, ["quick a", "full b"]),
        ([100.0, 70.0], 1.0, ["quick a"]),
        ([None, None], 50.0, ["quick a", "full a"]),
        ([None, None], 70.0, ["quick a"]),
    ],
)
def test_a_full_trial_is_run_where_one_is_short(
    known: list[float | None], estimate: float, called: list[str]
) -> None:
    experiment = Experiment(
        "x", "test", "", run, lambda quick: {"a": {}} if quick else {"a": {}, "b": {}}, estimate
    )
    records = {
        name: Record({}, {}, Made("", "", "", {}, seconds))
        for name, seconds in zip("ab", known, strict=True)
    }
    found = trials_to_run(experiment, Result("x", False, trials=records))
    assert list(found) == called


def run(parameters: dict[str, Any], device: str) -> dict[str, Any]:
    return {}


def test_what_is_not_stale_is_left_alone(
    repository: Repository,
    before: dict[str, dict[str, Any]],
    replayed: dict[str, tuple[bool, str]],
) -> None:
    assert "untouched" not in replayed
    assert repository.result("untouched") == before["untouched"]


def test_changed_parameters_are_refused(
    repository: Repository, replayed: dict[str, tuple[bool, str]]
) -> None:
    rows = repository.root / "experiments/part/rows.py"
    told = rows.read_text()
    try:
        rows.write_text(told.replace("[4, 8]", "[4, 9]"))
        found = repository.replay()
    finally:
        rows.write_text(told)
    assert set(found) == set(NAMES)
    assert all(not kept and "other parameters today" in why for kept, why in found.values())


def test_code_that_no_revision_has_is_run_again(
    repository: Repository, replayed: dict[str, tuple[bool, str]]
) -> None:
    result = repository.root / "experiments/results/untouched.json"
    told = result.read_text()
    try:
        result.write_text(told.replace('"code": "run_untouched ', '"code": "run_untouched 0'))
        found = repository.replay()
    finally:
        result.write_text(told)
    assert found["untouched"] == (False, "no revision has the code that made it: run it again")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, "a[1].b was 2, is 3"),
        ({"a": 1}, {"a": 1.0}, "a was 1, is 1.0"),
        ({"a": 0.1}, {"a": 0.1 + 1e-17 + 1e-16}, "a was 0.1, is 0.10000000000000012"),
        ({"a": [1, 2]}, {"a": [1]}, "a was [1, 2], is [1]"),
        ({"a": 1, "b": 2}, {"a": 1}, "b is gone"),
        ({"a": 1}, {"a": 1, "b": 2}, "b is new"),
    ],
)
def test_differences_name_what_differs(old: Any, new: Any, says: str) -> None:
    assert list(differences(old, new)) == [says]
    assert list(differences(old, old)) == []
