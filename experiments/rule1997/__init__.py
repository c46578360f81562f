"""The rule of 1997, compiled, for eight nets side by side."""
