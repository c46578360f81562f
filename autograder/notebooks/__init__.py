"""Reading, assembling and pairing notebooks."""
