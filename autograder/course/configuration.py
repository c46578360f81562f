"""The text of a new course's nbgrader_config.py, which nbgrader, formgrader and we go by."""

from __future__ import annotations

CONFIGURATION = """\
# Configuration of nbgrader (and so of formgrader) for this course.
from pathlib import Path

c = get_config()
c.CourseDirectory.course_id = {course_id!r}
c.CourseDirectory.root = str(Path(__file__).resolve().parent)
{database}
# nbgrader runs hidden tests inside the student's own process, where the student's code can
# change what the tests see. With True, `nbgrader autograde` and formgrader's Autograde button
# ask the judge of `autograder grade` instead, and write the same marks. Set it to False for
# nbgrader's own way.
USE_JUDGE = True
if USE_JUDGE:
    # Reads a file that is no notebook as one, so that its author gets a zero with a reason.
    c.Autograde.exporter_class = "autograder.nbgrader_plugin.DefensiveExporter"
    # The judge rebuilds the notebook from the instructor's, so there is nothing to sanitize.
    c.Autograde.sanitize_preprocessors = []
    c.Autograde.autograde_preprocessors = [
        "autograder.nbgrader_plugin.Judge",  # in place of nbgrader.preprocessors.Execute
        "nbgrader.preprocessors.LimitOutput",
        "nbgrader.preprocessors.SaveAutoGrades",
        "nbgrader.preprocessors.AssignLatePenalties",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]

# What handing in late costs stands beside each exercise ([late] in its .toml). Here is the rule for
# exercises that have none there; without these lines nothing is taken off.
c.AssignLatePenalties.plugin_class = "autograder.late_policy.LatePolicy"
# c.LatePolicy.grace_minutes = 15
# c.LatePolicy.percent = 10           # of what was earned, for each
# c.LatePolicy.per = "day"            # (or "hour") that has begun
# c.LatePolicy.at_most = 50           # percent in all
# c.LatePolicy.zero_after_days = 7
"""

IN_POSTGRESQL = """
# The gradebook is in PostgreSQL, and psycopg is the driver that is installed here. No password
# stands in this file: the driver finds it {password}.
c.CourseDirectory.db_url = {url!r}
"""
ELSEWHERE = "where PostgreSQL's own programs do (PGPASSWORD, ~/.pgpass, a service)"
BESIDE = "in .autograder/pgpass, which only you can read"
WITH_PASSFILE = """\
from urllib.parse import quote

passfile = Path(__file__).resolve().parent / ".autograder" / "pgpass"
c.CourseDirectory.db_url += "&passfile=" + quote(str(passfile))
"""


def configuration(course_id: str, url: str = "", *, has_password: bool = False) -> str:
    """Return the text for a course; ``url`` is that of a gradebook in PostgreSQL.

    ``has_password`` says that there is a file with its password in the course directory.
    """
    database = ""
    if url:
        database = IN_POSTGRESQL.format(url=url, password=BESIDE if has_password else ELSEWHERE)
        database += WITH_PASSFILE if has_password else ""
    return CONFIGURATION.format(course_id=course_id, database=database)
