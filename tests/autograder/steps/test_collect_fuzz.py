"""Random and damaged archives: rows or words, nothing elsewhere, nobody else's work touched.

The same examples every time, about fifteen seconds of a processor.
"""

from __future__ import annotations

import contextlib
import io
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.course.directory import Course, Settings
from autograder.errors import AutograderError
from autograder.steps.collect import collect
from autograder.steps.manifest import Row, read_manifest, safe_id
from tests.autograder.inboxes import moodle, put, submitted, zipped
from tests.autograder.mutating import mutated
from tests.autograder.tiny import NAME

FUZZ = settings(
    max_examples=250,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
ADA = 987_654_321  # nobody else's number

people = st.sampled_from(
    ["Ada Lovelace", "ada", "Mallory", "CON", "..", "李雷", "e\u0301", "\u00e9"]
)
chosen = st.one_of(
    st.sampled_from(
        ["tiny.ipynb", "Ada Lovelace.ipynb", "bob.ipynb", "a/b.ipynb", "../bob.ipynb", "x.zip", "n"]
    ),
    st.text(max_size=40).map(lambda text: f"{text}.ipynb"),
    st.text(alphabet="_1+/.\\:a", max_size=40).map(lambda text: f"{text}.ipynb"),
)
numbers = st.integers(0, 9)
names = st.one_of(
    chosen,
    st.builds(moodle, people, numbers, chosen),
    st.builds("{}_{}_assignsubmission_file_{}".format, people, numbers, chosen),
    st.builds("{}_{}_{}_{}".format, people, numbers, numbers, chosen),
    st.builds("{}+tiny+2026-11-20 09:00:00 UTC+r/{}".format, people, chosen),
    st.builds("{}/{}".format, people, chosen),
    st.builds("{}_987654321_{}".format, people, chosen),
)
dates = st.tuples(
    *(st.integers(low, high) for low, high in ((1980, 2107), (0, 15), (0, 31), (0, 31), (0, 63))),
    st.integers(0, 62),
)
methods = st.sampled_from(
    [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
contents = st.one_of(st.binary(max_size=60), st.sampled_from([b"{}", b'{"cells": []}', b"["]))
entries = st.lists(st.tuples(names, dates, methods, contents), max_size=6)


def packed(files: list[tuple[str, tuple[int, ...], int, bytes]]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that come twice
        for name, date, method, content in files:
            entry = zipfile.ZipInfo(name.encode("utf-8", "replace").decode())
            entry.date_time, entry.compress_type = date, method  # type: ignore[assignment]
            archive.writestr(entry, content)
    return stream.getvalue()


@pytest.fixture(scope="module")
def room(released_course: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@contextlib.contextmanager
def small_course(room: Path, released_course: Path) -> Iterator[Course]:
    """A course with nothing but a release, Ada's work from Moodle and Bob's from a folder."""
    with tempfile.TemporaryDirectory(dir=room) as folder:
        course = Course(Path(folder, "course"), Settings("fuzz", "seed", "exercises"))
        released = released_course / "release" / NAME / f"{NAME}.ipynb"
        put(course.notebook("release", NAME), released.read_text())
        put(Path(folder, "desk", "bob.ipynb"), "Bob's")
        collect(course, Path(folder, "desk"), NAME)
        download = zipped(Path(folder, "first.zip"), {moodle("Ada Lovelace", ADA): "Ada's"})
        collect(course, download, NAME)
        yield course


def collected_well(course: Course, data: bytes) -> None:
    """Collect from an archive of these bytes and hold what happened to the promises."""
    archive = course.root.parent / "late.zip"
    archive.write_bytes(data)
    before = beside_submissions(course)
    rows: list[Row] = []
    with contextlib.suppress(AutograderError):
        rows = collect(course, archive, NAME)
        again = collect(course, archive, NAME)
        assert {row.student for row in again} == {row.student for row in rows}
    assert beside_submissions(course) == before
    assert course.notebook("submitted", NAME, "bob").read_text() == "Bob's"
    if not any(is_ada(row) for row in rows):
        assert course.notebook("submitted", NAME, "Ada_Lovelace").read_text() == "Ada's"
    assert all(row.is_collected or row.reason for row in rows)
    entries = read_manifest(course, NAME).submissions
    assert set(entries) == submitted(course)
    for row in rows:
        assert row.file.isprintable()
        if row.is_collected:
            assert safe_id(row.student) == row.student
            assert entries[row.student].file == row.file


def is_ada(row: Row) -> bool:
    return row.is_collected and f"_{ADA}_" in row.file


def beside_submissions(course: Course) -> dict[str, int]:
    """Every file that is neither a submission nor the record of them, with its time."""
    allowed = (course.root / "submitted", course.root / ".autograder" / "collected")
    return {
        str(path): path.stat().st_mtime_ns
        for path in course.root.parent.rglob("*")
        if path.is_file() and not any(path.is_relative_to(place) for place in allowed)
    }


def test_random_archives(room: Path, released_course: Path) -> None:
    @FUZZ
    @given(files=entries)
    def attempt(files: list[tuple[str, tuple[int, ...], int, bytes]]) -> None:
        with small_course(room, released_course) as course:
            collected_well(course, packed(files))

    attempt()


def test_damaged_archives(room: Path, released_course: Path) -> None:
    """Real archives in which some bytes are others."""
    day = (2026, 11, 20, 9, 0, 0)
    whole = [
        packed(
            [
                (moodle("Mallory", 13), day, method, b'{"cells": []}' * 20),
                (moodle("Eve", 14), day, zipfile.ZIP_STORED, b"{}"),
                ("grace_15_99_tiny.ipynb", day, method, b"{}"),
            ]
        )
        for method in (
            zipfile.ZIP_STORED,
            zipfile.ZIP_DEFLATED,
            zipfile.ZIP_BZIP2,
            zipfile.ZIP_LZMA,
        )
    ]

    @FUZZ
    @given(data=st.composite(lambda draw: mutated(draw, draw(st.sampled_from(whole))))())
    def attempt(data: bytes) -> None:
        with small_course(room, released_course) as course:
            collected_well(course, data)

    attempt()
