"""Transformer blocks in training: where the norm stands, and what a small language model gains."""
