"""Collecting: every file gets a row, nothing is lost, nothing of one person's is another's."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from autograder.course.directory import Course
from autograder.errors import AutograderError
from autograder.steps import collect as collecting
from autograder.steps.collect import collect
from autograder.steps.manifest import read_manifest
from tests.autograder.inboxes import answered, moodle, put, run, submitted, work, zipped
from tests.autograder.tiny import NAME


@pytest.mark.parametrize(
    ("file", "student"),
    [
        ("ada.ipynb", "ada"),
        ("ada_tiny.ipynb", "ada"),
        ("ada.lovelace@uni.edu_tiny.ipynb", "ada.lovelace@uni.edu"),
        ("ada/whatever.ipynb", "ada"),
        ("Ada Lovelace_12345_assignsubmission_file_/notebook.ipynb", "Ada_Lovelace"),
        ("lovelaceada_4711_0815_tiny-1.ipynb", "lovelaceada"),
        ("lovelaceada_LATE_4711_0815_tiny.ipynb", "lovelaceada"),
        ("ada+tiny+2026-11-20 09:00:00 UTC+ab/tiny.ipynb", "ada"),
        ("李雷.ipynb", "李雷"),
        ("Ольга Ладыженская.ipynb", "Ольга_Ладыженская"),
        ("हिन्दी.ipynb", "हिन्दी"),
    ],
)
def test_student_is_read_from_the_name(
    course: Course, tmp_path: Path, file: str, student: str
) -> None:
    put(tmp_path / "in" / file)
    rows = run(course, tmp_path / "in")
    assert rows[file].is_collected
    assert submitted(course) == {student}
    assert course.notebook("submitted", NAME, student).read_text() == "{}"


def test_timestamp_is_what_nbgrader_reads(course: Course, tmp_path: Path) -> None:
    put(tmp_path / "in" / "ada.ipynb", time=1_700_000_000)
    run(course, tmp_path / "in")
    directory = course.directory()
    stamp = directory.get_existing_timestamp(str(course.notebook("submitted", NAME, "ada").parent))
    assert stamp.isoformat() == "2023-11-14T22:13:20"


def stamp(course: Course, student: str) -> str | None:
    path = course.notebook("submitted", NAME, student).with_name("timestamp.txt")
    return path.read_text()[:19] if path.exists() else None


def test_a_download_s_own_time_makes_nobody_late(course: Course, tmp_path: Path) -> None:
    """Canvas and Moodle write the time of packing on everything."""
    files = {moodle("Ada", 1401): "{}", "bob_4712_816_tiny.ipynb": "{}"}
    run(course, zipped(tmp_path / "in.zip", files))
    assert (stamp(course, "Ada"), stamp(course, "bob")) == (None, None)


def test_times_that_lie_far_apart_are_those_of_the_files(course: Course, tmp_path: Path) -> None:
    """Older Moodles keep when a file came."""
    put(tmp_path / "in" / moodle("Ada", 1401), time=1_700_000_000)
    put(tmp_path / "in" / moodle("Bob", 1402), time=1_700_050_000)
    run(course, tmp_path / "in")
    assert stamp(course, "Ada") == "2023-11-14 22:13:20"


def test_the_exchange_has_the_time_in_the_folder_s_name(course: Course, tmp_path: Path) -> None:
    folders = [f"ada+tiny+2026-11-{day} 09:00:00.000001 UTC+x{day}" for day in (19, 20, 18)]
    for folder in folders:
        put(tmp_path / "in" / folder / "tiny.ipynb", f'"{folder}"', time=1_700_000_000)
    rows = run(course, tmp_path / "in")
    assert [row.file for row in rows.values() if row.is_collected] == [f"{folders[1]}/tiny.ipynb"]
    assert stamp(course, "ada") == "2026-11-20 09:00:00"


def test_canvas_says_who_was_late(course: Course, tmp_path: Path) -> None:
    names = ("ada_LATE_4711_815_tiny.ipynb", "LATE_anon_x9_815_t.ipynb", "b_1_2_t.ipynb")
    rows = run(course, zipped(tmp_path / "in.zip", dict.fromkeys(names, "{}")))
    assert {row.file: row.note for row in rows.values()} == {
        "ada_LATE_4711_815_tiny.ipynb": "late, says Canvas",
        "LATE_anon_x9_815_t.ipynb": "late, says Canvas",
        "b_1_2_t.ipynb": "",
    }
    assert read_manifest(course, NAME).submissions["ada"].is_late
    run(course, zipped(tmp_path / "2.zip", {"ada_4711_901_tiny.ipynb": '"again"'}, when=1))
    assert not read_manifest(course, NAME).submissions["ada"].is_late


def test_of_canvas_s_repeated_uploads_the_last_counts(course: Course, tmp_path: Path) -> None:
    """`-1`, `-2` say little: the numbers of the files are in the order of uploading."""
    files = {
        "ada_4711_902_tiny-1.ipynb": answered(course, double="first"),
        "ada_4711_915_tiny.ipynb": answered(course, double="last"),
        "ada_4711_911_tiny-2.ipynb": answered(course, double="middle"),
    }
    rows = run(course, zipped(tmp_path / "in.zip", files))
    assert [row.file for row in rows.values() if row.is_collected] == ["ada_4711_915_tiny.ipynb"]
    assert rows["ada_4711_902_tiny-1.ipynb"].reason == "ada_4711_915_tiny.ipynb was handed in later"


def test_two_files_of_one_upload_are_still_asked(course: Course, tmp_path: Path) -> None:
    files = {
        "ada_4711_902_draft.ipynb": answered(course, double="one"),
        "ada_4711_915_final.ipynb": answered(course, double="other"),
    }
    rows = run(course, zipped(tmp_path / "in.zip", files))
    assert all("are of one time and differ" in row.reason for row in rows.values())


def test_a_moodle_download_with_text_beside_the_files(course: Course, tmp_path: Path) -> None:
    files = {
        moodle("Ada", 1401): "{}",
        "Ada_1401_assignsubmission_onlinetext/onlinetext.html": "<p>see file</p>",
        "Bob_1402_assignsubmission_onlinetext_onlinetext.html": "<p>by mail</p>",
    }
    rows = run(course, zipped(tmp_path / "in.zip", files))
    assert submitted(course) == {"Ada"}
    assert [row.reason for row in rows.values() if not row.is_collected] == [
        "not a notebook (.ipynb)"
    ] * 2


def test_pattern_says_who(course: Course, tmp_path: Path) -> None:
    put(tmp_path / "in" / "hw1-ada.ipynb")
    put(tmp_path / "in" / "readme.ipynb")
    rows = run(course, tmp_path / "in", pattern=r"hw1-(?P<student>.+)\.ipynb")
    assert submitted(course) == {"ada"}
    assert rows["readme.ipynb"].reason == "no student id in its name"


@pytest.mark.parametrize("pattern", ["(", "nobody"])
def test_bad_pattern_is_refused(course: Course, tmp_path: Path, pattern: str) -> None:
    put(tmp_path / "in" / "ada.ipynb")
    with pytest.raises(AutograderError, match="pattern"):
        run(course, tmp_path / "in", pattern=pattern)


def test_latest_of_several_counts_and_both_are_listed(course: Course, tmp_path: Path) -> None:
    put(tmp_path / "in" / "ada" / "first.ipynb", '{"n": 1}', time=1000)
    put(tmp_path / "in" / "ada" / "second.ipynb", '{"n": 2}', time=2000)
    put(tmp_path / "in" / "bob" / "only.ipynb", time=1000)
    rows = run(course, tmp_path / "in")
    assert rows["ada/second.ipynb"].is_collected
    assert rows["ada/first.ipynb"].reason == "ada/second.ipynb is newer"
    assert course.notebook("submitted", NAME, "ada").read_text() == '{"n": 2}'


def test_an_older_file_does_not_replace_a_newer_one(course: Course, tmp_path: Path) -> None:
    put(tmp_path / "monday" / "ada.ipynb", '{"n": 2}', time=2000)
    put(tmp_path / "sunday" / "ada.ipynb", '{"n": 1}', time=1000)
    run(course, tmp_path / "monday")
    rows = run(course, tmp_path / "sunday")
    assert "newer one was collected before" in rows["ada.ipynb"].reason
    assert course.notebook("submitted", NAME, "ada").read_text() == '{"n": 2}'


def test_a_shared_folder_is_not_a_student(course: Course, tmp_path: Path) -> None:
    for name in ("ada", "bob"):
        put(tmp_path / "in" / "submissions" / f"{name}.ipynb")
    rows = run(course, tmp_path / "in")
    assert submitted(course) == set()
    assert all("--inside 'submissions'" in row.reason for row in rows.values())
    run(course, tmp_path / "in", inside="submissions")
    assert submitted(course) == {"ada", "bob"}


def test_content_does_not_matter_here(course: Course, tmp_path: Path) -> None:
    put(tmp_path / "in" / "ada.ipynb", "this is not JSON")
    put(tmp_path / "in" / "bob.ipynb", "")
    run(course, tmp_path / "in")
    assert submitted(course) == {"ada", "bob"}


def test_one_student_does_not_overwrite_others(course: Course, tmp_path: Path) -> None:
    """A late archive with nothing in it but one person's files, called like other people."""
    first = zipped(
        tmp_path / "first.zip",
        {moodle("Ada Lovelace", 1401): '{"n": 1}', moodle("Bob", 1402): '{"n": 2}'},
    )
    run(course, first)
    late = {moodle("Mallory", 13, f"{name}.ipynb"): '{"n": 3}' for name in ("Ada Lovelace", "Bob")}
    run(course, zipped(tmp_path / "late.zip", late, when=5))
    assert (work(course, "Ada_Lovelace"), work(course, "Bob")) == ('{"n": 1}', '{"n": 2}')
    assert submitted(course) == {"Ada_Lovelace", "Bob", "Mallory"}


