"""The tasks of the 1997 paper: by its own recipe, and with today's training."""
