"""Holds the verbs of card payments; they run in the caller's unit of work.

They never commit.
"""
