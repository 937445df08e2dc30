"""Says which path leads where: tables as data, compiled once."""