def test_what_only_a_name_tells_is_not_replaced_from_elsewhere(
    course: Course, tmp_path: Path
) -> None:
    put(tmp_path / "in" / "ada.ipynb", '{"n": 1}', time=1000)
    run(course, tmp_path / "in")
    late = zipped(tmp_path / "late.zip", {"ada.ipynb": '{"n": 3}'})
    (row,) = run(course, late).values()
    assert f"collected from ada.ipynb in {tmp_path / 'in'}" in row.reason
    assert "--replace ada" in row.reason
    assert work(course, "ada") == '{"n": 1}'
    run(course, late, replace=["ada"])
    assert work(course, "ada") == '{"n": 3}'


def test_the_same_inbox_may_bring_a_newer_file(course: Course, tmp_path: Path) -> None:
    put(tmp_path / "in" / "ada.ipynb", '{"n": 1}', time=1000)
    run(course, tmp_path / "in")
    put(tmp_path / "in" / "ada.ipynb", '{"n": 2}', time=2000)
    run(course, tmp_path / "in")
    assert work(course, "ada") == '{"n": 2}'


def test_work_that_lies_there_already_is_not_replaced(course: Course, tmp_path: Path) -> None:
    put(course.notebook("submitted", NAME, "ada"), '{"n": 1}')
    put(tmp_path / "in" / "ada.ipynb", '{"n": 2}')
    (row,) = run(course, tmp_path / "in").values()
    assert "'collect' did not bring" in row.reason
    run(course, tmp_path / "in", replace=["*"])
    assert work(course, "ada") == '{"n": 2}'


