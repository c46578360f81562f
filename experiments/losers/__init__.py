"""The models that lost, each on the two-sequence tasks of 1997."""
