"""A bounded search for what the 1997 paper leaves open."""
