"""Looking back at a source: what it gains on real words, and whether the weights tell the truth."""
