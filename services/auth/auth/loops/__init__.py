"""Runs auth's background loops, one module for each."""
