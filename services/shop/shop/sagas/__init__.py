"""Holds the sagas as data: their steps, what each asks for, and how it is undone."""
