"""Marks on their way out: to learning platforms, to nbgrader's tools, to programs."""
