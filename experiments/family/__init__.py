"""The family of linear recurrences: what a state holds, what selection buys, what a scan costs."""
