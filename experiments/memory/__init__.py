"""The limits of a memory of fixed size."""
