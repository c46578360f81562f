"""What measures: clocks, probes, rounding, fits."""
