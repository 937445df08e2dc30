"""Holds the background loops of finance, a module for each."""
