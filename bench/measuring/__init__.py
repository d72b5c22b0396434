"""The parts of bench/run and bench/curves; Python's own library only."""
