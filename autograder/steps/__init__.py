"""The instructor's steps, one module each, and the pages they write."""
