"""Holds the service's background loops, a module for each."""
