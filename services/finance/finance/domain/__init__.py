"""Decides what may be booked, on which day, and what it comes to; without I/O."""
