"""Writes every file that is derived from code, or tells which are out of date.

Runs no server.
"""
