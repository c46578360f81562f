"""Hidden tests, one folder per assignment. They run in the judge, never beside student code."""
