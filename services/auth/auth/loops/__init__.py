"""Background loops, one module for each."""
