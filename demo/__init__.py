"""A sample class, so that a newcomer sees the whole road from exercise to mark."""
