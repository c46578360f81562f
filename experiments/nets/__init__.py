"""Nets that train many seeds at once, and small models of a given size."""
