"""Reads imports: bytes of a file in, lines that can be booked and faults out.

All of it is bounded, and run in a process of its own.
"""
