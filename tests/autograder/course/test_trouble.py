"""What the disk and the database refuse becomes words; what is a bug stays one."""

from __future__ import annotations

import errno
import os
import sqlite3

import pytest
import sqlalchemy.exc

from autograder.course.database import gradebook_name
from autograder.course.directory import Course
from autograder.course.trouble import SYSTEM, gradebook_in_words, in_words
from autograder.errors import AutograderError


@pytest.mark.parametrize("number", sorted(SYSTEM))
def test_errors_of_the_system_say_where_and_what_to_do(number: int) -> None:
    told = in_words(OSError(number, os.strerror(number), "/course/file"))
    assert told is not None
    assert told.where == "/course/file"
    assert told.what
    assert "repeat the command" in told.todo


@pytest.mark.parametrize(
    "error",
    [
        OSError("no number"),
        FileNotFoundError(errno.ENOENT, "no such file", "x"),
        ValueError("a bug"),
        sqlalchemy.exc.IntegrityError("INSERT", {}, sqlite3.IntegrityError("twice")),
        sqlalchemy.exc.InvalidRequestError("a bug"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_is_a_bug_is_left_alone(error: Exception) -> None:
    assert in_words(error) is None
    with pytest.raises(type(error)), gradebook_in_words("here"):
        raise error


def test_a_driver_that_says_no_more_is_quoted() -> None:
    error = sqlalchemy.exc.OperationalError("SELECT", {}, sqlite3.OperationalError("hm\n hm"))
    told = in_words(error)
    assert told is not None
    assert "hm hm" in told.what


def test_what_nbgrader_wraps_is_found(course: Course, capfd: pytest.CaptureFixture[str]) -> None:
    path = gradebook_name(course.directory().db_url)
    with course.open_gradebook() as gradebook:
        gradebook.engine.dispose()
        with gradebook.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout = 0")
            connection.commit()
        gradebook.db.connection().exec_driver_sql("PRAGMA busy_timeout = 0")
        with sqlite3.connect(path) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(AutograderError) as caught, gradebook_in_words(path):
                gradebook.update_or_create_student("ada")
    assert "another program is writing the gradebook" in caught.value.what
    assert caught.value.where == path
    assert "Traceback" not in capfd.readouterr().err


def test_a_password_is_never_shown() -> None:
    assert "secret" not in gradebook_name("postgresql://me:secret@host/marks")
    assert gradebook_name("sqlite:////course/gradebook.db?timeout=1") == "/course/gradebook.db"
