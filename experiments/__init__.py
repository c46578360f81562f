"""Command-line reproductions: what the book measures, run again."""
