"""Hidden tests, one module per assignment. They run in the judge, never beside student code."""
