"""`python -m autograder.student` is the student's `autograder`, wherever scripts are not found."""

from autograder.student.app import main

main()
