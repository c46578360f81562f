"""The limits that only training shows, and the scaling of small language models."""
