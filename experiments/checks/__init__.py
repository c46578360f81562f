"""Exact checks: seconds each, nothing to tune."""