def test_the_instructor_says_whose_it_is(course: Course, tmp_path: Path) -> None:
    put(tmp_path / "in" / "tiny.ipynb", '{"n": 1}')
    (row,) = run(course, tmp_path / "in").values()
    assert "--student or --map" in row.reason
    run(course, tmp_path / "in", student="ada")
    assert work(course, "ada") == '{"n": 1}'
    with pytest.raises(AutograderError, match="cannot be a student's id"):
        run(course, tmp_path / "in", student="../ada")


def test_a_linked_folder_in_submitted_is_not_written_through(
    course: Course, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (course.root / "submitted" / "ada").symlink_to(tmp_path / "elsewhere")
    put(tmp_path / "in" / "ada.ipynb")
    rows = run(course, tmp_path / "in")
    assert "link to elsewhere" in rows["ada.ipynb"].reason
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_nothing_to_collect_from(course: Course, tmp_path: Path) -> None:
    with pytest.raises(AutograderError, match="no folder"):
        collect(course, tmp_path / "nowhere", NAME)
    with pytest.raises(AutograderError, match="no assignment"):
        collect(course, tmp_path, "unknown")


def test_what_is_too_much_for_the_course_is_left_out(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "MAX_TOTAL", 10)
    put(tmp_path / "in" / "ada.ipynb", "12345678")
    put(tmp_path / "in" / "bob.ipynb", "12345678")
    rows = run(course, tmp_path / "in")
    assert submitted(course) == {"ada"}
    assert "in all" in rows["bob.ipynb"].reason


def test_the_course_itself_is_no_inbox(course: Course) -> None:
    for source in (course.root, course.root / "release", course.root.parent):
        with pytest.raises(AutograderError, match="the course itself"):
            run(course, source)


def test_what_another_source_could_not_give_stays_on_record(course: Course, tmp_path: Path) -> None:
    put(tmp_path / "one" / "tiny.ipynb")
    put(tmp_path / "two" / "ada.ipynb")
    run(course, tmp_path / "one")
    run(course, tmp_path / "two")
    assert [row.file for row in read_manifest(course, NAME).refused] == ["tiny.ipynb"]


def test_a_full_disk_is_told_and_the_same_command_goes_on(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ada", "bob", "eve"):
        put(tmp_path / "in" / f"{name}.ipynb", '{"n": 1}')
    write = collecting.write_atomically

    def full(path: Path, data: bytes, mode: int = 0o644) -> None:
        if "eve" in str(path):
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, data, mode)

    monkeypatch.setattr(collecting, "write_atomically", full)
    with pytest.raises(OSError, match="No space left"):
        run(course, tmp_path / "in")
    assert set(read_manifest(course, NAME).submissions) == {"ada", "bob"}
    monkeypatch.undo()
    rows = run(course, tmp_path / "in")
    assert all(row.is_collected for row in rows.values())


def test_a_run_that_was_killed_before_its_record_goes_on(course: Course, tmp_path: Path) -> None:
    put(tmp_path / "in" / "ada.ipynb", '{"n": 1}')
    run(course, tmp_path / "in")
    course.record("collected", NAME).unlink()
    (row,) = run(course, tmp_path / "in").values()
    assert row.is_collected


def test_a_file_in_a_student_s_place_is_that_student_s_row(course: Course, tmp_path: Path) -> None:
    put(course.root / "submitted" / "ada", "in the way")
    put(tmp_path / "in" / "ada.ipynb")
    put(tmp_path / "in" / "bob.ipynb")
    rows = run(course, tmp_path / "in")
    assert "cannot be written" in rows["ada.ipynb"].reason
    assert submitted(course) == {"bob"}
