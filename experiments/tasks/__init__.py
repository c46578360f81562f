"""The tasks: one sequence at a time as in 1997, batches, batches for many seeds."""
