"""Programs that put numbers to what the grader promises: speed, and marks that hold."""
