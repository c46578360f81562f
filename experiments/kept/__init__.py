"""Nets whose weights are kept, because a page shows them at work."""
