"""The line to a student's process: what carries requests, and what shuts the process in."""
