"""What texts of code share that few others have: tokens, fingerprints, pairs."""
